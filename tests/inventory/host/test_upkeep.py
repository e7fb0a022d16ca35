"""How a machine is kept: each fact read from files, or a gap that says why not."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.machine import Audit, AuditRule, Examined, Journal, RuntimeProgram
from inventory.sources.bundle.manifest import SourceEntry
from inventory.sources.bundle.recorder import Recording
from inventory.sources.bundle.replay import Replay as Bundle
from inventory.sources.host.auditing import watches
from inventory.sources.host.batch import GOES
from inventory.sources.host.reader import LocalReader
from inventory.sources.host.recording import Recorder, Replay
from tests.inventory.host.machines import Machine, container, engine, look, machine

C1 = "c" * 64


def reason(found: Any) -> Reason:
    assert isinstance(found, Gap), found
    return found.reason


def test_a_machine_with_nothing_on_it(tmp_path: Path) -> None:
    found = look(machine(tmp_path))
    assert set(found) <= set(Host.field_names)
    assert found["audit"] == Audit(False, False, {})
    assert found["audit_rules"] == ()
    assert found["runtime_sockets"] == found["logs"] == Examined({})
    assert (found["kubeconfigs"], found["kubeconfigs_unread"]) == ((), ())
    assert found["journal"] == Journal(False, "", False)
    assert found["reboot_required"] is False
    assert found["sysctls"] == {}
    assert found["programs"] == (RuntimeProgram(100, "dockerd", "/usr/bin/dockerd"),)
    for field in ("kernels", "core_pattern", "dmi", "routes", "addresses"):
        assert reason(found[field]) is Reason.UNSUPPORTED


def test_this_machine_answers_without_an_error() -> None:
    found = look(LocalReader())
    assert not {name for name, value in found.items() if isinstance(value, Gap) and value.reason is Reason.ERROR}
    assert found["kernel_release"] == os.uname().release


@pytest.mark.parametrize("include_secrets", [True, False])
def test_what_was_recorded_is_what_was_seen(tmp_path: Path, include_secrets: bool) -> None:
    """Masking changes nothing in the tables of the kernel, nor in anything else that is read."""
    reader = furnished(tmp_path)
    reader.write(
        "/proc/100/net/tcp6", f"  sl\n   0: {'0' * 32}:0949 {'0' * 32}:0000 0A 0:0 00:0 0 0 0 11 1 0000000071f81732\n"
    )
    reader.write("/proc/100/net/if_inet6", "fd00a1b2c3d4e5f60718293a4b5c6d7e 04 40 00 82     eth0\n")
    reader.closed = ["/proc/sys/kernel/kptr_restrict"]
    recorder, swarm = Recorder(reader), engine("active")
    found = look(recorder, about=swarm)
    recording = Recording(clock=lambda: 7.0)
    recording.note_host("docker", recorder.document())
    bundle = recording.bundle("t", "h", (SourceEntry("docker", "docker", "x"),), include_secrets=include_secrets)
    replay = Bundle(bundle.manifest, bundle.bodies).host_reader("docker")
    assert replay is not None
    assert look(replay, about=swarm) == found


def test_a_recording_that_was_not_asked_tells_nothing() -> None:
    """One of an earlier version has no answers to these questions: none of them must look like "not there"."""
    found = look(Replay(b"{}"), container("/var/lib/docker/c.log"))
    for name, value in found.items():
        if isinstance(value, Examined):
            assert value.unread
            assert not value.found
        elif name == "sysctls":
            assert all(isinstance(one, Gap) for one in value.values())
            assert value
        elif name not in {"listeners", "swarm_addresses"}:
            assert reason(value) is Reason.ABSENT, name


class Patient(Machine):
    """Answers a question only in the next go, as a reader over a slow line does."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.known: set[str] = set()
        self.open: set[str] = set()

    def _at(self, question: str, path: str, root: str | None = None) -> str:
        asked = f"{question} {path}"
        if asked not in self.known:
            self.open.add(asked)
            raise OSError(errno.EAGAIN, "not asked yet", path)
        return super()._at(question, path, root)


def test_it_takes_few_goes_and_few_questions(tmp_path: Path) -> None:
    full = furnished(tmp_path)
    reader = Patient(tmp_path)
    goes = 0
    while True:
        found = look(reader, container("/var/lib/docker/c.log"), about=engine("active"))
        if not reader.open:
            break
        goes += 1
        assert goes <= GOES // 2
        reader.known |= reader.open
        reader.open.clear()
    assert found == look(full, container("/var/lib/docker/c.log"), about=engine("active"))
    assert len(reader.known) < 200


def furnished(root: Path) -> Machine:
    made = machine(root)
    for path, content in {
        "/usr/sbin/auditd": "",
        "/usr/bin/runc": "",
        "/etc/audit/auditd.conf": "# log\nSpace_left_action = email\n",
        "/etc/audit/audit.rules": "-D\n-w /usr/bin/runc -k docker\n",
        "/proc/sys/kernel/core_pattern": "|/usr/lib/core/handler %p\n",
        "/usr/lib/core/handler": "",
        "/proc/sys/fs/protected_fifos": "1\n",
        "/etc/kubernetes/admin.conf": "contexts: [{name: lab, context: {}}]\n",
        "/root/.kube/config": "clusters: []\n",
        "/var/lib/docker/c.log": "",
        "/var/lib/docker/swarm/docker-state.json": '{"ListenAddr": "0.0.0.0:2377"}',
        "/sys/class/dmi/id/sys_vendor": "QEMU\n",
        "/proc/100/net/fib_trie": "   |-- 10.0.0.5\n      /32 host LOCAL\n",
        "/etc/systemd/journald.conf": "[Journal]\nStorage=volatile\n",
        "/etc/systemd/journald.conf.d/a.conf": "Storage=persistent\n",
        "/run/systemd/journal/socket": "",
    }.items():
        made.write(path, content)
    return made


# --- auditing


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("-w /etc/docker -p wa -k docker", [("/etc/docker", True, "wa")]),
        ("-w /etc/docker", [("/etc/docker", True, "rwxa")]),
        ("-a always,exit -F path=/usr/bin/runc -F perm=x", [("/usr/bin/runc", False, "x")]),
        ("-a never,exit -F path=/usr/bin/runc", []),
        ("-a always,exit -F dir!=/usr/bin", []),
        ("-a always,user -F path=/usr/bin/runc", []),
        ("# -w /etc/docker", []),
        ("-w", []),
        ("-w relative", []),
        ("-e 2", []),
        ("--loginuid-immutable", []),
        ("", []),
        ("-w /a\n-D\n-w /b", [("/b", True, "rwxa")]),
        ("-w /a\n-w /b\n-W /a", [("/b", True, "rwxa")]),
        ("-w \x1b[31m/etc \xff", []),
    ],
)
def test_audit_rules(line: str, rules: list[tuple[str, bool, str]]) -> None:
    assert watches(line.encode("latin-1"), "f") == tuple(AuditRule(*rule, "f") for rule in rules)


@pytest.mark.parametrize(
    ("options", "narrowed"),
    [
        ("-F perm=wa -F key=docker", ()),
        ("-S all -k docker", ()),
        ("-F auid>=1000 -F auid!=unset", ("auid>=1000", "auid!=unset")),
        ("-F arch=b64 -S openat", ("arch=b64", "-S openat")),
        ("-F uid=0 -C auid!=uid", ("uid=0", "-C auid!=uid")),
        ("-F perm!=x", ("perm!=x",)),
    ],
)
def test_what_a_rule_leaves_out(options: str, narrowed: tuple[str, ...]) -> None:
    (rule,) = watches(f"-a always,exit -F path=/usr/bin/dockerd {options}".encode(), "f")
    assert rule.narrowed == narrowed
    (other,) = watches(f"-a exit,always {options} -F dir=/etc/docker".encode(), "f")
    assert (other.tree, other.narrowed) == (True, narrowed)


def test_every_shim_is_looked_for(tmp_path: Path) -> None:
    reader = furnished(tmp_path)
    reader.write("/usr/bin/containerd-shim-runc-v1", "")
    assert "/usr/bin/containerd-shim-runc-v1" in look(reader)["runtime_files"].found


def test_the_audit_daemon_and_its_rules(tmp_path: Path) -> None:
    reader = furnished(tmp_path)
    reader.write("/etc/audit/rules.d/docker.rules", "-w /etc/docker\n")
    reader.write("/etc/audit/rules.d/docker.rules.bak", "-w /etc/old\n")
    reader.process(50, "auditd")
    found = look(reader)
    assert found["audit"] == Audit(True, True, {"space_left_action": "email"})
    assert [rule.path for rule in found["audit_rules"]] == ["/usr/bin/runc", "/etc/docker"]
    assert list(found["runtime_files"].found) == ["/usr/bin/runc"]


def test_closed_audit_rules_are_no_missing_ones(tmp_path: Path) -> None:
    reader = furnished(tmp_path)
    reader.closed = ["/etc/audit"]
    found = look(reader)
    assert found["audit"].installed
    assert reason(found["audit"].config) is Reason.DENIED
    assert reason(found["audit_rules"]) is Reason.DENIED


def test_hidden_processes_do_not_say_that_nobody_audits(tmp_path: Path) -> None:
    reader = furnished(tmp_path)
    reader.closed = ["/proc/1/"]
    assert reason(look(reader)["audit"]) is Reason.DENIED


# --- kernel


def test_settings_of_the_kernel(tmp_path: Path) -> None:
    reader = furnished(tmp_path)
    reader.write("/proc/sys/kernel/kptr_restrict", "1\n")
    reader.closed = ["/proc/sys/fs"]
    settings = look(reader)["sysctls"]
    assert settings["kernel.kptr_restrict"] == "1"
    assert reason(settings["fs.protected_fifos"]) is Reason.DENIED
    assert "kernel.yama.ptrace_scope" not in settings


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("|/usr/lib/core/handler %p %u", ["/usr/lib/core/handler", "/usr/lib/core", "/usr/lib", "/usr", "/"]),
        ("|/usr/lib/missing/handler", ["/usr/lib", "/usr", "/"]),
        ("|/usr/lib/core/../core/handler", ["/usr/lib/core/handler", "/usr/lib/core", "/usr/lib", "/usr", "/"]),
        ("|usr/lib/core/handler", ["/usr/lib/core/handler", "/usr/lib/core", "/usr/lib", "/usr", "/"]),
        ("|/usr/lib/core/handler/below", ["/usr/lib/core/handler", "/usr/lib/core", "/usr/lib", "/usr", "/"]),
        ("|", []),
        ("core.%p", []),
        ("", []),
    ],
)
def test_the_handler_of_core_dumps(tmp_path: Path, pattern: str, paths: list[str]) -> None:
    reader = furnished(tmp_path)
    reader.write("/proc/sys/kernel/core_pattern", f"{pattern}\n")
    found = look(reader)
    assert found["core_pattern"] == pattern
    assert list(found["core_handler"].found) == paths
    assert not found["core_handler"].unread


@pytest.mark.parametrize("pattern", ["|/a\0b", "|" + "/x" * 3000, "|/\x1b]0;x\x07"])
def test_a_hostile_core_pattern_does_no_harm(tmp_path: Path, pattern: str) -> None:
    reader = machine(tmp_path)
    reader.write("/proc/sys/kernel/core_pattern", pattern)
    found = look(reader)
    assert found["core_pattern"] == pattern[:4096]
    assert len(reader.asked) < 200


def test_installed_kernels_and_a_wanted_reboot(tmp_path: Path) -> None:
    reader = machine(tmp_path)
    reader.write("/lib/modules/6.1.0-18-amd64/modules.builtin")
    reader.write("/lib/modules/6.1.0-17-amd64/updates/dkms/zfs.ko")
    reader.write("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n")
    reader.write("/run/reboot-required")
    found = look(reader)
    assert found["kernels"] == ("6.1.0-18-amd64",)
    assert found["kernel_release"] == "6.1.0-18-amd64"
    assert found["reboot_required"] is True
    reader.closed = ["/run/reboot"]
    assert reason(look(reader)["reboot_required"]) is Reason.DENIED


# --- other runtimes


def test_sockets_of_other_runtimes(tmp_path: Path) -> None:
    reader = machine(tmp_path)
    for path in ("/run/podman/podman.sock", "/run/user/1000/docker.sock"):
        reader.write(path)
        place = tmp_path / path.lstrip("/")
        place.unlink()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.relpath(place))  # a socket's path has to be short
    (tmp_path / "run/user/1001").mkdir()
    reader.write("/run/containerd/io.containerd.runtime.v2.task/moby/x")
    reader.closed = ["/run/user/1001/", "/var/snap"]
    found = look(reader)
    sockets = found["runtime_sockets"]
    assert sockets.found["/run/podman/podman.sock"].kind == "socket"
    assert sockets.found["/run/user/1000/docker.sock"].kind == "socket"
    assert sockets.found["/run/podman"].kind == "directory"
    assert set(sockets.unread) == {"/var/snap/lxd/common/lxd/unix.socket", "/var/snap/lxd/common/lxd"}
    assert found["containerd_namespaces"] == ("moby",)


def test_programs_that_were_replaced(tmp_path: Path) -> None:
    reader = machine(tmp_path)
    reader.process(101, "containerd", "/usr/bin/containerd (deleted)")
    reader.process(102, "containerd-shim-runc-v2")
    reader.process(103, "dockerd", "/usr/bin/dockerd (deleted)", f"0::/system.slice/docker-{C1}.scope\n")
    reader.process(104, "kubelet", "/usr/bin/kubelet", f"0::/docker/{C1}\n")
    reader.process(105, "sleep", "/usr/bin/sleep (deleted)")
    reader.closed = ["/proc/102/exe"]
    assert look(reader)["programs"][1:] == (
        RuntimeProgram(101, "containerd", "/usr/bin/containerd (deleted)"),
        RuntimeProgram(102, "containerd-shim", None),
    )


# --- logs


@pytest.mark.parametrize(
    ("drop_ins", "storage"),
    [
        ({}, "volatile"),
        ({"/etc/systemd/journald.conf.d/a.conf": "[Journal]\nStorage = Persistent\n"}, "persistent"),
        ({"/etc/systemd/journald.conf.d/a.conf": "#Storage=persistent\nMaxUse=1\n"}, "volatile"),
        ({"/etc/systemd/journald.conf.d/a.conf": "Storage=\n"}, "auto"),
        ({"/etc/systemd/journald.conf.d/a.conf.bak": "Storage=none\n"}, "volatile"),
        (
            {
                "/run/systemd/journald.conf.d/9.conf": "Storage=none\n",
                "/etc/systemd/journald.conf.d/1.conf": "Storage=auto\n",
            },
            "none",
        ),
        (
            {
                "/usr/lib/systemd/journald.conf.d/9.conf": "Storage=none\n",
                "/etc/systemd/journald.conf.d/9.conf": "Storage=auto\n",
            },
            "auto",
        ),
    ],
)
def test_where_the_journal_is_kept(tmp_path: Path, drop_ins: dict[str, str], storage: str) -> None:
    reader = machine(tmp_path)
    reader.write("/run/systemd/journal/socket")
    reader.write("/etc/systemd/journald.conf", "[Journal]\n#Storage=auto\nStorage=volatile\n")
    for path, content in drop_ins.items():
        reader.write(path, content)
    assert look(reader)["journal"] == Journal(True, storage, False)
    reader.write("/var/log/journal/0123/system.journal")
    assert look(reader)["journal"].kept


def test_an_empty_directory_keeps_no_journal(tmp_path: Path) -> None:
    reader = machine(tmp_path)
    reader.write("/run/systemd/journal/socket")
    (tmp_path / "var/log/journal").mkdir(parents=True)
    assert look(reader)["journal"] == Journal(True, "auto", False)
    reader.closed = ["/etc/systemd/journald.conf.d"]
    assert reason(look(reader)["journal"]) is Reason.DENIED


def test_log_files_are_examined_but_never_opened(tmp_path: Path) -> None:
    reader = machine(tmp_path)
    reader.write("/far/var/lib/docker/c.log", "secret", 0o606)
    reader.write("/var/log/syslog", "secret")
    reader.closed = ["/var/log/audit"]
    logs = look(reader, container("/var/lib/docker/c.log"), container("/gone"), root="/far")["logs"]
    assert logs.found["/var/lib/docker/c.log"].mode == 0o606
    assert set(logs.found) == {"/var/lib/docker/c.log", "/var/log"}
    assert [reason(gap) for gap in logs.unread.values()] == [Reason.DENIED]
    assert not [question for question in reader.asked if question.startswith("read") and ".log" in question]
