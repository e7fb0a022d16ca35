"""Cases of what stops a pod or a request: levels of namespaces, policy engines, webhooks, quotas, API versions."""

from __future__ import annotations

import base64
import datetime
from functools import cache
from typing import Any, cast

import msgspec

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.policies import Webhook, WebhookConfiguration, WebhookService
from inventory.kubernetes.resource import FieldManager, Manifest
from inventory.kubernetes.workloads import PodBearer
from inventory.resource import EMPTY, Kind
from tests.checks.builders import changed
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import pod, recorded, written
from tests.checks.kubernetes.surroundings import api_server, around, cluster, policy
from tests.kubernetes.captured import NOW, SOURCE

FAIL, PASS, MANUAL, NA, UNKNOWN = (
    Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN,
)  # fmt: skip
_ENFORCE = "pod-security.kubernetes.io/enforce"
_DENIED = Gap(Reason.DENIED, "GET /api/v1/pods")
_RESTRICTED = """
securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
containers:
- name: app
  image: registry.example/app@sha256:1
  securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
_EMPTY = recorded(Kind.NAMESPACE, "empty")
_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: kyverno-admission-controller, namespace: kyverno}
spec: {template: {spec: {containers: [{name: kyverno, image: "ghcr.io/kyverno/kyverno:VERSION"}]}}}
status: {readyReplicas: READY}
"""


def _namespace(check: str, name: str, expected: Outcome, note: str, *put: Any, **more: Any) -> Case:
    """The recorded namespace among the recorded objects."""
    subject = recorded(Kind.NAMESPACE, name)
    return Case(check, subject, expected, more.pop("severity", None), others=around(*put), now=NOW, note=note, **more)


def _level(level: str, expected: Outcome, severity: Severity | None, note: str, *living: Any) -> Case:
    """A namespace of this level with these in it alone."""
    subject = changed(_EMPTY, labels={_ENFORCE: level} if level else {})
    there = [changed(one, namespace="empty") if isinstance(one, PodBearer) else one for one in living]
    return Case("ORC-240", subject, expected, severity, others=(*there,), note=note)


def _engine(expected: Outcome, note: str, *others: Any, groups: tuple[str, ...] = ()) -> Case:
    return Case("ORC-241", cluster(groups=groups), expected, others=others, note=note)


def _kyverno(action: str, rule: str = "validate") -> Any:
    rules = [{"name": "r", rule: [{"imageReferences": ["*"]}] if rule == "verifyImages" else {"message": "no"}}]
    return policy("kyverno.io/v1", "ClusterPolicy", {"validationFailureAction": action, "rules": rules})


def _rules(action: str, otherwise: str = "Audit", **spec: Any) -> Any:
    rules = [{"name": "r", "validate": {"message": "no", "failureAction": action}}]
    spec = {"validationFailureAction": otherwise, "rules": rules, **spec}
    return policy("kyverno.io/v1", "ClusterPolicy", spec)


def _validating(spec: dict[str, Any], kind: str = "ValidatingPolicy") -> Any:
    return policy("policies.kyverno.io/v1", kind, spec)


def _program(version: str = "v1.12.0", ready: int = 1) -> Any:
    return written(_DEPLOYMENT.replace("VERSION", version).replace("READY", str(ready)))


def _hooks(subject: WebhookConfiguration, **values: Any) -> WebhookConfiguration:
    """The configuration with its last webhook alone, changed."""
    last: Webhook = subject.webhooks[-1]
    return changed(subject, webhooks=(msgspec.structs.replace(last, **values),))


def _hook(subject: Any, expected: Outcome, severity: Severity | None, note: str) -> Case:
    return Case("ORC-242", subject, expected, severity, others=around(subject), now=NOW, note=note)


@cache
def _bundle(days: int) -> str:
    """A caBundle that is valid for this many days from now on; it began two years ago."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "webhook-ca")])
    now = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=730))
        .not_valid_after(now + datetime.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


_IMAGES = cast("WebhookConfiguration", recorded(Kind.VALIDATINGWEBHOOKCONFIGURATION, "image-policy"))
_INJECTOR = cast("WebhookConfiguration", recorded(Kind.MUTATINGWEBHOOKCONFIGURATION, "sidecar-injector"))
_LAST = _IMAGES.webhooks[-1]
_THERE = msgspec.structs.replace(_LAST.client_config, service=WebhookService("prod", "storefront", "/validate"))


def _with_bundle(days: int | None) -> WebhookConfiguration:
    bundle = "no base64!" if days is None else _bundle(days)
    client = msgspec.structs.replace(_THERE, ca_bundle=bundle)
    return _hooks(_IMAGES, client_config=client, failure_policy="Fail")


def _outside(url: str, failure_policy: str = "Fail") -> WebhookConfiguration:
    client = msgspec.structs.replace(_INJECTOR.webhooks[-1].client_config, url=url)
    return _hooks(_INJECTOR, client_config=client, failure_policy=failure_policy)


_OWN_KIND = msgspec.structs.replace(_LAST.rules[0], api_groups=("monitoring.coreos.com",))
_DEPLOYED = recorded(Kind.DEPLOYMENT, "prod/storefront")
_INGRESS = recorded(Kind.INGRESS, "prod/shop")
_APPLIED = FieldManager("last-applied-configuration", "Apply", "networking.k8s.io/v1beta1")
_BUDGET = written(
    "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: b, namespace: prod}, spec: {}}"
)

_BOTH = policy("kyverno.io/v1", "ClusterPolicy", {"rules": [
    {"name": "a", "validate": {"failureAction": "Enforce"}},
    {"name": "b", "verifyImages": [{"failureAction": "Audit"}]},
]})  # fmt: skip
_PID = pod("{hostPID: true, containers: [{name: a, image: a}]}")
_TALOS = api_server("--admission-control-config-file=/system/config/admission-control-config.yaml")

CASES = [
    _namespace("ORC-240", "legacy", FAIL, "recorded: no label", severity=Severity.HIGH),
    _namespace("ORC-240", "monitoring", FAIL, "recorded: privileged", severity=Severity.HIGH),
    _namespace("ORC-240", "prod", PASS, "recorded: baseline"),
    _namespace("ORC-240", "kube-system", NA, "recorded: the cluster's own"),
    _namespace("ORC-240", "empty", PASS, "recorded: restricted"),
    _namespace("ORC-240", "default", NA, "recorded: nothing there"),
    _namespace("ORC-240", "legacy", MANUAL, "an engine refuses", _kyverno("Enforce")),
    _namespace("ORC-240", "legacy", FAIL, "an engine only tells", _kyverno("Audit")),
    _namespace("ORC-240", "legacy", UNKNOWN, "pods are forbidden", gaps={(SOURCE, Kind.POD): _DENIED}),
    _level("", FAIL, Severity.MEDIUM, "a pod that violates nothing", pod(_RESTRICTED)),
    _level("Baseline", MANUAL, None, "no level, which the server takes for restricted", _PID),
    _level("", MANUAL, Severity.HIGH, "levels for all namespaces, as Talos has", _PID, _TALOS),
    _level("privileged", FAIL, Severity.HIGH, "privileged, whatever the level of the others", _PID, _TALOS),
    _level("", MANUAL, Severity.HIGH, "OpenShift has constraints", _PID, cluster(groups=("security.openshift.io",))),
    _level("", FAIL, Severity.HIGH, "the API server has no levels", _PID, api_server()),
    _level("", UNKNOWN, None, "a spec could not be read", changed(pod(), pod_spec=Gap(Reason.MALFORMED, "spec"))),
    _engine(MANUAL, "nothing"),
    Case("ORC-241", cluster(), FAIL, others=around(), note="recorded: a policy that warns"),
    _engine(PASS, "Kyverno refuses", _kyverno("Enforce"), _program(), groups=("kyverno.io",)),
    _engine(FAIL, "Kyverno audits", _kyverno("Audit"), _program(), groups=("kyverno.io",)),
    _engine(FAIL, "Kyverno without policies", _program(), groups=("kyverno.io",)),
    _engine(FAIL, "Kyverno is down", _kyverno("Enforce"), _program(ready=0), groups=("kyverno.io",)),
    _engine(FAIL, "Kyverno can be passed by", _kyverno("Enforce"), _program("v1.8.4"), groups=("kyverno.io",)),
    _engine(PASS, "a rule of Kyverno refuses", _rules("Enforce"), _program()),
    _engine(FAIL, "a rule of Kyverno audits, whatever its policy says", _rules("Audit", "Enforce"), _program()),
    _engine(FAIL, "Kyverno is not asked at admission", _rules("Enforce", admission=False), _program()),
    _engine(PASS, "Kyverno refuses by default", _validating({}), _program(), groups=("policies.kyverno.io",)),
    _engine(PASS, "Kyverno refuses by CEL", _validating({"validationActions": ["Deny"]}), _program()),
    _engine(FAIL, "Kyverno audits by CEL", _validating({"validationActions": ["Audit"]}), _program()),
    _engine(
        FAIL, "Kyverno looks in the background only",
        _validating({"evaluation": {"admission": {"enabled": False}}}), _program(),
    ),
    _engine(
        FAIL, "Gatekeeper warns in its scopes",
        policy("constraints.gatekeeper.sh/v1beta1", "K8sPSP", {
            "enforcementAction": "scoped", "scopedEnforcementActions": [{"action": "warn"}]}),
    ),
    _engine(PASS, "Gatekeeper denies", policy("constraints.gatekeeper.sh/v1beta1", "K8sPSP", {})),
    _engine(
        FAIL, "Gatekeeper warns",
        policy("constraints.gatekeeper.sh/v1beta1", "K8sPSP", {"enforcementAction": "dryrun"}),
    ),
    _engine(PASS, "Kubewarden protects", policy("policies.kubewarden.io/v1", "ClusterAdmissionPolicy", {})),
    _hook(_IMAGES, FAIL, Severity.HIGH, "recorded: ignores failures, its Service is gone"),
    _hook(_hooks(_IMAGES, failure_policy="Fail"), FAIL, Severity.MEDIUM, "its Service is gone"),
    _hook(_hooks(_IMAGES, failure_policy="Fail", client_config=_THERE), PASS, None, "refuses when down"),
    _hook(
        _hooks(_IMAGES, client_config=_THERE, rules=(_OWN_KIND,)), PASS, None, "ignores failures for its own kinds",
    ),
    _hook(_INJECTOR, FAIL, Severity.HIGH, "recorded: outside the cluster"),
    _hook(_outside("https://hook.prod.svc:443/x"), PASS, None, "a Service's name"),
    _hook(_outside("https://127.0.0.1:23443/x", "Ignore"), PASS, None, "the API server's own machine"),
    _hook(_outside("https://[bad"), FAIL, Severity.HIGH, "no URL"),
    _hook(_with_bundle(-1), FAIL, Severity.HIGH, "its authority has expired"),
    _hook(_with_bundle(30), PASS, None, "its authority is valid"),
    _hook(_with_bundle(None), UNKNOWN, None, "its authority is not readable"),
    _namespace("ORC-243", "staging", FAIL, "recorded: neither", severity=Severity.LOW),
    _namespace("ORC-243", "prod", PASS, "recorded: both"),
    _namespace("ORC-243", "empty", NA, "recorded: nothing there"),
    _namespace("ORC-243", "kube-system", NA, "recorded: the cluster's own"),
    Case("ORC-244", cluster(), MANUAL, others=around(), note="recorded: nothing"),
    Case("ORC-244", cluster(), MANUAL, others=(_kyverno("Audit", "verifyImages"),), note="Kyverno audits"),
    Case("ORC-244", cluster(), PASS, others=(_kyverno("Enforce", "verifyImages"),), note="Kyverno verifies"),
    Case("ORC-244", cluster(), PASS, others=(_validating({}, "ImageValidatingPolicy"),), note="Kyverno, by CEL"),
    Case("ORC-244", cluster(), MANUAL, others=(_BOTH,), note="Kyverno refuses something else"),
    Case(
        "ORC-244", cluster(), PASS,
        others=(policy("policy.sigstore.dev/v1beta1", "ClusterImagePolicy", {"images": []}),), note="sigstore",
    ),
    Case(
        "ORC-244", cluster(), PASS,
        others=(api_server("--enable-admission-plugins=ImagePolicyWebhook"),), note="by the API server",
    ),
    Case("ORC-245", _DEPLOYED, PASS, others=(), note="recorded"),
    Case("ORC-245", changed(_INGRESS, managers=(*_INGRESS.managers, _APPLIED)), MANUAL, others=(), note="applied"),
    Case(
        "ORC-245", changed(_BUDGET, manifest=Manifest("b.yaml", 1, EMPTY)), MANUAL, others=(), note="in a manifest",
    ),
    Case("ORC-245", _BUDGET, PASS, others=(), note="read with an old version, but not written"),
]  # fmt: skip
