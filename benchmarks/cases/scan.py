"""`deckwatch scan --format json` against the least that reading the same host can cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks import floor, phases
from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure, Spread, ratio, scaled
from benchmarks.hosts import DECKWATCH, real, synthetic
from benchmarks.processes import descendants, reaped_faults
from benchmarks.terminal import environment
from lab import plan as lab_plan
from lab.engine import Lab, available
from lab.logging_proxy import LoggingProxy
from lab.scale import scale

BAR = 2.5
BACKGROUND_BAR = 3000.0  # ms: as long as a scan may spend on processes and changed files
RUNNING = 100
_FLOOR = str(Path(floor.__file__))
_PHASES = str(Path(phases.__file__))
_BODY = {
    "Image": lab_plan.DEFAULT_IMAGE,
    "User": "10001:10001",
    "Cmd": ["sleep", "86400000"],
    "HostConfig": {"NetworkMode": "none", "Memory": 8 << 20, "PidsLimit": 8},
}


def measure(plan: Plan) -> list[Figure]:
    """On a real engine where one runs, else on the synthetic one; the section says which.

    What containers do (process lists, changed files) is read after the rest, and is a figure of its own.
    """
    figures: list[Figure] = []
    ratios: dict[int, float | None] = {}
    with _engine(plan) as (kind, resize, lab):
        section = f"Scan ({kind}; interpreter, floor and scan in turn)"
        for count in plan.sizes:
            plan.say(f"scan: {count} containers, {plan.scans} rounds")
            found, ratios[count] = _size(section, count, resize(count), plan.scans)
            figures += found
        figures += _one_run(section, resize(plan.sizes[-1]))
        if isinstance(lab, Lab):
            plan.say(f"scan: {RUNNING} containers that run")
            figures += _running(section, lab, plan.scans)
    return figures + _linear(section, plan.sizes, figures)


@contextmanager
def _engine(plan: Plan) -> Iterator[tuple[str, Callable[[int], Path], Lab | None]]:
    """What kind of engine it is, how to get its socket with so many containers, and the engine if it is a real one."""
    why = available() if plan.lab else "not asked for"
    if why is None:
        with real() as lab:
            yield f"real engine {lab.client.get('/version')['Version']}, containers created", partial(_grown, lab), lab
        return
    with ExitStack() as running:
        yield f"synthetic engine: {why}", lambda count: running.enter_context(synthetic(count)).path, None


def _grown(lab: Lab, count: int) -> Path:
    """As many containers as that; reading one that was never started costs the same, and the machine stays quiet."""
    for number in range(len(lab.client.get("/containers/json", all=1)), count):
        lab.client.create_container(f"bench-{number:05}", {**_BODY, "Hostname": f"bench-{number}"})
    time.sleep(2.0)  # the engine is busy with its own events for a while
    return lab.paths.socket


def _size(section: str, count: int, socket_path: Path, times: int) -> tuple[list[Figure], float | None]:
    rounds = [(_interpreter(), _floor(socket_path), *_scan(socket_path)) for _ in range(times)]
    start, least, whole, after = (Spread.of([one[column] for one in rounds]) for column in range(4))
    if start.median is None or whole.median is None:
        return [], None
    times_floor = ratio(whole.median - start.median, least.median)
    best = ratio((whole.best or 0) - (start.best or 0), least.best)
    bar = BAR if count >= 100 else None
    return [
        Figure(section, f"{count}: interpreter start", scaled(start.median, 1000), "ms", None, start.words("ms", 1000)),
        Figure(section, f"{count}: floor", scaled(least.median, 1000), "ms", None, least.words("ms", 1000)),
        Figure(section, f"{count}: scan", scaled(whole.median, 1000), "ms", None, whole.words("ms", 1000)),
        _after(section, f"{count}: what they do", after),
        Figure(section, f"{count}: (scan - interpreter) / floor", times_floor, "x", bar, f"minima {best or 0:.2f}"),
    ], times_floor


def _after(section: str, name: str, after: Spread) -> Figure:
    return Figure(section, name, scaled(after.median, 1000), "ms", BACKGROUND_BAR, after.words("ms", 1000))


def _running(section: str, lab: Lab, times: int) -> list[Figure]:
    """Containers that have processes: what a scan spends on these after the rest, on this machine and from afar."""
    scale(lab.client, RUNNING)
    time.sleep(2.0)
    near = [_scan(lab.paths.socket)[1] for _ in range(times)]
    far = [_scan(lab.paths.socket, "--far")[1] for _ in range(times)]
    scale(lab.client, 0)
    return [
        _after(section, f"{RUNNING} running: what they do, from /proc and the layers", Spread.of(near)),
        _after(section, f"{RUNNING} running: what they do, from the engine alone", Spread.of(far)),
    ]


def _linear(section: str, sizes: Sequence[int], figures: Sequence[Figure]) -> list[Figure]:
    """What one more container costs between the two largest sizes, against between the two smallest."""
    if len(sizes) < 3:
        return []
    scans = [next(f.value for f in figures if f.name == f"{count}: scan") for count in sizes]
    if None in scans:
        return []
    times = [value for value in scans if value is not None]
    early = (times[1] - times[0]) / (sizes[1] - sizes[0])
    late = (times[-1] - times[-2]) / (sizes[-1] - sizes[-2])
    words = f"{early:.2f} ms each up to {sizes[1]}, {late:.2f} ms each up to {sizes[-1]}"
    return [
        Figure(section, "one more container: large / small host (1 is linear)", ratio(late, early), "x", 1.25, words)
    ]


def _command(socket_path: Path) -> list[str]:
    options = ["--format", "json", "-o", os.devnull, "--fail-on", "none"]
    return [str(DECKWATCH), "scan", "--host", f"unix://{socket_path}", *options]


def _scan(socket_path: Path, *how: str) -> tuple[float, float]:
    """Seconds of everything but what containers do, and of that."""
    command = [sys.executable, _PHASES, *how, *_command(socket_path)[1:]]
    started = time.perf_counter()
    done = subprocess.run(command, check=True, env=environment(), capture_output=True)
    whole = time.perf_counter() - started
    after = float(json.loads(done.stdout)["seconds"])
    return whole - after, after


def _interpreter() -> float:
    return _timed([sys.executable, "-c", "pass"])


def _timed(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, env=environment(), stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def _floor(socket_path: Path) -> float:
    done = subprocess.run(
        [sys.executable, _FLOOR, str(socket_path)], check=True, env=environment(), capture_output=True
    )
    return float(json.loads(done.stdout)["seconds"])


def _one_run(section: str, socket_path: Path) -> list[Figure]:
    """A run that is watched instead of timed: its children, and what it asks the engine."""
    listen = socket_path.with_name("proxy.sock")
    with LoggingProxy(listen, socket_path) as proxy:
        process = subprocess.Popen(_command(listen), env=environment(), stderr=subprocess.DEVNULL)
        seen: set[int] = set()
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            seen |= set(descendants(process.pid))
            time.sleep(0.002)
        faults = reaped_faults(process.pid)
        process.wait()
        requests, writing = len(proxy.requests), proxy.methods - {"GET", "HEAD"}
    children = len(seen) or int(faults > 0)
    return [
        Figure(
            section, "child processes of a scan", children, "", 0, "looked for every 2 ms and in its own accounting"
        ),
        Figure(
            section, "requests other than GET and HEAD", len(writing), "", 0, f"{requests} requests through a proxy"
        ),
    ]
