"""Cases of the daemon and host checks."""

from __future__ import annotations

from typing import Any

from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.host import DiskFacts, Host, HostProcess
from inventory.resource import Kind
from tests.checks.builders import GAP, NOW, SOURCE, changed, docker, engine, host, podman_engine
from tests.checks.cases import Case
from tests.checks.facts import files, network

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
DAY = 86400.0
GIB = 1024**3

_swarm, _lab, _good, _podman = engine(), engine("info-noswarm"), engine("info-hardened"), podman_engine()
_plain = docker("plain")
_socket = "/run/docker.sock"


def daemon(*flags: str, **values: Any) -> Host:
    """A host whose daemon runs with these flags; keywords are options of its file or fields of the host."""
    fields = {
        name: values.pop(name) for name in ("files", "processes", "docker_group", "disks", "lsm") if name in values
    }
    options = {name.replace("_", "-"): value for name, value in values.items()}
    return host(daemon_flags=flags, daemon_config=options, daemon_config_path="/etc/docker/daemon.json", **fields)


def _stat(path: str, mode: int, owner: str = "root", group: str = "root", kind: str = "file") -> Host:
    return daemon(files=files((path, mode, owner, group, kind)))


def _disk(free: int, mount_point: str = "/srv", inodes_free: int = 1000) -> Host:
    return daemon(disks=(DiskFacts("data", _good.root_dir, mount_point, 100 * GIB, free, 1000, inodes_free),))


DAEMON = [
    Case("DMN-001", _lab, MANUAL),
    Case("DMN-001", _lab, FAIL, MEDIUM, policy=Policy(require_rootless=True)),
    Case("DMN-001", changed(_lab, rootless=True), PASS),
    Case("DMN-002", _lab, FAIL, LOW, others=(network("bridge"),), note="nobody there"),
    Case("DMN-002", _lab, FAIL, MEDIUM, others=(network("bridge"), _plain, docker("pub4")), note="shared"),
    Case("DMN-002", _good, PASS, others=(network("bridge-iccoff"),)),
    Case("DMN-002", _podman, NA, others=()),
    Case("DMN-002", _lab, UNKNOWN, others=(network("bridge"),), gaps={(SOURCE, Kind.CONTAINER): GAP}),
    Case("DMN-003", _lab, FAIL, MEDIUM, others=(), note="debug"),
    Case("DMN-003", _good, FAIL, LOW, others=(daemon(log_level="error"),), note="too little"),
    Case("DMN-003", _good, PASS, others=(daemon("--log-level=info"),)),
    Case("DMN-003", _good, UNKNOWN, others=(), note="remote"),
    Case("DMN-004", _good, FAIL, MEDIUM, others=(daemon("--iptables=false"),)),
    Case("DMN-004", changed(_good, firewall_backend="nftables"), MANUAL, others=(daemon(),)),
    Case("DMN-004", _good, PASS, others=(daemon(),)),
    Case("DMN-004", _good, UNKNOWN, others=(), note="remote"),
    Case("DMN-005", _lab, FAIL, HIGH),
    Case("DMN-005", _good, PASS),
    Case("DMN-005", changed(_good, mirrors=("http://mirror.lab",)), FAIL, note="mirror"),
    Case("DMN-006", changed(_good, driver="devicemapper", driver_status=(("Data loop file", "/x"),)), FAIL, MEDIUM),
    Case("DMN-006", changed(_good, driver="vfs"), FAIL, LOW, note="vfs"),
    Case("DMN-006", changed(_good, driver="whatever"), MANUAL),
    Case("DMN-006", _good, PASS),
    Case("DMN-006", _podman, PASS, others=(), note="podman"),
    Case("DMN-007", _lab, FAIL, HIGH, others=(), note="loopback"),
    Case("DMN-007", _good, FAIL, CRITICAL, others=(daemon(hosts=["tcp://0.0.0.0:2375", "fd://"]),), note="options"),
    Case("DMN-007", _good, PASS, others=(daemon(hosts=["tcp://0.0.0.0:2376"], tlsverify=True),), note="mutual TLS"),
    Case("DMN-007", _good, PASS, others=(), note="remote, but it would warn"),
    Case("DMN-007", _podman, UNKNOWN, others=(), note="podman does not warn"),
    Case("DMN-007", changed(_good, warnings=GAP), UNKNOWN, others=(daemon(),)),
    Case("DMN-008", _good, MANUAL, others=(daemon(),)),
    Case("DMN-008", _good, PASS, others=(daemon(default_ulimits={"nofile": {}, "nproc": {}}),)),
    Case("DMN-008", _good, UNKNOWN, others=()),
    Case("DMN-009", _lab, FAIL, MEDIUM),
    Case("DMN-009", _good, PASS),
    Case("DMN-013", _lab, FAIL, MEDIUM, others=(daemon(), _plain)),
    Case("DMN-013", _lab, MANUAL, others=(daemon(), docker("hardened")), note="all set it"),
    Case("DMN-013", _good, PASS, others=(daemon(no_new_privileges=True), _plain)),
    Case("DMN-013", _lab, UNKNOWN, others=(_plain,), note="remote"),
    Case("DMN-014", _lab, FAIL, LOW),
    Case("DMN-014", _good, PASS),
    Case("DMN-014", _swarm, NA),
    Case("DMN-015", _lab, FAIL, LOW, others=(daemon(processes=()),)),
    Case(
        "DMN-015",
        _lab,
        FAIL,
        others=(daemon("--userland-proxy=false", processes=(HostProcess(9, "docker-proxy", ()),)),),
        note="still runs",
    ),
    Case("DMN-015", _lab, PASS, others=(daemon(userland_proxy=False, processes=()),)),
    Case("DMN-015", _lab, UNKNOWN, others=()),
    Case("DMN-016", changed(_good, security_options=()), FAIL, HIGH, note="none"),
    Case("DMN-016", changed(_good, security_options=("name=seccomp,profile=unconfined",)), FAIL, note="unconfined"),
    Case("DMN-016", changed(_good, security_options=("name=seccomp,profile=/etc/x.json",)), MANUAL),
    Case("DMN-016", _good, PASS),
    Case("DMN-017", _lab, FAIL, LOW),
    Case("DMN-017", _good, PASS),
    Case("DMN-032", _lab, MANUAL),
    Case("DMN-032", _good, PASS),
]
LIFETIMES = [
    Case("DMN-018", _good, MANUAL, note="a distribution's 20.10"),
    Case("DMN-018", changed(_good, version="28.5.1"), FAIL, HIGH),
    Case("DMN-018", changed(_good, version="25.0.13"), MANUAL, note="ends soon"),
    Case("DMN-018", changed(_good, version="29.2.0"), PASS),
    Case("DMN-018", changed(_good, version="29.2.0"), MANUAL, now=NOW + 200 * DAY, note="old table"),
    Case("DMN-018", changed(_good, version="dev"), UNKNOWN),
    Case("DMN-018", _podman, MANUAL, others=(), note="podman"),
    Case("HOST-006", changed(_good, kernel_version="5.15.0"), FAIL, HIGH),
    Case("HOST-006", changed(_good, kernel_version="6.1.0-18-amd64"), MANUAL, note="a distribution's kernel"),
    Case("HOST-006", changed(_good, kernel_version="6.1.76"), PASS),
    Case("HOST-006", _good, PASS, note="newer than every fix"),
    Case("HOST-006", _good, MANUAL, now=NOW + 200 * DAY, note="old table"),
    Case("HOST-006", changed(_good, kernel_version="custom"), UNKNOWN),
    Case("HOST-010", _good, PASS),
    Case("HOST-010", changed(_good, operating_system="Alpine Linux v3.18"), FAIL, HIGH),
    Case("HOST-010", changed(_good, operating_system="Ubuntu 20.04.6 LTS"), MANUAL, note="paid support left"),
    Case("HOST-010", changed(_good, operating_system="Docker Desktop"), MANUAL, note="not in the table"),
    Case(
        "HOST-010",
        changed(_good, operating_system="x"),
        PASS,
        note="os-release",
        others=(host(os_release={"PRETTY_NAME": "Debian GNU/Linux 13 (trixie)"}),),
    ),
]
FILES = [
    Case("DMN-020", _good, FAIL, CRITICAL, others=(_stat(_socket, 0o666, kind="socket"),)),
    Case("DMN-020", _good, FAIL, HIGH, others=(_stat(_socket, 0o660, "alice", kind="socket"),), note="alice's"),
    Case(
        "DMN-020",
        _good,
        FAIL,
        CRITICAL,
        note="directory",
        others=(
            daemon(
                files=files((_socket, 0o660, "root", "docker", "socket"), ("/run", 0o777, "root", "root", "directory"))
            ),
        ),
    ),
    Case(
        "DMN-020",
        _good,
        PASS,
        others=(
            daemon(
                files=files((_socket, 0o660, "root", "docker", "socket"), ("/run", 0o755, "root", "root", "directory"))
            ),
        ),
    ),
    Case(
        "DMN-020",
        _good,
        PASS,
        note="by its old name",
        others=(
            daemon(
                files=files(
                    ("/var/run/docker.sock", 0o660, "root", "docker", "socket"),
                    ("/var/run", 0o755, "root", "root", "directory"),
                )
            ),
        ),
    ),
    Case(
        "DMN-020",
        _good,
        UNKNOWN,
        others=(_stat(_socket, 0o660, group="docker", kind="socket"),),
        note="directory unseen",
    ),
    Case("DMN-020", _good, UNKNOWN, others=(daemon(files={}),), note="not examined"),
    Case("DMN-020", _good, UNKNOWN, others=(), note="remote"),
    Case("DMN-021", _good, FAIL, HIGH, others=(_stat("/run/containerd/containerd.sock", 0o666, kind="socket"),)),
    Case("DMN-021", _good, PASS, others=(_stat("/run/containerd/containerd.sock", 0o660, kind="socket"),)),
    Case("DMN-021", _good, NA, others=(daemon(files={}),)),
    Case("DMN-021", _good, UNKNOWN, others=()),
    Case("DMN-022", _good, FAIL, MEDIUM, others=(_stat("/lib/systemd/system/docker.service", 0o664),)),
    Case(
        "DMN-022",
        _good,
        FAIL,
        note="drop-in",
        others=(_stat("/etc/systemd/system/docker.service.d/x.conf", 0o644, "alice"),),
    ),
    Case("DMN-022", _good, PASS, others=(_stat("/lib/systemd/system/docker.service", 0o644),)),
    Case("DMN-022", _good, UNKNOWN, others=()),
    Case("DMN-023", _good, FAIL, MEDIUM, others=(_stat("/etc/docker", 0o777, kind="directory"),)),
    Case("DMN-023", _good, PASS, others=(_stat("/etc/docker", 0o755, kind="directory"),)),
    Case("DMN-023", _good, NA, others=(daemon(files={}),)),
    Case("DMN-023", _good, UNKNOWN, others=()),
    Case("DMN-027", _lab, FAIL, HIGH, others=(_stat("/srv/lab/dk/data", 0o755, kind="directory"),)),
    Case("DMN-027", _lab, PASS, others=(_stat("/srv/lab/dk/data", 0o711, kind="directory"),)),
    Case("DMN-027", _lab, UNKNOWN, others=(daemon(files={}),)),
    Case("HOST-001", _good, FAIL, MEDIUM, others=(_disk(4 * GIB),), note="space"),
    Case("HOST-001", _good, FAIL, MEDIUM, others=(_disk(50 * GIB, inodes_free=10),), note="inodes"),
    Case("HOST-001", _good, FAIL, LOW, others=(_disk(50 * GIB, "/"),), note="root file system"),
    Case("HOST-001", _good, PASS, others=(_disk(50 * GIB),)),
    Case("HOST-001", _good, UNKNOWN, others=()),
    Case("HOST-002", _good, MANUAL, others=(daemon(docker_group=("alice",)),)),
    Case(
        "HOST-002",
        _good,
        FAIL,
        MEDIUM,
        others=(daemon(docker_group=("alice", "bob")),),
        policy=Policy(trusted_docker_group=("bob",)),
    ),
    Case("HOST-002", _good, PASS, others=(daemon(docker_group=()),)),
    Case("HOST-002", _good, UNKNOWN, others=()),
    Case("HOST-007", _good, FAIL, MEDIUM, others=(daemon(lsm=("capability",)),)),
    Case("HOST-007", _good, FAIL, others=(), note="remote"),
    Case("HOST-007", changed(_good, security_options=("name=apparmor",)), PASS),
    Case("HOST-007", changed(_good, security_options=("name=selinux",)), MANUAL),
]
CASES = [*DAEMON, *LIFETIMES, *FILES]
