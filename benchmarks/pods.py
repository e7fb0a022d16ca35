"""Reading all pods of a cluster, one way or another: `python -m benchmarks.pods WAY KUBECONFIG` prints JSON.

Each way runs in a process of its own, so that its memory is its own. The clock starts when imports are done.
"""

from __future__ import annotations

import base64
import gc
import http.client
import importlib
import json
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

PODS = "/api/v1/pods"
WATCH = f"{PODS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
_END = b"k8s.io/initial-events-end"
_PIECE = 256 << 10
Figures = dict[str, Any]


def answer(path: Path, target: str) -> http.client.HTTPResponse:
    """A request with nothing but the standard library."""
    document = yaml.safe_load(path.read_bytes())
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    parts = urlsplit(cluster["server"])
    context = ssl.create_default_context(cadata=_plain(cluster["certificate-authority-data"]).decode())
    with tempfile.NamedTemporaryFile() as pair:
        pair.write(_plain(user["client-certificate-data"]) + _plain(user["client-key-data"]))
        pair.flush()
        context.load_cert_chain(pair.name)
    connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, context=context)
    connection.request("GET", target, headers={"Accept": "application/json", "Accept-Encoding": "identity"})
    return connection.getresponse()


def _plain(data: str) -> bytes:
    return base64.b64decode(data)


def bytes_of_watch(path: Path) -> Callable[[], Figures]:
    """The floor: the stream's bytes up to the end of what there is, looked at by nobody."""

    def run() -> Figures:
        size, tail, stream = 0, b"", answer(path, WATCH)
        while _END not in tail:
            piece = stream.read1(_PIECE)
            size, tail = size + len(piece), tail[-400:] + piece[-2000:]
        return {"bytes": size}

    return run


def bytes_of_list(path: Path) -> Callable[[], Figures]:
    """One list, its bytes held and nothing decoded."""
    return lambda: {"bytes": len(answer(path, PODS).read())}


def json_of_list(path: Path) -> Callable[[], Figures]:
    """One list and `json.loads`."""
    return lambda: {"pods": len(json.loads(answer(path, PODS).read())["items"])}


def typed_client(path: Path) -> Callable[[], Figures]:
    """The typed list of the `kubernetes` package."""
    client: Any = importlib.import_module("kubernetes.client")
    config: Any = importlib.import_module("kubernetes.config")

    return lambda: {
        "pods": len(client.CoreV1Api(config.new_client_from_config(str(path))).list_pod_for_all_namespaces().items)
    }


def decoded(path: Path) -> Callable[[], Figures]:
    """Ours: every pod a resource in the store."""
    from inventory.store import Store

    _load(path)
    return lambda: {"pods": _read(path, Store())}


def judged(path: Path) -> Callable[[], Figures]:
    """Ours: every pod in the store and judged by all checks of pods."""
    from inventory.store import Store

    _load(path)
    engine = _engine()

    def run() -> Figures:
        store = Store()
        count = _read(path, store)
        started = time.process_time(), time.perf_counter()
        snapshot, changes = store.take()
        evaluation = engine.update(snapshot, changes)
        took = time.perf_counter() - started[1]
        return {
            "pods": count, "judging": took, "judging_cpu": time.process_time() - started[0],
            "verdicts": evaluation.total.judged,
        }  # fmt: skip

    return run


def changed(path: Path) -> Callable[[], Figures]:
    """Ours: after all of it, ten single changes, asked for by a line on standard output each."""
    from inventory.kubernetes.workloads import Pod
    from inventory.resource import Kind, ResourceKey
    from inventory.store import Store

    engine = _engine()

    def run() -> Figures:
        store = Store()
        count = _read(path, store)
        engine.update(*store.take())
        stored, found = [], []
        for turn in range(10):
            print(json.dumps({"crash": turn * 37 % count}), flush=True)
            told = json.loads(sys.stdin.readline())
            key = ResourceKey(Kind.POD, _SOURCE, told["key"])
            while True:
                pod = store.snapshot().get(key)
                if isinstance(pod, Pod) and _restarts(pod) == told["restarts"]:
                    break
                time.sleep(0.0005)
            stored.append(time.monotonic() - told["at"])
            started = time.perf_counter()
            engine.update(*store.take())
            found.append(time.perf_counter() - started)
        return {"stored": stored, "judged": found}

    return run


_SOURCE = "cluster"


def _restarts(pod: Any) -> int:
    return int(pod.status.container_statuses[0].restart_count)


def _engine() -> Any:
    from checks.catalogue import catalogue
    from checks.engine import Engine
    from inventory.resource import Kind

    return Engine(check for check in catalogue() if Kind.POD in check.kinds)


def _load(path: Path) -> None:
    """Import what reading needs, by going as far as one can without a request; collect garbage as the explorer does."""
    gc.set_threshold(100_000, 50, 100)
    from inventory.sources.kubernetes import connection
    from inventory.sources.kubernetes.access import open_way

    connection.Connection(connection.Options(kubeconfig=str(path)))
    open_way("", str(path))


def _read(path: Path, store: Any) -> int:
    """Open the cluster and wait until its pods have all been told."""
    from inventory.kubernetes.workloads import Pod
    from inventory.resource import Kind
    from inventory.sources.kubernetes.connection import Connection, Options
    from inventory.sources.kubernetes.kinds import SERVED
    from inventory.sources.kubernetes.plan import Wanted
    from inventory.sources.kubernetes.shelf import Board

    done = threading.Event()

    def changed(_kind: Kind) -> None:
        if board.gaps().get(Kind.POD) is None:
            done.set()

    board = Board(store, _SOURCE, changed)
    served = next(one for one in SERVED if one.family is Pod)
    connection = Connection(Options(kubeconfig=str(path)))
    reflector = connection.reflector(Wanted(served, "v1", live=True), _SOURCE, store, board)
    threading.Thread(target=reflector.follow, daemon=True).start()
    done.wait(300)
    return len(store.snapshot().by_kind.get(Kind.POD, ()))


WAYS: dict[str, Callable[[Path], Callable[[], Figures]]] = {
    "watch bytes": bytes_of_watch,
    "list bytes": bytes_of_list,
    "list json": json_of_list,
    "typed": typed_client,
    "decoded": decoded,
    "judged": judged,
    "changed": changed,
}


def main(way: str, path: str) -> Figures:
    """Figures of one way: wall and CPU seconds, memory in MiB, what it says of itself."""
    import resource

    run = WAYS[way](Path(path))
    started, cpu = time.perf_counter(), time.process_time()
    found = run()
    took = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
    now = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**took, "rss": int(now.split()[1]) / 1024, "peak": peak, **found}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])), flush=True)
