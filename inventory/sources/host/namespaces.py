"""Which of the host's namespaces a container's process has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from inventory.gap import Gap, Reason
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

KINDS = ("net", "pid", "ipc", "uts", "user", "cgroup")
_INIT, _OWN = "1", "self"


def hosts_namespaces(reader: HostReader, kinds: Iterable[str] = KINDS) -> dict[str, str]:
    """Kind -> link of the host's namespace: that of the first process, or of this program where that one is closed.

    Source: namespaces(7); to read the links of another's process needs PTRACE_MODE_READ.
    """
    found: dict[str, str] = {}
    for kind in kinds:
        for process in (_INIT, _OWN):
            link = _link(reader, process, kind)
            if isinstance(link, str):
                found[kind] = link
                break
    return found


def shared_with_host(reader: HostReader, pid: int, hosts: Mapping[str, str]) -> tuple[str, ...] | Gap:
    """The kinds in `hosts` of which a process has the host's namespace; a gap if it may not be looked at.

    Those of the process that started the container count as the host's too: an engine may itself live in namespaces of
    its own. Not so the user namespace, which a rootless engine shares with its containers.
    """
    mine = {kind: _link(reader, str(pid), kind) for kind in hosts}
    unread = next((link for link in mine.values() if isinstance(link, Gap)), None)
    if unread is not None:
        return unread
    starter = _parent(reader, pid)
    shared = []
    for kind, link in mine.items():
        started = starter and kind != "user" and link != hosts[kind] and _link(reader, starter, kind)
        if link in (hosts[kind], started):
            shared.append(kind)
    return tuple(shared)


def shares_network(reader: HostReader, pid: int) -> bool | Gap:
    """Whether a process is in the host's network namespace; a gap if that may not be looked at."""
    hosts = hosts_namespaces(reader, ("net",))
    if not hosts:
        return Gap(Reason.DENIED, f"/proc/{_INIT}/ns/net")
    shared = shared_with_host(reader, pid, hosts)
    return shared if isinstance(shared, Gap) else "net" in shared


def _link(reader: HostReader, pid: str, kind: str) -> str | Gap:
    path = f"/proc/{pid}/ns/{kind}"
    return told(partial(reader.link, path), path)


def _parent(reader: HostReader, pid: int) -> str:
    """ "" when it is in another process namespace, or not to be told."""
    words = told(lambda: reader.read(f"/proc/{pid}/stat").rpartition(b")")[2].split(), "stat")
    if isinstance(words, Gap) or len(words) < 2 or not words[1].isdigit():
        return ""
    return "" if words[1] == b"0" else words[1].decode()
