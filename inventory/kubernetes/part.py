"""The base of every part of a Kubernetes object: frozen, and named as the API names it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

NONE: Mapping[str, str] = MappingProxyType({})
_INITIALISMS = {
    "id": "ID", "ip": "IP", "ips": "IPs", "ipc": "IPC", "pid": "PID", "cidr": "CIDR", "cidrs": "CIDRs", "uuid": "UUID",
    "urls": "URLs",
}  # fmt: skip


def api_name(field: str) -> str:
    """The member's name in the API: `host_pid` is `hostPID`, `non_resource_urls` is `nonResourceURLs`."""
    first, *rest = field.rstrip("_").split("_")
    return first + "".join(_INITIALISMS.get(word, word.capitalize()) for word in rest)


class Part(msgspec.Struct, frozen=True, rename=api_name):
    """A JSON object of the API. Members that are missing have the value that the API documents for *not set*."""


class LabelSelectorRequirement(Part, frozen=True):
    """`operator`: In, NotIn, Exists, DoesNotExist."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class LabelSelector(Part, frozen=True):
    """`metav1.LabelSelector`: all of it must match; an empty one matches everything, None nothing."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class ObjectReference(Part, frozen=True):
    """A reference to another object; members that the referring field does not have are ""."""

    api_version: str = ""
    api_group: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    uid: str = ""


class Condition(Part, frozen=True):
    """`status`: True, False, Unknown; `last_transition_time` is RFC 3339, "" when not told."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""


def selects(selector: LabelSelector | None, labels: Mapping[str, str]) -> bool:
    """Whether the selector matches these labels (apimachinery `LabelSelectorAsSelector`).

    An operator that the API does not know matches nothing, as the server would have refused it.
    """
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in selector.match_labels.items()):
        return False
    return all(_meets(one, labels) for one in selector.match_expressions)


def _meets(requirement: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value is not None and value in requirement.values
        case "NotIn":
            return value is None or value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False
