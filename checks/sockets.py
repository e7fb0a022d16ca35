"""Whether a mount gives a workload the container runtime's own socket, by itself or inside a directory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from checks.hostpaths import inside, normalise
from inventory.container import Mount

_NAMES = frozenset({
    "docker.sock", "containerd.sock", "containerd.sock.ttrpc", "crio.sock", "podman.sock", "cri-dockerd.sock",
    "buildkitd.sock", "dockershim.sock",
})  # fmt: skip
_USUAL = (
    "/run/docker.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/containerd/containerd.sock",
    "/run/containerd/s/shim",
    "/run/crio/crio.sock",
    "/run/podman/podman.sock",
    "/run/cri-dockerd.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/k3s/containerd/containerd.sock",
)
_SHIM = re.compile(r".*/containerd/s/[^/]+")
_USER_RUNTIME = re.compile(r"/run/user(?:/[0-9]+(?:/(?:podman|docker|containerd|buildkit))?)?")
_PIPES = re.compile(r"\\\\\.\\pipe\\(?:docker|containerd)[^\\]*", re.IGNORECASE)


def socket_of_endpoint(endpoint: str) -> str:
    """The socket's path of `unix:///run/docker.sock`; "" where the endpoint is no local socket."""
    parts = urlsplit(endpoint)
    return normalise(parts.path) if parts.scheme == "unix" and parts.path else ""


def socket_in(mount: Mount, own: Iterable[str] = ()) -> str:
    """The runtime socket that the mount leads to, or "". `own`: sockets known to be in use, wherever they lie."""
    if mount.type == "npipe":
        return mount.source if _PIPES.fullmatch(mount.source) else ""
    if mount.type != "bind":
        return ""
    path = normalise(mount.source)
    if path.rpartition("/")[2] in _NAMES or _SHIM.fullmatch(path):
        return path
    if _USER_RUNTIME.fullmatch(path):
        return "a rootless engine's socket below it"
    return next((socket for socket in (*filter(None, own), *_USUAL) if inside(socket, path)), "")


def runtime_sockets(mounts: tuple[Mount, ...], own: Iterable[str] = ()) -> Iterator[tuple[int, Mount, str]]:
    """The mounts that lead to a runtime socket, with their position and the socket."""
    sockets = tuple(own)
    for index, mount in enumerate(mounts):
        socket = socket_in(mount, sockets)
        if socket:
            yield index, mount, socket


def plain_engine_address(env: Iterable[str]) -> str:
    """`DOCKER_HOST` when it points to an engine over TCP without TLS, else ""."""
    values = dict(variable.partition("=")[::2] for variable in env)
    host = values.get("DOCKER_HOST", "")
    scheme = host.partition("://")[0].lower()
    return host if scheme in {"tcp", "http"} and not values.get("DOCKER_TLS_VERIFY") else ""
