"""Cases of findings that combine exposure with a way to the host."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from inventory.container import Container, Port
from tests.checks.builders import GAP, NOW, changed, container
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import built, made_from

FAIL, PASS = Outcome.FAIL, Outcome.PASS
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
WIDE = (Port(8000, "tcp", "0.0.0.0", 8000),)
_stale = changed(built(), created=NOW - 400 * 86400)
_with = (ENGINE, _stale)


def _made(**changes: object) -> Container:
    return made_from(_stale, container(), **changes)


CASES = [
    Case("CMB-001", _made(ports=WIDE, privileged=True), FAIL, Severity.CRITICAL, others=_with),
    Case("CMB-001", _made(privileged=True), PASS, others=_with, note="not exposed"),
    Case("CMB-001", _made(ports=WIDE, mounts=GAP), UNKNOWN, others=_with, note="mounts unread"),
    Case("CMB-002", _made(ports=WIDE, user="", readonly_rootfs=False), FAIL, Severity.HIGH, others=_with),
    Case("CMB-002", _made(ports=WIDE, user=""), FAIL, Severity.MEDIUM, others=_with, note="three of four"),
    Case("CMB-002", _made(ports=WIDE), PASS, others=_with, note="two of four"),
    Case("CMB-002", _made(user="", readonly_rootfs=False), NA, others=_with, note="not exposed"),
]
