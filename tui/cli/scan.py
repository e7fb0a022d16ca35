"""`deckwatch scan`: read once, judge once, report, and tell by the exit status whether it is bad."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from checks.report import formats
from tui.cli.lean import load_msgspec
from tui.cli.output import emit, narrate
from tui.cli.parser import SEVERITIES, one_of
from tui.cli.problem import Exit, Problem
from tui.cli.sources import add_sources, load_settings, probing, source_options
from tui.options import Settings, SourceOptions

if TYPE_CHECKING:
    from checks.report.baseline import Baseline
    from checks.report.report import Filters, Report

NEVER = "none"
_DEFAULT_FAIL_ON = "high"
_PIPE_WIDTH = 100
_WIDEST = 160


def add_arguments(parser: ArgumentParser) -> None:
    """SOURCES, what to report and how."""
    add_sources(parser)
    known = formats.names()
    what = parser.add_argument_group("report")
    what.add_argument(
        "--format", type=one_of(*known), default="table", metavar="F", help=f"one of {', '.join(known)} (default table)"
    )
    what.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to standard output")
    what.add_argument("-v", "--verbose", action="store_true", help="the table with evidence and remediation")
    what.add_argument("--all", action="store_true", help="also what passed and what does not apply")
    what.add_argument(
        "--only",
        action="extend",
        nargs="+",
        default=[],
        metavar="X",
        help="only these domains, checks or globs (RUN-0*)",
    )
    what.add_argument("--skip", action="extend", nargs="+", default=[], metavar="X", help="all but these")
    what.add_argument(
        "--min-severity", type=one_of(*SEVERITIES), default="info", metavar="S", help="do not show results below"
    )
    what.add_argument(
        "--fail-on",
        type=one_of(*SEVERITIES, NEVER),
        default=_DEFAULT_FAIL_ON,
        metavar="S",
        help=f"exit with 1 if a check fails at or above, or '{NEVER}' (default {_DEFAULT_FAIL_ON})",
    )
    what.add_argument("--baseline", type=Path, metavar="FILE", help="an earlier JSON report: only what is new counts")


def run(args: Namespace) -> int:
    """Scan as the arguments say."""
    load_msgspec()
    sources, settings = source_options(args), load_settings(args)
    sources = probing(args, sources, settings)
    filters = _filters(args)
    report = _scan(sources, settings, filters)
    _write(report, args.format, args.output, args.verbose)
    return status(report, args.fail_on)


def run_with(sources: SourceOptions, settings: Settings) -> int:
    """Scan with all defaults and print the table."""
    load_msgspec()
    report = _scan(sources, settings, None)
    _write(report, "table", None)
    return status(report, _DEFAULT_FAIL_ON)


def status(report: Report, fail_on: str) -> Exit:
    """The exit status: by the worst failure that is neither waived, skipped nor in the baseline."""
    if fail_on == NEVER or report.worst is None:
        return Exit.OK
    from checks.verdict import Severity

    return Exit.FOUND if report.worst >= Severity[fail_on.upper()] else Exit.OK


def _scan(sources: SourceOptions, settings: Settings, filters: Filters | None) -> Report:
    from tui.collect import scan

    if settings.unread_tables:
        narrate(f"fetched tables left out: {settings.unread_tables}")
    return scan(sources, settings.policy, filters, narrate)


def _write(report: Report, name: str, target: Path | None, verbose: bool = False) -> None:
    to_terminal = target is None and sys.stdout is not None and sys.stdout.isatty()
    asked = os.environ.get("COLUMNS", "").isdecimal()
    width = min(_columns(), _WIDEST) if to_terminal or asked else _PIPE_WIDTH
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM", "dumb") == "dumb"
    layout = formats.Layout(width, to_terminal and not plain, verbose, cut=to_terminal or asked)
    emit(formats.load(name)(report, layout), target)


def _columns() -> int:
    import shutil  # it brings the compressors along

    return shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns


def _filters(args: Namespace) -> Filters:
    from checks.catalogue import catalogue
    from checks.report.report import Filters
    from checks.verdict import Severity

    filters = Filters(
        only=_patterns("--only", args.only),
        skip=_patterns("--skip", args.skip),
        min_severity=Severity[args.min_severity.upper()],
        everything=args.all,
        baseline=_baseline(args.baseline) if args.baseline else None,
    )
    if (filters.only or filters.skip) and not any(map(filters.wants, catalogue())):
        raise Problem("--only and --skip together leave no check to judge by")
    return filters


def _patterns(option: str, words: list[str]) -> tuple[str, ...]:
    from checks.catalogue import DOMAINS, catalogue
    from checks.report.report import covers
    from tui.near import hint

    patterns = tuple(part for word in words for part in word.split(",") if part)
    for pattern in patterns:
        if pattern.lower() not in DOMAINS and not any(covers(pattern, check) for check in catalogue()):
            known = (*DOMAINS, *(check.id for check in catalogue()))
            near = hint(pattern.upper(), known) or hint(pattern.lower(), known)
            raise Problem(f"{option}: no domain or check is called {pattern!r}{near} (see 'deckwatch checks list')")
    return patterns


def _baseline(path: Path) -> Baseline:
    from checks.report.baseline import baseline

    try:
        return baseline(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Problem(f"--baseline {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Problem(f"--baseline {path}: {error}; expected what 'deckwatch scan --format json' writes") from None
