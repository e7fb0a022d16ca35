"""The monitoring stack of the recorded cluster is recognised, and what is none is not."""

from __future__ import annotations

from inventory.kubernetes.derivation import derive
from inventory.kubernetes.monitoring import DERIVATION
from inventory.resource import Kind
from tests.checks.kubernetes.objects import written
from tests.kubernetes.captured import SOURCE, snapshot


def recorded() -> dict[str, tuple[str, str]]:
    by_kind = {kind: tuple(found.values()) for kind, found in snapshot().by_kind.items()}
    return {one.name: (one.peek("product"), one.peek("where")) for one in derive(DERIVATION, by_kind, SOURCE)}


def test_the_recorded_stack_is_recognised() -> None:
    products = {product for product, _ in recorded().values()}
    assert {"Grafana", "Loki", "kube-state-metrics", "node_exporter", "Fluent Bit", "blackbox_exporter"} <= products


def test_each_is_a_workload_and_never_one_of_its_pods() -> None:
    found = recorded()
    assert {where for _, where in found.values()} == {"workload"}
    assert not any(name.startswith("monitoring/fluent-bit-") for name in found)


def test_what_answers_on_every_node_is_told_from_what_is_inside() -> None:
    service = written(
        "{apiVersion: v1, kind: Service, metadata: {name: p, namespace: m}, "
        "spec: {type: NodePort, selector: {app: p}, ports: [{port: 9090, targetPort: web, nodePort: 30090}]}}"
    )
    workload = written(
        "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: p, namespace: m}, spec: {template: {metadata: "
        "{labels: {app: p}}, spec: {containers: "
        "[{name: p, image: prom/prometheus:v3.1.0, ports: [{name: web, containerPort: 9090}]}]}}}}"
    )
    (found,) = derive(DERIVATION, {Kind.STATEFULSET: (workload,), Kind.KUBE_SERVICE: (service,)}, SOURCE)
    assert found.peek("endpoints") == ("0.0.0.0:30090", "network:9090")
    assert found.peek("version") == "v3.1.0"
    assert found.peek("carrier") == workload.key
