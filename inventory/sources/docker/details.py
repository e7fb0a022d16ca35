"""What is read only while somebody looks: logs, processes, changed files, statistics. Each gives data or a gap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

import msgspec

from inventory.gap import Gap, Reason
from inventory.image import HistoryEntry
from inventory.sources.decode import AnswerError, decode
from inventory.sources.docker import images
from inventory.sources.docker.frames import Demultiplexer, LogLine
from inventory.sources.docker.session import Session
from inventory.sources.docker.stats import Sample, StatsAnswer, sample_of
from inventory.sources.docker.transport import ApiError, Stream

DEADLINE = 5.0
LONGEST_LOG = 32 << 20
_NOT_RUNNING = "the container is not running"
_NOT_COUNTED = "the container has no control group of its own, so nothing counts what it uses"
_OWN_COLUMNS = {"podman": "huser,hpid,ppid,stime,tty,time,args"}
"""What is asked for without saying what: left to itself, Podman runs ps(1) inside the container."""


class Processes(msgspec.Struct, frozen=True):
    """`GET /containers/{id}/top`: column titles and one row per process."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Change(msgspec.Struct, frozen=True):
    """A path that differs from the image: kind is modified, added or deleted."""

    path: str
    kind: str


class LogStream:
    """Log lines as they come; `close` may be called from any thread and ends the iteration."""

    def __init__(self, stream: Stream, demultiplexer: Demultiplexer) -> None:
        self._stream = stream
        self._demultiplexer = demultiplexer

    def __iter__(self) -> Iterator[LogLine]:
        """Raises `ApiError` when the connection breaks."""
        for piece in self._stream:
            yield from self._demultiplexer.feed(piece)
        yield from self._demultiplexer.end()

    def close(self) -> None:
        self._stream.close()


def logs(
    session: Session, container: str, *, tty: bool, tail: int = 500, since: float = 0.0, deadline: float = DEADLINE
) -> tuple[LogLine, ...] | Gap:
    """The last lines of a container. A driver that keeps nothing (`none`) is a gap with reason *unsupported*."""
    return _logs(session, f"/containers/{_name(container)}/logs", tty, tail, since, deadline)


def task_logs(
    session: Session, task: str, *, tty: bool = False, tail: int = 500, since: float = 0.0, deadline: float = DEADLINE
) -> tuple[LogLine, ...] | Gap:
    """The same of a swarm task, wherever it runs."""
    return _logs(session, f"/tasks/{_name(task)}/logs", tty, tail, since, deadline)


def service_logs(
    session: Session,
    service: str,
    *,
    tty: bool = False,
    tail: int = 500,
    since: float = 0.0,
    deadline: float = DEADLINE,
) -> tuple[LogLine, ...] | Gap:
    """The same of all tasks of a swarm service."""
    return _logs(session, f"/services/{_name(service)}/logs", tty, tail, since, deadline)


def follow_logs(
    session: Session, container: str, *, tty: bool, tail: int = 500, since: float = 0.0, deadline: float = DEADLINE
) -> LogStream | Gap:
    """The last lines and then what comes, on a connection of its own."""
    path = f"/containers/{_name(container)}/logs{_query(tail, since)}&follow=1"
    try:
        return LogStream(session.stream(path, deadline=deadline), Demultiplexer(tty, timestamps=True))
    except ApiError as error:
        return _gap(error, "GET /containers/{id}/logs")


def top(session: Session, container: str, *, arguments: str = "", deadline: float = DEADLINE) -> Processes | Gap:
    """The processes of a running container; `arguments` are ps(1)'s, or names of columns for Podman."""
    raw = _get(session, top_path(session.flavour, container, arguments), deadline, "GET /containers/{id}/top")
    if isinstance(raw, Gap):
        return raw
    try:
        found, malformed = decode(raw, _Top)
    except AnswerError as error:
        return error.gap("GET /containers/{id}/top")
    if malformed:
        return Gap(Reason.MALFORMED, "GET /containers/{id}/top", _first(malformed))
    return Processes(tuple(found.Titles or ()), tuple(tuple(row) for row in found.Processes or ()))


def top_path(flavour: str, container: str, arguments: str = "") -> str:
    """What `top` asks for. No engine runs anything in the container for it."""
    wanted = arguments or _OWN_COLUMNS.get(flavour, "")
    return f"/containers/{_name(container)}/top{f'?ps_args={quote(wanted)}' if wanted else ''}"


def changes(session: Session, container: str, *, deadline: float = DEADLINE) -> tuple[Change, ...] | Gap:
    """Files that differ from the image; null is none."""
    path = "GET /containers/{id}/changes"
    raw = _get(session, f"/containers/{_name(container)}/changes", deadline, path)
    if isinstance(raw, Gap):
        return raw
    try:
        found = _CHANGED.decode(raw) or []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Gap(Reason.MALFORMED, path)
    return tuple(Change(change.Path, _CHANGES.get(change.Kind, "modified")) for change in found)


def stats(session: Session, container: str, *, deadline: float = DEADLINE) -> Sample | Gap:
    """One sample. The engine takes up to a second for it, so for visible rows only; see `stats.CgroupStats`."""
    path = "GET /containers/{id}/stats"
    query = "?stream=false&one-shot=true"
    raw = _get(session, f"/containers/{_name(container)}/stats{query}", deadline, path)
    if isinstance(raw, Gap):
        return raw
    try:
        answer, malformed = decode(raw, StatsAnswer)
    except AnswerError as error:
        return error.gap(path)
    if malformed:
        return Gap(Reason.MALFORMED, next(iter(malformed)))
    ended = answer.memory_stats is None or answer.memory_stats.usage is None
    return sample_of(answer) or Gap(Reason.UNSUPPORTED, path, _NOT_RUNNING if ended else _NOT_COUNTED)


def image_history(session: Session, image: str, *, deadline: float = DEADLINE) -> Sequence[HistoryEntry] | Gap:
    """The build steps of an image, newest first."""
    return images.history(_get(session, f"/images/{_name(image)}/history", deadline, "GET /images/{name}/history"))


class _Top(msgspec.Struct):
    Titles: list[str] | None = None
    Processes: list[list[str]] | None = None


class _Change(msgspec.Struct):
    Path: str = ""
    Kind: int = 0


_CHANGED = msgspec.json.Decoder(list[_Change] | None)  # made here, because making one is not safe in threads
_CHANGES = {0: "modified", 1: "added", 2: "deleted"}


def _first(malformed: Mapping[str, str]) -> str:
    path, found = next(iter(malformed.items()))
    return f"{path}: {found}"


def _name(key: str) -> str:
    return quote(key, safe=":", errors="surrogatepass")


def _query(tail: int, since: float) -> str:
    start = f"&since={since:.9f}" if since else ""
    return f"?stdout=1&stderr=1&timestamps=1&tail={tail}{start}"


def _logs(
    session: Session, path: str, tty: bool, tail: int, since: float, deadline: float
) -> tuple[LogLine, ...] | Gap:
    try:
        raw = session.get(path + _query(tail, since), deadline=deadline, limit=LONGEST_LOG)
    except ApiError as error:
        return _gap(error, f"GET {path}")
    demultiplexer = Demultiplexer(tty, timestamps=True)
    return (*demultiplexer.feed(raw), *demultiplexer.end())


def _get(session: Session, path: str, deadline: float, shown: str) -> bytes | Gap:
    """The body; zero bytes are what Podman answers about a stopped container."""
    try:
        raw = session.get(path, deadline=deadline)
    except ApiError as error:
        return _gap(error, shown)
    return raw if raw.strip() else Gap(Reason.UNSUPPORTED, shown, _NOT_RUNNING)


def _gap(error: ApiError, path: str) -> Gap:
    if error.status == HTTPStatus.CONFLICT:
        return Gap(Reason.UNSUPPORTED, path, _NOT_RUNNING)
    return error.gap(path)
