"""Secrets where everybody who may read pods, or the processes of a node, reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from weakref import WeakKeyDictionary

import msgspec

from checks.check import Domain, check
from checks.evidence import capped
from checks.runtime.secrets import in_command
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.kubernetes.podspec import Lifecycle, PodContainer, PodSpec
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.secrets import find, mask, weak_default

_LARGEST = 100_000  # characters of an annotation that is looked through


class _Found(msgspec.Struct, frozen=True):
    """`weight`: 3 by the value itself, 2 by the name, 1 a placeholder, 0 a reference to a Secret."""

    path: str
    value: str
    weight: int


_KNOWN: WeakKeyDictionary[PodSpec, tuple[_Found, ...]] = WeakKeyDictionary()
_WORDS = ("from a Secret as variables", "a well-known placeholder", "by its name", "by its value")


@check(
    "ORC-136",
    "Secret in the environment, arguments or annotations of a pod",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=PodBearer,
    why="Everybody who may read pods reads it, and so does whoever reads a manifest, a backup or the process list.",
    remediation="Put it into a Secret and mount that as a file; rotate what was here. A `secretKeyRef` keeps it out of "
    "the manifest but not out of the process's environment. Programs that read only variables need a wrapper.",
    references=("CIS-Kubernetes-1.12:5.4.1", "OWASP-K8s:K03", "ATT&CK:T1552.007", "CWE-526"),
)
def secret_in_pod(bearer: PodBearer, view: View) -> Verdict:
    """`env[].value`, `command`, `args`, commands of probes and hooks, and annotations of the pod (of a workload its own
    too) by the rules for secrets; values are never shown.

    F: a value has a secret's shape (high) or only its name says so (medium); or variables come from a Secret, of which
    files are preferred (low). M: only well-known placeholders. P: none. Source: CIS Kubernetes 5.4.1.
    """
    found = [
        *(msgspec.structs.replace(one, path=f"{bearer.spec_path}.{one.path}") for one in _of_spec(bearer.pod_spec))
    ]
    found += _annotated(f"{bearer.meta_path}.annotations", bearer.pod_annotations)
    if not isinstance(bearer, Pod):
        found += _annotated("metadata.annotations", bearer.annotations)
    if not found:
        return passed()
    counts = {weight: sum(one.weight == weight for one in found) for weight in (3, 2, 1, 0)}
    message = "; ".join(f"{count} {_WORDS[weight]}" for weight, count in counts.items() if count)
    evidence = capped([Evidence(one.path, one.value) for one in sorted(found, key=lambda one: -one.weight)], 20)
    for weight, severity in ((3, Severity.HIGH), (2, Severity.MEDIUM), (0, Severity.LOW)):
        if counts[weight]:
            return failed(f"secrets: {message}", *evidence, severity=severity)
    return manual(f"secrets: {message}", *evidence)


def _of_spec(spec: PodSpec) -> tuple[_Found, ...]:
    found = _KNOWN.get(spec)
    if found is None:
        found = _KNOWN[spec] = tuple(one for path, container in spec.all_containers() for one in _in(path, container))
    return found


def _in(path: str, container: PodContainer) -> Iterator[_Found]:
    for at, variable in enumerate(container.env):
        where = f"{path}.env[{at}] {variable.name}"
        source = variable.value_from.secret_key_ref if variable.value_from is not None else None
        if source is not None:
            yield _Found(where, f"Secret {source.name}, key {source.key}", 0)
        elif variable.value:
            yield from _pair(where, variable.name, variable.value)
    for at, group in enumerate(container.env_from):
        if group.secret_ref is not None:
            yield _Found(f"{path}.envFrom[{at}].secretRef", f"Secret {group.secret_ref.name}", 0)
    told: set[str] = set()
    for member, words in _commands(container):
        for where, value, match in in_command(f"{path}.{member}", words):
            if value not in told:
                told.add(value)
                yield _Found(where, f"{mask(value)}, rule {match.rule}", 3 if match.kind == "value" else 2)


def _commands(container: PodContainer) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "args", (*container.command[:1], *container.args)  # which program decides what an option means
    yield "command", container.command
    for member, probe in (
        ("livenessProbe", container.liveness_probe),
        ("readinessProbe", container.readiness_probe),
        ("startupProbe", container.startup_probe),
    ):
        if probe is not None and probe.exec is not None:
            yield f"{member}.exec.command", probe.exec.command
    hooks = container.lifecycle or Lifecycle()
    for member, hook in (("postStart", hooks.post_start), ("preStop", hooks.pre_stop)):
        if hook is not None and hook.exec is not None:
            yield f"lifecycle.{member}.exec.command", hook.exec.command


def _annotated(path: str, annotations: Mapping[str, str]) -> Iterator[_Found]:
    for key, value in annotations.items():
        if len(value) <= _LARGEST:
            match = find(key.rpartition("/")[2], value)
            if match is not None:
                weight = 3 if match.kind == "value" else 2
                yield _Found(f"{path}[{key}]", f"{mask(value)}, rule {match.rule}", weight)


def _pair(path: str, name: str, value: str) -> Iterator[_Found]:
    match = find(name, value)
    if match is not None:
        yield _Found(path, f"{mask(value)}, rule {match.rule}", 3 if match.kind == "value" else 2)
    elif weak_default(name, value):
        yield _Found(path, mask(value), 1)
