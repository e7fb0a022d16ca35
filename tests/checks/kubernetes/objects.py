"""Facts for cases: objects of the recorded cluster, changed where a case needs it, and manifests written out."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import yaml

from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind, Resource
from inventory.sources.kubernetes.kinds import BY_API
from inventory.sources.kubernetes.objects import translate
from tests.kubernetes import captured
from tests.kubernetes.captured import NOW, SOURCE

R = TypeVar("R", bound=Resource)

RECORDED = captured.objects()
"""Everything that was recorded, to join a subject in its snapshot."""


def recorded(kind: Kind, name: str) -> KubeResource:
    """An object of the recorded cluster, by kind and id (`namespace/name`)."""
    return captured.one(kind, name)


def written(text: str) -> KubeResource:
    """The object that a YAML document describes."""
    document = yaml.safe_load(text)
    group = document["apiVersion"].partition("/")[0] if "/" in document["apiVersion"] else ""
    kind = BY_API[group, document["kind"]]
    return translate(kind.family, json.dumps(document).encode(), SOURCE, NOW)


def others(subject: Resource) -> tuple[Resource, ...]:
    """The recorded cluster around a subject that may replace one of its objects."""
    return tuple(one for one in RECORDED if one.key != subject.key)


def pod(spec: str = "containers: [{name: app, image: registry.example/app@sha256:1}]", **meta: Any) -> KubeResource:
    """A pod of this spec (YAML)."""
    metadata = {"name": "app", "namespace": "prod", **meta}
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": yaml.safe_load(spec)}
    return written(yaml.safe_dump(document))
