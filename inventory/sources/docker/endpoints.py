"""Finding the engine: what was asked for, else DOCKER_HOST, else the current context, else the usual sockets."""

from __future__ import annotations

import os
import re
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from inventory.gap import Reason
from inventory.sources.docker.endpoint import Endpoint, TlsFiles
from inventory.sources.docker.transport import translate
from inventory.sources.docker.userinfo import ADVICE, OVER_TCP, holds_secret

_PORT = "2375"
_TLS_PORT = "2376"


_SHORT = {
    "rootful Docker": "docker", "rootless Docker": "docker-rootless", "Docker Desktop": "docker-desktop",
    "rootful Podman": "podman", "rootless Podman": "podman-rootless",
}  # fmt: skip


class EndpointError(Exception):
    """An endpoint that was asked for cannot be used; the text is one line: what happened and what to do."""


class Attempt(msgspec.Struct, frozen=True):
    """A place that was looked at and why it cannot be used; `advice` is the next command to try, "" if none."""

    endpoint: Endpoint
    reason: Reason
    detail: str
    advice: str = ""

    def __str__(self) -> str:
        tail = f" (try: {self.advice})" if self.advice else ""
        return f"{self.endpoint.url}: {self.detail}{tail}"


class Found(msgspec.Struct, frozen=True):
    """`endpoint` accepts connections or is worth retrying, None when there is nothing; `tried` is what failed."""

    endpoint: Endpoint | None
    tried: tuple[Attempt, ...] = ()


class Surroundings(msgspec.Struct, frozen=True):
    """What the search looks at: the environment, the home directory and the user id."""

    environ: Mapping[str, str]
    home: Path
    uid: int

    @classmethod
    def real(cls) -> Surroundings:
        """Of this process."""
        return cls(os.environ, Path(os.path.expanduser("~")), os.getuid())

    @property
    def config(self) -> Path:
        """The docker client's configuration directory."""
        return Path(self.environ.get("DOCKER_CONFIG") or self.home / ".docker")


def find(
    host: str | None = None,
    around: Surroundings | None = None,
    probe: Callable[[Endpoint], Attempt | None] | None = None,
) -> Found:
    """The engine to talk to. `host` is a URL, a socket path or a context's name.

    Only unix sockets are tried, by connecting; a socket that accepts and then stays silent is found here and dealt with
    by whoever reads from it. Raises `EndpointError` on a host or context that makes no sense.
    """
    around = around or Surroundings.real()
    probe = probe or accepts
    asked = named(host, around)
    tried: list[Attempt] = []
    for endpoint in (asked,) if asked else usual(around):
        failed = probe(endpoint)
        if failed is None:
            return Found(endpoint, tuple(tried))
        tried.append(failed)
    return Found(_worth_retrying(asked, tried), tuple(tried))


def find_several(
    around: Surroundings | None = None, probe: Callable[[Endpoint], Attempt | None] | None = None
) -> dict[str, str]:
    """All engines of this machine by a short name, when nobody named one and more than one accepts; else nothing.

    A socket that leads to another's (podman-docker puts a link in Docker's place) counts once. Raises `EndpointError`
    as `find` does.
    """
    around = around or Surroundings.real()
    if named(None, around) is not None:
        return {}
    probe = probe or accepts
    found: dict[str, Endpoint] = {}
    for endpoint in usual(around):
        if probe(endpoint) is None:
            found.setdefault(os.path.realpath(endpoint.socket_path), endpoint)
    return {_SHORT[one.origin]: one.url for one in found.values()} if len(found) > 1 else {}


def _worth_retrying(asked: Endpoint | None, tried: list[Attempt]) -> Endpoint | None:
    there = [attempt.endpoint for attempt in tried if attempt.reason is not Reason.ABSENT]
    return asked or (there[0] if there else None)


def named(host: str | None, around: Surroundings) -> Endpoint | None:
    """The endpoint that the person, the environment or the current context names, or None."""
    if host:
        return from_text(host, around, "--host")
    if around.environ.get("DOCKER_HOST"):
        return from_text(around.environ["DOCKER_HOST"], around, "DOCKER_HOST")
    context = around.environ.get("DOCKER_CONTEXT") or _current_context(around)
    return from_context(context, around) if context and context != "default" else None


def from_text(text: str, around: Surroundings, origin: str) -> Endpoint:
    """A URL, a socket path, HOST:PORT or a context's name. Raises `EndpointError`."""
    _refuse_secret(text, origin)
    scheme, separator, rest = text.partition("://")
    if not separator:
        if text.startswith(("/", "./", "~")):
            return Endpoint(f"unix://{os.path.expanduser(text)}", origin)
        if re.fullmatch(r"[\w.-]+:\d+|\[[0-9a-fA-F:]+\]:\d+", text):
            return Endpoint(f"tcp://{text}", origin, _tls_of_environment(around))
        return from_context(text, around)
    if scheme in {"unix", "ssh"} and rest:
        return Endpoint(f"unix://{_absolute(rest)}" if scheme == "unix" else text, origin)
    if scheme in OVER_TCP and rest:
        return _over_tcp(scheme, rest.rstrip("/"), origin, _tls_of_environment(around))
    raise EndpointError(
        f"{origin}: {text!r} is no engine address; expected unix://, tcp://, ssh:// or a context's name"
    )


def _refuse_secret(text: str, origin: str) -> None:
    """Raises `EndpointError`, which does not repeat it, on an address that holds a secret."""
    if holds_secret(text):
        raise EndpointError(f"{origin}: {ADVICE}")


def _absolute(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


def _over_tcp(scheme: str, rest: str, origin: str, tls: TlsFiles | None) -> Endpoint:
    if scheme == "https" and tls is None:
        tls = TlsFiles()
    if not re.search(r":\d+$", rest):
        rest += f":{_TLS_PORT if tls else _PORT}"
    return Endpoint(f"{'https' if tls else 'tcp'}://{rest}", origin, tls)


def _tls_of_environment(around: Surroundings) -> TlsFiles | None:
    """DOCKER_TLS_VERIFY and DOCKER_CERT_PATH as the docker client understands them."""
    verify, directory = around.environ.get("DOCKER_TLS_VERIFY", ""), around.environ.get("DOCKER_CERT_PATH", "")
    if not verify and not directory:
        return None
    return _tls_files(Path(directory) if directory else around.config, verify != "")


def _tls_files(directory: Path, verify: bool) -> TlsFiles:
    ca, cert, key = (
        str(path) if os.path.exists(path) else ""
        for path in (directory / f"{name}.pem" for name in ("ca", "cert", "key"))
    )
    return TlsFiles(ca, cert, key, verify)


class _ClientConfig(msgspec.Struct):
    currentContext: str = ""  # noqa: N815 - the client's spelling


class _ContextEndpoint(msgspec.Struct, rename="pascal"):
    host: str = ""
    skip_t_l_s_verify: bool = msgspec.field(name="SkipTLSVerify", default=False)


class _ContextMeta(msgspec.Struct, rename="pascal"):
    name: str = ""
    endpoints: dict[str, _ContextEndpoint] = msgspec.field(default_factory=dict)


# Made while there is one thread: several that build such decoders at once end the interpreter.
_CLIENT = msgspec.json.Decoder(_ClientConfig)
_META = msgspec.json.Decoder(_ContextMeta)
_UNREADABLE = (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def _current_context(around: Surroundings) -> str:
    path = around.config / "config.json"
    try:
        return _CLIENT.decode(path.read_bytes()).currentContext
    except FileNotFoundError:
        return ""
    except _UNREADABLE as error:
        if isinstance(error, PermissionError) and not os.access(path.parent, os.X_OK):
            return ""  # the home directory of somebody else, inherited by su or cron
        raise EndpointError(f"{path}: cannot be read as the docker client's configuration: {error}") from error


def from_context(name: str, around: Surroundings) -> Endpoint:
    """The endpoint of a docker context, from its files. Raises `EndpointError` when there is no such context."""
    import hashlib

    digest = hashlib.sha256(name.encode()).hexdigest()
    path = around.config / "contexts" / "meta" / digest / "meta.json"
    try:
        meta = _META.decode(path.read_bytes())
    except FileNotFoundError:
        known = ", ".join(sorted(context_names(around))) or "none"
        raise EndpointError(
            f"no docker context {name!r} (known: {known}); an address needs unix://, tcp:// or ssh://"
        ) from None
    except _UNREADABLE as error:
        raise EndpointError(f"{path}: docker context {name!r} cannot be read: {error}") from error
    endpoint = meta.endpoints.get("docker")
    if endpoint is None or not endpoint.host:
        raise EndpointError(f"{path}: docker context {name!r} names no docker endpoint")
    return _in_context(name, endpoint, around.config / "contexts" / "tls" / digest / "docker")


def _in_context(name: str, endpoint: _ContextEndpoint, tls: Path) -> Endpoint:
    scheme, _, rest = endpoint.host.partition("://")
    origin = f"context {name}"
    _refuse_secret(endpoint.host, f"docker context {name!r}")
    if scheme in OVER_TCP:
        files = (
            _tls_files(tls, not endpoint.skip_t_l_s_verify)
            if os.path.isdir(tls) or endpoint.skip_t_l_s_verify
            else None
        )
        return _over_tcp(scheme, rest, origin, files)
    if scheme not in {"unix", "ssh"}:
        raise EndpointError(f"docker context {name!r}: {endpoint.host!r} is no address that can be used here")
    return Endpoint(endpoint.host, origin)


def context_names(around: Surroundings) -> Iterator[str]:
    """The names of all docker contexts that can be read."""
    for path in (around.config / "contexts" / "meta").glob("*/meta.json"):
        try:
            yield _META.decode(path.read_bytes()).name
        except _UNREADABLE:
            continue


def usual(around: Surroundings) -> tuple[Endpoint, ...]:
    """The sockets of rootful and rootless Docker and Podman, in the order in which they are tried."""
    runtime = around.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{around.uid}"
    places = (
        ("/var/run/docker.sock", "rootful Docker"),
        (f"{runtime}/docker.sock", "rootless Docker"),
        (f"{around.home}/.docker/run/docker.sock", "Docker Desktop"),
        ("/run/podman/podman.sock", "rootful Podman"),
        (f"{runtime}/podman/podman.sock", "rootless Podman"),
    )
    return tuple(Endpoint(f"unix://{path}", origin) for path, origin in places)


def accepts(endpoint: Endpoint) -> Attempt | None:
    """None when the endpoint accepts a connection or is remote (which only a request tells), else why it does not."""
    if not endpoint.socket_path:
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(endpoint.socket_path)
        except OSError as error:
            return explain(endpoint, error)
    return None


def explain(endpoint: Endpoint, error: OSError) -> Attempt:
    """Why a socket refused, and the next command to try."""
    path, podman = endpoint.socket_path, "podman" in endpoint.socket_path
    unit = "podman.socket" if podman else "docker"
    user = "--user " if path.startswith("/run/user/") else ""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Attempt(endpoint, Reason.ABSENT, "no such socket", "")
    if isinstance(error, PermissionError):
        advice = "sudo deckwatch" if podman else 'sudo usermod -aG docker "$USER", then log in again; or sudo deckwatch'
        return Attempt(endpoint, Reason.DENIED, f"permission denied{_owner(path)}", advice)
    advice = f"systemctl {user}status {unit}"
    if isinstance(error, ConnectionRefusedError):
        return Attempt(endpoint, Reason.ERROR, "the socket is there but nobody listens", advice)
    return Attempt(endpoint, Reason.ERROR, translate(error).message, advice)


def _owner(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f" (owner {found.st_uid}, group {found.st_gid}, mode {stat.S_IMODE(found.st_mode):04o})"
