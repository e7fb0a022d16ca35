"""The machine below a local engine: each fact read, or a gap that says why not."""

from __future__ import annotations

import errno
import json
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from checks.policy import Policy
from checks.view import View
from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap, Reason, Unread
from inventory.host import Effective, FileFacts, Host, HostProcess
from inventory.resource import Kind, ResourceKey
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.host.daemon import Daemon, find_daemon
from inventory.sources.host.host import host, host_below
from inventory.sources.host.reader import LocalReader, Space, Stat
from inventory.sources.host.recording import Recorder, Replay
from inventory.sources.host.tree import Node, Tree
from inventory.store import Store

SOCKET = "/var/run/docker.sock"
C1, C2 = "c" * 64, "d" * 64
STATUS = (
    "Name:\tsleep\nUid:\t0\t10001\t0\t0\nNoNewPrivs:\t1\nSeccomp:\t2\n"
    "CapBnd:\t00000000a80425fb\nCapEff:\t0000000000000000\n"
)


@dataclass
class Fake:
    """A host of a few files; a value that is an OSError is raised."""

    files: dict[str, str | OSError] = field(default_factory=dict)
    modes: dict[str, Stat | OSError] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    listener: int | OSError = 100

    def read(self, path: str) -> bytes:
        found = self.files.get(path, FileNotFoundError(errno.ENOENT, "no such file", path))
        if isinstance(found, OSError):
            raise found
        return found.encode()

    def stat(self, path: str) -> Stat:
        found = self.modes.get(path, FileNotFoundError(errno.ENOENT, "no such file", path))
        if isinstance(found, OSError):
            raise found
        return found

    def names(self, path: str) -> list[str]:
        inside = {
            name[len(path) :].strip("/").split("/")[0]
            for name in (*self.files, *self.modes)
            if name.startswith(f"{path}/")
        }
        if not inside:
            raise FileNotFoundError(errno.ENOENT, "no such directory", path)
        return sorted(inside)

    def read_below(self, base: str, path: str) -> bytes:
        return self.read(base + path)

    def stat_below(self, base: str, path: str) -> Stat:
        return self.stat(base + path)

    def names_below(self, base: str, path: str) -> list[str]:
        return self.names(base + path)

    def link(self, path: str) -> str:
        if path not in self.links and not path.startswith("/proc/"):
            raise OSError(errno.EINVAL, "no link", path)
        if path not in self.links:
            raise PermissionError(errno.EACCES, "permission denied", path)
        return self.links[path]

    def head(self, path: str, lines: int) -> bytes:
        return b"".join(self.read(path).splitlines(keepends=True)[:lines])

    def node(self, path: str) -> Node:
        raise FileNotFoundError(errno.ENOENT, "no such file", path)

    def tree(self, root: str, limit: int, depth: int) -> Tree:
        raise FileNotFoundError(errno.ENOENT, "no such directory", root)

    def space(self, path: str) -> Space:
        if path not in {"/", "/var/lib/docker"}:
            raise FileNotFoundError(errno.ENOENT, "no such directory", path)
        return Space(1000, 400, 100, 50)

    def clock_synchronised(self) -> bool:
        return True

    def peer(self, socket_path: str) -> int:
        if isinstance(self.listener, OSError):
            raise self.listener
        return self.listener


def process(pid: int, name: str, *argv: str, cgroup: str = "0::/system.slice/x.service") -> dict[str, str | OSError]:
    line = "\0".join((f"/usr/bin/{name}", *argv)) + "\0"
    return {f"/proc/{pid}/comm": f"{name[:15]}\n", f"/proc/{pid}/cmdline": line, f"/proc/{pid}/cgroup": f"{cgroup}\n"}


def vm(**changes: str | OSError) -> Fake:
    files: dict[str, str | OSError] = {
        "/proc/uptime": "3600.5 7000\n",
        "/proc/loadavg": "0.50 0.25 0.10 1/200 999\n",
        "/proc/stat": "cpu  1 2\ncpu0 1\ncpu1 2\nintr 5\nbtime 1795430000\n",
        "/proc/100/stat": "100 (dockerd) S 1 " + "0 " * 17 + "500 0\n",
        "/proc/meminfo": "MemTotal:  2000 kB\nMemAvailable:  500 kB\nHugePages_Total: 0\n",
        "/etc/os-release": 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n# comment\n',
        "/sys/kernel/security/lsm": "capability,yama,apparmor",
        "/proc/self/mountinfo": "22 1 8:1 / / rw - ext4 a rw\n23 22 8:2 / /var/lib rw - ext4 b rw\n",
        "/proc/sys/kernel/hostname": "vm\n",
        "/proc/sys/kernel/core_pattern": "core\n",
        "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
        "/lib/modules/6.1.0-18-amd64/modules.builtin": "",
        "/sys/class/dmi/id/sys_vendor": "QEMU\n",
        "/proc/100/net/fib_trie": "   |-- 10.0.0.5\n      /32 host LOCAL\n",
        "/proc/100/net/if_inet6": "",
        "/proc/100/net/route": "Iface\n",
        "/etc/passwd": "root:x:0:0:r:/root:sh\nann:x:1000:998:a:/home/ann:sh\nbob:x:1001:1001:b:/home/bob:sh\n",
        "/etc/group": "root:x:0:\ndocker:x:998:bob,ann\nbob:x:1001:\n",
        "/etc/docker/daemon.json": '{"icc": false, "log-driver": "local"}',
        **process(100, "dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock"),
        **process(1, "systemd"),
        **process(300, "node_exporter", "--web.listen-address=:9100"),
        **process(301, "prometheus", cgroup=f"0::/system.slice/docker-{C2}.scope"),
        **process(7, "sleep", cgroup=f"0::/system.slice/docker-{C1}.scope"),
        "/proc/7/status": STATUS,
        "/proc/7/uid_map": "         0          0 4294967295\n",
    }
    modes: dict[str, Stat | OSError] = {
        SOCKET: Stat(0o660, 0, 998, "socket"),
        "/etc/docker": Stat(0o755, 0, 0, "directory"),
        "/etc/docker/daemon.json": Stat(0o644, 0, 0, "file"),
        "/usr/lib/systemd/system/docker.service": Stat(0o644, 0, 0, "file"),
        "/etc/systemd/system/docker.service.d/override.conf": Stat(0o666, 1000, 998, "file"),
        "/run/containerd/containerd.sock": Stat(0o660, 0, 0, "socket"),
        "/var/lib/docker": Stat(0o710, 0, 0, "directory"),
        "/usr/bin/dockerd": Stat(0o755, 0, 0, "file", 5.0, 9, 1795420000.0),
    }
    return Fake(files | changes, modes)


def engine(**values: Any) -> Engine:
    facts = {"root_dir": "/var/lib/docker", "rootless": False, "flavour": "docker"} | values
    return Engine.build(key=ResourceKey(Kind.ENGINE, "docker", "docker"), name="vm", **facts)


def running(key: str, pid: int) -> Container:
    return Container.build(key=ResourceKey(Kind.CONTAINER, "docker", key), name=key[:3], pid=pid)


def look(reader: Fake, *containers: Container, socket_path: str = SOCKET, **about: Any) -> Host:
    found = host(reader, socket_path, engine(**about), containers, "docker", 5.0)
    assert isinstance(found, Host)
    return found


def test_everything_that_a_host_tells() -> None:
    found = look(vm(), running(C1, 7))
    assert set(found.gaps) == {"listeners", "swarm_addresses"}  # asked for on a node of a swarm only
    assert (found.uptime, found.load, found.ncpu) == (3600.5, (0.5, 0.25, 0.1), 2)
    assert (found.memory_total, found.memory_available) == (2_048_000, 512_000)
    assert found.os_release["PRETTY_NAME"] == "Debian GNU/Linux 12 (bookworm)"
    assert found.lsm == ("capability", "yama", "apparmor")
    assert found.clock_synchronised
    assert found.name == "vm"
    assert [(disk.role, disk.path, disk.mount_point) for disk in found.disks] == [
        ("root", "/", "/"),
        ("engine", "/var/lib/docker", "/var/lib"),
    ]


def test_the_daemon_and_its_options() -> None:
    found = look(vm())
    assert found.daemon_pid == 100
    assert found.daemon_flags == ("-H", "fd://", "--containerd=/run/containerd/containerd.sock")
    assert found.daemon_option("icc") is False
    assert found.daemon_option("containerd") == "/run/containerd/containerd.sock"
    assert found.daemon_config_path == "/etc/docker/daemon.json"
    assert found.daemon_started == 1795430005.0
    assert found.binaries == {"/usr/bin/dockerd": 1795420000.0}


def test_files_with_owners_by_name() -> None:
    found = look(vm())
    assert found.file(SOCKET) == FileFacts(SOCKET, 0o660, 0, 998, "root", "docker", "socket")
    drop_in = found.file("/etc/systemd/system/docker.service.d/override.conf")
    assert drop_in is not None
    assert (drop_in.mode, drop_in.owner) == (0o666, "ann")
    assert "/run/containerd/containerd.sock" in found.files
    assert found.file("/etc/default/docker") is None
    assert found.docker_group == ("bob", "ann")


def test_the_directories_of_sockets_are_examined_too() -> None:
    reader = vm(**process(100, "dockerd", "-H", "fd://", "-H", "unix:///srv/engine/docker.sock"))
    reader.modes |= {"/var/run": Stat(0o755, 0, 0, "directory"), "/srv/engine": Stat(0o777, 0, 0, "directory")}
    found = look(reader)
    assert found.files["/srv/engine"].mode == 0o777
    assert found.files["/var/run"].mode == 0o755


def test_a_file_that_may_not_be_looked_at_is_not_missing() -> None:
    reader = vm()
    reader.modes["/etc/docker/daemon.json"] = PermissionError(errno.EACCES, "permission denied")
    found = look(reader)
    with pytest.raises(Unread):
        found.file("/etc/docker/daemon.json")


def test_the_kernels_view_of_a_container() -> None:
    found = look(vm(), running(C1, 7), running(C2, 0), running("e" * 64, 999))
    assert dict(found.effective) == {C1: Effective(2, 1, 0, 0xA80425FB, 10001, True)}


def test_a_pid_that_was_given_to_another_process_is_not_the_containers() -> None:
    assert look(vm(), running(C2, 7)).effective == {}


def test_a_remapped_user_namespace_is_no_identity() -> None:
    reader = vm(**{"/proc/7/uid_map": "0 100000 65536\n"})
    assert not look(reader, running(C1, 7)).effective[C1].identity_uid_map


def test_agents_on_the_host_but_not_in_containers() -> None:
    assert look(vm()).processes == (
        HostProcess(300, "node_exporter", ("/usr/bin/node_exporter", "--web.listen-address=:9100")),
    )


@pytest.mark.parametrize(
    ("path", "wrong", "field", "reason"),
    [
        ("/proc/uptime", PermissionError(errno.EACCES, "x"), "uptime", Reason.DENIED),
        ("/proc/loadavg", "nonsense", "load", Reason.MALFORMED),
        ("/proc/meminfo", "", "memory_total", Reason.MALFORMED),
        ("/sys/kernel/security/lsm", FileNotFoundError(errno.ENOENT, "x"), "lsm", Reason.UNSUPPORTED),
        ("/etc/docker/daemon.json", "{", "daemon_config", Reason.MALFORMED),
        ("/etc/docker/daemon.json", "[]", "daemon_config", Reason.MALFORMED),
        ("/etc/docker/daemon.json", PermissionError(errno.EACCES, "x"), "daemon_config", Reason.DENIED),
        ("/etc/group", PermissionError(errno.EACCES, "x"), "docker_group", Reason.DENIED),
        ("/etc/os-release", "A='unclosed", "os_release", Reason.MALFORMED),
        ("/proc/uptime", OSError(errno.EIO, "input/output error"), "uptime", Reason.ERROR),
    ],
)
def test_one_unreadable_file_is_one_gap(path: str, wrong: str | OSError, field: str, reason: Reason) -> None:
    found = look(vm(**{path: wrong}))
    unread = found.peek(field)
    assert isinstance(unread, Gap)
    assert unread.reason is reason
    assert found.daemon_pid == 100


def test_no_daemon_json_is_an_empty_one() -> None:
    reader = vm()
    del reader.files["/etc/docker/daemon.json"]
    assert look(reader).daemon_config == {}


def test_a_daemon_behind_systemd_is_found_by_its_options() -> None:
    reader = vm()
    reader.listener = 1
    reader.files |= process(200, "dockerd", "--host=unix:///run/other.sock", "--data-root", "/srv/docker")
    assert look(reader).daemon_pid == 100
    other = find_daemon(reader, "/run/other.sock", "/srv/docker")
    assert isinstance(other, Daemon)
    assert other.pid == 200


def test_two_daemons_that_both_fit_are_none() -> None:
    reader = vm()
    reader.listener = 1
    reader.files |= process(200, "dockerd", "-H", "fd://")
    found = find_daemon(reader, SOCKET, "/var/lib/docker")
    assert isinstance(found, Gap)
    assert "several engine processes fit this socket (pid 100, 200)" in str(found)


@pytest.mark.parametrize(
    ("listener", "reason", "words"),
    [
        (0, Reason.UNSUPPORTED, "process namespace"),
        (12345, Reason.DENIED, "hidepid"),
        (1, Reason.UNSUPPORTED, "systemd holds the engine's socket"),
        (300, Reason.UNSUPPORTED, "'node_exporter' passes the socket on"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Reason.ERROR, "who listens"),
        (PermissionError(errno.EACCES, "x"), Reason.DENIED, "who listens"),
    ],
)
def test_an_engine_whose_process_is_not_seen_has_no_host_and_a_reason(
    listener: int | OSError, reason: Reason, words: str
) -> None:
    reader = vm()
    reader.listener = listener
    reader.files = {path: text for path, text in reader.files.items() if not path.startswith("/proc/100/")}
    found = host(reader, SOCKET, engine(), (), "docker", 5.0)
    assert isinstance(found, Gap)
    assert found.reason is reason
    assert words in found.detail
    assert "not on this machine" not in str(found)


def test_a_forwarded_socket_of_a_far_engine_is_not_taken_for_this_host() -> None:
    """The listener is ssh, and the far engine has the same data root as the one here, but not its socket."""
    reader = vm()
    reader.listener = 400
    reader.files |= process(400, "ssh")
    found = host(reader, "/home/ann/far.sock", engine(), (), "docker", 5.0)
    assert isinstance(found, Gap)
    assert "another machine" in found.detail


def test_a_check_that_needs_the_host_gets_the_reason_why_there_is_none() -> None:
    store = Store()
    store.set_gap("docker", Kind.HOST, Gap(Reason.DENIED, "/proc/9", "hidden from this user"))
    with pytest.raises(Unread, match="hidden from this user"):
        View(store.snapshot(), "docker", Policy()).host()


def test_a_daemon_in_another_mount_namespace_is_read_through_its_own_root() -> None:
    reader = vm()
    reader.links = {"/proc/self/ns/mnt": "mnt:[1]", "/proc/100/ns/mnt": "mnt:[2]"}
    reader.files["/proc/100/root/etc/docker/daemon.json"] = '{"debug": true}'
    reader.modes[f"/proc/100/root{SOCKET}"] = Stat(0o600, 0, 0, "socket")
    found = look(reader)
    assert found.daemon_config == {"debug": True}
    socket_facts = found.file(SOCKET)
    assert socket_facts is not None
    assert socket_facts.mode == 0o600


def test_a_rootless_daemon_keeps_its_configuration_at_home() -> None:
    reader = vm()
    reader.modes["/proc/100"] = Stat(0o555, 1000, 998, "directory")
    reader.files["/home/ann/.config/docker/daemon.json"] = '{"debug": true}'
    found = look(reader, rootless=True)
    assert found.daemon_config_path == "/home/ann/.config/docker/daemon.json"
    assert found.daemon_config == {"debug": True}


def test_a_recording_gives_the_same_host() -> None:
    recorder = Recorder(vm())
    first = host(recorder, SOCKET, engine(), (running(C1, 7),), "docker", 5.0)
    again = host(Replay(recorder.document()), SOCKET, engine(), (running(C1, 7),), "docker", 5.0)
    assert isinstance(first, Host)
    assert isinstance(again, Host)
    for name in ("uptime", "files", "files_denied", "daemon_flags", "daemon_config", "effective", "processes", "disks"):
        assert getattr(first, name) == getattr(again, name)


def test_a_recording_that_says_nonsense_is_gaps() -> None:
    heard = {
        "peer /var/run/docker.sock": 100,
        "read /proc/100/comm": "ZG9ja2VyZAo=",
        "read /proc/uptime": [5],
        "stat /etc/docker": {"errno": "x"},
        "space /": 7,
    }
    replay = Replay(json.dumps(heard).encode())
    found = host(replay, SOCKET, engine(), (), "docker", 5.0)
    assert isinstance(found, Host)
    assert isinstance(found.peek("uptime"), Gap)
    assert isinstance(found.peek("disks"), Gap)


def test_the_real_machine_answers_or_says_why(tmp_path: Path) -> None:
    reader = LocalReader()
    assert reader.read("/proc/uptime")
    assert reader.space("/").size > 0
    assert reader.stat("/etc").kind == "directory"
    assert isinstance(reader.clock_synchronised(), bool)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        assert reader.peer(str(tmp_path / "s")) == os.getpid()
    with pytest.raises(OSError, match="No such file"):
        reader.read(str(tmp_path / "nothing"))


def test_an_engine_here_or_over_ssh_has_a_host() -> None:
    assert host_below(Endpoint("tcp://10.0.0.1:2375")) is None
    assert host_below(Endpoint("ssh://far")) is not None
    assert host_below(Endpoint("unix:///x.sock")) is not None
