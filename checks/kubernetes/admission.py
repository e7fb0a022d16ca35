"""What stops a pod or a request before it is accepted: pod security levels, policy engines, webhooks, quotas."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.kubernetes import engines
from checks.kubernetes.inhabitants import Violators, inhabitants
from checks.kubernetes.standards import Level
from checks.kubernetes.system import SYSTEM_NAMESPACES
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Unread
from inventory.kubernetes.cluster import Cluster, CustomResource, Namespace
from inventory.kubernetes.components import API_SERVER, ControlPlaneComponent
from inventory.kubernetes.policies import LimitRange, ResourceQuota, ValidatingWebhookConfiguration

LABEL = "pod-security.kubernetes.io/"
_LEVELS = {one.word: one for one in Level}
_CONFIGURED = "admission-control-config-file"
_CONSTRAINTS = "security.openshift.io"
_SHOWN = 10


@check(
    "ORC-240",
    "No pod security level is enforced on a namespace",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Namespace,
    why="Nothing stops a privileged pod: who may create pods there has the node.",
    remediation="`kubectl label ns NAME pod-security.kubernetes.io/enforce=baseline`; first see what it would refuse "
    "with `kubectl label --dry-run=server --overwrite ns NAME pod-security.kubernetes.io/enforce=baseline`. Running "
    "pods stay, but those that violate it do not come back after a restart.",
    references=(
        "CIS-Kubernetes-1.12:5.2.1", "NSA-CISA:pod security", "OWASP-K8s:K04", "ATT&CK:T1610", "CWE-862",
    ),
)  # fmt: skip
def no_level(namespace: Namespace, view: View) -> Verdict:
    """Judges the label `pod-security.kubernetes.io/enforce`, which the API server's own admission obeys.

    F: not set or privileged, nothing else enforces a policy, and something lives there: high where a pod or template
    violates baseline, else medium. M: the same with a policy engine that refuses something; not set, and the API server
    has levels of its own for such namespaces (`--admission-control-config-file`, as Talos has) or OpenShift's security
    context constraints; a word that is no level, which the server takes for restricted. P: baseline or restricted.
    NA: nothing lives there; a namespace of the cluster's own components, which need what baseline refuses.
    """
    if namespace.name in SYSTEM_NAMESPACES:
        return not_applicable("the cluster's own components need what baseline refuses")
    labels = [
        seen(f"metadata.labels[{LABEL}{mode}]", namespace.labels[f"{LABEL}{mode}"])
        for mode in ("enforce", "enforce-version", "audit", "warn")
        if f"{LABEL}{mode}" in namespace.labels
    ]
    label = namespace.labels.get(f"{LABEL}enforce")
    if label is not None and label not in _LEVELS:
        return manual("the label names no level; the API server then refuses what restricted does", *labels)
    enforced = _LEVELS[label] if label is not None else Level.PRIVILEGED
    living = inhabitants(view, namespace.name)
    if enforced is Level.RESTRICTED:
        return passed("", *labels)
    next_level = Level(enforced + 1)
    refused = [
        Evidence(f"{kind} that {next_level.word} would refuse", _counted(found.against(next_level)))
        for kind, found in living.items()
        if found.against(next_level).count
    ]
    if enforced is Level.BASELINE:
        return passed("", *labels, *refused)
    if not living:
        return not_applicable("nothing lives there")
    if not labels:
        labels = [Evidence(f"metadata.labels[{LABEL}enforce]", "not set")]
    if refused:
        severity = Severity.HIGH
    else:
        unread = next((found.unread for found in living.values() if found.unread is not None), None)
        if unread is not None:
            raise Unread(unread)
        severity = Severity.MEDIUM
    elsewhere = _set_elsewhere(view) if label is None else []
    if elsewhere:
        message = "no level is set here; the cluster may have one for all namespaces"
        return manual(message, *labels, *elsewhere, *refused, severity=severity)
    engine = engines.enforcing(view)
    if engine:
        said = [Evidence(one.engine, f"{one.enforcing} enforcing: {', '.join(one.names)}") for one in engine]
        return manual(
            "no level is enforced; a policy engine may do instead", *labels, *said, *refused, severity=severity
        )
    return failed("any pod is let in", *labels, *refused, severity=severity)


def _set_elsewhere(view: View) -> list[Evidence]:
    """What may refuse pods in a namespace without a label: the API server's own levels, OpenShift's constraints."""
    found = [
        Evidence(f"{one.origin}: --{_CONFIGURED}", one.flag(_CONFIGURED) or "")
        for one in view.all(ControlPlaneComponent)
        if one.component == API_SERVER and one.flag(_CONFIGURED)
    ]
    if view.index_of(Cluster, _openshift, ""):
        found.append(Evidence("API group served", _CONSTRAINTS))
    return found


def _openshift(found: tuple[Cluster, ...]) -> dict[str, bool]:
    served = (one.peek("resources") for one in found)
    return {"": any(each.group == _CONSTRAINTS for one in served if not isinstance(one, Gap) for each in one)}


def _counted(found: Violators) -> str:
    return f"{found.count}: {', '.join(found.names)}" + (", ..." if found.count > len(found.names) else "")


@check(
    "ORC-241",
    "No policy engine refuses anything",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Cluster,
    why="Rules that are only reported, or whose engine is down, stop nobody.",
    remediation="Set `failureAction: Enforce` (Kyverno), `enforcementAction: deny` (Gatekeeper), `mode: protect` "
    "(Kubewarden), `validationActions: [Deny]` (ValidatingAdmissionPolicyBinding), once reports show nothing that "
    "must go on. What violates the policy is refused from then on.",
    references=("CIS-Kubernetes-1.12:5.2.1", "OWASP-K8s:K04", "CVE-2022-47633", "CWE-693"),
)
def policy_engine(cluster: Cluster, view: View) -> Verdict:
    """Judges the policies of Kyverno, Gatekeeper and Kubewarden, ValidatingAdmissionPolicyBindings, and the engines'
    Deployments.

    F: policies that only audit, or an engine without a single ready pod, or Kyverno 1.8.3 or 1.8.4 (CVE-2022-47633).
    M: no engine and no policy. P: at least one policy refuses and the engine runs. U: a kind could not be read.
    """
    found, running, served = engines.policies(view), engines.programs(view), engines.installed(view)
    evidence = [
        *(Evidence(one.engine, f"{one.enforcing} refuse, {one.telling} only tell") for one in found),
        *(Evidence(f"{one.engine}: {one.image}", f"{one.ready}/{one.wanted} ready", one.key) for one in running),
    ]
    if not found and not running and not served:
        return manual("no policy engine is there, and no ValidatingAdmissionPolicy is bound")
    faults = [
        f"{engine} does not run"
        for engine in sorted({one.engine for one in running})
        if not any(one.ready for one in running if one.engine == engine)
    ]
    first_bad, first_good = engines.KYVERNO_BYPASS
    for one in running:
        version = one.version
        if one.engine == engines.KYVERNO and version is not None and first_bad <= version < first_good:
            faults.append("Kyverno is open to CVE-2022-47633")
    refusing = [one for one in found if one.enforcing]
    if not refusing:
        names = sorted({one.engine for one in found} | served | {one.engine for one in running})
        evidence = evidence or [Evidence("API groups served", ", ".join(names))]
        faults.append(f"{', '.join(names)}: no policy refuses anything")
    if faults:
        return failed("; ".join(dict.fromkeys(faults)), *evidence)
    return passed("", *evidence)


@check(
    "ORC-243",
    "Namespace without quota and limits",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Namespace,
    why="One namespace can use up the cluster, by accident or for mining.",
    remediation="Create a ResourceQuota (`kubectl create quota NAME --hard=requests.cpu=10,requests.memory=20Gi,"
    "pods=50 -n NAMESPACE`) and a LimitRange with defaults. Pods that ask for more than is left are refused.",
    references=("CIS-Kubernetes-1.12:5.6.1", "NSA-CISA:resource policies", "ATT&CK:T1496", "CWE-770"),
)
def no_quota(namespace: Namespace, view: View) -> Verdict:
    """F: pods or what makes them live there, and there is neither ResourceQuota nor LimitRange. P: there is one.

    NA: nothing lives there, or a namespace of the cluster's own components.
    """
    if namespace.name in SYSTEM_NAMESPACES:
        return not_applicable("the cluster's own components must not be held back")
    quotas = view.index_of(ResourceQuota, _quota_names, namespace.name) or ()
    ranges = view.index_of(LimitRange, _range_names, namespace.name) or ()
    evidence = [
        Evidence("resourcequotas", ", ".join(quotas) or "none"),
        Evidence("limitranges", ", ".join(ranges) or "none"),
    ]
    if quotas or ranges:
        return passed("", *evidence)
    if not inhabitants(view, namespace.name):
        return not_applicable("nothing lives there")
    return failed("nothing limits what it uses", *evidence)


def _quota_names(found: tuple[ResourceQuota, ...]) -> dict[str, tuple[str, ...]]:
    return _names([(one.namespace, one.name) for one in found])


def _range_names(found: tuple[LimitRange, ...]) -> dict[str, tuple[str, ...]]:
    return _names([(one.namespace, one.name) for one in found])


def _names(found: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for namespace, name in sorted(found):
        names[namespace] = (*names.get(namespace, ()), name)
    return names


@check(
    "ORC-244",
    "Images are not verified at admission",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Cluster,
    why="Whatever is in the registry runs, whoever put it there.",
    remediation="Sign images and let admission verify them: Kyverno `verifyImages` with `failureAction: Enforce`, "
    "sigstore's policy-controller with a ClusterImagePolicy, or Connaisseur. Unsigned images no longer start.",
    references=("CIS-Kubernetes-1.12:5.5.1", "NIST-800-190:4.1.5", "CWE-347"),
)
def image_verification(cluster: Cluster, view: View) -> Verdict:
    """Looks for what refuses images: Kyverno policies, ClusterImagePolicy, Connaisseur's webhook, the API server's
    ImagePolicyWebhook.

    P: one that refuses. M: none. U: one of these kinds could not be read.
    """
    found = [
        *(Evidence(one.engine, f"{one.verifying} verify images and refuse")
          for one in engines.policies(view) if one.verifying),
        *(Evidence("ClusterImagePolicy", name) for name in view.index_of(CustomResource, _image_policies, "") or ()),
        *(Evidence("validating webhook", name)
          for name in view.index_of(ValidatingWebhookConfiguration, _verifiers, "") or ()),
    ]  # fmt: skip
    found += [
        Evidence(f"{one.origin}: --enable-admission-plugins", "ImagePolicyWebhook")
        for one in view.all(ControlPlaneComponent)
        if one.component == API_SERVER and "ImagePolicyWebhook" in one.words("enable-admission-plugins")
    ]
    if found:
        return passed("", *capped(found, _SHOWN))
    return manual("nothing verifies images before they run")


def _image_policies(found: tuple[CustomResource, ...]) -> dict[str, tuple[str, ...]]:
    names = []
    for one in found:
        spec = one.peek("spec")
        if one.api_object == "ClusterImagePolicy" and not isinstance(spec, Gap) and spec.get("mode") != "warn":
            names.append(one.name)
    return {"": tuple(sorted(names)[:_SHOWN])}


def _verifiers(found: tuple[ValidatingWebhookConfiguration, ...]) -> dict[str, tuple[str, ...]]:
    names = []
    for one in found:
        webhooks = one.peek("webhooks")
        if isinstance(webhooks, Gap) or "connaisseur" not in one.name:
            continue
        if any(webhook.failure_policy != "Ignore" for webhook in webhooks):
            names.append(one.name)
    return {"": tuple(sorted(names)[:_SHOWN])}
