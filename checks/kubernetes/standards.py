"""The Pod Security Standards as a whole: which level a pod spec meets, and what keeps it from the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from weakref import WeakKeyDictionary

import msgspec

from checks.kubernetes import controls
from checks.kubernetes.controls import Violation
from inventory.kubernetes.podspec import PodSpec


class Level(IntEnum):
    """The levels as namespaces name them; a greater one allows less."""

    PRIVILEGED = 0
    BASELINE = 1
    RESTRICTED = 2

    @property
    def word(self) -> str:
        """As in `pod-security.kubernetes.io/enforce`."""
        return self.name.lower()


class Control(msgspec.Struct, frozen=True):
    """One control: the standards' own name, the level from which it counts, and the check that judges it."""

    name: str
    level: Level
    check: str
    find: Callable[[PodSpec], Iterator[Violation]]


CONTROLS = (
    Control("HostProcess", Level.BASELINE, "ORC-100", controls.host_process),
    Control("Privileged Containers", Level.BASELINE, "ORC-101", controls.privileged),
    Control("Host Namespaces: hostNetwork", Level.BASELINE, "ORC-102", controls.host_network),
    Control("Host Namespaces: hostPID", Level.BASELINE, "ORC-103", controls.host_pid),
    Control("Host Namespaces: hostIPC", Level.BASELINE, "ORC-104", controls.host_ipc),
    Control("Capabilities", Level.BASELINE, "ORC-105", controls.added_capabilities),
    Control("HostPath Volumes", Level.BASELINE, "ORC-106", controls.host_paths),
    Control("Host Ports", Level.BASELINE, "ORC-107", controls.host_ports),
    Control("Host Probes / Lifecycle Hooks", Level.BASELINE, "ORC-108", controls.probe_hosts),
    Control("AppArmor", Level.BASELINE, "ORC-109", controls.app_armor),
    Control("SELinux", Level.BASELINE, "ORC-110", controls.selinux),
    Control("/proc Mount Type", Level.BASELINE, "ORC-111", controls.proc_mount_of_host),
    Control("/proc Mount Type", Level.RESTRICTED, "ORC-111", controls.proc_mount),
    Control("Seccomp", Level.BASELINE, "ORC-112", controls.seccomp_off),
    Control("Sysctls", Level.BASELINE, "ORC-113", controls.sysctls),
    Control("Volume Types", Level.RESTRICTED, "ORC-114", controls.volume_types),
    Control("Privilege Escalation", Level.RESTRICTED, "ORC-115", controls.escalation),
    Control("Running as Non-root", Level.RESTRICTED, "ORC-116", controls.root_allowed),
    Control("Running as Non-root user", Level.RESTRICTED, "ORC-117", controls.root_user),
    Control("Seccomp", Level.RESTRICTED, "ORC-118", controls.seccomp_unset),
    Control("Capabilities", Level.RESTRICTED, "ORC-119", controls.capabilities_kept),
)
"""Every control of the standards, in their order."""


class Standing(msgspec.Struct, frozen=True):
    """`level`: the strictest that admits the pod. `violated`: the controls that it violates, in their order."""

    level: Level
    violated: tuple[Control, ...]

    def against(self, wanted: Level) -> tuple[Control, ...]:
        """The controls that keep a pod out of a namespace which enforces this level."""
        return tuple(control for control in self.violated if control.level <= wanted)


_STANDING: WeakKeyDictionary[PodSpec, Standing] = WeakKeyDictionary()


def level(spec: PodSpec) -> Standing:
    """How a pod of this spec stands to the standards; concluded once for all pods that share the spec."""
    known = _STANDING.get(spec)
    if known is None:
        violated = tuple(control for control in CONTROLS if next(control.find(spec), None) is not None)
        least = min((control.level for control in violated), default=Level.RESTRICTED + 1)
        known = _STANDING[spec] = Standing(Level(least - 1), violated)
    return known
