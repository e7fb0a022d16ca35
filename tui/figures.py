"""Live figures of the containers on the screen: from control groups where they are here, else a few API answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.resource import ResourceKey
from inventory.sources.docker import details
from inventory.sources.docker.stats import CgroupStats, Sample, cpu_percent
from tui.picture import Stats
from tui.talk import Talks

if TYPE_CHECKING:
    from tui.session import Session

MISSES = 3  # readings in a row that may fail before a figure is too old to be shown
REMOTE = 2  # containers asked about per round where each answer takes the engine up to a second


class Figures:
    """A `Sampler`. A figure is kept until its next turn, and left out once three readings of it have failed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._files = CgroupStats()
        self._before: dict[ResourceKey, Sample] = {}
        self._shown: dict[ResourceKey, Stats] = {}
        self._turn = 0
        self._missed: dict[ResourceKey, int] = {}
        self._talks = Talks(session.reader)

    def sample(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Stats]:
        """The figures of those of `keys` that run."""
        snapshot = self._session.store.snapshot()
        running = [c for key in keys if isinstance(c := snapshot.get(key), Container) and c.state == "running"]
        elsewhere = [container for container in running if not self._from_files(container)]
        silent: set[str] = set()  # sources that are not asked again this round
        for container in self._next(elsewhere):
            if container.key.source not in silent and not self._from_engine(container):
                silent.add(container.key.source)
        for container in elsewhere:
            if container.key.source in silent:
                self._miss(container.key)
        kept = {c.key for c in running if self._missed.get(c.key, 0) < MISSES}
        self._missed = {key: count for key, count in self._missed.items() if key in self._shown}
        self._shown = {key: stats for key, stats in self._shown.items() if key in kept}
        self._before = {key: sample for key, sample in self._before.items() if key in kept}
        return self._shown

    def _next(self, containers: list[Container]) -> list[Container]:
        """A few at a time, in turn."""
        if len(containers) <= REMOTE or self._session.recorded_at:
            return containers
        self._turn = (self._turn + REMOTE) % len(containers)
        return (containers + containers)[self._turn : self._turn + REMOTE]

    def _from_files(self, container: Container) -> bool:
        pid = container.peek("pid")
        if isinstance(pid, Gap) or not self._local(container.key.source):
            return False
        found = self._files.sample(container.id, pid)
        if isinstance(found, Gap):
            return False
        self._note(container.key, found)
        return True

    def _local(self, source: str) -> bool:
        return any(getattr(found, "local", False) for found in self._session.sources if found.name == source)

    def _from_engine(self, container: Container) -> bool:
        """Whether the engine answers at all."""
        source = container.key.source
        talk = self._talks.to(source)
        if isinstance(talk, Gap):
            return False
        found = details.stats(talk.session, container.id)
        self._talks.heard(source, found)
        if isinstance(found, Sample):
            self._note(container.key, found)
        elif found.reason is Reason.TIMEOUT:
            return False
        else:
            self._miss(container.key)
        return True

    def _miss(self, key: ResourceKey) -> None:
        self._missed[key] = self._missed.get(key, 0) + 1

    def _note(self, key: ResourceKey, sample: Sample) -> None:
        self._missed.pop(key, None)
        before = self._before.get(key)
        self._before[key] = sample
        cpu = cpu_percent(before, sample) if before is not None else None
        # Rounded as they are shown: a figure that reads the same is not painted again.
        shown = None if cpu is None else round(cpu, 1)
        self._shown[key] = Stats(shown, _rounded(sample.memory), sample.memory_limit, sample.pids)


def _rounded(count: int) -> int:
    return count if count < 1 << 20 else count >> 18 << 18
