"""Programs that a list names as bad: miners by their names, and whatever a site's list of digests holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from inventory.contents.files.finder import FILES, Idle
from inventory.contents.finding import STREAM, AnyFind, Entry, ExecutableAt, Watcher
from inventory.contents.model import Executable

NAMES = frozenset(
    (
        "xmrig", "xmrig-notls", "xmr-stak", "xmr-stak-rx", "xmrigdaemon", "xmrigminer", "minerd", "cpuminer",
        "cpuminer-multi", "ethminer", "cgminer", "bfgminer", "ccminer", "nheqminer", "nbminer", "lolminer", "t-rex",
        "phoenixminer", "teamredminer", "gminer", "nanominer", "srbminer-multi", "c3pool_miner", "moneroocean_miner",
        "kdevtmpfsi", "kinsing", "kthreaddk", "pwnrig", "watchbog", "sysrv002", "sysrv003",
    )
)  # fmt: skip
"""In small letters. Names alone, so only such as nobody gives to anything else."""
_EXECUTABLE = 0o111


class KnownBad(Idle):
    """Names always; digests of all executables only where there is a list to compare them with."""

    def __init__(self, bad_hashes: frozenset[str] = frozenset()) -> None:
        self._hashes = bad_hashes
        self._name = "known-bad"
        if bad_hashes:
            listed = hashlib.sha256("\n".join(sorted(bad_hashes)).encode("utf-8", "replace")).hexdigest()
            self._name = f"known-bad:{listed[:12]}"

    @property
    def name(self) -> str:
        """Tells lists apart: what was compared with one says nothing of another."""
        return self._name

    def notice(self, entry: Entry) -> ExecutableAt | None:
        """By the name, however it is written."""
        name = entry.path[entry.path.rfind("/") + 1 :].lower()
        if name not in NAMES or entry.kind not in FILES or not entry.mode & _EXECUTABLE:
            return None
        return ExecutableAt(entry.path, Executable("/" + entry.path, "", f"name {name}"))

    def wants(self, entry: Entry) -> int:
        """Every byte of every executable, if there is a list."""
        return STREAM if self._hashes and entry.mode & _EXECUTABLE else 0

    def watch(self, entry: Entry) -> Watcher:
        """What sums them up."""
        return _Hashing(entry, self._hashes)


class _Hashing:
    def __init__(self, entry: Entry, bad: frozenset[str]) -> None:
        self._entry = entry
        self._bad = bad
        self._sum = hashlib.sha256()

    def feed(self, piece: bytes) -> None:
        self._sum.update(piece)

    def end(self) -> Iterable[AnyFind]:
        digest = self._sum.hexdigest()
        if digest in self._bad:
            path = self._entry.path
            yield ExecutableAt(path, Executable("/" + path, "", "digest of the list", digest))
