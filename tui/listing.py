"""Which entries a list shows and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.check import Domain
from checks.verdict import Outcome, Severity
from inventory.resource import Kind
from tui.panes.base import Entry
from tui.scope import EVERYTHING, Scope
from widgets.query import Language, Query, Term, field_of, near, parse, tokens


@dataclass(slots=True)
class ListState:
    """What a person has set up for one pane; kept while other panes are open."""

    sort: str = "sec"
    descending: bool = True
    query: str = ""
    cursor: Hashable | None = None
    failures: bool = False
    minor: bool = True  # whether stopped, unused, finished and built-in rows are shown


@dataclass(slots=True)
class Filters:
    """What holds for every pane."""

    pinned: str = ""
    minimum: Severity = Severity.INFO
    scope: Scope = EVERYTHING
    panes: dict[str, ListState] = field(default_factory=dict)

    def state(self, pane: str, order: tuple[str, bool], minor: bool = True) -> ListState:
        """The state of a pane, made on its first visit."""
        if pane not in self.panes:
            self.panes[pane] = ListState(*order, minor=minor)
        return self.panes[pane]


def failing(entry: Entry, minimum: Severity) -> bool:
    """Whether something at least this bad fails."""
    return any(entry.summary.fails[minimum:])


WORDS = {
    "sev": tuple(severity.word for severity in reversed(Severity)),
    "verdict": tuple(outcome.value for outcome in Outcome),
    "domain": tuple(domain.value for domain in Domain),
    "kind": tuple(kind.value for kind in Kind),
}
"""Fields that mean the same in every list, and all that they can say."""
LANGUAGE = Language(
    WORDS, {"vuln": tuple(one.word for one in reversed(Severity) if one)}, frozenset(("exploited", "fixed"))
)


COMMON = frozenset(("sev", "state", "name", "img", "label", "net", "port", "project", "ns", "kind", "node"))
"""Fields that a person may rely on, though not every list has them all."""


def read(entries: Sequence[Entry], state: ListState) -> Query:
    """The filter of a list, by the fields that its entries have."""
    if not state.query:
        return Query()
    return parse(state.query, _fields(entries) or None, LANGUAGE)


def problem(entries: Sequence[Entry], shown: Sequence[Entry], state: ListState) -> str:
    """Why the filter of a list does nothing or lets nothing through, where it is most likely misspelt; "" if not."""
    query = read(entries, state)
    if query.errors:
        return query.errors[0]
    if shown or not entries:
        return ""
    known = _fields(entries)
    for token in tokens(state.query):
        name = field_of(token, COMMON)
        if name and name not in known:
            return f"no field {name} here: {' '.join(sorted(known))}"
    for term in query.terms:
        if term.key and not term.negated and not any(term.holds(entry.fields) for entry in entries):
            meant = near(
                term.value, {word for entry in entries for word in entry.fields.get(term.key, "").casefold().split()}
            )
            meant = meant or _elsewhere(term, entries, known)
            return f"no {term.key} is {term.value}" + (f": did you mean {meant}?" if meant else "")
    return ""


def _elsewhere(term: Term, entries: Sequence[Entry], known: set[str]) -> str:
    """The field that says what another was asked for, as it is typed: `vuln:CVE-2022-3219` is found in `cve:`."""
    if len(term.value) < _TELLING:
        return ""
    for name in sorted(known - {term.key}):
        if any(term.test(entry.fields.get(name, "")) for entry in entries[:_SEEN]):
            return f"{name}:{term.value}"
    return ""


_TELLING = 4
"""Letters from which on a value tells something."""
_SEEN = 2000
"""Entries of a list that are looked through for the names of its fields; entries of a kind have the same."""


def _fields(entries: Sequence[Entry]) -> set[str]:
    return set().union(*(entry.fields for entry in entries[:_SEEN]))


def arrange(
    entries: Sequence[Entry], state: ListState, filters: Filters, outdated: Callable[[], bool] = lambda: False
) -> list[Entry]:
    """The entries that pass all filters, sorted; equal ones by name.

    `outdated` is asked now and then: once it says so, nobody wants the answer any more, and it may be incomplete.
    """
    queries = [query for query in (parse(filters.pinned, None, LANGUAGE), read(entries, state)) if not query.empty]
    found: list[Entry] = []
    for start in range(0, len(entries), _SEEN):
        if outdated():
            return []
        found += [entry for entry in entries[start : start + _SEEN] if _passes(entry, state, filters, queries)]
    found.sort(key=_name)
    return _ordered(found, state.sort, state.descending)


def _ordered(entries: Sequence[Entry], column: str, descending: bool) -> list[Entry]:
    """Sorted by a column, equal ones as they stood.

    Many share a value. Sorting each value once is quicker than comparing entries, and it does not hold the
    interpreter for as long: the screen goes on while many entries are sorted in a thread.
    """
    by_value: dict[tuple[int, Any], list[Entry]] = {}
    for entry in entries:
        by_value.setdefault(_comparable(entry.value(column)), []).append(entry)
    order = sorted(by_value, reverse=descending)
    return [entry for value in order for entry in by_value[value]]


def _passes(entry: Entry, state: ListState, filters: Filters, queries: Sequence[Query]) -> bool:
    if entry.minor and not state.minor:
        return False
    if (state.failures or filters.minimum > Severity.INFO) and not failing(entry, filters.minimum):
        return False
    return all(query.matches(entry.fields) for query in queries)


def _name(entry: Entry) -> str:
    return entry.name


def _comparable(value: object) -> tuple[int, Any]:
    # One column may hold numbers and words; they must not be compared with each other.
    if isinstance(value, bool | int | float):
        return 0, float(value)
    return (1, value) if isinstance(value, tuple) else (2, str(value or ""))


def next_failing(entries: Sequence[Entry], cursor: Hashable | None, step: int, minimum: Severity) -> Hashable | None:
    """The key of the next (step 1) or previous (step -1) entry that fails, round the end; None if none does."""
    if not entries:
        return None
    keys = [entry.key for entry in entries]
    start = keys.index(cursor) if cursor in keys else -1 if step > 0 else 0
    for distance in range(1, len(keys) + 1):
        entry = entries[(start + step * distance) % len(keys)]
        if failing(entry, minimum):
            return entry.key
    return None
