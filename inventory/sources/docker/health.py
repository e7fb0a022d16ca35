"""In plain words: how an engine is, what was wrong, and what to try next."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from inventory.gap import Gap, Reason
from inventory.resource import Kind
from inventory.snapshot import SourceHealth, Status
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.endpoints import accepts
from inventory.sources.docker.transport import ApiError


def failed(endpoint: Endpoint, error: ApiError, kind: str = "docker", tried: Iterable[str] = ()) -> SourceHealth:
    """An engine that could not be talked to."""
    status = Status.FORBIDDEN if error.reason is Reason.DENIED else Status.UNREACHABLE
    return SourceHealth(kind, endpoint.url, status, sentence(endpoint, error), tried=tuple(tried))


def sentence(endpoint: Endpoint, error: ApiError) -> str:
    """What happened and the next command to try, on one line."""
    refused = accepts(endpoint) if error.status == 0 and error.reason is not Reason.TIMEOUT else None
    if refused is not None:
        return str(refused).partition(": ")[2]
    detail = error.message
    if error.reason is Reason.TIMEOUT:
        detail = "accepts connections but does not answer" if endpoint.local else "does not answer"
    advice = _advice(endpoint, error)
    return f"{detail} (try: {advice})" if advice else detail


def _advice(endpoint: Endpoint, error: ApiError) -> str:
    if error.reason is Reason.DENIED:
        return "check the engine's authorization plugin and the client certificate"
    if endpoint.url.startswith("ssh://"):
        return f"ssh {_ssh_words(endpoint.url)} docker version"
    if error.reason is Reason.TIMEOUT and endpoint.local:
        name = "podman" if "podman" in os.path.basename(endpoint.socket_path) else "docker"
        return f"journalctl -u {name} -n 50"
    return "" if error.status else f"docker -H {endpoint.url} version"


def _ssh_words(url: str) -> str:
    """`ssh://ann@host:2222` as the `ssh` command takes it: `-p 2222 ann@host`."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return "HOST"
    return f"{f'-p {port} ' if port else ''}{f'{parts.username}@' if parts.username else ''}{host}"


def read(
    endpoint: Endpoint, kind: str, version: str, gaps: Mapping[Kind, Gap], notes: Iterable[str] = ()
) -> SourceHealth:
    """An engine that answers, with what of it could not be read. What it does not offer is not held against it.

    `notes` are further sentences about what is known only in part or no longer fresh.
    """
    reasons: dict[str, list[str]] = {}
    for name, gap in sorted(gaps.items()):
        if gap.reason is not Reason.UNSUPPORTED:
            reasons.setdefault(gap.detail or str(gap), []).append(name.value)
    parts = "; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items())
    told = [f"could not read {parts}"] if parts else []
    told += notes
    status = Status.DEGRADED if told else Status.OK
    return SourceHealth(kind, endpoint.url, status, "; ".join(told), version)
