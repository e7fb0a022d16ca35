"""Layers laid over each other: which file hides which. One pass over all names in order, so memory stays small."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

import msgspec

from inventory.contents.layer import LayerFacts
from inventory.contents.names import DIRECTORY, OPAQUE, WHITEOUT, Named, named, records

_ORDERS = 1 << 20  # more runs than one layer can have


class Tally(msgspec.Struct):
    """What one layer does to those below it; see `model.Layer`."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    wasted: int = 0


class Stacked(msgspec.Struct):
    """What is left on top. `lives`: of each path that was asked for, the layer that hides it by the layer that has it.

    A layer number of -1 means that nothing hides it. `tagged` sums up the visible files of a tag: bytes and number, by
    (tag, number of the layer).
    """

    tallies: tuple[Tally, ...]
    files: int = 0
    size: int = 0
    lives: dict[str, dict[int, int]] = msgspec.field(default_factory=dict)
    tagged: dict[tuple[str, int], tuple[int, int]] = msgspec.field(default_factory=dict)


def stack(layers: Sequence[LayerFacts], asked: Collection[str]) -> Stacked:
    """Lay the layers over each other, lowest first. Raises `zlib.error`, `ValueError` on damaged facts."""
    return _Stacker(layers, asked).done()


class _Stacker:
    def __init__(self, layers: Sequence[LayerFacts], asked: Collection[str]) -> None:
        self._layers = layers
        self._asked = {path.encode().replace(b"/", b"\0"): path for path in asked}
        self._found = Stacked(tuple(Tally() for _ in layers))
        self._above: list[tuple[bytes, tuple[int, ...]]] = [(b"", ())]
        """Of the directories around the current name: from which layers on everything below them is hidden."""

    def done(self) -> Stacked:
        for key, group in groupby(self._merged(), key=_key):
            above = self._above
            while not key.startswith(above[-1][0]):
                above.pop()
            self._one(key, [(order // _ORDERS, named(written)) for _key_, order, written in group], above[-1][1])
        return self._found

    def _merged(self) -> Iterator[tuple[bytes, int, bytes]]:
        return heapq.merge(
            *(
                records(run, number * _ORDERS + place)
                for number, layer in enumerate(self._layers)
                for place, run in enumerate(layer.names)
            ),
            key=_order,
        )

    def _one(self, key: bytes, group: list[tuple[int, Named]], hidden: tuple[int, ...]) -> None:
        """One path: what each layer, lowest first, does with it."""
        brought: dict[int, Named] = {}
        gone: set[int] = set()
        barriers: set[int] = set()
        for number, record in group:
            if record.kind == WHITEOUT:
                gone.add(number)
                barriers.add(number)
            elif record.kind == OPAQUE:
                barriers.add(number)
            else:
                brought[number] = record
        barriers.update(number for number, record in brought.items() if number and record.kind != DIRECTORY)
        lives = self._found.lives.setdefault(self._asked[key], {}) if key in self._asked else None
        present: tuple[int, Named] | None = None
        for number in sorted({*brought, *gone, *hidden}) if hidden or gone or len(group) > 1 else brought:
            tally = self._found.tallies[number]
            if present is not None and (number in gone or number in hidden):
                self._hide(present, number, lives)
                tally.removed += present[1].kind != DIRECTORY
                present = None
            if number not in brought:
                continue
            record = brought[number]
            if present is not None and present[1].kind != DIRECTORY:
                tally.changed += 1
            elif record.kind != DIRECTORY:
                tally.added += 1
            if present is not None:
                self._hide(present, number, lives)
            present = (number, record)
        if present is not None:
            self._left(present, lives)
        if barriers:
            self._above.append((key + b"\0" if key else b"", tuple(sorted({*barriers, *hidden}))))

    def _hide(self, present: tuple[int, Named], number: int, lives: dict[int, int] | None) -> None:
        self._found.tallies[number].wasted += present[1].size
        if lives is not None:
            lives[present[0]] = number

    def _left(self, present: tuple[int, Named], lives: dict[int, int] | None) -> None:
        number, record = present
        if lives is not None:
            lives[number] = -1
        if record.kind == DIRECTORY:
            return
        self._found.files += 1
        self._found.size += record.size
        tags = self._layers[number].tags
        if 0 <= record.tag < len(tags):
            key = (tags[record.tag], number)
            size, files = self._found.tagged.get(key, (0, 0))
            self._found.tagged[key] = (size + record.size, files + 1)


def _key(record: tuple[bytes, int, bytes]) -> bytes:
    return record[0]


def _order(record: tuple[bytes, int, bytes]) -> tuple[bytes, int]:
    return record[:2]
