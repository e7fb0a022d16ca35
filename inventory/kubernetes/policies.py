"""What limits pods and requests: network policies, budgets, quotas, admission."""

from __future__ import annotations

from typing import ClassVar

from inventory.kubernetes.part import Condition, LabelSelector, ObjectReference, Part
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind


class IpBlock(Part, frozen=True):
    """A network less its exceptions."""

    cidr: str = ""
    except_: tuple[str, ...] = ()


class PolicyPeer(Part, frozen=True):
    """Pods by selectors, or an address block; both selectors: pods of those namespaces."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IpBlock | None = None


class PolicyPort(Part, frozen=True):
    """`port` None is every port, a string is a container port's name; `end_port` 0 is none."""

    protocol: str = "TCP"
    port: int | str | None = None
    end_port: int = 0


class IngressPolicyRule(Part, frozen=True):
    """No `from` is everybody; no `ports` is every port."""

    from_: tuple[PolicyPeer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


class EgressPolicyRule(Part, frozen=True):
    """No `to` is everywhere; no `ports` is every port."""

    to: tuple[PolicyPeer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


class NetworkPolicySpec(Part, frozen=True):
    """An empty pod selector is every pod of the namespace. No `policy_types`: Ingress, and Egress if it has rules."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[IngressPolicyRule, ...] = ()
    egress: tuple[EgressPolicyRule, ...] = ()


class NetworkPolicy(KubeResource):
    """`networking.k8s.io/v1` NetworkPolicy."""

    kind: ClassVar[Kind] = Kind.NETWORKPOLICY
    api_kind: ClassVar[str] = "NetworkPolicy"

    spec: NetworkPolicySpec


class BudgetSpec(Part, frozen=True):
    """Numbers or percentages."""

    selector: LabelSelector | None = None
    min_available: int | str | None = None
    max_unavailable: int | str | None = None


class BudgetStatus(Part, frozen=True):
    """What may be evicted now."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    conditions: tuple[Condition, ...] = ()


class PodDisruptionBudget(KubeResource):
    """`policy/v1` PodDisruptionBudget."""

    kind: ClassVar[Kind] = Kind.PODDISRUPTIONBUDGET
    api_kind: ClassVar[str] = "PodDisruptionBudget"

    spec: BudgetSpec
    status: BudgetStatus


class ScaleTarget(Part, frozen=True):
    """What is scaled."""

    api_version: str = ""
    kind: str = ""
    name: str = ""


class AutoscalerSpec(Part, frozen=True):
    """`min_replicas` None is 1."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    min_replicas: int | None = None
    max_replicas: int = 0


class AutoscalerStatus(Part, frozen=True):
    """What it does."""

    current_replicas: int = 0
    desired_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class HorizontalPodAutoscaler(KubeResource):
    """`autoscaling/v2` HorizontalPodAutoscaler."""

    kind: ClassVar[Kind] = Kind.HORIZONTALPODAUTOSCALER
    api_kind: ClassVar[str] = "HorizontalPodAutoscaler"

    spec: AutoscalerSpec
    status: AutoscalerStatus


class LimitRangeItem(Part, frozen=True):
    """`type`: Container, Pod, PersistentVolumeClaim; quantities by resource name as written."""

    type: str = ""
    max: dict[str, str | int | float] = {}
    min: dict[str, str | int | float] = {}
    default: dict[str, str | int | float] = {}
    default_request: dict[str, str | int | float] = {}


class LimitRangeSpec(Part, frozen=True):
    """Limits for what is made in the namespace."""

    limits: tuple[LimitRangeItem, ...] = ()


class LimitRange(KubeResource):
    """`v1` LimitRange."""

    kind: ClassVar[Kind] = Kind.LIMITRANGE
    api_kind: ClassVar[str] = "LimitRange"

    spec: LimitRangeSpec


class QuotaAmounts(Part, frozen=True):
    """Quantities by name; `used` is in the status alone."""

    hard: dict[str, str | int | float] = {}
    used: dict[str, str | int | float] = {}


class ResourceQuota(KubeResource):
    """`v1` ResourceQuota."""

    kind: ClassVar[Kind] = Kind.RESOURCEQUOTA
    api_kind: ClassVar[str] = "ResourceQuota"

    spec: QuotaAmounts
    status: QuotaAmounts


class WebhookService(Part, frozen=True):
    """Where in the cluster a webhook answers."""

    namespace: str = ""
    name: str = ""
    path: str = ""
    port: int = 443


class WebhookClient(Part, frozen=True):
    """`ca_bundle` is base64 of PEM certificates, which are public."""

    url: str = ""
    service: WebhookService | None = None
    ca_bundle: str | None = None


class WebhookRule(Part, frozen=True):
    """What is sent to it."""

    operations: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    scope: str = ""


class Webhook(Part, frozen=True):
    """`failure_policy`: Fail (the default of v1) or Ignore."""

    name: str = ""
    client_config: WebhookClient = WebhookClient()
    rules: tuple[WebhookRule, ...] = ()
    failure_policy: str = ""
    match_policy: str = ""
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None
    side_effects: str = ""
    timeout_seconds: int | None = None
    reinvocation_policy: str = ""


class WebhookConfiguration(KubeResource):
    """Webhooks that admission asks."""

    noun: ClassVar[str] = "webhook configuration"

    webhooks: tuple[Webhook, ...]


class ValidatingWebhookConfiguration(WebhookConfiguration):
    """They may refuse."""

    kind: ClassVar[Kind] = Kind.VALIDATINGWEBHOOKCONFIGURATION
    api_kind: ClassVar[str] = "ValidatingWebhookConfiguration"


class MutatingWebhookConfiguration(WebhookConfiguration):
    """They may change what is asked for."""

    kind: ClassVar[Kind] = Kind.MUTATINGWEBHOOKCONFIGURATION
    api_kind: ClassVar[str] = "MutatingWebhookConfiguration"


class Validation(Part, frozen=True):
    """One rule in CEL."""

    expression: str = ""
    message: str = ""


class AdmissionPolicySpec(Part, frozen=True):
    """`failure_policy`: Fail or Ignore."""

    failure_policy: str = ""
    param_kind: ObjectReference | None = None
    validations: tuple[Validation, ...] = ()


class ValidatingAdmissionPolicy(KubeResource):
    """`admissionregistration.k8s.io/v1` ValidatingAdmissionPolicy; does nothing without a binding."""

    kind: ClassVar[Kind] = Kind.VALIDATINGADMISSIONPOLICY
    api_kind: ClassVar[str] = "ValidatingAdmissionPolicy"

    spec: AdmissionPolicySpec


class AdmissionBindingSpec(Part, frozen=True):
    """`validation_actions`: Deny, Warn, Audit."""

    policy_name: str = ""
    validation_actions: tuple[str, ...] = ()


class ValidatingAdmissionPolicyBinding(KubeResource):
    """`admissionregistration.k8s.io/v1` ValidatingAdmissionPolicyBinding."""

    kind: ClassVar[Kind] = Kind.VALIDATINGADMISSIONPOLICYBINDING
    api_kind: ClassVar[str] = "ValidatingAdmissionPolicyBinding"

    spec: AdmissionBindingSpec
