"""Services of Compose files as containers: what is said, what the engine's defaults are, and what is unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import without_clusters
from checks.engine import Engine
from inventory.compose import ComposeService
from inventory.container import Attachment, Device, DeviceRequest, Healthcheck, LogConfig, Mount, Port, Ulimit
from inventory.gap import Gap, Reason
from inventory.network import Network
from inventory.resource import Kind
from inventory.snapshot import Status
from inventory.sources.compose import parts
from inventory.sources.compose.interpolate import Unresolved, interpolated
from inventory.sources.manifests.read import COMPOSE, NAME, Read, fill, read
from inventory.store import Store


def composed(folder: Path, text: str, name: str = "compose.yaml") -> Read:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return read([str(folder / name)])


def service(folder: Path, body: str, rest: str = "") -> ComposeService:
    """The one service, called web, of a project called shop; `body` is indented by four spaces here."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    found = composed(folder / "shop", f"services:\n  web:\n{lines}{rest}")
    (web,) = (one for one in found.composed[0].resources if isinstance(one, ComposeService))
    return web


EVERYTHING = """
image: registry.example/web:1.2
container_name: front
privileged: true
user: "1000:1000"
read_only: true
pid: host
ipc: service:db
uts: host
userns_mode: host
cgroup: host
cap_add: [SYS_ADMIN, CAP_NET_RAW]
cap_drop: [ALL]
security_opt: ["no-new-privileges:true", "apparmor:unconfined"]
mem_limit: 512m
cpus: 1.5
pids_limit: 100
shm_size: 64m
oom_score_adj: -500
ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 50}
restart: on-failure:3
devices: ["/dev/kvm:/dev/kvm:rw", "vendor.com/gpu=all"]
device_cgroup_rules: ["c 1:3 mr"]
sysctls: {net.core.somaxconn: 1024}
tmpfs: ["/run:size=64m", /tmp]
group_add: [docker]
runtime: runsc
extra_hosts: ["a:1.2.3.4"]
dns: 8.8.8.8
logging: {driver: syslog, options: {max-size: 10m}}
hostname: h
command: sh -c "echo hi"
entrypoint: [/init]
environment: {A: 1, B: yes, C: null}
expose: [9000]
ports: ["127.0.0.1:8080:80", "443", {target: 53, published: "5353", protocol: udp}]
volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro", "./conf:/etc/app", "data:/data", {type: tmpfs, target: /x}]
healthcheck: {test: curl -f http://localhost, interval: 1m30s, retries: 3}
labels: {team: web}
"""


def test_everything_that_a_service_may_say(tmp_path: Path) -> None:
    web = service(tmp_path, EVERYTHING)
    assert (web.name, web.project, web.id, web.image_ref) == ("front", "shop", "shop/web", "registry.example/web:1.2")
    assert web.labels == {
        "team": "web", "com.docker.compose.project": "shop", "com.docker.compose.service": "web",
    }  # fmt: skip
    assert (web.privileged, web.readonly_rootfs, web.user, web.masked_paths) == (True, True, "1000:1000", None)
    assert (web.pid_mode, web.ipc_mode, web.uts_mode, web.userns_mode, web.cgroupns_mode) == (
        "host", "container:db", "host", "host", "host",
    )  # fmt: skip
    assert (web.cap_add, web.cap_drop) == (("SYS_ADMIN", "NET_RAW"), ("ALL",))
    assert web.security_opt == ("no-new-privileges:true", "apparmor:unconfined")
    assert web.apparmor_profile == "unconfined"
    assert (web.memory, web.memory_swap, web.nano_cpus, web.pids_limit) == (512 << 20, 1 << 30, 1_500_000_000, 100)
    assert web.ulimits == (Ulimit("nofile", 1024, 2048), Ulimit("nproc", 50, 50))
    assert (web.restart_policy.name, web.restart_policy.maximum_retry_count) == ("on-failure", 3)
    assert web.devices == (Device("/dev/kvm", "/dev/kvm", "rw"),)
    assert web.device_requests == (DeviceRequest("cdi", 0, ("vendor.com/gpu=all",)),)
    assert web.sysctls == {"net.core.somaxconn": "1024"}
    assert web.tmpfs == {"/run": "size=64m", "/tmp": ""}
    assert (web.group_add, web.runtime, web.extra_hosts, web.dns) == (
        ("docker",),
        "runsc",
        ("a:1.2.3.4",),
        ("8.8.8.8",),
    )
    assert web.log_config == LogConfig("syslog", {"max-size": "10m"})
    assert (web.entrypoint, web.command) == (("/init",), ("sh", "-c", "echo hi"))
    assert web.env == ("A=1", "B=yes", "C")
    assert web.healthcheck == Healthcheck(("CMD-SHELL", "curl -f http://localhost"), 90.0, 0.0, 0.0, 3)
    assert web.networks == (Attachment("shop_default", "shop_default"),)
    assert Port(80, "tcp", "127.0.0.1", 8080) in web.ports
    assert Port(443, "tcp", "0.0.0.0", 0) in web.ports
    assert Port(53, "udp", "0.0.0.0", 5353) in web.ports
    assert web.mounts[:3] == (
        Mount("bind", "/var/run/docker.sock", "/var/run/docker.sock", False, "rprivate"),
        Mount("bind", str(tmp_path / "shop" / "conf"), "/etc/app", True, "rprivate"),
        Mount("volume", "", "/data", True, "", "shop_data"),
    )
    assert {one.destination for one in web.mounts[3:]} == {"/x", "/run", "/tmp"}


def test_what_is_not_said_is_the_engine_s_default_or_unknown(tmp_path: Path) -> None:
    web = service(tmp_path, "image: a")
    assert (web.privileged, web.readonly_rootfs, web.pid_mode, web.ipc_mode) == (False, False, "", "private")
    assert (web.cap_add, web.cap_drop, web.security_opt, web.ports, web.mounts) == ((), (), (), (), ())
    assert (web.memory, web.pids_limit, web.restart_policy.name, web.state) == (0, 0, "no", "running")
    assert web.masked_paths is not None
    assert "/proc/kcore" in web.masked_paths
    gaps = {name: gap.detail for name, gap in web.gaps.items()}
    assert {gaps[name] for name in ("user", "command", "entrypoint", "healthcheck", "exposed_ports")} == {
        "the image decides"
    }
    assert {
        gaps[name] for name in ("pid", "image_id", "started_at", "apparmor_profile", "cgroupns_mode", "health")
    } == {"only a running container shows it"}
    assert {gap.reason for gap in web.gaps.values()} == {Reason.UNSUPPORTED}


def test_deploy_limits_and_devices(tmp_path: Path) -> None:
    web = service(
        tmp_path,
        "image: a\ndeploy:\n  resources:\n    limits: {memory: 1g, cpus: '0.5', pids: 10}\n"
        "    reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}\n"
        "  restart_policy: {condition: on-failure, max_attempts: 2}\n",
    )
    assert (web.memory, web.nano_cpus, web.pids_limit) == (1 << 30, 500_000_000, 10)
    assert web.device_requests == (DeviceRequest("nvidia", -1, (), (("gpu",),)),)
    assert (web.restart_policy.name, web.restart_policy.maximum_retry_count) == ("on-failure", 2)


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ("image: ${REGISTRY}/a", "image_ref", "needs REGISTRY, which the file does not set"),
        ("image: a\nprivileged: ${P}", "privileged", "needs P"),
        ("image: a\nports: ['80:80', '${PORT}:1']", "ports", "needs PORT"),
        ("image: a\nenv_file: .env", "env", "env_file is not read"),
        ("build: .", "image_ref", "Compose builds it"),
        ("image: a\nprivileged: [1]", "privileged", "expected true or false"),
        ("image: a\nmem_limit: lots", "memory", "expected a size"),
        ("image: a\nports: [nope]", "ports", "is no port"),
        ("image: a\nports: ['80:99999']", "ports", "is no port"),
        ("image: a\nvolumes: [{type: bind}]", "mounts", "a volume without a target"),
        ("image: a\nhealthcheck: {test: x, interval: soon}", "healthcheck", "expected a duration"),
        ("image: a\nulimits: 5", "ulimits", "ulimits:"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_a_gap(tmp_path: Path, body: str, field: str, said: str) -> None:
    gap = service(tmp_path, body).peek(field)
    assert isinstance(gap, Gap)
    assert said in str(gap)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A:-b}", "b"), ("${A-b}", "b"), ("${A:-${B:-c}}", "c"), ("$$A", "$A"), ("a$$", "a$"), ("${A:+x}y", "y"),
        ("$A", Unresolved(("A",), "$A")), ("x${A:?must}", Unresolved(("A",), "x${A:?must}")),
        (deep := "${A:-" * 30 + "v" + "}" * 30, Unresolved(("defaults within defaults",), deep)),
        ("${A:-}${B}", Unresolved(("B",), "${A:-}${B}")), ("$5", "$5"), ("${", "${"),
    ],
)  # fmt: skip
def test_variables(text: str, value: Any) -> None:
    assert interpolated({"k": [text]}) == {"k": [value]}


@pytest.mark.parametrize(
    ("entry", "bindings"),
    [
        ("80", {"80/tcp": [("", "")]}),
        ("8080:80/udp", {"80/udp": [("", "8080")]}),
        ("3000-3001:3000-3001", {"3000/tcp": [("", "3000")], "3001/tcp": [("", "3001")]}),
        ("8000-9000:80", {"80/tcp": [("", "8000-9000")]}),
        ("[::1]:8080:80", {"80/tcp": [("::1", "8080")]}),
        ("127.0.0.1::80", {"80/tcp": [("127.0.0.1", "")]}),
        (80, {"80/tcp": [("", "")]}),
    ],
)
def test_ports(entry: object, bindings: dict[str, list[tuple[str, str]]]) -> None:
    found = parts.ports([entry])
    assert {port: [(one["HostIp"], one["HostPort"]) for one in ways] for port, ways in found.items()} == bindings


def test_networks(tmp_path: Path) -> None:
    web = service(
        tmp_path,
        "image: a\nnetworks: {front: {}, out: {}}",
        "networks:\n  front: {internal: true, driver_opts: {x: y}, ipam: {config: [{subnet: 10.0.0.0/24}]}}\n"
        "  out: {external: true, name: edge}\n",
    )
    assert [one.network for one in web.networks] == ["shop_front", "edge"]
    assert web.network_mode == "shop_front"
    found = composed(tmp_path / "other", "services: {db: {image: a, network_mode: none}, c: {image: b}}")
    networks = [one for one in found.composed[0].resources if isinstance(one, Network)]
    assert [(one.name, one.driver, [member.name for member in one.members]) for one in networks] == [
        ("other_default", "bridge", ["c"])
    ]
    front, edge = (
        one
        for one in composed(tmp_path / "shop", (tmp_path / "shop" / "compose.yaml").read_text()).composed[0].resources
        if isinstance(one, Network)
    )
    assert (front.internal, front.options, front.subnets[0].subnet) == (True, {"x": "y"}, "10.0.0.0/24")
    assert edge.gaps["internal"].detail == "the network is external to the file"


def test_extends_include_and_profiles(tmp_path: Path) -> None:
    text = (
        "include: [more.yaml]\nservices:\n  base: {image: a, privileged: true, cap_add: [A], environment: {X: 1}}\n"
        "  web: {extends: {service: base}, cap_add: [B], environment: {Y: 2}, profiles: [tools]}\n"
        "  far: {extends: {file: other.yaml, service: x}, read_only: true}\n  me: {extends: me}\n"
    )
    found = composed(tmp_path / "p", text)
    by_name = {one.name: one for one in found.composed[0].resources if isinstance(one, ComposeService)}
    web, far = by_name["web"], by_name["far"]
    assert (web.privileged, web.cap_add, web.env, web.image_ref) == (True, ("A", "B"), ("X=1", "Y=2"), "a")
    assert far.readonly_rootfs is True
    assert far.gaps["privileged"].detail == "the service extends another, which is not read"
    assert [(note.line, note.broken) for note in found.notes] == [(1, True), (4, False), (5, True), (6, True)]
    assert "profile tools" in found.notes[1].message


def test_evidence_has_a_line_and_the_file_s_own_words(tmp_path: Path) -> None:
    web = service(
        tmp_path, "image: a\nprivileged: true\ncap_add:\n  - SYS_ADMIN\ndeploy:\n  resources:\n    limits: {pids: 5}"
    )
    line_of, words = web.manifest.line_of, web.words
    assert (line_of("HostConfig.Privileged"), line_of("HostConfig.CapAdd"), line_of("HostConfig.PidsLimit")) == (
        4,
        5,
        9,
    )
    assert (line_of("HostConfig.Memory"), line_of("State.Status")) == (2, 2)
    assert words["HostConfig.Privileged"] == "services.web.privileged"
    assert words["HostConfig.PidsLimit"] == "services.web.deploy.resources.limits.pids"


def test_services_are_judged_as_containers_are(tmp_path: Path) -> None:
    found = composed(
        tmp_path / "shop",
        "services:\n  bad: {image: a, privileged: true, volumes: ['/var/run/docker.sock:/s'], ports: ['80:80'],\n"
        "    environment: {DB_PASSWORD: hunter2-and-more, OTHER_PASSWORD: '${FROM_ELSEWHERE}'}}\n"
        "  good:\n    image: a\n    read_only: true\n    cap_drop: [ALL]\n    user: '1000'\n"
        "    security_opt: ['no-new-privileges']\n    mem_limit: 1g\n    pids_limit: 5\n    cpus: 1\n",
    )
    store = Store()
    (health,) = fill(store, found, "compose.yaml")
    assert (health.kind, health.status) == ("compose", Status.OK)
    snapshot = store.snapshot()
    assert not snapshot.has_clusters
    results = list(Engine(without_clusters()).evaluate(snapshot).results())
    failed = {(one.check.id, one.key.id) for one in results if one.outcome.value == "fail"}
    assert {(name, "shop/bad") for name in ("RUN-001", "RUN-002", "RUN-044", "NET-001", "RUN-026", "RUN-028")} <= failed
    assert not {name for name, key in failed if key == "shop/good"} & {"RUN-001", "RUN-002", "RUN-021", "RUN-026"}
    assert "itself failed" not in " ".join(one.message for one in results)


@pytest.mark.parametrize(
    "text",
    ["services: {a: 5}", "services: {a: {image: [1]}}", "services: {a: {image: x, labels: 5, networks: 5, volumes: 5}}",
     "services: {a: {image: x, deploy: [1], logging: 5, healthcheck: [], devices: 5, environment: 5}}",
     "services: {a: {ports: [{target: x}], extends: [1]}}\nnetworks: 5\nvolumes: 5\nname: 5",
     "services: {a: {image: x, networks: [${N}]}}\nnetworks: {n: 5, m: {driver_opts: 5, ipam: 5, internal: x}}",
     "services: {}"],
)  # fmt: skip
def test_wrong_types_never_crash(tmp_path: Path, text: str) -> None:
    found = composed(tmp_path / "p", text)
    store = Store()
    fill(store, found, "x")
    Engine(without_clusters()).evaluate(store.snapshot())


def test_both_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "services: {a: {image: x}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
    )
    store = Store()
    fill(store, read([str(tmp_path)]), "x")
    snapshot = store.snapshot()
    assert {*snapshot.sources} == {NAME, COMPOSE}
    assert (snapshot.count(Kind.CONTAINER), snapshot.count(Kind.KUBE_SERVICE)) == (1, 1)
