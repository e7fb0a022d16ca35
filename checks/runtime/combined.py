"""Findings that together are worse than each alone: a way in, and a way on to the host."""

from __future__ import annotations

from checks.check import Domain, check
from checks.network.exposure import distinct, published
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, not_applicable, passed, unknown
from checks.view import View
from inventory.model import Container, Kind, ResourceKey

_EXPOSED = ("NET-001", "NET-003")
_ESCAPES = ("RUN-001", "RUN-002", "RUN-013", "RUN-053")
_OLD_IMAGE = "IMG-019"
_NOT_SO = {"RUN-023": "it is not root", "RUN-026": "it cannot write", _OLD_IMAGE: "its image is recent"}
_UNJUDGED = (None, Outcome.UNKNOWN)


@check(
    "CMB-001",
    "Exposed and escape-capable",
    domain=Domain.RUNTIME,
    severity=Severity.CRITICAL,
    subject=Container,
    why="From outside to root on the host in two steps.",
    remediation="Break the path at either end: bind the port to 127.0.0.1 behind a proxy, or take away what the "
    "container escapes by (privileged, socket, capability, kernel mount). The single findings say how.",
    references=("OWASP-K8S:K01", "OWASP-K8S:K06", "ATT&CK:T1190", "ATT&CK:T1611", "CWE-250"),
    derived=True,
)
def exposed_and_escaping(container: Container, view: View) -> Verdict:
    """Combines verdicts on the same container.

    F: NET-001 or NET-003 fails, and so does RUN-001, RUN-002, RUN-013 or RUN-053. P: one of the two groups has no
    failure and was judged completely. U: a verdict that would decide is unknown.
    """
    way_in = _outcomes(view, container.key, _EXPOSED)
    way_out = _outcomes(view, container.key, _ESCAPES)
    if _fails(way_in) and _fails(way_out):
        path = f"{distinct(published(container))} > {container.name} > {', '.join(_fails(way_out))} > host"
        found = (Evidence("fails", rule, container.key) for rule in (*_fails(way_in), *_fails(way_out)))
        return failed(path, Evidence("path", path), *found)
    if _settled(way_in) or _settled(way_out):
        return passed()
    return unknown(f"{', '.join(_open(way_in) + _open(way_out))} could not be judged")


@check(
    "CMB-002",
    "Exposed, root, writable, unpatched",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="From outside to root code that stays: nothing stands in the way of whoever finds the first hole.",
    remediation="Change any of the four: bind the port to one address, run as a user (`user: 10001`), `read_only: "
    "true` with tmpfs where it writes, or rebuild the image. The single findings say how.",
    references=("ATT&CK:T1190", "ATT&CK:T1525", "CWE-250"),
    derived=True,
)
def exposed_root_writable_stale(container: Container, view: View) -> Verdict:
    """Combines verdicts on a container and its image: NET-001, RUN-023 (root), RUN-026 (writable), IMG-019 (stale).

    F: all four fail (high), or three of them, NET-001 among them (medium). P: fewer fail, whatever the unknown
    ones are.
    NA: the container publishes nothing on all interfaces. U: an unknown verdict would decide.
    """
    image = ResourceKey(Kind.IMAGE, container.key.source, container.image_id)
    outcomes = _outcomes(view, container.key, ("NET-001", "RUN-023", "RUN-026"))
    outcomes |= _outcomes(view, image, (_OLD_IMAGE,))
    if outcomes["NET-001"] not in (Outcome.FAIL, *_UNJUDGED):
        return not_applicable("publishes nothing on all interfaces")
    found, doubtful = _fails(outcomes), _open(outcomes)
    if len(found) >= 3 and "NET-001" in found:
        keys = {_OLD_IMAGE: image}
        evidence = (Evidence("fails", rule, keys.get(rule, container.key)) for rule in found)
        but = "".join(f"three of four ({words}): " for rule, words in _NOT_SO.items() if rule not in found)
        return failed(but + ", ".join(found), *evidence, severity=Severity.MEDIUM if but else None)
    if len(found) + len(doubtful) >= 3 and doubtful:
        return unknown(f"{', '.join(doubtful)} could not be judged")
    return passed()


def leads_to_the_host(view: View, key: ResourceKey) -> Outcome:
    """What CMB-001 says of a container, for other derived checks: these do not read each other's verdicts."""
    way_in, way_out = _outcomes(view, key, _EXPOSED), _outcomes(view, key, _ESCAPES)
    if _fails(way_in) and _fails(way_out):
        return Outcome.FAIL
    return Outcome.PASS if _settled(way_in) or _settled(way_out) else Outcome.UNKNOWN


def _outcomes(view: View, key: ResourceKey, rules: tuple[str, ...]) -> dict[str, Outcome | None]:
    return {rule: view.outcome(rule, key) for rule in rules}


def _fails(outcomes: dict[str, Outcome | None]) -> list[str]:
    return [rule for rule, outcome in outcomes.items() if outcome is Outcome.FAIL]


def _open(outcomes: dict[str, Outcome | None]) -> list[str]:
    return [rule for rule, outcome in outcomes.items() if outcome in _UNJUDGED]


def _settled(outcomes: dict[str, Outcome | None]) -> bool:
    return not _fails(outcomes) and not _open(outcomes)
