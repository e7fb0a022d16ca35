"""What judging costs, in a process of its own: `python -m benchmarks.judging CONTAINERS` prints seconds as JSON."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from checks.catalogue import catalogue
from checks.engine import Engine
from inventory.resource import Resource
from inventory.sources.docker import translate
from inventory.store import Store
from lab.synthetic import DATA, inspection

SOURCE = "docker"
PER_IMAGE = 10
"""Containers that share an image."""


def main(count: int, repeats: int = 15) -> dict[str, Any]:
    """Seconds for a full evaluation and for each kind of change, and how much there was to judge."""
    store = Store()
    store.put(_container(number, 0) for number in range(count))
    store.put(_image(number, 0) for number in range(max(1, count // PER_IMAGE)))
    checks = tuple(catalogue())
    engine = Engine(checks)
    full = _timed(store, engine, lambda: ())
    images = max(1, count // PER_IMAGE)
    return {
        "checks": len(checks),
        "containers": count,
        "images": images,
        "full": [full],
        "container": [
            _timed(store, engine, lambda t=turn: [_container(t * 7 % count, t + 1)]) for turn in range(repeats)
        ],
        "image": [_timed(store, engine, lambda t=turn: [_image(t * 3 % images, t + 1)]) for turn in range(repeats)],
        "nothing": [_timed(store, engine, lambda: ()) for _ in range(repeats)],
    }


def _timed(store: Store, engine: Engine, changed: Callable[[], Iterable[Resource]]) -> float:
    """Seconds from the changed store to the new verdicts; reading and decoding the change is not part of it."""
    store.put(list(changed()))
    started = time.perf_counter()
    snapshot, changes = store.take()
    engine.update(snapshot, changes)
    return time.perf_counter() - started


def _container(number: int, version: int) -> Resource:
    document = inspection(number)
    document["Image"] = _image_id(number // PER_IMAGE)
    document["HostConfig"] = {**document["HostConfig"], "Memory": (64 + version) << 20}
    return translate.container(json.dumps(document).encode(), SOURCE, 0.0)


def _image(number: int, version: int) -> Resource:
    document = json.loads((Path(DATA) / "image.json").read_bytes())
    document |= {"Id": _image_id(number), "RepoTags": [f"bench/app-{number}:1.{version}"]}
    history = (Path(DATA) / "history.json").read_bytes()
    return translate.image(json.dumps(document).encode(), history, SOURCE, 0.0)


def _image_id(number: int) -> str:
    return "sha256:" + hashlib.sha256(f"image {number}".encode()).hexdigest()


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
