"""Paths from outside to the pods of the recorded cluster."""

from __future__ import annotations

from typing import cast

import pytest

from inventory.gap import Gap, Reason
from inventory.kubernetes.outside import exposure_of, exposures, service_exposure
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import Kind
from inventory.snapshot import Snapshot
from tests.checks.builders import changed
from tests.kubernetes.captured import NOW, SOURCE, one, snapshot


def told(bearer: PodBearer) -> list[str]:
    found = exposure_of(snapshot(), bearer)
    assert not found.unread
    return [f"{path.way}: {path.outside} > {path.target} {path.limited}".strip() for path in found.paths]


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (Kind.DEPLOYMENT, "legacy/billing-php", [
            "port of its node: its node:8081 > 80",
            "external address: 203.0.113.50:80 > 80",
            "Ingress: billing.example.com/ > 80",
            "Ingress: *.example.com/ > 80",
        ]),
        (Kind.POD, "legacy/ftp-8597d9df77-wnnw5", [
            "load balancer: pending:21 > 21",
            "port of every node: every node:31141 > 21",
        ]),
        (Kind.POD, "prod/storefront-6b874c95c6-gf6l4", [
            "Ingress: shop.example.com/ > 8080",
            "Ingress: www.shop.example.com/ > 8080",
            "Gateway: shop.example.com:80 > 8080",
            "Gateway: shop.example.com:443 > 8080",
        ]),
        (Kind.POD, "ingress-nginx/ingress-nginx-controller-569677656b-sj5gp", [
            "load balancer: 203.0.113.80:80 > 80 198.51.100.0/24",
            "port of every node: every node:30949 > 80",
            "load balancer: 203.0.113.80:443 > 443 198.51.100.0/24",
            "port of every node: every node:31308 > 443",
        ]),
        (Kind.POD, "monitoring/node-exporter-9rjkv", ["network of its node: worker-1 > 0"]),
        (Kind.POD, "prod/postgres-0", []),
    ],
)  # fmt: skip
def test_paths_to_pods(kind: Kind, name: str, expected: list[str]) -> None:
    assert told(cast("PodBearer", one(kind, name))) == expected


def test_every_service_that_is_reached() -> None:
    found = {service.key.id: exposure for service, exposure in exposures(snapshot(), SOURCE)}
    assert "prod/redis" in found
    assert "prod/postgres" not in found
    assert [key.kind for key in found["prod/storefront"].paths[-1].through] == [
        Kind.GATEWAY,
        Kind.HTTPROUTE,
        Kind.KUBE_SERVICE,
    ]


def test_what_may_not_be_read_is_said_beside_what_is_known() -> None:
    gap = Gap(Reason.DENIED, "GET /apis/networking.k8s.io/v1/ingresses")
    state = snapshot()
    poorer = Snapshot(1, NOW, state.by_kind, {}, {(SOURCE, Kind.INGRESS): gap})
    found = exposure_of(poorer, cast("Pod", one(Kind.DEPLOYMENT, "legacy/billing-php")))
    assert len(found.paths) == 2
    assert found.unread == (gap,)
    service = changed(one(Kind.KUBE_SERVICE, "prod/postgres"), spec=gap)
    assert service_exposure(state, service).unread == (gap,)  # type: ignore[arg-type]  # a Service
