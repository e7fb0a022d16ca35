"""Named volumes that are something else in disguise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.hostpaths import inside, normalise, sensitive
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.container import Container
from inventory.network import Volume
from inventory.secrets import mask_pair, mask_text

SHOWN = 10
_BINDS = frozenset({"bind", "rbind"})
_PASSWORD = re.compile(r"(?:^|,)\s*(?:password2?|pass|passwd|secret)=([^,]+)", re.IGNORECASE)
_VERSION = re.compile(r"(?:^|,)\s*(?:(?:nfs)?vers=|v)([0-9.]+)\s*(?=,|$)")
_KERNELS = {
    "proc": "/proc", "sysfs": "/sys", "devtmpfs": "/dev", "debugfs": "/sys/kernel/debug",
    "tracefs": "/sys/kernel/tracing", "securityfs": "/sys/kernel/security", "configfs": "/sys/kernel/config",
    "bpf": "/sys/fs/bpf", "cgroup": "/sys/fs/cgroup", "cgroup2": "/sys/fs/cgroup",
    "efivarfs": "/sys/firmware/efi/efivars",
}  # fmt: skip
"""File systems that are the host's kernel, and where the host has them."""
_SHARES = frozenset({"nfs", "nfs4", "cifs", "smb3"})


class _Place(msgspec.Struct, frozen=True):
    """A path of the host that the volume shows, and whether it may be written through it."""

    path: str
    rw: bool


@check(
    "RUN-052",
    "Volume that is a disguised host bind",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Volume,
    why="Mount rules see a named volume, the kernel sees a directory or a disk of the host.",
    remediation=(
        "Use a volume without options, or mount the one directory that is needed openly and read-only. A disk or a "
        "share is mounted on the host (/etc/fstab; `credentials=FILE` for a share with a password, which mount.cifs "
        "knows and Docker's local driver does not), and a directory of it bound; or use a volume driver that takes "
        "secrets. NFS: `vers=4.2`. Data at the old place has to be copied."
    ),
    references=("CIS-Docker-1.6:5.6", "ATT&CK:T1611", "CWE-668"),
)
def disguised_bind(volume: Volume, view: View) -> Verdict:
    """Fail: a volume of the local driver that shows a sensitive path of the host (RUN-003's list; critical where to
    write it is to be root, medium where it is mounted read-only): by a bind, as a layer of an overlay, or as a file
    system of the kernel (proc, sysfs, devtmpfs, ...). A disk of the host (`device` below /dev; critical unless `ro`):
    whatever it holds is read and written past all owners. Options that hold a share's password.

    Manual: a bind of another path; any other type of mount; an NFS share below version 4, which knows no user. The
    last is what Docker mounts for `type=nfs` without a version: its driver calls mount(2), and only mount.nfs(8), which
    Podman's calls, asks for the newest. Pass: no options that mount anything, tmpfs, a share otherwise. Not applicable:
    another driver's volume, whose options mean what it likes. Source: `Options` of `GET /volumes` (mount(2)'s type, o,
    device); NFS_DEFAULT_VERSION of Linux.
    """
    if volume.driver != "local":
        return not_applicable(f"the driver {volume.driver} keeps it")
    options = volume.options
    kind, settings, device = (options.get(name, "") for name in ("type", "o", "device"))
    evidence = [seen(f"Options.{name}", _masked(name, value)) for name, value in sorted(options.items())]
    places = list(_places(options))
    if places:
        return _shows(places, evidence, _users(volume, view), view)
    if kind == "tmpfs" or not (kind or device):
        return passed()
    if inside(normalise(device), "/dev"):
        severity = Severity.CRITICAL if _writable(settings) else Severity.HIGH
        return failed("is a disk of the host", *evidence, *_users(volume, view), severity=severity)
    if _PASSWORD.search(settings):
        return failed("the password of a share is in its options", *evidence, *_users(volume, view))
    return _share(kind, settings, evidence, view) if kind in _SHARES else _unknown_kind(kind, evidence)


def _share(kind: str, settings: str, evidence: list[Evidence], view: View) -> Verdict:
    if kind != "nfs":
        return passed()
    version = _VERSION.search(settings)
    if version and version[1].startswith(("2", "3")):
        return manual(f"an NFS share of version {version[1]}, which does not know who asks", *evidence)
    if version is None and view.engine().flavour == "docker":
        return manual("an NFS share without a version: 3, which does not know who asks", *evidence)
    return passed()


def _unknown_kind(kind: str, evidence: list[Evidence]) -> Verdict:
    return manual(f"mounts a file system of type {kind or 'unknown'}: what it shows is not known", *evidence)


def _places(options: Mapping[str, str]) -> Iterator[_Place]:
    """What it shows of the host's own tree."""
    kind, settings, device = (options.get(name, "") for name in ("type", "o", "device"))
    words = [word.strip() for word in settings.split(",")]
    rw = _writable(settings)
    if _BINDS.intersection(words) or (kind == "none" and device):
        yield _Place(device if device.startswith("/") else f"/{device}", rw)  # the engine's working directory is /
    elif kind == "overlay":
        for word in words:
            name, _, value = word.partition("=")
            if name.rstrip("+") in {"lowerdir", "upperdir", "datadir"}:
                yield from (_Place(path, rw and name == "upperdir") for path in value.split(":") if path)
    elif kind in _KERNELS:
        yield _Place(_KERNELS[kind], rw)


def _writable(settings: str) -> bool:
    last = [word.strip() for word in settings.split(",") if word.strip() in {"ro", "rw"}]
    return last[-1:] != ["ro"]


def _shows(places: list[_Place], evidence: list[Evidence], users: list[Evidence], view: View) -> Verdict:
    judged = [one for place in places if (one := _judged(place, view)) is not None]
    if not judged:
        paths = ", ".join(normalise(place.path) for place in places[:SHOWN])
        return manual(f"is the directory {paths} of the host", *evidence, *users)
    severity, said = max(judged)
    return failed(f"whoever mounts it {said} of the host", *evidence, *users, severity=severity)


def _judged(place: _Place, view: View) -> tuple[Severity, str] | None:
    found = sensitive(place.path, place.rw) or sensitive(place.path, place.rw, (view.engine().root_dir,))
    if found is None:
        return None
    if place.rw:
        return Severity.CRITICAL if found.write_is_root else Severity.HIGH, f"may write to {found.path}"
    return Severity.HIGH if found.read_is_secrets else Severity.MEDIUM, f"may read {found.path}"


def _masked(name: str, value: str) -> str:
    if name != "o":
        return mask_text(value)
    pairs = (word.partition("=") for word in value.split(","))
    return ",".join(f"{key}={mask_pair(key, text)}" if equals else key for key, equals, text in pairs)


def _users(volume: Volume, view: View) -> list[Evidence]:
    """Containers that mount it."""
    found = [
        seen(f"{container.name}: Mounts[{index}]", f"{mount.destination} ({'rw' if mount.rw else 'ro'})", container.key)
        for container in view.all(Container)
        if "mounts" not in container.gaps
        for index, mount in enumerate(container.mounts)
        if mount.type == "volume" and mount.name == volume.name
    ]
    return capped(found, SHOWN)
