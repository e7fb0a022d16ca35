"""A source that lists once and then follows: events say what changed, and only that is read again."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

import msgspec

from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.resource import ENGINE_KINDS, Kind
from inventory.snapshot import SourceHealth, Status
from inventory.sources.docker import health
from inventory.sources.docker.activity import Look
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.docker.fetch import no_host
from inventory.sources.docker.follow import Lines, Touch, events_path, touch
from inventory.sources.docker.lateness import Lateness
from inventory.sources.docker.ledger import Ledger
from inventory.sources.docker.past import recent_events
from inventory.sources.docker.session import Session, connect
from inventory.sources.docker.transport import ApiError, Stream, Transport
from inventory.sources.docker.watch import Watch
from inventory.sources.docker.workers import Workers
from inventory.store import Store

BEAT = 2.0
"""Seconds between two signs of life; the only thing that is asked again and again."""
BEAT_LIMIT = 2.5
SILENCE = 9.0
"""Seconds without any answer after which an engine that still accepts connections counts as lost."""
RELIST = 60.0
CONNECT_LIMIT = 5.0
BACK_OFF = (0.5, 5.0)
WORKERS = 3
_ACTIVE = frozenset({"start", "restart", "die", "oom", "unpause"})
"""Events after which a container's processes are others."""
ReadHost = Callable[[Store, str], Host | Gap]


@dataclass(frozen=True, slots=True)
class _Ended:
    """The event stream is over."""

    epoch: int


@dataclass(frozen=True, slots=True)
class _Beat:
    """The result of a sign of life."""

    epoch: int
    error: ApiError | None


@dataclass(frozen=True, slots=True)
class _Happened:
    epoch: int
    touch: Touch


@dataclass(frozen=True, slots=True)
class _Done:
    """A reading has ended; `apply` tells the ledger, on the source's own thread."""

    epoch: int
    apply: Callable[[], None]


class _Stop:
    pass


class _Refresh:
    pass


_Message = _Ended | _Beat | _Happened | _Done | _Stop | _Refresh


class DockerSource:
    """Keeps one engine's part of the store current until stopped. All its threads are daemons; nobody joins them.

    `via` makes the transport (default: from the endpoint), `host` reads the machine below a local engine, `look` what
    its containers do there.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint | None,
        store: Store,
        *,
        tried: tuple[str, ...] = (),
        via: Callable[[], Transport] | None = None,
        host: ReadHost | None = None,
        relist: float = RELIST,
        find: Callable[[], Endpoint | None] | None = None,
        look: Look | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self._store = store
        self._tried = tried
        self._via = via
        self._host = host
        self._relist = relist
        self._find = find
        self._look = look
        self._inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._epoch = 0
        self._answered = 0.0
        self._silent = False
        self._stream: Stream | None = None
        self._late = Lateness()
        self._workers: Workers[None] = Workers(f"docker-{name}", WORKERS, lambda _nothing: None)

    def start(self) -> None:
        """Begin; returns at once."""
        for (
            kind
        ) in ENGINE_KINDS:  # machine and components too, or a check would find nothing wrong with what is not there yet
            if kind not in {Kind.ENDPOINT, Kind.IMAGE_ANALYSIS}:  # no engine tells of these
                self._store.set_gap(self.name, kind, Gap(Reason.PENDING, f"GET /{kind.value}"))
        self._health(Status.CONNECTING, "connecting")
        self._workers.start()
        threading.Thread(target=self._run, name=f"docker-{self.name}", daemon=True).start()

    def stop(self) -> None:
        """End; returns at once and waits for nobody."""
        self._stopped.set()
        self._inbox.put(_Stop())
        self._workers.stop()
        if self._stream is not None:
            self._stream.close()

    def refresh(self) -> None:
        """Read everything again now; when the engine is away, try to reach it now."""
        self._inbox.put(_Refresh())

    # -- the source's own thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = 0.0
        while not self._stopped.is_set():
            if pause and not self._rest(pause):
                return
            try:
                session = self._connect()
                began = time.monotonic()
                self._follow(session)
            except ApiError as error:
                self._lost(error)
                pause = min(max(pause * 2, BACK_OFF[0]), BACK_OFF[1])
                continue
            except Exception as error:  # a mistake in here, or a context that is gone, must not end the source for good
                self._lost(ApiError(Reason.ERROR, 0, f"{type(error).__name__}: {error}"))
                pause = BACK_OFF[1]
                continue
            # An engine that drops us again and again must not be hammered.
            pause = 0.0 if time.monotonic() - began > BACK_OFF[1] else max(pause, BACK_OFF[0])

    def _rest(self, pause: float) -> bool:
        """Wait with jitter until it is time or somebody asks; whether to go on."""
        until = time.monotonic() + pause * random.uniform(0.7, 1.3)  # noqa: S311 - spreads retries, guards nothing
        while (left := until - time.monotonic()) > 0:
            try:
                message = self._inbox.get(timeout=left)
            except queue.Empty:
                return True
            if isinstance(message, _Stop):
                return False
            if isinstance(message, _Refresh):
                return True
        return True

    def _connect(self) -> Session:
        """A session and its event stream; the stream comes first so that nothing falls between it and the list."""
        if self.endpoint is None and self._find is not None:
            self.endpoint = self._find()
        if self.endpoint is None:
            raise ApiError(Reason.ABSENT, 0, "no engine found")
        channel = self._via() if self._via else transport(self.endpoint)
        session = connect(channel, deadline=CONNECT_LIMIT, answered=partial(self._store.answered, self.name))
        self._stream = session.stream(events_path(session.flavour), deadline=CONNECT_LIMIT)
        return session

    def _follow(self, session: Session) -> None:
        self._epoch += 1
        epoch, stream, endpoint = self._epoch, cast(Stream, self._stream), cast(Endpoint, self.endpoint)
        over = threading.Event()
        for work in (partial(self._listen, stream, epoch), partial(self._beat, session, epoch, over)):
            threading.Thread(target=work, name=f"docker-{self.name}-{work.func.__name__}", daemon=True).start()
        if self._epoch == 1:  # later the daemon's memory would repeat what was seen
            work = partial(self._remember, session, time.time())
            threading.Thread(target=work, name=f"docker-{self.name}-past", daemon=True).start()
        self._late.again()
        ledger = Ledger(session, self.name, endpoint, self._store, self._late)
        if self._host is None:
            self._store.set_gap(self.name, Kind.HOST, no_host(endpoint))
        else:
            ledger.host = partial(self._host, self._store, self.name)
        watch = Watch(session, self.name, self._store, self._look)
        threading.Thread(target=watch.run, name=f"docker-{self.name}-activity", daemon=True).start()
        try:
            self._loop(session, ledger, watch, epoch)
        finally:
            over.set()
            watch.stop()
            stream.close()

    def _loop(self, session: Session, ledger: Ledger, watch: Watch, epoch: int) -> None:
        """Until the engine is lost or the source is stopped."""
        again = 0.0
        self._answered, self._silent = time.monotonic(), False
        going = True
        while going:
            now = time.monotonic()
            if now >= again:
                ledger.relist(now)
                again = now + self._relist
            for job in ledger.due(now):
                self._workers.submit(partial(self._work, job, epoch))
            due = ledger.next_due()
            messages = self._messages(min(again, due if due is not None else again) - time.monotonic())
            going = all(self._handle(message, ledger, epoch) for message in messages)
            for message in messages:
                if isinstance(message, _Happened) and message.epoch == epoch:
                    _tell(watch, message.touch)
            ledger.flush()
            watch.look()
            if going and not self._silent:
                self._report(session, ledger)

    def _handle(self, message: _Message, ledger: Ledger, epoch: int) -> bool:
        """Deal with one message; whether the engine is still there."""
        if isinstance(message, _Stop):
            return False
        if isinstance(message, _Refresh):
            ledger.relist(time.monotonic())
        elif message.epoch != epoch:
            pass  # of a connection that is over
        elif isinstance(message, _Happened):
            ledger.happened(message.touch, time.monotonic())
        elif isinstance(message, _Done):
            message.apply()
        elif isinstance(message, _Ended):
            return False
        else:
            return self._heard(message.error, ledger)
        return True

    def _heard(self, error: ApiError | None, ledger: Ledger) -> bool:
        """A sign of life, or none. Silence is not the end: a stopped engine may go on where it was."""
        now = time.monotonic()
        if error is None:
            self._answered = now
            if self._silent:
                self._silent = False
                ledger.relist(now)
        elif error.reason is not Reason.TIMEOUT:
            return False
        elif now - self._answered > SILENCE and not self._silent:
            self._silent = True
            self._lost(error)
        return True

    def _messages(self, wait: float) -> list[_Message]:
        """Everything that has arrived, so that a burst becomes one change of the store."""
        messages: list[_Message] = []
        try:
            messages.append(self._inbox.get(timeout=max(0.0, wait)))
            while len(messages) < 500:
                messages.append(self._inbox.get_nowait())
        except queue.Empty:
            pass
        return messages

    def _report(self, session: Session, ledger: Ledger) -> None:
        if not ledger.described:
            return
        endpoint = cast(Endpoint, self.endpoint)
        notes = ledger.notes(time.monotonic())
        found = health.read(endpoint, session.flavour, ledger.version, ledger.gaps, notes)
        self._store.set_health(self.name, found)

    # -- helpers' threads ---------------------------------------------------------------------------------------

    def _work(self, job: Callable[[], Callable[[], None]], epoch: int) -> None:
        self._inbox.put(_Done(epoch, job()))

    def _listen(self, stream: Stream, epoch: int) -> None:
        lines = Lines()
        try:
            for piece in stream:
                for line in lines.feed(piece):
                    self._inbox.put(_Happened(epoch, touch(line, self.name)))
        except ApiError:
            pass  # that it ended is all there is to know; connecting again tells why
        finally:
            self._inbox.put(_Ended(epoch))

    def _remember(self, session: Session, now: float) -> None:
        self._store.add_events(recent_events(session, self.name, now))

    def _beat(self, session: Session, epoch: int, over: threading.Event) -> None:
        while not over.wait(BEAT) and not self._stopped.is_set():
            try:
                session.ping(deadline=BEAT_LIMIT)
            except ApiError as error:
                self._inbox.put(_Beat(epoch, error))
            else:
                self._inbox.put(_Beat(epoch, None))

    # -- health -------------------------------------------------------------------------------------------------

    def _lost(self, error: ApiError) -> None:
        """Say so; the rows stay. A kind that was never read says why."""
        if self.endpoint is None:
            found = SourceHealth("docker", "", Status.UNREACHABLE, "no container engine found", tried=self._tried)
        else:
            found = health.failed(self.endpoint, error, tried=self._tried)
        before = self._store.snapshot()
        for (source, kind), gap in before.gaps.items():
            if source == self.name and gap.reason in {Reason.PENDING, Reason.TIMEOUT, Reason.DENIED, Reason.ERROR}:
                self._store.set_gap(source, kind, Gap(error.reason, f"GET /{kind.value}", found.detail))
        known = before.sources.get(self.name)
        if known is not None and known.version:
            found = msgspec.structs.replace(found, kind=known.kind, version=known.version)
        self._store.set_health(self.name, found)

    def _health(self, status: Status, detail: str) -> None:
        target = self.endpoint.url if self.endpoint else ""
        self._store.set_health(self.name, SourceHealth("docker", target, status, detail, tried=self._tried))


def _tell(watch: Watch, touch: Touch) -> None:
    event = touch.event
    if event is not None and event.kind == "container" and event.action in _ACTIVE:
        watch.touch(event.id)
