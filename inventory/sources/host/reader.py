"""The few questions that are put to the host, so that they can be recorded and asked of a recording again."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import socket
import stat
import struct
from functools import cache
from typing import Protocol

import msgspec

from inventory.sources.host import tree
from inventory.sources.host.tree import Node, Tree

_LIMIT = 4 << 20
_PIECE = 1 << 16
_STA_UNSYNC = 0x40
_PEERCRED = struct.Struct("3i")
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
# Asked for by name; the kernel's log and a trace's pipe are emptied by whoever reads them, and what is reached through
# a process' root, directory or descriptors is somebody's file.
_KERNELS = re.compile(r"/(?:proc|sys)(?!/kmsg$|.*(?:/root/|/cwd/|/fd/|/\.|//|trace_pipe))/")
# statfs(2), f_type: proc, sysfs, tracefs, debugfs, securityfs, configfs, cgroup, cgroup2, bpf, binfmt_misc, selinuxfs,
# efivarfs, pstore.
_VIRTUAL = frozenset({
    0x9FA0, 0x62656572, 0x74726163, 0x64626720, 0x73636673, 0x62656570, 0x27E0EB, 0x63677270, 0xCAFE4A11, 0x42494E4D,
    0xF97CFF8C, 0xDE5E81E4, 0x6165676C,
})  # fmt: skip


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

    def read_below(self, base: str, path: str) -> bytes:
        """The content of `base` + `path`, as `read`: ELOOP at a link below `base` ("" is the root directory)."""

    def stat_below(self, base: str, path: str) -> Stat:
        """What `base` + `path` is: ELOOP at a link below `base`."""

    def names_below(self, base: str, path: str) -> list[str]:
        """The names in the directory `base` + `path`, sorted: ELOOP at a link below `base`."""

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
        if _KERNELS.match(path):
            return _content(os.open(path, _OPEN), path)
        return _file(os.open(path, os.O_PATH | os.O_CLOEXEC), path)

    def read_below(self, base: str, path: str) -> bytes:
        return _file(tree.opened(base, path), base + path)

    def stat_below(self, base: str, path: str) -> Stat:
        descriptor = tree.opened(base, path)
        try:
            return _stat(os.fstat(descriptor))
        finally:
            os.close(descriptor)

    def names_below(self, base: str, path: str) -> list[str]:
        descriptor = tree.opened(base, path)
        try:
            return sorted(os.listdir(f"/proc/self/fd/{descriptor}"))
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
        library = _library()
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


def _content(descriptor: int, path: str) -> bytes:
    """What is in an open file, which is closed. A pipe or a device must neither block nor be read."""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        found = os.read(descriptor, _PIECE)
        while len(found) < _LIMIT and (more := os.read(descriptor, _PIECE)):
            found += more
        return found[:_LIMIT]
    finally:
        os.close(descriptor)


def _file(descriptor: int, path: str) -> bytes:
    """The content of a file on a disk, known by an O_PATH descriptor, which is closed.

    To open a device may be enough to do harm (a watchdog), and a link may lead to a file that the kernel makes up.
    """
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        if not regular or _file_system(descriptor) in _VIRTUAL:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        opened = os.open(f"/proc/self/fd/{descriptor}", _OPEN)
    except PermissionError as error:
        raise PermissionError(error.errno, error.strerror, path) from None
    finally:
        os.close(descriptor)
    return _content(opened, path)


def is_virtual(path: str) -> bool:
    """Whether a path leads to what the kernel makes up. To look there opens nothing; raises OSError."""
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return _file_system(descriptor) in _VIRTUAL
    finally:
        os.close(descriptor)


def _file_system(descriptor: int) -> int:
    """`f_type` of fstatfs(2), the first member of its result; os.statvfs leaves it out."""
    buffer = ctypes.create_string_buffer(512)
    if _library().fstatfs(descriptor, buffer):
        raise OSError(ctypes.get_errno(), "fstatfs")
    (kind,) = struct.unpack_from("@I", buffer.raw)
    return int(kind)


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


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
