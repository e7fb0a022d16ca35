"""How parts of a monitoring stack are recognised, and what is not mistaken for one."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.component import Component
from inventory.components import derive, program, recognise, repository, version_of
from inventory.container import Attachment, Container, Health, Port
from inventory.gap import Gap, Reason
from inventory.host import Host, HostProcess
from inventory.resource import Kind, Resource, ResourceKey
from inventory.store import Store
from inventory.swarm import Service, ServicePort


def container(name: str, image: str, **values: Any) -> Container:
    facts: dict[str, Any] = {
        "id": name, "image_ref": image, "state": "running", "health": None, "service_id": "", "network_mode": "default",
        "entrypoint": (), "command": (), "ports": (), "networks": (Attachment("bridge", "b"),),
    }  # fmt: skip
    key = ResourceKey(Kind.CONTAINER, "docker", name)
    return Container.build(key=key, name=name, raw=repr(values).encode(), **(facts | values))


def found(*resources: Resource) -> tuple[Component, ...]:
    store = Store()
    store.put(resources)
    return derive(store.snapshot(), "docker")


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("prom/prometheus:v2.42.0", "prom/prometheus"),
        ("quay.io/prometheus/node-exporter", "prometheus/node-exporter"),
        ("reg.example:5000/a/b/prom/prometheus:v2@sha256:00", "prom/prometheus"),
        ("localhost/grafana:1", "library/grafana"),
        ("localhost:5000/grafana/loki", "grafana/loki"),
        ("influxdb:2", "library/influxdb"),
        ("", "library/"),
    ],
)
def test_the_last_two_parts_of_a_repository(reference: str, path: str) -> None:
    assert repository(reference) == path


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("a/b:v2.42.0", "v2.42.0"),
        ("a/b:latest", ""),
        ("a/b", ""),
        ("r:5000/a/b", ""),
        ("a/b:stable", ""),
        ("a:1@sha256:0", "1"),
    ],
)
def test_a_tag_claims_a_version(reference: str, version: str) -> None:
    assert version_of(reference) == version


def test_the_image_decides_first() -> None:
    (component,) = found(
        container(
            "m",
            "reg.example/prom/prometheus:v2.42.0",
            ports=(Port(9090, "tcp", "0.0.0.0", 9090), Port(9090, "tcp", "::", 9090)),
        )
    )
    assert (component.product, component.role, component.where) == ("Prometheus", "metrics store", "container")
    assert (component.version, component.state) == ("v2.42.0", "running")
    assert component.endpoints == ("0.0.0.0:9090", "[::]:9090")
    assert component.signs == ("image prom/prometheus", "port 9090")
    assert component.carrier == ResourceKey(Kind.CONTAINER, "docker", "m")


def test_then_the_labels_and_then_the_program() -> None:
    title = {"org.opencontainers.image.title": "Grafana"}
    source = {"org.opencontainers.image.source": "https://git.example/grafana/loki.git"}
    assert recognise("own/thing:1", title, ())[0].name == "Grafana"  # type: ignore[index]
    assert recognise("own/thing:1", source, ())[0].name == "Loki"  # type: ignore[index]
    product, signs = recognise("own/thing:1", {}, ("/usr/bin/tini", "--", "/bin/node_exporter", "--x")) or (None, ())
    assert product is not None
    assert (product.name, signs) == ("node_exporter", ("program node_exporter",))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("sh", "-c", "exec /bin/alertmanager --x"), "alertmanager"),
        (("/entrypoint.sh", "prometheus"), "entrypoint.sh"),
        (("env", "A=1", "loki"), "loki"),
        ((), ""),
        (("-x",), ""),
    ],
)
def test_the_program_behind_shells(words: tuple[str, ...], name: str) -> None:
    assert program(words) == name


def test_a_port_alone_is_never_enough() -> None:
    web = container("web", "own/shop:1", ports=(Port(9090, "tcp", "0.0.0.0", 9090), Port(3000, "tcp", "0.0.0.0", 3000)))
    assert found(web) == ()


def test_a_name_alone_is_never_enough() -> None:
    assert found(container("prometheus", "own/shop:1", command=("serve", "prometheus"))) == ()


def test_where_it_can_be_reached() -> None:
    inside = container("a", "grafana/grafana:1", ports=(Port(3000, "tcp"),))
    host = container("b", "prom/node-exporter:1", network_mode="host", ports=(Port(9100, "tcp"),))
    loopback = container("c", "grafana/loki:1", ports=(Port(3100, "tcp", "127.0.0.1", 3100),))
    assert [component.endpoints for component in found(inside, host, loopback)] == [
        ("network:3000",),
        ("host:9100",),
        ("127.0.0.1:3100",),
    ]


def test_an_unhealthy_container_is_an_unhealthy_component() -> None:
    (component,) = found(container("a", "grafana/grafana:1", health=Health("unhealthy")))
    assert component.state == "unhealthy"


def test_a_row_from_the_list_alone_is_recognised_too() -> None:
    pending = Gap(Reason.PENDING, "x")
    (component,) = found(
        container("a", "grafana/grafana:1", health=pending, entrypoint=pending, command=pending, ports=pending)
    )
    assert (component.product, component.peek("endpoints")) == ("Grafana", pending)


def test_a_service_is_one_component_not_one_per_task() -> None:
    service = Service.build(
        key=ResourceKey(Kind.SERVICE, "docker", "s"), name="mon_loki", image_ref="grafana/loki:3@sha256:00", command=(),
        args=(), ports=(ServicePort("tcp", 3100, 3100, "ingress"),), running=2, desired=3,
    )  # fmt: skip
    task = container("mon_loki.1.x", "grafana/loki:3", service_id="s")
    (component,) = found(service, task)
    assert (component.where, component.state, component.endpoints) == ("service", "2/3", ("ingress:3100",))


def test_host_processes_and_the_engines_own_metrics() -> None:
    host = Host.build(
        key=ResourceKey(Kind.HOST, "docker", "docker"), name="vm",
        processes=(HostProcess(7, "node_exporter", ("/bin/node_exporter",)), HostProcess(8, "sshd", ("sshd",))),
        daemon_config={"metrics-addr": "0.0.0.0:9323"}, daemon_flags=(),
    )  # fmt: skip
    exporter, metrics = found(host)
    assert (exporter.product, exporter.where, exporter.name) == ("node_exporter", "host process", "node_exporter")
    assert (metrics.product, metrics.endpoints) == ("dockerd metrics", ("0.0.0.0:9323",))
    assert exporter.key != metrics.key


def test_nothing_changes_when_nothing_changed() -> None:
    store = Store()
    store.put([container("a", "grafana/grafana:1")])
    store.replace("docker", Kind.COMPONENT, derive(store.snapshot(), "docker"))
    generation = store.snapshot().generation
    store.replace("docker", Kind.COMPONENT, derive(store.snapshot(), "docker"))
    assert store.snapshot().generation == generation


def test_only_the_sources_own_resources() -> None:
    store = Store()
    store.put([container("a", "grafana/grafana:1")])
    assert derive(store.snapshot(), "other") == ()
