"""How firmly pods name their images, where these come from, and whether replicas run the same."""

from __future__ import annotations

from collections.abc import Mapping, Set

from checks.check import Domain, check
from checks.evidence import capped
from checks.images.reference import is_content_id, parse
from checks.images.tags import FLOATING
from checks.images.trust import judged
from checks.kubernetes.by_namespace import joined_from
from checks.kubernetes.proven import if_read
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed, unknown
from checks.view import View
from inventory.kubernetes.workloads import Pod, PodBearer

Runs = Set[tuple[str, str, str]]
"""(container, reference, digest) of all pods of one maker."""
_HASH = "pod-template-hash"


@check(
    "ORC-133",
    "Image of a pod not fixed, or from anywhere",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=PodBearer,
    why="What a tag means changes without notice: replicas run different code, and nobody can say which.",
    remediation="Name images by version and digest (`app:1.4.2@sha256:...`) and set `imagePullPolicy: Always` where a "
    "tag moves. List trusted registries in `[trust] registries` of deckwatch.toml. Updates then need a change of the "
    "reference.",
    references=("CIS-Kubernetes-1.12:5.5.1", "OWASP-K8s-2022:K02", "CWE-829", "CWE-494"),
)
def images(bearer: PodBearer, view: View) -> Verdict:
    """Every container of the pod, by the rules of IMG-002, IMG-003 and IMG-004.

    F: one is from a registry that the policy does not trust, as IMG-004 (high); neither tag nor digest, or the tag
    latest, stable, edge, main, master, nightly or dev (medium), also with a pull policy that keeps what a node has;
    pods of one maker run different content by the same reference (medium); no digest (low). M: only that nobody said
    which registries are trusted. P: none of these. U: pods could not be read and nothing else fails (of a manifest
    nothing runs yet), or a container names no image. Source: CIS Kubernetes 5.5.1.
    """
    faults: dict[str, list[str]] = {}
    evidence: list[Evidence] = []
    registries: dict[str, None] = {}
    nameless: list[Evidence] = []
    undecided = False
    for path, one in bearer.pod_spec.all_containers():
        reference = parse(one.image)
        if reference is None:
            if not is_content_id(one.image):
                nameless.append(Evidence(f"{bearer.spec_path}.{path}.image", one.image or '""'))
            continue
        registries[reference.registry] = None
        source = judged(reference, view.policy)
        undecided = undecided or source.trusted is None
        strange = source.trusted is False
        floating = not reference.digest and reference.tag in FLOATING
        kept = floating and one.image_pull_policy in ("IfNotPresent", "Never")
        for fault, there in (
            ("registry not on the list", strange),
            ("floating tag", floating),
            ("floating tag that is not pulled again", kept),
            ("no digest", not reference.digest),
        ):
            if there:
                faults.setdefault(fault, []).append(one.name)
        if strange or not reference.digest:
            evidence.append(Evidence(f"{bearer.spec_path}.{path}.image", one.image))
        if kept:
            evidence.append(Evidence(f"{bearer.spec_path}.{path}.imagePullPolicy", one.image_pull_policy))
    shown = capped(evidence, 20)
    different = if_read(lambda: _different(bearer, view), ()) if faults else _different(bearer, view)
    for name, image, digests in different:
        faults.setdefault("replicas run different content", []).append(name)
        shown.append(Evidence(f"status.containerStatuses[{name}].imageID of its pods", f"{image}: {digests}"))
    if not faults and nameless:
        return unknown("a container names no image", *capped(nameless, 20))
    if not faults:
        if undecided:
            told = Evidence("registries in use", ", ".join(sorted(registries)))
            return manual("nobody said which registries are trusted", told, policy="trust.registries")
        return passed()
    message = "; ".join(f"{fault}: {', '.join(names)}" for fault, names in faults.items())
    severity = None
    if "registry not on the list" in faults:
        severity = Severity.HIGH
    elif faults.keys() == {"no digest"}:
        severity = Severity.LOW
    return failed(message, *shown, severity=severity)


def _different(bearer: PodBearer, view: View) -> list[tuple[str, str, str]]:
    """(container, reference, digests) where the pods that it made do not run the same; said of the topmost maker."""
    if isinstance(bearer, Pod) or bearer.manifest is not None or bearer.controller is not None:
        return []
    runs = view.index_of(Pod, _CONTENT_BY_MAKER, f"{bearer.api_kind}/{bearer.key.id}") or ()
    found: dict[tuple[str, str], set[str]] = {}
    for name, image, digest in runs:
        found.setdefault((name, image), set()).add(digest)
    return [(*one, ", ".join(sorted(digests))) for one, digests in sorted(found.items()) if len(digests) > 1]


def content_by_maker(pods: list[Pod]) -> Mapping[str, Runs]:
    """By kind and id of what made them (a Deployment rather than its ReplicaSet), what its pods run."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for pod in pods:
        maker, runs = _content(pod)
        if runs:
            found.setdefault(maker, set()).update(runs)
    return found


_CONTENT_BY_MAKER = joined_from(content_by_maker)
_NOTHING: tuple[str, Runs] = ("", frozenset())


def _content(pod: Pod) -> tuple[str, Runs]:
    """What made a pod, and what it runs."""
    owner = pod.controller if "owners" not in pod.gaps else None
    if owner is None or "status" in pod.gaps or "pod_spec" in pod.gaps:
        return _NOTHING
    kind, name = owner.kind, owner.name
    labels = pod.peek("labels")
    suffix = f"-{labels[_HASH]}" if isinstance(labels, Mapping) and labels.get(_HASH) else ""
    if kind == "ReplicaSet" and suffix and name.endswith(suffix):
        kind, name = "Deployment", name.removesuffix(suffix)
    written = {one.name: one.image for one in pod.pod_spec.containers}
    runs = (
        (one.name, written.get(one.name, ""), one.image_id.partition("@")[2]) for one in pod.status.container_statuses
    )
    return f"{kind}/{pod.namespace}/{name}", frozenset(one for one in runs if all(one))
