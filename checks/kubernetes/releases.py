"""Versions of Kubernetes: whether they still get fixes, and which published flaws they have."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from checks.data import kubernetes
from checks.data.advisories import Advisory
from checks.data.tables import SOON, day, outdated
from checks.runtime.versions import judge_version
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, passed, unknown
from checks.versions import Version, parse_version
from checks.view import View

_ORDER = (Outcome.FAIL, Outcome.MANUAL, Outcome.UNKNOWN, Outcome.PASS)


def judge_release(path: str, text: str, flaws: Iterable[Advisory], view: View) -> Verdict:
    """Life time and flaws of a version found at `path`; a vendor's suffix leaves both to the vendor."""
    version = parse_version(text)
    if version is None or version.release[0] != 1:
        return unknown(f"{path} {text!r} is no version of Kubernetes", Evidence(path, text))
    return worst(_life(path, text, version, view), judge_version(path, text, flaws, kubernetes.TABLE_DATE, view))


def _life(path: str, text: str, version: Version, view: View) -> Verdict:
    today, minor = day(view.now), version.release[1]
    table = Evidence("table of", str(kubernetes.TABLE_DATE))
    shown = Evidence(path, text)
    end = kubernetes.ENDS.get(minor)
    if end is None and minor > max(kubernetes.ENDS):
        return manual(f"no end of life known for 1.{minor}", shown, table)
    ended = end is None or end < today
    if version.distribution:
        said = f"1.{minor} got no fixes upstream since {end or 'long ago'}" if ended else f"1.{minor} is supported"
        if ended:
            return manual(f"{said}; whether {version.suffix} still gets them, its vendor says", shown, table)
        return manual(f"{said} upstream; how long {version.suffix} is, its vendor says", shown, table)
    if ended:
        return failed(
            f"1.{minor} gets no fixes since {end or 'before ' + str(_first())}", shown, table, severity=Severity.HIGH
        )
    assert end is not None
    if end - today < SOON:
        return manual(f"fixes for 1.{minor} end on {end}", shown, table)
    if outdated(kubernetes.TABLE_DATE, today):
        return manual("supported by a table that is too old to prove it", shown, table)
    return passed(f"1.{minor}: fixes until {end}", shown, table)


def _first() -> date:
    return kubernetes.ENDS[min(kubernetes.ENDS)]


def worst(*verdicts: Verdict) -> Verdict:
    """The worst outcome, with the words and the evidence of all that share it, and the worst severity among them."""
    outcome = min((one.outcome for one in verdicts), key=_ORDER.index)
    same = [one for one in verdicts if one.outcome is outcome]
    known = [one.severity for one in same if one.severity is not None]
    message = "; ".join(dict.fromkeys(one.message for one in same if one.message))
    evidence = tuple(dict.fromkeys(item for one in same for item in one.evidence))
    return Verdict(outcome, message, evidence, max(known, default=None))


def graded(verdict: Verdict, severity: Severity = Severity.HIGH) -> Verdict:
    """The verdict of another check's rule with that check's severity, where it gives none of its own."""
    if verdict.outcome is not Outcome.FAIL or verdict.severity is not None:
        return verdict
    return msgspec.structs.replace(verdict, severity=severity)
