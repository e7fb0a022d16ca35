"""Kubernetes releases: published vulnerabilities, ends of life, removed API versions.

Sources: the Go vulnerability database and the project's own advisories, its release pages, its deprecation guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from checks.data.advisories import advisory
from checks.verdict import Severity

TABLE_DATE = date(2026, 8, 20)
_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL

# Flaws without a fixed version are not here, as they would be in every cluster for ever: CVE-2020-8554 is ORC-403's,
# CVE-2025-1767 ORC-114's, CVE-2024-7598 is a race that no version is without.
CONTROL_PLANE = (
    advisory(
        "CVE-2018-1002105", "anybody becomes cluster-admin through the API server's proxy", _CRITICAL,
        "..1.10.11", "1.11.0..1.11.5", "1.12.0..1.12.3",
    ),
    advisory(
        "CVE-2020-8559", "a compromised node redirects requests to other nodes", _MEDIUM,
        "..1.16.13", "1.17.0..1.17.9", "1.18.0..1.18.7",
    ),
    advisory(
        "CVE-2021-25735", "updates of nodes pass by admission webhooks", _MEDIUM,
        "..1.18.18", "1.19.0..1.19.10", "1.20.0..1.20.6",
    ),
    advisory(
        "CVE-2022-3162", "custom resources of another kind of the group can be read", _MEDIUM,
        "..1.22.16", "1.23.0..1.23.14", "1.24.0..1.24.8", "1.25.0..1.25.4",
    ),
    advisory(
        "CVE-2022-3294", "the API server's proxy reaches its own network by a node's address", _HIGH,
        "..1.22.16", "1.23.0..1.23.14", "1.24.0..1.24.8", "1.25.0..1.25.4",
    ),
    advisory(
        "CVE-2023-2727", "ephemeral containers pass by the image policy webhook", _MEDIUM,
        "..1.24.15", "1.25.0..1.25.11", "1.26.0..1.26.6", "1.27.0..1.27.3",
    ),
    advisory(
        "CVE-2023-2728", "ephemeral containers mount secrets that the service account may not", _MEDIUM,
        "..1.24.15", "1.25.0..1.25.11", "1.26.0..1.26.6", "1.27.0..1.27.3",
    ),
    advisory(
        "CVE-2024-3177", "containers mount secrets by envFrom that the service account may not", _LOW,
        "..1.27.13", "1.28.0..1.28.9", "1.29.0..1.29.4",
    ),
    advisory("CVE-2025-4563", "a node passes by dynamic resource allocation's checks", _LOW,
             "1.32.0..1.32.6", "1.33.0..1.33.2"),
    advisory("CVE-2025-5187", "a node deletes its own Node object", _MEDIUM,
             "..1.31.12", "1.32.0..1.32.8", "1.33.0..1.33.4"),
    advisory("CVE-2025-13281", "the controller manager asks hosts that a StorageClass names (Portworx)", _MEDIUM,
             "..1.32.10", "1.33.0..1.33.6", "1.34.0..1.34.2"),
)  # fmt: skip
"""Of kube-apiserver and kube-controller-manager."""

NODE = (
    advisory("CVE-2020-8558", "neighbours reach services on the node's loopback", _MEDIUM,
             "..1.16.11", "1.17.0..1.17.7", "1.18.0..1.18.4"),
    advisory("CVE-2021-25741", "a subPath by symlink leads to the node's files", _HIGH,
             "..1.19.15", "1.20.0..1.20.11", "1.21.0..1.21.5", "1.22.0..1.22.2"),
    advisory("CVE-2023-2431", "pods run without their localhost seccomp profile", _LOW,
             "..1.24.14", "1.25.0..1.25.10", "1.26.0..1.26.5", "1.27.0..1.27.2"),
    advisory("CVE-2024-10220", "a gitRepo volume runs commands on the node", _HIGH,
             "..1.28.12", "1.29.0..1.29.7", "1.30.0..1.30.3"),
    advisory("CVE-2025-0426", "the read-only port fills the node's disk", _MEDIUM,
             "..1.29.14", "1.30.0..1.30.10", "1.31.0..1.31.6", "1.32.0..1.32.2"),
)  # fmt: skip
"""Of kubelet and kube-proxy."""

ENDS: Mapping[int, date] = MappingProxyType(
    {
        24: date(2023, 7, 28),
        25: date(2023, 10, 27),
        26: date(2024, 2, 28),
        27: date(2024, 7, 16),
        28: date(2024, 10, 22),
        29: date(2025, 2, 28),
        30: date(2025, 6, 28),
        31: date(2025, 11, 11),
        32: date(2026, 2, 28),
        33: date(2026, 6, 28),
        34: date(2026, 10, 27),
        35: date(2027, 2, 28),
        36: date(2027, 6, 28),
    }
)
"""The last day of fixes by minor version of 1.x; those before the first have ended."""

SKEW = 3
"""Minor versions that a kubelet may be older than the API server; two, where the kubelet is older than 1.25."""

_AUTOSCALER, _BUDGET, _CRON = "HorizontalPodAutoscaler", "PodDisruptionBudget", "CronJob"
_RBAC = ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
_HOOKS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
_ADMISSION = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
_FLOW = ("FlowSchema", "PriorityLevelConfiguration")


def _removed(minor: int, *kinds: str) -> dict[str, int]:
    return dict.fromkeys(kinds, minor)


REMOVED: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "extensions/v1beta1": _removed(16, "DaemonSet", "Deployment", "ReplicaSet", "NetworkPolicy")
        | _removed(16, "PodSecurityPolicy")
        | _removed(22, "Ingress"),
        "apps/v1beta1": _removed(16, "Deployment", "StatefulSet", "ControllerRevision"),
        "apps/v1beta2": _removed(16, "DaemonSet", "Deployment", "StatefulSet", "ReplicaSet", "ControllerRevision"),
        "networking.k8s.io/v1beta1": _removed(22, "Ingress", "IngressClass"),
        "rbac.authorization.k8s.io/v1alpha1": _removed(23, *_RBAC),
        "rbac.authorization.k8s.io/v1beta1": _removed(22, *_RBAC),
        "admissionregistration.k8s.io/v1beta1": _removed(22, *_HOOKS) | _removed(34, *_ADMISSION),
        "apiextensions.k8s.io/v1beta1": _removed(22, "CustomResourceDefinition"),
        "apiregistration.k8s.io/v1beta1": _removed(22, "APIService"),
        "authentication.k8s.io/v1beta1": _removed(22, "TokenReview"),
        "authorization.k8s.io/v1beta1": _removed(
            22, "LocalSubjectAccessReview", "SelfSubjectAccessReview", "SubjectAccessReview", "SelfSubjectRulesReview"
        ),
        "certificates.k8s.io/v1beta1": _removed(22, "CertificateSigningRequest"),
        "coordination.k8s.io/v1beta1": _removed(22, "Lease"),
        "scheduling.k8s.io/v1alpha1": _removed(23, "PriorityClass"),
        "scheduling.k8s.io/v1beta1": _removed(22, "PriorityClass"),
        "storage.k8s.io/v1beta1": _removed(22, "CSIDriver", "CSINode", "StorageClass", "VolumeAttachment")
        | _removed(27, "CSIStorageCapacity"),
        "batch/v1beta1": _removed(25, _CRON),
        "batch/v2alpha1": _removed(21, _CRON),
        "discovery.k8s.io/v1beta1": _removed(25, "EndpointSlice"),
        "events.k8s.io/v1beta1": _removed(25, "Event"),
        "policy/v1beta1": _removed(25, _BUDGET, "PodSecurityPolicy"),
        "node.k8s.io/v1beta1": _removed(25, "RuntimeClass"),
        "autoscaling/v2beta1": _removed(25, _AUTOSCALER),
        "autoscaling/v2beta2": _removed(26, _AUTOSCALER),
        "flowcontrol.apiserver.k8s.io/v1beta1": _removed(26, *_FLOW),
        "flowcontrol.apiserver.k8s.io/v1beta2": _removed(29, *_FLOW),
        "flowcontrol.apiserver.k8s.io/v1beta3": _removed(32, *_FLOW),
    }
)
"""API versions that no server after 1.N serves any more, by kind: the deprecation guide's table."""
