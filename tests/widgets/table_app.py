"""A table alone in an application, for the tests that need a real terminal: table_app.py PALETTE ROWS."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, ClassVar, cast

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from tests.hostile import HOSTILE
from widgets.cells import Cell
from widgets.columns import Column
from widgets.lean import LeanScreen
from widgets.overlay import Option, Picker
from widgets.style import PALETTES, PaletteName, Role
from widgets.table import ResourceTable, Row

COLUMNS = (
    Column("sec", "SEC", 9),
    Column("name", "NAME", 12, weight=3, cut="middle"),
    Column("state", "STATE", 11),
    Column("cpu", "CPU%", 6, align="right"),
    Column("mem", "MEM", 6, align="right", priority=1),
    Column("image", "IMAGE", 14, weight=3, priority=2),
    Column("digest", "DIGEST", 14, priority=4),
    Column("ports", "PORTS", 12, weight=1, priority=3),
)
_LOOKS: tuple[tuple[str, Role], ...] = (
    ("C1", "critical"),
    ("H2", "high"),
    ("M3", "medium"),
    ("L1", "low"),
    ("ok", "pass"),
)


def row(number: int, cpu: float = 1.0) -> Row:
    """One made-up container."""
    text, role = _LOOKS[number % len(_LOOKS)]
    return Row(
        f"id{number}",
        (
            Cell.of(text, role),
            Cell.of(f"web-api-{number:05}"),
            Cell.of("running" if number % 7 else "unhealthy", "normal" if number % 7 else "high"),
            Cell.of(f"{cpu:.1f}"),
            Cell.of(f"{number % 900}M"),
            Cell.of(f"registry.example/team{number % 13}/web-api:{number % 31}"),
            Cell.of(f"{number * 2654435761 % (1 << 48):012x}", "dim"),
            Cell.of(f"{8000 + number % 500}/tcp"),
        ),
    )


class TableApp(App[None]):
    """The table, a hostile mode, and keys to change things from outside."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("x", "change_one", "Change one cell"),
        Binding("y", "change_far", "Change a row off the screen"),
        Binding("e", "hostile", "Show hostile text"),
        Binding("t", "stale", "Stale"),
        Binding("p", "menu", "Menu"),
    ]

    def __init__(self, palette: str, count: int) -> None:
        super().__init__(ansi_color=True)
        name, _, flag = palette.partition("-")
        self.palette = replace(PALETTES[cast(PaletteName, name)], ascii=flag == "ascii")
        self.count = count
        self.table = ResourceTable(COLUMNS)

    def get_default_screen(self) -> LeanScreen[Any]:
        """The screen that sends differences."""
        return LeanScreen(id="_default")

    def compose(self) -> ComposeResult:
        """Only the table."""
        self.table.set_rows(row(number) for number in range(self.count))
        yield self.table

    def on_mount(self) -> None:
        """Keys go to the table."""
        self.table.focus()

    def action_change_one(self) -> None:
        """Another CPU figure in the third row."""
        self.table.update_row(row(2, cpu=73.5))

    def action_change_far(self) -> None:
        """A change that nobody sees."""
        self.table.update_row(row(self.count - 1, cpu=12.5))

    def action_hostile(self) -> None:
        """Every hostile string in every column."""
        self.table.set_rows(Row(n, (Cell(((text, "normal"),)),) * len(COLUMNS)) for n, text in enumerate(HOSTILE))

    def action_menu(self) -> None:
        """A menu over the table."""
        self.push_screen(Picker("Sort by", [Option("n", "name"), Option("c", "cpu")]))

    def action_stale(self) -> None:
        """The data may be out of date."""
        self.table.stale = not self.table.stale


if __name__ == "__main__":
    TableApp(sys.argv[1], int(sys.argv[2])).run()
