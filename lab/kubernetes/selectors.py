"""Label and field selectors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lab.kubernetes.entry import Entry
from lab.kubernetes.problem import bad

Match = Callable[[Entry], bool]

_SET = re.compile(r"^([^\s!=()]+)\s+(in|notin)\s+\(([^()]*)\)$")
_PAIR = re.compile(r"^([^\s!=()]+)\s*(==|!=|=)\s*([^\s!=()]*)$")
_EXISTS = re.compile(r"^(!?)\s*([^\s!=()]+)$")
_COMMA = re.compile(r",(?![^(]*\))")

FIELDS: dict[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
    ),
    "secrets": ("type",),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
    "jobs": ("status.successful",),
    "replicasets": ("status.replicas",),
    "replicationcontrollers": ("status.replicas",),
}  # fmt: skip
"""What can be selected besides name and namespace, by resource."""


def by_label(selector: str) -> Match | None:
    """None where everything matches."""
    tests = [_label_test(part.strip()) for part in _COMMA.split(selector) if part.strip()] if selector else []
    return (lambda entry: all(test(entry.labels()) for test in tests)) if tests else None


def _label_test(part: str) -> Callable[[dict[str, str]], bool]:
    if found := _SET.match(part):
        name, word, values = found[1], found[2], {value.strip() for value in found[3].split(",")}
        if word == "in":
            return lambda labels: labels.get(name) in values
        return lambda labels: labels.get(name) not in values
    if found := _PAIR.match(part):
        name, sign, value = found[1], found[2], found[3]
        wanted = sign != "!="
        return lambda labels: (labels.get(name) == value) is wanted
    if found := _EXISTS.match(part):
        name, wanted = found[2], not found[1]
        return lambda labels: (name in labels) is wanted
    raise bad(f"found '{part[0]}', expected: !, identifier, or 'end of string'")


def by_field(selector: str, resource: str) -> Match | None:
    """None where everything matches."""
    tests: list[Match] = []
    for part in filter(None, (piece.strip() for piece in selector.split(","))):
        found = re.match(r"^([^!=]+)(==|!=|=)(.*)$", part)
        if not found:
            raise bad(f"invalid selector: '{selector}'; can't understand '{part}'")
        tests.append(_field_test(found[1], found[2], found[3], resource))
    return (lambda entry: all(test(entry) for test in tests)) if tests else None


def _field_test(path: str, sign: str, value: str, resource: str) -> Match:
    wanted = sign != "!="
    if path == "metadata.name":
        return lambda entry: (entry.name == value) is wanted
    if path == "metadata.namespace":
        return lambda entry: (entry.namespace == value) is wanted
    if path not in FIELDS.get(resource, ()):
        raise bad(f"field label not supported: {path}")
    return lambda entry: (_field(entry.object(), path) == value) is wanted


def _field(document: Any, path: str) -> str:
    if path == "source":
        path = "source.component"
    for step in path.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    if isinstance(document, bool):
        return str(document).lower()
    return "false" if document is None and path in ("spec.unschedulable", "spec.hostNetwork") else str(document or "")


def both(first: Match | None, second: Match | None) -> Match | None:
    if first is None or second is None:
        return first or second
    return lambda entry: first(entry) and second(entry)
