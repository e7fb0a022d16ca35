"""Replaying: a transport that answers from a bundle, so that what reads a live engine reads a recorded one too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from inventory.gap import Reason
from inventory.image_analysis import ImageAnalysis
from inventory.sources.bundle import analyses, archive
from inventory.sources.bundle.analyses import ANALYSIS
from inventory.sources.bundle.archive import Bundle
from inventory.sources.bundle.manifest import BundleError, Manifest, Member, SourceEntry
from inventory.sources.bundle.masking import HOST, path_of
from inventory.sources.docker.transport import LIMIT, Answer, ApiError, Stream
from inventory.sources.host.reader import HostReader
from inventory.sources.host.recording import Replay as RecordedHost

DEMO = "demo.bundle"
NOT_HERE = "not in this recording"
_DETAILS = ("/logs", "/top", "/changes", "/stats", "/events")


@dataclass(frozen=True, slots=True)
class Replay:
    """An opened bundle: `time` is when it was recorded (epoch seconds), `host` where."""

    manifest: Manifest
    bodies: Mapping[str, bytes]

    @property
    def time(self) -> float:
        """When the recording began."""
        return self.manifest.time

    @property
    def host(self) -> str:
        """The name of the recorded host."""
        return self.manifest.host

    @property
    def sources(self) -> tuple[SourceEntry, ...]:
        """What was recorded."""
        return self.manifest.sources

    def transport(self, source: str) -> ReplayTransport:
        """The answers of one source."""
        members = (member for member in self.manifest.members if member.source == source)
        found = list(members)
        exact = {normal(member.request): member for member in found}
        return ReplayTransport({key(member.request): member for member in found} | exact, self.bodies)

    def analyses(self, source: str) -> Iterator[ImageAnalysis]:
        """What was found in the images of one source."""
        for member in self.manifest.members:
            if member.source == source and member.request.startswith(ANALYSIS):
                image_id = member.request.removeprefix(ANALYSIS)
                found = analyses.read(self.bodies.get(member.name, b""), image_id, source)
                if found is not None:
                    yield found

    def host_reader(self, source: str) -> HostReader | None:
        """The machine below one source, if it was recorded."""
        names = (item.name for item in self.manifest.members if item.source == source and item.request == HOST)
        body = self.bodies.get(next(names, ""))
        if body is None:
            return None
        try:
            return RecordedHost(body)
        except ValueError:
            return None


def open_bundle(path: Path) -> Replay:
    """Open a bundle file; raises `BundleError` with one line that says what is wrong with it."""
    return _replay(archive.read(path))


def open_demo() -> Replay:
    """Open the recorded host that ships with the program; raises `BundleError` if this installation lacks it."""
    try:
        with files("inventory.sources.bundle").joinpath(DEMO).open("rb") as file:
            return _replay(archive.load(file))
    except OSError:
        raise BundleError("this installation lacks the recorded demo host") from None


def _replay(bundle: Bundle) -> Replay:
    return Replay(bundle.manifest, bundle.bodies)


def normal(request: str) -> str:
    """A request without the API version and with its query in one order: two ways to ask for the same are equal."""
    method, blank, path = request.rpartition(" ")
    query = urlencode(sorted(parse_qsl(urlsplit(path).query, keep_blank_values=True)))
    return f"{method}{blank}{path_of(path)}{'?' if query else ''}{query}"


def key(request: str) -> str:
    """What a recorded answer is found by when not by its very request: of details and events any query will do."""
    return path_of(request) if path_of(request).endswith(_DETAILS) else normal(request)


class ReplayTransport:
    """Answers what was recorded, errors included; anything else is a gap, never an empty answer."""

    def __init__(self, members: Mapping[str, Member], bodies: Mapping[str, bytes]) -> None:
        self._members = members
        self._bodies = bodies

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        """See `Transport.get`."""
        request = path if method == "GET" else f"{method} {path}"
        member = self._members.get(normal(request)) or self._members.get(key(request))
        if member is None:
            raise ApiError(Reason.UNSUPPORTED, 0, NOT_HERE)
        if member.reason:
            raise ApiError(_reason(member.reason), member.status, member.detail)
        return Answer(member.status, member.headers, self._bodies.get(member.name, b""))

    def stream(self, path: str, *, deadline: float) -> Stream:
        """What was recorded of it, if it was asked for as a whole; a recording has no events."""
        return _Recorded(self.get(path, deadline=deadline).body)

    def requests(self) -> Iterator[str]:
        """Everything that can be asked."""
        return iter(self._members)

    def close(self) -> None:
        """Nothing to end."""


class _Recorded:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    def close(self) -> None:
        """Nothing to end."""


def _reason(word: str) -> Reason:
    try:
        return Reason(word)
    except ValueError:
        return Reason.ERROR
