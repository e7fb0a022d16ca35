"""`deckwatch completion SHELL`: what the shell has to know to complete the arguments."""

from __future__ import annotations

import argparse

from tui.cli.output import emit
from tui.cli.parser import one_of
from tui.version import NAME

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The shell."""
    parser.add_argument("shell", type=one_of(*SHELLS), help=f"one of {', '.join(SHELLS)}")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    emit((f"{shtab.complete(_whole(), args.shell)}\n",))
    return 0


def _whole() -> argparse.ArgumentParser:
    """All commands in one parser, as the generator wants it."""
    from tui.cli.dispatch import COMMANDS, load

    whole = argparse.ArgumentParser(prog=NAME)
    load("").add_arguments(whole)
    commands = whole.add_subparsers()
    for name, text in COMMANDS.items():
        load(name).add_arguments(commands.add_parser(name, help=text))
    _complete(whole)
    return whole


def _complete(parser: argparse.ArgumentParser) -> None:
    """Say which arguments are files; the generator reads an attribute for that."""
    import shtab

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                _complete(below)
        elif action.metavar in ("FILE", "BUNDLE", "PATH"):
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # the generator's own protocol
