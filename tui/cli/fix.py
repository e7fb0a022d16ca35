"""`deckwatch fix`: what to type to have a container again with everything fixed that its options can fix."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.lean import load_msgspec
from tui.cli.output import emit, narrate
from tui.cli.parser import one_of
from tui.cli.problem import Exit, Problem
from tui.cli.sources import add_sources, load_settings, source_options

if TYPE_CHECKING:
    from checks.remedy.plan import Plan
    from inventory.container import Container
    from inventory.snapshot import Snapshot

_FORMS = ("run", "compose", "service")


def add_arguments(parser: ArgumentParser) -> None:
    """The container, SOURCES and the form."""
    parser.add_argument("container", metavar="CONTAINER", help="name or id, or the beginning of an id")
    add_sources(parser, probe=False)
    parser.add_argument(
        "--format",
        type=one_of(*_FORMS),
        default="run",
        metavar="F",
        help="run (default), compose, or service for a Swarm task",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to standard output")


def run(args: Namespace) -> int:
    """Read, judge and print; nothing is run."""
    load_msgspec()
    from inventory.gap import Unread
    from tui.fixes import forms, text

    try:
        plan = _plan(args)
        if args.format not in forms(plan):
            raise Problem(f"{args.container} is no task of a Swarm service; --format run or compose")
        words = text(plan, args.format)
    except Unread as missing:
        raise Problem(f"{args.container}: {missing.gap}", Exit.NO_SOURCE) from None
    emit((words,), args.output)
    return Exit.OK


def _plan(args: Namespace) -> Plan:
    from checks.catalogue import catalogue
    from checks.engine import Engine
    from tui.collect import collect
    from tui.fixes import plan_for

    settings = load_settings(args)
    snapshot = collect(source_options(args), narrate).snapshot()
    container = _find(args.container, snapshot)
    plan = plan_for(container, snapshot, Engine(catalogue(), settings.policy).evaluate(snapshot))
    if plan is None:
        raise Problem(f"{args.container} was not judged")
    return plan


def _find(name: str, snapshot: Snapshot) -> Container:
    """The container of this name or id; raises `Problem` if there is none, or more than one."""
    from inventory.container import Container
    from inventory.text import safe
    from tui.near import hint

    everything = list(snapshot.of(Container))
    found = [each for each in everything if name in (each.name, each.key.id)]
    found = found or [each for each in everything if len(name) >= 4 and each.key.id.startswith(name)]
    if not found:
        near = hint(name, [each.name for each in everything])
        raise Problem(safe(f"no container is called {name!r}{near}"))
    if len(found) > 1:
        told = ", ".join(f"{each.name} ({each.key.source}, {each.key.id[:12]})" for each in found[:5])
        raise Problem(safe(f"{name!r} is not one container: {told}"))
    return found[0]
