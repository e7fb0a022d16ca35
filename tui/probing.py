"""Asks published ports for TLS, once or every few minutes. Only where the person or the configuration said so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

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
