"""Which host paths must not be mounted into a workload, as rules over plain mounts (containers, services, pods).

Two kinds of match: some trees are sensitive as a whole, others only themselves (an application's own directory below
/home or /srv is nobody's business). Source: CIS Docker 5.6, Pod Security Standards hostPath, and the trees that hold
credentials or are executed by the host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from posixpath import normpath

import msgspec

from inventory.container import Mount

_TREES = (
    "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sys", "/usr", "/bin", "/sbin", "/root",
    "/var/lib/docker", "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd", "/var/log", "/var/spool/cron",
    "/opt/cni",
)  # fmt: skip
_ONLY_THEMSELVES = ("/", "/home", "/var", "/var/lib", "/run", "/opt", "/srv", "/mnt")
_HOME_SECRETS = re.compile(r"(/home/[^/]+/\.(?:ssh|aws|kube|docker|gnupg))(?:/|$)")
_HARMLESS = {
    "/etc/localtime", "/etc/timezone", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
    "/dev/null", "/dev/zero", "/dev/shm",  # noqa: S108 - a path to recognise, none to write to
}  # fmt: skip
_ZONEINFO = "/usr/share/zoneinfo"
_CA_BUNDLES = (
    "/etc/ssl/certs", "/etc/ca-certificates", "/etc/pki/ca-trust", "/etc/pki/tls/certs",
    "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
)  # fmt: skip
_POD_VOLUME = re.compile(r"/var/lib/kubelet/pods/[^/]+/")  # what the kubelet made for this very pod

# Writing here is host root by itself; of /etc only what the host acts upon without further help.
_WRITE_IS_ROOT = ("/root", "/boot", "/proc", "/sys", "/var/lib/docker", "/var/lib/kubelet", "/var/lib/etcd")
_ETC_ACTED_UPON = re.compile(
    r"/etc/(?:cron|passwd|shadow|group|gshadow|sudoers|ssh|pam\.|ld\.so|systemd|init|profile|bash|kubernetes|docker)"
)
_READ_IS_SECRETS = ("/root", "/var/lib/docker", "/var/lib/kubelet", "/var/lib/etcd", "/etc/kubernetes")


class Sensitive(msgspec.Struct, frozen=True):
    """A sensitive path and the rule (a tree, or a directory by itself) that it matched."""

    path: str
    rule: str
    write_is_root: bool
    read_is_secrets: bool


def normalise(path: str) -> str:
    """The path without `..`, doubled or trailing slashes; /var/run is /run on every current distribution."""
    clean = normpath(path or "/")
    clean = "/" + clean.lstrip("/") if clean.startswith("/") else clean
    return "/run" + clean[len("/var/run") :] if inside(clean, "/var/run") else clean


def inside(path: str, tree: str) -> bool:
    """Whether a normalised path is the tree or lies in it."""
    return path == tree or path.startswith(tree.rstrip("/") + "/")


def sensitive(source: str, rw: bool, data_dirs: Iterable[str] = ()) -> Sensitive | None:
    """The rule that a host path matches, or None. `data_dirs`: the engine's own data directories."""
    path = normalise(source)
    engine_dirs = tuple(normalise(directory) for directory in data_dirs if directory.startswith("/"))
    rule = _rule(path, rw, engine_dirs)
    if not rule:
        return None
    root_if_written = path in {"/", "/etc"} or bool(_ETC_ACTED_UPON.match(path))
    return Sensitive(
        path,
        rule,
        root_if_written or _in_any(path, (*_WRITE_IS_ROOT, *engine_dirs)),
        path in {"/", "/etc", "/home"} or _in_any(path, (*_READ_IS_SECRETS, *engine_dirs)),
    )


def harmless(source: str, rw: bool) -> bool:
    """Whether a host path gives nothing away: time zone, hosts and resolver files, null devices, CA bundles to read."""
    path = normalise(source)
    return path in _HARMLESS or inside(path, _ZONEINFO) or (not rw and _in_any(path, _CA_BUNDLES))


def sensitive_mounts(
    mounts: tuple[Mount, ...], data_dirs: Iterable[str] = ()
) -> Iterator[tuple[int, Mount, Sensitive]]:
    """The bind mounts of sensitive host paths, with their position."""
    directories = tuple(data_dirs)
    for index, mount in enumerate(mounts):
        found = sensitive(mount.source, mount.rw, directories) if mount.type == "bind" else None
        if found:
            yield index, mount, found


def _rule(path: str, rw: bool, engine_dirs: tuple[str, ...]) -> str:
    if path in _HARMLESS or inside(path, _ZONEINFO) or _POD_VOLUME.match(path):
        return ""
    if not rw and _in_any(path, _CA_BUNDLES):
        return ""
    if path in _ONLY_THEMSELVES:
        return path
    home = _HOME_SECRETS.match(path)
    if home:
        return home[1]
    return next((tree for tree in (*engine_dirs, *_TREES) if inside(path, tree)), "")


def _in_any(path: str, trees: Iterable[str]) -> bool:
    return any(inside(path, tree) for tree in trees)
