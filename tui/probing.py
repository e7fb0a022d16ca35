"""Asks published ports for TLS, and the programs of clusters for what they tell a stranger, once or every few minutes.

Only where the person or the configuration said so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from inventory.container import Container
from inventory.resource import Kind
from inventory.sources.tls.probe import probe, targets
from inventory.store import Store

EVERY = 300.0
"""Seconds between two looks at all ports; one that is new is looked at sooner."""
PAUSE = 5.0


def look(store: Store, source: str, url: str, names: Mapping[str, str]) -> None:
    """Put what answers on the published ports of one source into the store."""
    wanted = targets(store.snapshot().of(Container, source), url, names)
    store.replace(source, Kind.ENDPOINT, probe(wanted, source, time.time()))


def look_at_clusters(store: Store) -> None:
    """Put what clusters answer without credentials into the store."""
    for source, wanted in _cluster_targets(store).items():
        _ask(store, source, wanted)


def _cluster_targets(store: Store) -> dict[str, tuple[Any, ...]]:
    """What there is to ask, by cluster."""
    snapshot = store.snapshot()
    clusters = snapshot.by_kind.get(Kind.CLUSTER)
    if not clusters:
        return {}
    from inventory.kubernetes.cluster import Cluster, KubeNode
    from inventory.sources.kubernetes import probe as strangers

    sources = {key.source for key in clusters}
    return {
        source: strangers.targets(snapshot.of(Cluster, source), snapshot.of(KubeNode, source))
        for source in sorted(sources)
    }


def _ask(store: Store, source: str, wanted: tuple[Any, ...]) -> None:
    from inventory.sources.kubernetes import probe as strangers

    store.replace(source, Kind.OPENING, strangers.probe(wanted, source, time.time()))


def follow(store: Store, sources: Callable[[], Iterable[tuple[str, str]]], names: Mapping[str, str]) -> None:
    """Look again whenever the published ports differ from those looked at last, and now and then anyway.

    `sources` gives the name and URL of each engine. Never returns: it runs in a thread that nobody waits for.
    """
    last: dict[str, tuple[object, float]] = {}
    while True:
        time.sleep(PAUSE)
        for name, url in sources():
            wanted = targets(store.snapshot().of(Container, name), url, names)
            before, at = last.get(name, ((), 0.0))
            if wanted != before or time.monotonic() - at > EVERY:
                store.replace(name, Kind.ENDPOINT, probe(wanted, name, time.time()))
                last[name] = (wanted, time.monotonic())
        for name, asked in _cluster_targets(store).items():
            before, at = last.get(name, ((), 0.0))
            if asked != before or time.monotonic() - at > EVERY:
                _ask(store, name, asked)
                last[name] = (asked, time.monotonic())
