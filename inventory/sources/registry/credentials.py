"""Credentials for a registry, where Docker's and Podman's clients keep them. Never shown, never logged, never kept."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from inventory.sources.registry.names import HUB, HUB_CREDENTIALS

_MOST = 1 << 20
_HELPER = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_PRINTABLE = re.compile(r"[\x20-\x7e]{1,65536}")
_TOKEN_USER = "<token>"  # noqa: S105 - what a helper says in place of a user's name
_NOT_KEPT = b"credentials not found"


class Credentials:
    """A user's name and password, or an identity token. Its representation tells neither."""

    __slots__ = ("password", "token", "user")

    def __init__(self, user: str = "", password: str = "", token: str = "") -> None:
        self.user = user
        self.password = password
        self.token = token

    def __repr__(self) -> str:
        return "Credentials(...)"

    __str__ = __repr__

    @property
    def basic(self) -> str:
        """The value of an Authorization header, "" where there is only a token."""
        if not self.user:
            return ""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Found:
    """What was found for one registry: `credentials` or none; `problems` say in words what could not be looked at."""

    __slots__ = ("credentials", "problems")

    def __init__(self, credentials: Credentials | None, problems: tuple[str, ...]) -> None:
        self.credentials = credentials
        self.problems = problems

    def __repr__(self) -> str:
        return f"Found({'some' if self.credentials else 'none'}, {self.problems!r})"


def look_for(host: str, path: str, files: tuple[Path, ...], environ: Mapping[str, str], seconds: float) -> Found:
    """Credentials for a repository of a registry: of the first file that has some.

    Within a file in this order: `credHelpers`, `credsStore`, `auths` (there Podman may name a namespace or a
    repository: the most specific counts).
    """
    problems: list[str] = []
    for file in files:
        document = _read(file, problems)
        if document is None:
            continue
        for helper in _helpers(document, host):
            found = _ask(helper, HUB_CREDENTIALS if host == HUB else host, environ, seconds, problems)
            if found is not None:
                return Found(found, tuple(problems))
        found = _kept(document, host, path)
        if found is not None:
            return Found(found, tuple(problems))
    return Found(None, tuple(problems))


def _read(file: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as opened:
            raw = opened.read(_MOST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        if not isinstance(error, NotADirectoryError):
            problems.append(f"{file}: {error.strerror}")
        return None
    try:
        document = msgspec.json.decode(raw or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        document = None
    if not isinstance(document, dict) or len(raw) > _MOST:
        problems.append(f"{file}: not what a registry client writes")
        return None
    return document


def _helpers(document: Mapping[str, Any], host: str) -> Iterator[str]:
    chosen = document.get("credHelpers")
    for name in _names_of(host):
        helper = chosen.get(name) if isinstance(chosen, dict) else None
        if isinstance(helper, str) and helper:
            yield helper
            return
    store = document.get("credsStore")
    if isinstance(store, str) and store:
        yield store


def _names_of(host: str) -> tuple[str, ...]:
    return (host, HUB_CREDENTIALS, "index.docker.io", "registry-1.docker.io") if host == HUB else (host,)


def _kept(document: Mapping[str, Any], host: str, path: str) -> Credentials | None:
    auths = document.get("auths")
    if not isinstance(auths, dict):
        return None
    parts = path.split("/")
    scopes = [f"{host}/{'/'.join(parts[:count])}" for count in range(len(parts), 0, -1)]
    for name in (*scopes, *_names_of(host), f"https://{host}", f"http://{host}", f"https://{host}/v1/"):
        entry = auths.get(name) or auths.get(f"{name}/")
        if isinstance(entry, dict) and (found := _entry(entry)) is not None:
            return found
    return None


def _entry(entry: Mapping[str, Any]) -> Credentials | None:
    token = entry.get("identitytoken")
    if isinstance(token, str) and _fits(token):
        return Credentials(token=token)
    encoded = entry.get("auth")
    user, password = entry.get("username"), entry.get("password")
    if isinstance(encoded, str) and encoded:
        try:
            text = base64.b64decode(encoded, validate=True).decode().rstrip("\0")
        except ValueError:
            return None
        user, _, password = text.partition(":")
    if isinstance(user, str) and isinstance(password, str) and user:
        return Credentials(user, password)
    return None


def _ask(
    helper: str, server: str, environ: Mapping[str, str], seconds: float, problems: list[str]
) -> Credentials | None:
    """Run `docker-credential-HELPER get`. What it writes is either credentials or not repeated."""
    if not _HELPER.fullmatch(helper) or helper.startswith((".", "-")):
        problems.append("a credential helper's name holds more than letters, digits, - _ and .")
        return None
    name = f"docker-credential-{helper}"
    program = shutil.which(name, path=environ.get("PATH", os.defpath))
    if program is None:
        problems.append(f"{name} is not installed")
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a name that was checked, found on PATH, no shell
            [os.path.abspath(program), "get"],
            input=server.encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env=dict(environ),
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        problems.append(f"{name} did not answer within {seconds:.0f} s")
        return None
    except (OSError, ValueError):
        problems.append(f"{name} cannot be run")
        return None
    if done.returncode != 0:
        if _NOT_KEPT not in done.stdout + done.stderr:
            problems.append(f"{name} failed with status {done.returncode}")
        return None
    return _told(done.stdout, name, problems)


def _told(raw: bytes, name: str, problems: list[str]) -> Credentials | None:
    try:
        answer = msgspec.json.decode(raw[:_MOST])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        answer = None
    user = answer.get("Username") if isinstance(answer, dict) else None
    secret = answer.get("Secret") if isinstance(answer, dict) else None
    if not isinstance(user, str) or not isinstance(secret, str) or not secret:
        problems.append(f"{name} answered with something else than credentials")
        return None
    if user == _TOKEN_USER:
        return Credentials(token=secret) if _fits(secret) else None
    return Credentials(user, secret) if user else None


def _fits(token: object) -> bool:
    """Whether it may stand in a header or a form."""
    return isinstance(token, str) and _PRINTABLE.fullmatch(token) is not None
