"""A directory tree that somebody else may be changing: looked at without ever following a symbolic link."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque

import msgspec

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# overlayfs marks a directory that hides what is below it; the second name is used without CAP_SYS_ADMIN (userxattr).
_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")
_TYPES = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "symlink"),
    (stat.S_ISCHR, "char"),
    (stat.S_ISBLK, "block"),
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISSOCK, "socket"),
)


class Node(msgspec.Struct, frozen=True):
    """`lstat` of a path: permission bits, type, bytes, epoch seconds, inode, device number of a device file.

    `opaque` is set on a directory of an overlay that hides the one below it.
    """

    mode: int
    kind: str  # file, directory, symlink, char, block, fifo, socket, other
    size: int
    modified: float
    inode: int
    device: int
    opaque: bool = False

    @property
    def whiteout(self) -> bool:
        """How overlayfs writes down that a name is deleted: a character device 0/0."""
        return self.kind == "char" and self.device == 0


class Tree(msgspec.Struct, frozen=True):
    """What is below a directory: relative path -> node, parents first. Not complete: there was more, or it may not be
    looked at."""

    nodes: dict[str, Node]
    complete: bool


def node(found: os.stat_result, opaque: bool = False) -> Node:
    """The facts of a stat result."""
    mode = stat.S_IMODE(found.st_mode)
    return Node(mode, type_of(found.st_mode), found.st_size, found.st_mtime, found.st_ino, found.st_rdev, opaque)


def type_of(mode: int) -> str:
    """The word for the type in `st_mode`."""
    return next((name for test, name in _TYPES if test(mode)), "other")


def lstat(path: str) -> Node:
    """One path, its last link not followed. Raises OSError."""
    found = os.lstat(path)
    return node(found, stat.S_ISDIR(found.st_mode) and _opaque(path))


def tree(root: str, limit: int, depth: int) -> Tree:
    """At most `limit` entries, at most `depth` levels, shallow ones first. Raises OSError if `root` cannot be read.

    Level by level, so that one deep directory does not use up what is looked at. Every directory is opened component by
    component with O_NOFOLLOW: whoever swaps one for a link while this runs gets it left out.
    """
    nodes: dict[str, Node] = {}
    complete = True
    waiting = deque([""])
    base = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        while waiting:
            directory = waiting.popleft()
            try:
                found, whole = _children(base, directory, limit - len(nodes))
            except OSError:
                if not directory:
                    raise
                found, whole = {}, False
            nodes |= found
            inside = [path for path, entry in found.items() if entry.kind == "directory"]
            deep = directory.count("/") + bool(directory) + 1 >= depth
            waiting.extend([] if deep else inside)
            complete = complete and whole and not (deep and inside)
    finally:
        os.close(base)
    return Tree(nodes, complete)


def _children(base: int, directory: str, room: int) -> tuple[dict[str, Node], bool]:
    """The entries of one directory by relative path, sorted, and whether these are all of them."""
    descriptor = _descend(base, directory)
    found: dict[str, Node] = {}
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                if len(found) >= room:
                    return _sorted(found), False
                facts = _entry(descriptor, entry)
                if facts is not None:
                    found[f"{directory}/{entry.name}" if directory else entry.name] = facts
    finally:
        os.close(descriptor)
    return _sorted(found), True


def _descend(base: int, directory: str) -> int:
    current = os.dup(base)
    for name in directory.split("/") if directory else ():
        try:
            deeper = os.open(name, _DIRECTORY, dir_fd=current)
        finally:
            os.close(current)
        current = deeper
    return current


def opened(base: str, path: str) -> int:
    """A descriptor (O_PATH) of what is at `path` below `base`. Raises OSError, ELOOP at any link below `base`.

    O_PATH opens nothing: not even a device whose driver would act on it.
    """
    current = os.open(base or "/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    for name in path.split("/"):
        if not name:
            continue
        try:
            deeper = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current)
        finally:
            os.close(current)
        current = deeper
        if stat.S_ISLNK(os.fstat(current).st_mode):
            os.close(current)
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), f"{base}{path}")
    return current


def _entry(descriptor: int, entry: os.DirEntry[str]) -> Node | None:
    """None: gone since its name was read."""
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    inside = stat.S_ISDIR(found.st_mode) and _opaque(f"/proc/self/fd/{descriptor}/{entry.name}")
    return node(found, inside)


def _opaque(path: str) -> bool:
    for name in _OPAQUE:
        try:
            if os.getxattr(path, name, follow_symlinks=False) == b"y":
                return True
        except OSError:
            continue
    return False


def _sorted(found: dict[str, Node]) -> dict[str, Node]:
    return dict(sorted(found.items()))
