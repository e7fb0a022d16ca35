"""`deckwatch init`: writes a configuration to begin with, made for this host."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.output import emit, narrate
from tui.cli.problem import Exit, Problem
from tui.cli.sources import action_ids, add_sources, check_ids, source_options
from tui.config import FILE, judge

if TYPE_CHECKING:
    from inventory.store import Store
    from tui.options import SourceOptions


def add_arguments(parser: ArgumentParser) -> None:
    """SOURCES and the file."""
    add_sources(parser, config=False, probe=False)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", default=Path(FILE), help=f"the file to write (default {FILE})"
    )
    parser.add_argument("--force", action="store_true", help="write over a file that exists already")


def run(args: Namespace) -> int:
    """Look at the host and write."""
    sources, target = source_options(args), args.output
    to_output = str(target) == "-"
    if not to_output and os.path.lexists(target) and not args.force:
        raise Problem(f"{target} exists already; --force writes over it, -o FILE writes another")
    text = _text(_read(sources))
    judge(text, target, checks=check_ids, actions=action_ids)  # never leave a file that cannot be read
    if to_output:
        emit((text,))
    else:
        _write(target, text)
        narrate(f"{target} written; deckwatch reads ./{FILE}, else ~/.config/deckwatch/{FILE}")
    return Exit.OK


def _read(sources: SourceOptions) -> Store | None:
    from tui.collect import collect

    try:
        return collect(sources, narrate)
    except Problem as problem:
        if problem.status is not Exit.NO_SOURCE:
            raise
        narrate(f"nothing of this host is in the file, it is a generic one: {problem}")
        return None


def _text(store: Store | None) -> str:
    from checks.catalogue import catalogue
    from checks.engine import Engine
    from checks.result import Evaluation
    from inventory.model import Host
    from inventory.snapshot import Snapshot
    from tui.login import login_name
    from tui.starter import starter

    snapshot = store.snapshot() if store is not None else Snapshot()
    evaluation = Engine(catalogue()).evaluate(snapshot) if store is not None else Evaluation()
    host = next((host.name for host in snapshot.of(Host)), "")
    return starter(host, datetime.now(UTC).date(), login_name(os.environ), snapshot, evaluation)


def _write(target: Path, text: str) -> None:
    from tui.policy_file import Refused, write

    try:
        write(target, text)
    except Refused as refused:
        raise Problem(str(refused)) from None
