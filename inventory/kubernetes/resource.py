"""What all objects of a cluster share: namespace, owners, when they were made, and by what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import msgspec

from inventory.kubernetes.part import Part
from inventory.resource import Kind, Resource, ResourceKey


class OwnerReference(Part, frozen=True):
    """`metadata.ownerReferences[]`; the one with `controller` set is what made the object."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class FieldManager(Part, frozen=True):
    """`metadata.managedFields[]` without the fields: who wrote the object, through which API version, when."""

    manager: str = ""
    operation: str = ""
    api_version: str = ""
    time: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """Where in a file the object was read: `lines` gives the line (from 1) of each path below the object's root.

    Paths are written as in evidence: `spec.template.spec.containers[0].image`. `template` is what helm rendered.
    """

    file: str
    line: int
    lines: Mapping[str, int]
    template: str = ""

    def line_of(self, path: str) -> int:
        """The line of a path, or of the nearest thing around it that is written in the file."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.line


class KubeResource(Resource):
    """An object of a cluster or of a manifest. The key's id is `namespace/name`, or the name of a cluster-wide one.

    `created` and `deleted` (deletion asked for: Terminating) are epoch seconds, 0.0 when not. `resource_version` is ""
    for what comes from a file; two answers with the same one are the same object. `api_version` is the one it was read
    with. `manifest` is None for what a server told.
    """

    noun: ClassVar[str] = "object of a cluster"
    api_kind: ClassVar[str]

    namespace: str
    uid: str
    resource_version: str
    api_version: str
    created: float
    deleted: float
    annotations: Mapping[str, str]
    owners: tuple[OwnerReference, ...]
    managers: tuple[FieldManager, ...]
    finalizers: tuple[str, ...]
    manifest: Manifest | None

    @property
    def called(self) -> str:
        """Its name with the namespace, if it has one."""
        namespace = self.peek("namespace")
        return f"{namespace}/{self.name}" if isinstance(namespace, str) and namespace else self.name

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that made it and would make it again, or None."""
        return next((owner for owner in self.owners if owner.controller), None)

    def same_as(self, other: Resource) -> bool:
        """Whether the other is the same state of the same object, which the server's version says."""
        if not isinstance(other, KubeResource) or not self.resource_version:
            return False
        return (self.resource_version, self.uid, self.gaps) == (other.resource_version, other.uid, other.gaps)


def object_id(namespace: str, name: str) -> str:
    """The id in a key."""
    return f"{namespace}/{name}" if namespace else name


def object_key(kind: Kind, source: str, namespace: str, name: str) -> ResourceKey:
    """The key of an object that another one names."""
    return ResourceKey(kind, source, object_id(namespace, name))


def families() -> Iterator[type[KubeResource]]:
    """Every concrete family of objects that has been imported."""
    pending: list[type[KubeResource]] = [KubeResource]
    while pending:
        found = pending.pop()
        pending += found.__subclasses__()
        if "kind" in found.__dict__:
            yield found
