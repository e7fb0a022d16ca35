"""Refusals in the words of the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

JSON = "application/json"


class Problem(Exception):  # noqa: N818 - an answer, not always an error
    """An answer other than the one that was asked for: a `Status`, or plain `text` where the real one sends that."""

    def __init__(
        self, code: int, reason: str, message: str, *, details: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, text: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.code = code
        self.headers = dict(headers or {})
        self.kind = "text/plain; charset=utf-8" if text else JSON
        self.status: dict[str, Any] = {
            "kind": "Status", "apiVersion": "v1", "metadata": dict(metadata or {}), "status": "Failure",
            "message": message,
        }  # fmt: skip
        if reason:
            self.status["reason"] = reason
        if details is not None:
            self.status["details"] = dict(details)
        self.status["code"] = code
        self.body = message.encode() if text else dumped(self.status) + b"\n"


def dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def no_page() -> Problem:
    """An API group that is not there."""
    return Problem(404, "", "404 page not found\n", text=True)


def no_resource() -> Problem:
    return Problem(404, "NotFound", "the server could not find the requested resource", details={})


def no_object(group: str, resource: str, name: str) -> Problem:
    details = {"name": name, **({"group": group} if group else {}), "kind": resource}
    words = f"{resource}.{group}" if group else resource
    return Problem(404, "NotFound", f'{words} "{name}" not found', details=details)


def bad(message: str) -> Problem:
    return Problem(400, "BadRequest", message)


def gone(message: str, metadata: Mapping[str, Any] | None = None) -> Problem:
    """410: what was asked for has been compacted away."""
    return Problem(410, "Expired", message, metadata=metadata)


def throttled(seconds: int = 1) -> Problem:
    words = "Too many requests, please try again later.\n"
    return Problem(429, "", words, headers={"Retry-After": str(seconds)}, text=True)


def unauthorized() -> Problem:
    return Problem(401, "Unauthorized", "Unauthorized")
