"""The machine below an engine: auditing, kernel, other runtimes, credentials, logs, networks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from inventory.gap import Gap, Unread
from inventory.host import FileFacts

RUNTIME_SOCKETS: Mapping[str, str] = MappingProxyType({
    "/run/docker.sock": "Docker",
    "/run/containerd/containerd.sock": "containerd",
    "/run/podman/podman.sock": "Podman",
    "/run/crio/crio.sock": "CRI-O",
    "/run/k3s/containerd/containerd.sock": "containerd of k3s",
    "/run/cri-dockerd.sock": "cri-dockerd",
    "/run/buildkit/buildkitd.sock": "BuildKit",
    "/var/lib/lxd/unix.socket": "LXD",
    "/var/snap/lxd/common/lxd/unix.socket": "LXD",
    "/var/lib/incus/unix.socket": "Incus",
})  # fmt: skip
"""Where container runtimes listen on a usual host, and which one it is."""


class Examined(msgspec.Struct, frozen=True):
    """Paths that were looked at: those that exist, and why some could not be; any other is not there."""

    found: Mapping[str, FileFacts]
    unread: Mapping[str, Gap] = msgspec.field(default_factory=dict)

    def whole(self) -> Mapping[str, FileFacts]:
        """Those that exist; raises `Unread` where one of the paths could not be looked at."""
        for gap in self.unread.values():
            raise Unread(gap)
        return self.found


class Audit(msgspec.Struct, frozen=True):
    """The audit daemon: whether its program is there and runs, and its auditd.conf(5), keys in lower case."""

    installed: bool
    running: bool
    config: Mapping[str, str] | Gap


class AuditRule(msgspec.Struct, frozen=True):
    """A watch of audit.rules(7) and its file. `tree`: on everything below `path` too; `access` is of r, w, x, a.

    `narrowed` are the fields, system calls and comparisons by which it leaves events out: `auid>=1000`, `-S openat`.
    """

    path: str
    tree: bool
    access: str
    where: str
    narrowed: tuple[str, ...] = ()


class RuntimeProgram(msgspec.Struct, frozen=True):
    """A running program of a container runtime; `exe` is /proc/PID/exe, None where that may not be read."""

    pid: int
    comm: str
    exe: str | None


class KubeConfig(msgspec.Struct, frozen=True):
    """A kubeconfig without any of its secrets.

    `insecure` are the clusters whose certificate is not checked, `static` the users with a password or token in the
    file, each as `name: field`. `unread` says why the content is not known; then the three are empty.
    """

    file: FileFacts
    contexts: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    unread: Gap | None = None


class Journal(msgspec.Struct, frozen=True):
    """systemd-journald: `storage` as journald.conf(5) sets it, `kept` whether /var/log/journal holds journals."""

    present: bool
    storage: str
    kept: bool


class Route(msgspec.Struct, frozen=True):
    """A route of IPv4: `destination` in CIDR notation (default: 0.0.0.0/0), `gateway` "" where there is none."""

    interface: str
    destination: str
    gateway: str = ""


class SwarmAddresses(msgspec.Struct, frozen=True):
    """What the engine keeps of `docker swarm init|join`: "" is not given."""

    listen: str
    advertise: str
    data_path: str
