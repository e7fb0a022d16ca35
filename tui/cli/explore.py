"""`deckwatch`: the explorer. What cannot be shown on a screen is printed as the table of a scan."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace

from tui.cli.output import narrate
from tui.cli.parser import one_of, seconds
from tui.cli.problem import Problem
from tui.cli.sources import add_sources, load_settings, probing, source_options
from tui.options import THEMES, ExplorerOptions, SourceOptions


def add_arguments(parser: ArgumentParser) -> None:
    """SOURCES and how it looks."""
    add_sources(parser)
    look = parser.add_argument_group("screen")
    look.add_argument("--refresh", type=seconds, metavar="S", help="seconds between readings of statistics")
    look.add_argument("--theme", type=one_of(*THEMES), metavar="T", help=f"one of {', '.join(THEMES)}")
    look.add_argument("--mono", action="store_true", help="attributes only, no colour")
    look.add_argument("--no-color", action="store_true", help="the same; NO_COLOR in the environment does it too")
    look.add_argument("--ascii", action="store_true", help="nothing but ASCII")
    look.add_argument("--plain", action="store_true", help="line by line, for screen readers")
    look.add_argument("--low-bandwidth", action="store_true", help="for slow links: repaint seldom, read on request")
    parser.add_argument("--version", action="store_true", help="show the version and exit")


def run(args: Namespace) -> int:
    """Open the explorer; returns when the person leaves it."""
    if not args.plain and not _screen():
        from tui.cli import scan

        narrate("this is no terminal that can be painted on: here is the table of 'deckwatch scan'")
        settings = load_settings(args)
        return scan.run_with(probing(args, source_options(args), settings), settings)
    options = explorer_options(args)
    _recording_is_there(options.sources)
    if "-" in options.sources.manifests:
        raise Problem("--manifests - reads standard input, which is the keyboard here; pipe the manifests into it")
    from tui.app import run as explore

    return explore(options)


def explorer_options(args: Namespace) -> ExplorerOptions:
    """Command line before configuration before what the terminal can do."""
    sources, settings = source_options(args), load_settings(args)
    sources = probing(args, sources, settings)
    ui = settings.ui
    return ExplorerOptions(
        sources=sources,
        settings=settings,
        refresh=args.refresh if args.refresh is not None else ui.refresh,
        theme=args.theme or ui.theme,
        ascii=args.ascii or ui.ascii,
        mono=args.mono or args.no_color or ui.mono,
        mouse=ui.mouse,
        plain=args.plain,
        low_bandwidth=args.low_bandwidth,
    )


def _recording_is_there(sources: SourceOptions) -> None:
    """Say that a recording is missing or none before the screen is taken; what is inside is looked at behind it."""
    path = sources.bundle
    if path is None:
        return
    try:
        with path.open("rb") as file:
            magic = file.read(2)
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}") from None
    if magic != b"\x1f\x8b":
        raise Problem(f"{path}: is no bundle: not a gzip file; expected what 'deckwatch capture' writes")


def _screen() -> bool:
    """Whether there is a keyboard, and a terminal that understands where to put things."""
    ends = (sys.stdin, sys.stdout)
    return all(end is not None and end.isatty() for end in ends) and os.environ.get("TERM", "dumb") != "dumb"
