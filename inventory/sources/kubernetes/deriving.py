"""Keeps the resources that are made from others current: soon after an input changed, on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping

from inventory.gap import Gap, Reason
from inventory.kubernetes.derivation import Derivation, derive, missing
from inventory.kubernetes.derived import DERIVED
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.store import Store

DEBOUNCE = 0.3
_NOTED = frozenset({"gaps", "raw", "observed_at"})


class Deriver:
    """Hears of changed kinds from any thread. `run` is the work of one thread until `stop`."""

    def __init__(self, store: Store, source: str, derivations: tuple[Derivation, ...] = DERIVED) -> None:
        self._store = store
        self._source = source
        self._derivations = derivations
        self._inputs = frozenset(kind for one in derivations for kind in one.inputs)
        self._dirty: set[Kind] = set()
        self._changed = threading.Condition()
        self._stopped = False

    def hear(self, kind: Kind) -> None:
        """Something of this kind, or what is missing of it, is different."""
        if kind in self._inputs:
            with self._changed:
                self._dirty.add(kind)
                self._changed.notify()

    def stop(self) -> None:
        """End; returns at once."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def run(self) -> None:
        """Derive whenever inputs have changed. What takes long is done less often."""
        pause = DEBOUNCE
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or bool(self._dirty))
            time.sleep(pause)
            with self._changed:
                if self._stopped:
                    return
                dirty, self._dirty = frozenset(self._dirty), set()
            began = time.monotonic()
            self.update(dirty)
            pause = max(DEBOUNCE, 5 * (time.monotonic() - began))

    def update(self, dirty: Iterable[Kind]) -> None:
        """Derive what follows from these kinds."""
        changed = frozenset(dirty)
        snapshot = self._store.snapshot()
        for one in self._derivations:
            if one.inputs & changed:
                self._derive(one, snapshot)

    def _derive(self, derivation: Derivation, snapshot: Snapshot) -> None:
        source, kind = self._source, derivation.kind
        gap = missing(derivation, {k: g for (name, k), g in snapshot.gaps.items() if name == source})
        known = _mine(snapshot.by_kind.get(kind, {}), source)
        if gap is None:
            objects = {one: _mine(snapshot.by_kind.get(one, {}), source).values() for one in derivation.inputs}
            try:
                made = {one.key: one for one in derive(derivation, objects, source)}
            except Exception as error:  # a mistake in one derivation must not end the others
                gap = Gap(Reason.ERROR, kind.value, f"{type(error).__name__}: {error}"[:200])
            else:
                self._store.put(one for key, one in made.items() if not equal(one, known.get(key)))
                self._store.remove(key for key in known if key not in made)
        if gap is not None:
            self._store.remove(list(known))
        self._store.set_gap(source, kind, gap)


def _mine(found: Mapping[ResourceKey, Resource], source: str) -> dict[ResourceKey, Resource]:
    return {key: one for key, one in found.items() if key.source == source}


def equal(one: Resource, other: Resource | None) -> bool:
    """Whether two resources of one key say the same."""
    if other is None or type(one) is not type(other):
        return False
    return one is other or (
        one.gaps == other.gaps
        and all(one.peek(name) == other.peek(name) for name in one.field_names if name not in _NOTED)
    )
