"""What a container does now, as opposed to how it was configured: processes, listeners, changed files, sessions."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from inventory.resource import Kind, Resource


class Process(msgspec.Struct, frozen=True):
    """One process of a container. Numbers are the host's; what could not be told is None or "".

    `uid` is the effective user as the host counts it, `inside_uid` as the container does (they differ where a user
    namespace maps them). `exe` is `/proc/PID/exe` as the kernel spells it, `(deleted)` and `memfd:` included. `started`
    is in epoch seconds, `terminal` whether it has a controlling terminal. Arguments are exact: mask before showing.
    """

    pid: int
    ppid: int
    comm: str
    args: tuple[str, ...]
    uid: int | None = None
    inside_uid: int | None = None
    exe: str = ""
    started: float | None = None
    terminal: bool | None = None


class Listener(msgspec.Struct, frozen=True):
    """A socket that waits for peers: `protocol` is tcp, tcp6, udp or udp6, `address` in its usual notation."""

    protocol: str
    address: str
    port: int
    uid: int


class Change(msgspec.Struct, frozen=True):
    """A path that differs from the image: `kind` is modified, added or deleted, or "added or modified" where the layers
    below could not be looked at.

    `mode` (permission bits), `size` (bytes) and `modified` (epoch seconds) are None where only the engine was asked,
    `file` is file, directory, symlink, char, ... or "" where it is not known.
    """

    path: str
    kind: str
    file: str = ""
    mode: int | None = None
    size: int | None = None
    modified: float | None = None


class Session(msgspec.Struct, frozen=True):
    """`GET /exec/{id}/json` of a session that runs: somebody is inside. `user` "" is the container's own."""

    id: str
    command: tuple[str, ...]
    user: str
    privileged: bool
    terminal: bool
    pid: int


class Activity(Resource):
    """What one container does now; `key.id` is the container's id. A stopped container has none.

    Read in the background and renewed now and then: each part comes from /proc and the layer directory on this host
    where they may be read, else from the engine (`top`, `changes`), else it is a gap with the reason.
    """

    kind: ClassVar[Kind] = Kind.ACTIVITY

    processes: tuple[Process, ...]
    listeners: tuple[Listener, ...]
    changes: tuple[Change, ...]
    changes_complete: bool  # False: there were more than are kept
    sessions: tuple[Session, ...]
    size_rw: int  # bytes in the writable layer
