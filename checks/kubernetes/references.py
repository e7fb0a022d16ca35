"""Which secrets, ConfigMaps and accounts the objects of a namespace name, and which there are.

One index per family, its entries by namespace: a change of one pod concerns the checks that look at its namespace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from weakref import WeakKeyDictionary

import msgspec

from checks.kubernetes.by_namespace import Builder, by_namespace
from checks.view import View
from inventory.gap import Gap, Unread
from inventory.kubernetes.configuration import ConfigMap, KubeSecret
from inventory.kubernetes.exposure import Gateway, Ingress
from inventory.kubernetes.podspec import PodSpec
from inventory.kubernetes.rbac import ServiceAccount
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.workloads import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    Pod,
    PodBearer,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)

BEARERS: tuple[type[PodBearer], ...] = (
    Pod, Deployment, StatefulSet, DaemonSet, CronJob, Job, ReplicaSet, ReplicationController,
)  # fmt: skip


class Named(msgspec.Struct, frozen=True):
    """Names that pod specs refer to; the needed ones keep a pod from starting when they are missing.

    `unread` is the gap of a spec that could not be read: then nobody knows what else is named.
    """

    secrets: frozenset[str] = frozenset()
    config_maps: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    needed_secrets: frozenset[str] = frozenset()
    needed_config_maps: frozenset[str] = frozenset()
    unread: Gap | None = None


_NAMED: WeakKeyDictionary[PodSpec, Named] = WeakKeyDictionary()


def named_by(spec: PodSpec) -> Named:
    """What one pod spec refers to; found once for all pods that share it."""
    known = _NAMED.get(spec)
    if known is None:
        secrets = [*_secrets(spec)]
        maps = [*_config_maps(spec)]
        known = _NAMED[spec] = Named(
            _names(secrets),
            _names(maps),
            frozenset({spec.service_account_name} - {""}),
            _names(one for one in secrets if not one[1]),
            _names(one for one in maps if not one[1]),
        )
    return known


def _names(found: Iterable[tuple[str, bool]]) -> frozenset[str]:
    return frozenset(name for name, _ in found if name)


def _secrets(spec: PodSpec) -> Iterator[tuple[str, bool]]:
    """Names and whether the pod does without."""
    for pull in spec.image_pull_secrets:
        yield pull.name, True  # a missing one does not keep the image from being pulled
    for volume in spec.volumes:
        if volume.secret is not None:
            yield volume.secret.secret_name, volume.secret.optional
        for source in volume.projected.sources if volume.projected is not None else ():
            if source.secret is not None:
                yield source.secret.name, source.secret.optional
    for _, container in spec.all_containers():
        for variable in container.env:
            key = variable.value_from.secret_key_ref if variable.value_from is not None else None
            if key is not None:
                yield key.name, key.optional
        for one in container.env_from:
            if one.secret_ref is not None:
                yield one.secret_ref.name, one.secret_ref.optional


def _config_maps(spec: PodSpec) -> Iterator[tuple[str, bool]]:
    for volume in spec.volumes:
        if volume.config_map is not None:
            yield volume.config_map.name, volume.config_map.optional
        for source in volume.projected.sources if volume.projected is not None else ():
            if source.config_map is not None:
                yield source.config_map.name, source.config_map.optional
    for _, container in spec.all_containers():
        for variable in container.env:
            key = variable.value_from.config_map_key_ref if variable.value_from is not None else None
            if key is not None:
                yield key.name, key.optional
        for one in container.env_from:
            if one.config_map_ref is not None:
                yield one.config_map_ref.name, one.config_map_ref.optional


def joined(found: Iterable[Named]) -> Named:
    """All of them together."""
    parts = tuple(found)
    return Named(
        frozenset().union(*(one.secrets for one in parts)),
        frozenset().union(*(one.config_maps for one in parts)),
        frozenset().union(*(one.accounts for one in parts)),
        frozenset().union(*(one.needed_secrets for one in parts)),
        frozenset().union(*(one.needed_config_maps for one in parts)),
        next((one.unread for one in parts if one.unread is not None), None),
    )


def _named(bearers: list[PodBearer]) -> Named:
    specs = {bearer.peek("pod_spec") for bearer in bearers}
    found = joined(named_by(spec) for spec in specs if not isinstance(spec, Gap))
    unread = next((spec for spec in specs if isinstance(spec, Gap)), None)
    return msgspec.structs.replace(found, unread=unread) if unread is not None else found


_BUILDERS: Mapping[type[PodBearer], Builder[Named]] = {family: by_namespace(_named) for family in BEARERS}


def named_in(view: View, namespace: str) -> Named:
    """What the pods of a namespace and all that makes pods there refer to. Raises `Unread` where that is not known."""
    found = joined(view.index_of(family, _BUILDERS[family], namespace) or Named() for family in BEARERS)
    if found.unread is not None:
        raise Unread(found.unread)
    return found


# -- what Ingresses and Gateways serve with ------------------------------------------------------------------------


def _ingress_hosts(found: tuple[Ingress, ...]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Hosts by secret, by namespace."""
    hosts: dict[str, dict[str, tuple[str, ...]]] = {}
    for ingress in found:
        spec = ingress.peek("spec")
        if isinstance(spec, Gap):
            continue
        for tls in spec.tls:
            if tls.secret_name:
                of = hosts.setdefault(ingress.namespace, {})
                of[tls.secret_name] = tuple(sorted({*of.get(tls.secret_name, ()), *tls.hosts}))
    return hosts


def _gateway_hosts(found: tuple[Gateway, ...]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    hosts: dict[str, dict[str, tuple[str, ...]]] = {}
    for gateway in found:
        spec = gateway.peek("spec")
        if isinstance(spec, Gap):
            continue
        for listener in spec.listeners:
            for one in listener.tls.certificate_refs if listener.tls is not None else ():
                of = hosts.setdefault(one.namespace or gateway.namespace, {})
                names = {listener.hostname} - {""}
                of[one.name] = tuple(sorted({*of.get(one.name, ()), *names}))
    return hosts


def served_hosts(view: View, namespace: str) -> Mapping[str, tuple[str, ...]]:
    """The hosts that Ingresses and Gateways serve with each secret of a namespace."""
    by_ingress = view.index_of(Ingress, _ingress_hosts, namespace) or {}
    by_gateway = view.index_of(Gateway, _gateway_hosts, namespace) or {}
    return {
        name: tuple(sorted({*by_ingress.get(name, ()), *by_gateway.get(name, ())}))
        for name in (*by_ingress, *by_gateway)
    }


# -- what there is -------------------------------------------------------------------------------------------------


class Kept(msgspec.Struct, frozen=True):
    """A secret as far as it matters who needs it; `owned`: something else made it and looks after it."""

    name: str
    type: str
    created: float
    owned: bool


def _kept(found: tuple[KubeSecret, ...]) -> Mapping[str, tuple[Kept, ...]]:
    secrets: dict[str, list[Kept]] = {}
    for one in found:
        kind, created, owners = one.peek("type"), one.peek("created"), one.peek("owners")
        secrets.setdefault(one.namespace, []).append(
            Kept(
                one.name,
                "" if isinstance(kind, Gap) else kind,
                0.0 if isinstance(created, Gap) else created,
                isinstance(owners, Gap) or bool(owners),
            )
        )
    return {namespace: tuple(sorted(ones, key=lambda one: one.name)) for namespace, ones in secrets.items()}


def secrets_in(view: View, namespace: str) -> tuple[Kept, ...]:
    """The secrets of a namespace, by name."""
    return view.index_of(KubeSecret, _kept, namespace) or ()


def _by_namespace(found: tuple[KubeResource, ...]) -> Mapping[str, frozenset[str]]:
    names: dict[str, set[str]] = {}
    for one in found:
        names.setdefault(one.namespace, set()).add(one.name)
    return {namespace: frozenset(ones) for namespace, ones in names.items()}


def _map_names(found: tuple[ConfigMap, ...]) -> Mapping[str, frozenset[str]]:
    return _by_namespace(found)


def config_maps_in(view: View, namespace: str) -> frozenset[str]:
    """The names of the ConfigMaps of a namespace."""
    return view.index_of(ConfigMap, _map_names, namespace) or frozenset()


class Accounts(msgspec.Struct, frozen=True):
    """The service accounts of a namespace, and the secrets that they name."""

    names: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()


def _accounts(found: tuple[ServiceAccount, ...]) -> Mapping[str, Accounts]:
    names: dict[str, set[str]] = {}
    secrets: dict[str, set[str]] = {}
    for one in found:
        names.setdefault(one.namespace, set()).add(one.name)
        for field in ("secrets", "image_pull_secrets"):
            references = one.peek(field)
            if not isinstance(references, Gap):
                secrets.setdefault(one.namespace, set()).update(reference.name for reference in references)
    return {at: Accounts(frozenset(ones), frozenset(secrets.get(at, ()))) for at, ones in names.items()}


def accounts_in(view: View, namespace: str) -> Accounts:
    """The service accounts of a namespace."""
    return view.index_of(ServiceAccount, _accounts, namespace) or Accounts()
