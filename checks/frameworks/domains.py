"""This project's own order: every check, under its domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.check import Check, Domain
from checks.frameworks.framework import Item

ID = "domains"
TITLE = "Domains of Deckwatch"

_SECTIONS = {
    Domain.IMAGES: "1 Images",
    Domain.RUNTIME: "2 Container runtime",
    Domain.NETWORK: "3 Network",
    Domain.ORCHESTRATION: "4 Orchestration",
    Domain.MONITORING: "5 Monitoring",
    Domain.HOST: "6 Host",
}


def items(checks: Iterable[Check]) -> Iterator[Item]:
    """One item per check."""
    found = tuple(checks)
    for domain, section in _SECTIONS.items():
        yield from (Item(each.id, section, each.title, (each.id,)) for each in found if each.domain is domain)
