"""Whether the engine's clock is right."""

from __future__ import annotations

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from checks.view import View
from inventory.model import Engine

_TOLERATED = 5.0


@check(
    "MON-043",
    "Clock not synchronised",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="A wrong clock breaks TLS, the order of logs and the expiry of tokens.",
    remediation="`timedatectl set-ntp true`, or start chrony. A large correction jumps: restart what relies on timers.",
    references=("NIST-800-92:log management", "CWE-367"),
)
def unsynchronised(engine: Engine, view: View) -> Verdict:
    """Judges the kernel's synchronisation state on a local host, and `SystemTime` of the info when it was read.

    F: the kernel says unsynchronised, or the engine's clock is more than 5 s from this machine's. P: synchronised and
    within 5 s; for a remote engine within 5 s of this machine. U: neither could be read.
    """
    skew = engine.system_time - engine.observed_at
    offset = Evidence("SystemTime", f"{skew:+.1f} s from this machine's clock")
    if abs(skew) > _TOLERATED:
        return failed(f"{abs(skew):.0f} s apart", offset)
    if not engine.local:
        return passed("as this machine's clock", offset)
    synchronised = view.host().clock_synchronised
    kernel = Evidence("adjtimex STA_UNSYNC", "clear" if synchronised else "set")
    return passed("", kernel, offset) if synchronised else failed("nothing keeps the clock right", kernel, offset)
