"""The engine's own process on this host: which one it is, how it was started, and its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from inventory.gap import Gap, Reason
from inventory.sources.host.homes import Homes
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

DEFAULT_ROOT = "/var/lib/docker"
DEFAULT_CONFIG = "/etc/docker/daemon.json"
_USERS_CONFIG = ".config/docker/daemon.json"
_DEFAULT_SOCKETS = frozenset({"/var/run/docker.sock", "/run/docker.sock"})
_NAMES = frozenset({"dockerd", "podman"})
_INIT = "systemd"


class Daemon(msgspec.Struct, frozen=True):
    """A running engine process. `root` before a path shows it as the daemon sees it ("" in the same namespace)."""

    pid: int
    argv: tuple[str, ...]
    root: str = ""

    def option(self, *names: str) -> str:
        """The last value of a flag such as `data-root` or `H`, "" if it is not given."""
        values = self.options(*names)
        return values[-1] if values else ""

    def options(self, *names: str) -> list[str]:
        """All values of a flag."""
        flags = [f"-{name}" if len(name) == 1 else f"--{name}" for name in names]
        values = []
        for index, word in enumerate(self.argv):
            for flag in flags:
                if word.startswith(f"{flag}="):
                    values.append(word[len(flag) + 1 :])
                elif word == flag and index + 1 < len(self.argv):
                    values.append(self.argv[index + 1])
        return values


def find_daemon(reader: HostReader, socket_path: str, root_dir: str) -> Daemon | Gap:
    """The process that serves `socket_path`, or why it cannot be told: the engine may well be on this machine.

    The kernel names the listener of a socket. Where that is systemd (socket activation) or something in between, the
    processes are compared by `--host` and `--data-root`: several daemons may run here.
    """
    listener: int | Gap = Gap(Reason.UNSUPPORTED, "the engine's socket", "another program speaks to it for us")
    if socket_path:
        listener = told(lambda: reader.peer(socket_path), socket_path)
    word = _name(reader, listener) if isinstance(listener, int) and listener > 0 else ""
    if isinstance(listener, int) and word in _NAMES:
        return _daemon(reader, listener)
    handed = socket_path in _DEFAULT_SOCKETS or (word == _INIT and bool(root_dir))
    fitting = [found for found in _candidates(reader) if _fits(reader, found, socket_path, root_dir, handed)]
    if len(fitting) == 1:
        return fitting[0]
    return _several(fitting) if fitting else _nobody(listener, word)


def _several(fitting: list[Daemon]) -> Gap:
    pids = ", ".join(str(found.pid) for found in fitting)
    return Gap(Reason.UNSUPPORTED, "/proc", f"several engine processes fit this socket (pid {pids})")


def _nobody(listener: int | Gap, name: str) -> Gap:
    """Why no process of an engine was found behind the socket."""
    if isinstance(listener, Gap):
        return Gap(listener.reason, listener.path, "who listens on the engine's socket cannot be told")
    if listener == 0:
        why = "the engine runs in a process namespace that is not visible from here (look from the host itself)"
        return Gap(Reason.UNSUPPORTED, "/proc", why)
    path = f"/proc/{listener}"
    if not name:
        why = "the engine's process is hidden from this user (hidepid; root sees it) or has ended"
        return Gap(Reason.DENIED, path, why)
    if name == _INIT:
        why = "systemd holds the engine's socket and no engine process was found that fits it"
        return Gap(Reason.UNSUPPORTED, path, why)
    return Gap(Reason.UNSUPPORTED, path, f"{name!r} passes the socket on; the engine may be on another machine")


def _name(reader: HostReader, pid: int) -> str:
    comm = told(lambda: reader.read(f"/proc/{pid}/comm"), "comm")
    return "" if isinstance(comm, Gap) else comm.decode("utf-8", "replace").strip()


def _daemon(reader: HostReader, pid: int) -> Daemon:
    line = told(lambda: reader.read(f"/proc/{pid}/cmdline"), "cmdline")
    words = () if isinstance(line, Gap) else arguments(line)
    return Daemon(pid, words[1:], _root(reader, pid))


def arguments(cmdline: bytes) -> tuple[str, ...]:
    """proc(5) ends every argument with a zero byte."""
    return tuple(cmdline.rstrip(b"\0").decode("utf-8", "surrogateescape").split("\0")) if cmdline.strip(b"\0") else ()


def _root(reader: HostReader, pid: int) -> str:
    """A daemon in another mount namespace sees other files; only root may look."""
    mine, its = (told(partial(reader.link, f"/proc/{who}/ns/mnt"), "mnt") for who in ("self", str(pid)))
    return f"/proc/{pid}/root" if isinstance(mine, str) and isinstance(its, str) and mine != its else ""


def _candidates(reader: HostReader) -> list[Daemon]:
    names = told(lambda: reader.names("/proc"), "/proc")
    pids = [] if isinstance(names, Gap) else [int(name) for name in names if name.isdigit()]
    return [_daemon(reader, pid) for pid in pids if _name(reader, pid) == "dockerd"]


def _fits(reader: HostReader, daemon: Daemon, socket_path: str, root_dir: str, handed: bool) -> bool:
    """`handed`: the socket is one that systemd may have passed on."""
    root = daemon.option("data-root", "g", "graph") or config_of(reader, daemon).get("data-root") or DEFAULT_ROOT
    # With user namespaces the engine reports a directory below, named after the ids: /var/lib/docker/100000.100000
    if root_dir and root_dir != root and not root_dir.startswith(f"{root}/"):
        return False
    if not socket_path:
        return bool(root_dir)
    hosts = daemon.options("host", "H")
    sockets = {host.removeprefix("unix://") for host in hosts if host.startswith("unix://")}
    activated = any(host.startswith("fd://") for host in hosts) or not hosts
    return socket_path in sockets or (activated and handed)


def config_path(daemon: Daemon, home: str = "") -> str:
    """Where the daemon's configuration file is; rootless engines keep it in the user's home."""
    return daemon.option("config-file") or (f"{home}/{_USERS_CONFIG}" if home else DEFAULT_CONFIG)


def read_config(reader: HostReader, path: str, root: str) -> Mapping[str, Any] | Gap:
    """daemon.json, decoded; {} when there is no such file. In a user's home no link is followed."""
    if path.endswith(f"/{_USERS_CONFIG}"):
        raw = Homes(reader, root).read(path.removesuffix(f"/{_USERS_CONFIG}"), _USERS_CONFIG)
    else:
        raw = told(partial(reader.read, root + path), path)
    if isinstance(raw, Gap):
        return {} if raw.reason in {Reason.UNSUPPORTED, Reason.ABSENT} else raw
    try:
        return msgspec.json.decode(raw or b"{}", type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Gap(Reason.MALFORMED, path, str(error))


def config_of(reader: HostReader, daemon: Daemon) -> Mapping[str, Any]:
    """The same where a gap counts as nothing."""
    found = read_config(reader, config_path(daemon), daemon.root)
    return {} if isinstance(found, Gap) else found
