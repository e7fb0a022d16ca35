"""Nothing that the engine was told about a container is dropped without a word."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from checks.remedy import as_compose, as_run
from checks.remedy.changes import changes
from checks.remedy.option import PLACEHOLDER
from checks.remedy.plan import Plan, plan
from inventory.container import Container, DeviceRequest
from tests.checks.builders import changed, docker, image, podman
from tests.checks.remedy.test_texts import run_text, words
from tests.hostile import HOSTILE, forbidden

GPU = {"Driver": "", "Count": -1, "DeviceIDs": None, "Capabilities": [["gpu"]], "Options": {}}


def made(container: Container) -> Plan:
    return plan(container, None, ())


def run_words(container: Container) -> list[str]:
    return words(run_text(made(container)))[0]


def service(container: Container) -> dict[str, Any]:
    (found,) = yaml.safe_load("\n".join(as_compose.lines(made(container))))["services"].values()
    assert isinstance(found, dict)
    return found


def dropped(container: Container) -> list[str]:
    """What both forms say that they leave out."""
    found = made(container)
    left = list(changes(found).left)
    for form in (as_run, as_compose):
        told = " ".join(text.removeprefix("#").strip() for text in form.lines(found))
        assert told.count("not carried over: ") == len(left)
        assert all(f"not carried over: {each}" in told for each in left)
    return left


def pairs(found: list[str], flag: str) -> list[str]:
    return [found[index + 1] for index, word in enumerate(found) if word == flag]


@pytest.mark.parametrize(
    ("request_", "gpus", "reserved"),
    [
        (DeviceRequest("", -1, (), (("gpu",),)), "all", {"count": "all", "capabilities": ["gpu"]}),
        (
            DeviceRequest("nvidia", 2, (), (("compute", "utility", "gpu"),)),
            'driver=nvidia,2,"capabilities=compute,utility"',
            {"driver": "nvidia", "count": 2, "capabilities": ["compute", "utility", "gpu"]},
        ),
        (
            DeviceRequest("", 0, ("0", "GPU-3a"), (("gpu",),)),
            '"device=0,GPU-3a"',
            {"device_ids": ["0", "GPU-3a"], "capabilities": ["gpu"]},
        ),
    ],
    ids=["all", "two of a driver", "by name"],
)
def test_graphics_processors(request_: DeviceRequest, gpus: str, reserved: dict[str, object]) -> None:
    container = changed(docker("plain"), device_requests=(request_,))
    assert pairs(run_words(container), "--gpus") == [gpus]
    assert service(container)["deploy"]["resources"]["reservations"]["devices"] == [reserved]


def test_devices_by_their_cdi_names() -> None:
    container = changed(docker("plain"), device_requests=(DeviceRequest("cdi", 0, ("vendor.com/net=eth0",)),))
    assert pairs(run_words(container), "--device") == ["vendor.com/net=eth0"]
    assert service(container)["devices"] == ["vendor.com/net=eth0"]
    assert "deploy" not in service(container)


def test_variables_that_no_shell_can_export() -> None:
    container = changed(docker("plain"), env=("discovery.type=single-node", "node-name=a", "GOOD=1", "a b=c", "=x"))
    assert pairs(run_words(container), "--env") == ["discovery.type", "node-name", "GOOD", "a b"]
    given = service(container)["environment"]
    assert given == {"discovery.type": None, "node-name": None, "GOOD": "${GOOD}", "a b": None}
    text = " ".join(run_text(made(container)).split())
    assert "no shell can export discovery.type, node-name, a b:" in text
    assert "single-node" not in text


def test_a_label_that_looks_secret_keeps_its_name() -> None:
    container = changed(docker("plain"), labels={"db.password": "hunter2hunter2", "team": "shop"})
    assert pairs(run_words(container), "--label") == [f"db.password={PLACEHOLDER}", "team=shop"]
    assert service(container)["labels"] == {"db.password": PLACEHOLDER, "team": "shop"}
    assert "hunter2" not in run_text(made(container))
    assert f"{PLACEHOLDER} stands for a secret" in run_text(made(container))


@pytest.mark.parametrize(
    ("member", "value", "said", "key", "entry"),
    [
        ("HostConfig__ShmSize", 268435456, ["--shm-size", "268435456"], "shm_size", 268435456),
        ("HostConfig__MemoryReservation", 1048576, ["--memory-reservation", "1048576"], "mem_reservation", 1048576),
        ("HostConfig__MemorySwappiness", 0, ["--memory-swappiness", "0"], "mem_swappiness", 0),
        ("HostConfig__CpuPeriod", 50000, ["--cpu-period", "50000"], "cpu_period", 50000),
        ("HostConfig__BlkioWeight", 300, ["--blkio-weight", "300"], "blkio_config", {"weight": 300}),
        ("HostConfig__Init", True, ["--init"], "init", True),
        ("Config__StopSignal", "SIGINT", ["--stop-signal", "SIGINT"], "stop_signal", "SIGINT"),
        ("Config__StopTimeout", 0, ["--stop-timeout", "0"], "stop_grace_period", "0s"),
        ("Config__Domainname", "example.com", ["--domainname", "example.com"], "domainname", "example.com"),
        ("Config__MacAddress", "02:42:ac:11:00:02", ["--mac-address", "02:42:ac:11:00:02"], "mac_address", ...),
    ],
)
def test_what_the_model_does_not_hold_is_written(
    member: str, value: object, said: list[str], key: str, entry: object
) -> None:
    container = docker("plain", **{member: value})
    found = run_words(container)
    start = found.index(said[0])
    assert found[start : start + len(said)] == said
    assert service(container)[key] == (value if entry is ... else entry)
    assert not dropped(container)
    assert said[0] not in run_words(docker("plain"))


def test_what_the_image_gives_is_not_repeated() -> None:
    container = docker("plain", Config__StopSignal="SIGQUIT")
    raw = json.loads(image().raw)
    raw["Config"]["StopSignal"] = "SIGQUIT"
    own = changed(image(), raw=json.dumps(raw).encode())
    assert "--stop-signal" in run_text(plan(container, None, ()))
    assert "--stop-signal" in run_text(plan(container, image(), ()))
    assert "SIGQUIT" not in run_text(plan(container, own, ()))
    back = docker("plain", Config__StopSignal="SIGTERM")
    assert "--stop-signal" not in run_text(plan(back, image(), ()))
    assert "--stop-signal SIGTERM" in run_text(plan(back, own, ()))


def test_labels_of_what_manages_it_are_left_out_and_told() -> None:
    names = {f"com.docker.compose.{name}": "x" for name in ("project", "service", "version", "oneoff")}
    container = changed(docker("plain"), labels={**names, "org.opencontainers.image.title": "mine", "team": "shop"})
    found = plan(container, image(), ())
    assert pairs(words(run_text(found))[0], "--label") == ["org.opencontainers.image.title=mine", "team=shop"]
    said = "com.docker.compose.oneoff, com.docker.compose.project, com.docker.compose.service and 1 more"
    assert changes(found).left == (f"labels of what manages it: {said}",)
    assert pairs(run_words(container), "--label") == ["team=shop"]
    assert dropped(container)[0].endswith("and 2 more")


@pytest.mark.parametrize(
    ("member", "value", "told"),
    [
        ("HostConfig__AutoRemove", True, "HostConfig.AutoRemove = true"),
        ("HostConfig__VolumesFrom", ["other:ro"], 'HostConfig.VolumesFrom = ["other:ro"]'),
        ("HostConfig__VolumeDriver", "nfs", 'HostConfig.VolumeDriver = "nfs"'),
        ("HostConfig__StorageOpt", {"size": "10G"}, 'HostConfig.StorageOpt = {"size": "10G"}'),
        ("HostConfig__BlkioDeviceReadBps", [{"Path": "/dev/sda", "Rate": 1}], "HostConfig.BlkioDeviceReadBps = ["),
        ("HostConfig__Annotations", {"a.b": "c"}, 'HostConfig.Annotations = {"a.b": "c"}'),
        ("HostConfig__ShmSize", "64m", 'HostConfig.ShmSize = "64m"'),
        ("HostConfig__SomethingNew", {"A": 1}, 'HostConfig.SomethingNew = {"A": 1}'),
        ("HostConfig__Binds", ["/a:/b:ro,Z"], "HostConfig.Binds[0]: the option Z"),
        ("HostConfig__DeviceRequests", [{**GPU, "Options": {"a": "b"}}], "HostConfig.DeviceRequests[0].Options = {"),
        ("HostConfig__Mounts", [{"VolumeOptions": {"NoCopy": True}}], "HostConfig.Mounts[0].VolumeOptions = {"),
        ("HostConfig__MaskedPaths", ["/proc/kcore"], "HostConfig.MaskedPaths = ["),
        ("HostConfig__ReadonlyPaths", ["/proc/bus"], "HostConfig.ReadonlyPaths = ["),
        ("Config__Shell", ["/bin/bash", "-c"], 'Config.Shell = ["/bin/bash", "-c"]'),
        ("Config__StopTimeout", -1, "Config.StopTimeout = -1"),
        ("Config__NetworkDisabled", True, "Config.NetworkDisabled = true"),
        (
            "Config__Healthcheck",
            {"Test": ["CMD", "x"], "StartInterval": 5000000000},
            "Config.Healthcheck.StartInterval = 5000000000",
        ),
    ],
)
def test_what_no_option_says_is_told(member: str, value: object, told: str) -> None:
    (found,) = dropped(docker("plain", **{member: value}))
    assert found.startswith(told)


def test_a_secret_among_it_stays_one() -> None:
    container = docker("plain", HostConfig__Annotations={"api_token": "s3cr3t-s3cr3t-s3cr3t-1"})
    (found,) = dropped(container)
    assert "api_token" in found and "s3cr3t-s3cr3t" not in found


def networked(**settings: object) -> Container:
    """On two networks of its own, with these settings on the second too."""
    both = {"front": {"NetworkID": "1", **settings}, "back": {"NetworkID": "2", **settings}}
    return docker("plain", HostConfig__NetworkMode="front", NetworkSettings__Networks=both)


def test_names_and_addresses_on_its_networks() -> None:
    short = docker("plain").id[:12]
    chosen = {"IPv4Address": "10.5.0.9", "IPv6Address": "fd00::9"}
    container = networked(Aliases=["db", "plain", short], IPAMConfig=chosen)
    run, connect = words(run_text(made(container)))
    assert pairs(run, "--network") == ["front"]
    assert (pairs(run, "--network-alias"), pairs(run, "--ip"), pairs(run, "--ip6")) == (
        ["db"],
        ["10.5.0.9"],
        ["fd00::9"],
    )
    assert connect == ["network", "connect", "--alias", "db", "--ip", "10.5.0.9", "--ip6", "fd00::9", "back", "plain"]
    each = {"aliases": ["db"], "ipv4_address": "10.5.0.9", "ipv6_address": "fd00::9"}
    assert service(container)["networks"] == {"front": each, "back": each}
    assert not dropped(container)


def test_an_address_that_the_engine_chose_is_not_kept() -> None:
    container = networked(IPAddress="10.5.0.9", IPAMConfig=None)
    assert "10.5.0.9" not in run_text(made(container))
    task = changed(networked(IPAMConfig={"IPv4Address": "10.0.2.6"}), task_id="t")
    assert "10.0.2.6" not in run_text(made(task))


def test_settings_of_a_network_that_no_option_says() -> None:
    found = dropped(networked(DriverOpts={"a": "b"}, IPAMConfig={"LinkLocalIPs": ["169.254.1.1"]}))
    assert [each.partition(" = ")[0] for each in found] == [
        "NetworkSettings.Networks[front].DriverOpts",
        "NetworkSettings.Networks[front].IPAMConfig.LinkLocalIPs",
        "NetworkSettings.Networks[back].DriverOpts",
        "NetworkSettings.Networks[back].IPAMConfig.LinkLocalIPs",
    ]


def test_memory_as_a_mount() -> None:
    mount = {"Type": "tmpfs", "Target": "/cache", "TmpfsOptions": {"SizeBytes": 1048576, "Mode": 448}}
    listed = {"Type": "tmpfs", "Source": "", "Destination": "/cache", "RW": True}
    container = docker("plain", HostConfig__Mounts=[mount], Mounts=[listed])
    assert pairs(run_words(container), "--tmpfs") == ["/cache:size=1048576,mode=700"]
    assert service(container)["tmpfs"] == ["/cache:size=1048576,mode=700"]
    other = docker("plain", Mounts=[{"Type": "image", "Source": "a", "Destination": "/b", "RW": False}])
    assert dropped(other) == ["Mounts[0]: /b of the type image"]


def test_a_runtime_that_somebody_chose() -> None:
    assert pairs(run_words(docker("plain", HostConfig__Runtime="crun")), "--runtime") == ["crun"]
    assert "--runtime" not in run_words(docker("plain"))
    assert "--runtime" not in run_words(changed(podman("plain"), runtime="crun"))


def test_a_port_that_is_only_exposed() -> None:
    container = docker("plain", Config__ExposedPorts={"9100/tcp": {}})
    container = changed(container, exposed_ports=("9100/tcp",))
    assert pairs(run_words(container), "--expose") == ["9100/tcp"]
    assert service(container)["expose"] == ["9100/tcp"]


def test_what_compose_has_no_key_for() -> None:
    container = docker("plain", HostConfig__CpusetMems="0")
    assert pairs(run_words(container), "--cpuset-mems") == ["0"]
    told = " ".join("\n".join(as_compose.lines(made(container))).split())
    assert "not carried over: --cpuset-mems 0: Compose has no such key" in told


@pytest.mark.parametrize("container", [docker("plain"), docker("hardened"), podman("plain"), podman("pub")], ids=str)
def test_an_ordinary_container_has_nothing_to_tell(container: Container) -> None:
    assert not dropped(container)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff", b'{"HostConfig": 5, "Config": []}']
)
def test_an_answer_that_is_none(raw: bytes) -> None:
    (found,) = dropped(changed(docker("plain"), raw=raw))
    assert "is not here" in found


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_settings(text: str) -> None:
    container = networked(Aliases=[text], DriverOpts={text: text}, IPAMConfig={"IPv4Address": text})
    raw = json.loads(container.raw)
    raw["HostConfig"] |= {text: text, "ShmSize": {}, "Mounts": [5, {"VolumeOptions": text}], "Binds": [f"/a:/b:{text}"]}
    raw["Config"] |= {"StopSignal": text, "Domainname": [text], "Healthcheck": text, "MacAddress": text}
    raw["NetworkSettings"]["Networks"] |= {text: {"Aliases": text, "IPAMConfig": [text]}, "back": 5}
    gpu = DeviceRequest(text, 1, (text,), ((text,),))
    found = made(changed(container, raw=json.dumps(raw).encode(), device_requests=(gpu,)))
    for told in (run_text(found), "\n".join(as_compose.lines(found))):
        assert forbidden(told.replace("\n", "")) is None
    for command in words(run_text(found)):
        assert command[0] in {"run", "network"}
    assert len(yaml.safe_load("\n".join(as_compose.lines(found)))["services"]) == 1
