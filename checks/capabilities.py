"""Linux capabilities as container engines grant them: names, the default set, and which of them give the host away.

Sources: capabilities(7) for the bit numbers, the engine's default profile (14 capabilities), Pod Security Standards.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

NAMES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
)  # fmt: skip
"""Every capability by its bit number."""

ALL = frozenset(NAMES)
DEFAULT = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
"""What an engine grants when nothing is asked for."""

CONFIGURABLE_DEFAULT = frozenset({"AUDIT_WRITE", "MKNOD", "NET_RAW"})
"""Members of the default set that Podman grants or not, depending on its version and containers.conf."""

ESCAPE = {
    "SYS_ADMIN": "mounts file systems and writes cgroup release agents",
    "SYS_MODULE": "loads kernel modules",
    "SYS_RAWIO": "reads and writes physical memory and I/O ports",
    "DAC_READ_SEARCH": "opens any host file by its handle",
    "BPF": "loads programs into the kernel",
}
"""Capabilities that are host root in one step, and how."""

ELEVATED = frozenset({
    "NET_ADMIN", "SYS_PTRACE", "SYS_BOOT", "SYSLOG", "MAC_ADMIN", "MAC_OVERRIDE", "PERFMON", "CHECKPOINT_RESTORE",
    "SYS_TIME", "SYS_RESOURCE", "AUDIT_CONTROL", "LINUX_IMMUTABLE",
})  # fmt: skip
"""Capabilities beyond the default set that are one common step away from the host."""

_PTRACE = "enters host processes, since the PID namespace is the host's"
_EVERYTHING = "every capability, among them SYS_ADMIN"


def normalise(name: str) -> str:
    """`cap_net_admin` and `CAP_NET_ADMIN` as `NET_ADMIN`."""
    return name.strip().upper().removeprefix("CAP_")


def effective(cap_add: Iterable[str], cap_drop: Iterable[str], privileged: bool = False) -> frozenset[str]:
    """What the engine grants: the default set (or everything) minus the dropped plus the added ones.

    A capability that is both added and dropped is granted, because engines apply the additions last; ALL among the
    additions starts from everything, from which single drops are still taken.
    """
    return ALL if privileged else _granted(tuple(cap_add), tuple(cap_drop))


@lru_cache(maxsize=256)
def _granted(cap_add: tuple[str, ...], cap_drop: tuple[str, ...]) -> frozenset[str]:
    added = {normalise(name) for name in cap_add}
    dropped = {normalise(name) for name in cap_drop}
    if "ALL" in added:
        return ALL - dropped
    base = frozenset() if "ALL" in dropped else DEFAULT - dropped
    return base | added


def escape_grade(granted: frozenset[str], host_pid: bool = False) -> dict[str, str]:
    """Those of the granted capabilities that are host root in one step, with how each gets there, by name."""
    if granted >= ALL:
        return {"ALL": _EVERYTHING}
    found = {name: ESCAPE[name] for name in sorted(granted & ESCAPE.keys())}
    if host_pid and "SYS_PTRACE" in granted:
        found["SYS_PTRACE"] = _PTRACE
    return found


def beyond_default(granted: frozenset[str], host_pid: bool = False) -> tuple[str, ...]:
    """Granted capabilities outside the default set that are not escape-grade, by name."""
    return tuple(sorted(granted - DEFAULT - escape_grade(granted, host_pid).keys() - ESCAPE.keys()))


@lru_cache(maxsize=256)
def decode(mask: int) -> frozenset[str]:
    """The names of a kernel mask (`CapEff` of /proc/PID/status); bits that have no name yet are `CAP_<number>`."""
    return frozenset(
        NAMES[bit] if bit < len(NAMES) else f"CAP_{bit}" for bit in range(mask.bit_length()) if mask >> bit & 1
    )
