"""A decoded JSON value as lines that can be folded. Secrets must have been masked before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, cast

from textual.binding import Binding, BindingType

from widgets.cells import Cell
from widgets.style import Role
from widgets.textview import TextLine, TextView

_INDENT = "  "
_DEEPEST = 100
"""Levels that are taken apart; what is deeper is shown on one line."""


@dataclass(frozen=True, slots=True)
class Node:
    """What a line stands for: `path` as evidence names it (`HostConfig.Mounts[0].Source`) and the value there.

    `last` is the number of the line that closes it; equal to the line's own number when it has no inside.
    """

    path: str
    value: object
    depth: int
    last: int
    closing: bool = False


def scalar(value: object) -> tuple[str, Role]:
    """A value without an inside, as JSON writes it, and its role."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False), "normal"
    if value is None or value == {} or value == []:
        return json.dumps(value), "dim"
    try:
        return json.dumps(value, ensure_ascii=False, default=str), "accent"
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__, "dim"


def _members(value: object) -> tuple[tuple[str | None, object], ...]:
    if isinstance(value, Mapping):
        return tuple((str(key), item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple((None, item) for item in value)
    return ()


def step(path: str, key: str | None, index: int) -> str:
    """The path of a member: names are joined by dots, names that hold a dot or bracket are quoted."""
    if key is None:
        return f"{path}[{index}]"
    plain = key.replace("_", "a").replace("-", "a").isalnum()
    if not plain:
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


class JsonTree:
    """All lines of a value; `visible` leaves out what is inside of folded ones."""

    def __init__(self, value: object) -> None:
        self.nodes: list[Node] = []
        self._cells: list[Cell] = []
        self._add("", None, value, 0, "")

    def _add(self, path: str, key: str | None, value: object, depth: int, comma: str) -> None:
        name: list[Cell | str] = [_INDENT * depth]
        if key is not None:
            name += [Cell.of(json.dumps(key, ensure_ascii=False), "key"), ": "]
        members = _members(value) if depth < _DEEPEST else ()
        number = len(self.nodes)
        if not members:
            self._put(Node(path, value, depth, number), Cell.join(*name, Cell.of(*scalar(value)), comma))
            return
        opening, closing = ("{", "}") if isinstance(value, Mapping) else ("[", "]")
        self._put(Node(path, value, depth, number), Cell.join(*name, opening))
        for index, (child, item) in enumerate(members):
            self._add(step(path, child, index), child, item, depth + 1, "," if index + 1 < len(members) else "")
        last = len(self.nodes)
        self._put(Node(path, value, depth, last, closing=True), Cell.join(_INDENT * depth, closing, comma))
        self.nodes[number] = replace(self.nodes[number], last=last)

    def _put(self, node: Node, cell: Cell) -> None:
        self.nodes.append(node)
        self._cells.append(cell)

    def visible(self, folded: frozenset[str]) -> Iterator[TextLine]:
        """The lines to show when the values at the paths in `folded` are closed; `meta` is the Node."""
        number = 0
        while number < len(self.nodes):
            node = self.nodes[number]
            cell = self._cells[number]
            if node.last > number and node.path in folded:
                cell = Cell.join(cell, (_summary(node.value), "dim"), self._cells[node.last].text.strip())
                number = node.last
            yield TextLine(cell, node)
            number += 1


def _summary(value: object) -> str:
    count = len(_members(value))
    return f" {count} {'key' if isinstance(value, Mapping) else 'item'}{'' if count == 1 else 's'} "


def json_text(value: object) -> str:
    """The value for the clipboard: a string as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, indent=2, default=str)
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__


class JsonView(TextView):
    """Shows a JSON value. Enter and space fold and unfold, left closes, right opens; a search opens everything."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "toggle_fold", "Fold", show=False, priority=True, id="json.fold"),
        Binding("left,h", "close", "Close", show=False, priority=True, id="json.close"),
        Binding("right,l", "open", "Open", show=False, priority=True, id="json.open"),
        Binding("minus", "fold_all", "Fold all", show=False, priority=True, id="json.fold_all"),
        Binding("plus", "unfold_all", "Unfold all", show=False, priority=True, id="json.unfold_all"),
    ]

    def __init__(
        self,
        value: object = None,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        self._tree = JsonTree(value)
        self._folded: frozenset[str] = frozenset()
        super().__init__(self._tree.visible(frozenset()), cursor=True, ring=1 << 30, id=id, classes=classes)

    def set_value(self, value: object) -> None:
        """Another value; what was folded stays folded, the cursor stays on its path."""
        path = self.path_at_cursor
        self._tree = JsonTree(value)
        self._show(path)

    def _show(self, path: str) -> None:
        self.set_lines(self._tree.visible(self._folded))
        for index, entry in enumerate(self.lines):
            if cast(Node, entry.meta).path == path:
                self.move_to(index)
                return

    @property
    def _node(self) -> Node | None:
        entry = self.current
        return entry.meta if entry is not None and isinstance(entry.meta, Node) else None

    @property
    def path_at_cursor(self) -> str:
        """Path of the current line's value; "" at the root."""
        node = self._node
        return node.path if node else ""

    @property
    def value_at_cursor(self) -> object:
        """The current line's value."""
        node = self._node
        return node.value if node else None

    @property
    def current_text(self) -> str:
        """The current line's value for the clipboard, whole."""
        node = self._node
        return json_text(node.value) if node else ""

    @property
    def folded(self) -> frozenset[str]:
        """Paths of the closed values."""
        return self._folded

    def set_folded(self, paths: frozenset[str]) -> None:
        """Close exactly these."""
        path = self.path_at_cursor
        self._folded = paths
        self._show(path)

    def set_search(self, pattern: str, regex: bool = False) -> int:
        """As in every text view; folded parts are opened, for a match in them would be missed."""
        if pattern and self._folded:
            self.set_folded(frozenset())
        return super().set_search(pattern, regex)

    def action_toggle_fold(self) -> None:
        """Close or open the value of the current line."""
        if _members(self.value_at_cursor):
            self.set_folded(self._folded ^ {self.path_at_cursor})

    def action_close(self) -> None:
        """Close the value; when it is closed or has no inside, go to the one around it."""
        path = self.path_at_cursor
        if _members(self.value_at_cursor) and path not in self._folded:
            self.set_folded(self._folded | {path})
        else:
            self._go_outside()

    def _go_outside(self) -> None:
        node = self._node
        if node is None:
            return
        for index in range(self.cursor_line - 1, -1, -1):
            other = self.lines[index].meta
            if isinstance(other, Node) and other.depth < node.depth:
                self.move_to(index)
                return

    def action_open(self) -> None:
        """Open the value, or scroll right when it is open."""
        if self.path_at_cursor in self._folded:
            self.set_folded(self._folded - {self.path_at_cursor})
        else:
            self.action_right()

    def action_fold_all(self) -> None:
        """Close everything inside of the root."""
        self.set_folded(frozenset(n.path for n in self._tree.nodes if n.depth and _members(n.value)))

    def action_unfold_all(self) -> None:
        """Open everything."""
        self.set_folded(frozenset())
