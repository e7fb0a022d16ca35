"""What is new since a baseline, of failures and of objects, and the verdict of CMB-008 on it.

It is about the verdicts of all other checks, so it is judged after them, by the same engine and policy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from msgspec import structs

from checks.check import Check
from checks.engine import Engine as Judge
from checks.news import CHECK as NEWS
from checks.news import Difference, NewFailure, News
from checks.policy import Policy
from checks.report.baseline import Baseline
from checks.report.text import rfc3339
from checks.report.traits import LEFT_OUT, Thing, Traits, things
from checks.report.traits import untold as unreadable
from checks.result import NOTHING, Evaluation, Judgement, Result, fingerprint, lasting_name, project, summarise
from checks.verdict import Outcome, Severity
from inventory.gap import Reason
from inventory.snapshot import Snapshot

Wants = Callable[[Check], bool]
_NO_THINGS = ("objects, which the baseline does not list",)
_NEVER = frozenset({Reason.UNSUPPORTED, Reason.PENDING})
_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}


def concluded(
    snapshot: Snapshot, evaluation: Evaluation, policy: Policy, baseline: Baseline, wants: Wants
) -> Evaluation:
    """The evaluation with the verdicts of CMB-008 by this baseline; only failures of wanted checks are news."""
    found = {key: result for key, judgement in evaluation.judgements.items() if (result := _news(judgement))}
    if not found:
        return evaluation
    told = news(snapshot, evaluation, baseline, wants)
    judge = Judge({result.check for result in found.values()}, structs.replace(policy, news=told))
    judged = judge.evaluate(snapshot).judgements
    judgements = {**evaluation.judgements, **{key: _merged(evaluation.judgements[key], judged[key]) for key in found}}
    total = sum((judgement.summary for judgement in judgements.values()), NOTHING)
    return structs.replace(evaluation, judgements=judgements, total=total)


def news(snapshot: Snapshot, evaluation: Evaluation, baseline: Baseline, wants: Wants) -> Mapping[str, News]:
    """What is new on each source that the baseline has; where both sides have one source, its name does not matter."""
    names = {name: name for name in snapshot.sources if name in baseline.sources}
    if len(snapshot.sources) == len(baseline.sources) == 1:
        names = dict(zip(snapshot.sources, baseline.sources, strict=True))
    failures = _failures(snapshot, evaluation, baseline, wants)
    now = _by_source(things(snapshot))
    then = _by_source(baseline.things or {})
    missing: dict[str, dict[tuple[str, str, str], Mapping[str, Reason]]] = defaultdict(dict)
    for thing, reasons in unreadable(snapshot).items():
        missing[thing.source][thing[1:]] = reasons
    found = {}
    for name, before in names.items():
        unread, untold = _unread(snapshot, name, baseline, before)
        found[name] = News(
            since=baseline.since,
            failures=tuple(failures[name]),
            differences=tuple(_differences(then[before], now[name], unread, _made(snapshot, name))),
            unread=(*sorted(untold), *_uncompared(then[before], now[name], missing.get(name, {}))),
        )
    if baseline.things is None:
        return {name: structs.replace(item, differences=(), unread=_NO_THINGS) for name, item in found.items()}
    return found


# -- failures --------------------------------------------------------------------------------------------------------


def _failures(
    snapshot: Snapshot, evaluation: Evaluation, baseline: Baseline, wants: Wants
) -> dict[str, list[NewFailure]]:
    found: dict[str, list[tuple[int, NewFailure]]] = defaultdict(list)
    for key, judgement in evaluation.judgements.items():
        resource = snapshot.get(key)
        if resource is None:
            continue
        for result in judgement.results:
            if result.outcome is not Outcome.FAIL or result.severity < Severity.HIGH or not wants(result.check):
                continue
            name = fingerprint(result.check.id, resource, result.verdict.salient)
            before = baseline.known.get((name, Outcome.FAIL.value))
            if before is None or before < result.severity:
                who = f"{key.kind.value} {resource.name}"
                found[key.source].append((-result.severity, NewFailure(result.severity.word, result.check.id, who)))
    return defaultdict(list, {source: [item for _, item in sorted(items)] for source, items in found.items()})


# -- objects ---------------------------------------------------------------------------------------------------------

Named = Mapping[tuple[str, str, str], Traits]
"""Things of one source: (kind, project, name) -> traits."""


def _by_source(found: Mapping[Thing, Traits]) -> Mapping[str, dict[tuple[str, str, str], Traits]]:
    sorted_out: dict[str, dict[tuple[str, str, str], Traits]] = defaultdict(dict)
    for thing, traits in found.items():
        sorted_out[thing.source][thing[1:]] = traits
    return sorted_out


def _unread(snapshot: Snapshot, name: str, baseline: Baseline, before: str) -> tuple[set[str], set[str]]:
    """The kinds of object that one side could not read, and those of them that the reader must be told of.

    What neither side offers (services where there is no swarm) leaves nothing to compare.
    """
    then = {kind: reason for (source, kind), reason in baseline.unread.items() if source == before}
    now = {kind.value: gap.reason.value for (source, kind), gap in snapshot.gaps.items() if source == name}
    never = {kind for kind in then.keys() & now.keys() if then[kind] == now[kind] == Reason.UNSUPPORTED.value}
    unread = (then.keys() | now.keys()) - {kind.value for kind in LEFT_OUT}
    return unread, unread - never


def _differences(
    then: Named, now: Named, unread: set[str], made: Mapping[tuple[str, str, str], str]
) -> Iterator[Difference]:
    for label, here, there in (("new", now, then), ("gone", then, now)):
        for thing in sorted(here.keys() - there.keys()):
            kind, group, name = thing
            if kind not in unread:
                said = f"{group}/{name}" if group else name
                yield Difference(f"{label} {kind}", said + (made.get(thing, "") if label == "new" else ""))
    for thing in sorted(now.keys() & then.keys()):
        yield from _changes(f"{thing[0]} {thing[2]}", then[thing], now[thing])


def _uncompared(then: Named, now: Named, missing: Mapping[tuple[str, str, str], Mapping[str, Reason]]) -> Iterator[str]:
    """The categories of objects that one side could not read: `listener of container web`.

    Of one that neither has, the reason counts: what is never offered here, or nobody looked at on either side, leaves
    nothing to compare; what was closed both times might have changed.
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for thing in sorted(now.keys() & then.keys()):
        reasons = missing.get(thing, {})
        closed = {name for name, reason in reasons.items() if reason not in _NEVER}
        for name in sorted((then[thing].keys() ^ now[thing].keys()) | (closed - now[thing].keys())):
            found[name, thing[0]].append(thing[2])
    for (name, kind), names in found.items():
        yield f"{name} of {kind} {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _made(snapshot: Snapshot, source: str) -> Mapping[tuple[str, str, str], str]:
    """When each object was made, in words, where that is known."""
    found = {}
    for resource in snapshot:
        created = resource.peek("created") if "created" in resource.field_names else None
        if resource.key.source == source and isinstance(created, float) and created > 0:
            found[resource.key.kind.value, project(resource), lasting_name(resource)] = f", made {rfc3339(created)}"
    return found


def _changes(who: str, then: Traits, now: Traits) -> Iterator[Difference]:
    for name in sorted(then.keys() & now.keys()):
        for word in sorted({*now[name]} - {*then[name]}):
            yield Difference(f"{who}: new {name}", word)
        for word in sorted({*then[name]} - {*now[name]}):
            yield Difference(f"{who}: {name} gone", word)


# -- the verdict -----------------------------------------------------------------------------------------------------


def _news(judgement: Judgement) -> Result | None:
    return next((result for result in (*judgement.results, *judgement.passed) if result.check.id == NEWS), None)


def _merged(old: Judgement, new: Judgement) -> Judgement:
    """The old judgement with the one result of the new one in place of its own."""
    results = [result for result in old.results if result.check.id != NEWS] + list(new.results)
    results.sort(key=lambda result: (_RANK[result.outcome], -result.severity, result.check.id))
    passed = (*(result for result in old.passed if result.check.id != NEWS), *new.passed)
    return Judgement(tuple(results), passed, summarise((*results, *passed)))
