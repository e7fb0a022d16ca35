"""What a waiver can choose resources by, read off them: image, label, Compose project, namespace, value of a fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

from checks.verdict import Evidence, Verdict
from inventory.component import Component
from inventory.container import Container
from inventory.gap import Gap
from inventory.image import Image
from inventory.reference import DEFAULT_REGISTRY, parse
from inventory.resource import Kind, Resource, ResourceKey
from inventory.swarm import Service

_PROJECT = ("com.docker.compose.project", "io.podman.compose.project", "com.docker.stack.namespace")
# What the controllers of Kubernetes make. Anybody may write any owner, the object itself too: what leads round in
# circles must not be taken for the source of a finding.
_MAKERS: Mapping[Kind, frozenset[str]] = {
    Kind.POD: frozenset({"replicaset", "statefulset", "daemonset", "job", "replicationcontroller"}),
    Kind.REPLICASET: frozenset({"deployment"}),
    Kind.JOB: frozenset({"cronjob"}),
}
_NAMESPACE = ("io.kubernetes.pod.namespace",)  # written by cri-dockerd on the containers that it starts


def exactly(text: str) -> str:
    """A glob that fits this text alone; one that does not look empty even if the text is blank."""
    return re.sub(r"([*?[])" if text.strip() else r"(?s)(.)", r"[\1]", text)


def behind(resource: Resource | None) -> ResourceKey | None:
    """The resource whose image, labels and project count for this one, if it has none of its own."""
    carrier = resource.peek("carrier") if isinstance(resource, Component) else None
    return carrier if isinstance(carrier, ResourceKey) else None


def maker(resource: Resource | None) -> ResourceKey | None:
    """What made a pod or a workload from its template and would make it so again: its controller, if it has one."""
    if resource is None or "pod_spec" not in resource.field_names:
        return None
    owners = resource.peek("owners")
    for owner in () if isinstance(owners, Gap) else owners:
        if owner.controller and owner.kind.lower() in _MAKERS.get(resource.key.kind, ()):
            kind = Kind(owner.kind.lower())
            return ResourceKey(kind, resource.key.source, f"{resource.peek('namespace')}/{owner.name}")
    return None


def image_names(resource: Resource) -> Iterator[str]:
    """Every way to write the image: as its user did, with the registry filled in, by content id."""
    if isinstance(resource, Container):
        written = [_text(resource, "image_ref")]
        yield _text(resource, "image_id")
    elif isinstance(resource, Service):
        written = [_text(resource, "image_ref")]
    elif isinstance(resource, Image):
        written = [resource.name, *_texts(resource, "repo_tags"), *_texts(resource, "repo_digests")]
        yield resource.key.id
    elif "pod_spec" in resource.field_names:
        spec = resource.peek("pod_spec")
        written = [] if isinstance(spec, Gap) else [container.image for _, container in spec.all_containers()]
    else:
        written = []
    for name in filter(None, written):
        yield name
        yield from _spelt_out(name)


@lru_cache(4096)  # waivers ask again for every finding of every user of an image
def _spelt_out(name: str) -> tuple[str, ...]:
    """`nginx` is also `nginx:latest` and `docker.io/library/nginx:latest`."""
    if name.startswith("sha256:"):
        return ()
    spellings: list[str] = []
    found = parse(name)
    short = found.repository.removeprefix("library/") if found.registry == DEFAULT_REGISTRY else ""
    for repository in filter(None, (short, f"{found.registry}/{found.repository}")):
        tagged = f"{repository}:{found.tag or 'latest'}" if found.tag or not found.digest else repository
        spellings += (tagged, f"{tagged}@{found.digest}") if found.digest else (tagged, tagged.removesuffix(":latest"))
    return tuple(spellings)


def repository(name: str) -> str:
    """A reference without tag and digest, otherwise as it was written."""
    bare = name.partition("@")[0]
    head, colon, tag = bare.rpartition(":")
    return head if colon and "/" not in tag and head != "sha256" else bare


def project(resource: Resource) -> str:
    """The Compose project or Swarm stack that it belongs to; "" if none, or if its labels were not read."""
    if isinstance(resource, Container):
        return _text(resource, "project") or _label(resource, _PROJECT)
    if isinstance(resource, Service):
        return _text(resource, "stack") or _label(resource, _PROJECT)
    return _label(resource, _PROJECT)


def namespace(resource: Resource) -> str:
    """The Kubernetes namespace of an object, or of a container that a kubelet started; "" if none."""
    if "namespace" in resource.field_names:
        return _text(resource, "namespace")
    return _label(resource, _NAMESPACE)


def has_label(resource: Resource, pattern: str) -> bool:
    """Whether a label of it fits `key` or `key=value`, both globs."""
    labels = resource.peek("labels")
    return not isinstance(labels, Gap) and selected(labels, pattern)


def selected(labels: Mapping[str, str], pattern: str) -> bool:
    """Whether one of these labels fits `key` or `key=value`, both globs."""
    key, equals, value = pattern.partition("=")
    return any(fnmatchcase(name, key) and (not equals or fnmatchcase(said, value)) for name, said in labels.items())


def names_every_fault(verdict: Verdict, patterns: Iterable[str]) -> bool:
    """Whether the patterns cover all that was found, so that one accepted fault never hides the next one.

    Each piece of evidence counts by its value or its path; where there is but one, the salient value will do too.
    """
    patterns = tuple(patterns)
    evidence = verdict.evidence
    if len(evidence) <= 1 and verdict.salient and _fits(verdict.salient, patterns):
        return True
    return bool(evidence) and all(_said(item, patterns) for item in evidence)


def _said(item: Evidence, patterns: tuple[str, ...]) -> bool:
    return _fits(item.value, patterns) or _fits(item.path, patterns)


def _fits(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _label(resource: Resource, keys: tuple[str, ...]) -> str:
    labels = resource.peek("labels")
    return "" if isinstance(labels, Gap) else next((labels[key] for key in keys if key in labels), "")


def _text(resource: Resource, field: str) -> str:
    found = resource.peek(field)
    return found if isinstance(found, str) else ""


def _texts(resource: Resource, field: str) -> tuple[str, ...]:
    found = resource.peek(field)
    return found if isinstance(found, tuple) else ()
