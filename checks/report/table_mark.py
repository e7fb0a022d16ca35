"""The letter before a finding: severity or verdict. Colour, where wanted, only repeats it."""

from __future__ import annotations

from checks.result import Result
from checks.verdict import Outcome, Severity

_LETTER = {
    Outcome.MANUAL: "m",
    Outcome.UNKNOWN: "?",
    Outcome.WAIVED: "a",
    Outcome.PASS: ".",
    Outcome.NOT_APPLICABLE: "-",
}
_SGR = {
    Severity.CRITICAL: "1;37;41",
    Severity.HIGH: "1;31",
    Severity.MEDIUM: "1;33",
    Severity.LOW: "36",
    Severity.INFO: "2",
}


def mark(result: Result, colour: bool) -> str:
    """One cell."""
    letter = _LETTER.get(result.outcome, result.severity.word[0].upper())
    if colour and result.outcome is Outcome.FAIL:
        return f"\x1b[{_SGR[result.severity]}m{letter}\x1b[0m"
    return letter
