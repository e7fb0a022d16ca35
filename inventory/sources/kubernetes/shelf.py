"""Where the objects of one kind and place go: the store, kept equal to what the server has.

A kind may be read in several places, one for each namespace or custom kind; its gap closes when all have been read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping

from inventory.gap import Gap, Reason
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind, ResourceKey
from inventory.store import Store


class Board:
    """What is missing of each kind, as the store is told it. `changed` hears which kind is another than before."""

    def __init__(self, store: Store, source: str, changed: Callable[[Kind], None] = lambda _kind: None) -> None:
        self._store = store
        self._source = source
        self._lock = threading.Lock()
        self._gaps: dict[Kind, dict[Hashable, Gap]] = {}
        self.changed = changed

    def expect(self, kind: Kind, place: Hashable, path: str) -> None:
        """Say that a place will be read."""
        self.say(kind, place, Gap(Reason.PENDING, path))

    def say(self, kind: Kind, place: Hashable, gap: Gap | None) -> None:
        """Say what is missing in one place, or that nothing is."""
        with self._lock:
            known = self._gaps.setdefault(kind, {})
            if gap is None:
                known.pop(place, None)
            else:
                known[place] = gap
            self._store.set_gap(self._source, kind, _worst(known.values()))
        self.changed(kind)

    def open(self, kind: Kind, place: Hashable) -> Gap | None:
        """What is missing in one place."""
        with self._lock:
            return self._gaps.get(kind, {}).get(place)

    def gaps(self) -> Mapping[Kind, Gap]:
        """The gap of each kind that has one."""
        with self._lock:
            return {kind: gap for kind, known in self._gaps.items() if (gap := _worst(known.values())) is not None}


def _worst(gaps: Iterable[Gap]) -> Gap | None:
    """One for all places: what waits for somebody to act before what will pass by itself."""
    return min(gaps, key=lambda gap: _RANK.get(gap.reason, 1), default=None)


_RANK = {Reason.DENIED: 0, Reason.PENDING: 3, Reason.UNSUPPORTED: 2}


class Shelf:
    """The objects of one kind in one place; one thread at a time tells it, any may close it."""

    def __init__(self, store: Store, board: Board, kind: Kind, place: Hashable, path: str) -> None:
        self._store = store
        self._board = board
        self._kind = kind
        self._place = place
        self._lock = threading.RLock()
        self._closed = False
        self._keys: set[ResourceKey] = set()
        self._fresh: set[ResourceKey] | None = None
        self.path = path
        board.expect(kind, place, path)

    def begin(self) -> None:
        """Everything is about to be told anew; what is known stays until `complete`."""
        self._fresh = set()

    def change(self, changes: Mapping[ResourceKey, KubeResource | None]) -> None:
        """Objects as they are now; None for one that is gone."""
        if not changes:
            return
        present = [one for one in changes.values() if one is not None]
        gone = [key for key, one in changes.items() if one is None]
        with self._lock:
            if self._closed:
                return
            self._store.put(present)
            self._store.remove(gone)
            for keys in (self._keys, self._fresh):
                if keys is not None:
                    keys.update(one.key for one in present)
                    keys.difference_update(gone)
        self._board.changed(self._kind)

    def complete(self, gap: Gap | None = None) -> None:
        """Everything has been told since `begin`: what was not is gone."""
        with self._lock:
            if self._closed:
                return
            if self._fresh is not None:
                self._store.remove(self._keys - self._fresh)
                self._keys, self._fresh = self._fresh, None
            self._board.say(self._kind, self._place, gap)

    def missing(self, gap: Gap) -> None:
        """It cannot be read; what was read before stays, and then it is not missing but old."""
        known = self._board.open(self._kind, self._place)
        if known is not None and known != gap and not self._closed:
            self._board.say(self._kind, self._place, gap)

    def clear(self, gap: Gap | None) -> None:
        """There is nothing to be read any more: not allowed, or not installed."""
        with self._lock:
            self._fresh = set()
            self.complete(gap)

    def close(self) -> None:
        """Forget it, and take out what it has brought."""
        with self._lock:
            self.clear(None)
            self._closed = True
