"""How layers are looked through: entries go by once, in order, and finders pick out what they know.

A layer is read as a stream and never unpacked. Whoever reads it normalises each path (no leading slash, no dots),
calls `notice` for every entry, and gives a finder that `wants` content the head of the file or all of it in pieces.
What was found is plain data that is kept on disk by the layer's digest; what counts in the end is decided when layers
are laid over each other (`merge`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import msgspec

from inventory.contents.model import Distribution, Executable, FileFact, Package, SecretFile

STREAM = -1
"""What `Finder.wants` returns for a file of which it must see every byte, piece by piece."""


class Entry(NamedTuple):
    """One member of a layer. `kind`: file, directory, symlink, hardlink, char, block, fifo. `link`: where it leads."""

    path: str
    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    link: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class Find(msgspec.Struct, frozen=True, tag=True):
    """Something found at a path (without leading slash) of one layer; it holds while that path is not hidden."""

    path: str


class PackagesAt(Find, frozen=True):
    """A file that records packages, with all of them; `Package.layer` is still ""."""

    packages: tuple[Package, ...]


class OwnedAt(Find, frozen=True):
    """A file list of a distribution package, of which only paths of language packages are kept."""

    package: str
    paths: tuple[str, ...]


class DistributionAt(Find, frozen=True):
    """An os-release file."""

    distribution: Distribution


class AccountLine(msgspec.Struct, frozen=True):
    """A line of passwd (`uid`, `gid`, `home`, `shell`), shadow (`password`: empty, locked, hash) or group (`gid`).

    A passwd line has a `password` only where it does not refer to shadow.
    """

    name: str
    uid: int = -1
    gid: int = -1
    home: str = ""
    shell: str = ""
    password: str = ""


class AccountsAt(Find, frozen=True):
    """A passwd, shadow or group file."""

    lines: tuple[AccountLine, ...]


class SecretsAt(Find, frozen=True):
    """A file that holds secrets or is named as if; `SecretFile.layer` and `removed_in` are still ""."""

    secrets: tuple[SecretFile, ...]


class FileAt(Find, frozen=True):
    """A file worth noting by its metadata; `why`: set-id, world-writable, cache:DIRECTORY, tool:CLASS."""

    fact: FileFact
    why: str


class ExecutableAt(Find, frozen=True):
    """A program that a list of bad ones names."""

    executable: Executable


class ProblemAt(Find, frozen=True):
    """A file of interest that could not be understood: a sentence for people."""

    said: str


AnyFind = PackagesAt | OwnedAt | DistributionAt | AccountsAt | SecretsAt | FileAt | ExecutableAt | ProblemAt


class Watcher(Protocol):
    """Sees a file go by piece by piece."""

    def feed(self, piece: bytes) -> None:
        """The next piece."""

    def end(self) -> Iterable[AnyFind]:
        """What was found; the file is over."""


class Finder(Protocol):
    """Knows one kind of thing. Has no state between files, so that layers may be read in any order.

    `notice` sees every entry of every kind; `wants`, `look` and `watch` are called for regular files only. Paths have
    no leading slash, and are text always: bytes that are no UTF-8 stand in them as `\\xff`.
    """

    @property
    def name(self) -> str:
        """What it is called in kept results: another one where the same file would give another result."""

    def notice(self, entry: Entry) -> AnyFind | None:
        """What an entry's path and metadata alone say. Called for every entry: it must be quick."""

    def wants(self, entry: Entry) -> int:
        """How many bytes from the beginning of a regular file it needs: 0 none, `STREAM` all of it in pieces."""

    def look(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        """What these bytes say. They are the whole file if there are `entry.size` of them. Never raises."""

    def watch(self, entry: Entry) -> Watcher:
        """What sees a file of which it wants every byte."""
