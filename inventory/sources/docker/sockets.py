"""The lowest level of every connection: reads only, and never waits longer than the whole call may take."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

_Read = TypeVar("_Read", bytes, int)
READ_METHODS = (b"GET ", b"HEAD ")


class ReadOnlyError(Exception):
    """Somebody tried to send something other than a GET or HEAD request; not a byte of it has left."""


class Clock(threading.local):
    """When the current thread's call must be over (monotonic seconds), or None while it may wait forever."""

    until: float | None = None

    def start(self, seconds: float | None) -> None:
        """The call that begins now may take this long in all."""
        self.until = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        """Seconds left; raises TimeoutError when there are none."""
        if self.until is None:
            return None
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline passed")
        return left


class Socket(Protocol):
    """What is needed of a plain or TLS socket."""

    def settimeout(self, value: float | None, /) -> None: ...
    def recv(self, size: int, /) -> bytes: ...
    def sendall(self, data: Any, /) -> None: ...
    def recv_into(self, buffer: Any, /) -> int: ...
    def fileno(self) -> int: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


class GuardedSocket:
    """A socket that sends nothing but the head of a GET or HEAD request and keeps the whole call's deadline.

    A time-out per read would let a peer that sends one byte a second hold the caller for hours.
    """

    def __init__(self, inner: Socket, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._readers = 0
        self._closing = False

    def sendall(self, data: bytes) -> None:
        """Send a request head; anything else raises `ReadOnlyError`."""
        if not bytes(data[:5]).startswith(READ_METHODS):
            raise ReadOnlyError(f"refused to send {bytes(data[:12])!r}: only GET and HEAD leave this program")
        self._inner.settimeout(self._clock.left())
        self._inner.sendall(data)

    def recv(self, size: int) -> bytes:
        """One read within what is left of the deadline."""
        self._inner.settimeout(self._clock.left())
        return self._inner.recv(size)

    def makefile(self, mode: str = "rb", buffering: int | None = None) -> io.BufferedReader:
        """The reading side, for the standard library's client."""
        self._readers += 1
        return io.BufferedReader(_Reader(self), buffering or 65536)

    def read_into(self, buffer: Any) -> int:
        """One read within what is left of the deadline."""
        self._inner.settimeout(self._clock.left())
        return self._inner.recv_into(buffer)

    def released(self) -> None:
        """A reader is done; a connection that was closed meanwhile ends now."""
        self._readers -= 1
        if self._closing and self._readers <= 0:
            self._inner.close()

    def fileno(self) -> int:
        return self._inner.fileno()

    def settimeout(self, value: float | None) -> None:
        """Ignored: the clock decides."""

    def shutdown(self, how: int = socket.SHUT_RDWR) -> None:
        """End the connection now, waking a thread that reads from it."""
        with contextlib.suppress(OSError):
            self._inner.shutdown(how)

    def close(self) -> None:
        """Close once nobody reads any more, as sockets do."""
        self._closing = True
        if self._readers <= 0:
            self._inner.close()


class _Reader(io.RawIOBase):
    def __init__(self, owner: GuardedSocket) -> None:
        self._owner = owner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._owner.read_into(buffer)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._owner.released()


def connect_unix(path: str, clock: Clock) -> GuardedSocket:
    """A connection to a unix socket. Raises OSError."""
    inner = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        inner.settimeout(clock.left())
        inner.connect(path)
    except BaseException:
        inner.close()
        raise
    return GuardedSocket(inner, clock)


def ssh_words(url: str) -> list[str]:
    """`ssh` and its arguments up to the host, as the docker client itself starts it. Raises ValueError on a bad URL."""
    parts = urlsplit(url)
    if parts.scheme != "ssh" or not parts.hostname or parts.path not in {"", "/"} or parts.password:
        raise ValueError(f"{url}: expected ssh://[user@]host[:port]")
    if parts.hostname.startswith("-") or (parts.username or "").startswith("-"):
        raise ValueError(f"{url}: a host or user may not start with '-'")
    command = ["ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]
    command += ["-l", parts.username] if parts.username else []
    command += ["-p", str(parts.port)] if parts.port else []
    return [*command, "--", parts.hostname]


def ssh_command(url: str) -> list[str]:
    """The command that the docker client itself uses to reach an engine over SSH. Raises ValueError on a bad URL."""
    return [*ssh_words(url), "docker", "system", "dial-stdio"]


class _SshSocket:
    """One end of a socket pair whose other end is the standard input and output of an `ssh` process."""

    def __init__(self, url: str) -> None:
        import subprocess
        import tempfile

        self._inner, far = socket.socketpair()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process that writes it
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed program with checked arguments, no shell
                ssh_command(url),
                stdin=far.fileno(),
                stdout=far.fileno(),
                stderr=self._complaints.fileno(),
                start_new_session=True,
            )
        except BaseException:
            self._inner.close()
            raise
        finally:
            far.close()
        self._heard = False
        self.settimeout = self._inner.settimeout
        self.fileno = self._inner.fileno

    def sendall(self, data: bytes) -> None:
        with self._ended():
            self._inner.sendall(data)

    def recv(self, size: int) -> bytes:
        with self._ended():
            return self._checked(self._inner.recv(size))

    def recv_into(self, buffer: Any) -> int:
        with self._ended():
            return self._checked(self._inner.recv_into(buffer))

    @contextlib.contextmanager
    def _ended(self) -> Iterator[None]:
        try:
            yield
        except (BrokenPipeError, ConnectionResetError):
            self._checked(b"")
            raise

    def _checked(self, found: _Read) -> _Read:
        """An end without a beginning: what `ssh` complains about says more than that nothing came."""
        if not found and not self._heard and (said := self._said()):
            raise ConnectionError(said)
        self._heard = True
        return found

    def _said(self) -> str:
        with contextlib.suppress(OSError):
            size = os.fstat(self._complaints.fileno()).st_size
            tail = os.pread(self._complaints.fileno(), 4096, max(0, size - 4096)).decode("utf-8", "replace")
            return next((line.strip() for line in reversed(tail.splitlines()) if line.strip()), "")
        return ""

    def shutdown(self, how: int) -> None:
        self._inner.shutdown(how)
        self._process.terminate()

    def close(self) -> None:
        self._inner.close()
        self._complaints.close()
        self._process.terminate()
        threading.Thread(target=self._process.wait, name="ssh-reaper", daemon=True).start()


def connect_ssh(url: str, clock: Clock) -> GuardedSocket:
    """A connection through `ssh HOST docker system dial-stdio`. Raises OSError, ValueError."""
    return GuardedSocket(_SshSocket(url), clock)
