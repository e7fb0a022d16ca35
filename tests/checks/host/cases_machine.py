"""Cases of the checks on how the machine is kept: auditing, kernel, restarts, other runtimes, kubeconfigs."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.machine import Audit, AuditRule, Examined, KubeConfig, RuntimeProgram
from inventory.resource import Kind
from tests.checks.builders import GAP, SOURCE, changed, engine, host, podman_engine
from tests.checks.cases import Case
from tests.checks.facts import files

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity

_docker, _podman = engine("info-noswarm"), podman_engine()
_RULES = "/etc/audit/rules.d/docker.rules"
_AUDITED = Audit(True, True, {})
_ROOT = ("root", "root")


def _examined(*entries: tuple[str, int, str, str, str], denied: tuple[str, ...] = ()) -> Examined:
    return Examined(files(*entries), {path: Gap(Reason.DENIED, path) for path in denied})


def _audit(*rules: AuditRule | str, programs: tuple[str, ...] = (), **values: Any) -> Host:
    """A host with auditd and these rules; plain words are watched paths."""
    watches = tuple(AuditRule(rule, True, "wa", _RULES) if isinstance(rule, str) else rule for rule in rules)
    fields: dict[str, Any] = {
        "audit": _AUDITED,
        "audit_rules": watches,
        "runtime_files": _examined(*((path, 0o755, *_ROOT, "file") for path in programs)),
        "programs": (),
        "files": {},
        "files_denied": (),
        "daemon_config_path": "/etc/docker/daemon.json",
    }
    return host(**fields | values)


_BINARIES = ("/usr/bin/containerd", "/usr/bin/dockerd", "/usr/sbin/runc")
_DIRECTORIES = files(
    ("/run/containerd", 0o711, *_ROOT, "directory"),
    ("/etc/docker", 0o755, *_ROOT, "directory"),
    ("/var/run/docker.sock", 0o660, "root", "docker", "socket"),
    ("/usr/lib/systemd/system/docker.service", 0o644, *_ROOT, "file"),
    ("/etc/docker/daemon.json", 0o644, *_ROOT, "file"),
)
_HIDDEN = Gap(Reason.DENIED, "/etc/audit/rules.d")
_NO_AUDIT = host(audit=Audit(False, False, {}), audit_rules=(), runtime_files=Examined({}), programs=())


def _unaudited(**facts: Any) -> Host:
    return changed(_audit("/etc", **facts), audit=Audit(False, False, {}))


def _narrow(*fields: str) -> AuditRule:
    return AuditRule("/usr", True, "wa", _RULES, fields)


def _narrowed(*fields: str) -> Host:
    return _audit(_narrow(*fields), programs=_BINARIES)


AUDITING = [
    Case("HOST-003", _docker, FAIL, LOW, others=(_audit("/usr/bin/dockerd", programs=_BINARIES),)),
    Case(
        "HOST-003", _docker, PASS, others=(_audit("/usr/bin", "/sbin/runc", programs=_BINARIES),), note="merged /sbin"
    ),
    Case("HOST-003", _docker, NA, others=(_NO_AUDIT,), note="no program"),
    Case("HOST-003", _docker, FAIL, LOW, others=(_unaudited(programs=_BINARIES),), note="no daemon"),
    Case("HOST-003", _docker, UNKNOWN, others=(changed(_audit(programs=_BINARIES), audit_rules=_HIDDEN),)),
    Case("HOST-003", _docker, UNKNOWN, others=(), note="remote"),
    Case(
        "HOST-003",
        _docker,
        FAIL,
        others=(_audit(AuditRule("/usr/bin/runc", False, "r", _RULES), programs=("/usr/bin/runc",)),),
        note="only reads are watched",
    ),
    Case(
        "HOST-003",
        _docker,
        FAIL,
        others=(changed(_audit("/usr/bin"), programs=(RuntimeProgram(7, "dockerd", "/opt/docker/dockerd"),)),),
        note="runs from somewhere else",
    ),
    Case("HOST-003", _docker, MANUAL, others=(_narrowed("auid>=1000", "auid!=unset"),), note="what users do"),
    Case("HOST-003", _docker, MANUAL, others=(_narrowed("arch=b64"),), note="one architecture"),
    Case(
        "HOST-003",
        _docker,
        PASS,
        others=(_audit(_narrow("arch=b64"), _narrow("arch=b32"), programs=_BINARIES),),
        note="both architectures",
    ),
    Case("HOST-003", _docker, FAIL, LOW, others=(_narrowed("auid=1000"),), note="one user"),
    Case("HOST-003", _docker, FAIL, LOW, others=(_narrowed("auid>=1000", "-S openat"),), note="one system call"),
    Case(
        "HOST-003",
        _docker,
        PASS,
        others=(_audit(_narrow("auid=0"), "/usr/bin", "/usr/sbin", programs=_BINARIES),),
        note="a whole rule besides",
    ),
    Case("HOST-004", _docker, FAIL, LOW, others=(_audit("/etc/docker", files=_DIRECTORIES),)),
    Case(
        "HOST-004", _docker, PASS, others=(_audit("/run/containerd", "/etc", "/run/docker.sock", files=_DIRECTORIES),)
    ),
    Case("HOST-004", _docker, FAIL, LOW, others=(_unaudited(files=_DIRECTORIES),), note="no daemon"),
    Case("HOST-004", _docker, UNKNOWN, others=(_audit("/etc", files_denied=("/run/containerd",)),), note="closed"),
    Case("HOST-005", _docker, FAIL, LOW, others=(_audit("/etc/docker", files=_DIRECTORIES),)),
    Case("HOST-005", _docker, PASS, others=(_audit("/etc/docker", "/lib/systemd/system", files=_DIRECTORIES),)),
    Case("HOST-005", _docker, NA, others=(_audit("/etc/docker"),), note="nothing is there"),
    Case("HOST-005", _docker, UNKNOWN, others=()),
]

_GOOD = {
    "kernel.kptr_restrict": "1",
    "kernel.unprivileged_bpf_disabled": "2",
    "kernel.randomize_va_space": "2",
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "2",
}


def _settings(**values: Any) -> Host:
    return host(sysctls={**_GOOD, **{name.replace("__", "."): value for name, value in values.items()}})


def _core(pattern: str, *entries: tuple[str, int, str, str, str], denied: tuple[str, ...] = ()) -> Host:
    return host(core_pattern=pattern, core_handler=_examined(*entries, denied=denied))


_APPORT = "|/usr/share/apport/apport -p%p -s%s"
_DIRS = (("/usr/share/apport", 0o755, *_ROOT, "directory"), ("/", 0o755, *_ROOT, "directory"))

KERNEL = [
    Case("HOST-008", _docker, MANUAL),
    Case("HOST-008", changed(_docker, cgroup_version="2"), PASS),
    Case("HOST-008", changed(_docker, cgroup_version=""), UNKNOWN, note="old engine"),
    Case("HOST-009", _docker, PASS, others=(_settings(),)),
    Case("HOST-009", _docker, FAIL, LOW, others=(_settings(fs__protected_fifos="0"),)),
    Case("HOST-009", _docker, FAIL, MEDIUM, others=(_settings(kernel__unprivileged_bpf_disabled="0"),), note="bpf"),
    Case("HOST-009", _docker, FAIL, MEDIUM, others=(_settings(net__ipv4__conf__all__route_localnet="1"),), note="lo"),
    Case(
        "HOST-009", _docker, FAIL, LOW, others=(_settings(net__ipv4__conf__default__rp_filter="0"),), note="rp_filter"
    ),
    Case("HOST-009", _docker, FAIL, others=(_settings(kernel__kptr_restrict="--1"),), note="no number"),
    Case("HOST-009", _docker, UNKNOWN, others=(_settings(fs__protected_hardlinks=GAP),), note="closed"),
    Case("HOST-009", _docker, FAIL, others=(_settings(a=GAP, fs__suid_dumpable="2"),), note="weak beside closed"),
    Case("HOST-009", _docker, UNKNOWN, others=(host(sysctls={}),), note="no /proc/sys"),
    Case("HOST-009", _docker, UNKNOWN, others=(), note="remote"),
    Case("HOST-012", _docker, PASS, others=(_core("core"),)),
    Case("HOST-012", _docker, PASS, others=(_core(""),), note="empty"),
    Case("HOST-012", _docker, PASS, others=(_core("|"),), note="a pipe to nothing"),
    Case(
        "HOST-012",
        _docker,
        MANUAL,
        others=(_core(_APPORT, ("/usr/share/apport/apport", 0o755, *_ROOT, "file"), *_DIRS),),
    ),
    Case("HOST-012", _docker, FAIL, MEDIUM, others=(_core(_APPORT, *_DIRS),), note="missing"),
    Case(
        "HOST-012",
        _docker,
        FAIL,
        CRITICAL,
        others=(_core(_APPORT, ("/usr/share/apport/apport", 0o777, *_ROOT, "file"), *_DIRS),),
        note="writable",
    ),
    Case(
        "HOST-012",
        _docker,
        FAIL,
        CRITICAL,
        others=(_core("|/tmp/x/h", ("/tmp/x/h", 0o755, *_ROOT, "file"), ("/tmp/x", 0o755, "ann", "ann", "directory")),),
        note="somebody's directory",
    ),
    Case("HOST-012", _docker, FAIL, CRITICAL, others=(_core(f"|{_docker.root_dir}/overlay2/x/diff/h %p"),)),
    Case("HOST-012", _docker, UNKNOWN, others=(_core(_APPORT, *_DIRS, denied=("/usr/share/apport/apport",)),)),
    Case("HOST-012", _docker, UNKNOWN, others=()),
]


def _running(*kernels: str, exe: str | None = "/usr/sbin/dockerd", shim: str = "", reboot: bool = False) -> Host:
    programs = [RuntimeProgram(5, "dockerd", exe), RuntimeProgram(6, "containerd", "/usr/bin/containerd")]
    if shim:
        programs.append(RuntimeProgram(7, "containerd-shim", shim))
    return host(reboot_required=reboot, kernel_release="6.1.0-18-amd64", kernels=kernels, programs=tuple(programs))


_SAME = "6.1.0-18-amd64"
RESTARTS = [
    Case("HOST-011", _docker, PASS, others=(_running(_SAME, "6.1.0-9-amd64", "6.1.0-21-cloud-amd64"),)),
    Case("HOST-011", _docker, FAIL, MEDIUM, others=(_running(_SAME, "6.1.0-21-amd64"),), note="kernel"),
    Case("HOST-011", _docker, FAIL, MEDIUM, others=(_running(_SAME, reboot=True),), note="asked for"),
    Case(
        "HOST-011", _docker, FAIL, MEDIUM, others=(_running(_SAME, exe="/usr/sbin/dockerd (deleted)"),), note="daemon"
    ),
    Case("HOST-011", _docker, FAIL, LOW, others=(_running(_SAME, shim="/usr/bin/shim (deleted)"),), note="a shim"),
    Case("HOST-011", _docker, UNKNOWN, others=(_running("6.1.0-9-amd64"),), note="kernel from outside"),
    Case("HOST-011", _docker, UNKNOWN, others=(_running(_SAME, exe=None),), note="closed links"),
    Case("HOST-011", _docker, UNKNOWN, others=(changed(_running(), kernels=GAP),), note="no modules"),
    Case(
        "HOST-011", _docker, FAIL, others=(changed(_running(reboot=True), kernels=GAP),), note="asked for, no modules"
    ),
    Case("HOST-011", _docker, UNKNOWN, others=()),
]


def _doors(
    *entries: tuple[str, int, str, str, str],
    denied: tuple[str, ...] = (),
    programs: tuple[RuntimeProgram, ...] = (),
    namespaces: Any = ("moby",),
) -> Host:
    return host(runtime_sockets=_examined(*entries, denied=denied), programs=programs, containerd_namespaces=namespaces)


_PODMAN_DIR = ("/run/podman", 0o700, *_ROOT, "directory")
_elsewhere = changed(_docker, target="unix:///srv/lab/docker.sock")
_OPEN = ("/run/docker.sock", 0o666, *_ROOT, "socket")
_CONTAINERD = ("/run/containerd/containerd.sock", 0o660, *_ROOT, "socket")
_LXD = ("/var/lib/lxd/unix.socket", 0o666, *_ROOT, "socket")


def _asked(socket: tuple[str, int, str, str, str], *flags: str) -> Host:
    """The machine of a daemon with these flags."""
    return changed(_doors(socket), daemon_flags=flags, daemon_config={}, daemon_config_path="")


NEIGHBOURS = [
    Case("HOST-013", _docker, PASS, others=(_doors(("/run/docker.sock", 0o666, *_ROOT, "socket")),), note="its own"),
    Case("HOST-013", _elsewhere, FAIL, CRITICAL, others=(_doors(_OPEN),), note="another daemon's"),
    Case("HOST-013", changed(_elsewhere, rootless=True), FAIL, CRITICAL, others=(_doors(_OPEN),), note="the host's"),
    Case("HOST-013", _docker, PASS, others=(_asked(_CONTAINERD),), note="the host's containerd"),
    Case("HOST-013", _docker, PASS, others=(_asked(_CONTAINERD, f"--containerd={_CONTAINERD[0]}"),), note="named"),
    Case("HOST-013", _docker, MANUAL, others=(_asked(_CONTAINERD, "--containerd=/run/c.sock"),), note="it has another"),
    Case("HOST-013", changed(_docker, rootless=True), MANUAL, others=(_asked(_CONTAINERD),), note="not a user's"),
    Case("HOST-013", _docker, UNKNOWN, others=(_doors(_CONTAINERD),), note="options unread"),
    Case("HOST-013", _docker, FAIL, CRITICAL, others=(_doors(_CONTAINERD, _LXD),), note="options unread, another open"),
    Case("HOST-013", _docker, MANUAL, INFO, others=(_doors(("/run/podman/podman.sock", 0o660, *_ROOT, "socket")),)),
    Case("HOST-013", _podman, MANUAL, others=(_doors(("/run/docker.sock", 0o660, "root", "docker", "socket")),)),
    Case("HOST-013", _docker, MANUAL, others=(_doors(programs=(RuntimeProgram(9, "kubelet", None),)),), note="kubelet"),
    Case("HOST-013", _docker, MANUAL, others=(_doors(namespaces=("k8s.io", "moby")),), note="namespace"),
    Case("HOST-013", _docker, PASS, others=(_doors(namespaces=GAP),), note="closed namespaces add nothing"),
    Case(
        "HOST-013",
        _docker,
        FAIL,
        CRITICAL,
        others=(_doors(("/run/crio/crio.sock", 0o666, *_ROOT, "socket"), ("/run/crio", 0o755, *_ROOT, "directory")),),
    ),
    Case(
        "HOST-013",
        _docker,
        MANUAL,
        others=(_doors(("/run/podman/podman.sock", 0o666, *_ROOT, "socket"), _PODMAN_DIR),),
        note="in a closed directory",
    ),
    Case(
        "HOST-013",
        _docker,
        FAIL,
        HIGH,
        others=(_doors(("/var/lib/lxd/unix.socket", 0o660, "root", "users", "socket")),),
        note="a group",
    ),
    Case(
        "HOST-013",
        _docker,
        MANUAL,
        others=(_doors(("/run/user/1000/docker.sock", 0o600, "ann", "ann", "socket")),),
        note="rootless",
    ),
    Case(
        "HOST-013",
        _docker,
        FAIL,
        HIGH,
        others=(_doors(("/run/user/1001/docker.sock", 0o600, "ann", "ann", "socket")),),
        note="in another user's directory",
    ),
    Case("HOST-013", _docker, UNKNOWN, others=(_doors(denied=("/var/snap/lxd/common/lxd/unix.socket",)),)),
    Case("HOST-013", _docker, UNKNOWN, others=()),
]


def _configs(*configs: KubeConfig, denied: tuple[str, ...] = ()) -> Host:
    return host(kubeconfigs=configs, kubeconfigs_unread=tuple(Gap(Reason.DENIED, path) for path in denied))


def _config(mode: int = 0o600, **values: Any) -> KubeConfig:
    path = "/root/.kube/config"
    return KubeConfig(files((path, mode, *_ROOT, "file"))[path], ("lab",), **values)


KUBECONFIGS = [
    Case("HOST-014", _docker, PASS, others=(_configs(_config()),)),
    Case("HOST-014", _docker, PASS, others=(_configs(),), note="none"),
    Case("HOST-014", _docker, FAIL, HIGH, others=(_configs(_config(0o644)),), note="readable"),
    Case("HOST-014", _docker, FAIL, HIGH, others=(_configs(_config(insecure=("lab",))),), note="unchecked"),
    Case("HOST-014", _docker, FAIL, MEDIUM, others=(_configs(_config(static=("ann: token",))),), note="token"),
    Case(
        "HOST-014", _docker, FAIL, HIGH, others=(_configs(_config(0o640, unread=GAP)),), note="only its mode is known"
    ),
    Case("HOST-014", _docker, UNKNOWN, others=(_configs(_config(unread=GAP)),), note="closed file"),
    Case("HOST-014", _docker, UNKNOWN, others=(_configs(_config(), denied=("/home/bob/.kube/config",)),)),
    Case("HOST-014", _docker, UNKNOWN, others=(), gaps={(SOURCE, Kind.HOST): GAP}),
]
CASES = [*AUDITING, *KERNEL, *RESTARTS, *NEIGHBOURS, *KUBECONFIGS]
