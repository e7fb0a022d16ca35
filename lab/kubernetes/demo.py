"""Puts the recorded cluster into a bundle beside what that holds: `python -m lab cluster-demo BUNDLE TARGET`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from inventory.kubernetes.workloads import Pod
from inventory.sources.bundle.archive import Bundle, named
from inventory.sources.bundle.cluster import ACCESS, recording_way
from inventory.sources.bundle.cluster_details import read_details
from inventory.sources.bundle.manifest import CLUSTER, Member, SourceEntry
from inventory.sources.bundle.recorder import Recording
from inventory.sources.kubernetes.access import open_way
from inventory.sources.kubernetes.connection import Connection, Options
from inventory.sources.kubernetes.once import read
from inventory.store import Store
from lab.kubernetes.server import ApiServer

NAME = "shop"
SERVER = "https://shop.example:6443"
CAPTURED = datetime(2026, 11, 23, 11, 57, 22, tzinfo=UTC).timestamp()
_MOMENT = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?=(?:\.\d+)?Z)")


def beside(bundle: Bundle) -> Bundle:
    """The same bundle with the cluster, whose times are moved to when the bundle was recorded."""
    manifest = bundle.manifest
    others = tuple(one for one in manifest.sources if one.kind != CLUSTER)
    bodies = {one.name: bundle.bodies[one.name] for one in manifest.members if one.source != NAME and one.name}
    members = [one for one in manifest.members if one.source != NAME]
    number = max((int(name.rpartition("/")[2]) for name in bodies), default=0)
    for member, body in _recorded(manifest.time):
        number += 1
        fresh = named(member, number, body)
        bodies[fresh.name] = body
        members.append(fresh)
    sources = (*others, SourceEntry(NAME, CLUSTER, SERVER))
    return Bundle(replace(manifest, sources=sources, members=tuple(members)), bodies)


def _recorded(at: float) -> list[tuple[Member, bytes]]:
    """Every answer that one look at the cluster takes, as of some time."""
    recording, store, now = Recording(clock=lambda: at), Store(), time.time()
    with TemporaryDirectory() as directory, ApiServer() as server:
        path = server.kubeconfig(Path(directory) / "kubeconfig", ("admin",))
        way = recording_way(_named(lambda: open_way("", str(path))), NAME, recording)
        read(NAME, store, Options(), way=way)
        read_details(Connection(Options(), way=way).api, store.snapshot().of(Pod, NAME))
    made = recording.bundle("", "", (), include_secrets=False)
    found = []
    for member in made.manifest.members:
        body = made.bodies.get(member.name, b"")
        if member.request == ACCESS:
            found.append((member, body))
            continue
        since = now if "/log" in member.request else CAPTURED  # logs are made up as they are asked for
        found.append((member, _moved(body, at - since)))
    return found


def _named(way: Callable[[], Any]) -> Callable[[], Any]:
    """The way to a cluster that is called as in the demo."""

    def opened() -> Any:
        found = way()
        access = msgspec.structs.replace(
            found.access, context=NAME, cluster=NAME, user="admin@shop", server=SERVER, client_certificate=None
        )
        return msgspec.structs.replace(found, access=access)

    return opened


def _moved(body: bytes, seconds: float) -> bytes:
    def move(found: re.Match[bytes]) -> bytes:
        at = datetime.strptime(found[0].decode(), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp()
        return datetime.fromtimestamp(at + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()

    return _MOMENT.sub(move, body)
