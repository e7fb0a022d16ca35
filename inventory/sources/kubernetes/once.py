"""One look at a whole cluster: every kind listed once, a few at a time, within one time limit."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import KubeNode, Namespace
from inventory.resource import CLUSTER_KINDS, Kind
from inventory.snapshot import SourceHealth
from inventory.sources.kubernetes import greeting, health, kubelets, plan
from inventory.sources.kubernetes.connection import Connection, Options, lost, pending, settle
from inventory.sources.kubernetes.deriving import Deriver
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.reflector import Reflector
from inventory.sources.kubernetes.shelf import Board
from inventory.store import Store

THREADS = 5
PAUSES = (1.0, 2.0, 0.0)
"""Seconds after a failure that may pass; none after the last."""
TOTAL = 60.0
"""Seconds for everything together."""


def read(
    name: str,
    store: Store,
    options: Options | None = None,
    *,
    deadline: float = TOTAL,
    way: Callable[[], Any] | None = None,
    make_kubelet: kubelets.MakeKubelet = kubelets.kubelet,
) -> SourceHealth:
    """Read everything into the store under the source `name` and say how it went; raises nothing."""
    until = time.monotonic() + deadline
    options = options or Options()
    board = Board(store, name)
    pending(board, store, name)
    connection = Connection(options, partial(store.answered, name), way)
    deriver = Deriver(store, name)
    try:
        told = _within(until, partial(_read, connection, board, store, name, until, make_kubelet))
    except ApiError as error:
        lost(board, error.gap(""))
        target = connection.access.server if connection.access else ""
        told = health.failed(target, error)
    deriver.update(CLUSTER_KINDS)
    store.set_health(name, told)
    return told


def _read(
    connection: Connection, board: Board, store: Store, name: str, until: float, make_kubelet: kubelets.MakeKubelet
) -> SourceHealth:
    options = connection.options
    found = greeting.greet(connection.api, connection.own_namespace, options.namespaces)
    access = connection.seen()
    store.replace(name, Kind.CLUSTER, [greeting.cluster(name, found, access, time.time())])
    lists = plan.wanted(found.discovered, found.namespaces)
    reflectors = [connection.reflector(one, name, store, board) for one in lists]
    settle(board, found, lists, options)
    _all(reflectors, until)
    if options.read_kubelet_config:
        gap = board.gaps().get(Kind.KUBE_NODE) or kubelets.permitted(connection.api)
        if gap is None:
            nodes = [one.name for one in store.snapshot().of(KubeNode, name)]
            left = max(1.0, until - time.monotonic())
            store.replace(name, Kind.KUBELET, kubelets.read(connection.api, nodes, name, make_kubelet, left))
        board.say(Kind.KUBELET, None, gap)
    stale = found.discovered.stale
    gaps, strangers = board.gaps(), ""
    if options.namespaces and Kind.NAMESPACE not in gaps:
        there = (one.name for one in store.snapshot().of(Namespace, name))
        strangers = health.unknown_namespaces(options.namespaces, there)
    return health.read(access.server, found.version.git_version, gaps, stale, found.namespaces, strangers)


def _all(reflectors: list[Reflector], until: float) -> None:
    """List them, a few at a time. What has not come when the time is over is a gap."""
    jobs: queue.SimpleQueue[Reflector] = queue.SimpleQueue()
    open_ = set(map(id, reflectors))
    done = threading.Condition()
    for one in reflectors:
        jobs.put(one)

    def work() -> None:
        while time.monotonic() < until:
            try:
                one = jobs.get_nowait()
            except queue.Empty:
                return
            _list(one, until)
            with done:
                open_.discard(id(one))
                done.notify()

    for number in range(THREADS):
        threading.Thread(target=work, name=f"kubernetes-read-{number}", daemon=True).start()
    with done:
        done.wait_for(lambda: not open_, max(0.0, until - time.monotonic()))
        late = [one for one in reflectors if id(one) in open_]
    for one in late:
        one.stop()
        one.shelf.missing(Gap(Reason.TIMEOUT, one.shelf.path, "not read in time"))


def _list(one: Reflector, until: float) -> None:
    """One list; a server that asks for patience gets it once or twice."""
    for pause in PAUSES:
        try:
            one.read()
            return
        except ApiError as error:
            wait = max(pause, error.retry_after)
            temporary = error.status in {0, 429, 500, 502, 503} and error.reason is not Reason.TIMEOUT
            if not temporary or not pause or time.monotonic() + wait > until:
                return
            time.sleep(wait)
        except Exception as error:  # a mistake in here costs one kind
            one.shelf.missing(Gap(Reason.ERROR, one.shelf.path, type(error).__name__))
            return


def _within(until: float, work: Callable[[], SourceHealth]) -> SourceHealth:
    """The work's result, on a thread of its own so that nothing that hangs can hold us. Raises `ApiError`."""
    results: queue.SimpleQueue[SourceHealth | ApiError] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put(work())
        except ApiError as error:
            results.put(error)
        except Exception as error:  # a mistake in here must not end the program
            results.put(ApiError(Reason.ERROR, 0, f"{type(error).__name__}: {error}"[:300]))

    threading.Thread(target=run, name="kubernetes-read", daemon=True).start()
    try:
        result = results.get(timeout=max(0.1, until - time.monotonic()) + 2.0)
    except queue.Empty:
        raise ApiError(Reason.TIMEOUT, 0, "the cluster did not answer in time") from None
    if isinstance(result, ApiError):
        raise result
    return result
