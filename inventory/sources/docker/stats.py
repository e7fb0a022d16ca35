"""What a container uses right now: from its control group's files when it runs here, else from an API answer."""

from __future__ import annotations

from time import time

import msgspec

from inventory.gap import Gap, Reason
from inventory.sources.docker.facts import moment
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader, LocalReader

_CGROUPS = "/sys/fs/cgroup"
_NO_LIMIT = 1 << 60


class Sample(msgspec.Struct, frozen=True):
    """Counters at one moment (`at`: epoch seconds). Bytes; `cpu` in nanoseconds since its start; no limit is 0
    from files and the host's memory from the API.

    None: not told. `memory` is without the page cache that can be dropped, as `docker stats` shows it.
    """

    at: float
    cpu: int
    memory: int
    memory_limit: int = 0
    pids: int | None = None
    read: int | None = None
    written: int | None = None
    received: int | None = None
    sent: int | None = None


def cpu_percent(before: Sample, after: Sample) -> float | None:
    """Percent of one processor between two samples; None when they do not follow each other."""
    span = (after.at - before.at) * 1e9
    used = after.cpu - before.cpu
    return 100.0 * used / span if span > 0 and used >= 0 else None


class CgroupStats:
    """Samples of local containers; half a dozen small files each, well under a millisecond."""

    def __init__(self, reader: HostReader | None = None) -> None:
        self._reader = reader or LocalReader()
        self._groups: dict[tuple[str, int], dict[str, str]] = {}

    def sample(self, container: str, pid: int) -> Sample | Gap:
        """One sample of a running container, whose first process is `pid`."""
        if pid <= 0:  # a crash-looping container says Running with pid 0
            return Gap(Reason.UNSUPPORTED, "cgroup", "the container is not running")
        found = told(lambda: self._sample(container, pid), f"/proc/{pid}/cgroup")
        if isinstance(found, Gap):
            self._groups.pop((container, pid), None)
        return found

    def _sample(self, container: str, pid: int) -> Sample | Gap:
        groups = self._groups.get((container, pid))
        if groups is None:
            if len(self._groups) > 5000:
                self._groups.clear()
            groups = _groups(self._reader.read(f"/proc/{pid}/cgroup"))
            if not any(container in path for path in groups.values()):
                # A rootless engine on cgroup v1 makes none: the figures would be the whole machine's.
                return Gap(Reason.UNSUPPORTED, f"/proc/{pid}/cgroup", "it has no control group of its own")
            self._groups[container, pid] = groups
        return self._unified(groups[""], pid) if "memory" not in groups else self._split(groups, pid)

    def _unified(self, path: str, pid: int) -> Sample:
        """Control groups v2."""
        base = f"{_CGROUPS}{path}"
        cpu = _table(self._reader.read(f"{base}/cpu.stat"))["usage_usec"] * 1000
        cache = _table(self._reader.read(f"{base}/memory.stat")).get("inactive_file", 0)
        used = int(self._reader.read(f"{base}/memory.current")) - cache
        limit = self._reader.read(f"{base}/memory.max").strip()
        moved = told(lambda: _io_stat(self._reader.read(f"{base}/io.stat")), "io.stat")
        return self._finish(base, pid, cpu, used, 0 if limit == b"max" else int(limit), moved)

    def _split(self, groups: dict[str, str], pid: int) -> Sample:
        """Control groups v1: one hierarchy per controller."""
        memory = f"{_CGROUPS}/memory{groups['memory']}"
        cpu = int(self._reader.read(f"{_CGROUPS}/cpuacct{groups['cpuacct']}/cpuacct.usage"))
        cache = _table(self._reader.read(f"{memory}/memory.stat")).get("total_inactive_file", 0)
        used = int(self._reader.read(f"{memory}/memory.usage_in_bytes")) - cache
        limit = int(self._reader.read(f"{memory}/memory.limit_in_bytes"))
        block = f"{_CGROUPS}/blkio{groups.get('blkio', '')}/blkio.throttle.io_service_bytes_recursive"
        moved = told(lambda: _blkio(self._reader.read(block)), "blkio")
        pids = f"{_CGROUPS}/pids{groups.get('pids', '')}"
        return self._finish(pids, pid, cpu, used, 0 if limit > _NO_LIMIT else limit, moved)

    def _finish(self, base: str, pid: int, cpu: int, used: int, limit: int, moved: tuple[int, int] | Gap) -> Sample:
        pids = told(lambda: int(self._reader.read(f"{base}/pids.current")), "pids.current")
        net = told(lambda: _net_dev(self._reader.read(f"/proc/{pid}/net/dev")), "net/dev")
        read, written = (None, None) if isinstance(moved, Gap) else moved
        received, sent = (None, None) if isinstance(net, Gap) else net
        count = None if isinstance(pids, Gap) else pids
        return Sample(time(), cpu, max(used, 0), limit, count, read, written, received, sent)


def _groups(table: bytes) -> dict[str, str]:
    """Controller -> path of /proc/PID/cgroup; the unified hierarchy's controller is ""."""
    found: dict[str, str] = {}
    for line in table.decode("utf-8", "surrogateescape").splitlines():
        _, controllers, path = line.split(":", 2)
        found.update(dict.fromkeys(controllers.split(","), path if path != "/" else ""))
    return found


def _table(text: bytes) -> dict[str, int]:
    rows = (line.split() for line in text.decode("ascii", "replace").splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def _io_stat(text: bytes) -> tuple[int, int]:
    words = text.decode("ascii", "replace").split()
    return _sum(words, "rbytes="), _sum(words, "wbytes=")


def _sum(words: list[str], prefix: str) -> int:
    return sum(int(word[len(prefix) :]) for word in words if word.startswith(prefix))


def _blkio(text: bytes) -> tuple[int, int]:
    rows = [line.split() for line in text.decode("ascii", "replace").splitlines()]
    read, written = (sum(int(row[2]) for row in rows if len(row) == 3 and row[1] == verb) for verb in ("Read", "Write"))
    return read, written


def _net_dev(text: bytes) -> tuple[int, int]:
    """All interfaces but the loopback."""
    rows = (line.partition(":") for line in text.decode("ascii", "replace").splitlines()[2:])
    counts = [values.split() for name, _, values in rows if name.strip() != "lo"]
    return sum(int(row[0]) for row in counts), sum(int(row[8]) for row in counts)


class _CpuUsage(msgspec.Struct):
    total_usage: int = 0


class _Cpu(msgspec.Struct):
    cpu_usage: _CpuUsage | None = None


class _Memory(msgspec.Struct):
    usage: int | None = None
    limit: int = 0
    stats: dict[str, int] | None = None


class _Pids(msgspec.Struct):
    current: int | None = None


class _Blkio(msgspec.Struct):
    op: str = ""
    value: int = 0


class _BlkioStats(msgspec.Struct):
    io_service_bytes_recursive: list[_Blkio] | None = None


class _Network(msgspec.Struct):
    rx_bytes: int = 0
    tx_bytes: int = 0


class StatsAnswer(msgspec.Struct):
    """`GET /containers/{id}/stats`."""

    read: str | None = None
    cpu_stats: _Cpu | None = None
    memory_stats: _Memory | None = None
    pids_stats: _Pids | None = None
    blkio_stats: _BlkioStats | None = None
    networks: dict[str, _Network] | None = None


def sample_of(answer: StatsAnswer) -> Sample | None:
    """The sample over all networks; None for a stopped container, about which the engine answers zeros.

    None too where it has no control group of its own (rootless on cgroup v1): Podman then tells no processor time, no
    processes, and the memory of the whole machine.
    """
    usage = answer.cpu_stats.cpu_usage.total_usage if answer.cpu_stats and answer.cpu_stats.cpu_usage else 0
    memory = answer.memory_stats
    if memory is None or memory.usage is None:
        return None
    if not usage and not (answer.pids_stats and answer.pids_stats.current):
        return None
    at = moment(answer.read, 0.0)
    counters = memory.stats or {}
    cache = counters.get("total_inactive_file", counters.get("inactive_file", 0))
    networks = list((answer.networks or {}).values())
    blocks = (answer.blkio_stats and answer.blkio_stats.io_service_bytes_recursive) or []
    return Sample(
        at if isinstance(at, float) and at > 0 else time(),
        usage,
        max(memory.usage - cache, 0),
        0 if memory.limit > _NO_LIMIT else memory.limit,
        answer.pids_stats.current if answer.pids_stats else None,
        _blocks(blocks, "read"),
        _blocks(blocks, "write"),
        sum(found.rx_bytes for found in networks) if networks else None,
        sum(found.tx_bytes for found in networks) if networks else None,
    )


def _blocks(blocks: list[_Blkio], verb: str) -> int:
    return sum(found.value for found in blocks if found.op.lower() == verb)
