"""A watch: events as they happen, bookmarks, the initial state as events, and every way in which it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lab.kubernetes.catalogue import Served
from lab.kubernetes.cluster import Change, Cluster, Collection
from lab.kubernetes.entry import Entry
from lab.kubernetes.problem import Problem, dumped, gone
from lab.kubernetes.selectors import Match

Render = Callable[[Entry], bytes]
_BATCH = 1 << 18
_LONGEST = 3600.0


@dataclass(slots=True, eq=False)
class OpenWatch:
    """A watch that runs. `order`, when set, is carried out next: `end`, `drop`, `expire`, `cut`, `garbage`, `mute`."""

    path: str
    account: str
    order: str = ""


@dataclass(slots=True)
class WatchRequest:
    """What a watch was asked for. `version` 0: whatever there is."""

    collection: Collection
    match: Match | None
    render: Render
    version: int | None
    bookmarks: bool = False
    initial: bool = False
    timeout: float = 0.0
    bookmark_every: float = 60.0
    form: str = ""
    """The kind that objects are turned into: `Table`, `PartialObjectMetadata`, or nothing."""
    opened: OpenWatch = field(default_factory=lambda: OpenWatch("", ""))


class DroppedError(Exception):
    """The connection is to be closed without another word."""


def events(cluster: Cluster, asked: WatchRequest) -> Iterator[bytes]:
    """Lines, each whole unless something was ordered otherwise."""
    deadline = time.monotonic() + (asked.timeout or _LONGEST)
    resumed = bool(asked.version) and not asked.initial
    with cluster.changed:
        last, oldest = cluster.version, cluster.compacted
        everything = asked.collection.as_of(last)
        present = [] if resumed else [everything[0][key] for key in everything[1]]
    if resumed and asked.version is not None:
        if asked.version < oldest:
            yield _error(gone(f"too old resource version: {asked.version} ({oldest})"))
            return
        last = asked.version
    yield from _initial(asked, present)
    if asked.initial:
        yield _bookmark(asked, last, end=True)
    yield from _follow(cluster, asked, last, deadline)


def _initial(asked: WatchRequest, present: list[Entry]) -> Iterator[bytes]:
    lines, size = [], 0
    for entry in present:
        if asked.match is None or asked.match(entry):
            line = _event(b"ADDED", asked.render(entry))
            lines.append(line)
            size += len(line)
            if size >= _BATCH:
                yield b"".join(lines)
                lines, size = [], 0
    if lines:
        yield b"".join(lines)


def _follow(cluster: Cluster, asked: WatchRequest, last: int, deadline: float) -> Iterator[bytes]:
    marked = time.monotonic()
    opened = asked.opened
    while True:
        with cluster.changed:
            now = time.monotonic()
            next_mark = marked + asked.bookmark_every if asked.bookmarks else deadline
            changes = [] if opened.order == "mute" else asked.collection.since(last)
            if not changes and opened.order in ("", "mute") and now < min(deadline, next_mark):
                cluster.changed.wait(min(deadline, next_mark) - now)
                continue
            last = changes[-1].version if changes else last
            current = max(cluster.version, last)
        for change in changes:
            if line := _line(asked, change):
                yield line
        order, opened.order = opened.order, "mute" if opened.order == "mute" else ""
        if order and order != "mute":
            yield from _obey(order, asked, current)
            return
        now = time.monotonic()
        if asked.bookmarks and order != "mute" and (now >= next_mark or now >= deadline) and not changes:
            yield _bookmark(asked, current)
            marked, last = now, current
        if now >= deadline:
            return


def _obey(order: str, asked: WatchRequest, version: int) -> Iterator[bytes]:
    if order == "end":
        return
    if order == "expire":
        yield _error(gone(f"too old resource version: 1 ({version})"))
        return
    if order == "error":
        yield _error(Problem(500, "InternalError", "etcdserver: request timed out"))
        return
    if order == "cut":
        whole = next(iter(asked.collection.entries.values()), None)
        line = _event(b"MODIFIED", asked.render(whole)) if whole else _bookmark(asked, version)
        yield line[: len(line) // 2]
    if order == "garbage":
        yield b'\x00\xff{"type":"MODIFIED","object":{]\n'
        return
    raise DroppedError(order)


def _line(asked: WatchRequest, change: Change) -> bytes | None:
    match = asked.match
    before = change.old is not None and (match is None or match(change.old))
    after = change.new is not None and (match is None or match(change.new))
    if after and change.new is not None:
        return _event(b"MODIFIED" if before else b"ADDED", asked.render(change.new))
    if before and change.old is not None:
        return _event(b"DELETED", asked.render(change.last or change.old.at(change.version)))
    return None


def _event(word: bytes, thing: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (word, thing)


def _error(problem: Problem) -> bytes:
    return _event(b"ERROR", dumped(problem.status))


def _bookmark(asked: WatchRequest, version: int, end: bool = False) -> bytes:
    kind: Served = asked.collection.kind
    name, api = ("PartialObjectMetadata", "meta.k8s.io/v1") if asked.form else (kind.kind, kind.api_version)
    notes = {"annotations": {"k8s.io/initial-events-end": "true"}} if end else {}
    rest = {"spec": {"containers": None}, "status": {}} if kind.kind == "Pod" and not asked.form else {}
    document: dict[str, Any] = {
        "kind": name, "apiVersion": api, "metadata": {"resourceVersion": str(version), **notes}, **rest,
    }  # fmt: skip
    if asked.form == "Table":  # as any other object: a table of one row
        head = {"kind": "Table", "apiVersion": api, "metadata": {"resourceVersion": str(version)}}
        document = {**head, "columnDefinitions": None, "rows": [{"cells": ["", "", "", ""], "object": document}]}
    return _event(b"BOOKMARK", dumped(document))
