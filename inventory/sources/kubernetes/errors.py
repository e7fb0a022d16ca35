"""What can come back instead of an answer, typed: refusals of the server, of what stands before it, and silence."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from inventory.gap import Gap, Reason

GONE, THROTTLED, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 410, 429, 401, 403, 404
CLOSED = "closed"
"""The cause of an error of a connection that the other side has closed, as it may with one that was kept."""
_LONGEST_WAIT = 300.0
_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL | re.IGNORECASE)


class ApiError(Exception):
    """A request that gave no data.

    `status` is the HTTP status, 0 when there was none; `message` one line for people; `retry_after` seconds, 0.0 when
    the server did not say. `proceed` is the token with which a list that became too old can go on.
    """

    def __init__(
        self, reason: Reason, status: int, message: str, retry_after: float = 0.0, proceed: str = "", cause: str = ""
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.message = message
        self.retry_after = retry_after
        self.proceed = proceed
        self.cause = cause

    def gap(self, path: str) -> Gap:
        """The same as data; `path` as in `GET /api/v1/pods`."""
        return Gap(self.reason, path, self.message)

    @property
    def refuses_credentials(self) -> bool:
        """Whether the server does not know who we are."""
        return self.status == UNAUTHORIZED


class _Details(msgspec.Struct, frozen=True, rename="camel"):
    retry_after_seconds: int = 0


class _StatusMeta(msgspec.Struct, frozen=True, rename="camel"):
    continue_: str = msgspec.field(default="", name="continue")


class Status(msgspec.Struct, rename="camel"):
    """`metav1.Status`."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: _Details | None = None
    metadata: _StatusMeta | None = None


_STATUS = msgspec.json.Decoder(Status)  # made here, because making one is not safe in threads


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that an HTTP status other than 2xx stands for."""
    told = _told(body)
    if 300 <= status < 400:
        place = headers.get("location", "")[:200]
        return ApiError(Reason.ERROR, status, f"redirects to {place or 'another place'}, which is not followed")
    message = told.message if told else _words(body)
    wait = _wait(headers.get("retry-after", ""), told)
    return ApiError(
        _reason(status, told),
        status,
        message or _phrase(status),
        wait,
        told.metadata.continue_ if told and told.metadata else "",
        told.reason if told else "",
    )


def status_error(body: bytes) -> ApiError:
    """The error that a Status inside of a stream stands for."""
    told = _told(body)
    if told is None:
        return ApiError(Reason.ERROR, 0, "the watch ended with an error that is no Status")
    return refusal(told.code or HTTPStatus.INTERNAL_SERVER_ERROR, {}, body)


def failure(error: BaseException, where: str) -> ApiError:
    """A failure below HTTP; `where` names the server."""
    causes = _chain(error)
    for one in causes:
        if isinstance(one, ssl.SSLCertVerificationError):
            return ApiError(Reason.ERROR, 0, f"the certificate of {where} is refused: {one.verify_message}")
    for one in causes:
        if type(one).__name__ == "CertificateError":  # of urllib3, which looks at another name than that of the URL
            return ApiError(Reason.ERROR, 0, f"the certificate of {where} is refused: {one}"[:300])
    for one in causes:
        if isinstance(one, ssl.SSLError):
            return ApiError(Reason.ERROR, 0, f"no TLS with {where}: {one.reason or one}")
        if isinstance(one, TimeoutError) or type(one).__name__.endswith("TimeoutError"):
            return ApiError(Reason.TIMEOUT, 0, f"{where} does not answer")
        if isinstance(one, socket.gaierror):
            return ApiError(Reason.ERROR, 0, f"the name {where} is not known")
        if isinstance(one, ConnectionRefusedError):
            return ApiError(Reason.ERROR, 0, f"connection to {where} refused, nothing listens there")
        if isinstance(one, ConnectionResetError | BrokenPipeError):
            return ApiError(Reason.ERROR, 0, f"connection closed by {where}", cause=CLOSED)
    for one in causes:
        if isinstance(one, OSError) and one.strerror:
            return ApiError(Reason.ERROR, 0, f"{where}: {one.strerror}")
    kind = type(error).__name__
    cut = kind in {"IncompleteRead", "ProtocolError", "InvalidChunkLength"}
    return ApiError(Reason.ERROR, 0, f"{where}: {'answer cut off' if cut else f'no HTTP answer ({kind})'}")


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what lies behind it; urllib3 keeps some causes in arguments."""
    found: list[BaseException] = []
    pending: list[object] = [error]
    while pending and len(found) < 20:
        one = pending.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            pending += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found


def _reason(status: int, told: Status | None) -> Reason:
    if status in {UNAUTHORIZED, FORBIDDEN}:
        return Reason.DENIED
    if status == NOT_FOUND:  # of an object the server says so; of a kind it knows only that there is no such page
        return (
            Reason.ABSENT
            if told and told.reason == "NotFound" and told.message.endswith("not found")
            else (Reason.UNSUPPORTED)
        )
    if status in {405, 406, 415, 501}:
        return Reason.UNSUPPORTED
    return Reason.TIMEOUT if status in {408, 504} else Reason.ERROR


def _told(body: bytes) -> Status | None:
    try:
        found = _STATUS.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if found.kind == "Status" or found.message else None


def _words(body: bytes) -> str:
    """Plain text, or the text of a proxy's page."""
    return " ".join(_TAGS.sub(" ", body[:4000].decode("utf-8", "replace")).split())[:300]


def _wait(header: str, told: Status | None) -> float:
    if header.strip().isascii() and header.strip().isdigit():
        return min(float(header), _LONGEST_WAIT)
    return min(float(told.details.retry_after_seconds), _LONGEST_WAIT) if told and told.details else 0.0


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else f"status {status}"
