"""A small Engine API client that may write: only the lab changes an engine, Deckwatch itself cannot."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

API = "/v1.41"


class EngineError(Exception):
    """The engine refused: `status` is the HTTP status, the text is the engine's own message."""

    def __init__(self, status: int, method: str, path: str, message: str) -> None:
        super().__init__(f"{method} {path}: {status} {message}")
        self.status = status
        self.message = message


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class EngineClient:
    """One connection per call, so that threads may share the client."""

    def __init__(self, socket_path: Path, timeout: float = 60.0) -> None:
        self._socket = socket_path
        self._timeout = timeout

    def raw(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of one request. Raises OSError when the engine cannot be reached."""
        connection = UnixConnection(self._socket, self._timeout)
        try:
            connection.request(method, API + path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def call(self, method: str, path: str, body: object = None, **query: str | int | bool) -> Any:
        """JSON in, JSON out (None for an empty or non-JSON body). Raises EngineError from status 400 on."""
        target = path + ("?" + urlencode({k: str(v).lower() for k, v in query.items()}) if query else "")
        payload = None if body is None else json.dumps(body).encode()
        status, answer = self.raw(method, target, payload, {"Content-Type": "application/json"})
        if status >= http.client.BAD_REQUEST:
            raise EngineError(status, method, target, _message(answer))
        return _json(answer)

    def get(self, path: str, **query: str | int | bool) -> Any:
        return self.call("GET", path, None, **query)

    def post(self, path: str, body: object = None, **query: str | int | bool) -> Any:
        return self.call("POST", path, body, **query)

    def delete(self, path: str, **query: str | int | bool) -> Any:
        return self.call("DELETE", path, None, **query)

    def ping(self) -> bool:
        try:
            return self.raw("GET", "/_ping")[0] == http.client.OK
        except OSError:
            return False

    def create_container(self, name: str, body: object) -> str:
        """The id of the new container."""
        return str(self.call("POST", f"/containers/create?name={quote(name)}", body)["Id"])


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _message(body: bytes) -> str:
    decoded = _json(body)
    if isinstance(decoded, dict) and "message" in decoded:
        return str(decoded["message"])
    return body.decode(errors="replace").strip()
