"""The words that the reports for people share: what was seen, what was not, how many verdicts, how waivers stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.news import CHECK as NEWS
from checks.report.report import Report
from checks.report.text import visible
from checks.result import Summary
from checks.verdict import Outcome, Severity
from checks.waivers import STATES, Standing, scope
from inventory.gap import Gap, Reason
from inventory.resource import Kind
from inventory.snapshot import SourceHealth, Status

HEADING = {
    Outcome.FAIL: "Failed",
    Outcome.MANUAL: "For a person or the configuration to decide",
    Outcome.UNKNOWN: "Could not be judged",
    Outcome.WAIVED: "Waived",
    Outcome.PASS: "Passed",
    Outcome.NOT_APPLICABLE: "Not applicable",
}
VERDICT = {
    Outcome.FAIL: "fail",
    Outcome.MANUAL: "to decide",
    Outcome.UNKNOWN: "unknown",
    Outcome.WAIVED: "waived",
    Outcome.PASS: "pass",
    Outcome.NOT_APPLICABLE: "not applicable",
}
_MANY = 12  # kinds of which the same is true are one sentence, without the request for each
_ONE_ONLY = {Kind.SWARM: "swarm", Kind.HOST: "host", Kind.ENGINE: "engine"}


def plural(count: int, noun: str | Kind) -> str:
    """`1 container`, `3 containers`, `2 networkpolicies`."""
    if count == 1:
        return f"{count} {noun}"
    return f"{count} {noun.plural}" if isinstance(noun, Kind) else f"{count} {noun}s"


def several(kinds: Iterable[Kind]) -> str:
    """`3 containers`; `3 objects` where they are not all of one kind, as what has a pod template may be."""
    found = list(kinds)
    return plural(len(found), found[0] if len(set(found)) == 1 else "object")


def status_of(health: SourceHealth) -> Status:
    """The status of a source; one that has not answered by the end of a scan is unreachable."""
    return Status.UNREACHABLE if health.status is Status.CONNECTING else health.status


def sources(report: Report) -> Iterator[str]:
    """One sentence for each source."""
    for health in report.snapshot.sources.values():
        words = (health.kind, health.target, health.version, status_of(health).value, health.detail)
        yield " ".join(visible(word) for word in words if word)


def seen(report: Report) -> str:
    """`93 containers, 30 images`."""
    return ", ".join(plural(count, kind) for kind, count in report.resources.items() if count) or "nothing"


def unseen(report: Report) -> Iterator[str]:
    """One sentence for each kind of object that could not be read, or for several of which the same is true."""
    for name, kinds, why in unread(report):
        where = f"{visible(name)}: " if len(report.snapshot.sources) > 1 else ""
        yield f"{where}{', '.join(_ONE_ONLY.get(kind, kind.plural) for kind in kinds)}: {visible(why)}"


def unread(report: Report) -> Iterator[tuple[str, list[Kind], str]]:
    """Source, kinds and reason of what could not be read; a reason that is one kind's own stands alone."""
    alike: dict[tuple[str, Reason, str], dict[Kind, Gap]] = {}
    for (name, kind), gap in report.snapshot.gaps.items():
        alike.setdefault((name, gap.reason, gap.detail), {})[kind] = gap
    for (name, _, why), gaps in alike.items():
        if why and (len(gaps) >= _MANY or any(gap.path == kind.plural for kind, gap in gaps.items())):
            yield name, [*gaps], why
        else:
            yield from ((name, [kind], str(gap)) for kind, gap in gaps.items())


def counts(summary: Summary) -> dict[Outcome, int]:
    """How many verdicts of each kind."""
    return {
        Outcome.FAIL: sum(summary.fails),
        Outcome.MANUAL: summary.manual,
        Outcome.UNKNOWN: summary.unknown,
        Outcome.WAIVED: summary.waived,
        Outcome.PASS: summary.passed,
        Outcome.NOT_APPLICABLE: summary.not_applicable,
    }


def verdicts(summary: Summary) -> str:
    """`3 failed (2 critical, 1 low), 2 to decide, ...`."""
    fails = ", ".join(f"{summary.fails[level]} {level.word}" for level in reversed(Severity) if summary.fails[level])
    words = [f"{sum(summary.fails)} failed" + (f" ({fails})" if fails else "")]
    words += [f"{summary.manual} to decide", f"{summary.unknown} unknown", f"{summary.waived} waived"]
    words += [f"{summary.passed} passed", f"{summary.not_applicable} not applicable"]
    return ", ".join(words)


def not_shown(report: Report) -> str:
    """What the reader asked to leave out; "" if nothing was."""
    words = []
    if report.below:
        words.append(f"{report.below} below {report.filters.min_severity.word}")
    return ", ".join(words)


def baseline(report: Report) -> str:
    """What the baseline made of it, plainly; "" without one."""
    before = report.filters.baseline
    if before is None:
        return ""
    fresh = sum(finding.result.check.id != NEWS for finding in report.findings) + report.below
    known = f"{plural(report.known, 'known finding')} not shown"
    since = visible(before.since)
    return f"{fresh or 'nothing'} new since {since}; {known}"


def waivers(report: Report) -> tuple[Standing, ...]:
    """The waivers, first those that ask for attention."""
    return tuple(sorted(report.waivers, key=lambda item: STATES.index(item.state)))


def waiver(item: Standing) -> str:
    """One waiver in a sentence."""
    held = item.waiver
    until = f" until {held.expires}" if held.expires else ""
    owner = f", {visible(held.owner)}" if held.owner else ""
    covers = f"covers {plural(item.covers, 'finding')}" if item.state != "expired" else f"{item.covers} count again"
    said = f"{visible(held.check)} on {visible(scope(held))}{until}{owner}: {visible(held.reason)}"
    return f"{item.state}: {said} ({covers})"
