"""What judging costs, in a process of its own: `python -m benchmarks.judging CONTAINERS` prints seconds as JSON."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterable
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
    store, checks, images = Store(), tuple(catalogue()), max(1, count // PER_IMAGE)
    engine = Engine(checks)
    everything = [*(_container(turn, 0) for turn in range(count)), *(_image(turn, 0) for turn in range(images))]
    turns = range(1, repeats + 1)
    return {
        "checks": len(checks),
        "images": images,
        "full": [_timed(store, engine, everything)],
        "container": [_timed(store, engine, [_container(turn * 7 % count, turn)]) for turn in turns],
        "image": [_timed(store, engine, [_image(turn * 3 % images, turn)]) for turn in turns],
        "nothing": [_timed(store, engine, []) for _ in turns],
    }


def _timed(store: Store, engine: Engine, changed: Iterable[Resource]) -> float:
    """CPU seconds from the changed store to the new verdicts; reading and decoding the change is not part of it."""
    store.put(changed)
    started = time.process_time()
    snapshot, changes = store.take()
    engine.update(snapshot, changes)
    return time.process_time() - started


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
