"""Which kinds are read, under which API group and versions."""

from __future__ import annotations

import msgspec

from inventory.kubernetes.cluster import (
    ApiService,
    KubeNode,
    Namespace,
    PersistentVolume,
    PersistentVolumeClaim,
)
from inventory.kubernetes.configuration import ConfigMap, KubeEvent, KubeSecret
from inventory.kubernetes.exposure import EndpointSlice, Gateway, HttpRoute, Ingress, KubeService
from inventory.kubernetes.policies import (
    HorizontalPodAutoscaler,
    LimitRange,
    MutatingWebhookConfiguration,
    NetworkPolicy,
    PodDisruptionBudget,
    ResourceQuota,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfiguration,
)
from inventory.kubernetes.rbac import ClusterRole, ClusterRoleBinding, Role, RoleBinding, ServiceAccount
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.workloads import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    Pod,
    PodTemplate,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)


class ServedKind(msgspec.Struct, frozen=True):
    """A kind in the API: `versions` that this program understands, the best first; `resource` is the plural in URLs.

    `optional`: not every server has it; where it is missing that is no gap.
    """

    family: type[KubeResource]
    group: str
    versions: tuple[str, ...]
    resource: str
    namespaced: bool = True
    optional: bool = False

    def path(self, version: str, namespace: str = "", name: str = "") -> str:
        """The URL path of the list, of one namespace's list, or of one object."""
        root = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        where = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}{where}/{self.resource}" + (f"/{name}" if name else "")


_RBAC = "rbac.authorization.k8s.io"
_NET = "networking.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_GATEWAY = "gateway.networking.k8s.io"

SERVED: tuple[ServedKind, ...] = (
    ServedKind(Namespace, "", ("v1",), "namespaces", namespaced=False),
    ServedKind(KubeNode, "", ("v1",), "nodes", namespaced=False),
    ServedKind(Pod, "", ("v1",), "pods"),
    ServedKind(Deployment, "apps", ("v1",), "deployments"),
    ServedKind(ReplicaSet, "apps", ("v1",), "replicasets"),
    ServedKind(StatefulSet, "apps", ("v1",), "statefulsets"),
    ServedKind(DaemonSet, "apps", ("v1",), "daemonsets"),
    ServedKind(Job, "batch", ("v1",), "jobs"),
    ServedKind(CronJob, "batch", ("v1", "v1beta1"), "cronjobs"),
    ServedKind(ReplicationController, "", ("v1",), "replicationcontrollers"),
    ServedKind(PodTemplate, "", ("v1",), "podtemplates"),
    ServedKind(KubeService, "", ("v1",), "services"),
    ServedKind(EndpointSlice, "discovery.k8s.io", ("v1", "v1beta1"), "endpointslices"),
    ServedKind(Ingress, _NET, ("v1",), "ingresses"),
    ServedKind(NetworkPolicy, _NET, ("v1",), "networkpolicies"),
    ServedKind(ServiceAccount, "", ("v1",), "serviceaccounts"),
    ServedKind(Role, _RBAC, ("v1",), "roles"),
    ServedKind(ClusterRole, _RBAC, ("v1",), "clusterroles", namespaced=False),
    ServedKind(RoleBinding, _RBAC, ("v1",), "rolebindings"),
    ServedKind(ClusterRoleBinding, _RBAC, ("v1",), "clusterrolebindings", namespaced=False),
    ServedKind(KubeSecret, "", ("v1",), "secrets"),
    ServedKind(ConfigMap, "", ("v1",), "configmaps"),
    ServedKind(PodDisruptionBudget, "policy", ("v1", "v1beta1"), "poddisruptionbudgets"),
    ServedKind(HorizontalPodAutoscaler, "autoscaling", ("v2", "v1"), "horizontalpodautoscalers"),
    ServedKind(PersistentVolume, "", ("v1",), "persistentvolumes", namespaced=False),
    ServedKind(PersistentVolumeClaim, "", ("v1",), "persistentvolumeclaims"),
    ServedKind(LimitRange, "", ("v1",), "limitranges"),
    ServedKind(ResourceQuota, "", ("v1",), "resourcequotas"),
    ServedKind(
        ValidatingWebhookConfiguration, _ADMISSION, ("v1",), "validatingwebhookconfigurations", namespaced=False,
    ),
    ServedKind(MutatingWebhookConfiguration, _ADMISSION, ("v1",), "mutatingwebhookconfigurations", namespaced=False),
    ServedKind(
        ValidatingAdmissionPolicy, _ADMISSION, ("v1", "v1beta1"), "validatingadmissionpolicies",
        namespaced=False, optional=True,
    ),
    ServedKind(
        ValidatingAdmissionPolicyBinding, _ADMISSION, ("v1", "v1beta1"), "validatingadmissionpolicybindings",
        namespaced=False, optional=True,
    ),
    ServedKind(ApiService, "apiregistration.k8s.io", ("v1",), "apiservices", namespaced=False, optional=True),
    ServedKind(Gateway, _GATEWAY, ("v1", "v1beta1"), "gateways", optional=True),
    ServedKind(HttpRoute, _GATEWAY, ("v1", "v1beta1"), "httproutes", optional=True),
    ServedKind(KubeEvent, "", ("v1",), "events"),
)  # fmt: skip

CUSTOM_GROUPS: dict[str, tuple[str, ...]] = {
    "cilium.io": ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"),
    "crd.projectcalico.org": ("NetworkPolicy", "GlobalNetworkPolicy"),
    "projectcalico.org": ("NetworkPolicy", "GlobalNetworkPolicy"),
    "policy.networking.k8s.io": ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"),
    "security.istio.io": ("PeerAuthentication", "AuthorizationPolicy"),
    "kyverno.io": ("ClusterPolicy", "Policy"),
    "policies.kyverno.io": (
        "ValidatingPolicy",
        "NamespacedValidatingPolicy",
        "ImageValidatingPolicy",
        "NamespacedImageValidatingPolicy",
    ),
    "constraints.gatekeeper.sh": ("*",),
    "policies.kubewarden.io": ("ClusterAdmissionPolicy", "AdmissionPolicy"),
    "policy.sigstore.dev": ("ClusterImagePolicy",),
    "monitoring.coreos.com": ("ServiceMonitor", "PodMonitor", "PrometheusRule", "Prometheus", "Alertmanager"),
    "cert-manager.io": ("Certificate",),
    "external-secrets.io": ("ExternalSecret", "SecretStore", "ClusterSecretStore"),
    "secrets-store.csi.x-k8s.io": ("SecretProviderClass",),
}
"""Kinds of other projects that rules look at, by group; `*` is all kinds of the group. Discovery says which exist."""

BY_API: dict[tuple[str, str], ServedKind] = {(one.group, one.family.api_kind): one for one in SERVED}
"""By group and kind, as `apiVersion` and `kind` of an object name them."""
