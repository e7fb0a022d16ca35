"""The subjects of the recorded cluster, and of what a test writes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from inventory.kubernetes.derivation import derive
from inventory.kubernetes.subjects import SUBJECTS, Subject
from inventory.resource import Kind, Resource
from tests.checks.kubernetes.objects import written
from tests.kubernetes import captured
from tests.kubernetes.captured import SOURCE


def subjects_of(objects: Iterable[Resource]) -> dict[str, Subject]:
    """The subjects that follow from these objects, by the id of their keys."""
    by_kind: dict[Kind, list[Resource]] = {}
    for one in objects:
        by_kind.setdefault(one.key.kind, []).append(one)
    return {one.key.id: one for one in derive(SUBJECTS, by_kind, SOURCE) if isinstance(one, Subject)}


@cache
def recorded_subjects() -> dict[str, Subject]:
    """Those of the recorded cluster."""
    return subjects_of(captured.objects())


def role(rules: str, name: str = "role", namespace: str = "", extra: str = "") -> Resource:
    """A role with these rules (YAML flow); a cluster role where there is no namespace."""
    kind, where = ("Role", f", namespace: {namespace}") if namespace else ("ClusterRole", "")
    head = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: {name!r}{where}}}\n"
    return written(f"{head}rules: {rules}\n{extra}")


def binding(
    subjects: str, role: str = "role", name: str = "binding", namespace: str = "", kind: str = "ClusterRole"
) -> Resource:
    """A binding of a role to subjects (YAML flow)."""
    bind, where = ("RoleBinding", f", namespace: {namespace}") if namespace else ("ClusterRoleBinding", "")
    ref = f"{{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {role!r}}}"
    return written(
        f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {bind}\nmetadata: {{name: {name!r}{where}}}\n"
        f"roleRef: {ref}\nsubjects: {subjects}\n"
    )


def account(name: str, namespace: str, extra: str = "") -> Resource:
    """A service account."""
    return written(f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: {namespace}}}\n{extra}")
