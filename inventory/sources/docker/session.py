"""A conversation with one engine: the negotiated API version and who it is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from inventory.gap import Reason
from inventory.sources.docker.transport import LIMIT, ApiError, Stream, Transport

NEWEST = (1, 51)
"""The newest API version whose answers this program knows."""
LIBPOD_VERSION = "4.0.0"
"""The version of Podman's own API whose answers this program knows; Podman 4 and 5 both speak it."""
_LIBPOD = "/libpod/"
# The one form of date that HTTP servers send (RFC 9110, 5.6.7); email.utils knows more and takes 15 ms to load.
_DATE = re.compile(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOO_OLD = re.compile(r"[Mm]inimum supported API version is (\d+)\.(\d+)")


class Session(msgspec.Struct, frozen=True):
    """`version` as in `1.41`; `flavour` docker or podman; `version_raw` the answer to `GET /version`.

    `answered` is called whenever the engine has answered anything. `ahead`: seconds that its clock is ahead of ours.
    """

    transport: Transport
    version: str = ""
    flavour: str = "docker"
    version_raw: bytes = b""
    answered: Callable[[], None] = lambda: None
    ahead: float = 0.0

    def get(self, path: str, *, deadline: float, limit: int = LIMIT) -> bytes:
        """The body of a versioned path such as `/info`. Raises `ApiError`."""
        return self._noting(lambda: self.transport.get(self._versioned(path), deadline=deadline, limit=limit).body)

    def ping(self, *, deadline: float) -> None:
        """Ask for a sign of life. Raises `ApiError`."""
        self._noting(lambda: self.transport.get("/_ping", deadline=deadline, limit=4096, method="HEAD").body)

    def stream(self, path: str, *, deadline: float) -> Stream:
        """A stream from a versioned path. Raises `ApiError`."""
        return self.transport.stream(self._versioned(path), deadline=deadline)

    def _versioned(self, path: str) -> str:
        if path.startswith(_LIBPOD):
            return f"/v{LIBPOD_VERSION}{path}"
        return f"/v{self.version}{path}" if self.version else path

    def _noting(self, call: Callable[[], bytes]) -> bytes:
        try:
            body = call()
        except ApiError as error:
            if error.status:
                self.answered()
            raise
        self.answered()
        return body


def connect(transport: Transport, *, deadline: float, answered: Callable[[], None] = lambda: None) -> Session:
    """Open a session: our newest version capped by the daemon's, and never below its minimum. Raises `ApiError`.

    Podman accepts any version prefix, so a refusal is never counted on: the daemon's own word in the headers decides.
    """
    ping = transport.get("/_ping", deadline=deadline, limit=4096)
    answered()
    server = ping.headers.get("server", "")
    podman = "libpod-api-version" in ping.headers or server.startswith("Libpod/")
    told = ping.headers.get("api-version", "")
    version = _capped(told) if told else ""
    ahead = _ahead(ping.headers.get("date", ""))
    session = Session(transport, version, "podman" if podman else "docker", b"", answered, ahead)
    try:
        raw = session.get("/version", deadline=deadline)
    except ApiError as error:
        minimum = _TOO_OLD.search(error.message)
        if minimum is None:
            raise
        session = msgspec.structs.replace(session, version=f"{minimum[1]}.{minimum[2]}")
        raw = session.get("/version", deadline=deadline)
    return msgspec.structs.replace(session, version_raw=raw)


def _ahead(date: str) -> float:
    """How far an HTTP `Date` is ahead of our clock, in seconds; 0 when there is none."""
    found = _DATE.fullmatch(date)
    if found is None or found[2] not in _MONTHS:
        return 0.0
    day, month, year, hour, minute, second = found.groups()
    number = _MONTHS.index(month) + 1
    try:
        moment = datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return 0.0
    return moment.timestamp() - time.time()


def _capped(told: str) -> str:
    found = re.fullmatch(r"(\d+)\.(\d+)", told.strip())
    if found is None:
        raise ApiError(Reason.MALFORMED, 0, f"not an engine: Api-Version {told[:40]!r}")
    major, minor = min(NEWEST, (int(found[1]), int(found[2])))
    return f"{major}.{minor}"
