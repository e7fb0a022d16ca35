"""What belongs to an object of a cluster: what made it, what selects it, what it uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from inventory.gap import Gap, Unread
from inventory.kubernetes.cluster import KubeNode
from inventory.kubernetes.exposure import Gateway, HttpRoute, Ingress, KubeService
from inventory.kubernetes.policies import HorizontalPodAutoscaler, NetworkPolicy, PodDisruptionBudget
from inventory.kubernetes.rbac import Binding, ClusterRole, Role, ServiceAccount
from inventory.kubernetes.resource import KubeResource, object_key
from inventory.kubernetes.selection import (
    budgets_of,
    gateways_of,
    ingresses_of,
    made_by,
    owners_of,
    pods_of,
    policies_of,
    routes_of,
    services_behind,
    services_of,
)
from inventory.kubernetes.subjects import ACCOUNT, Subject
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from tui.format import known

Related = tuple[str, ResourceKey]
_MOST = 200


def candidates(resource: Resource, snapshot: Snapshot) -> Iterator[Related]:
    """Pairs of why and key; what could not be read is left out, as its pane says why."""
    steps: list[Callable[[], Iterable[Related]]] = []
    if isinstance(resource, KubeResource):
        steps.append(lambda: _owners(resource, snapshot))
    if isinstance(resource, Subject):
        steps.append(lambda: _of_subject(resource))
    elif isinstance(resource, PodBearer):
        steps += [lambda: _of_bearer(resource, snapshot), lambda: _uses(resource)]
    elif isinstance(resource, KubeService):
        steps.append(lambda: _of_service(resource, snapshot))
    elif isinstance(resource, Ingress | HttpRoute):
        steps.append(lambda: _of_ingress(resource, snapshot))
    elif isinstance(resource, ServiceAccount):
        steps.append(lambda: _of_account(resource, snapshot))
    elif isinstance(resource, Binding):
        steps.append(lambda: _of_binding(resource))
    elif isinstance(resource, Role | ClusterRole):
        steps.append(lambda: _of_role(resource, snapshot))
    elif isinstance(resource, NetworkPolicy | PodDisruptionBudget | KubeNode):
        steps.append(lambda: (("pod", pod.key) for pod in pods_of(snapshot, resource)[:_MOST]))
    elif isinstance(resource, HorizontalPodAutoscaler):
        steps.append(lambda: _of_autoscaler(resource))
    steps.append(lambda: _of_any(resource, snapshot))
    for step in steps:
        try:
            yield from step()
        except Unread:
            continue


def _owners(resource: KubeResource, snapshot: Snapshot) -> Iterator[Related]:
    for owner in owners_of(snapshot, resource):
        if owner.resource is not None:
            yield "made by", owner.resource.key
    for made in made_by(snapshot, resource)[:_MOST]:
        yield "made", made.key


def _of_bearer(bearer: PodBearer, snapshot: Snapshot) -> Iterator[Related]:
    if isinstance(bearer, Pod) and known(bearer, "node_name", ""):
        yield "runs on", ResourceKey(Kind.KUBE_NODE, bearer.key.source, bearer.node_name)
    for select, why in ((services_of, "selected by"), (policies_of, "limited by"), (budgets_of, "counted by")):
        try:
            found: tuple[KubeResource, ...] = select(snapshot, bearer)
        except Unread:
            continue
        for one in found:
            yield why, one.key
            if isinstance(one, KubeService):
                yield from ((f"{ingress.kind} to it", ingress.key) for ingress in ingresses_of(snapshot, one))
                yield from ((f"{route.kind} to it", route.key) for route in routes_of(snapshot, one))


def _uses(bearer: PodBearer) -> Iterator[Related]:
    source, namespace, spec = bearer.key.source, bearer.namespace, bearer.pod_spec
    account = spec.service_account_name or "default"
    yield "runs as", object_key(Kind.SERVICEACCOUNT, source, namespace, account)
    yield "rights of", ResourceKey(Kind.SUBJECT, source, f"ServiceAccount/{namespace}/{account}")
    secrets = [one.name for one in spec.image_pull_secrets]
    maps: list[str] = []
    for volume in spec.volumes:
        secrets += [volume.secret.secret_name] if volume.secret else []
        maps += [volume.config_map.name] if volume.config_map else []
        if volume.persistent_volume_claim:
            claim = volume.persistent_volume_claim.claim_name
            yield "mounts", object_key(Kind.PERSISTENTVOLUMECLAIM, source, namespace, claim)
        for part in volume.projected.sources if volume.projected else ():
            secrets += [part.secret.name] if part.secret else []
            maps += [part.config_map.name] if part.config_map else []
    for _, container in spec.all_containers():
        for several in container.env_from:
            secrets += [several.secret_ref.name] if several.secret_ref else []
            maps += [several.config_map_ref.name] if several.config_map_ref else []
        for variable in container.env:
            value = variable.value_from
            secrets += [value.secret_key_ref.name] if value and value.secret_key_ref else []
            maps += [value.config_map_key_ref.name] if value and value.config_map_key_ref else []
    yield from (("uses", object_key(Kind.KUBE_SECRET, source, namespace, name)) for name in dict.fromkeys(secrets))
    yield from (("uses", object_key(Kind.CONFIGMAP, source, namespace, name)) for name in dict.fromkeys(maps))


def _of_service(service: KubeService, snapshot: Snapshot) -> Iterator[Related]:
    yield from (("led to by", one.key) for one in ingresses_of(snapshot, service))
    yield from (("led to by", one.key) for one in routes_of(snapshot, service))
    yield from (("selects", pod.key) for pod in pods_of(snapshot, service)[:_MOST])


def _of_ingress(leading: Ingress | HttpRoute, snapshot: Snapshot) -> Iterator[Related]:
    yield from (("leads to", one.key) for one in services_behind(snapshot, leading))
    if isinstance(leading, HttpRoute):
        gateways: tuple[Gateway, ...] = gateways_of(snapshot, leading)
        yield from (("attached to", one.key) for one in gateways)
        return
    for tls in leading.spec.tls:
        if tls.secret_name:
            yield "certificate", object_key(Kind.KUBE_SECRET, leading.key.source, leading.namespace, tls.secret_name)


def _of_account(account: ServiceAccount, snapshot: Snapshot) -> Iterator[Related]:
    yield "rights", ResourceKey(Kind.SUBJECT, account.key.source, f"ServiceAccount/{account.namespace}/{account.name}")
    for pod in snapshot.of(Pod, account.key.source):
        spec = pod.peek("pod_spec")
        if pod.peek("namespace") != account.namespace or isinstance(spec, Gap):
            continue
        if (spec.service_account_name or "default") == account.name:
            yield "used by", pod.key


def _of_binding(binding: Binding) -> Iterator[Related]:
    source, role = binding.key.source, binding.role_ref
    namespace = binding.namespace if role.kind == "Role" else ""
    yield "gives", object_key(Kind.ROLE if role.kind == "Role" else Kind.CLUSTERROLE, source, namespace, role.name)
    for subject in binding.subjects:
        within = subject.namespace or binding.namespace
        name = f"{within}/{subject.name}" if subject.kind == "ServiceAccount" else subject.name
        yield "to", ResourceKey(Kind.SUBJECT, source, f"{subject.kind}/{name}")


def _of_role(role: Role | ClusterRole, snapshot: Snapshot) -> Iterator[Related]:
    for kind in (Kind.ROLEBINDING, Kind.CLUSTERROLEBINDING):
        for binding in snapshot.by_kind.get(kind, {}).values():
            reference = binding.peek("role_ref")
            if not isinstance(binding, Binding) or binding.key.source != role.key.source or isinstance(reference, Gap):
                continue
            here = isinstance(role, ClusterRole) or binding.namespace == role.namespace
            if here and (reference.kind, reference.name) == (role.api_kind, role.name):
                yield "given by", binding.key


def _of_subject(subject: Subject) -> Iterator[Related]:
    if subject.subject_kind == ACCOUNT:
        yield "account", object_key(Kind.SERVICEACCOUNT, subject.key.source, subject.namespace, subject.name)
    grants = [grant for _, grant in islice(subject.all_grants(), _MOST)]
    yield from dict.fromkeys(("given by", grant.binding) for grant in grants)
    yield from dict.fromkeys(("role", grant.role) for grant in grants)


def _of_autoscaler(scaler: HorizontalPodAutoscaler) -> Iterator[Related]:
    target = scaler.spec.scale_target_ref
    if target.kind.lower() in set(Kind):
        yield "scales", object_key(Kind(target.kind.lower()), scaler.key.source, scaler.namespace, target.name)


def _of_any(resource: Resource, snapshot: Snapshot) -> Iterator[Related]:
    namespace = resource.peek("namespace") if "namespace" in resource.field_names else ""
    if isinstance(namespace, str) and namespace:
        yield "namespace", ResourceKey(Kind.NAMESPACE, resource.key.source, namespace)
    yield from (("cluster", one) for one in snapshot.by_kind.get(Kind.CLUSTER, ()) if one.source == resource.key.source)
