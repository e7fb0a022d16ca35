"""The few questions that are put to the host, so that they can be recorded and asked of a recording again."""

from __future__ import annotations

import ctypes
import os
import socket
import stat
import struct
from typing import Protocol

import msgspec

_LIMIT = 4 << 20
_PIECE = 1 << 16
_STA_UNSYNC = 0x40
_PEERCRED = struct.Struct("3i")


class Stat(msgspec.Struct, frozen=True):
    """Permission bits, type and owners of a file."""

    mode: int
    uid: int
    gid: int
    kind: str


class Space(msgspec.Struct, frozen=True):
    """Size and free space of a file system: bytes and inodes."""

    size: int
    free: int
    inodes: int
    inodes_free: int


class HostReader(Protocol):
    """Reads the machine this program runs on. Every method raises OSError when it cannot tell."""

    def read(self, path: str) -> bytes:
        """The content of a file, at most 4 MiB of it."""

    def stat(self, path: str) -> Stat:
        """What a path is, links followed."""

    def names(self, path: str) -> list[str]:
        """The names in a directory, sorted."""

    def link(self, path: str) -> str:
        """Where a symbolic link points."""

    def space(self, path: str) -> Space:
        """The file system that a path is on."""

    def clock_synchronised(self) -> bool:
        """Whether the kernel knows its clock as synchronised (adjtimex, STA_UNSYNC clear)."""

    def peer(self, socket_path: str) -> int:
        """The pid of whoever listens on a unix socket (SO_PEERCRED), 0 when it is in another pid namespace."""


class LocalReader:
    """The real host."""

    def read(self, path: str) -> bytes:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # hundreds of small files: each system call counts
        try:
            found = os.read(descriptor, _PIECE)
            while len(found) < _LIMIT and (more := os.read(descriptor, _PIECE)):
                found += more
            return found[:_LIMIT]
        finally:
            os.close(descriptor)

    def stat(self, path: str) -> Stat:
        found = os.stat(path)
        return Stat(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, _kind(found.st_mode))

    def names(self, path: str) -> list[str]:
        return sorted(os.listdir(path))

    def link(self, path: str) -> str:
        return os.readlink(path)

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


def _kind(mode: int) -> str:
    for test, name in (
        (stat.S_ISREG, "file"),
        (stat.S_ISDIR, "directory"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISBLK, "block"),
        (stat.S_ISCHR, "char"),
    ):
        if test(mode):
            return name
    return "other"
