"""What a container's declaration promises, beside what the kernel shows of its first process."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from checks.capabilities import decode, effective
from checks.evidence import seen
from checks.securityopts import no_new_privileges, option
from checks.users import Identity, parse_user
from checks.verdict import Evidence
from checks.view import View
from inventory.container import Container
from inventory.host import Effective

_STATUS = "/proc/PID/status"
_NONE = "no limit"
_ELSEWHERE = ("container:", "ns:", "pod")


class Side(msgspec.Struct, frozen=True):
    """A property that is weaker than declared: both sides, and the checks that judge the declaration."""

    name: str
    declared: Evidence
    found: Evidence
    checks: tuple[str, ...]


class Comparison(msgspec.Struct, frozen=True):
    """What is weaker than declared, and the names of promised properties of which the kernel's side was not told."""

    weaker: tuple[Side, ...]
    untold: tuple[str, ...]


def compare(container: Container, view: View, kernel: Effective) -> Comparison:
    """What the kernel enforces less than declared, and what of it could not be compared."""
    found = [
        *_seccomp(container, view, kernel),
        *_privileges(container, kernel),
        *_identity(container, kernel),
        *_apparmor(container, view, kernel),
        *_file_systems(container, kernel),
        *_limits(container, kernel),
        *_namespaces(container, view, kernel),
    ]
    sides = tuple(one for one in found if isinstance(one, Side))
    return Comparison(sides, tuple(one for one in found if isinstance(one, str)))


def _seccomp(container: Container, view: View, kernel: Effective) -> Iterator[Side]:
    if kernel.seccomp != 0 or container.privileged:
        return
    declared = option(container.security_opt, "seccomp")
    if declared is None:
        profile = view.engine().security_option("seccomp")
        declared = profile.get("profile", "default") if profile is not None else "unconfined"
    if declared != "unconfined":
        found = seen(f"{_STATUS}: Seccomp", kernel.seccomp)
        yield Side("seccomp", seen("declared seccomp", declared[:80]), found, ("RUN-017",))


def _privileges(container: Container, kernel: Effective) -> Iterator[Side]:
    if no_new_privileges(container.security_opt) and not kernel.no_new_privs:
        declared = seen("HostConfig.SecurityOpt", container.security_opt)
        found = seen(f"{_STATUS}: NoNewPrivs", kernel.no_new_privs)
        yield Side("no-new-privileges", declared, found, ("RUN-021",))
    granted = effective(container.cap_add, container.cap_drop, container.privileged)
    in_effect = decode(kernel.cap_bnd | kernel.cap_eff)
    if not container.privileged and not in_effect <= granted:
        found = seen(f"{_STATUS}: beyond it", in_effect - granted)
        yield Side("capabilities", seen("granted", granted), found, ("RUN-013", "RUN-014", "RUN-015"))


def _identity(container: Container, kernel: Effective) -> Iterator[Side]:
    other = parse_user(container.user).identity is Identity.OTHER
    if other and kernel.identity_uid_map and kernel.uid == 0:
        found = seen(f"{_STATUS}: Uid", kernel.uid)
        yield Side("user", seen("Config.User", container.user), found, ("RUN-023",))


def _apparmor(container: Container, view: View, kernel: Effective) -> Iterator[Side | str]:
    declared, found = container.apparmor_profile, kernel.apparmor
    if declared in {"", "unconfined"} or container.privileged:
        return
    if found is None:
        if _has_apparmor(view):
            yield "AppArmor"
    elif found == "unconfined" or found.endswith("(complain)"):
        attribute = seen("/proc/PID/attr/current", found)
        yield Side("AppArmor", seen("AppArmorProfile", declared), attribute, ("RUN-019",))


def _has_apparmor(view: View) -> bool:
    """Whether the kernel uses AppArmor at all, or nobody knows (`/sys/kernel/security/lsm`)."""
    modules = view.host().peek("lsm")
    return not isinstance(modules, tuple) or "apparmor" in modules


def _file_systems(container: Container, kernel: Effective) -> Iterator[Side | str]:
    if container.readonly_rootfs and kernel.read_only_root is None:
        yield "read-only root"
    elif container.readonly_rootfs and not kernel.read_only_root:
        declared = seen("HostConfig.ReadonlyRootfs", True)
        yield Side("read-only root", declared, seen("/proc/PID/mountinfo: /", "rw"), ("RUN-026",))
    paths = container.masked_paths
    if paths and kernel.masked is None:
        yield "masked paths"
    elif paths and not set(paths).intersection(kernel.masked or ()):
        found = seen("/proc/PID/mountinfo", "none of them hidden")
        yield Side("masked paths", seen("HostConfig.MaskedPaths", paths), found, ("RUN-022",))


def _limits(container: Container, kernel: Effective) -> Iterator[Side | str]:
    """The kernel rounds memory down to whole pages, never up."""
    for name, path, declared, found, rules in (
        ("memory limit", "HostConfig.Memory", container.memory, kernel.memory_max, ("RUN-028", "RUN-029")),
        ("pids limit", "HostConfig.PidsLimit", container.pids_limit, kernel.pids_max, ("RUN-031",)),
    ):
        if declared > 0 and found is None:
            yield name
        elif declared > 0 and found is not None and (found == 0 or found > declared):
            yield Side(name, seen(path, declared), seen("its control group", found or _NONE), rules)


def _namespaces(container: Container, view: View, kernel: Effective) -> Iterator[Side | str]:
    """Where a namespace is to be the host's or another container's, nothing is promised.

    Nor is it by Podman's "shareable", which it writes for the host's too.
    """
    shared = kernel.host_namespaces
    ipc = container.ipc_mode
    if ipc == "shareable" and view.engine().flavour == "podman":
        ipc = ""
    promised = (
        ("net", "HostConfig.NetworkMode", container.network_mode, "RUN-006"),
        ("pid", "HostConfig.PidMode", container.pid_mode or "private", "RUN-007"),
        ("ipc", "HostConfig.IpcMode", ipc, "RUN-008"),
        ("cgroup", "HostConfig.CgroupnsMode", container.cgroupns_mode, "RUN-012"),
    )
    for kind, path, mode, rule in promised:
        if mode in {"", "host"} or mode.startswith(_ELSEWHERE):
            continue
        if shared is None:
            yield f"{kind} namespace"
        elif kind in shared:
            yield Side(f"{kind} namespace", seen(path, mode), seen(f"/proc/PID/ns/{kind}", "the host's"), (rule,))
