"""docs/checks.md: every check, as this version runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import cleandoc

from checks.catalogue import catalogue
from checks.check import Check
from checks.frameworks.known import frameworks
from docs.markdown import table, text

_HEAD = """<!-- Written by `make docs`; changes belong into the checks themselves. -->
# The checks

{count} checks. A verdict is *fail* (F), *pass* (P), *manual* (M: a person or the policy decides), *not applicable* (NA)
or *unknown* (U: it could not be read, and says why); a waiver of the policy turns fail or manual into *waived*. The
severity is that of a failure unless the condition says otherwise; `deckwatch.toml` may change it. The same text in a
terminal: `deckwatch checks show ID`."""


def document() -> str:
    """The whole document."""
    return "\n".join(_lines(catalogue())) + "\n"


def _lines(checks: tuple[Check, ...]) -> Iterator[str]:
    yield _HEAD.format(count=len(checks))
    by_id = {check.id: check for check in checks}
    for section, items in frameworks()[-1].sections().items():
        found = [by_id[item.id] for item in items]
        yield f"\n## {section}\n"
        yield from table(("Check", "Severity", "Judges each", "Title"), map(_row, found))
        for check in found:
            yield from _check(check)


def _row(check: Check) -> Iterable[str]:
    return (f"[{check.id}](#{check.id.lower()})", check.severity.word, check.judges, text(check.title))


def _check(check: Check) -> Iterator[str]:
    yield f"\n### {check.id}"
    yield f"\n**{text(check.title)}** ({check.severity.word}, {check.domain.value}, judges each {check.judges})"
    yield f"\n{text(check.why)}"
    for number, paragraph in enumerate(cleandoc(check.doc).split("\n\n")):
        yield f"\n{'' if number else 'When: '}{text(paragraph)}"
    yield f"\nRemediation: {text(check.remediation)}"
    yield f"\nReferences: {text(', '.join(check.references)) or 'none'}"
    if check.implied_by:
        yield f"\nFolded into {', '.join(check.implied_by)} where that fails on the same {check.judges}."
