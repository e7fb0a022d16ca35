"""What Kubernetes brings by itself: its roles with the powers they have upstream, and who is bound to them.

A name or a label proves nothing, anybody may write both. A role counts as shipped while it is labelled so and has no
power beyond those that upstream gives it (1.36); a binding, while it gives the shipped role to the shipped subjects.
"""

from __future__ import annotations

from inventory.kubernetes.authority.powers import Held
from inventory.kubernetes.authority.rules import EVERY_URL, EVERYTHING
from inventory.kubernetes.rbac import Binding, PolicyRule

LABEL = ("kubernetes.io/bootstrapping", "rbac-defaults")
Identity = tuple[str, str, str]  # kind, namespace, name

_POWERS: dict[str, str] = {
    "admin": "exec hide-traces impersonate make-secrets make-tokens "
    "node-state read-secrets redirect write-bindings write-pods write-roles",
    "cluster-admin": "approve-requests approve-signers bind escalate everything exec hide-traces impersonate "
    "make-secrets make-tokens node-proxy node-state read-secrets redirect request-certificates volumes webhooks "
    "write-bindings write-pods write-roles",
    "edit": "exec hide-traces impersonate make-secrets make-tokens node-state read-secrets redirect write-pods",
    "kube-public/system:controller:bootstrap-signer": "redirect:named",
    "kube-system/system:controller:bootstrap-signer": "read-secrets",
    "kube-system/system:controller:token-cleaner": "read-secrets",
    "system:aggregate-to-admin": "write-bindings write-roles",
    "system:aggregate-to-edit": "exec hide-traces impersonate make-secrets "
    "make-tokens node-state read-secrets redirect write-pods",
    "system:certificates.k8s.io:kube-apiserver-client-approver": "approve-signers:named",
    "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver": "approve-signers:named",
    "system:certificates.k8s.io:kubelet-serving-approver": "approve-signers:named",
    "system:certificates.k8s.io:legacy-unknown-approver": "approve-signers:named",
    "system:controller:attachdetach-controller": "node-state",
    "system:controller:certificate-controller": "approve-requests approve-signers:named",
    "system:controller:clusterrole-aggregation-controller": "escalate write-roles",
    "system:controller:cronjob-controller": "node-state write-pods",
    "system:controller:daemon-set-controller": "node-state write-pods",
    "system:controller:deployment-controller": "write-pods",
    "system:controller:device-taint-eviction-controller": "node-state",
    "system:controller:disruption-controller": "node-state",
    "system:controller:endpoint-controller": "redirect",
    "system:controller:endpointslice-controller": "redirect",
    "system:controller:endpointslicemirroring-controller": "redirect",
    "system:controller:generic-garbage-collector": "approve-requests exec hide-traces node-proxy node-state "
    "read-secrets redirect webhooks write-bindings write-pods write-roles",
    "system:controller:job-controller": "node-state write-pods",
    "system:controller:namespace-controller": "exec hide-traces node-proxy node-state read-secrets",
    "system:controller:node-controller": "node-state",
    "system:controller:persistent-volume-binder": "node-state volumes write-pods",
    "system:controller:pod-garbage-collector": "node-state",
    "system:controller:replicaset-controller": "node-state write-pods",
    "system:controller:replication-controller": "node-state write-pods",
    "system:controller:resource-claim-controller": "node-state",
    "system:controller:resourcequota-controller": "read-secrets",
    "system:controller:root-ca-cert-publisher": "redirect",
    "system:controller:route-controller": "node-state",
    "system:controller:service-ca-cert-publisher": "redirect",
    "system:controller:service-controller": "redirect",
    "system:controller:statefulset-controller": "node-state write-pods",
    "system:controller:ttl-controller": "node-state",
    "system:kube-controller-manager": "make-secrets make-tokens read-secrets",
    "system:kube-scheduler": "node-state",
    "system:kubelet-api-admin": "node-proxy",
    "system:node": "make-tokens node-state read-secrets request-certificates write-pods",
    "system:node-bootstrapper": "request-certificates",
    "system:node-problem-detector": "node-state",
    "system:persistent-volume-provisioner": "volumes",
}
"""By the role's id, `namespace/name` or the name of a cluster role; the others have none of these powers."""

_OTHERS = frozenset({
    "kube-system/extension-apiserver-authentication-reader",
    "kube-system/system::leader-locking-kube-controller-manager",
    "kube-system/system::leader-locking-kube-scheduler", "kube-system/system:controller:cloud-provider",
    "system:aggregate-to-view", "system:auth-delegator", "system:basic-user",
    "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
    "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
    "system:controller:ephemeral-volume-controller", "system:controller:expand-controller",
    "system:controller:horizontal-pod-autoscaler", "system:controller:legacy-service-account-token-cleaner",
    "system:controller:pv-protection-controller", "system:controller:pvc-protection-controller",
    "system:controller:selinux-warning-controller", "system:controller:service-account-controller",
    "system:controller:service-cidrs-controller", "system:controller:ttl-after-finished-controller",
    "system:controller:validatingadmissionpolicy-status-controller",
    "system:controller:volumeattributesclass-protection-controller", "system:discovery", "system:heapster",
    "system:kube-aggregator", "system:kube-dns", "system:monitoring", "system:node-proxier",
    "system:openshift:public-info-viewer", "system:public-info-viewer",
    "system:service-account-issuer-discovery", "system:volume-scheduler", "view",
})  # fmt: skip

_EARLIER = {
    "system:controller:expand-controller": "read-secrets",
    "system:controller:persistent-volume-binder": "read-secrets redirect",
}
"""What some had before 1.25, for drivers that were then part of Kubernetes."""

_LEASE = "redirect:named"
"""Leaders were elected by an Endpoints or ConfigMap object of their own name once."""

_MANAGER: Identity = ("User", "", "system:kube-controller-manager")
_SCHEDULER: Identity = ("User", "", "system:kube-scheduler")
_AUTHENTICATED: Identity = ("Group", "", "system:authenticated")
_UNAUTHENTICATED: Identity = ("Group", "", "system:unauthenticated")


def _account(name: str) -> Identity:
    return ("ServiceAccount", "kube-system", name)


_CLUSTER_BINDINGS: dict[str, tuple[Identity, ...]] = {
    "cluster-admin": (("Group", "", "system:masters"),),
    "system:basic-user": (_AUTHENTICATED,),
    "system:discovery": (_AUTHENTICATED,),
    "system:kube-controller-manager": (_MANAGER,),
    "system:kube-dns": (_account("kube-dns"),),
    "system:kube-scheduler": (_SCHEDULER,),
    "system:monitoring": (("Group", "", "system:monitoring"),),
    "system:node-proxier": (("User", "", "system:kube-proxy"),),
    "system:public-info-viewer": (_AUTHENTICATED, _UNAUTHENTICATED),
    "system:service-account-issuer-discovery": (("Group", "", "system:serviceaccounts"),),
    "system:volume-scheduler": (_SCHEDULER,),
}
"""Each refers to the cluster role of its own name; so does `system:controller:NAME`, for the account NAME."""

_BINDINGS: dict[str, tuple[str, tuple[Identity, ...]]] = {
    "kube-public/system:controller:bootstrap-signer": (
        "system:controller:bootstrap-signer", (_account("bootstrap-signer"),),
    ),
    "kube-system/system::extension-apiserver-authentication-reader": (
        "extension-apiserver-authentication-reader", (_MANAGER, _SCHEDULER),
    ),
    "kube-system/system::leader-locking-kube-controller-manager": (
        "system::leader-locking-kube-controller-manager",
        (_MANAGER, _account("kube-controller-manager"), _account("leader-election-controller")),
    ),
    "kube-system/system::leader-locking-kube-scheduler": (
        "system::leader-locking-kube-scheduler", (_SCHEDULER, _account("kube-scheduler")),
    ),
    "kube-system/system:controller:bootstrap-signer": (
        "system:controller:bootstrap-signer", (_account("bootstrap-signer"),),
    ),
    "kube-system/system:controller:cloud-provider": (
        "system:controller:cloud-provider", (_account("cloud-provider"),),
    ),
    "kube-system/system:controller:token-cleaner": ("system:controller:token-cleaner", (_account("token-cleaner"),)),
}  # fmt: skip
"""By id: the role of the same namespace, and who gets it."""

_CONTROLLER = "system:controller:"


def shipped_role(identity: str, labels: object, powers: tuple[Held, ...]) -> bool:
    """Whether the role of this id is one that Kubernetes brings, and gives no more than it does there."""
    if not _labelled(labels) or not (identity in _POWERS or identity in _OTHERS):
        return False
    expected = f"{_POWERS.get(identity, '')} {_EARLIER.get(identity, '')} {_LEASE}".split()
    return all((f"{held.power}:named" if held.names else held.power) in expected for held in powers)


def shipped_to(binding: Binding) -> tuple[Identity, ...]:
    """The subjects that this binding has upstream; none if it is not one that Kubernetes brings."""
    role = binding.role_ref
    if not _labelled(binding.peek("labels")):
        return ()
    if binding.namespace:
        name, subjects = _BINDINGS.get(binding.key.id, ("", ()))
        return subjects if role.kind == "Role" and role.name == name else ()
    if role.kind != "ClusterRole" or role.name != binding.name:
        return ()
    if binding.name.startswith(_CONTROLLER):
        return (_account(binding.name.removeprefix(_CONTROLLER)),)
    return _CLUSTER_BINDINGS.get(binding.name, ())


def _labelled(labels: object) -> bool:
    return isinstance(labels, dict) and labels.get(LABEL[0]) == LABEL[1]


_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")


def _rule(verbs: tuple[str, ...], groups: str, resources: str) -> PolicyRule:
    names = tuple("" if group == "core" else group for group in groups.split())
    return PolicyRule(verbs, names, tuple(resources.split()))


_VIEW: tuple[PolicyRule, ...] = (
    _rule(
        _READ,
        "core",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods "
        "replicationcontrollers replicationcontrollers/scale serviceaccounts services "
        "services/status",
    ),
    _rule(
        _READ,
        "core",
        "bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status "
        "resourcequotas resourcequotas/status",
    ),
    _rule(_READ, "core", "namespaces"),
    _rule(_READ, "core events.k8s.io", "events"),
    _rule(_READ, "discovery.k8s.io", "endpointslices"),
    _rule(
        _READ,
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale "
        "deployments/status replicasets replicasets/scale replicasets/status statefulsets "
        "statefulsets/scale statefulsets/status",
    ),
    _rule(_READ, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    _rule(_READ, "batch", "cronjobs cronjobs/status jobs jobs/status"),
    _rule(
        _READ,
        "extensions",
        "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses "
        "ingresses/status networkpolicies replicasets replicasets/scale replicasets/status "
        "replicationcontrollers/scale",
    ),
    _rule(_READ, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    _rule(_READ, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
    _rule(_READ, "resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates"),
)
_EDIT: tuple[PolicyRule, ...] = (
    _rule(_READ, "core", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
    _rule(("impersonate",), "core", "serviceaccounts"),
    _rule(_WRITE, "core", "pods pods/attach pods/exec pods/portforward pods/proxy"),
    _rule(("create",), "core", "pods/eviction"),
    _rule(
        _WRITE,
        "core",
        "configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale "
        "secrets serviceaccounts services services/proxy",
    ),
    _rule(("create",), "core", "serviceaccounts/token"),
    _rule(_WRITE, "core events.k8s.io", "events"),
    _rule(
        _WRITE,
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets "
        "replicasets/scale statefulsets statefulsets/scale",
    ),
    _rule(_WRITE, "autoscaling", "horizontalpodautoscalers"),
    _rule(_WRITE, "batch", "cronjobs jobs"),
    _rule(
        _WRITE,
        "extensions",
        "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies "
        "replicasets replicasets/scale replicationcontrollers/scale",
    ),
    _rule(_WRITE, "policy", "poddisruptionbudgets"),
    _rule(_WRITE, "networking.k8s.io", "ingresses networkpolicies"),
    _rule((*_READ, *_WRITE), "coordination.k8s.io", "leases"),
    _rule(_WRITE, "resource.k8s.io", "resourceclaims resourceclaimtemplates"),
)
_ADMIN: tuple[PolicyRule, ...] = (
    _rule(("create",), "authorization.k8s.io", "localsubjectaccessreviews"),
    _rule((*_READ, *_WRITE), "rbac.authorization.k8s.io", "rolebindings roles"),
)
WELL_KNOWN: dict[str, tuple[PolicyRule, ...]] = {
    "cluster-admin": (EVERYTHING, EVERY_URL),
    "admin": (*_ADMIN, *_EDIT, *_VIEW),
    "edit": (*_EDIT, *_VIEW),
    "view": _VIEW,
}
"""The roles for people, which manifests refer to and never hold."""


def is_shipped_name(cluster_role: str) -> bool:
    """Whether every cluster has a cluster role of this name."""
    return cluster_role in _POWERS or cluster_role in _OTHERS
