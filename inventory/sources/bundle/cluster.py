"""Clusters in recordings: below the transport its answers are kept, or given again, as they were on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import msgspec

from inventory.gap import Reason
from inventory.kubernetes.cluster import Access
from inventory.sources.bundle.cluster_lookup import found_in_lists
from inventory.sources.bundle.masking import CLUSTER
from inventory.sources.bundle.recorder import Recording
from inventory.sources.bundle.replay import NOT_HERE, Replay
from inventory.sources.docker.transport import Answer
from inventory.sources.docker.transport import ApiError as NoAnswer
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.kubeconfig import without_user
from inventory.sources.kubernetes.transport import Opened

ACCESS = f"{CLUSTER}access"
_FORMS = {"as=Table": "table", "as=PartialObjectMetadata": "metadata", "as=APIGroupDiscoveryList": "discovery"}
_LOG = "/log"


class Way(msgspec.Struct, frozen=True):
    """An open way to a cluster, as the transport wants it."""

    opened: Opened
    access: Access


def recording_way(way: Callable[[], Any], source: str, recording: Recording) -> Callable[[], Way]:
    """The same way, with everything that comes back noted. Credentials are in no answer, and so in no recording."""

    def opened() -> Way:
        found = way()
        access: Access = found.access
        clean = msgspec.structs.replace(access, server=without_user(access.server), proxy=without_user(access.proxy))
        told = msgspec.json.encode(clean)
        recording.note(source, ACCESS, Answer(200, {"content-type": "application/json"}, told))
        inner: Opened = found.opened
        pool = _RecordingPool(inner, source, recording)
        return Way(msgspec.structs.replace(inner, pool=pool), access)

    return opened


def replayed_way(replay: Replay, source: str) -> Callable[[], Way]:
    """A way to what was recorded of a cluster."""
    members = {one.request: one for one in replay.manifest.members if one.source == source}

    def opened() -> Way:
        told = members.get(ACCESS)
        try:
            access = msgspec.json.decode(replay.bodies.get(told.name, b"") if told else b"", type=Access)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            access = Access("", "", "", "", "", "none")
        return Way(Opened("https://recorded", _ReplayPool(replay, members), {}), access)

    return opened


def request_name(method: str, path: str, query: str, accept: str, body: bytes | None) -> str:
    """What an answer is kept under; of a log any number of lines will do."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    if path.endswith(_LOG):
        pairs = [one for one in pairs if one[0] in ("container", "previous")]
    form = next((word for mark, word in _FORMS.items() if mark in accept), "")
    asked = f"{CLUSTER}{method} {path}" + (f"?{urlencode(pairs)}" if pairs else "") + (f" {form}" if form else "")
    return f"{asked} {body.decode('utf-8', 'replace')}" if body else asked


class _RecordingPool:
    def __init__(self, opened: Opened, source: str, recording: Recording) -> None:
        self._inner = opened.pool
        self._server = opened.server.rstrip("/")
        self._source = source
        self._recording = recording

    def urlopen(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], **options: Any) -> Any:
        """As of urllib3's pools."""
        parts = urlsplit(url.removeprefix(self._server))
        name = request_name(method, unquote(parts.path), parts.query, headers.get("Accept", ""), body)
        try:
            response = self._inner.urlopen(method, url, body=body, headers=headers, **options)
        except Exception as error:
            said = NoAnswer(Reason.ERROR, 0, f"no answer ({type(error).__name__})")
            self._recording.note(self._source, name, None, said)
            raise
        return _Heard(response, lambda answer: self._recording.note(self._source, name, answer))


class _Heard:
    """A response that tells what it brought once it has been read to its end."""

    def __init__(self, response: Any, note: Callable[[Answer], None]) -> None:
        self._response = response
        self._note = note
        self._pieces: list[bytes] = []
        self.status: int = response.status
        self.headers = response.headers

    def read1(self, size: int) -> bytes:
        piece: bytes = self._response.read1(size)
        if piece:
            self._pieces.append(piece)
        else:
            kept = {name.lower(): value for name, value in self.headers.items()}
            self._note(Answer(self.status, kept, b"".join(self._pieces)))
        return piece

    def close(self) -> None:
        self._response.close()


class _ReplayPool:
    def __init__(self, replay: Replay, members: Mapping[str, Any]) -> None:
        self._bodies = replay.bodies
        self._members = members

    def urlopen(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], **_: Any) -> Any:
        """As of urllib3's pools; raises `ApiError` for what was not recorded, which is a gap and never empty."""
        parts = urlsplit(url)
        path = unquote(parts.path)
        member = self._members.get(request_name(method, path, parts.query, headers.get("Accept", ""), body))
        if member is not None:
            if not member.name:
                raise ApiError(Reason.ERROR, 0, member.detail or NOT_HERE)
            return _Replayed(member.status, member.headers, self._bodies.get(member.name, b""))
        if method == "GET":
            found = found_in_lists(path, dict(parse_qsl(parts.query)), self._lists)
            if found is not None:
                return _Replayed(200, {"content-type": "application/json"}, found)
        raise ApiError(Reason.UNSUPPORTED, 0, NOT_HERE)

    def _lists(self, path: str) -> Iterator[bytes]:
        """Every page of a list."""
        asked = f"{CLUSTER}GET {path}"
        for name, member in self._members.items():
            if member.status == 200 and name.removeprefix(asked)[:1] in ("", "?", " ") and name.startswith(asked):
                yield self._bodies.get(member.name, b"")


class _Replayed:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    def read1(self, size: int) -> bytes:
        piece, self._body = self._body[:size], self._body[size:]
        return piece

    def close(self) -> None:
        self._body = b""
