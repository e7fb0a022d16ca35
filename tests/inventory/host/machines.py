"""Machines to look at: a folder as the root of a file system, with paths that may not be looked at."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inventory.container import Container
from inventory.engine import Engine, SwarmState
from inventory.resource import Kind, ResourceKey
from inventory.sources.host import files, processes
from inventory.sources.host.daemon import Daemon
from inventory.sources.host.reader import HostReader, LocalReader, Stat
from inventory.sources.host.upkeep import Below, upkeep

PID = 100
PEOPLE = "root:x:0:0:r:/root:sh\nann:x:1000:1000:a:/home/ann:sh\nmail:x:8:8:m:/var/mail:nologin\n"
GROUPS = "root:x:0:\nann:x:1000:\n"


@dataclass
class Machine(LocalReader):
    """Reads below `root`; a path that starts with one of `closed` may not be looked at."""

    root: Path
    closed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def write(self, path: str, content: str | bytes = "", mode: int | None = None) -> None:
        """Make a file and the directories above it."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        if mode is not None:
            place.chmod(mode)

    def process(self, pid: int, comm: str, exe: str = "", cgroup: str = "0::/init.scope\n") -> None:
        """Make a process."""
        self.write(f"/proc/{pid}/comm", f"{comm[:15]}\n")
        self.write(f"/proc/{pid}/cgroup", cgroup)
        if exe:
            (self.root / f"proc/{pid}/exe").symlink_to(exe)

    def read(self, path: str) -> bytes:
        return super().read(self._at("read", path))

    def head(self, path: str, lines: int) -> bytes:
        return super().head(self._at("head", path), lines)

    def stat(self, path: str) -> Stat:
        return super().stat(self._at("stat", path))

    def names(self, path: str) -> list[str]:
        return super().names(self._at("names", path))

    def link(self, path: str) -> str:
        return super().link(self._at("link", path))

    def read_below(self, base: str, path: str) -> bytes:
        return super().read_below(str(self.root), self._at("read", base + path, ""))

    def stat_below(self, base: str, path: str) -> Stat:
        return super().stat_below(str(self.root), self._at("stat", base + path, ""))

    def names_below(self, base: str, path: str) -> list[str]:
        return super().names_below(str(self.root), self._at("names", base + path, ""))

    def _at(self, question: str, path: str, root: str | None = None) -> str:
        self.asked.append(f"{question} {path}")
        if any(path.startswith(start) for start in self.closed):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return f"{self.root if root is None else root}{path}"


def machine(root: Path) -> Machine:
    """A machine with an init, a dockerd and two accounts, and nothing else."""
    made = Machine(root)
    made.write("/etc/passwd", PEOPLE)
    made.write("/etc/group", GROUPS)
    made.process(1, "systemd")
    made.process(PID, "dockerd", "/usr/bin/dockerd")
    return made


def engine(swarm: str = "", **values: Any) -> Engine:
    """An engine with the usual data root, in a swarm of that state."""
    facts = {"root_dir": "/var/lib/docker", "rootless": False, "swarm": SwarmState(swarm)} | values
    return Engine.build(key=ResourceKey(Kind.ENGINE, "docker", "docker"), name="vm", **facts)


def container(log_path: str) -> Container:
    """A container that logs there."""
    return Container.build(key=ResourceKey(Kind.CONTAINER, "docker", log_path), name="c", log_path=log_path)


def look(reader: HostReader, *containers: Container, about: Engine | None = None, root: str = "") -> dict[str, Any]:
    """The fields that `upkeep` fills."""
    daemon = Daemon(PID, (), root)
    accounts, commands = files.accounts(reader), processes.commands(reader)
    return upkeep(Below(reader, daemon, about or engine(), containers, accounts, commands))
