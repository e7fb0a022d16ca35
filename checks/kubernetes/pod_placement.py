"""Where pods stand: without a maker, in the default namespace, beside the control plane."""

from __future__ import annotations

from itertools import chain

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.kubernetes import controls
from checks.kubernetes.pod_identity import MIRROR
from checks.kubernetes.system import SYSTEM_NAMESPACES, component
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.kubernetes.workloads import Pod, PodBearer

_OF_THE_CLUSTER = frozenset({"kubelet", "kube-scheduler", "kube-controller-manager", "kube-apiserver"})


@check(
    "ORC-140",
    "Naked pod",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Pod,
    why="Nothing makes it again when its node goes; often it is what somebody left, or planted.",
    remediation="Make a Deployment, StatefulSet or Job of it (`kubectl create deployment NAME --image=IMAGE`), or "
    "delete it.",
    references=("ATT&CK:T1610",),
)
def naked(pod: Pod, view: View) -> Verdict:
    """F: `metadata.ownerReferences` is empty (low); medium where it is privileged, a host process, in a namespace of
    its node, or mounts a path of it. P: something owns it. NA: a static pod, which its node makes.

    Source: kubernetes.io, workloads: pods are made by controllers.
    """
    if MIRROR in pod.annotations:
        return not_applicable("a static pod: its node makes it")
    if pod.owners:
        return passed()
    spec = pod.pod_spec
    reach = tuple(
        chain(
            controls.privileged(spec),
            controls.host_process(spec),
            controls.host_network(spec),
            controls.host_pid(spec),
            controls.host_ipc(spec),
            controls.host_paths(spec),
        )
    )
    evidence = [Evidence("metadata.ownerReferences", "[]")]
    maker = next((one for one in pod.managers if one.manager not in _OF_THE_CLUSTER), None)
    if maker is not None:
        evidence.append(Evidence("metadata.managedFields", f"written by {maker.manager} ({maker.operation})"))
    if not reach:
        return failed("nothing makes it again", *evidence)
    places = (Evidence(f"spec.{one.path}", one.value) for one in reach)
    return failed(
        "nothing makes it again, and it reaches into its node", *evidence, *capped(places, 10), severity=Severity.MEDIUM
    )


@check(
    "ORC-141",
    "Workload in the default namespace",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=PodBearer,
    why="Policies, quotas and rights are given by namespace; here everything that names none comes together.",
    remediation="Give it a namespace of its own: `kubectl create namespace NAME`, then apply the manifest with "
    "`metadata.namespace: NAME`. Names of Services change for its clients.",
    references=("CIS-Kubernetes-1.12:5.6.4", "OWASP-K8s:K05"),
)
def in_default(bearer: PodBearer, view: View) -> Verdict:
    """F: `metadata.namespace` is `default`. P: another. NA: a manifest that names none.

    Source: CIS Kubernetes 5.6.4.
    """
    manifest = bearer.manifest
    if not bearer.namespace or (manifest is not None and "metadata.namespace" not in manifest.lines):
        return not_applicable("the manifest names no namespace")
    if bearer.namespace == "default":
        return failed("in the default namespace", seen("metadata.namespace", bearer.namespace))
    return passed()


@check(
    "ORC-142",
    "User workload beside the control plane",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=PodBearer,
    why="There it passes for a part of the cluster, is exempt from many policies and may be given more than others.",
    remediation="Move it to a namespace of its own. A part of the cluster from a registry of your own: accept it with "
    "a waiver that names it.",
    references=("NSA-CISA:namespaces", "ATT&CK:T1036.005", "ATT&CK:T1610"),
)
def in_system(bearer: PodBearer, view: View) -> Verdict:
    """Judges what is in kube-system, kube-public or kube-node-lease.

    F: neither its name and labels nor its images are those of a known part of a cluster. M: its name or labels are, an
    image comes from elsewhere: a mirror, or something that passes for it. P: all its images come from where such parts
    are published. NA: another namespace. Source: NSA/CISA hardening guide, ATT&CK T1036.005.
    """
    if bearer.namespace not in SYSTEM_NAMESPACES:
        return not_applicable("not in a namespace of the system")
    named, published = component(bearer)
    if published:
        return passed()
    evidence = [seen("metadata.namespace", bearer.namespace)]
    for path, one in bearer.pod_spec.all_containers()[:5]:
        evidence.append(Evidence(f"{bearer.spec_path}.{path}.image", one.image))
    if named:
        return manual("called as a part of the cluster, with an image from elsewhere", *evidence)
    return failed(f"in {bearer.namespace}, and no known part of a cluster", *evidence)
