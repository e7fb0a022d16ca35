"""Puts a document together from what a parser says one after the other, and notes where everything stands.

No recursion, no limit that a hostile document could reach: depth and the size after aliases were followed are capped.
"""

from __future__ import annotations

from typing import Any

from inventory.sources.manifests.scalars import NoScalar, Scalar, key_text

DEPTH = 250
_ROOM = 8 << 20  # values and characters that any document may expand to; a larger one to four times its own size
Skeleton = Any
"""A line number for a scalar, `[line, element, ...]` for a list, `{"": line, name: ...}` for an object."""


class BrokenDocument(Exception):  # noqa: N818 - what the document is, not a fault of the program
    """A document that cannot be used: the line (from 1) and why."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Built:
    """A value, where it and all below it stand, and how large it is; `members` of an object, for merging."""

    __slots__ = ("lines", "members", "value", "weight")

    def __init__(self, value: Any, lines: Skeleton, weight: int, members: dict[str, Built] | None = None) -> None:
        self.value = value
        self.lines = lines
        self.weight = weight
        self.members = members


class _Frame:
    """An object or list that is not complete yet."""

    __slots__ = ("anchor", "items", "key", "key_line", "line", "members", "merged", "merging", "weight")

    def __init__(self, line: int, anchor: str | None, is_object: bool) -> None:
        self.line = line
        self.anchor = anchor
        self.members: dict[str, Built] | None = {} if is_object else None
        self.items: list[Built] = []
        self.key: str | None = None
        self.key_line = line
        self.merged: list[Built] = []
        self.merging = False
        self.weight = 1


class Builder:
    """For one document. `root` is what it holds once everything was closed.

    `again`: of a member that is there twice the last counts, as in a kubeconfig; else the document is broken.
    """

    def __init__(self, size: int, *, again: bool = False) -> None:
        self._again = again
        self.root: Built | None = None
        self._limit = max(_ROOM, 4 * size)
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Built | None] = {}  # None: not complete

    def open(self, line: int, anchor: str | None = None, *, is_object: bool) -> None:
        """An object or a list begins."""
        if len(self._stack) >= DEPTH:
            raise BrokenDocument(line, f"is nested deeper than {DEPTH} levels")
        above = self._stack[-1] if self._stack else None
        if above is not None and above.members is not None:
            if above.key is None:
                raise BrokenDocument(line, "a member's name is no text but an object or a list")
            line = above.key_line
        if anchor is not None:
            self._anchors[anchor] = None
        self._stack.append(_Frame(line, anchor, is_object))

    def scalar(self, value: Scalar, line: int, anchor: str | None = None, *, merge: bool = False) -> None:
        """A value, or the name of a member; `merge` where it is the sign that merges objects."""
        above = self._stack[-1] if self._stack else None
        built = Built(value, line, 1 + (len(value) if isinstance(value, str) else 0))
        if anchor is not None:
            self._anchors[anchor] = built
        if above is not None and above.members is not None and above.key is None:
            self._name(above, value, line, merge)
        else:
            self._add(built, line)

    def alias(self, name: str, line: int) -> None:
        """What an anchor before it holds, once more."""
        if name not in self._anchors:
            raise BrokenDocument(line, f"unknown anchor {name[:80]!r} referenced")
        built = self._anchors[name]
        if built is None:
            raise BrokenDocument(line, f"anchor {name[:80]!r} value contains itself")
        above = self._stack[-1] if self._stack else None
        if above is not None and above.members is not None and above.key is None:
            if isinstance(built.value, dict | list):
                raise BrokenDocument(line, "a member's name is no text but an object or a list")
            self._name(above, built.value, line, merge=False)
        else:
            self._add(_at(built, line), line)

    def close(self, line: int) -> None:
        """The innermost object or list ends."""
        frame = self._stack.pop()
        if frame.members is None:
            built = Built(
                [item.value for item in frame.items], [frame.line, *(item.lines for item in frame.items)], frame.weight
            )
        else:
            built = self._object(frame)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = built
        self._add(built, line)

    # -- parts -------------------------------------------------------------------------------------------------

    def _name(self, frame: _Frame, value: Scalar, line: int, merge: bool) -> None:
        try:
            frame.key = key_text(value)
        except NoScalar as error:
            raise BrokenDocument(line, str(error)) from None
        frame.key_line = line
        frame.merging = merge
        if merge:
            return
        known = (frame.members or {}).get(frame.key)
        if known is not None and not self._again:
            raise BrokenDocument(line, f"key {frame.key[:80]!r} already set in map at line {line_of(known.lines)}")

    def _add(self, built: Built, line: int) -> None:
        if not self._stack:
            self.root = built
            return
        frame = self._stack[-1]
        frame.weight += built.weight
        if frame.members is None:
            frame.items.append(built)
        elif frame.merging:
            frame.merged += [built] if built.members is not None else _several(built, line)
            frame.key, frame.merging = None, False
        else:
            key, frame.key = frame.key or "", None
            frame.weight += len(key)
            frame.members[key] = built
            if isinstance(built.lines, int):
                built.lines = frame.key_line
        if frame.weight > self._limit:
            raise BrokenDocument(line, "expands to more than any manifest holds (excessive aliasing)")

    @staticmethod
    def _object(frame: _Frame) -> Built:
        members = frame.members or {}
        weight = frame.weight
        for merged in frame.merged:  # what the object says itself goes before, and of several the first
            for name, built in (merged.members or {}).items():
                if name not in members:
                    members[name] = built
        lines: dict[str, Skeleton] = {"": frame.line}
        for name, built in members.items():
            if name:
                lines[name] = built.lines
        return Built({name: built.value for name, built in members.items()}, lines, weight, members)


def _several(built: Built, line: int) -> list[Built]:
    """The objects to be merged, of a list of them; lists do not keep their members, so they are made again."""
    values = built.value if isinstance(built.value, list) else [None]
    if not all(isinstance(value, dict) for value in values):
        raise BrokenDocument(line, "map merge requires map or sequence of maps as the value")
    return [_members(value, lines) for value, lines in zip(values, built.lines[1:], strict=True)]


def _members(value: dict[str, Any], lines: Skeleton) -> Built:
    members = {name: Built(one, lines.get(name, lines[""]), 1) for name, one in value.items()}
    return Built(value, lines, 1, members)


def _at(built: Built, line: int) -> Built:
    """The same, standing where the alias stands; what is below stays where it was written."""
    if isinstance(built.lines, dict):
        return Built(built.value, {**built.lines, "": line}, built.weight, built.members)
    return Built(built.value, [line, *built.lines[1:]] if isinstance(built.lines, list) else line, built.weight)


def line_of(lines: Skeleton) -> int:
    """Where a value begins."""
    if isinstance(lines, dict):
        return int(lines[""])
    return int(lines[0] if isinstance(lines, list) else lines)
