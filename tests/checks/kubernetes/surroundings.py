"""Facts for cases about a cluster as a whole: the recorded one, as it would be with other settings."""

from __future__ import annotations

import json
from typing import Any

from inventory.kubernetes.cluster import Access, ApiResource, Cluster, CustomResource
from inventory.kubernetes.components import ControlPlaneComponent, components_of, flags_of
from inventory.kubernetes.workloads import Pod
from inventory.resource import Kind, Resource, ResourceKey
from inventory.sources.kubernetes.objects import custom
from tests.checks.builders import changed
from tests.checks.kubernetes.objects import RECORDED
from tests.kubernetes.captured import NOW, SOURCE, snapshot

ACCESS = Access("lab", "lab", "admin", "default", "https://10.10.0.10:6443", "client-certificate")
COMPONENTS: tuple[ControlPlaneComponent, ...] = tuple(components_of(snapshot().of(Pod), SOURCE))
API = next(one for one in COMPONENTS if one.component == "kube-apiserver")


def cluster(access: Access = ACCESS, version: str = "v1.36.2", groups: tuple[str, ...] = ()) -> Cluster:
    """The recorded cluster's API server."""
    return Cluster.build(
        key=ResourceKey(Kind.CLUSTER, SOURCE, access.server),
        name="lab",
        observed_at=NOW,
        git_version=version,
        platform="linux/amd64",
        access=access,
        username="admin",
        groups=("system:authenticated",),
        resources=tuple(ApiResource(group, ("v1",), "X", "xs", False, ("list",)) for group in groups),
        stale=(),
        namespaces=(),
    )


def api_server(*flags: str, **documents: Any) -> ControlPlaneComponent:
    """The recorded API server with more flags, and with the configuration files that they name."""
    named = {name.replace("_", "-"): document for name, document in documents.items()}
    return changed(API, flags={**API.flags, **flags_of(flags)}, documents=named)


def without(*gone: Resource) -> tuple[Resource, ...]:
    """The recorded objects and programs but for these."""
    keys = {one.key for one in gone}
    return tuple(one for one in (*RECORDED, *COMPONENTS) if one.key not in keys)


def around(*put: Resource) -> tuple[Resource, ...]:
    """The recorded objects and programs, with these put in place of those with the same key."""
    return (*without(*put), *put)


def policy(api_version: str, kind: str, spec: dict[str, Any], name: str = "policy") -> CustomResource:
    """An object of an installed kind."""
    raw = json.dumps({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}).encode()
    return custom(raw, SOURCE, NOW, api_version, kind)
