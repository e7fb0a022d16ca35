"""All pods of a cluster: read, judged, changed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure, number, ratio, scaled
from benchmarks.hosts import ROOT

RSS_BAR = 150.0
STORED_BAR = 500.0
_RUNS = 3
_LARGE = 20000
_WAYS = ("watch bytes", "list bytes", "list json", "decoded", "judged")


def measure(plan: Plan) -> list[Figure]:
    """Against a server in a process of its own, each way of reading in another."""
    figures: list[Figure] = []
    for count in plan.pods:
        with _cluster(count) as cluster:
            plan.say(f"reading {count} pods")
            figures += _figures(plan, cluster, count)
    return figures


def _figures(plan: Plan, cluster: _Cluster, count: int) -> list[Figure]:
    large = count >= _LARGE
    section = f"A cluster of {count:,} pods, some 8 kB of JSON each"
    runs = 1 if large else _RUNS
    ways = ("watch bytes", "judged") if large else _WAYS
    found = {way: [cluster.read(way) for _ in range(runs)] for way in ways}
    fetch, judged = _of(found["watch bytes"], "seconds"), found["judged"]
    figures = [_seconds(section, "fetch: the watch's bytes, looked at by nobody", found["watch bytes"])]
    memory = Figure(section, "memory with all of it judged", _of(judged, "rss"), "MiB", None if large else RSS_BAR,
                    f"peak {number(_of(judged, 'peak'))} MiB")  # fmt: skip
    verdicts = f"{judged[0]['verdicts']:,} verdicts"
    if large:
        return [*figures, _seconds(section, "open: every pod in the store and judged", judged), memory]
    naive, decoded = _of(found["list json"], "seconds"), _of(found["decoded"], "seconds")
    figures += [
        _seconds(section, "fetch: one list's bytes", found["list bytes"]),
        _seconds(section, "one list and json.loads", found["list json"]),
        _seconds(section, "every pod in the store", found["decoded"]),
        Figure(section, "the same, in fetches", ratio(decoded, fetch), "x", 2.0),
        _seconds(section, "judging alone", judged, "judging", verdicts),
        _seconds(section, "every pod in the store and judged", judged),
        Figure(section, "the same, in lists with json.loads", ratio(_of(judged, "seconds"), naive), "x", 1.0),
        memory,
    ]
    if plan.lab:
        plan.say("reading with the typed client")
        typed = [cluster.read("typed")]
        figures.append(_seconds(section, "the typed client of the kubernetes package", typed))
        figures.append(Figure(section, "its memory", _of(typed, "peak"), "MiB"))
    plan.say("changing pods")
    changed = cluster.read("changed")
    stored, again = median(changed["stored"]), median(changed["judged"])
    figures += [
        Figure(
            section, "one pod changed: until the store has it", stored * 1000, "ms", STORED_BAR, _ten(changed, "stored")
        ),
        Figure(section, "one pod changed: judging it", again * 1000, "ms", None, _ten(changed, "judged")),
    ]
    return figures


def _seconds(section: str, name: str, found: list[dict[str, Any]], key: str = "seconds", more: str = "") -> Figure:
    cpu = scaled(_of(found, "judging_cpu" if key == "judging" else "cpu"), 1)
    how = f"best of {len(found)}, {number(cpu)} s of CPU"
    return Figure(section, name, _of(found, key), "s", None, f"{how}, {more}" if more else how)


def _of(found: list[dict[str, Any]], key: str) -> float:
    """The best: whatever else runs on the machine only ever adds."""
    return min(float(one[key]) for one in found)


def _ten(found: dict[str, Any], key: str) -> str:
    values = [value * 1000 for value in found[key]]
    return f"median of {len(values)}, max {number(max(values))} ms"


class _Cluster:
    def __init__(self, directory: Path, count: int) -> None:
        self.kubeconfig = directory / "kubeconfig"
        self.process = _python("benchmarks.fake_cluster", str(directory), str(count))
        self.answer()

    def answer(self) -> dict[str, Any]:
        return _line(self.process)

    def read(self, way: str) -> dict[str, Any]:
        """What a process that reads in this way says; it may ask for pods to crash."""
        with _python("benchmarks.pods", way, str(self.kubeconfig)) as reading:
            while True:
                said = _line(reading)
                if "crash" not in said:
                    return said
                _tell(self.process, {"do": "crash", "number": said["crash"]})
                _tell(reading, self.answer())


@contextmanager
def _cluster(count: int) -> Iterator[_Cluster]:
    with tempfile.TemporaryDirectory(prefix="dw-bench-") as directory:
        cluster = _Cluster(Path(directory), count)
        try:
            yield cluster
        finally:
            cluster.process.kill()
            cluster.process.wait()


def _python(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    )


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise OSError(f"{process.args!r} ended unexpectedly")
    found: dict[str, Any] = json.loads(line)
    return found


def _tell(process: subprocess.Popen[str], what: dict[str, Any]) -> None:
    if process.stdin is None:
        raise OSError("no standard input")
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()
