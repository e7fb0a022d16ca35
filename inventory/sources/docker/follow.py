"""What an engine's event means: what to read again, what is gone, and what to tell the person. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import msgspec

from inventory.resource import EMPTY, Kind
from inventory.snapshot import Event
from inventory.sources.decode import AnswerError, decode
from inventory.sources.docker import wire

Target = tuple[Kind, str]
"""An object to inspect, or with an empty id a whole kind to list."""

# 87 % of a busy host's events are exec_* of health probes, so the server is told what is wanted.
ACTIONS = (
    "create", "start", "restart", "stop", "die", "kill", "oom", "pause", "unpause", "rename", "update", "destroy",
    "health_status", "commit", "pull", "push", "tag", "untag", "delete", "import", "load", "prune", "connect",
    "disconnect", "remove", "reload", "enable", "disable",
)  # fmt: skip
LONGEST_LINE = 1 << 20
_PODMANS = "podId"  # an attribute of every event of Podman and of none of Docker
_SERVICE = "com.docker.swarm.service.id"
_WHOLE = {
    "service": Kind.SERVICE, "node": Kind.NODE, "secret": Kind.SECRET, "config": Kind.CONFIG, "volume": Kind.VOLUME,
    "image": Kind.IMAGE,
}  # fmt: skip
_KINDS = {"container": Kind.CONTAINER, "network": Kind.NETWORK}
# Actions that leave the facts as they are.
_IDLE = frozenset({
    "attach", "detach", "top", "resize", "export", "archive-path", "extract-to-dir", "copy", "push", "mount", "unmount",
    "prune", "checkpoint", "cleanup", "sync", "save", "commit",
})  # fmt: skip
_DETAILS = ("exitCode", "signal", "oldName", "container", "state.new", "updatestate.new")


class Touch(msgspec.Struct, frozen=True):
    """The consequences of one event. `event` is None for what nobody needs to see (probe executions)."""

    event: Event | None = None
    read: tuple[Target, ...] = ()
    gone: Target | None = None


NOTHING = Touch()


def events_path(flavour: str) -> str:
    """The path of the stream. Podman's filter knows only its own names of actions, so it is not given one."""
    if flavour == "podman":
        return "/events"
    return f"/events?filters={quote(json.dumps({'event': ACTIONS}, separators=(',', ':')))}"


class Lines:
    """Splits a stream of pieces into lines; a line longer than `LONGEST_LINE` is dropped."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The lines that are complete with this piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if not self._skipping and line.strip():
                yield line
            self._skipping = False
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._skipping = b"", True


def touch(line: bytes, source: str) -> Touch:
    """The consequences of an event; only Type, Action and Actor are read (the rest is gone from API 1.52)."""
    try:
        found, _ = decode(line, wire.Event)
    except AnswerError:
        return NOTHING
    kind, action = found.type or "", found.action or ""
    verb, _, rest = action.partition(":")  # "health_status: healthy", "exec_create: sh -c ..."
    if verb.startswith("exec_") or not kind:
        return NOTHING
    actor = found.actor or wire.Actor()
    attributes = actor.attributes or EMPTY
    key = actor.engine_id or ""
    at = found.time_nano / 1e9 if found.time_nano else float(found.time or 0)
    detail = rest.strip() or _detail(attributes)
    event = Event(at, source, kind, key, attributes.get("name", key[:12]), verb, detail)
    return _consequences(event, attributes)


def _consequences(event: Event, attributes: Mapping[str, str]) -> Touch:
    verb, key = event.action, event.id
    if verb in _IDLE:
        return Touch(event)
    if event.kind == "daemon":
        return Touch(event, ((Kind.ENGINE, ""),) if verb == "reload" else ())
    if event.kind == "plugin":
        return Touch(event, ((Kind.ENGINE, ""),))
    if event.kind in _KINDS:
        return _object(event, _KINDS[event.kind], attributes)
    if event.kind == "volume" and verb == "destroy":
        return Touch(event, gone=(Kind.VOLUME, key))
    whole = _WHOLE.get(event.kind)
    if whole is None:
        return Touch(event)
    return Touch(event, ((whole, ""),))


def _object(event: Event, kind: Kind, attributes: Mapping[str, str]) -> Touch:
    verb, key = event.action, event.id
    if kind is Kind.NETWORK and _PODMANS in attributes:  # which names the container in place of the network
        return Touch(event, ((Kind.CONTAINER, key),))
    service: tuple[Target, ...] = ((Kind.TASK, ""),) if attributes.get(_SERVICE) else ()
    if verb in {"destroy", "remove"}:
        return Touch(event, service, (kind, key))
    read: tuple[Target, ...] = ((kind, key), *service)
    if kind is Kind.NETWORK and attributes.get("container"):
        read += ((Kind.CONTAINER, attributes["container"]),)
    return Touch(event, read)


def _detail(attributes: Mapping[str, str]) -> str:
    found = ((name, attributes[name]) for name in _DETAILS if attributes.get(name))
    return " ".join(f"{name}={value[:12] if name == 'container' else value}" for name, value in found)
