"""Rules of certificates, whether a server sent them or a cluster keeps them: dates, names, keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed

DAY = 86400.0
OLD_DIGESTS = frozenset({"md2", "md4", "md5", "sha1"})
_LONGEST = 398  # days that public certificates may last (CA/Browser Forum, since 2020)


def valid(not_before: float, not_after: float) -> Evidence:
    """From which day to which."""
    dates = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d") for at in (not_before, not_after))
    return Evidence("valid", " to ".join(dates))


def judge_dates(not_before: float, not_after: float, now: float, *described: Evidence) -> Verdict:
    """F: expired, not valid yet, less than 14 days left; medium: less than 30. M: made for more than 398 days."""
    left = (not_after - now) / DAY
    evidence = [*described, Evidence("days left", f"{left:.0f}")]
    if not_before > now:
        return failed("not valid yet", *evidence)
    if left < 0:
        return failed(f"expired {-left:.0f} day(s) ago", *evidence)
    if left < 30:
        severity = None if left < 14 else Severity.MEDIUM
        return failed(f"expires in {left:.0f} day(s)", *evidence, severity=severity)
    lasts = (not_after - not_before) / DAY
    if lasts > _LONGEST:
        return manual(f"was made for {lasts:.0f} days: a stolen key stays good for long", *evidence)
    return passed("", *evidence)


def weak_key(key: str, bits: int) -> Iterator[str]:
    """What is too short about a key."""
    shortest = {"RSA": 2048, "DSA": 2048, "EC": 224}.get(key, 0)
    if bits < shortest:
        yield f"{key} key of {bits} bits"


def covers(names: Iterable[str], host: str) -> bool:
    """Whether one of the subject alternative names is good for a host; `*` stands for one label (RFC 6125).

    A host that is itself a wildcard is covered by the same wildcard alone.
    """
    host = host.lower().rstrip(".")
    parent = host.partition(".")[2]
    known = {name.lower().rstrip(".") for name in names}
    return host in known or (bool(parent) and f"*.{parent}" in known)
