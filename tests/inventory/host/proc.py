"""A made-up /proc: what real machines were not at hand for."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from inventory.sources.host.reader import Space, Stat
from inventory.sources.host.tree import Node, Tree

Content = bytes | OSError
T = TypeVar("T")


@dataclass
class Proc:
    """Files, links and trees by path; a value that is an OSError is raised. `asked` counts the questions."""

    files: dict[str, Content] = field(default_factory=dict)
    links: dict[str, str | OSError] = field(default_factory=dict)
    trees: dict[str, Tree] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def read(self, path: str) -> bytes:
        return self._found(path, self.files)

    def head(self, path: str, lines: int) -> bytes:
        return b"".join(self.read(path).splitlines(keepends=True)[:lines])

    def link(self, path: str) -> str:
        return self._found(path, self.links)

    def names(self, path: str) -> list[str]:
        if path != "/proc":
            return self._found(path, self.listed)
        return sorted({name.split("/")[2] for name in self.files if name.startswith("/proc/")})

    def node(self, path: str) -> Node:
        return self._found(path, self.nodes)

    def tree(self, root: str, limit: int, depth: int) -> Tree:
        return self._found(root, self.trees)

    def stat(self, path: str) -> Stat:
        raise FileNotFoundError(errno.ENOENT, "no such file", path)

    def read_below(self, base: str, path: str) -> bytes:
        return self.read(base + path)

    def stat_below(self, base: str, path: str) -> Stat:
        return self.stat(base + path)

    def names_below(self, base: str, path: str) -> list[str]:
        return self.names(base + path)

    def space(self, path: str) -> Space:
        raise FileNotFoundError(errno.ENOENT, "no such file", path)

    def clock_synchronised(self) -> bool:
        return True

    def peer(self, socket_path: str) -> int:
        raise FileNotFoundError(errno.ENOENT, "no such file", socket_path)

    def _found(self, path: str, answers: Mapping[str, T | OSError]) -> T:
        self.asked.append(path)
        found = answers.get(path, FileNotFoundError(errno.ENOENT, "no such file", path))
        if isinstance(found, OSError):
            raise found
        return found


def denied(path: str = "") -> PermissionError:
    """What the kernel says to somebody who may not."""
    return PermissionError(errno.EACCES, "permission denied", path)


def process(
    pid: int,
    cgroup: str,
    *,
    ppid: int = 1,
    comm: str = "app",
    args: tuple[str, ...] = ("app",),
    uid: int = 0,
    tty: int = 0,
    state: str = "S",
) -> dict[str, Content]:
    """The files of one process, as proc(5) describes them."""
    after = f"{state} {ppid} {pid} {pid} {tty} -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 5000 0 0"
    return {
        f"/proc/{pid}/cgroup": f"{cgroup}\n".encode(),
        f"/proc/{pid}/stat": f"{pid} ({comm}) {after}\n".encode(),
        f"/proc/{pid}/status": f"Name:\t{comm}\nUid:\t1\t{uid}\t2\t3\nSeccomp:\t2\n".encode(),
        f"/proc/{pid}/cmdline": b"".join(word.encode() + b"\0" for word in args),
        f"/proc/{pid}/uid_map": b"0 0 4294967295\n",
    }
