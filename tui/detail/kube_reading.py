"""What is read of a cluster while one looks: an object as YAML, the logs of a pod's containers."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any, NamedTuple

from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.selection import pods_of
from inventory.kubernetes.times import epoch
from inventory.kubernetes.workloads import Pod
from inventory.secrets import MARGIN, mask_document
from inventory.snapshot import Snapshot
from inventory.sources.decode import AnswerError, plain
from inventory.sources.docker.frames import LogLine
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.reader import ClusterReader, lines
from inventory.sources.kubernetes.transport import Stream
from inventory.text import safe
from tui.detail.raw import LONGEST, cut
from tui.detail.reading import IDLE, LogKeys, log_line, lost_lines, no_lines
from tui.detail.tab import Context
from tui.logs import MOST, WAITING, Backlog, LogQuery
from tui.threads import spawn
from widgets.cells import Cell
from widgets.style import Role
from widgets.textview import TextLine, line

MOST_STREAMS = 12
"""Containers of a workload whose logs are followed at the same time."""
_KEY = re.compile(r"^(\s*(?:- )*)([^\s:#'\"-][^:]*?):(\s.*|)$")


# -- an object as YAML ----------------------------------------------------------------------------------------------


def read_object(resource: KubeResource, reader: Any) -> bytes | Gap:
    """The object as the cluster, or the file, has it now."""
    found: bytes | Gap = reader.object(resource)
    return found


def yaml_lines(raw: bytes, context: Context) -> Iterator[TextLine]:
    """The object without the book-keeping of its fields, its secrets masked."""
    try:
        document = plain(raw)
    except AnswerError as error:
        yield line(f" not readable: {error}", "unknown")  # nothing is shown: what cannot be parsed cannot be masked
        return
    managers = _fold(document)
    for text in _dumped(cut(mask_document(cut(document, LONGEST + MARGIN)), LONGEST)):
        yield _coloured(text)
    if managers:
        yield line(f" # managedFields: {safe(managers, 500)}", "dim")


def _fold(document: Any) -> str:
    """Take the managed fields out; by whom they are, in words."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    fields = metadata.pop("managedFields", None) if isinstance(metadata, dict) else None
    if not isinstance(fields, list):
        return ""
    names = dict.fromkeys(str(one.get("manager")) for one in fields if isinstance(one, Mapping))
    return ", ".join(names)


def _dumped(document: Any) -> Iterable[str]:
    import yaml  # late: only whoever looks at an object needs it

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(_writable(document), Dumper=dumper, sort_keys=False, allow_unicode=True, width=1000)
    return text.splitlines()


def _writable(value: Any) -> Any:
    """Without halves of characters, which no text may hold and the writer refuses."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_writable(name): _writable(inner) for name, inner in value.items()}
    return [_writable(inner) for inner in value] if isinstance(value, list) else value


def _coloured(text: str) -> TextLine:
    found = _KEY.match(text)
    clean = safe(text, LONGEST)
    if found is None:
        return TextLine(Cell.of(f" {clean}"), copy=clean)
    before, key, value = found.groups()
    return TextLine(Cell.join(f" {before}", (safe(key), "accent"), f":{safe(value, LONGEST)}"), copy=clean)


# -- logs -----------------------------------------------------------------------------------------------------------


class Wanted(NamedTuple):
    """One container's log; `whose` goes before its lines where there are several."""

    namespace: str
    pod: str
    container: str
    whose: str


def containers_of(resource: KubeResource, snapshot: Snapshot | None = None) -> list[Wanted]:
    """The containers of a pod that have been started, or those of a workload's pods, the newest first."""
    pods = (resource,) if isinstance(resource, Pod) else pods_of(snapshot, resource) if snapshot is not None else ()
    newest = sorted((pod for pod in pods if isinstance(pod, Pod)), key=lambda pod: -_created(pod))
    names = [(pod, name) for pod in newest for name in _started(pod)]
    shared = _shared([pod.name for pod in newest])
    alone, one_each = len(names) == 1, len(names) == len(newest)
    return [
        Wanted(pod.namespace, pod.name, name, "" if alone else _whose(pod.name[shared:], "" if one_each else name))
        for pod, name in names
    ]


def _shared(names: list[str]) -> int:
    """How much of the pods' names is the workload's, which needs not stand before each line."""
    if len(names) < 2:
        return sum(map(len, names))
    parts = [name.split("-")[:-1] for name in names]
    alike = takewhile(lambda found: len(set(found)) == 1, zip(*parts, strict=False))
    return sum(len(found[0]) + 1 for found in alike)


def _whose(pod: str, container: str) -> str:
    return f"{safe('/'.join(filter(None, (pod, container))))} "


def _created(pod: Pod) -> float:
    created = pod.peek("created")
    return 0.0 if isinstance(created, Gap) else float(created)


def _started(pod: Pod) -> list[str]:
    status = pod.status
    every = (*status.container_statuses, *status.init_container_statuses, *status.ephemeral_container_statuses)
    started = [one.name for one in every if one.state.running or one.state.terminated or one.last_state.terminated]
    return started or [one.name for one in every[:1]] or [one.name for _, one in pod.pod_spec.all_containers()[:1]]


class _Several:
    """Streams that end together."""

    def __init__(self) -> None:
        self._streams: list[Stream] = []
        self._closed = False
        self._lock = threading.Lock()

    def add(self, stream: Stream) -> None:
        with self._lock:
            self._streams.append(stream)
            closed = self._closed
        if closed:
            stream.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            streams = list(self._streams)
        for stream in streams:
            stream.close()


class _Pumps:
    """Reads several logs into one backlog, which ends when the last of them does."""

    def __init__(self, reader: ClusterReader, wanted: list[Wanted], tail: int, backlog: Backlog) -> None:
        self._reader = reader
        self._tail = tail
        self._backlog = backlog
        self._left = len(wanted)
        self._lock = threading.Lock()
        self.streams = _Several()
        self.answered = threading.Event()  # once a server has begun to answer, or refused
        self.problems: dict[str, str] = {}
        for one in wanted:
            spawn(f"log-{one.container}"[:15], lambda one=one: self._pump(one))  # type: ignore[misc]  # bound here

    def _pump(self, wanted: Wanted) -> None:
        keys = LogKeys()
        try:
            stream = self._reader.follow(wanted.namespace, wanted.pod, wanted.container, tail=self._tail)
            self.answered.set()
            if isinstance(stream, Gap):
                self.problems[wanted.whose] = str(stream)
            else:
                self.streams.add(stream)
                for text in lines(iter(stream)):
                    self._backlog.put(keys.entry(_told(text, wanted.whose)))
        except ApiError as error:
            self.problems[wanted.whose] = str(error)
        except Exception as error:  # the other side waits for the end, however it comes
            self.problems[wanted.whose] = f"{type(error).__name__}: {error}"
        with self._lock:
            self._left -= 1
            if not self._left:
                self._backlog.end()


def _told(text: str, whose: str) -> LogLine:
    """`2026-11-23T10:00:00.1Z words` taken apart; a line without a time is all words."""
    moment, _, words = text.partition(" ")
    when = epoch(moment[:19] + "Z") if len(moment) > 19 and moment[4:5] == "-" else 0.0
    return LogLine(whose, when, words if when else text)


def show_log(resource: KubeResource, query: LogQuery) -> Gap | None:
    """Follow the logs of all its containers until they end or nobody looks any more."""
    wanted = containers_of(resource, query.snapshot)
    if not wanted:
        return Gap(Reason.UNSUPPORTED, "logs", "no container of it has been started")
    backlog = Backlog(min(MOST, max(WAITING, query.tail)))
    reader: Any = query.talk
    pumps = _Pumps(reader, wanted[:MOST_STREAMS], query.tail, backlog)
    feed = query.feed
    feed.opened(pumps.streams)
    if len(wanted) > MOST_STREAMS:
        feed.show([line(f" the newest {MOST_STREAMS} of {len(wanted)} containers", "accent")])
    shown = False
    while not feed.closed:
        taken = backlog.take(IDLE)
        found = [lost_lines(taken.lost)] if taken.lost else []
        found += [log_line(entry, query.timestamps, entry.line.stream) for entry in taken.entries]
        if found:
            feed.show(found)
        elif not shown and pumps.answered.is_set():
            feed.show([no_lines(query)], passing=True)
        shown = shown or bool(found) or pumps.answered.is_set()
        if taken.ended:
            break
        feed.pause()
    pumps.streams.close()
    problems = [f"{whose}{problem}" for whose, problem in pumps.problems.items()]
    if problems and not feed.closed:
        feed.show([line(f" {safe(problem, 400)}", "unknown") for problem in problems[:-1]])
        return Gap(Reason.ERROR, "the log", problems[-1])
    return None


def read_previous(pod: Pod, reader: Any) -> tuple[tuple[str, bytes | Gap], ...] | Gap:
    """What the containers that were started again wrote in the run before."""
    try:
        status = pod.status
    except Unread as missing:
        return missing.gap
    every = (*status.container_statuses, *status.init_container_statuses)
    again = [one.name for one in every if one.last_state.terminated is not None]
    if not again:
        return Gap(Reason.UNSUPPORTED, "the run before", "no container of it was started again")
    return tuple((name, reader.logs(pod.namespace, pod.name, name, previous=True, tail=500)) for name in again)


def previous_lines(found: tuple[tuple[str, bytes | Gap], ...], context: Context) -> Iterator[TextLine]:
    """Each container's last run, how it ended at the bottom."""
    for name, answer in found:
        yield line(f" -- {safe(name)}, the run before --", "header")
        if isinstance(answer, Gap):
            yield line(f" {safe(str(answer), 400)}", "unknown")
            continue
        keys = LogKeys()
        texts = answer.decode("utf-8", "replace").splitlines()
        for text in texts:
            yield log_line(keys.entry(_told(text, "")), timestamps=True)
        if not texts:
            role: Role = "dim"
            yield line(" it wrote nothing", role)
