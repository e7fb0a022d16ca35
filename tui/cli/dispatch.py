"""Which command was asked for."""

from __future__ import annotations

import importlib
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Protocol, cast

from tui.cli.output import emit
from tui.cli.parser import Parser
from tui.cli.problem import Problem
from tui.near import hint
from tui.version import NAME, VERSION


class Command(Protocol):
    """What each module `tui.cli.NAME` offers."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare its arguments."""

    def run(self, args: Namespace) -> int:
        """Do it; returns the exit status."""


COMMANDS = {
    "scan": "judge what is there once, and report",
    "capture": "record everything observed into a bundle",
    "diff": "what changed between two bundles",
    "fix": "what to type to have a container again with its findings fixed",
    "verify": "who signed images, against the policy or a key",
    "sbom": "what an image holds, as CycloneDX or SPDX",
    "init": "write a configuration that fits this host",
    "checks": "the catalogue of checks",
    "tables": "how old the tables of versions are; fetch newer ones",
    "vulndb": "the offline database of known vulnerabilities: what there is, import, update",
    "completion": "print a completion script for a shell",
}
_EXPLORER = "explore what runs here, live, and what is wrong with it; read-only"
_STATUS = """exit status:
  0  nothing at or above --fail-on
  1  something is
  2  wrong usage or configuration
  3  no source could be read"""


def run(argv: Sequence[str]) -> int:
    """Run what the words ask for; without a command that is the explorer."""
    if list(argv) == ["--version"]:
        emit((f"{NAME} {VERSION}\n",))
        return 0
    name = argv[0] if argv and not argv[0].startswith("-") else ""
    if name and name not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise Problem(f"unknown command {name!r}{hint(name, COMMANDS) or f'; commands: {known}'}")
    command, parser = build(name)
    words = argv[1:] if name else argv
    _misplaced(name, parser, words)
    args, rest = parser.parse(words)
    if not name and rest and rest[0] in COMMANDS:
        raise Problem(f"put the command first: deckwatch {rest[0]} ...")
    if rest:
        parser.error(f"unexpected argument {rest[0]!r}")
    return command.run(args)


def load(name: str) -> Command:
    """The module of a command; "" is the explorer."""
    return cast(Command, importlib.import_module(f"tui.cli.{name or 'explore'}"))


def build(name: str) -> tuple[Command, Parser]:
    """A command and its parser."""
    command = load(name)
    parser = Parser(f"{NAME} {name}".strip(), (COMMANDS[name] if name else _EXPLORER) + ".", _epilog(name))
    command.add_arguments(parser)
    return command, parser


def _epilog(name: str) -> str:
    if name:
        return _STATUS if name == "scan" else ""
    rows = "\n".join(f"  {command:<11}{text}" for command, text in COMMANDS.items())
    return f"commands (see 'deckwatch COMMAND --help'):\n{rows}\n\n{_STATUS}"


def _misplaced(name: str, parser: Parser, words: Sequence[str]) -> None:
    """Say where an option belongs that is known, but not here."""
    unknown = parser.unknown_option(words)
    for other in ("", *COMMANDS) if unknown else ():
        if other != name and unknown in build(other)[1].options:
            raise Problem(f"unknown option {unknown} here; it belongs to '{build(other)[1].prog}'")
