"""The objects of a cluster, their versions and what changed: what etcd and the watch cache hold."""

from __future__ import annotations

import threading
import time
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from lab.kubernetes.catalogue import Catalogue, Served
from lab.kubernetes.entry import Entry


class Change(NamedTuple):
    """One step of a collection. `last` is what watchers see of an object that went."""

    version: int
    old: Entry | None
    new: Entry | None
    last: Entry | None = None


class Collection:
    """All objects of a kind."""

    def __init__(self, kind: Served) -> None:
        self.kind = kind
        self.entries: dict[str, Entry] = {}
        self.history: list[Change] = []
        self._keys: list[str] | None = None

    def keys(self) -> list[str]:
        """In the order of lists."""
        if self._keys is None:
            self._keys = sorted(self.entries)
        return self._keys

    def set(self, entry: Entry) -> None:
        if entry.key not in self.entries:
            self._keys = None
        self.entries[entry.key] = entry

    def remove(self, key: str) -> None:
        del self.entries[key]
        self._keys = None

    def since(self, version: int) -> list[Change]:
        """What happened after a version."""
        return self.history[bisect_right(self.history, version, key=lambda change: change.version) :]

    def as_of(self, version: int) -> tuple[dict[str, Entry], list[str]]:
        """What it held at an earlier version."""
        changes = self.since(version)
        if not changes:
            return self.entries, self.keys()
        past = dict(self.entries)
        for change in reversed(changes):
            key = (change.new or change.old or change.last).key  # type: ignore[union-attr]
            if change.old is None:
                past.pop(key, None)
            else:
                past[key] = change.old
        return past, sorted(past)


class Cluster:
    """Every method may be called from any thread; watchers are told at once."""

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self.catalogue = catalogue or Catalogue()
        self.changed = threading.Condition(threading.RLock())
        self.version = 1
        self.compacted = 1
        self.logs: dict[tuple[str, str, str], list[tuple[float, str]]] = {}
        self.configz: dict[str, dict[str, Any]] = {}
        self._collections: dict[tuple[str, str], Collection] = {}

    def collection(self, kind: Served | str) -> Collection:
        served = self.catalogue.find(kind) if isinstance(kind, str) else kind
        with self.changed:
            return self._collections.setdefault((served.group, served.resource), Collection(served))

    def load(self, kind: Served | str, entries: Iterable[Entry], version: int = 0) -> None:
        """Have these from the beginning: no history."""
        collection = self.collection(kind)
        with self.changed:
            for entry in entries:
                collection.set(entry)
                self.version = max(self.version, entry.version)
            self.version = self.compacted = max(self.version, version)

    def names(self, kind: Served | str) -> list[str]:
        """Keys (`namespace/name`, or the name) of all objects."""
        with self.changed:
            return list(self.collection(kind).keys())

    def get(self, kind: Served | str, key: str) -> dict[str, Any]:
        """One object, decoded; raises KeyError."""
        with self.changed:
            return self.collection(kind).entries[key].object()

    def put(self, kind: Served | str, document: Mapping[str, Any]) -> str:
        """Create or replace an object; returns its key."""
        collection = self.collection(kind)
        with self.changed:
            meta = {"uid": str(uuid.uuid4()), "creationTimestamp": stamp(), **(document.get("metadata") or {})}
            self.version += 1
            entry = Entry.of({**document, "metadata": meta}, self.version)
            collection.history.append(Change(self.version, collection.entries.get(entry.key), entry))
            collection.set(entry)
            self.changed.notify_all()
            return entry.key

    def edit(self, kind: Served | str, key: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Change an object in place."""
        with self.changed:
            document = self.get(kind, key)
            change(document)
            self.put(kind, document)

    def touch(self, kind: Served | str, key: str, label: str = "touched") -> None:
        """A change that shows: a label gets the time."""

        def mark(document: dict[str, Any]) -> None:
            document["metadata"].setdefault("labels", {})[label] = str(time.time_ns())

        self.edit(kind, key, mark)

    def delete(self, kind: Served | str, key: str) -> None:
        collection = self.collection(kind)
        with self.changed:
            self.version += 1
            old = collection.entries[key]
            collection.history.append(Change(self.version, old, None, old.at(self.version)))
            collection.remove(key)
            self.changed.notify_all()

    def compact(self) -> int:
        """Forget all history: what was read before cannot be continued. Returns the oldest version that can."""
        with self.changed:
            self.version += 1
            self.compacted = self.version
            return self.version

    def log(self, namespace: str, pod: str, container: str, line: str) -> None:
        """One more line in a container's log; followers get it."""
        with self.changed:
            self.logs.setdefault((namespace, pod, container), []).append((time.time(), line))
            self.changed.notify_all()

    def total(self) -> int:
        with self.changed:
            return sum(len(one.entries) for one in self._collections.values())


def page(keys: list[str], start: str, limit: int) -> tuple[list[str], int]:
    """The keys from `start` on, at most `limit` (0: all), and how many come after them."""
    at = bisect_left(keys, start) if start else 0
    end = min(len(keys), at + limit) if limit else len(keys)
    return keys[at:end], len(keys) - end


def stamp(at: float | None = None) -> str:
    """A time as the API writes it."""
    return datetime.fromtimestamp(time.time() if at is None else at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
