"""A cluster, live: every kind listed once and then watched, or asked by turns for what has changed since."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import ApiResource, KubeNode, Namespace
from inventory.resource import Kind
from inventory.snapshot import SourceHealth, Status
from inventory.sources.kubernetes import greeting, health, kubelets, plan
from inventory.sources.kubernetes.connection import Connection, Options, lost, pending, settle
from inventory.sources.kubernetes.deriving import Deriver
from inventory.sources.kubernetes.errors import FORBIDDEN, ApiError
from inventory.sources.kubernetes.greeting import Greeting
from inventory.sources.kubernetes.plan import Wanted
from inventory.sources.kubernetes.reader import ClusterReader
from inventory.sources.kubernetes.reflector import Reflector
from inventory.sources.kubernetes.shelf import Board
from inventory.store import Store

BEAT = 2.0
"""Seconds between two signs of life."""
BEAT_LIMIT = 4.0
SILENCE = 9.0
BACK_OFF = (0.5, 30.0)
TURNS = 3
"""Threads that ask by turns for the kinds that are not watched all the time."""
TURN = 2.0
"""Seconds that one such question listens for changes."""
PAUSE = 15.0
"""Seconds between two questions for one of them."""
POLL = 30.0
"""Seconds between two lists of a kind that may not be watched."""
ABREAST = 3
"""Kinds that are told as a whole at the same time."""
ANEW = 600.0
"""Seconds after which it is asked again what the server serves."""
STACK = 1 << 20


class KubernetesSource:
    """Keeps one cluster's part of the store current until stopped. All its threads are daemons; nobody joins them."""

    def __init__(
        self,
        name: str,
        store: Store,
        options: Options | None = None,
        *,
        target: str = "",
        way: Callable[[], Any] | None = None,
        make_kubelet: kubelets.MakeKubelet = kubelets.kubelet,
    ) -> None:
        self.name = name
        self.options = options or Options()
        self.connection = Connection(self.options, partial(store.answered, name), way)
        self._target = target
        self._store = store
        self._make_kubelet = make_kubelet
        self._deriver = Deriver(store, name)
        self._board = Board(store, name, self._deriver.hear)
        self._stopped = threading.Event()
        self._wanted = threading.Event()  # somebody asks for everything anew
        self._abreast = threading.Semaphore(ABREAST)
        self._followers: dict[tuple[Kind, tuple[str, str]], _Follower] = {}
        self._turns = _Turns(self._stopped)
        self.connection.renewed = self._renewed
        self.connection.moved = self._moved
        self._greeting: Greeting | None = None

    @property
    def target(self) -> str:
        """The server's address, as far as it is known."""
        return (self.connection.access.server if self.connection.access else "") or self._target

    def start(self) -> None:
        """Begin; returns at once."""
        pending(self._board, self._store, self.name)
        self._store.set_health(self.name, SourceHealth(health.KIND, self.target, Status.CONNECTING, "connecting"))
        _thread(f"kubernetes-{self.name}", self._run)
        _thread(f"kubernetes-{self.name}-derive", self._deriver.run)

    def stop(self) -> None:
        """End; returns at once and waits for nobody."""
        self._stopped.set()
        self._wanted.set()
        self._deriver.stop()
        self._turns.stop()
        for one in list(self._followers.values()):
            one.reflector.stop()
            one.woken.set()

    def refresh(self) -> None:
        """Read everything again, with credentials read again, and what was forbidden too."""
        self.connection.api.again()
        self._wanted.set()

    def reader(self) -> ClusterReader | Gap:
        """What reads logs, objects and events on demand."""
        return ClusterReader(self.connection.api, self.name, self._resources)

    def _resources(self) -> tuple[ApiResource, ...]:
        return self._greeting.discovered.resources if self._greeting else ()

    def _renewed(self) -> None:
        """Other credentials than before: what was forbidden may be allowed."""
        for one in list(self._followers.values()):
            if one.reflector.denied:
                one.anew()
        self._turns.hurry()

    def _moved(self) -> None:
        """The way was read anew and may lead to another cluster: nothing that was read before can go on."""
        if self._greeting is not None:
            self._wanted.set()

    # -- the source's own thread ----------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = 0.0
        while not self._stopped.is_set():
            try:
                self._greet()
                pause = 0.0
                self._keep()
            except ApiError as error:
                self._lost(error)
            except Exception as error:  # a mistake in here must not end the source for good
                self._lost(ApiError(Reason.ERROR, 0, f"{type(error).__name__}: {error}"[:300]))
            pause = min(max(pause * 2, BACK_OFF[0]), BACK_OFF[1])
            self._wanted.wait(_jittered(pause))
            self._wanted.clear()

    def _greet(self) -> None:
        """Ask who is there, and start to read what is not read yet. Raises `ApiError`."""
        found = greeting.greet(self.connection.api, self.connection.own_namespace, self.options.namespaces)
        if self._greeting is not None and self._greeting.namespaces != found.namespaces:
            for one in self._followers.values():  # rights have changed: another set of lists
                one.retire()
            self._followers.clear()
        self._greeting = found
        access = self.connection.seen()
        self._store.replace(self.name, Kind.CLUSTER, [greeting.cluster(self.name, found, access, time.time())])
        lists = plan.wanted(found.discovered, found.namespaces)
        fresh = [one for one in lists if (one.kind, one.place) not in self._followers]
        for wanted in lists:
            known = self._followers.get((wanted.kind, wanted.place))
            if known is not None and known.reflector.absent:  # installed by now
                known.anew()
        made = [self._follower(one) for one in fresh]
        settle(self._board, found, lists, self.options)
        for follower in made:
            if follower.live:
                _thread(f"kubernetes-{self.name}-{follower.reflector.reading.served.resource}", follower.run)
            else:
                self._turns.add(follower)
        self._turns.start(self.name)
        if self.options.read_kubelet_config:
            _thread(f"kubernetes-{self.name}-kubelets", self._kubelets)
        self._report()

    def _follower(self, one: Wanted) -> _Follower:
        reflector = self.connection.reflector(one, self.name, self._store, self._board, turn=self._abreast)
        follower = _Follower(reflector, one.live, self._stopped)
        self._followers[one.kind, one.place] = follower
        return follower

    def _keep(self) -> None:
        """Signs of life and reports, until somebody wants everything anew or it is time to ask what there is."""
        answered, silent = time.monotonic(), False
        anew = time.monotonic() + ANEW
        while not self._wanted.wait(BEAT) and time.monotonic() < anew and not self._stopped.is_set():
            try:
                greeting.version_of(self.connection.api, BEAT_LIMIT)
            except ApiError as error:
                if error.refuses_credentials or time.monotonic() - answered > SILENCE:
                    self._lost(error)
                    silent = True
                continue
            answered = time.monotonic()
            if silent:
                silent = False
                for one in self._followers.values():  # a connection of before may be dead without knowing it
                    one.reflector.cut()
                    one.woken.set()
            self._report()
        if self._wanted.is_set():
            self._wanted.clear()
            for one in self._followers.values():
                one.anew()
            self._turns.hurry()

    def _report(self) -> None:
        found = self._greeting
        if found is not None:
            gaps, strangers = self._board.gaps(), ""
            if self.options.namespaces and Kind.NAMESPACE not in gaps:
                there = (one.name for one in self._store.snapshot().of(Namespace, self.name))
                strangers = health.unknown_namespaces(self.options.namespaces, there)
            version, stale = found.version.git_version, found.discovered.stale
            told = health.read(self.target, version, gaps, stale, found.namespaces, strangers)
            self._store.set_health(self.name, told)

    def _lost(self, error: ApiError) -> None:
        """Say so; the rows stay."""
        version = self._greeting.version.git_version if self._greeting else ""
        lost(self._board, error.gap(""))
        self._store.set_health(self.name, health.failed(self.target, error, version))

    def _kubelets(self) -> None:
        """Ask every kubelet once, when the nodes are known."""
        for _ in range(60):
            if self._board.open(Kind.KUBE_NODE, ("", "")) is None or self._stopped.wait(1.0):
                break
        gap = self._board.open(Kind.KUBE_NODE, ("", "")) or kubelets.permitted(self.connection.api)
        if gap is None:
            nodes = [one.name for one in self._store.snapshot().of(KubeNode, self.name)]
            found = kubelets.read(self.connection.api, nodes, self.name, self._make_kubelet)
            self._store.replace(self.name, Kind.KUBELET, found)
        self._board.say(Kind.KUBELET, None, gap)


class _Follower:
    """Runs one reflector: again and again, later after failures, never after a refusal until somebody asks."""

    def __init__(self, reflector: Reflector, live: bool, stopped: threading.Event) -> None:
        self.reflector = reflector
        self.live = live
        self.woken = threading.Event()
        self._stopped = stopped
        self._retired = False
        self._again = False
        self._pause = 0.0

    def run(self) -> None:
        """The life of a live one."""
        while not self.over:
            self.woken.wait(self.step())
            self.woken.clear()

    @property
    def over(self) -> bool:
        """Whether nobody needs it any more."""
        return self._stopped.is_set() or self._retired

    def step(self, seconds: float | None = None) -> float:
        """One go; how long to wait before the next."""
        if self._again:
            self._again, self._pause = False, 0.0
            self.reflector.again()
        if self.reflector.denied or self.reflector.absent:
            return ANEW * 10
        try:
            if seconds is None:
                self.reflector.follow()
            elif not self.reflector.known:  # others wait for their first list
                self.reflector.read()
                return _jittered(1.0)
            else:
                self.reflector.follow(seconds)
        except ApiError as error:
            return self._after(error)
        except Exception as error:  # a mistake in here costs this kind a pause, not its life
            self.reflector.shelf.missing(Gap(Reason.ERROR, self.reflector.shelf.path, f"{type(error).__name__}"))
            return self._after(ApiError(Reason.ERROR, 0, ""))
        self._pause = 0.0
        if self.reflector.polled:
            return _jittered(POLL)
        return _jittered(0.2) if seconds is None else _jittered(PAUSE)

    def anew(self) -> None:
        """Read everything again; the stream of before ends."""
        self._again = True
        self.reflector.cut()
        self.woken.set()

    def retire(self) -> None:
        """End, and what it has told with it."""
        self._retired = True
        self.reflector.stop()
        self.reflector.shelf.close()
        self.woken.set()

    def _after(self, error: ApiError) -> float:
        self._pause = min(max(self._pause * 2, BACK_OFF[0]), BACK_OFF[1])
        if error.status == FORBIDDEN:
            return ANEW * 10
        return max(_jittered(self._pause), error.retry_after)


class _Turns:
    """A few threads for many kinds: whichever is due longest is asked next."""

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, _Follower]] = []
        self._count = itertools.count()
        self._started = False

    def add(self, follower: _Follower) -> None:
        """Ask for it from now on."""
        with self._changed:
            heapq.heappush(self._due, (0.0, next(self._count), follower))
            self._changed.notify()

    def hurry(self) -> None:
        """Everything is due now."""
        with self._changed:
            self._due = [(0.0, number, follower) for _, number, follower in self._due]
            heapq.heapify(self._due)
            self._changed.notify_all()

    def stop(self) -> None:
        """End; returns at once."""
        with self._changed:
            self._changed.notify_all()

    def start(self, name: str) -> None:
        """Start the threads, once."""
        if not self._started:
            self._started = True
            for number in range(TURNS):
                _thread(f"kubernetes-{name}-turns-{number}", self._run)

    def _run(self) -> None:
        while (follower := self._next()) is not None:
            wait = follower.step(TURN)
            if not follower.over:
                with self._changed:
                    heapq.heappush(self._due, (time.monotonic() + wait, next(self._count), follower))
                    self._changed.notify()

    def _next(self) -> _Follower | None:
        with self._changed:
            while not self._stopped.is_set():
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(self._due[0][0] - now if self._due else None)
        return None


_starting = threading.Lock()


def _thread(name: str, work: Callable[[], None]) -> None:
    """A daemon with a small stack: a cluster takes a few dozen of them."""
    with _starting:
        before = threading.stack_size(STACK)
        try:
            threading.Thread(target=work, name=name, daemon=True).start()
        finally:
            threading.stack_size(before)


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.7, 1.3)  # noqa: S311 - spreads requests, guards nothing
