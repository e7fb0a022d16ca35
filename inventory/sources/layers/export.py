"""`GET /images/{id}/get`: the engine packs the image and it is looked through on the way, nothing is kept."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

from inventory.contents.guard import StoppedError
from inventory.contents.layer import CutError
from inventory.gap import Gap, Reason
from inventory.sources.docker.transport import ApiError, Stream, Transport
from inventory.sources.layers.archive import WHAT, Archive, conclude
from inventory.sources.layers.reading import Found, Reading
from inventory.sources.layers.stream import Source

_ID = re.compile(r"(sha256:)?[0-9a-f]{64}")
_BEGIN = 60.0
_SLOWEST = 4 << 20
"""Docker writes all layers to its own disk before the first byte: so many seconds, and one more for so many bytes."""
_SILENCE = 120.0


class Export:
    """The engine's export stream. `size` is the image's as the engine says, `largest` what is worth fetching."""

    how = "export"

    def __init__(self, transport: Transport, size: int = 0, largest: int = 0, silence: float = _SILENCE) -> None:
        self._transport = transport
        self._size = size
        self._largest = largest
        self._silence = silence

    def read(self, reading: Reading) -> Found | Gap:
        """See `Way.read`."""
        if not _ID.fullmatch(reading.image_id):
            return Gap(Reason.MALFORMED, WHAT, "its id is no sha256 digest")
        if self._largest and self._size > self._largest:
            words = f"{self._size >> 20} MiB would have to be fetched, more than the limit of {self._largest >> 20} MiB"
            return Gap(Reason.UNSUPPORTED, WHAT, words)
        reading.tell("asking the engine", -1.0)
        path = f"/images/{reading.image_id}/get"
        try:
            stream = _Opening(self._transport, path, _BEGIN + self._size / _SLOWEST).wait(reading)
        except ApiError as error:
            return error.gap(f"GET {path}")
        archive = Archive(reading)
        watched = _Watched(stream, reading, self._silence)
        try:
            archive.read(Source(watched))
        finally:
            watched.end()
        if reading.stopped():
            raise StoppedError
        return conclude(archive, reading, self.how)


class _Opening:
    """Asks for the stream on a thread of its own, because the answer takes long and somebody may want to stop."""

    def __init__(self, transport: Transport, path: str, deadline: float) -> None:
        self._stream: Stream | None = None
        self._error: ApiError | None = None
        self._left = False
        self._lock = threading.Lock()
        self._done = threading.Event()
        threading.Thread(target=self._ask, args=(transport, path, deadline), name="export-ask", daemon=True).start()

    def wait(self, reading: Reading) -> Stream:
        """The stream. Raises `ApiError`, `StoppedError`."""
        try:
            while not self._done.wait(0.1):
                reading.guard.alive()
        finally:
            with self._lock:
                self._left = True
                stream, self._stream = self._stream, None
        if self._error is not None:
            raise self._error
        if stream is None:
            raise ApiError(Reason.ERROR, 0, "no answer")
        return stream

    def _ask(self, transport: Transport, path: str, deadline: float) -> None:
        try:
            stream = transport.stream(path, deadline=deadline)
        except ApiError as error:
            self._error = error
        except Exception as error:  # whoever waits must learn of it
            self._error = ApiError(Reason.ERROR, 0, f"{type(error).__name__}: {error}"[:200])
        else:
            with self._lock:
                if self._left:
                    stream.close()
                else:
                    self._stream = stream
        finally:
            self._done.set()


class _Watched:
    """The stream's pieces; ended from another thread when nobody wants them any more, or when none come."""

    def __init__(self, stream: Stream, reading: Reading, silence: float) -> None:
        self._stream = stream
        self._pieces: Iterator[bytes] = iter(stream)
        self._reading = reading
        self._silence = silence
        self._waiting = 0.0
        self._silent = False
        self._over = threading.Event()
        threading.Thread(target=self._watch, name="export-watch", daemon=True).start()

    def __call__(self) -> bytes:
        self._waiting = time.monotonic()
        try:
            piece = next(self._pieces, b"")
        except ApiError as error:
            raise CutError(self._words() or error.message) from error
        finally:
            self._waiting = 0.0
        if self._silent:
            raise CutError(self._words())
        return piece

    def end(self) -> None:
        """Nothing more is wanted."""
        self._over.set()
        self._stream.close()
        close = getattr(self._pieces, "close", None)  # of a generator: its connection is closed now, not some day
        if close is not None:
            close()

    def _words(self) -> str:
        return f"no bytes for {self._silence:.0f} s" if self._silent else ""

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            waiting = self._waiting
            self._silent = bool(waiting) and time.monotonic() - waiting > self._silence
            if self._silent or self._reading.stopped():
                self._stream.close()
                return
