"""What the engines' container answers mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inventory.container import Container, DeviceRequest, Health, LogConfig, Mount, Port, RestartPolicy, Ulimit
from inventory.gap import Reason
from inventory.sources.decode import items
from inventory.sources.docker import translate
from inventory.sources.docker.containers import timeless
from tests.inventory.docker.captured import AT, DATA, docker, edited, gap, podman, raw

INSPECTS = sorted(path for engine in ("docker", "podman") for path in (DATA / f"{engine}-api").glob("inspect-*.json"))


@pytest.mark.parametrize("path", INSPECTS, ids=lambda path: f"{path.parent.name[:6]}-{path.stem[8:]}")
def test_every_captured_inspect_is_read_without_a_gap(path: Path) -> None:
    body = path.read_bytes()
    container = translate.container(body, "docker", AT)
    assert not container.gaps
    assert container.raw == body
    assert container.id == json.loads(body)["Id"]


def without(part: str) -> Callable[[dict[str, object]], object]:
    """Take a part out of a document."""
    return lambda document: document.pop(part)


def listed(engine: str) -> dict[str, Container]:
    found = [
        translate.container_from_list(item, engine, AT) for item in items(raw(f"{engine}-api/containers-nosize.json"))
    ]
    return {container.name: container for container in found}


def test_a_link_alias_is_not_the_name() -> None:
    plain = listed("docker")["plain"]
    assert plain.names == ("plain", "link1/p")
    assert docker("link1").links == ("/plain:/link1/p",)


def test_the_list_leaves_what_only_the_inspect_tells_pending() -> None:
    plain = listed("docker")["plain"]
    for field in ("restart_count", "oom_killed", "health", "security_opt", "privileged", "masked_paths"):
        assert gap(plain, field).reason is Reason.PENDING
    assert gap(plain, "security_opt").path == "HostConfig.SecurityOpt"
    assert (plain.state, plain.status, plain.network_mode) == ("running", "Up", "default")


def test_a_crash_loop_has_no_process_to_look_up() -> None:
    container = docker("crashloop")
    assert (container.state, container.pid, container.running) == ("restarting", 0, True)
    assert container.restart_count > 0


def test_a_kill_is_not_an_oom_kill() -> None:
    oom, killed = docker("oomkilled"), docker("exited137")
    assert (oom.exit_code, oom.oom_killed) == (137, True)
    assert (killed.exit_code, killed.oom_killed) == (137, False)
    assert podman("oomkilled").oom_killed is False


def test_without_a_health_check_there_is_no_health() -> None:
    assert docker("plain").health is None
    assert podman("plain").health is None
    assert docker("healthy").health == Health("healthy", 0, "ok\n")
    assert docker("unhealthy").health is not None
    assert podman("unhealthy").health is not None
    declared = docker("healthy").healthcheck
    assert declared is not None
    assert (declared.interval, declared.timeout, declared.retries) == (2.0, 1.0, 2)


def test_a_port_is_bound_once_per_family() -> None:
    assert docker("pub4").ports == (
        Port(443, "tcp", "127.0.0.1", 18443),
        Port(53, "udp", "0.0.0.0", 15353),
        Port(53, "udp", "::", 15353),
        Port(80, "tcp", "0.0.0.0", 18081),
        Port(80, "tcp", "::", 18081),
    )
    assert docker("pub6").ports == (Port(80, "tcp", "::1", 18082),)
    assert Port(9090, "udp") in docker("healthy").ports  # exposed only
    assert not Port(9090, "udp").published


def test_a_created_container_will_bind_what_it_declares() -> None:
    def create(document: dict[str, object]) -> None:
        document["State"] = {**dict(document["State"]), "Status": "created", "Running": False}  # type: ignore[call-overload]
        document["NetworkSettings"] = {"Ports": {}, "Networks": {}}

    container = translate.container(edited("docker-api/inspect-pub4.json", create), "docker", AT)
    assert Port(443, "tcp", "127.0.0.1", 18443) in container.ports
    assert Port(80, "tcp", "0.0.0.0", 18081) in container.ports


def test_a_host_network_container_publishes_nothing() -> None:
    def declare(document: dict[str, dict[str, object]]) -> None:
        document["HostConfig"]["PortBindings"] = {"80/tcp": [{"HostIp": "", "HostPort": "80"}]}

    container = translate.container(edited("docker-api/inspect-hostall.json", declare), "docker", AT)
    assert container.network_mode == "host"
    assert not any(port.published for port in container.ports)


def test_podman_means_all_addresses_by_a_missing_one() -> None:
    ports = podman("pub").ports
    assert any(port.published for port in ports)
    assert all(port.host_ip for port in ports if port.host_port)


def test_podmans_list_is_not_trusted_with_ports() -> None:
    infra = listed("podman")["a29bb1895dd4-infra"]
    assert gap(infra, "ports").reason is Reason.PENDING
    assert gap(infra, "network_mode").reason is Reason.PENDING


def test_a_shared_network_namespace_has_no_network_of_its_own() -> None:
    container = docker("sharednet")
    assert container.networks == ()
    assert container.network_mode.startswith("container:")


def test_capabilities_are_spelt_alike() -> None:
    assert docker("caps").cap_add == ("NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE")
    assert docker("caps").cap_drop == ("MKNOD",)
    assert docker("capall").cap_add == ("ALL",)
    assert docker("hardened").cap_drop == ("ALL",)
    assert len(podman("dropall").cap_drop) == 14
    assert podman("caps").cap_add == ("NET_ADMIN", "SYS_PTRACE")


def test_security_options_are_kept_exactly() -> None:
    custom = docker("seccustom").security_opt
    assert len(custom) == 1
    assert custom[0].startswith("seccomp={")
    assert docker("privileged").security_opt == ("label=disable",)
    assert docker("privileged").masked_paths is None
    assert docker("plain").masked_paths is not None
    assert podman("plain").masked_paths is None


def test_no_pids_limit_has_three_spellings() -> None:
    assert docker("plain").pids_limit == 0
    unlimited = edited("docker-api/inspect-plain.json", lambda document: document["HostConfig"].update(PidsLimit=-1))
    assert translate.container(unlimited, "docker", AT).pids_limit == 0
    assert docker("limits").pids_limit > 0
    assert podman("plain").pids_limit == 2048


def test_podmans_own_words_are_kept_or_translated() -> None:
    plain = podman("plain")
    assert (plain.pid_mode, plain.uts_mode, plain.ipc_mode) == ("private", "private", "shareable")
    assert all(limit.name.islower() and not limit.name.startswith("rlimit") for limit in plain.ulimits)
    assert Ulimit("nofile", 1024, 1024) in podman("dropall").ulimits
    assert plain.restart_policy == RestartPolicy("no")
    assert podman("inpod").network_mode.startswith("container:")


def test_empty_has_three_spellings_and_some_may_be_left_out() -> None:
    def absent(document: dict[str, dict[str, object]]) -> None:
        for field in ("Sysctls", "Tmpfs", "Runtime", "Mounts", "Init", "KernelMemory"):
            document["HostConfig"].pop(field, None)
        for field in ("ExposedPorts", "Healthcheck"):
            document["Config"].pop(field, None)

    def braces(document: dict[str, dict[str, object]]) -> None:
        document["HostConfig"].update(CapAdd=[], SecurityOpt=None, Devices=[], Sysctls={}, Ulimits=None)

    for edit in (absent, braces):
        container = translate.container(edited("docker-api/inspect-plain.json", edit), "docker", AT)
        assert not container.gaps
        assert (container.cap_add, container.security_opt, container.devices, container.ulimits) == ((), (), (), ())
        assert dict(container.sysctls) == {}


# Members that every engine writes, with `null` or nothing in them where there is nothing: one that is missing was
# taken out on the way.
ALWAYS = {
    "Mounts": "mounts", "Config.Env": "env", "Config.Cmd": "command", "Config.Entrypoint": "entrypoint",
    "Config.Labels": "labels", "NetworkSettings.Ports": "ports", "NetworkSettings.Networks": "networks",
    "HostConfig.CapAdd": "cap_add", "HostConfig.CapDrop": "cap_drop", "HostConfig.Devices": "devices",
    "HostConfig.DeviceCgroupRules": "device_cgroup_rules", "HostConfig.SecurityOpt": "security_opt",
    "HostConfig.Links": "links", "HostConfig.GroupAdd": "group_add", "HostConfig.Ulimits": "ulimits",
    "HostConfig.MaskedPaths": "masked_paths", "HostConfig.ReadonlyPaths": "readonly_paths",
    "HostConfig.PidsLimit": "pids_limit", "HostConfig.OomKillDisable": "oom_kill_disable",
    "HostConfig.CgroupParent": "cgroup_parent", "HostConfig.CgroupnsMode": "cgroupns_mode", "HostConfig.Dns": "dns",
    "HostConfig.ExtraHosts": "extra_hosts", "HostConfig.Privileged": "privileged", "HostConfig.PidMode": "pid_mode",
    "HostConfig.NetworkMode": "network_mode", "HostConfig.IpcMode": "ipc_mode", "HostConfig.UTSMode": "uts_mode",
    "HostConfig.UsernsMode": "userns_mode", "HostConfig.ReadonlyRootfs": "readonly_rootfs",
    "HostConfig.PublishAllPorts": "publish_all_ports", "HostConfig.Memory": "memory", "State.Pid": "pid",
}  # fmt: skip
NEVER_NULL = {"State.Pid", "HostConfig.Memory"} | {
    f"HostConfig.{name}"
    for name in ("Privileged", "PidMode", "NetworkMode", "IpcMode", "UTSMode", "UsernsMode", "ReadonlyRootfs",
                 "PublishAllPorts")
}  # fmt: skip


@pytest.mark.parametrize("path", ALWAYS)
@pytest.mark.parametrize("malformed", [False, True], ids=["well-formed", "with a wrong type elsewhere"])
def test_a_member_that_was_taken_out_is_not_an_empty_one(path: str, malformed: bool) -> None:
    def take_out(document: dict[str, Any]) -> None:
        parent, _, name = path.rpartition(".")
        (document[parent] if parent else document).pop(name)
        if malformed:
            document["RestartCount"] = "many"

    container = translate.container(edited("docker-api/inspect-plain.json", take_out), "docker", AT)
    found = gap(container, ALWAYS[path])
    assert (found.reason, found.path) == (Reason.ABSENT, path)
    also = {"project", "service_id", "task_id"} if path == "Config.Labels" else set()
    assert set(container.gaps) - also - {"restart_count"} == {ALWAYS[path]}


@pytest.mark.parametrize("malformed", [False, True])
@pytest.mark.parametrize("path", sorted(set(ALWAYS) - NEVER_NULL))
def test_null_where_engines_write_null_is_empty(path: str, malformed: bool) -> None:
    def empty(document: dict[str, Any]) -> None:
        parent, _, name = path.rpartition(".")
        (document[parent] if parent else document)[name] = None
        if malformed:
            document["RestartCount"] = "many"

    container = translate.container(edited("docker-api/inspect-plain.json", empty), "docker", AT)
    assert not set(container.gaps) - {"restart_count"}


def test_declared_ports_that_were_taken_out_matter_where_they_are_needed() -> None:
    def stopped(document: dict[str, Any]) -> None:
        document["State"]["Running"] = False
        document["NetworkSettings"]["Ports"] = {}
        del document["HostConfig"]["PortBindings"]

    container = translate.container(edited("docker-api/inspect-pub4.json", stopped), "docker", AT)
    assert gap(container, "ports").path == "HostConfig.PortBindings"


def test_what_is_needed_and_absent_is_a_gap_not_a_default() -> None:
    def drop(document: dict[str, dict[str, object]]) -> None:
        del document["HostConfig"]["Privileged"]
        del document["Config"]["User"]
        del document["State"]["OOMKilled"]

    container = translate.container(edited("docker-api/inspect-plain.json", drop), "docker", AT)
    assert {field: (found.reason, found.path) for field, found in container.gaps.items()} == {
        "privileged": (Reason.ABSENT, "HostConfig.Privileged"),
        "user": (Reason.ABSENT, "Config.User"),
        "oom_killed": (Reason.ABSENT, "State.OOMKilled"),
    }


def test_a_missing_part_takes_only_its_own_fields() -> None:
    for part, field, path in (
        ("HostConfig", "masked_paths", "HostConfig.MaskedPaths"),
        ("Config", "healthcheck", "Config.Healthcheck"),
        ("State", "health", "State.Health"),
    ):
        body = edited("docker-api/inspect-plain.json", without(part))
        container = translate.container(body, "docker", AT)
        assert gap(container, field).path == path
        assert container.name == "plain"


def test_newer_engines_may_leave_out_what_they_leave_out() -> None:
    def as_1_52(document: dict[str, dict[str, object]]) -> None:
        settings = document["NetworkSettings"]
        document["NetworkSettings"] = {"Ports": settings["Ports"], "Networks": settings["Networks"]}
        for field in ("KernelMemory", "KernelMemoryTCP"):
            document["HostConfig"].pop(field, None)
        document["HostConfig"].update(OomKillDisable=None, Annotations={"a": "b"})
        document["Future"] = {"x": [1]}

    assert not translate.container(edited("docker-api/inspect-healthy.json", as_1_52), "docker", AT).gaps


def test_times_are_epoch_seconds() -> None:
    container = docker("healthy")
    assert 1795433100 < container.created < container.started_at < AT
    assert container.finished_at == 0.0
    wrong = edited("docker-api/inspect-plain.json", lambda document: document.update(Created="yesterday"))
    found = gap(translate.container(wrong, "docker", AT), "created")
    assert (found.reason, found.path) == (Reason.MALFORMED, "Created")


def test_labels_say_what_a_container_belongs_to() -> None:
    assert docker("shop-web-1").project == "shop"
    task = docker("task-upd")
    assert task.service_id == "e4hygw1u0etee505t78r8ggom"
    assert task.task_id
    assert docker("plain").project == ""


def test_mounts_of_every_kind() -> None:
    mounts = {mount.destination: mount for mount in docker("ubermounts").mounts}
    assert mounts["/b"] == Mount("bind", "/srv/lab/build", "/b", False, "rprivate")
    assert (mounts["/var/lib/pg"].name, mounts["/var/lib/pg"].driver) == ("pgdata", "local")
    assert mounts["/tt"].type == "tmpfs"
    assert any(mount.type == "tmpfs" for mount in podman("dropall").mounts)  # told in HostConfig.Tmpfs only


def test_a_start_that_failed_says_why() -> None:
    assert "no such file or directory" in docker("badcmd").error
    assert "failed to initialize logging driver" in docker("logfluentsync").error
    assert docker("plain").log_config == LogConfig("json-file", {"max-size": "10m"})


def test_network_ids_that_are_missing_or_names_are_completed() -> None:
    body = raw("podman-api/inspect-plain.json")
    assert translate.container(body, "podman", AT).networks[0].network_id == "podman"
    completed = translate.container(body, "podman", AT, "", {"podman": "2f259bab"})
    assert completed.networks[0].network_id == "2f259bab"
    real = translate.container(raw("docker-api/inspect-plain.json"), "docker", AT, "", {"bridge": "other"})
    assert real.networks[0].network_id.startswith("5370a5f8")


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Up 3 hours", "Up"),
        ("Up About a minute (healthy)", "Up (healthy)"),
        ("Exited (137) 2 hours ago", "Exited (137)"),
        ("Restarting (1) Less than a second ago", "Restarting (1)"),
        ("Up 5 minutes (Paused)", "Up (Paused)"),
        ("Created", "Created"),
    ],
)
def test_the_status_sentence_does_not_age(told: str, kept: str) -> None:
    assert timeless(told) == kept


def test_device_requests_are_what_a_driver_or_a_specification_picks() -> None:
    requests = [
        {"Driver": "nvidia", "Count": -1, "DeviceIDs": None, "Capabilities": [["gpu", "utility"], None]},
        {"Driver": "cdi", "Count": 0, "DeviceIDs": ["vendor.com/net=nic0"], "Capabilities": None, "Options": {}},
    ]

    def ask(document: dict[str, dict[str, object]]) -> None:
        document["HostConfig"]["DeviceRequests"] = requests

    found = translate.container(edited("docker-api/inspect-plain.json", ask), "docker", AT)
    assert found.device_requests == (
        DeviceRequest("nvidia", -1, (), (("gpu", "utility"), ())),
        DeviceRequest("cdi", 0, ("vendor.com/net=nic0",)),
    )
    assert docker("plain").device_requests == podman("plain").device_requests == ()


@pytest.mark.parametrize("wrong", [7, [7], [{"Count": "all"}], [{"Capabilities": [7]}], {"Driver": "cdi"}])
def test_device_requests_that_make_no_sense_are_a_gap(wrong: object) -> None:
    def ask(document: dict[str, dict[str, object]]) -> None:
        document["HostConfig"]["DeviceRequests"] = wrong

    found = translate.container(edited("docker-api/inspect-plain.json", ask), "docker", AT)
    assert gap(found, "device_requests").reason is Reason.MALFORMED
    assert found.privileged is False


def test_tmpfs_keeps_its_options_and_missing_means_none() -> None:
    assert podman("mounts").tmpfs == {"/x": "rw,rprivate,nosuid,nodev,tmpcopyup"}
    assert docker("plain").tmpfs == podman("plain").tmpfs == {}


def test_the_layer_directories_of_an_overlay() -> None:
    for container in (docker("plain"), podman("plain")):
        assert container.upper_dir.startswith("/srv/lab/")
        assert container.upper_dir.endswith("/diff")
        assert container.lower_dirs
        assert all(path.startswith("/srv/lab/") for path in container.lower_dirs)


@pytest.mark.parametrize("driver", [None, {"Name": "btrfs", "Data": None}, {"Name": "zfs", "Data": {"Dataset": "z"}}])
def test_another_storage_driver_has_no_layer_directories(driver: object) -> None:
    def store(document: dict[str, object]) -> None:
        document["GraphDriver"] = driver

    found = translate.container(edited("docker-api/inspect-plain.json", store), "docker", AT)
    assert (found.upper_dir, found.lower_dirs) == ("", ())


def test_layer_directories_of_a_wrong_type_are_a_gap() -> None:
    def store(document: dict[str, object]) -> None:
        document["GraphDriver"] = {"Name": "overlay2", "Data": {"UpperDir": 7}}

    found = translate.container(edited("docker-api/inspect-plain.json", store), "docker", AT)
    assert gap(found, "upper_dir").reason is Reason.MALFORMED


def test_name_search_and_options_of_name_resolution() -> None:
    def resolve(document: dict[str, dict[str, object]]) -> None:
        document["HostConfig"] |= {"DnsSearch": ["corp.example"], "DnsOptions": ["ndots:1"]}

    found = translate.container(edited("docker-api/inspect-plain.json", resolve), "docker", AT)
    assert (found.dns_search, found.dns_options) == (("corp.example",), ("ndots:1",))
    assert docker("task-upd").dns_search == podman("plain").dns_options == ()
