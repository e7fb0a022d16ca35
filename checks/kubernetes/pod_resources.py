"""What a pod may take of its node, write to itself, and tells of its health."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.kubernetes import controls
from checks.kubernetes.controls import Violation, judged
from checks.kubernetes.proven import among_none, if_read
from checks.template import pod_check
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed
from checks.view import View
from inventory.gap import Unread
from inventory.kubernetes.exposure import KubeService
from inventory.kubernetes.podspec import PodSpec
from inventory.kubernetes.policies import LimitRange
from inventory.kubernetes.workloads import CronJob, Job, Pod, PodBearer
from inventory.resource import ResourceKey

Given = tuple[frozenset[str], frozenset[str]]
"""Resources with a default limit, and with a default request."""
_UNLESS = "unless a LimitRange of the namespace sets it"
_JOBS = "it runs to its end: nobody waits for it to become ready"


@pod_check(
    "ORC-130",
    "Writable root filesystem in a pod",
    severity=Severity.MEDIUM,
    why="Malware and drift can be written and executed.",
    remediation="Set `securityContext.readOnlyRootFilesystem: true` and mount an emptyDir where the program writes "
    "(/tmp, caches). Programs that write elsewhere fail until they have one.",
    references=("NSA-CISA:pod security", "OWASP-K8s:K01", "CWE-732"),
)
def writable_rootfs(spec: PodSpec) -> Verdict:
    """F: `securityContext.readOnlyRootFilesystem` of any container is not true. P: true in all. NA: `os.name` is
    windows, which has none. Source: NSA/CISA Kubernetes hardening guide, pod security.
    """
    if controls.windows(spec):
        return not_applicable("Windows has no read-only root filesystem")
    return judged(_writable(spec), "can write to the root filesystem")


def _writable(spec: PodSpec) -> Iterator[Violation]:
    for path, one in spec.all_containers():
        own = one.security_context.read_only_root_filesystem if one.security_context is not None else None
        if own is not True:
            value = "null" if own is None else "false"
            yield Violation(f"{path}.securityContext.readOnlyRootFilesystem", value, one.name)


@check(
    "ORC-131",
    "Pod without limits or requests",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=PodBearer,
    why="One leak or miner takes the node's memory or disk, and other pods are evicted for it.",
    remediation="Set `resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 128Mi, ephemeral-storage: "
    "1Gi}}` by what the container really needs, or defaults with a LimitRange. Too low a memory limit kills it.",
    references=("NSA-CISA:resource policies", "OWASP-K8s:K01", "ATT&CK:T1496", "CWE-770"),
)
def no_limits(bearer: PodBearer, view: View) -> Verdict:
    """Containers, sidecars and init containers; a limit or request of the pod as a whole counts for each.

    F: one has no memory limit (medium), no cpu request (low; a cpu limit counts as one) or no ephemeral-storage limit
    (low). NA: a template lacks them, and the namespace's LimitRange sets them when the pod is made (a pod of a cluster
    shows what it was given). P: all set. U: a template lacks them, and LimitRanges could not be read; where there is
    none among the manifests it fails, and says so. Source: NSA/CISA, resource policies.
    """
    spec = bearer.pod_spec
    lacking = _lacking(spec, (frozenset(), frozenset()))
    if not lacking:
        return passed()
    unless = ""
    if not isinstance(bearer, Pod) or bearer.manifest is not None:  # nobody has given a pod of a file anything yet
        try:
            defaults = view.index_of(LimitRange, container_defaults, bearer.namespace)
        except Unread as missing:
            if not among_none(bearer, missing.gap):
                raise
            defaults, unless = None, f"; {_UNLESS}"
        left = _lacking(spec, defaults) if defaults is not None else lacking
        if not left:
            return not_applicable("the namespace's LimitRange gives what the template does not say")
        lacking = left
    memory = any(what == "memory limit" for what, _, _ in lacking)
    said = {what: ", ".join(name for kind, _, name in lacking if kind == what) for what, _, _ in lacking}
    message = "; ".join(f"no {what}: {names}" for what, names in said.items())
    evidence = capped([Evidence(f"{bearer.spec_path}.{path}", "null") for _, path, _ in lacking], 20)
    return failed(f"{message}{unless}", *evidence, severity=None if memory else Severity.LOW)


def _lacking(spec: PodSpec, defaults: Given) -> list[tuple[str, str, str]]:
    """(what, path below the spec, container) of everything that is not set."""
    found: dict[str, list[tuple[str, str, str]]] = {
        "memory limit": [],
        "cpu request": [],
        "ephemeral-storage limit": [],
    }
    whole = spec.resources
    for path, one in spec.all_containers():
        if path.startswith("ephemeral"):
            continue  # the API lets them have none
        limits = {*one.resources.limits, *whole.limits, *defaults[0]}
        requests = {*one.resources.requests, *whole.requests, *defaults[1], *limits}
        where = f"{path}.resources"
        if "memory" not in limits:
            found["memory limit"].append(("memory limit", f"{where}.limits.memory", one.name))
        if "cpu" not in requests:
            found["cpu request"].append(("cpu request", f"{where}.requests.cpu", one.name))
        if "ephemeral-storage" not in limits:
            what = "ephemeral-storage limit"
            found[what].append((what, f"{where}.limits.ephemeral-storage", one.name))
    return [one for group in found.values() for one in group]


def container_defaults(ranges: tuple[LimitRange, ...]) -> Mapping[str, Given]:
    """By namespace, what its LimitRanges give to containers that do not say."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for one in ranges:
        if "spec" in one.gaps:
            continue
        limits, requests = found.setdefault(one.namespace, (set(), set()))
        for item in one.spec.limits:
            if item.type == "Container":
                limits |= (
                    item.default.keys() | item.max.keys()
                )  # what is not given is the maximum; a request, the minimum
                requests |= item.default_request.keys() | item.min.keys()
    return {name: (frozenset(limits), frozenset(requests)) for name, (limits, requests) in found.items()}


@check(
    "ORC-132",
    "Pod without probes",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=PodBearer,
    why="A Service keeps sending requests to a pod that cannot answer, and nothing restarts one that hangs.",
    remediation="Add `readinessProbe: {httpGet: {path: /ready, port: 8080}}` and, where a restart helps, a "
    "`livenessProbe`. A liveness probe that is too strict restarts pods under load.",
    references=("OWASP-K8s:K01",),
)
def no_probes(bearer: PodBearer, view: View) -> Verdict:
    """F: none of the regular containers has a `readinessProbe` and a Service selects the pod (low); or none of them has
    a `livenessProbe` (info). P: else: a pod is ready when all that say so are. NA: jobs and their pods. U: some
    have only a `livenessProbe`, and Services could not be read. Source: OWASP Kubernetes Top Ten K01.
    """
    if isinstance(bearer, Job | CronJob) or (isinstance(bearer, Pod) and _of_job(bearer)):
        return not_applicable(_JOBS)
    spec = bearer.pod_spec
    unready = not any(one.readiness_probe for one in spec.containers)
    unwatched = bool(spec.containers) and not any(one.liveness_probe for one in spec.containers)
    services: tuple[ResourceKey, ...] = ()
    if unready:
        services = if_read(lambda: _services(bearer, view), ()) if unwatched else _services(bearer, view)
    evidence: list[Evidence] = []
    said: list[str] = []
    if services:
        said.append("no readiness probe though behind a Service")
        evidence.append(Evidence(f"{bearer.spec_path}.containers[*].readinessProbe", "null"))
        evidence += [Evidence("Service selects the pod", key.id, key) for key in services[:3]]
    if unwatched:
        said.append("no liveness probe")
        evidence.append(Evidence(f"{bearer.spec_path}.containers[*].livenessProbe", "null"))
    if not said:
        return passed()
    return failed("; ".join(said), *capped(evidence, 20), severity=None if services else Severity.INFO)


def _of_job(pod: Pod) -> bool:
    return pod.controller is not None and pod.controller.kind == "Job"


def _services(bearer: PodBearer, view: View) -> tuple[ResourceKey, ...]:
    labels = bearer.pod_labels
    found = view.index_of(KubeService, selectors_of_services, bearer.namespace) or ()
    return tuple(key for key, wanted in found if all(labels.get(name) == value for name, value in wanted))


Selector = tuple[ResourceKey, tuple[tuple[str, str], ...]]


def selectors_of_services(services: tuple[KubeService, ...]) -> Mapping[str, tuple[Selector, ...]]:
    """By namespace, the Services that select pods, with the labels that they want."""
    found: dict[str, list[Selector]] = {}
    for one in services:
        if "spec" not in one.gaps and one.spec.selector and one.spec.type != "ExternalName":
            found.setdefault(one.namespace, []).append((one.key, tuple(one.spec.selector.items())))
    return {name: tuple(them) for name, them in found.items()}


def behind_service(bearer: PodBearer, view: View) -> tuple[Evidence, ...]:
    """The Services that select the pods of it, as evidence."""
    return tuple(seen("Service selects the pods", key.id, key) for key in _services(bearer, view)[:3])
