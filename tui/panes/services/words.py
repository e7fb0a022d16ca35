"""Words that the views of a cluster share: ages, counts, namespaces, what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ParamSpec, TypeVar

from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.part import LabelSelector
from inventory.resource import Kind, Resource
from inventory.text import safe
from tui.format import DAY, HOUR, MINUTE, image_reference, missing
from tui.picture import Picture
from widgets.cells import Cell
from widgets.style import Role

T = TypeVar("T")
P = ParamSpec("P")
NEVER = float("inf")

SHORT: Mapping[Kind, str] = {
    Kind.DEPLOYMENT: "deploy", Kind.STATEFULSET: "sts", Kind.DAEMONSET: "ds", Kind.JOB: "job", Kind.CRONJOB: "cron",
    Kind.REPLICASET: "rs", Kind.REPLICATIONCONTROLLER: "rc", Kind.POD: "pod", Kind.SERVICE: "swarm",
    Kind.KUBE_SERVICE: "svc", Kind.INGRESS: "ing", Kind.GATEWAY: "gw", Kind.HTTPROUTE: "route",
    Kind.NETWORKPOLICY: "netpol", Kind.PODDISRUPTIONBUDGET: "pdb", Kind.RESOURCEQUOTA: "quota",
    Kind.LIMITRANGE: "limits", Kind.VALIDATINGWEBHOOKCONFIGURATION: "vwh", Kind.MUTATINGWEBHOOKCONFIGURATION: "mwh",
    Kind.VALIDATINGADMISSIONPOLICY: "vap", Kind.VALIDATINGADMISSIONPOLICYBINDING: "vapb",
    Kind.HORIZONTALPODAUTOSCALER: "hpa",
}  # fmt: skip
"""As people who type `kubectl get` call them."""


def attempt(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T | Gap:
    """What the function gives, or why something that it needs could not be read."""
    try:
        return function(*arguments, **named)
    except Unread as error:
        return error.gap


def cell(value: object, role: Role = "normal") -> Cell:
    """A value as a cell; a gap shows as one."""
    if isinstance(value, Gap):
        return Cell.of(missing(value), "unknown")
    text = safe(str(value), 400)
    return Cell.of(text, role) if text else Cell.of("-", "dim")


def said(resource: Resource, name: str) -> str:
    """A field as text, "" where it is missing: for sorting and matching only."""
    value = resource.peek(name)
    return "" if isinstance(value, Gap) else str(value)


def moment(resource: Resource, name: str = "created") -> float:
    """A time of the resource, 0.0 where it is missing."""
    value = resource.peek(name)
    return value if isinstance(value, float | int) else 0.0


def next_age(since: float, now: float) -> float:
    """When `tui.format.since` will say something else."""
    if since <= 0:
        return NEVER
    seconds = max(0.0, now - since)
    unit = 1 if seconds < MINUTE else MINUTE if seconds < HOUR else HOUR if seconds < 2 * DAY else DAY
    return now + unit - seconds % unit


def selector_words(selector: LabelSelector | None) -> str:
    """A selector as one types it behind `kubectl -l`; everything and nothing are said in words."""
    if selector is None:
        return "nothing"
    words = [f"{key}={value}" for key, value in selector.match_labels.items()]
    for one in selector.match_expressions:
        form = {"Exists": one.key, "DoesNotExist": f"!{one.key}"}.get(one.operator)
        words.append(form or f"{one.key} {one.operator} ({','.join(one.values)})")
    return ",".join(words) or "everything"


def refusals(picture: Picture, kinds: Iterable[Kind]) -> list[str]:
    """What of these kinds may not be read, or could not be, each in a line in the server's words."""
    wanted = set(kinds)
    told: dict[str, list[str]] = {}
    for (_, kind), gap in picture.snapshot.gaps.items():
        if kind in wanted and gap.reason is not Reason.PENDING:
            words = f"forbidden: {gap.detail or gap.path}" if gap.reason is Reason.DENIED else str(gap)
            told.setdefault(words, []).append(kind.plural)
    return [safe(words, 500) for words in told]


def arriving(picture: Picture, kinds: Iterable[Kind]) -> bool:
    """Whether more of these kinds is on its way."""
    wanted = set(kinds)
    return any(kind in wanted and gap.reason is Reason.PENDING for (_, kind), gap in picture.snapshot.gaps.items())


def images_of(resource: Resource) -> str | Gap:
    """The images that pods run, as people write them."""
    spec = resource.peek("pod_spec")
    if isinstance(spec, Gap):
        return spec
    return " ".join(dict.fromkeys(image_reference(one.image) for one in spec.containers if one.image))
