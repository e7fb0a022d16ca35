"""What Podman's own API adds to a container: pod, cgroup namespace, log limit, runtime, kernel settings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.sources.decode import AnswerError, items
from inventory.sources.docker import libpod, translate
from tests.inventory.docker.captured import AT, edited, gap, raw

PODS = libpod.pod_names(raw("podman-api/libpod-pods.json"))


def container(name: str, native: bytes | Gap | None = None, pods: dict[str, str] = PODS) -> Container:
    """A container of the lab from both of its answers."""
    native = raw(f"podman-api/libpod-inspect-{name}.json") if native is None else native
    return translate.container(raw(f"podman-api/inspect-lab-{name}.json"), "podman", AT, libpod=native, pods=pods)


def test_a_member_of_a_pod_knows_its_name_and_belongs_to_it() -> None:
    web = container("pod-web")
    assert (web.pod, web.infra, web.project) == ("frontdoor", False, "frontdoor")


def test_podmans_own_container_of_a_pod_is_known() -> None:
    infra = container("infra")
    assert (infra.pod, infra.infra) == ("frontdoor", True)
    assert any(port.published for port in infra.ports)


def test_a_pod_whose_name_is_not_known_is_called_by_its_id() -> None:
    web = container("pod-web", pods={})
    assert len(web.pod) == 12
    assert web.project == web.pod


def test_a_compose_project_stays_before_the_pod() -> None:
    body = edited(
        "podman-api/inspect-lab-pod-web.json",
        lambda document: document["Config"].update(Labels={"com.docker.compose.project": "shop"}),
    )
    native = raw("podman-api/libpod-inspect-pod-web.json")
    web = translate.container(body, "podman", AT, libpod=native, pods=PODS)
    assert (web.project, web.pod) == ("shop", "frontdoor")


def test_a_single_container_is_in_no_pod() -> None:
    hardened = container("hardened")
    assert (hardened.pod, hardened.infra, hardened.project) == ("", False, "")


def test_the_cgroup_namespace_and_the_runtime_are_told() -> None:
    assert translate.container(raw("podman-api/inspect-lab-hardened.json"), "podman", AT).cgroupns_mode == ""
    assert (container("hardened").cgroupns_mode, container("hardened").runtime) == ("private", "runc")


def test_the_limit_of_the_log_is_told() -> None:
    assert container("hardened").log_config.options == {"max-size": "1049000"}
    assert container("sysctl-unsafe").log_config.options == {"max-size": "1000000"}


@pytest.mark.parametrize("size", ["", "0B", "much", "-1"])
def test_no_limit_of_the_log_is_none(size: str) -> None:
    def unlimited(document: dict[str, Any]) -> None:
        document["HostConfig"]["LogConfig"]["Size"] = size

    native = edited("podman-api/libpod-inspect-hardened.json", unlimited)
    assert container("hardened", native).log_config.options == {}


def test_kernel_settings_are_known_of_what_was_typed() -> None:
    assert container("sysctl-unsafe").sysctls == {"net.ipv4.conf.all.accept_redirects": "1"}


@pytest.mark.parametrize("words", [["--sysctl", "a.b=1"], ["--sysctl=a.b=1"], ["--sysctl=a.b=1", "--sysctl"]])
def test_both_ways_to_write_a_kernel_setting_are_understood(words: list[str]) -> None:
    def typed(document: dict[str, Any]) -> None:
        document["Config"]["CreateCommand"] = ["podman", "run", *words]

    native = edited("podman-api/libpod-inspect-hardened.json", typed)
    assert container("hardened", native).sysctls == {"a.b": "1"}


def test_kernel_settings_of_what_came_over_the_api_are_not_known() -> None:
    assert gap(container("hardened"), "sysctls").reason is Reason.UNSUPPORTED


@pytest.mark.parametrize("native", [b"", b"[]", b'{"Pod"', b"\xff", Gap(Reason.TIMEOUT, "x", "slow")])
def test_an_answer_that_is_missing_or_makes_no_sense_is_a_gap_for_what_only_it_tells(native: bytes | Gap) -> None:
    found = container("hardened", native)
    for field in ("cgroupns_mode", "sysctls", "log_config", "pod", "infra"):
        assert gap(found, field).path == libpod.PATH
    assert found.memory == 33554432


@pytest.mark.parametrize("change", [{"Pod": 3}, {"IsInfra": "yes"}, {"HostConfig": []}])
def test_a_wrong_type_costs_its_field_and_no_more(change: dict[str, object]) -> None:
    native = edited("podman-api/libpod-inspect-hardened.json", lambda document: document.update(change))
    assert container("hardened", native).state == "running"


def test_docker_has_no_pods() -> None:
    found = translate.container(raw("docker-api/inspect-plain.json"), "docker", AT)
    assert (found.pod, found.infra) == ("", False)


def test_the_list_of_networks_says_what_dockers_would() -> None:
    networks = {
        found.name: found
        for item in items(raw("podman-api/libpod-networks.json"))
        if (found := translate.network(libpod.as_network(item), "podman", AT))
    }
    inspected = translate.network(raw("podman-api/network-lab-v6.json"), "podman", AT)
    listed = networks["lab_v6"]
    for field in ("id", "driver", "scope", "internal", "enable_ipv6", "subnets", "labels", "created"):
        assert getattr(listed, field) == getattr(inspected, field), field
    assert networks["lab_internal"].internal


@pytest.mark.parametrize("body", [b"3", b"[]", b'{"id"'])
def test_a_network_that_is_none_is_an_error(body: bytes) -> None:
    with pytest.raises(AnswerError):
        libpod.as_network(body)


def test_pods_without_a_name_are_left_out() -> None:
    assert libpod.pod_names(json.dumps([{"Id": "a"}, {"Id": "b", "Name": "web"}, {"Name": "c"}]).encode()) == {
        "b": "web"
    }
    with pytest.raises(AnswerError):
        libpod.pod_names(b"{")
