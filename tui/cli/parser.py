"""Argument parsing that answers a mistake with one line and the nearest thing that exists."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import NoReturn

from tui.cli.problem import Problem
from tui.near import hint

SEVERITIES = ("critical", "high", "medium", "low", "info")


@cache
def _width() -> int:
    """Of help, as argparse reckons it, but without `shutil` and the compressors that come with it."""
    try:
        columns = int(os.environ.get("COLUMNS", "0"))
    except ValueError:
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0
        except (OSError, ValueError):
            columns = 0
    return (columns or 80) - 2


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Argparse makes one for every argument that is declared."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())


class Parser(argparse.ArgumentParser):
    """Raises `Problem` instead of printing its usage and leaving."""

    def __init__(self, prog: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=_Formatter,
            allow_abbrev=False,
            add_help=False,
        )
        self.add_argument("-h", "--help", action="help", help="show this text and exit")

    def error(self, message: str) -> NoReturn:
        """One line, with where to read on."""
        raise Problem(f"{message.removeprefix('argument ')} (see '{self.prog} --help')")

    @property
    def options(self) -> tuple[str, ...]:
        """Every option string that this parser knows."""
        return tuple(option for action in self._actions for option in action.option_strings)

    def unknown_option(self, words: Sequence[str]) -> str | None:
        """The first word that looks like an option and is none of this parser's."""
        known = self.options
        for word in words:
            if word == "--":
                return None
            name = word.partition("=")[0]
            if name.startswith("--") and name not in known:
                return name
            if len(word) > 1 and word[0] == "-" and word[1] != "-" and not _number(word) and word[:2] not in known:
                return word
        return None

    def parse(self, words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
        """The arguments and what is left; an unknown option is named before anything else that may be wrong."""
        unknown = self.unknown_option(words)
        if unknown is not None:
            known = [option for option in self.options if option.startswith("--")]
            self.error(f"unknown option {unknown}{hint(unknown, known)}")
        several = sum(not action.option_strings for action in self._actions) > 1
        return self.parse_known_intermixed_args(words) if several else self.parse_known_args(words)


class Once(argparse.Action):
    """An option that means one thing: given twice, the first would be lost without a word."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: str | None = None
    ) -> None:
        if getattr(namespace, self.dest) is not None:
            parser.error(f"{option} can be given once only")
        setattr(namespace, self.dest, values)


def _number(word: str) -> bool:
    return word[1:].replace(".", "", 1).isdigit()


def one_of(*names: str) -> Callable[[str], str]:
    """A type for `add_argument`: one of some names, the near one being offered for a wrong one."""

    def choose(word: str) -> str:
        if word not in names:
            raise argparse.ArgumentTypeError(f"{word!r} is not one of {', '.join(names)}{hint(word, names)}")
        return word

    return choose


def seconds(word: str) -> float:
    """A type for `add_argument`: a positive number of seconds."""
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not 0.5 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number of seconds from 0.5 to 3600")
    return value
