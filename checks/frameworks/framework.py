"""What a framework is: items in sections, and the checks that stand for each item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from checks.check import Check
from checks.frameworks.facet import Facet

UNJUDGED = "No check stands for this: a person has to look."


class Item(msgspec.Struct, frozen=True):
    """One requirement under the number that its publisher gave it.

    `section` and `title` are this project's short wording. `by_hand` says what no program can judge of it, "" if the
    checks cover it; an item with `by_hand` never passes by itself, and an item without checks always has it.
    """

    id: str
    section: str
    title: str
    checks: tuple[str, ...] = ()
    by_hand: str = ""
    facet: Facet | None = None


class Framework(msgspec.Struct, frozen=True):
    """`id` is the prefix of the checks' references (`CIS-Docker-1.6`), `short` what fits a narrow column."""

    id: str
    title: str
    version: str
    items: tuple[Item, ...]
    short: str = ""
    of_clusters: bool | None = None  # of Kubernetes alone, of container engines alone (False), of both

    def sections(self) -> Mapping[str, tuple[Item, ...]]:
        """The items by section, in the publisher's order."""
        found: dict[str, list[Item]] = {}
        for item in self.items:
            found.setdefault(item.section, []).append(item)
        return {section: tuple(items) for section, items in found.items()}


class Entry(msgspec.Struct, frozen=True):
    """An item as it is written down here: without the checks, which name it in their references.

    `also`: checks that bear on it beyond those that name it. `facet`: the part of a check that it asks for.
    """

    id: str
    title: str
    by_hand: str = ""
    also: tuple[str, ...] = ()
    facet: Facet | None = None


def items(framework: str, sections: Mapping[str, Iterable[Entry]], checks: Iterable[Check]) -> Iterator[Item]:
    """Give each entry the checks that refer to it as `FRAMEWORK:NUMBER`; the checks in the order of their ids."""
    named: dict[str, set[str]] = {}
    for check in checks:
        for reference in check.references:
            name, _, number = reference.partition(":")
            if name == framework:
                named.setdefault(number, set()).add(check.id)
    for section, entries in sections.items():
        for entry in entries:
            found = tuple(sorted(named.get(entry.id, set()) | set(entry.also)))
            by_hand = entry.by_hand or ("" if found else UNJUDGED)
            yield Item(entry.id, section, entry.title, found, by_hand, entry.facet)
