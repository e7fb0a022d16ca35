"""Who may do what: the rights of a subject, or of the account that pods run as, and the way from it to every right."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.gap import Gap, Unread
from inventory.kubernetes.authority.matrix import matrix
from inventory.kubernetes.authority.paths import Paths, surroundings
from inventory.kubernetes.authority.questions import is_master, who_can
from inventory.kubernetes.authority.rules import written
from inventory.kubernetes.rbac import ServiceAccount
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.subjects import Subject, account_key
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.text import safe
from tui.detail.kube_state import gap_line
from tui.detail.tab import Context
from widgets.cells import Cell
from widgets.style import Role
from widgets.textview import TextLine, line

_MOST = 400
_kept: list[tuple[object, object, str, Paths]] = []


def right_lines(resource: Resource, context: Context) -> Iterator[TextLine]:
    """What it may do, the widest first, and how it could come to every right."""
    snapshot = context.picture.snapshot
    gap = snapshot.gaps.get((resource.key.source, Kind.SUBJECT))
    if gap is not None:
        yield gap_line(gap)
        return
    try:
        key = _subject_of(resource)
    except Unread as missing:
        yield gap_line(missing.gap)
        return
    subject = snapshot.get(key)
    if not isinstance(subject, Subject):
        yield line(f" {safe(key.id)} is not known: no binding names it, and no service account is called so", "dim")
        return
    if key != resource.key:
        yield TextLine(Cell.join(" as ", (safe(key.id), "title")), meta=key)
    yield from _way(subject, snapshot, resource.key.source)
    yield from _rights(subject)


def _subject_of(resource: Resource) -> ResourceKey:
    if isinstance(resource, PodBearer):
        return account_key(resource.key.source, resource.namespace, resource.pod_spec.service_account_name)
    if isinstance(resource, ServiceAccount):
        return account_key(resource.key.source, resource.namespace, resource.name)
    return resource.key


def _way(subject: Subject, snapshot: Snapshot, source: str) -> Iterator[TextLine]:
    """The shortest way to every right, step by step."""
    try:
        if is_master(subject):
            yield line(" is one of system:masters: no role limits it", "error")
            return
        steps = _paths(snapshot, source).of(subject.key)
    except Unread as missing:
        yield gap_line(missing.gap)
        return
    if not steps:
        yield line(" no way from here to every right is known", "pass")
        return
    yield line(" the way to every right in the cluster:", "error")
    for number, step in enumerate(steps, 1):
        then = f", then acts as {step.to.id}" if step.to is not None else ", which is every right"
        meta = step.grant.binding if step.grant is not None else step.to
        yield TextLine(Cell.of(f"  {number}. {safe(step.words, 300)}{safe(then)}", "error"), meta=meta)
        if step.grant is not None:
            yield line(f"     by {safe(step.grant.binding.id)}: {safe(step.rule, 200)}", "dim")


def _paths(snapshot: Snapshot, source: str) -> Paths:
    """Made once for as long as subjects and pods are the same."""
    subjects, pods = snapshot.by_kind.get(Kind.SUBJECT), snapshot.by_kind.get(Kind.POD)
    for known_subjects, known_pods, known_source, paths in _kept:
        if known_subjects is subjects and known_pods is pods and known_source == source:
            return paths
    made = Paths(tuple(snapshot.of(Subject, source)), surroundings(snapshot.of(Pod, source)))
    _kept[:] = [(subjects, pods, source, made)]
    return made


def _rights(subject: Subject) -> Iterator[TextLine]:
    try:
        found = matrix(subject)
        whole = subject.whole
    except Unread as missing:
        yield gap_line(missing.gap)
        return
    yield line("")
    yield line(" MAY                                                          BY", "header")
    for right in found[:_MOST]:
        role: Role = "dim" if right.group else "accent" if right.dangerous else "normal"
        through = f"group {right.group}: " if right.group else ""
        by = f"{through}{right.grant.binding.id} -> {right.grant.role.id}"
        yield TextLine(
            Cell.join((f" {fit_words(right.words):<60} ", role), (safe(by, 200), "dim")),
            meta=right.grant.role,
            copy=written(right.rule),
        )
    if len(found) > _MOST:
        yield line(f" and {len(found) - _MOST} more", "dim")
    if not found:
        yield line(" nothing", "dim")
    if whole is not True:
        yield line(" this may be incomplete: not every role and binding could be read", "unknown")


def fit_words(words: str) -> str:
    """At most 60 cells, so that the column behind it stands; the whole rule is what is copied."""
    shown = safe(words, 200)
    return shown if len(shown) <= 60 else f"{shown[:59]}~"


# -- who can do something to this -----------------------------------------------------------------------------------

_QUESTIONS: dict[Kind, tuple[tuple[str, str, str, str], ...]] = {
    Kind.POD: (
        ("run commands in it", "create", "pods", "exec"),
        ("run commands in it through its node", "get", "nodes", "proxy"),
        ("read its logs", "get", "pods", "log"),
        ("put a container into it", "patch", "pods", "ephemeralcontainers"), ("delete it", "delete", "pods", ""),
    ),
    Kind.KUBE_SECRET: (("read it", "get", "secrets", ""), ("change it", "update", "secrets", "")),
    Kind.CONFIGMAP: (("read it", "get", "configmaps", ""), ("change it", "update", "configmaps", "")),
    Kind.DEPLOYMENT: (("change it", "patch", "deployments", ""), ("scale it", "patch", "deployments", "scale")),
    Kind.STATEFULSET: (("change it", "patch", "statefulsets", ""),),
    Kind.DAEMONSET: (("change it", "patch", "daemonsets", ""),),
    Kind.CRONJOB: (("change it", "patch", "cronjobs", ""),),
    Kind.KUBE_NODE: (("reach its kubelet", "get", "nodes", "proxy"), ("change it", "patch", "nodes", "")),
    Kind.SERVICEACCOUNT: (("make its tokens", "create", "serviceaccounts", "token"),),
    Kind.NETWORKPOLICY: (("change it", "patch", "networkpolicies", ""), ("delete it", "delete", "networkpolicies", "")),
    Kind.NAMESPACE: (("delete it", "delete", "namespaces", ""), ("make pods in it", "create", "pods", "")),
}  # fmt: skip
_GROUPS = {
    "deployments": "apps", "statefulsets": "apps", "daemonsets": "apps", "cronjobs": "batch",
    "networkpolicies": "networking.k8s.io",
}  # fmt: skip


def who_lines(resource: KubeResource, context: Context) -> Iterator[TextLine]:
    """Who may do what matters most to this object."""
    try:
        yield from _who(resource, context)
    except Unread as missing:
        yield gap_line(missing.gap)


def _who(resource: KubeResource, context: Context) -> Iterator[TextLine]:
    snapshot, source = context.picture.snapshot, resource.key.source
    gap = snapshot.gaps.get((source, Kind.SUBJECT))
    if gap is not None:
        yield gap_line(gap)
        return
    subjects = tuple(snapshot.of(Subject, source))
    for words, verb, plural, part in _QUESTIONS.get(resource.key.kind, ()):
        within = resource.kind is Kind.NAMESPACE
        on_node = plural == "nodes" and resource.kind is Kind.POD
        namespace = resource.name if within and plural == "pods" else "" if within or on_node else resource.namespace
        name = "" if on_node or (within and plural == "pods") else resource.name
        yield line(f" may {words}  ({verb} {plural}{'/' if part else ''}{part})", "header")
        found = who_can(subjects, verb, _GROUPS.get(plural, ""), plural, namespace, name, part)
        for subject, allowed in sorted(found, key=lambda pair: pair[1].grant.shipped):  # what people gave comes first
            by = f"  by {allowed.grant.binding.id}" + (f" of group {allowed.group}" if allowed.group else "")
            shipped: Role = "dim" if allowed.grant.shipped else "normal"
            text = Cell.join((f"   {safe(subject.key.id):<56} ", shipped), (safe(by, 200), "dim"))
            yield TextLine(text, meta=subject.key)
        if not found:
            yield line("   nobody by a role or binding", "dim")
    if any(isinstance(one.peek("whole"), Gap) or one.peek("whole") is not True for one in subjects):
        yield line(" this may be incomplete: not every role and binding could be read", "unknown")
    yield line(" system:masters may do all of it: no role limits it", "dim")
