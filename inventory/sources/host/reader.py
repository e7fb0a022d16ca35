"""The few questions that are put to the host, so that they can be recorded and asked of a recording again."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import stat
import struct
from typing import Protocol

import msgspec

from inventory.sources.host import tree
from inventory.sources.host.tree import Node, Tree

_LIMIT = 4 << 20
_PIECE = 1 << 16
_STA_UNSYNC = 0x40
_PEERCRED = struct.Struct("3i")


class Stat(msgspec.Struct, frozen=True):
    """Permission bits, type and owners of a file; `modified` in epoch seconds, `size` in bytes.

    `changed` (st_ctime) is when content, owner, mode or name changed last: for a program that a package manager put
    there this is when it did, `modified` when the package was made. A recording of an earlier version has the first
    four only.
    """

    mode: int
    uid: int
    gid: int
    kind: str
    modified: float = 0.0
    size: int = 0
    changed: float = 0.0


class Space(msgspec.Struct, frozen=True):
    """Size and free space of a file system: bytes and inodes."""

    size: int
    free: int
    inodes: int
    inodes_free: int


class NotRecordedError(FileNotFoundError):
    """A recording was not asked this: whether there is such a file is not known."""


class HostReader(Protocol):
    """Reads the machine this program runs on. Every method raises OSError when it cannot tell."""

    def read(self, path: str) -> bytes:
        """The content of a file, at most 4 MiB of it."""

    def head(self, path: str, lines: int) -> bytes:
        """At least the first lines of a kernel's table: to read on until its end is what some of them are slow at."""

    def stat(self, path: str) -> Stat:
        """What a path is, links followed."""

    def names(self, path: str) -> list[str]:
        """The names in a directory, sorted."""

    def link(self, path: str) -> str:
        """Where a symbolic link points."""

    def node(self, path: str) -> Node:
        """What a path in an overlay's layers is, its last link not followed."""

    def tree(self, root: str, limit: int, depth: int) -> Tree:
        """Everything below a directory, no link followed: `limit` entries and `depth` levels at most."""

    def space(self, path: str) -> Space:
        """The file system that a path is on."""

    def clock_synchronised(self) -> bool:
        """Whether the kernel knows its clock as synchronised (adjtimex, STA_UNSYNC clear)."""

    def peer(self, socket_path: str) -> int:
        """The pid of whoever listens on a unix socket (SO_PEERCRED), 0 when it is in another pid namespace."""


class LocalReader:
    """The real host."""

    def read(self, path: str) -> bytes:
        # Users' own files are read too: a pipe or a device that somebody put there must neither block nor be read.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
            found = os.read(descriptor, _PIECE)
            while len(found) < _LIMIT and (more := os.read(descriptor, _PIECE)):
                found += more
            return found[:_LIMIT]
        finally:
            os.close(descriptor)

    def head(self, path: str, lines: int) -> bytes:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            found = b""
            while found.count(b"\n") < lines and len(found) < _LIMIT and (more := os.read(descriptor, _PIECE)):
                found += more
            return found
        finally:
            os.close(descriptor)

    def stat(self, path: str) -> Stat:
        return _stat(os.stat(path))

    def names(self, path: str) -> list[str]:
        return sorted(os.listdir(path))

    def link(self, path: str) -> str:
        return os.readlink(path)

    def node(self, path: str) -> Node:
        return tree.lstat(path)

    def tree(self, root: str, limit: int, depth: int) -> Tree:
        return tree.tree(root, limit, depth)

    def space(self, path: str) -> Space:
        found = os.statvfs(path)
        unit = found.f_frsize
        return Space(found.f_blocks * unit, found.f_bavail * unit, found.f_files, found.f_favail)

    def clock_synchronised(self) -> bool:
        """`struct timex` of adjtimex(2): `status` follows `modes` and four longs; modes 0 changes nothing."""
        buffer = ctypes.create_string_buffer(512)
        library = ctypes.CDLL(None, use_errno=True)
        if library.adjtimex(buffer) < 0:
            raise OSError(ctypes.get_errno(), "adjtimex")
        (status,) = struct.unpack_from("@i", buffer.raw, struct.calcsize("@Illll"))
        return not status & _STA_UNSYNC

    def peer(self, socket_path: str) -> int:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1.0)
            connection.connect(socket_path)
            pid, _uid, _gid = _PEERCRED.unpack(
                connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEERCRED.size)
            )
        return int(pid)


def _stat(found: os.stat_result) -> Stat:
    mode, kind = permissions(found.st_mode), kind_of(found.st_mode)
    return Stat(mode, found.st_uid, found.st_gid, kind, found.st_mtime, found.st_size, found.st_ctime)


def permissions(mode: int) -> int:
    """The permission bits of `st_mode`, set-id and sticky bits included."""
    return stat.S_IMODE(mode)


def kind_of(mode: int) -> str:
    """The word for the type in `st_mode`."""
    for test, name in (
        (stat.S_ISREG, "file"),
        (stat.S_ISLNK, "symlink"),
        (stat.S_ISDIR, "directory"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISBLK, "block"),
        (stat.S_ISCHR, "char"),
    ):
        if test(mode):
            return name
    return "other"
