"""The Linux audit system as files: whether the daemon is there and runs, and what its rules watch (audit.rules(7))."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from inventory.gap import Gap, Reason
from inventory.machine import Audit, AuditRule, Examined
from inventory.sources.host.daemon import Daemon
from inventory.sources.host.examine import examined
from inventory.sources.host.files import Accounts
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

_DAEMON = "auditd"
_PROGRAMS = ("/usr/sbin/auditd", "/sbin/auditd")
_CONFIG = "/etc/audit/auditd.conf"
_LOADED = "/etc/audit/audit.rules"
_SOURCES = "/etc/audit/rules.d"
_MOST_FILES = 100
_RUNTIME = ("dockerd", "docker-init", "docker-proxy", "containerd", "containerd-shim", "containerd-shim-runc-v1",
            "containerd-shim-runc-v2", "runc", "crun", "podman", "conmon")  # fmt: skip
_WATCHING = frozenset({"path", "dir", "perm", "key"})
_DIRECTORIES = ("/usr/bin", "/usr/local/bin", "/usr/sbin")
_ALL = "rwxa"
_FIRST = 1


def facts(
    reader: HostReader, daemon: Daemon, accounts: Accounts | Gap, commands: Mapping[int, str] | Gap
) -> dict[str, Any]:
    """The fields `audit`, `audit_rules` and `runtime_files`; without auditd the latter two are empty."""
    audit = _audit(reader, commands)
    if isinstance(audit, Gap):
        return {"audit": audit, "audit_rules": audit, "runtime_files": audit}
    if not audit.installed:
        return {"audit": audit, "audit_rules": (), "runtime_files": Examined({})}
    paths = (f"{directory}/{name}" for directory in _DIRECTORIES for name in _RUNTIME)
    return {
        "audit": audit,
        "audit_rules": _rules(reader),
        "runtime_files": examined(reader, paths, accounts, daemon.root),
    }


def _audit(reader: HostReader, commands: Mapping[int, str] | Gap) -> Audit | Gap:
    seen = [told(partial(reader.stat, path), path) for path in _PROGRAMS]
    if isinstance(commands, Gap):
        return commands
    running = _DAEMON in commands.values()
    installed = running or any(not isinstance(one, Gap) for one in seen)
    config = told(lambda: _settings(reader.read(_CONFIG)), _CONFIG) if installed else {}
    hidden = next((one for one in seen if isinstance(one, Gap) and one.reason is not Reason.UNSUPPORTED), None)
    if hidden and not installed:
        return hidden
    if not running and not commands.get(_FIRST):
        return Gap(Reason.DENIED, "/proc", "processes of other users are hidden from this one (hidepid)")
    return Audit(installed, running, config)


def _settings(text: bytes) -> Mapping[str, str]:
    """auditd.conf(5): `name = value`, names in any case."""
    rows = (line.partition("=") for line in text.decode("utf-8", "replace").splitlines() if line[:1] != "#")
    return {name.strip().lower(): value.strip() for name, equals, value in rows if equals}


def _rules(reader: HostReader) -> tuple[AuditRule, ...] | Gap:
    """The watches of the rules that are loaded at boot, and of the files that they are made from."""
    names = told(lambda: reader.names(_SOURCES), _SOURCES)
    sources = [] if isinstance(names, Gap) else [name for name in names if name.endswith(".rules")][:_MOST_FILES]
    paths = [_LOADED, *(f"{_SOURCES}/{name}" for name in sources)]
    found = {path: told(partial(reader.read, path), path) for path in paths}
    for gap in (names, *found.values()):
        if isinstance(gap, Gap) and gap.reason is not Reason.UNSUPPORTED:
            return gap
    watched = (watches(text, path) for path, text in found.items() if not isinstance(text, Gap))
    return tuple(dict.fromkeys(rule for rules in watched for rule in rules))


def watches(text: bytes, where: str) -> tuple[AuditRule, ...]:
    """The watches of one file; `-D` forgets those before it, `-W` one of them, and other rules are left out."""
    kept: list[AuditRule] = []
    for line in text.decode("utf-8", "replace").splitlines():
        words = line.split()
        if words[:1] == ["-D"]:
            kept.clear()
        elif words[:1] == ["-W"] and len(words) > 1:
            kept = [rule for rule in kept if rule.path != words[1]]
        elif words[:1] and not words[0].startswith("#"):
            kept.extend(_watch(words, where))
    return tuple(kept)


def _watch(words: list[str], where: str) -> Iterator[AuditRule]:
    """`-w PATH -p wa`, or `-a always,exit -F path=PATH -F perm=wa` (dir= for a tree)."""
    options, narrowed = list(_options(words)), tuple(_narrowing(words))
    access = next((value for name, value in options if name in {"-p", "perm"}), _ALL)
    for name, value in options:
        if name == "-w" and value.startswith("/"):
            yield AuditRule(value, True, access, where, narrowed)
        elif name in {"path", "dir"} and value.startswith("/") and _always(options):
            yield AuditRule(value, name == "dir", access, where, narrowed)


def _options(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """`-x value`, and of `-F name=value` the name and value; another comparison says nothing about what is watched."""
    flag = ""
    for word in words:
        if flag == "-F":
            name, equals, value = word.partition("=")
            if equals and name.isalpha():
                yield name, value
        elif flag:
            yield flag, word
        flag = "" if flag else word


def _narrowing(words: Iterable[str]) -> Iterator[str]:
    """What makes a rule leave events out: every field but those that say what is watched, system calls, comparisons.

    Values stay as they are written; `-S all` names every system call.
    """
    flag = ""
    for word in words:
        name, equals, _ = word.partition("=")
        if flag == "-F" and not (equals and name in _WATCHING):
            yield word
        elif flag == "-C" or (flag == "-S" and word != "all"):
            yield f"{flag} {word}"
        flag = "" if flag else word


def _always(options: list[tuple[str, str]]) -> bool:
    lists = (value.split(",") for name, value in options if name in {"-a", "-A"})
    return any("always" in words and "exit" in words for words in lists)
