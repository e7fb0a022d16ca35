"""An API server in a few lines, without sockets, that goes wrong exactly when a test says so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from inventory.gap import Reason
from inventory.sources.kubernetes.errors import ApiError, refusal
from inventory.sources.kubernetes.transport import JSON, LIMIT

FAULTS = (
    "drop",
    "half",
    "expire",
    "error",
    "unauthorized",
    "throttle",
    "broken",
    "garbage",
    "end",
    "compact",
    "refuse",
)


class Fickle:
    """Holds objects of one kind and their history. `faults` are used up one by one, each by one request."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.history: list[tuple[int, str, dict[str, Any]]] = []
        self.version = 10
        self.oldest = 10
        self.faults: list[str] = []
        self.watch_list = True
        self.between: list[Any] = []  # what happens while a page is on its way
        self.page = 3
        self.positions: list[int] = []  # that watches began from

    # -- what happens ---------------------------------------------------------------------------------------------

    def put(self, name: str) -> None:
        self.version += 1
        kind = "MODIFIED" if name in self.objects else "ADDED"
        meta = {"name": name, "namespace": "a", "uid": f"u-{name}", "resourceVersion": str(self.version)}
        found = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"at": str(self.version)}}
        self.objects[name] = found
        self.history.append((self.version, kind, found))

    def delete(self, name: str) -> None:
        if name in self.objects:
            self.version += 1
            found = self.objects.pop(name)
            meta = {**found["metadata"], "resourceVersion": str(self.version)}
            self.history.append((self.version, "DELETED", {**found, "metadata": meta}))

    def compact(self) -> None:
        """Forget the past."""
        self.version += 1
        self.oldest = self.version

    # -- what is asked --------------------------------------------------------------------------------------------

    def get(
        self, path: str, query: Mapping[str, str] | None = None, *, accept: str = JSON, deadline: float,
        limit: int = LIMIT,
    ) -> bytes:  # fmt: skip
        query = query or {}
        fault = self._fault()
        token = query.get("continue", "")
        at, _, start = token.partition("|")
        if (fault == "expire" and token) or (at and int(at) < self.oldest):
            raise self._gone()
        if fault in {"half", "garbage", "broken"}:
            return b'{"items":[{"metadata":{"na'
        version = int(at) if at else self.version
        found = self._as_of(version)
        names = sorted(name for name in found if name >= start)
        size = int(query.get("limit") or 0) and self.page
        chosen = names[:size] if size else names
        more = names[len(chosen)] if len(chosen) < len(names) else ""
        meta = {"resourceVersion": str(version)} | ({"continue": f"{version}|{more}"} if more else {})
        answer = json.dumps({"metadata": meta, "items": [found[name] for name in chosen]}).encode()
        if self.between:
            self.between.pop(0)()
        return answer

    def stream(
        self, path: str, query: Mapping[str, str] | None = None, *, accept: str = JSON, deadline: float, silence: float
    ) -> Lines:
        query = query or {}
        fault = self._fault()
        initial = query.get("sendInitialEvents") == "true"
        if initial and not self.watch_list:
            raise refusal(422, {}, b'{"kind":"Status","message":"sendInitialEvents is forbidden","code":422}')
        since = self.version if initial else int(query["resourceVersion"])
        self.positions.append(since)
        if not initial and (fault == "expire" or since < self.oldest):
            if fault == "expire":
                raise self._gone()
            return Lines(self, [self._line("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})], None, None)
        lines: list[bytes] = []
        if initial:
            lines = [self._line("ADDED", one) for _, one in sorted(self.objects.items())]
            mark = {"annotations": {"k8s.io/initial-events-end": "true"}, "resourceVersion": str(since)}
            lines.append(self._line("BOOKMARK", {"kind": "ConfigMap", "metadata": mark}))
        return Lines(self, lines, since, fault)

    def review(self, path: str, body: bytes, *, deadline: float) -> bytes:
        return b'{"status":{"allowed":true}}'

    def since(self, version: int) -> list[bytes]:
        return [self._line(kind, one) for at, kind, one in self.history if at > version]

    def _fault(self) -> str | None:
        """The next one; those that need no connection are raised here."""
        fault = self.faults.pop(0) if self.faults else None
        if fault == "compact":
            self.compact()
        if fault == "refuse":
            raise ApiError(Reason.ERROR, 0, "connection refused")
        if fault == "unauthorized":
            raise refusal(401, {}, b"Unauthorized")
        if fault == "throttle":
            raise refusal(429, {"retry-after": "1"}, b"slow down")
        if fault == "error":
            raise refusal(503, {}, b"upstream connect error")
        return fault

    def _as_of(self, version: int) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for at, kind, one in self.history:
            if at <= version:
                name = one["metadata"]["name"]
                if kind == "DELETED":
                    found.pop(name, None)
                else:
                    found[name] = one
        return found

    def _gone(self) -> ApiError:
        return refusal(410, {}, b'{"kind":"Status","reason":"Expired","code":410,"metadata":{"continue":"rest"}}')

    @staticmethod
    def _line(kind: str, one: Mapping[str, Any]) -> bytes:
        return json.dumps({"type": kind, "object": one}).encode() + b"\n"


class Lines:
    """A watch: what was, then what has happened until it is read, then its end, of whatever kind."""

    def __init__(self, server: Fickle, lines: list[bytes], since: int | None, fault: str | None) -> None:
        self._server = server
        self._lines = lines
        self._since = since
        self._fault = fault

    def within(self, silence: float) -> None:
        """Silence is never long here."""

    def close(self) -> None:
        """It ends by itself."""

    def __iter__(self) -> Iterator[bytes]:
        if self._server.between:
            self._server.between.pop(0)()
        lines = [*self._lines, *(self._server.since(self._since) if self._since is not None else ())]
        whole = b"".join(lines)
        if self._fault in {"drop", "half", "broken"}:
            cut = len(whole) * 2 // 3
            if self._fault == "drop":  # between two lines
                cut = whole.rfind(b"\n", 0, cut) + 1
            yield from _pieces(whole[:cut])
            if self._fault != "half":
                raise ApiError(Reason.ERROR, 0, "connection closed")
            return
        if self._fault == "garbage":
            cut = whole.rfind(b"\n", 0, len(whole) // 2) + 1
            yield whole[:cut] + b'{"type":\xff}\n' + whole[cut:]
            return
        if self._fault == "end":
            yield whole + self._server._line("ERROR", {"kind": "Status", "code": 500, "message": "etcd leader changed"})
            return
        yield from _pieces(whole)


def _pieces(whole: bytes) -> Iterator[bytes]:
    """Cut without regard to lines."""
    yield from (whole[at : at + 97] for at in range(0, len(whole), 97))
