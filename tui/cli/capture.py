"""`deckwatch capture`: everything that is observed, in one file that can be opened elsewhere."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tui.cli.output import narrate
from tui.cli.problem import Exit, Problem
from tui.cli.sources import add_sources, load_settings, looking, source_options


def add_arguments(parser: ArgumentParser) -> None:
    """SOURCES and the file."""
    add_sources(parser, probe=False, deep=True)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", required=True, help="the bundle to write (mode 0600)"
    )
    parser.add_argument("--include-secrets", action="store_true", help="do not mask what looks like a secret")


def run(args: Namespace) -> int:
    """Record and write."""
    sources = source_options(args)
    if sources.bundle is not None or sources.demo:
        raise Problem("capture records a live engine or cluster: --from and --demo are recordings already")
    if sources.manifests:
        raise Problem("capture records a live engine or cluster: manifests are files, which can be kept as they are")
    if os.path.isdir(args.output):
        raise Problem(f"-o {args.output} is a directory; name the file to write")
    settings = load_settings(args)
    sources = looking(args, sources, settings)
    from tui.record import record

    said = record(sources, args.output, settings.policy, include_secrets=args.include_secrets, narrate=narrate)
    narrate(said)
    return Exit.OK
