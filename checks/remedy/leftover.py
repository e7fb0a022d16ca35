"""What the engine was told about the container and no option here says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from checks.answer import answer, part
from checks.remedy.extras import EXTRAS
from checks.remedy.option import Option
from checks.remedy.options import own_labels
from inventory.container import Container
from inventory.image import Image
from inventory.secrets import mask_document
from inventory.text import is_safe

_LONGEST = 120
# Members that the options are made from.
_CARRIED = frozenset({
    "Binds", "CapAdd", "CapDrop", "CgroupParent", "CgroupnsMode", "CpuQuota", "CpuShares", "CpusetCpus",
    "DeviceCgroupRules", "DeviceRequests", "Devices", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "GroupAdd",
    "IpcMode", "Links", "LogConfig", "MaskedPaths", "Memory", "MemorySwap", "Mounts", "NanoCpus", "NetworkMode",
    "OomKillDisable", "OomScoreAdj", "PidMode", "PidsLimit", "PortBindings", "Privileged", "PublishAllPorts",
    "ReadonlyPaths", "ReadonlyRootfs", "RestartPolicy", "Runtime", "SecurityOpt", "Sysctls", "Tmpfs", "UTSMode",
    "Ulimits", "UsernsMode",
    "Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "Hostname", "Image", "Labels", "OpenStdin", "Tty",
    "User", "Volumes", "WorkingDir",
})  # fmt: skip
# Members that no option sets: what the client that created it was attached to, and what the engine writes itself.
_NOT_SET = frozenset({
    "ArgsEscaped", "AttachStderr", "AttachStdin", "AttachStdout", "Cgroup", "CgroupManager", "CgroupMode",
    "ConsoleSize", "CreateCommand", "OnBuild", "StdinOnce",
})  # fmt: skip
# Values beside null, false, 0, "" and the empty list or map that are an engine's own defaults.
_USUAL: Mapping[str, tuple[object, ...]] = {
    "Cgroups": ("default",),
    "CpuPeriod": (100000,),  # beside --cpus, which Podman writes so
    "HealthcheckOnFailureAction": ("none",),
    "Isolation": ("default",),
    "MemorySwappiness": (-1,),
    "Passwd": (True,),
    "StopSignal": (15,),
    "Umask": ("0022",),
    "sdNotifyMode": ("container",),
}
_MODES = frozenset({
    "", "ro", "rw", "private", "rprivate", "shared", "rshared", "slave", "rslave", "rbind", "nosuid", "nodev",
})  # fmt: skip
_WHY: Mapping[str, str] = {
    "AutoRemove": "--rm, which no restart policy goes with; the old one is gone as soon as it stops",
    "VolumesFrom": "its mounts are written one by one",
}
_OWN_NOTES = ("io.podman.", "io.kubernetes.cri-o.", "io.container.manager", "org.opencontainers.image.stopSignal")
_MASKED = frozenset({"/proc/kcore", "/proc/keys", "/proc/timer_list"})  # of every engine's own list


def leftover(container: Container, image: Image | None, written: tuple[Option, ...]) -> Iterator[str]:
    """Each member that differs from the engine's default, with its value, secrets masked."""
    found = answer(container)
    if not part(found, "HostConfig"):
        yield "options beyond these: the engine's own answer about it is not here"
        return
    own = part(answer(image), "Config") if image is not None else {}
    skipped = _CARRIED | _NOT_SET | {option.field for option in written}
    simple = {each.member: each for each in EXTRAS}
    for place in ("HostConfig", "Config"):
        for member, value in part(found, place).items():
            if member in skipped or _usual(member, value):
                continue
            known = simple.get(member)
            settled = place == "Config" and own.get(member) == value
            if not settled and not (known is not None and value in known.usual):
                yield from _told(f"{place}.{member}", member, value)
    yield from _within(found, container)


def managed(container: Container, image: Image | None) -> Iterator[str]:
    """Labels by which something else knows it as its own: a copy with them would be taken for the original."""
    given = image.labels if image is not None else {}
    labels = container.peek("labels")
    every = labels.items() if isinstance(labels, Mapping) else ()
    names = sorted(name for name, value in every if name.startswith(own_labels(image)) and given.get(name) != value)
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield f"labels of what manages it: {', '.join(names[:3])}{more}"


def _told(path: str, member: str, value: Any) -> Iterator[str]:
    if member == "Annotations" and isinstance(value, dict):
        value = {name: text for name, text in value.items() if not name.startswith(_OWN_NOTES)}
        if not value:
            return
    shown = json.dumps(mask_document({member: value})[member], ensure_ascii=False)
    why = f" ({_WHY[member]})" if member in _WHY else ""
    yield f"{path} = {shown if len(shown) <= _LONGEST else f'{shown[:_LONGEST]}...'}{why}"


def _usual(member: str, value: object) -> bool:
    return value in (None, False, 0, "", [], {}) or value in _USUAL.get(member, ())


def _within(found: Mapping[str, Any], container: Container) -> Iterator[str]:
    """Members of members that the options are made from."""
    host = part(found, "HostConfig")
    yield from _listed("HostConfig.DeviceRequests", host.get("DeviceRequests"), ("Options",))
    yield from _listed("HostConfig.Mounts", host.get("Mounts"), ("BindOptions", "VolumeOptions", "ImageOptions"))
    for index, bind in enumerate(_list(host.get("Binds"))):
        odd = {word for mode in str(bind).split(":")[2:] for word in mode.split(",")} - _MODES
        yield from (f"HostConfig.Binds[{index}]: the option {word}" for word in sorted(odd))
    mounts = container.peek("mounts")
    for index, mount in enumerate(mounts if isinstance(mounts, tuple) else ()):
        if mount.type not in {"bind", "volume", "tmpfs"}:
            yield f"Mounts[{index}]: {mount.destination} of the type {mount.type}"
    for member, value in part(found, "Config", "Healthcheck").items():
        if member not in {"Test", "Interval", "Timeout", "StartPeriod", "Retries"} and not _usual(member, value):
            yield from _told(f"Config.Healthcheck.{member}", member, value)
    for name in part(found, "NetworkSettings", "Networks"):
        yield from _of_network(f"NetworkSettings.Networks[{name}]", part(found, "NetworkSettings", "Networks", name))
    yield from _unmasked(container)


def _of_network(path: str, settings: Mapping[str, Any]) -> Iterator[str]:
    for member in ("DriverOpts", "Links", "GwPriority"):
        if not _usual(member, settings.get(member)):
            yield from _told(f"{path}.{member}", member, settings[member])
    if local := part(settings, "IPAMConfig").get("LinkLocalIPs"):
        yield from _told(f"{path}.IPAMConfig.LinkLocalIPs", "LinkLocalIPs", local)
    for alias in _list(settings.get("Aliases")):
        if not (isinstance(alias, str) and is_safe(alias)):
            yield from _told(f"{path}.Aliases", "Aliases", alias)


def _listed(path: str, entries: object, members: tuple[str, ...]) -> Iterator[str]:
    for index, entry in enumerate(_list(entries)):
        for member in members if isinstance(entry, dict) else ():
            value = entry.get(member)
            value = {k: v for k, v in value.items() if k != "Propagation"} if isinstance(value, dict) else value
            if not _usual(member, value):
                yield from _told(f"{path}[{index}].{member}", member, value)


def _unmasked(container: Container) -> Iterator[str]:
    """A list of its own, which only the API can set; both empty is an option of `run`."""
    masked, readonly = container.peek("masked_paths"), container.peek("readonly_paths")
    if container.peek("privileged") or (masked == () and readonly == ()):
        return
    if isinstance(masked, tuple) and not set(masked) >= _MASKED:
        yield from _told("HostConfig.MaskedPaths", "MaskedPaths", list(masked))
    if isinstance(readonly, tuple) and "/proc/sys" not in readonly:
        yield from _told("HostConfig.ReadonlyPaths", "ReadonlyPaths", list(readonly))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
