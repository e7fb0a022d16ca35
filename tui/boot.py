"""From options to sources that can be started. Loaded after the first paint: it brings engines and model along."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inventory.gap import Gap, Reason
from inventory.snapshot import SourceHealth, Status
from inventory.sources.bundle.manifest import CLUSTER
from inventory.sources.bundle.replay import Replay, open_bundle, open_demo
from inventory.sources.docker.session import connect
from inventory.sources.docker.transport import ApiError
from tui.collect import fill
from tui.figures import Figures
from tui.options import AnalysisOptions, ExplorerOptions
from tui.session import Sampler, Session, Source
from tui.talk import Talk
from tui.threads import spawn

if TYPE_CHECKING:
    from checks.policy import Policy


@dataclass
class Boot:
    """What will be read, ready to be started."""

    sources: list[Source] = field(default_factory=list)
    sampler: Sampler | None = None
    host_name: str = ""
    target: str = ""
    recorded_at: float = 0.0
    names: Mapping[str, str] | None = None  # to probe with; None: nothing is probed
    analysis: AnalysisOptions | None = None  # how images are looked into; None: there are none to look into

    @classmethod
    def of(cls, options: ExplorerOptions, session: Session) -> Boot:
        """Find what the options ask for. Nothing is read yet, and nothing found is a source that says so.

        Raises `BundleError` for a recording that cannot be opened: there is nothing to wait for.
        """
        if options.sources.demo or options.sources.bundle is not None:
            return cls._recorded(options, session)
        if options.sources.manifests:
            source = Files(session, options.sources.manifests, options.sources.clusters.namespaces)
            return cls([source], None, "", source.target, time.time())
        return cls._live(options, session)

    def start(self, session: Session, policy: Policy) -> None:
        """Let everything run."""
        session.recorded_at = self.recorded_at
        session.start(self.sources, policy, self.sampler)
        if self.names is not None:
            from tui.probing import follow

            names = self.names
            spawn("probe", lambda: follow(session.store, self._engines, names))
        if self.analysis is not None:
            spawn("analyses", lambda: self._look_into_images(session, policy))

    def _look_into_images(self, session: Session, policy: Policy) -> None:
        """Loaded in the thread: the screen does not wait for it."""
        from tui.analysing import Analyst
        from tui.deep import examiner, follow

        options = self.analysis
        if options is None:
            return
        work = examiner(options, policy, session.store, self._endpoint)
        session.analyst = Analyst(session.store, work)
        follow(options, work, session.analyst, session.store)

    def _endpoint(self, source: str) -> Any:
        return next((getattr(one, "endpoint", None) for one in self.sources if one.name == source), None)

    def _engines(self) -> list[tuple[str, str]]:
        """Name and URL of each engine that was found."""
        found = ((source.name, getattr(source, "endpoint", None)) for source in self.sources)
        return [(name, endpoint.url) for name, endpoint in found if endpoint is not None]

    @classmethod
    def _recorded(cls, options: ExplorerOptions, session: Session) -> Boot:
        path = options.sources.bundle
        replay = open_bundle(path) if path is not None else open_demo()
        sources: list[Source] = [
            Recorded(session, replay, entry.name, str(path or "demo"), first=index == 0)
            for index, entry in enumerate(replay.sources)
        ]
        return cls(sources, Figures(session), replay.host, str(path or "demo"), replay.time)

    @classmethod
    def _live(cls, options: ExplorerOptions, session: Session) -> Boot:
        from tui import node
        from tui.clusters import live_clusters
        from tui.collect import meant
        from tui.live import live_source

        boot = cls(sampler=Figures(session), names=options.sources.names if options.sources.probe else None)
        boot.analysis = options.sources.analysis if options.sources.docker else None
        engines: list[Source] = []
        if options.sources.docker:
            engines = [live_source(session, name, host) for name, host in meant(options.sources).items()]
        here = node.source(options.sources, session.store)
        there = [one for one in engines if getattr(one, "endpoint", "") is not None]
        clusters = live_clusters(options.sources, session, all_of_them=False)
        if clusters or here:
            engines = there  # nobody named one and nothing hints at one: it would be waited for without end
        elif not there:
            clusters = live_clusters(options.sources, session)
        boot.sources = engines + clusters
        boot.target = ", ".join(source.target for source in boot.sources) or node.NAME
        boot.sources += here
        return boot


class Nothing:
    """A source that is not there: it says what was tried and what to do, and keeps saying it."""

    def __init__(self, session: Session, name: str, target: str, reason: Reason, detail: str, *tried: str) -> None:
        self.name = name
        self.target = target
        self._session = session
        self._gap = Gap(reason, target, detail)
        status = Status.FORBIDDEN if reason is Reason.DENIED else Status.UNREACHABLE
        self._health = SourceHealth("docker", target, status, detail, tried=tried)

    def start(self) -> None:
        """Say so."""
        self._session.store.set_health(self.name, self._health)

    def stop(self) -> None:
        """Nothing runs."""

    def refresh(self) -> None:
        """Nothing to read."""

    def reader(self) -> Any:
        """Nothing can be read."""
        return self._gap


class Files:
    """Manifests and Compose files. They are read again when a person asks for it, except for standard input."""

    def __init__(self, session: Session, paths: tuple[str, ...], namespaces: tuple[str, ...]) -> None:
        self.name = "manifests"
        self.target = " ".join(paths)
        self._session = session
        self._paths = paths
        self._namespace = next(iter(namespaces), "default")
        self._stdin: bytes | None = None
        self._reading = threading.Lock()

    def start(self) -> None:
        """Read them."""
        spawn("manifests", self._read)

    def _read(self) -> None:
        from inventory.sources.manifests.read import fill, read

        store = self._session.store
        with self._reading:
            try:
                fill(store, read(self._paths, namespace=self._namespace, stdin=self._input), self.target)
                self._session.recorded_at = time.time()  # files do not change by themselves: that is how old they are
            except Exception as error:
                said = f"these files cannot be read: {type(error).__name__}: {error}"
                store.set_health(self.name, SourceHealth("manifests", self.target, Status.UNREACHABLE, said))

    def _input(self) -> bytes:
        from inventory.sources.manifests.files import standard_input

        if self._stdin is None:
            self._stdin = standard_input()
        return self._stdin

    def stop(self) -> None:
        """It ends by itself."""

    def refresh(self) -> None:
        """Read them again."""
        spawn("manifests", self._read)

    def reader(self) -> Any:
        """A file has nothing but what was read of it."""
        return Gap(Reason.UNSUPPORTED, "reading on demand", "these are files, nothing that runs")


class Recorded:
    """One engine or cluster of a bundle, read once by the code that reads a live one."""

    def __init__(self, session: Session, replay: Replay, name: str, target: str, *, first: bool) -> None:
        self.name = name
        self._kind = next((one.kind for one in replay.sources if one.name == name), "")
        self.target = target
        self._session = session
        self._replay = replay
        self._first = first

    def start(self) -> None:
        """The first source of a bundle reads for all of them."""
        if self._first:
            spawn("replay", self._fill)

    def _fill(self) -> None:
        try:
            fill(self._session.store, self._replay, self.target)
        except Exception as error:
            said = f"this recording cannot be read: {type(error).__name__}: {error}"
            health = SourceHealth("bundle", self.target, Status.UNREACHABLE, said)
            self._session.store.set_health(self.name, health)

    def stop(self) -> None:
        """It ends by itself."""

    def refresh(self) -> None:
        """A recording does not change."""

    def reader(self) -> Any:
        """Reads the answers that were recorded for the drill-down."""
        if self._kind == CLUSTER:
            from inventory.sources.bundle.cluster import replayed_way
            from inventory.sources.kubernetes.connection import Connection, Options
            from inventory.sources.kubernetes.reader import ClusterReader

            return ClusterReader(Connection(Options(), way=replayed_way(self._replay, self.name)).api, self.name)
        try:
            return Talk(connect(self._replay.transport(self.name), deadline=1.0), local=False)
        except ApiError as error:
            return error.gap("the recording")
