"""Other container runtimes on the same host: each is another door to root."""

from __future__ import annotations

import re
from collections.abc import Iterable

from checks.check import Domain, check
from checks.host.options import words
from checks.hostpaths import normalise
from checks.images.usage import SHOWN
from checks.sockets import socket_of_endpoint
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.gap import Gap, Unread
from inventory.machine import RUNTIME_SOCKETS
from inventory.model import Engine, FileFacts, Host

_CONTAINERD = "/run/containerd/containerd.sock"
_GROUPS = frozenset({"docker", "podman", "lxd", "incus", "incus-admin", "crio", "containerd", "buildkit"})
_ROOTLESS = re.compile(r"/run/user/(?P<uid>\d+)/(?P<name>docker|podman)")
_DRIVERS = frozenset({"kubelet", "k3s-server", "k3s-agent", "k3s", "rke2", "k0s", "crio", "lxd", "incusd"})
_DOCKERS_NAMESPACES = frozenset({"moby", "plugins.moby"})
_STICKY = 0o1000


@check(
    "HOST-013",
    "Other container runtimes and sockets on host",
    domain=Domain.HOST,
    severity=Severity.INFO,
    subject=Engine,
    why="What this engine forbids, another runtime on the same kernel may allow; its containers are not seen here.",
    remediation="Stop and remove runtimes that nobody needs (`systemctl disable --now podman.socket`, ...); give the "
    "sockets of the others to root and one group, mode 0660. Their users have to join the group.",
    references=("NIST-800-190:4.5.1", "CWE-1059"),
)
def other_runtimes(engine: Engine, view: View) -> Verdict:
    """Judges sockets of Docker, containerd, Podman, CRI-O, k3s, BuildKit, LXD and Incus other than the engine's own.

    Its own are the socket by which it was asked and, of a Docker that is not rootless, the containerd that its option
    `containerd` names, by default the host's (dockerd takes that where it runs). Besides, it lists kubelets, k3s and
    such by their processes, and containerd's namespaces other than Docker's.

    F: a socket that everybody may write to, in a directory that everybody may enter (critical), or with an owner or
    group other than root's, a runtime's, or for a rootless engine its user's (high): the rule of DMN-020. M: there are
    others. P: none. U: the engine is remote, or nothing was found where a directory may not be looked at, or
    where the host has a containerd and the option was not read.
    """
    host = view.host()
    own, unread = {socket_of_endpoint(engine.target)}, None
    try:
        own |= _containerd(engine, host)
    except Unread as missing:  # the others can be judged all the same
        own, unread = own | {_CONTAINERD}, missing
    sockets = [one for one in host.runtime_sockets.found.values() if one.kind == "socket" and one.path not in own]
    open_ = [one for one in sockets if _open(host, one)]
    if open_:
        return failed("everybody on the host may use it", *_stat(open_), severity=Severity.CRITICAL)
    strange = [one for one in sockets if not _owned(one)]
    if strange:
        return failed("not root's own", *_stat(strange), severity=Severity.HIGH)
    found = [*_stat(sockets), *_processes(host), *_namespaces(host)]
    if found:
        return manual(f"also here: {', '.join(dict.fromkeys(one.path for one in found))}", *found)
    host.runtime_sockets.whole()
    if unread is not None:
        raise unread
    return passed()


def _containerd(engine: Engine, host: Host) -> set[str]:
    if engine.flavour != "docker" or engine.rootless or _CONTAINERD not in host.runtime_sockets.found:
        return set()
    named = words(host, "containerd")
    return {normalise(named[-1].removeprefix("unix://")) if named else _CONTAINERD}


def _open(host: Host, socket: FileFacts) -> bool:
    """Writable by everybody where everybody gets to it, or replaceable by everybody."""
    directory = host.runtime_sockets.found.get(socket.path.rpartition("/")[0])
    if directory is not None and directory.mode & 0o002 and not (directory.mode & _STICKY and directory.uid == 0):
        return True
    return bool(socket.mode & 0o002) and (directory is None or bool(directory.mode & 0o001))


def _owned(socket: FileFacts) -> bool:
    rootless = _ROOTLESS.match(socket.path)
    if rootless:
        return socket.uid in {0, int(rootless["uid"])}
    return socket.uid == 0 and (socket.gid == 0 or socket.group in _GROUPS)


def _stat(sockets: Iterable[FileFacts]) -> list[Evidence]:
    return [
        Evidence(f"{_product(one.path)} {one.path}", f"{one.owner or one.uid}:{one.group or one.gid} {one.mode:04o}")
        for one in sockets
    ]


def _product(path: str) -> str:
    rootless = _ROOTLESS.match(path)
    return f"rootless {rootless['name'].capitalize()}" if rootless else RUNTIME_SOCKETS.get(path, "socket")


def _processes(host: Host) -> list[Evidence]:
    return [Evidence(one.comm, f"pid {one.pid}") for one in host.programs if one.comm in _DRIVERS][:SHOWN]


def _namespaces(host: Host) -> list[Evidence]:
    """Containers of nerdctl, the kubelet or others in the same containerd; what is closed to this user adds nothing."""
    names = host.peek("containerd_namespaces")
    known = () if isinstance(names, Gap) else names
    return [Evidence("containerd namespace", name) for name in known if name not in _DOCKERS_NAMESPACES][:SHOWN]
