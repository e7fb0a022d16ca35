"""Who is inside a container right now."""

from __future__ import annotations

from checks.answer import answer, part
from checks.check import Domain, check
from checks.evidence import seen
from checks.users import Identity, parse_user
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.activity import Session
from inventory.container import Container
from inventory.secrets import mask_args

LONGEST = 160
_SHELLS = (("/bin/sh", "-c"), ("sh", "-c"))  # Docker's, Podman's


@check(
    "RUN-049",
    "Active exec session",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Somebody is inside now, past everything that the image's review covered.",
    remediation=(
        "Ask who it is; end the session by ending its process on the host (kill PID). Debug in a copy of the container "
        "instead, and use `docker exec` without --privileged and as the container's own user."
    ),
    references=("CIS-Docker-1.6:5.23", "CIS-Docker-1.6:5.24", "ATT&CK:T1609", "CWE-269"),
)
def active_session(container: Container, view: View) -> Verdict:
    """Fail: a running exec session that is privileged (high), or is root's in a container that runs as another user.

    Manual: any other running session. A health check's own probe is none. Pass: none. Not applicable: not running.
    Source: `ExecIDs` and `GET /exec/{id}/json`; CIS Docker 5.23, 5.24.
    """
    if not container.running or not container.pid:
        return not_applicable("the container does not run")
    found = [one for one in view.activity(container.id).sessions if not _probe(one, container)]
    if not found:
        return passed()
    evidence = tuple(_shown(one) for one in found)
    if any(one.privileged for one in found):
        return failed("somebody is inside with all privileges", *evidence, severity=Severity.HIGH)
    if any(one.user and _is_root(one.user) for one in found) and not _is_root(container.user):
        return failed("somebody is inside as root, which the container itself is not", *evidence)
    return manual("somebody is inside", *evidence)


def _is_root(user: str) -> bool:
    return parse_user(user).identity is Identity.ROOT


def _probe(session: Session, container: Container) -> bool:
    """Whether this is what the health check runs, word for word: engines run it as the container's own user.

    `CMD` as it is, `CMD-SHELL` as the only thing that a shell is told to do (`Config.Shell`, else sh -c).
    """
    check_ = container.healthcheck
    if check_ is None or not check_.enabled or session.privileged or session.terminal:
        return False
    if session.user not in ("", container.user):
        return False
    how, *words = check_.test
    if how != "CMD-SHELL":
        return session.command == tuple(words)
    return session.command[-1:] == tuple(words[:1]) and session.command[:-1] in (*_SHELLS, _shell(container))


def _shell(container: Container) -> tuple[str, ...]:
    """The shell that its image names (SHELL in a Dockerfile)."""
    found = part(answer(container), "Config").get("Shell")
    return tuple(map(str, found)) if isinstance(found, list) and found else _SHELLS[0]


def _shown(session: Session) -> Evidence:
    words = " ".join(mask_args(list(session.command)))
    who = session.user or "the container's user"
    more = ", privileged" * session.privileged + ", with a terminal" * session.terminal
    return seen(f"exec {session.id[:12]}", f"{words[:LONGEST]} (user {who}{more}, pid {session.pid})")
