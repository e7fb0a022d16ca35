"""What the running kernel is told: its settings, what handles core dumps, and whether it waits for a reboot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from posixpath import dirname, normpath
from typing import Any

from inventory.gap import Gap, Reason
from inventory.sources.host.examine import examined
from inventory.sources.host.files import Accounts
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

SYSCTLS = (
    "kernel.kptr_restrict", "kernel.dmesg_restrict", "kernel.unprivileged_bpf_disabled", "kernel.yama.ptrace_scope",
    "kernel.kexec_load_disabled", "kernel.randomize_va_space", "kernel.perf_event_paranoid",
    "fs.protected_hardlinks", "fs.protected_symlinks", "fs.protected_fifos", "fs.protected_regular",
    "fs.suid_dumpable", "net.ipv4.conf.all.route_localnet", "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.default.rp_filter", "net.ipv4.conf.all.accept_redirects", "net.ipv4.conf.all.send_redirects",
)  # fmt: skip
"""The settings that are asked for, by their names in sysctl(8)."""
_MODULES = "/lib/modules"
_REBOOT = "/run/reboot-required"
_PATTERN = "/proc/sys/kernel/core_pattern"
_LONGEST = 4096
_MOST_RELEASES = 32
_DEEPEST = 16


def facts(reader: HostReader, accounts: Accounts | Gap) -> dict[str, Any]:
    """Fields of `Host` about its kernel."""
    pattern = told(lambda: _text(reader, _PATTERN), _PATTERN)
    handler = pattern if isinstance(pattern, Gap) else examined(reader, _handler(pattern), accounts)
    return {
        "sysctls": _sysctls(reader),
        "kernel_release": told(lambda: _text(reader, "/proc/sys/kernel/osrelease"), "/proc/sys/kernel/osrelease"),
        "kernels": told(lambda: _releases(reader), _MODULES),
        "reboot_required": _reboot_required(reader),
        "core_pattern": pattern,
        "core_handler": handler,
    }


def _text(reader: HostReader, path: str) -> str:
    return reader.read(path)[:_LONGEST].decode("utf-8", "replace").strip()


def _sysctls(reader: HostReader) -> Mapping[str, str | Gap]:
    """A setting that this kernel does not have is left out."""
    found: dict[str, str | Gap] = {}
    for name in SYSCTLS:
        path = f"/proc/sys/{name.replace('.', '/')}"
        value = told(partial(_text, reader, path), path)
        if not (isinstance(value, Gap) and value.reason is Reason.UNSUPPORTED):
            found[name] = value
    return found


def _releases(reader: HostReader) -> tuple[str, ...]:
    """Kernels whose package is installed: what a removed one leaves behind holds no list of built-in modules."""
    names = reader.names(_MODULES)[-_MOST_RELEASES:]
    lists = {name: f"{_MODULES}/{name}/modules.builtin" for name in names}
    return tuple(name for name, path in lists.items() if not isinstance(told(partial(reader.stat, path), path), Gap))


def _reboot_required(reader: HostReader) -> bool | Gap:
    """Debian and Ubuntu leave this file when an update wants a reboot."""
    found = told(lambda: reader.stat(_REBOOT), _REBOOT)
    if isinstance(found, Gap):
        return False if found.reason is Reason.UNSUPPORTED else found
    return True


def handler_of(pattern: str) -> str:
    """The program that a core_pattern pipes to, "" where it names a file (core(5))."""
    program = pattern[1:].split()[:1] if pattern.startswith("|") else []
    return normpath("/" + program[0].lstrip("/")) if program else ""


def _handler(pattern: str) -> Iterator[str]:
    """The program and the directories above it."""
    path = handler_of(pattern)
    for _ in range(_DEEPEST):
        if not path:
            return
        yield path
        path = dirname(path) if path != "/" else ""
