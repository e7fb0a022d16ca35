"""Web consoles and other components that have rights over the cluster and must not be open."""

from __future__ import annotations

import re
from collections.abc import Mapping

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.kubernetes.outside import makers_behind, pods_behind, ways_in
from checks.kubernetes.proven import if_read
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.versions import parse_version
from checks.view import View
from inventory.gap import Gap
from inventory.kubernetes.exposure import KubeService
from inventory.kubernetes.rbac import ClusterRoleBinding
from inventory.kubernetes.workloads import Deployment

_SHOWN = 10
CONSOLES: Mapping[str, re.Pattern[str]] = {
    "Kubernetes Dashboard": re.compile(r"kubernetes-?dashboard"),
    "Headlamp": re.compile(r"headlamp"),
    "Rancher": re.compile(r"(?:^|/)rancher(?:/rancher)?(?::|@|$)|^rancher$"),
    "Argo CD": re.compile(r"argocd-server|argo-cd-server|argoproj/argocd|(?:^|/)argocd(?::|@|$)"),
    "Weave Scope": re.compile(r"weave-?scope|weaveworks/scope"),
    "Portainer": re.compile(r"portainer"),
    "Kubeapps": re.compile(r"kubeapps"),
    "Octant": re.compile(r"(?:^|/)octant(?::|@|$|-)"),
}
"""Admin consoles, by the Service's name, its labels, or the images behind it."""
_LABELS = ("app", "k8s-app", "app.kubernetes.io/name", "app.kubernetes.io/part-of", "name")
_SKIP = re.compile(r"--(enable-skip-login|disable-auth|no-auth)(?:=(?:true|1))?")


@check(
    "ORC-256",
    "Dashboard or admin console exposed",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=KubeService,
    why="Behind one stolen or missing login lies what its account may do, often everything.",
    remediation="type: ClusterIP and no Ingress; reach it with `kubectl port-forward`, or put a login of your own (an "
    "OIDC proxy) before it. Give its account read rights only, and remove --enable-skip-login. Bookmarks to the old "
    "address stop working.",
    references=("OWASP-K8s:K06", "ATT&CK:T1133", "CWE-306"),
)
def console(service: KubeService, view: View) -> Verdict:
    """Knows consoles by the Service's name and labels and by the images behind it (dated by this program's version).

    F: reached from outside by NodePort, LoadBalancer, external addresses, an Ingress or an HTTPRoute (high); its login
    can be skipped, or its account is cluster-admin (critical). M: inside the cluster only. P: no known console.
    U: workloads or bindings could not be read.
    """
    behind = makers_behind(service, view) or pods_behind(service, view)
    images = tuple(image for one in behind for image in one[3])
    names = (service.name, *(service.labels.get(label, "") for label in _LABELS), *images)
    known = next((console for console, shape in CONSOLES.items() if any(shape.search(name) for name in names)), "")
    if not known:
        return passed()
    evidence = [Evidence("console", known), *(Evidence("image", image) for image in images[:3])]
    skipped = [seen(f"args of {one[0].id}", word) for one in behind for word in one[4] if _SKIP.fullmatch(word)]
    admins = [
        Evidence(f"service account {service.namespace}/{one[2]}", f"cluster-admin by {binding}")
        for one in behind
        if (binding := view.index_of(ClusterRoleBinding, _admins, f"{service.namespace}/{one[2]}")) is not None
    ]
    outside = capped(ways_in(service, view), _SHOWN)
    said = [*(["reached from outside"] if outside else []), *(["its login can be skipped"] if skipped else [])]
    said += ["its account is cluster-admin"] if admins else []
    if skipped or admins:
        message = f"{known}: {', '.join(said)}"
        return failed(message, *evidence, *outside, *skipped, *admins, severity=Severity.CRITICAL)
    if outside:
        return failed(f"{known} is reached from outside", *evidence, *outside)
    return manual(f"{known} is there, inside the cluster only", *evidence)


def _admins(found: tuple[ClusterRoleBinding, ...]) -> Mapping[str, str]:
    """Service accounts that are cluster-admin, and by which binding."""
    admins: dict[str, str] = {}
    for one in found:
        role, subjects = one.peek("role_ref"), one.peek("subjects")
        if isinstance(role, Gap) or isinstance(subjects, Gap) or role.name != "cluster-admin":
            continue
        for subject in subjects:
            if subject.kind == "ServiceAccount":
                admins.setdefault(f"{subject.namespace}/{subject.name}", one.name)
    return admins


_TILLER = re.compile(r"(?:^|/)tiller(?::|@|$)")
_DASHBOARD = re.compile(r"kubernetes-dashboard[^:]{0,100}:(v?1\..+)")
_DASHBOARD_FIXED = "1.10.1"
_TILLER_PORT = 44134


@check(
    "ORC-257",
    "Component that is known to be unsafe",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Deployment,
    why="Tiller does for any pod that reaches its port whatever its account may, which is mostly everything.",
    remediation="Migrate releases to Helm 3 (`helm 2to3`), then `kubectl delete deploy,svc tiller-deploy -n NAMESPACE` "
    "and its ClusterRoleBinding. Programs that still use Helm 2 stop working. Dashboard: upgrade to 2 or Headlamp.",
    references=("CVE-2018-18264", "ATT&CK:T1610", "CWE-306"),
)
def known_bad(deployment: Deployment, view: View) -> Verdict:
    """Judges the Deployment's name and images.

    F: Tiller, the server of Helm 2 (critical where a Service leads to its port 44134 and it is not bound to localhost);
    Kubernetes Dashboard before 1.10.1 (CVE-2018-18264). P: neither.
    """
    containers = deployment.pod_spec.containers
    for index, container in enumerate(containers):
        path = f"{deployment.spec_path}.containers[{index}].image"
        old = _DASHBOARD.search(container.image)
        if old is not None:
            version, fixed = parse_version(old[1].partition("@")[0]), parse_version(_DASHBOARD_FIXED)
            if version is not None and fixed is not None and version < fixed:
                return failed("Dashboard open to CVE-2018-18264", seen(path, container.image))
        if _TILLER.search(container.image) or deployment.name == "tiller-deploy":
            return _tiller(deployment, path, container.image, view)
    return passed()


def _tiller(deployment: Deployment, path: str, image: str, view: View) -> Verdict:
    words = [word for one in deployment.pod_spec.containers for word in (*one.command, *one.args)]
    local = any(word.startswith(("--listen=localhost", "--listen=127.")) for word in words)
    evidence = [seen(path, image)]
    services = if_read(lambda: view.index_of(KubeService, _tiller_services, deployment.namespace), None) or ()
    if services and not local:
        evidence += [Evidence(f"service {name}", str(_TILLER_PORT)) for name in services]
        return failed("Tiller answers on its port", *evidence, severity=Severity.CRITICAL)
    return failed("Tiller, the server of Helm 2", *evidence)


def _tiller_services(found: tuple[KubeService, ...]) -> Mapping[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for one in sorted(found, key=lambda one: one.key):
        spec = one.peek("spec")
        if not isinstance(spec, Gap) and any(port.port == _TILLER_PORT for port in spec.ports):
            names[one.namespace] = (*names.get(one.namespace, ()), one.name)
    return names
