"""What the engines' answers about images, networks, volumes, themselves and the swarm mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inventory.gap import Gap, Reason
from inventory.network import Subnet
from inventory.sources.decode import AnswerError, items, member
from inventory.sources.docker import translate
from inventory.swarm import SecretReference, Service, ServicePort
from tests.inventory.docker.captured import AT, DATA, edited, gap, raw

NETWORKS = sorted(path for engine in ("docker", "podman") for path in (DATA / f"{engine}-api").glob("network-*.json"))


def services() -> dict[str, Service]:
    found = (translate.service(item, "docker", AT) for item in items(raw("docker-api/services-status.json")))
    return {service.name: service for service in found}


def test_an_image_and_its_history() -> None:
    image = translate.image(
        raw("docker-api/image-inspect-lab_app_2.0.1.json"),
        raw("docker-api/image-history-lab_app_2.0.1.json"),
        "docker",
        AT,
    )
    assert not image.gaps
    assert (image.name, image.user, image.size, len(image.layers)) == ("lab/app:2.0.1", "app", 1984350, 4)
    assert image.exposed_ports == ("8080/tcp", "9090/udp")
    assert "DB_PASSWORD=hunter2-lab" in image.env
    assert image.healthcheck is not None
    assert image.history[0].created > image.history[-1].created
    assert len(image.history) == 14


def test_podmans_image_has_no_health_check_and_fully_qualified_names() -> None:
    image = translate.image(
        raw("podman-api/image-inspect-app.json"), raw("podman-api/image-history-app.json"), "podman", AT
    )
    assert not image.gaps
    assert (image.name, image.healthcheck) == ("localhost/lab/app:2.0.1", None)


def test_an_image_of_newer_engines_leaves_out_what_is_empty() -> None:
    def as_1_52(document: dict[str, object]) -> None:
        for name in ("VirtualSize", "Container", "ContainerConfig", "Comment", "Created", "Parent", "Metadata"):
            document.pop(name, None)
        document["Config"] = {"Env": ["PATH=/bin"]}
        document["RepoTags"], document["RepoDigests"] = [], []

    image = translate.image(edited("docker-api/image-inspect-lab_app_2.0.1.json", as_1_52), b"[]", "docker", AT)
    assert not image.gaps
    assert (image.user, image.created, image.dangling, image.name) == ("", 0.0, True, "d92d3ae7993d")


def test_none_none_is_no_tag() -> None:
    def untag(document: dict[str, object]) -> None:
        document.update(RepoTags=["<none>:<none>"], RepoDigests=["<none>@<none>"])

    image = translate.image(edited("docker-api/image-inspect-lab_app_2.0.1.json", untag), None, "docker", AT)
    assert (image.repo_tags, image.repo_digests) == ((), ())
    assert gap(image, "history").reason is Reason.PENDING


def test_a_history_that_could_not_be_read_is_a_gap_of_the_history_only() -> None:
    body = raw("docker-api/image-inspect-busybox_1.35.json")
    for history, reason in ((Gap(Reason.DENIED, "GET /x"), Reason.DENIED), (b'[{"Created":', Reason.MALFORMED)):
        image = translate.image(body, history, "docker", AT)
        assert set(image.gaps) == {"history"}
        assert gap(image, "history").reason is reason


def test_the_list_of_images_leaves_the_configuration_pending() -> None:
    found = [translate.image_from_list(item, "docker", AT) for item in items(raw("docker-api/images.json"))]
    assert found[0].name == "lab/committed:1"
    assert gap(found[0], "user").reason is Reason.PENDING


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_every_captured_network_is_read_without_a_gap(path: Path) -> None:
    assert not translate.network(path.read_bytes(), "docker", AT).gaps


def test_members_and_subnets_of_a_network() -> None:
    overlay = translate.network(raw("docker-api/network-ov1.json"), "docker", AT)
    assert overlay.subnets == (Subnet("10.0.1.0/24", "10.0.1.1"),)
    assert {found.container_id for found in overlay.members} >= {"lb-ov1"}
    assert translate.network(raw("docker-api/network-ovenc.json"), "docker", AT).encrypted
    assert not overlay.encrypted
    assert not translate.network(raw("docker-api/network-noicc.json"), "docker", AT).icc
    v6 = translate.network(raw("podman-api/network-pv6.json"), "podman", AT)
    assert len(v6.subnets) == 2


def test_the_list_does_not_tell_members() -> None:
    pending = Gap(Reason.PENDING, "")
    found = [translate.network(item, "docker", AT, pending) for item in items(raw("docker-api/networks.json"))]
    assert {gap(network, "members").reason for network in found} == {Reason.PENDING}


def test_volumes() -> None:
    body = member(raw("docker-api/volumes.json"), "Volumes")
    found = {volume.name: volume for volume in (translate.volume(item, "docker", AT) for item in items(body))}
    assert dict(found["tmpvol"].options) == {"device": "tmpfs", "o": "size=10m", "type": "tmpfs"}
    assert dict(found["pgdata"].labels) == {"backup": "yes"}
    assert found["pgdata"].created > 0
    assert items(member(b'{"Volumes":null,"Warnings":null}', "Volumes")) == []


def test_the_engine_tells_what_it_warns_of() -> None:
    engine = translate.engine(
        raw("docker-api/info.json"), raw("docker-api/version.json"), "unix:///x", True, "docker", AT
    )
    assert set(engine.gaps) == {"firewall_backend", "plugins"}  # told from API 1.49 on; not asked
    assert "without encryption" in engine.warnings[0]
    assert engine.insecure_registries == ("registry.lab:5000",)
    assert (engine.flavour, engine.version, engine.api_version) == ("docker", "20.10.24+dfsg1", "1.41")
    assert engine.components["containerd"] == "1.6.20~ds1"
    assert (engine.swarm.state, engine.swarm.control_available) == ("active", True)
    assert abs(engine.system_time - 1795433500) < 60


def test_a_hardened_engine_says_so_where_it_can() -> None:
    engine = translate.engine(
        raw("docker-api/info-hardened.json"), raw("docker-api/version.json"), "unix:///x", True, "docker", AT
    )
    assert engine.security_option("userns") is not None
    assert engine.root_dir.endswith("100000.100000")
    assert engine.live_restore
    # No-new-privileges for all containers is told nowhere by this version; only /proc shows it.
    assert engine.security_option("no-new-privileges") is None


def test_podman_is_recognised_and_has_no_swarm() -> None:
    engine = translate.engine(
        raw("podman-api/info.json"), raw("podman-api/version.json"), "unix:///x", True, "podman", AT
    )
    assert (engine.flavour, engine.version, engine.swarm.state) == ("podman", "4.3.1", "inactive")
    assert set(engine.gaps) == {"firewall_backend", "plugins"}


def test_an_engine_without_info_still_has_a_version() -> None:
    denied = Gap(Reason.DENIED, "GET /info", "authorization denied by plugin")
    engine = translate.engine(denied, raw("docker-api/version.json"), "unix:///x", True, "docker", AT)
    assert engine.version == "20.10.24+dfsg1"
    assert gap(engine, "warnings") is denied
    with pytest.raises(AnswerError):
        translate.engine(denied, denied, "unix:///x", True, "docker", AT)


def test_services() -> None:
    web, agent = services()["stk_web"], services()["stk_agent"]
    assert not web.gaps
    assert (web.mode, web.replicas, web.running, web.stack) == ("replicated", 3, 3, "stk")
    assert web.ports == (ServicePort("tcp", 80, 18090, "ingress"),)
    assert web.secrets == (SecretReference("xo1iroc6lfrri7kov46wjvchj", "db_pass", 0o444),)
    assert (agent.mode, agent.replicas, agent.running, agent.desired) == ("global", 0, 1, 1)
    assert services()["job2"].mode == "replicated-job"
    assert services()["hostport"].ports[0].publish_mode == "host"
    uncounted = next(iter(items(raw("docker-api/services.json"))))
    assert translate.service(uncounted, "docker", AT).running is None


def test_tasks_are_named_like_the_command_line_names_them() -> None:
    names = {service.id: service.name for service in services().values()}
    tasks = [translate.task(item, "docker", AT, names) for item in items(raw("docker-api/tasks.json"))]
    assert not any(task.gaps for task in tasks)
    assert any(task.name == "stk_web.3" for task in tasks)
    failed = next(task for task in tasks if task.state == "failed")
    assert (failed.error, failed.exit_code) == ("task: non-zero exit (1)", 1)


def test_nodes_secrets_and_configs() -> None:
    node = translate.node(raw("docker-api/node.json"), "docker", AT)
    assert not node.gaps
    assert (node.role, node.leader, node.state, node.name) == ("manager", True, "ready", "vm")
    assert node.trust_root.startswith("-----BEGIN CERTIFICATE")
    assert dict(node.labels) == {"zone": "earth"}
    secret = translate.secret(items(raw("docker-api/secrets.json"))[0], "docker", AT)
    assert (secret.name, dict(secret.labels)) == ("api_key", {"rot": "30d"})
    config = translate.config(items(raw("docker-api/configs.json"))[0], "docker", AT)
    assert (config.name, config.data) == ("app_conf", "a=1\n")
    broken = json.dumps({"ID": "x", "Spec": {"Name": "n", "Data": "%%%"}}).encode()
    assert gap(translate.config(broken, "docker", AT), "data").path == "Spec.Data"


def test_join_tokens_and_keys_are_dropped_before_anything_is_kept() -> None:
    def add(document: dict[str, Any]) -> None:
        document["Spec"]["CAConfig"]["SigningCAKey"] = "-----BEGIN EC PRIVATE KEY-----"
        document["UnlockKey"] = {"UnlockKey": "SWMKEY-1-x"}

    assert b"SWMTKN" in raw("docker-api/swarm.json")
    swarm = translate.swarm(edited("docker-api/swarm.json", add), "docker", AT)
    for secret in (b"SWMTKN", b"SWMKEY", b"PRIVATE KEY", b"JoinTokens"):
        assert secret not in swarm.raw
    assert not swarm.gaps
    assert (swarm.autolock_managers, swarm.node_cert_expiry) == (False, 90 * 86400.0)
    assert swarm.trust_root.startswith("-----BEGIN CERTIFICATE")


def test_secret_data_is_dropped_should_an_engine_ever_send_it() -> None:
    body = json.dumps({"ID": "x", "Spec": {"Name": "n", "Data": "aHVudGVyMg=="}}).encode()
    assert b"aHVudGVyMg" not in translate.secret(body, "docker", AT).raw
