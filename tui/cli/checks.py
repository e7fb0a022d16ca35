"""`deckwatch checks`: the catalogue, as it is in this version."""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tui.cli.output import emit
from tui.cli.parser import one_of
from tui.cli.problem import Problem

if TYPE_CHECKING:
    from checks.check import Check

_WIDTH = 100


def add_arguments(parser: ArgumentParser) -> None:
    """`list`, or `show ID`."""
    parser.add_argument("what", nargs="?", type=one_of("list", "show"), default="list", help="list (default) or show")
    parser.add_argument("id", nargs="*", metavar="ID", help="the checks to show")


def run(args: Namespace) -> int:
    """Print the list, or everything known about some checks."""
    from checks.catalogue import catalogue

    found = {check.id: check for check in catalogue()}
    if args.what == "list":
        if args.id:
            raise Problem(f"unexpected argument {args.id[0]!r}; to see one check: deckwatch checks show {args.id[0]}")
        emit(_list(found.values()))
        return 0
    if not args.id:
        raise Problem("which check? deckwatch checks show ID, as in 'deckwatch checks show RUN-001'")
    chosen = [_find(name, found) for name in args.id]
    emit("\n".join(_show(check)) + "\n" for check in chosen)
    return 0


def _find(name: str, found: dict[str, Check]) -> Check:
    check = found.get(name.upper())
    if check is None:
        from tui.near import hint

        raise Problem(f"no check is called {name!r}{hint(name.upper(), found)} (see 'deckwatch checks list')")
    return check


def _list(checks: Iterable[Check]) -> Iterator[str]:
    for check in checks:
        yield f"{check.id:<9}{check.severity.word:<10}{check.domain.value:<15}{check.judges:<11}{check.title}\n"


def _show(check: Check) -> Iterator[str]:
    from inspect import cleandoc

    from checks.report.wrap import wrapped

    width = shutil.get_terminal_size((_WIDTH, 24)).columns if sys.stdout and sys.stdout.isatty() else _WIDTH
    yield f"{check.id}  {check.title}"
    yield f"{check.severity.word}, {check.domain.value}, judges each {check.judges}"
    for label, text in (("Why", check.why), ("When", check.doc), ("Remediation", check.remediation)):
        yield f"\n{label}"
        for paragraph in cleandoc(text).split("\n\n"):
            yield from wrapped(paragraph, min(width, _WIDTH), "  ")
    yield "\nReferences"
    yield from wrapped(", ".join(check.references) or "none", min(width, _WIDTH), "  ")
    if check.implied_by:
        yield "\nFolded into"
        yield f"  {', '.join(check.implied_by)}, where that fails on the same {check.judges}"
