"""Exec sessions of a container: which of them run. Podman and Docker answer alike."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

import msgspec

from inventory.activity import Session as ExecSession
from inventory.gap import Gap, Reason
from inventory.sources.decode import AnswerError, decode
from inventory.sources.docker import wire
from inventory.sources.docker.session import Session
from inventory.sources.docker.transport import ApiError
from inventory.sources.docker.wire import Strings, Wire

MOST = 32
"""Sessions of one container that are asked for; an engine forgets those that ended only after some minutes."""
DEADLINE = 5.0
PATH = "GET /exec/{id}/json"


class _Process(Wire):
    """The members begin with a small letter here."""

    entrypoint: str | None = msgspec.field(name="entrypoint", default=None)
    arguments: Strings = msgspec.field(name="arguments", default=None)
    privileged: bool | None = msgspec.field(name="privileged", default=None)
    user: str | None = msgspec.field(name="user", default=None)
    tty: bool | None = msgspec.field(name="tty", default=None)


class _Exec(Wire):
    running: bool | None = None
    pid: int | None = None
    process_config: _Process | None = None


def exec_ids(session: Session, container: str) -> tuple[str, ...] | Gap:
    """The sessions that the engine knows of now, ended ones included."""
    try:
        raw = session.get(f"/containers/{_part(container)}/json", deadline=DEADLINE)
        found, malformed = decode(raw, wire.Container)
    except (ApiError, AnswerError) as error:
        return error.gap("GET /containers/{id}/json")
    return Gap(Reason.MALFORMED, "ExecIDs") if "ExecIDs" in malformed else tuple(found.exec_ids or ())


def sessions(session: Session, ids: Sequence[str]) -> tuple[ExecSession, ...] | Gap:
    """Those that run. One of them that cannot be read makes the answer a gap: it may be somebody who is inside."""
    if len(ids) > MOST:
        return Gap(Reason.UNSUPPORTED, PATH, f"{len(ids)} sessions, more than the {MOST} that are asked for")
    found: list[ExecSession] = []
    for one in ids:
        told = _session(session, one)
        if isinstance(told, Gap):
            return told
        if told is not None:
            found.append(told)
    return tuple(found)


def _session(session: Session, one: str) -> ExecSession | Gap | None:
    """None: it has ended, or its container has."""
    try:
        return understood(session.get(f"/exec/{_part(one)}/json", deadline=DEADLINE), one)
    except ApiError as error:
        return None if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT) else error.gap(PATH)


def _part(identity: str) -> str:
    """As one part of a path, whatever the engine calls it."""
    return quote(identity, safe="", errors="surrogatepass")


def understood(raw: bytes, one: str) -> ExecSession | Gap | None:
    """The answer about the session with this id; None when it has ended."""
    try:
        found, malformed = decode(raw, _Exec)
    except AnswerError as error:
        return error.gap(PATH)
    if found.running is False:
        return None
    process = found.process_config
    if malformed or found.running is None or process is None or process.entrypoint is None:
        return Gap(Reason.MALFORMED, next(iter(malformed), PATH))
    return ExecSession(
        id=one,
        command=(process.entrypoint, *(process.arguments or ())),
        user=process.user or "",
        privileged=bool(process.privileged),
        terminal=bool(process.tty),
        pid=found.pid or 0,
    )
