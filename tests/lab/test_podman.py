"""What a Podman lab is to contain: the same inventory in libpod's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lab import plan, podman_fill, truth
from lab.paths import LabPaths, lab_paths
from lab.podman import PodmanPaths, known_engine
from lab.podman_spec import specification
from lab.podman_user import Owner

ENGINES = ("podman", "podman-rootless")


def spec(name: str) -> Mapping[str, Any]:
    """The request that makes a container of the inventory."""
    found = next(one for one in plan.containers() if one.name == name)
    return specification(name, plan.filled(found.body, {"cgroup": "/x", "root": "/r", "data": "/d"}), "localhost/image")


@pytest.mark.parametrize("rootless", [False, True])
def test_every_container_of_a_podman_lab_is_in_the_inventory(rootless: bool) -> None:
    known = {one.name for one in plan.containers()}
    assert plan.podman_names(rootless=rootless) <= known
    assert {one.name for one in podman_fill.wanted(rootless=rootless)} == plan.podman_names(rootless=rootless)


def test_every_container_of_a_podman_lab_has_facts() -> None:
    for engine, rootless in zip(ENGINES, (False, True), strict=True):
        known = {about.name for about in truth.subjects(engine) if about.table == "container"}
        assert plan.podman_names(rootless=rootless) <= known


@pytest.mark.parametrize("engine", ENGINES)
def test_facts_stand_in_one_list_only(engine: str) -> None:
    for about in truth.subjects(engine):
        found = truth.facts(about, engine)
        lists = [found.fail, found.low, found.manual, found.may]
        assert sum(map(len, lists)) == len(frozenset().union(*lists)), about


def test_what_podmans_own_file_says_stands_in_for_dockers() -> None:
    about = truth.Subject("container", "caps-kept")
    assert "RUN-016" in truth.facts(about).fail
    assert "RUN-016" not in truth.facts(about, "podman").required


def test_a_hardened_container_in_libpods_words() -> None:
    found = spec("hardened")
    assert (found["user"], found["read_only_filesystem"], found["no_new_privileges"]) == ("10001:10001", True, True)
    assert found["cap_drop"] == ["ALL"]
    assert found["resource_limits"] == {
        "pids": {"limit": 32},
        "memory": {"limit": 33554432, "swap": 33554432},
        "cpu": {"quota": 20000, "period": 100000},
    }
    assert found["log_configuration"] == {"driver": "json-file", "size": 1 << 20}
    assert (found["restart_policy"], found["restart_tries"]) == ("on-failure", 3)
    assert found["Networks"] == {"lab_quiet": {}}
    assert found["env"] == {"DB_PASSWORD_FILE": "/run/secrets/db"}


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("host-ipc", "ipcns", {"nsmode": "host"}),
        ("host-pid", "pidns", {"nsmode": "host"}),
        ("host-uts", "utsns", {"nsmode": "host"}),
        ("host-network", "netns", {"nsmode": "host"}),
        ("sidecar", "netns", {"nsmode": "container", "value": "hardened-web"}),
        ("cgroupns-host", "cgroupns", {"nsmode": "host"}),
        ("seccomp-off", "seccomp_profile_path", "unconfined"),
        ("paths-unmasked", "unmask", ["ALL"]),
        ("privileged-created", "privileged", True),
        ("device-fuse", "devices", [{"path": "/dev/fuse"}]),
        ("sysctl-unsafe", "sysctl", {"net.ipv4.conf.all.accept_redirects": "1"}),
        ("default-bridge", "Networks", {"podman": {}}),
        ("publish-all", "publish_image_ports", True),
        ("disguised-bind", "volumes", [{"Name": "etc-in-disguise", "Dest": "/data"}]),
    ],
)
def test_a_fault_is_the_same_fault_in_libpods_words(name: str, field: str, value: object) -> None:
    assert spec(name)[field] == value


def test_a_published_port_in_libpods_words() -> None:
    (port,) = spec("redis-public")["portmappings"]
    assert port == {"container_port": 6379, "host_port": 6379, "host_ip": "", "protocol": "tcp"}


def test_a_bind_in_libpods_words() -> None:
    mounts = spec("etc-rw")["mounts"]
    assert {"destination": "/host/etc", "type": "bind", "source": "/etc", "options": ["rbind"]} in mounts


def test_two_rootless_labs_have_users_of_their_own() -> None:
    one, other = (Owner(LabPaths(lab_paths(f"/tmp/{name}").root)) for name in ("a", "b"))
    assert one.uid != other.uid
    assert not set(range(one.ids.start, one.ids.stop)) & set(range(other.ids.start, other.ids.stop))
    assert one.uid not in one.ids
    assert f"--reuid={one.uid}" in one.become()


def test_a_directory_without_a_lab_would_get_docker(tmp_path: object) -> None:
    assert known_engine(f"{tmp_path}/none") == "docker"


def test_the_socket_is_short_enough() -> None:
    assert PodmanPaths(lab_paths("/tmp/x").root).socket.name == "podman.sock"
