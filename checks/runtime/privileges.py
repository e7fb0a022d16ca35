"""Privileged mode, and who a container's processes run as."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import seen
from checks.runtime.kernel import kernel_view, root_is_mapped, short_of_root
from checks.runtime.owners import orchestrator, owner_label
from checks.users import Identity, as_number, parse_user
from checks.verdict import Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.container import Container


@check(
    "RUN-001",
    "Privileged container",
    domain=Domain.RUNTIME,
    severity=Severity.CRITICAL,
    subject=Container,
    why="All devices, all capabilities and no seccomp or LSM confinement: one step to root on the host.",
    remediation=(
        "Recreate without --privileged (Compose: remove `privileged: true`) and grant only what fails without it: "
        "--cap-add NAME, --device /dev/NAME. Software that mounts file systems or loads modules stops working."
    ),
    references=(
        "CIS-Docker-1.6:5.5", "PSS:baseline:Privileged Containers", "NIST-800-190:4.4.3", "OWASP-Docker:D04",
        "ATT&CK:T1611", "CWE-250",
    ),
)  # fmt: skip
def privileged_container(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.Privileged` is true, in any state: one that never started is one start away. High where root
    inside is an unprivileged user outside (rootless engine, remapped ids).

    Pass: it is false. Unknown: it was not read. Folds what it implies: RUN-013, 014, 017, 019, 020, 040.
    Source: CIS Docker 5.5, Pod Security Standards (baseline).
    """
    if not container.privileged:
        return passed()
    planned = "manifest" in container.field_names  # of a file nothing runs yet
    return failed(
        "runs with every privilege the host has" + ("" if planned else f" (state: {container.state})"),
        seen("HostConfig.Privileged", True),
        *(() if planned else (seen("State.Status", container.state),)),
        seen("Config.Labels", owner_label(container) or orchestrator(container) or "no owner label"),
        severity=short_of_root(container, view),
    )


@check(
    "RUN-023",
    "Runs as root",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Root inside meets any kernel or runtime bug as root.",
    remediation=(
        "Set `USER 10001:10001` in the Dockerfile, or --user 10001:10001 (Compose: `user: \"10001:10001\"`). "
        "Files and volumes owned by root need a chown first; ports below 1024 need "
        "--sysctl net.ipv4.ip_unprivileged_port_start=0."
    ),
    references=(
        "CIS-Docker-1.6:4.1", "PSS:restricted:Running as Non-root", "NIST-800-190:4.4.3", "OWASP-Docker:D01",
        "ATT&CK:T1611", "CWE-250",
    ),
)  # fmt: skip
def runs_as_root(container: Container, view: View) -> Verdict:
    """Fail: `Config.User` is root in any spelling (empty, 0, 00, 0:0, root, root:root, :0).

    The engine has already filled in the image's user, so empty means root. Low instead of medium where a user
    namespace maps root away (userns-remap, rootless engine, `/proc/PID/uid_map`). Pass: a number other than 0, or a
    name that the kernel shows as another uid. Manual: a name that cannot be resolved from outside.
    Unknown: the user or, for root, the engine's description was not read. Source: CIS Docker 4.1.
    """
    user = parse_user(container.user)
    evidence = seen("Config.User", container.user)
    if user.identity is Identity.OTHER:
        return passed()
    if user.identity is Identity.NAMED:
        return _named(container, view)
    if root_is_mapped(container, view):
        return failed("root inside, mapped to another user outside", evidence, severity=Severity.LOW)
    return failed("root inside is root on the host", evidence)


def _named(container: Container, view: View) -> Verdict:
    evidence = seen("Config.User", container.user)
    kernel = kernel_view(container, view)
    if kernel is None or not kernel.identity_uid_map:
        return manual(f"whether {container.user!r} is uid 0 stands in the image's /etc/passwd", evidence)
    uid = seen("/proc/PID/status: Uid", kernel.uid)
    if kernel.uid == 0:
        return failed(f"the user {container.user!r} is uid 0", evidence, uid)
    return passed("", evidence, uid)


_GROUPS = {"root": "0", "disk": "6", "adm": "4", "kmem": "15", "shadow": "42", "docker": "", "systemd-journal": ""}
_HOST_ROOT_GROUPS = {"docker", "disk"}


@check(
    "RUN-025",
    "Privileged group",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="Group 0, and host groups such as docker or disk, carry rights that the user alone does not have.",
    remediation=(
        "Give the user a group of its own (--user 10001:10001) and drop --group-add / Compose `group_add`. "
        "Files that only the group may read need another owner."
    ),
    references=("PSS:restricted:Running as Non-root", "CWE-269", "CVE-2022-36109"),
)
def privileged_group(container: Container, view: View) -> Verdict:
    """Fail: a non-root user with primary group 0, or root, disk, adm, kmem, shadow, systemd-journal or docker among
    the groups (high for docker and disk, which are host root).

    Numbers count as on Debian (disk 6, adm 4, kmem 15, shadow 42). Manual: another number below 1000 in
    `HostConfig.GroupAdd`, whose meaning only the host knows. Pass: no such group. Source: CVE-2022-36109.
    """
    user = parse_user(container.user)
    if user.identity is not Identity.ROOT and user.gid == 0:
        return failed("a non-root user in the root group", seen("Config.User", container.user))
    added = container.group_add
    risky = [name for name, gid in _GROUPS.items() if name in added or (gid and gid in added)]
    if user.identity is Identity.ROOT:
        risky = [name for name in risky if name != "root"]
    if risky:
        worst = Severity.HIGH if _HOST_ROOT_GROUPS.intersection(risky) else None
        return failed(f"in host groups: {', '.join(risky)}", seen("HostConfig.GroupAdd", added), severity=worst)
    unclear = [group for group in added if 0 < (as_number(group) or 0) < 1000]
    if unclear:
        return manual("what these groups may do stands in the host's /etc/group", seen("HostConfig.GroupAdd", unclear))
    return passed()


@check(
    "RUN-060",
    "Interactive container left open",
    domain=Domain.RUNTIME,
    severity=Severity.INFO,
    subject=Container,
    why="A terminal that stays attached, and comes back after every restart, is a way in.",
    remediation=(
        "Drop -i and -t (Compose: `stdin_open`, `tty`) from services; keep them for one-off shells with --rm. "
        "Output is then not coloured by programs that look for a terminal."
    ),
    references=("CWE-1188",),
)
def interactive_left_open(container: Container, view: View) -> Verdict:
    """Manual (low): `Config.Tty` and `Config.OpenStdin` are true and the restart policy is not "no". Pass: else."""
    policy = container.restart_policy.name
    if not (container.tty and container.open_stdin) or policy in {"", "no"}:
        return passed()
    return manual(
        "an interactive terminal that comes back when it ends",
        seen("Config.Tty", True),
        seen("Config.OpenStdin", True),
        seen("HostConfig.RestartPolicy.Name", policy),
        severity=Severity.LOW,
    )


@check(
    "RUN-062",
    "Container without owner",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="Nobody patches, restarts or misses what no project, stack, pod or unit owns; it may not be yours at all.",
    remediation=(
        "Declare it in a Compose file, stack, pod or systemd unit, or remove it: docker rm -f NAME. "
        "Recreating it under a project loses its writable layer."
    ),
    references=("NIST-800-190:4.4.5", "ATT&CK:T1610", "ATT&CK:T1036"),
)
def without_owner(container: Container, view: View) -> Verdict:
    """Fail: running for more than a day without a Compose, stack, Swarm, Kubernetes, Podman unit or project label.

    Pass: such a label, or younger. Not applicable: it does not run.
    """
    if not container.running:
        return not_applicable("it does not run")
    if container.project or orchestrator(container) or owner_label(container):
        return passed()
    if view.now - container.created <= 86400:
        return passed("younger than a day")
    return failed(
        "runs for more than a day and belongs to no project, stack, pod or unit",
        seen("Config.Labels", sorted(container.labels)),
        seen("Path", container.path),
    )
