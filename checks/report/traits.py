"""What a report remembers of each object, so that a later one can say what is new about it.

Traits are short words in a few categories. A category that could not be read is left out: it is neither empty nor new,
and `untold` names it with the reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from checks.result import lasting_name, project
from inventory.activity import Activity
from inventory.container import Container, Mount, Port
from inventory.gap import Gap, Reason, Unread
from inventory.host import Host
from inventory.image import Image
from inventory.resource import Kind, Resource, ResourceKey
from inventory.secrets import mask_text
from inventory.snapshot import Snapshot
from inventory.swarm import Service

Traits = Mapping[str, tuple[str, ...]]
LEFT_OUT = frozenset({Kind.TASK, Kind.ACTIVITY, Kind.COMPONENT, Kind.ENGINE, Kind.SWARM})
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_LONG = 120
_CLIENT_PORTS = 32768  # Linux gives these to clients: an open UDP socket there is no service


class Thing(NamedTuple):
    """What stays the same of an object over restarts."""

    source: str
    kind: str
    project: str
    name: str


def things(snapshot: Snapshot) -> dict[Thing, Traits]:
    """Every object worth remembering, by source, kind and name; several of one name share their traits."""
    found: dict[Thing, Traits] = {}
    for resource in snapshot:
        if not _remembered(resource):
            continue
        thing = _thing(resource)
        traits = dict(_traits(resource, snapshot))
        found[thing] = _together(found[thing], traits) if thing in found else traits
    return found


def untold(snapshot: Snapshot) -> dict[Thing, Mapping[str, Reason]]:
    """The categories that could not be read, of the objects of `things`; those of all that share a name together."""
    found: dict[Thing, dict[str, Reason]] = {}
    for resource in snapshot:
        if not _remembered(resource):
            continue
        for name, words in _categories(resource, snapshot):
            try:
                tuple(words())  # some read what they need only then
            except Unread as missing:
                found.setdefault(_thing(resource), {}).setdefault(name, missing.gap.reason)
    return dict(found)


def _remembered(resource: Resource) -> bool:
    kind = resource.key.kind
    return kind not in LEFT_OUT and not (kind is Kind.VOLUME and _ANONYMOUS.fullmatch(resource.name))


def _thing(resource: Resource) -> Thing:
    return Thing(resource.key.source, resource.key.kind.value, project(resource), lasting_name(resource))


def _together(one: Traits, other: Traits) -> Traits:
    return {name: tuple(sorted({*one[name], *other[name]})) for name in one.keys() & other.keys()}


def _traits(resource: Resource, snapshot: Snapshot) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, words in _categories(resource, snapshot):
        try:
            yield name, tuple(sorted(set(words())))
        except Unread:
            continue


def _categories(resource: Resource, snapshot: Snapshot) -> Iterator[tuple[str, Callable[[], Iterable[str]]]]:
    """Every category of an object with what reads it; of a container also what it does, which is nothing at rest."""
    yield from _readers(resource)
    if isinstance(resource, Container):
        activity = snapshot.get(ResourceKey(Kind.ACTIVITY, resource.key.source, resource.key.id))
        yield "listener", partial(_does, resource, activity, _listeners)
        yield "session", partial(_does, resource, activity, _sessions)


def _does(container: Container, found: Resource | None, words: Callable[[Activity], Iterable[str]]) -> Iterable[str]:
    if not container.running:
        return ()
    if not isinstance(found, Activity):
        raise Unread(Gap(Reason.PENDING, "processes, changed files and sessions of the container"))
    return words(found)


def _listeners(found: Activity) -> Iterator[str]:
    for item in found.listeners:
        if not item.protocol.startswith("udp") or item.port < _CLIENT_PORTS:
            yield f"{item.address}:{item.port}/{item.protocol}"


def _sessions(found: Activity) -> Iterator[str]:
    """Somebody at a keyboard; sessions without a terminal are mostly health probes."""
    return (mask_text(" ".join(item.command))[:200] for item in found.sessions if item.terminal)


def _mounts(mounts: Iterable[Mount]) -> Iterator[str]:
    for mount in mounts:
        name = "" if _ANONYMOUS.fullmatch(mount.name) else mount.name
        what = mount.source if mount.type == "bind" else f"{mount.type} {name}".strip()
        yield f"{what} at {mount.destination} ({'rw' if mount.rw else 'ro'})"


def _published(ports: Iterable[Port]) -> Iterator[str]:
    for port in ports:
        if port.published:
            yield f"{port.host_ip or '*'}:{port.host_port}->{port.container_port}/{port.protocol}"


def _namespaces(container: Container) -> Iterator[str]:
    modes = {
        "network": container.network_mode,
        "pid": container.pid_mode,
        "ipc": container.ipc_mode,
        "uts": container.uts_mode,
        "user": container.userns_mode,
        "cgroup": container.cgroupns_mode,
    }
    return (f"{name} of the host" for name, mode in modes.items() if mode == "host")


_CONTAINER: Mapping[str, Callable[[Container], Iterable[str]]] = {
    "image": lambda it: (it.image_ref,),
    "port": lambda it: _published(it.ports),
    "mount": lambda it: _mounts(it.mounts),
    "privileged": lambda it: ("yes",) if it.privileged else (),
    "namespace": _namespaces,
    "capability": lambda it: it.cap_add,
    "device": lambda it: (device.path_on_host for device in it.devices),
    "security option": lambda it: map(_short, it.security_opt),
    "network": lambda it: (attachment.network for attachment in it.networks),
}
_SERVICE: Mapping[str, Callable[[Service], Iterable[str]]] = {
    "image": lambda it: (it.image_ref,),
    "port": lambda it: (f"{port.published_port}->{port.target_port}/{port.protocol}" for port in it.ports),
    "mount": lambda it: _mounts(it.mounts),
    "capability": lambda it: it.cap_add,
}
_HOST: Mapping[str, Callable[[Host], Iterable[str]]] = {
    "docker group": lambda it: it.docker_group,
    "daemon address": lambda it: _words(it.daemon_option("hosts")),
}
_IMAGE: Mapping[str, Callable[[Image], Iterable[str]]] = {"content": lambda it: (it.id,)}


def _readers(resource: Resource) -> Iterator[tuple[str, Callable[[], Iterable[str]]]]:
    if isinstance(resource, Container):
        yield from ((name, partial(words, resource)) for name, words in _CONTAINER.items())
    elif isinstance(resource, Service):
        yield from ((name, partial(words, resource)) for name, words in _SERVICE.items())
    elif isinstance(resource, Host):
        yield from ((name, partial(words, resource)) for name, words in _HOST.items())
    elif isinstance(resource, Image):
        yield from ((name, partial(words, resource)) for name, words in _IMAGE.items())


def _words(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _short(option: str) -> str:
    """A seccomp profile comes as the whole document: its digest is enough to see that it changed."""
    if len(option) <= _LONG:
        return option
    digest = hashlib.blake2b(option.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{option.partition('=')[0]}, digest {digest}"
