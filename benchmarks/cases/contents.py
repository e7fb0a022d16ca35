"""An image of a gigabyte looked through, in layer directories and as an archive, against only reading the same."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure, Spread, ratio

MEMORY_BAR = 60.0
CACHE_BAR = 100.0
_MIB = 1 << 20
_DIFF = "overlay2/layer/diff"

_RUN = """
import json, sys, time
from pathlib import Path
from inventory.contents.files import finders
from inventory.contents.packages import FINDERS
from inventory.image import Image
from inventory.resource import Kind, ResourceKey
from inventory.sources.layers.layout import Layout
from inventory.sources.layers.overlay import Overlay
from inventory.sources.layers.read import read
place, how = Path(sys.argv[1]), sys.argv[2]
known = json.loads((place / "image.json").read_text())
raw = json.dumps({"GraphDriver": {"Data": {"UpperDir": str(place / "overlay2/layer/diff")}}}).encode()
key = ResourceKey(Kind.IMAGE, "", known["id"])
image = Image.build(key=key, name="", id=known["id"], layers=(known["layer"],), raw=raw)
way = Overlay(image, str(place)) if how == "overlay" else Layout(place / "image.tar")
begun = time.perf_counter()
found = read(known["id"], [way], (*FINDERS, *finders(frozenset())))
took = time.perf_counter() - begun
assert found.complete and len(found.packages) == 400, found
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(took, int(peak.split()[1]) / 1024)
"""
_FLOORS = {
    "overlay": """
import os, sys, time
begun = time.perf_counter()
for directory, _inner, names in os.walk(sys.argv[1] + "/overlay2"):
    for name in names:
        os.lstat(directory + "/" + name)
print(time.perf_counter() - begun, 0)
""",
    "layout": """
import hashlib, sys, time
begun = time.perf_counter()
read = hashlib.sha256()
with open(sys.argv[1] + "/image.tar", "rb", buffering=0) as file:
    while piece := file.read(1 << 18):
        read.update(piece)
print(time.perf_counter() - begun, 0)
""",
}
_KEPT = """
import sys, time
from pathlib import Path
from inventory.contents.model import SCHEMA, Contents, Package
from inventory.sources.layers.cache import Cache
cache = Cache(Path(sys.argv[1]))
layer = "sha256:" + "a" * 64
packages = tuple(Package("deb", f"package-{n}", f"1.{n}", "/var/lib/dpkg/status", layer) for n in range(400))
ids = [f"sha256:{n:064x}" for n in range(100)]
for one in ids:
    cache.keep_contents(Contents(one, "overlay", SCHEMA, packages=packages), "f")
begun = time.perf_counter()
assert all(cache.contents(one, "f") for one in ids)
print(time.perf_counter() - begun, 0)
"""
_WORDS = {"overlay": "layer directories", "layout": "archive"}
_FLOOR_WORDS = {"overlay": "stat of every file", "layout": "sha256 of the archive"}


def measure(plan: Plan) -> list[Figure]:
    """Files are in the page cache; reading, floor, reading, floor."""
    size, files = (1024, 40_000) if plan.lab else (160, 8_000)
    rounds = max(3, plan.scans // 2)
    section = f"Image contents ({size} MiB, {files:,} files, 400 packages; fresh process for each run)"
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="deckwatch-bench-") as directory:
        place = Path(directory)
        plan.say(f"contents: making an image of {size} MiB")
        _make(place, size, files)
        for how, words in _WORDS.items():
            plan.say(f"contents: {words}, {rounds} rounds")
            figures += _compared(section, place, how, rounds)
        kept = Spread.of([_run(_KEPT, place / "cache")[0] * 1000 for _ in range(rounds)])
        figures.append(Figure(section, "100 images out of the cache", kept.median, "ms", CACHE_BAR, kept.words("ms")))
    return figures


def _compared(section: str, place: Path, how: str, rounds: int) -> Iterator[Figure]:
    runs, floors = [], []
    for _ in range(rounds):
        runs.append(_run(_RUN, place, how))
        floors.append(_run(_FLOORS[how], place)[0])
    took, least = Spread.of([run[0] for run in runs]), Spread.of(floors)
    memory = Spread.of([run[1] for run in runs])
    words = _WORDS[how]
    yield Figure(section, f"{words}: looked through", took.median, "s", None, took.words("s"))
    yield Figure(section, f"{words}: {_FLOOR_WORDS[how]}", least.median, "s", None, least.words("s"))
    yield Figure(section, f"{words}: times the floor", ratio(took.median, least.median), "x", None, "medians")
    yield Figure(section, f"{words}: memory", memory.median, "MB", MEMORY_BAR, memory.words("MB"))


def _run(code: str, *arguments: object) -> tuple[float, float]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(answer[0]), float(answer[1])


def _make(place: Path, size: int, files: int) -> None:
    """One layer as a directory and as an archive that `docker save` could have written."""
    tree = place / _DIFF
    for name, data in _files(size, files):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    layer = place / "layer.tar"
    with tarfile.open(layer, "w") as out:
        out.add(tree, arcname=".")
    with open(layer, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}).encode()
    name = hashlib.sha256(config).hexdigest()
    manifest = json.dumps([{"Config": f"{name}.json", "Layers": ["1/layer.tar"]}]).encode()
    with tarfile.open(place / "image.tar", "w") as out:
        out.add(layer, arcname="1/layer.tar")
        for member, data in ((f"{name}.json", config), ("manifest.json", manifest)):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            out.addfile(info, BytesIO(data))
    os.unlink(layer)
    (place / "image.json").write_text(json.dumps({"id": f"sha256:{name}", "layer": f"sha256:{digest}"}))


def _files(size: int, files: int) -> Iterator[tuple[str, bytes]]:
    """A few large programs, many small files in many directories, and a package database."""
    seed = random.Random(5)
    noise = seed.randbytes(_MIB)
    stanza = "Package: package-{0}\nStatus: install ok installed\nVersion: 1.{0}-1\nArchitecture: amd64\n"
    yield "var/lib/dpkg/status", "\n".join(map(stanza.format, range(400))).encode()
    yield "usr/lib/os-release", b'ID=debian\nVERSION_ID="12"\n'
    large = size // 20
    for number in range(10):
        yield f"usr/bin/program-{number}", b"\x7fELF" + noise * large
    rate = files / (size * _MIB / 2)
    for number in range(files):
        yield f"usr/share/{number % 97}/{number % 1009}/file-{number}.txt", noise[: int(seed.expovariate(rate))]
