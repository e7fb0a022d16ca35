"""Roles and palettes: a widget says what a piece of text means, the palette says how that looks.

The terminal's own foreground and background are never painted over, so a light terminal stays light and a blank
costs nothing. Severity is told by a letter first; every role differs from its neighbours by an attribute or by
brightness, so that no two are told apart by red against green.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from rich.style import Style

if TYPE_CHECKING:
    from textual.app import App

Role = Literal[
    "normal", "dim", "accent", "title", "key", "header", "rule", "cursor", "match", "stale", "error", "mark",
    "critical", "high", "medium", "low", "info", "pass", "unknown", "waived",
]  # fmt: skip
PaletteName = Literal["colour", "light", "ansi16", "mono"]


@dataclass(frozen=True, slots=True)
class Palette:
    """How roles look. `colour` False: attributes only, no colour code is ever sent. `ascii`: nothing but ASCII is."""

    name: PaletteName
    styles: Mapping[Role, Style] = field(repr=False)
    colour: bool = True
    ascii: bool = False

    def style(self, role: Role) -> Style | None:
        """The Rich style of `role`; None is the terminal's own look."""
        return self.styles.get(role)


def _palette(name: PaletteName, styles: Mapping[Role, str], colour: bool = True) -> Palette:
    return Palette(name, {role: Style.parse(text) for role, text in styles.items()}, colour)


_SHARED: Mapping[Role, str] = {
    "title": "bold",
    "cursor": "reverse",
    "match": "reverse bold",
    "header": "bold",
    "dim": "dim",
    "stale": "dim",
    "rule": "dim",
    "key": "bold",
    "mark": "bold",
}

# Near the Okabe-Ito colours, which stay apart for all common kinds of colour blindness.
_COLOUR: Mapping[Role, str] = {
    **_SHARED,
    "accent": "color(117)",
    "error": "bold color(209)",
    "critical": "bold color(231) on color(166)",
    "high": "color(16) on color(214)",
    "medium": "color(221)",
    "low": "color(117)",
    "info": "color(117)",
    "pass": "color(36)",
    "unknown": "color(175)",
    "waived": "color(245)",
}
_LIGHT: Mapping[Role, str] = {
    **_SHARED,
    "accent": "color(25)",
    "error": "bold color(124)",
    "critical": "bold color(231) on color(160)",
    "high": "color(16) on color(214)",
    "medium": "bold color(94)",
    "low": "color(25)",
    "info": "color(25)",
    "pass": "color(23)",
    "unknown": "color(90)",
    "waived": "color(240)",
}
_ANSI16: Mapping[Role, str] = {
    **_SHARED,
    "accent": "cyan",
    "error": "bold red",
    "critical": "bold white on red",
    "high": "black on yellow",
    "medium": "yellow",
    "low": "cyan",
    "info": "cyan",
    "unknown": "magenta",
    "waived": "dim",
}
_MONO: Mapping[Role, str] = {
    **_SHARED,
    "accent": "underline",
    "error": "bold underline",
    "critical": "reverse bold",
    "high": "bold underline",
    "medium": "bold",
    "pass": "dim",
    "unknown": "underline",
    "waived": "dim",
}

PALETTES: Mapping[PaletteName, Palette] = {
    "colour": _palette("colour", _COLOUR),
    "light": _palette("light", _LIGHT),
    "ansi16": _palette("ansi16", _ANSI16),
    "mono": _palette("mono", _MONO, colour=False),
}


def choose(
    name: PaletteName | None = None,
    *,
    no_color: bool = False,
    term: str = "",
    colorterm: str = "",
    ascii_only: bool = False,
) -> Palette:
    """The palette for a terminal: no colour if NO_COLOR forbids it, else `name`, else what TERM can show."""
    if no_color or term in ("dumb", "unknown") or term.endswith(("-m", "-mono")):
        name = "mono"
    elif name is None:
        many = bool(colorterm) or "256" in term or "direct" in term or term in ("xterm-kitty", "alacritty", "foot")
        name = "colour" if many else "ansi16"
    return replace(PALETTES[name], ascii=ascii_only)


def palette_of(app: App[Any]) -> Palette:
    """The palette that the application chose at its start (its attribute `palette`)."""
    found = getattr(app, "palette", None)
    return found if isinstance(found, Palette) else PALETTES["colour"]
