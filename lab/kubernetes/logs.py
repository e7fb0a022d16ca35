"""`pods/NAME/log`: lines of a container, and every refusal that the recording shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

from lab.kubernetes.cluster import Cluster
from lab.kubernetes.problem import Problem, bad, no_object

UNREACHABLE = ("alertmanager-main-0",)
"""Pods on a node whose kubelet does not answer."""
_WAITING = {
    "ErrImagePull": "trying and failing to pull image",
    "ImagePullBackOff": "trying and failing to pull image",
    "ContainerCreating": "ContainerCreating",
}
_MADE_UP = 100


def log(
    cluster: Cluster, namespace: str, name: str, query: dict[str, str], asked: str, going: Callable[[], bool]
) -> Iterator[bytes] | None:
    """The lines asked for; None (204) where the pod has not been scheduled."""
    entry = cluster.collection("pods").entries.get(f"{namespace}/{name}")
    if entry is None:
        raise no_object("", "pods", name)
    pod = entry.object()
    if not pod["spec"].get("nodeName"):
        return None
    container = _container(pod, query.get("container", ""))
    if name in UNREACHABLE:
        url = f"https://localhost:20251/containerLogs/{namespace}/{name}/{container}" + (f"?{asked}" if asked else "")
        words = f'Get "{url}": dial tcp 127.0.0.1:20251: connect: connection refused'
        raise Problem(500, "", words)
    previous = query.get("previous") in ("true", "1")
    _started(pod, container, previous)
    where = (namespace, name, container)
    with cluster.changed:
        written = [] if previous else list(cluster.logs.get(where, ()))
    return _lines(cluster, where, written, query, going)


def _container(pod: dict[str, Any], asked: str) -> str:
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [one["name"] for one in spec["containers"]]
    inits = [one["name"] for one in spec.get("initContainers") or ()]
    if asked:
        if asked not in (*names, *inits, *(one["name"] for one in spec.get("ephemeralContainers") or ())):
            raise bad(f"container {asked} is not valid for pod {name}")
        return asked
    if len(names) > 1:
        choices = f"[{' '.join(names)}]"
        extra = f" or one of the init containers: [{' '.join(inits)}]" if inits else ""
        raise bad(f"a container name must be specified for pod {name}, choose one of: {choices}{extra}")
    return str(names[0])


def _started(pod: dict[str, Any], container: str, previous: bool) -> None:
    status = pod.get("status") or {}
    every = [one for key in ("containerStatuses", "initContainerStatuses") for one in status.get(key) or ()]
    one: dict[str, Any] = next((one for one in every if one["name"] == container), {})
    name = pod["metadata"]["name"]
    if previous:
        if not (one.get("lastState") or {}).get("terminated"):
            raise bad(f'previous terminated container "{container}" in pod "{name}" not found')
        return
    waiting = (one.get("state") or {}).get("waiting")
    if waiting and not (one.get("lastState") or {}).get("terminated"):
        reason = waiting.get("reason", "")
        raise bad(f'container "{container}" in pod "{name}" is waiting to start: {_WAITING.get(reason, reason)}')


def _lines(
    cluster: Cluster, where: tuple[str, str, str], written: list[tuple[float, str]], query: dict[str, str],
    going: Callable[[], bool],
) -> Iterator[bytes]:  # fmt: skip
    stamps = query.get("timestamps") in ("true", "1")
    previous = query.get("previous") in ("true", "1")
    seen, lines = len(written), [*_made_up(where, previous), *written]
    if query.get("sinceSeconds"):
        oldest = time.time() - int(query["sinceSeconds"])
        lines = [one for one in lines if one[0] >= oldest]
    if "tailLines" in query:
        count = int(query["tailLines"])
        lines = lines[-count:] if count else []
    yield b"".join(_line(at, words, stamps) for at, words in lines)
    while query.get("follow") in ("true", "1") and not previous:
        with cluster.changed:
            cluster.changed.wait(0.2)
            more = cluster.logs.get(where, [])[seen:]
            alive = f"{where[0]}/{where[1]}" in cluster.collection("pods").entries
        seen += len(more)
        yield b"".join(_line(at, words, stamps) for at, words in more)
        if not alive or not going():
            return


def _made_up(where: tuple[str, str, str], previous: bool) -> list[tuple[float, str]]:
    """The same lines at each request."""
    seed, start = crc32("/".join(where).encode()), time.time() - 3600
    lines = []
    for number in range(_MADE_UP):
        turn = (seed + number * 7919) % 997
        words = f'level=info msg="request completed" path=/api/items?page={number} status=200 duration={turn}ms'
        if turn % 11 == 0:
            words = f'level=error msg="upstream timeout" upstream=payments.prod.svc:8443 attempt={number}'
        lines.append((start + number, words))
    return [*lines, (start + _MADE_UP, "fatal: exiting after an error")] if previous else lines


def _line(at: float, words: str, stamps: bool) -> bytes:
    head = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1e9):09d}Z " if stamps else ""
    return f"{head}{words}\n".encode("utf-8", "surrogatepass")
