"""`rbac.authorization.k8s.io/v1` and service accounts: who was given what."""

from __future__ import annotations

from typing import ClassVar

from inventory.kubernetes.part import LabelSelector, ObjectReference, Part
from inventory.kubernetes.podspec import LocalReference
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind


class PolicyRule(Part, frozen=True):
    """`verbs` on `resources` of `api_groups` (or on `non_resource_urls`); of `resource_names` alone if given."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = ()


class AggregationRule(Part, frozen=True):
    """Which cluster roles' rules the controller copies into this one."""

    cluster_role_selectors: tuple[LabelSelector, ...] = ()


class Granting(KubeResource):
    """What rights are written in, or given by."""

    noun: ClassVar[str] = "role or role binding"


class Rules(Granting):
    """What rights are written in."""

    noun: ClassVar[str] = "role"

    rules: tuple[PolicyRule, ...]


class Role(Rules):
    """Rights in one namespace."""

    kind: ClassVar[Kind] = Kind.ROLE
    api_kind: ClassVar[str] = "Role"


class ClusterRole(Rules):
    """Rights in every namespace, or in that of the RoleBinding which refers to it."""

    kind: ClassVar[Kind] = Kind.CLUSTERROLE
    api_kind: ClassVar[str] = "ClusterRole"

    aggregation_rule: AggregationRule | None


class Binding(Granting):
    """Gives a role to subjects. `subjects`: kind User, Group or ServiceAccount."""

    noun: ClassVar[str] = "role binding"

    role_ref: ObjectReference
    subjects: tuple[ObjectReference, ...]


class RoleBinding(Binding):
    """In its own namespace."""

    kind: ClassVar[Kind] = Kind.ROLEBINDING
    api_kind: ClassVar[str] = "RoleBinding"


class ClusterRoleBinding(Binding):
    """Everywhere."""

    kind: ClassVar[Kind] = Kind.CLUSTERROLEBINDING
    api_kind: ClassVar[str] = "ClusterRoleBinding"


class ServiceAccount(KubeResource):
    """What pods run as; `automount_token` None is the API's default (yes). `secrets`: names of its token secrets."""

    kind: ClassVar[Kind] = Kind.SERVICEACCOUNT
    api_kind: ClassVar[str] = "ServiceAccount"

    automount_token: bool | None
    secrets: tuple[ObjectReference, ...]
    image_pull_secrets: tuple[LocalReference, ...]
