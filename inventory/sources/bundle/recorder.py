"""Recording: a transport that keeps what it hands through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from inventory.gap import Reason
from inventory.image_analysis import ImageAnalysis
from inventory.sources.bundle.analyses import ANALYSIS, document
from inventory.sources.bundle.archive import Bundle, named
from inventory.sources.bundle.disguise import Disguise, host_key
from inventory.sources.bundle.manifest import Manifest, Member, SourceEntry
from inventory.sources.bundle.masking import HOST, always, masked
from inventory.sources.docker.transport import LIMIT, Answer, ApiError, Stream, Transport


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and what came of it."""

    source: str
    request: str
    time: float
    answer: Answer | None
    error: ApiError | None = None


class Recording:
    """Collects entries of one or more sources; of a request made twice the last answer stays, before any failure."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, str], Entry] = {}
        self.started = clock()

    def note(self, source: str, request: str, answer: Answer | None, error: ApiError | None = None) -> None:
        """Keep what came of a request."""
        entry = Entry(source, request, self._clock(), answer, error)
        with self._lock:
            before = self._entries.get((source, request))
            if before is None or answer is not None or before.answer is None:
                self._entries[source, request] = entry

    def note_host(self, source: str, document: bytes) -> None:
        """Keep what the machine below the engine told."""
        self.note(source, HOST, Answer(200, {"content-type": "application/json"}, document))

    def note_analysis(self, analysis: ImageAnalysis) -> None:
        """Keep what was found in an image."""
        answer = Answer(200, {"content-type": "application/json"}, document(analysis))
        self.note(analysis.key.source, f"{ANALYSIS}{analysis.key.id}", answer)

    def bundle(
        self, tool: str, host: str, sources: tuple[SourceEntry, ...], *, include_secrets: bool = False
    ) -> Bundle:
        """Everything recorded, ready to be written."""
        members: list[Member] = []
        bodies: dict[str, bytes] = {}
        disguise = None if include_secrets else Disguise(host_key())
        for entry in list(self._entries.values()):
            member, body = _member(entry, disguise)
            if body is not None:
                member = named(member, len(bodies) + 1, body)
                bodies[member.name] = body
            members.append(member)
        manifest = Manifest(tool, host, self.started, not include_secrets, sources, tuple(members))
        return Bundle(manifest, bodies)


def _member(entry: Entry, disguise: Disguise | None) -> tuple[Member, bytes | None]:
    if entry.answer is None:
        error = entry.error or ApiError(Reason.ERROR, 0, "no answer")
        reason, said = error.reason.value, error.message
        return Member(entry.source, entry.request, error.status, entry.time, reason=reason, detail=said), None
    answer = entry.answer
    body = always(entry.request, answer.body)
    if disguise is not None:
        body = masked(entry.request, body, disguise)
    return Member(entry.source, entry.request, answer.status, entry.time, headers=_headers(answer.headers)), body


_KEPT = ("content-type", "server", "api-version", "libpod-api-version", "swarm")


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in _KEPT if name in headers}


class RecordingTransport:
    """A transport that notes every whole answer. Streams pass through unrecorded: they never end."""

    def __init__(self, inner: Transport, source: str, recording: Recording) -> None:
        self._inner = inner
        self._source = source
        self._recording = recording

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        """See `Transport.get`."""
        request = path if method == "GET" else f"{method} {path}"
        try:
            answer = self._inner.get(path, deadline=deadline, limit=limit, method=method)
        except ApiError as error:
            self._recording.note(self._source, request, None, error)
            raise
        self._recording.note(self._source, request, answer)
        return answer

    def stream(self, path: str, *, deadline: float) -> Stream:
        """See `Transport.stream`."""
        return self._inner.stream(path, deadline=deadline)

    def close(self) -> None:
        """See `Transport.close`."""
        self._inner.close()
