"""Policy engines in a cluster: which are there, whether they refuse, whether they run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from checks.versions import Version, parse_version
from checks.view import View
from inventory.gap import Gap
from inventory.kubernetes.cluster import Cluster, CustomResource
from inventory.kubernetes.policies import ValidatingAdmissionPolicyBinding
from inventory.kubernetes.workloads import Deployment
from inventory.resource import ResourceKey

KYVERNO, GATEKEEPER, KUBEWARDEN, BUILT_IN = "Kyverno", "Gatekeeper", "Kubewarden", "ValidatingAdmissionPolicy"
GROUPS: Mapping[str, str] = {
    "kyverno.io": KYVERNO,
    "policies.kyverno.io": KYVERNO,
    "constraints.gatekeeper.sh": GATEKEEPER,
    "templates.gatekeeper.sh": GATEKEEPER,
    "policies.kubewarden.io": KUBEWARDEN,
}
"""API groups that only an installed engine brings."""
_IMAGES = (("kyverno", KYVERNO), ("gatekeeper", GATEKEEPER), ("kubewarden", KUBEWARDEN), ("policy-server", KUBEWARDEN))
KYVERNO_BYPASS = (Version((1, 8, 3)), Version((1, 8, 5)))
"""CVE-2022-47633: image signatures are taken from the registry's word; first bad and first good version."""


class Rules(msgspec.Struct, frozen=True):
    """Policies of one engine: how many refuse, how many only tell, and how many verify images and refuse."""

    engine: str
    enforcing: int = 0
    telling: int = 0
    verifying: int = 0
    names: tuple[str, ...] = ()


class Program(msgspec.Struct, frozen=True):
    """A Deployment of an engine."""

    engine: str
    key: ResourceKey
    image: str
    ready: int
    wanted: int

    @property
    def version(self) -> Version | None:
        """By the image's tag."""
        return parse_version(self.image.rpartition(":")[2].partition("@")[0])


def _mode(one: CustomResource) -> tuple[bool, bool] | None:
    """Whether a policy refuses, and whether it refuses images that it cannot verify; None for what is no policy."""
    spec: Mapping[str, Any] = one.spec
    match one.api_group:
        case "kyverno.io":
            return _kyverno(spec)
        case "policies.kyverno.io":
            if not one.api_object.endswith("ValidatingPolicy"):
                return None  # it changes, generates or deletes objects
            actions = _list(spec.get("validationActions")) or ["Deny"]
            refuses = "Deny" in actions and _admits(spec.get("evaluation"))
            return refuses, one.api_object.endswith("ImageValidatingPolicy")
        case "constraints.gatekeeper.sh":
            action = str(spec.get("enforcementAction") or "deny").lower()
            if action == "scoped":
                scoped = _list(spec.get("scopedEnforcementActions"))
                return any(isinstance(each, Mapping) and each.get("action") == "deny" for each in scoped), False
            return action == "deny", False
        case "policies.kubewarden.io":
            return str(spec.get("mode") or "protect").lower() == "protect", False
    return None


def _kyverno(spec: Mapping[str, Any]) -> tuple[bool, bool] | None:
    """Of a policy of the older kinds, whose rules may each say what they do, and else the policy for them."""
    rules = [rule for rule in _list(spec.get("rules")) if isinstance(rule, Mapping)]
    parts = [rule["validate"] for rule in rules if isinstance(rule.get("validate"), Mapping)]
    images = [image for rule in rules for image in _list(rule.get("verifyImages")) if isinstance(image, Mapping)]
    if not parts and not images:
        return None  # it changes or generates objects
    otherwise = spec.get("validationFailureAction") or "Audit"

    def refuses(parts: list[Any]) -> bool:
        return any(str(part.get("failureAction") or otherwise).lower() == "enforce" for part in parts)

    asked = spec.get("admission") is not False
    return asked and refuses([*parts, *images]), asked and refuses(images)


def _admits(evaluation: Any) -> bool:
    """Whether a policy is asked at admission, not only in the background."""
    admission = evaluation.get("admission") if isinstance(evaluation, Mapping) else None
    return not isinstance(admission, Mapping) or admission.get("enabled") is not False


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _rules(found: tuple[CustomResource, ...]) -> Mapping[str, tuple[Rules, ...]]:
    engines: dict[str, list[tuple[str, bool, bool]]] = {}
    for one in found:
        engine = GROUPS.get(one.api_group)
        mode = _mode(one) if engine and not isinstance(one.peek("spec"), Gap) else None
        if engine and mode is not None:
            engines.setdefault(engine, []).append((f"{one.api_object}/{one.name}", *mode))
    return {
        "": tuple(
            Rules(
                engine,
                sum(refuses for _, refuses, _ in ones),
                sum(not refuses for _, refuses, _ in ones),
                sum(refuses and verifies for _, refuses, verifies in ones),
                tuple(sorted(name for name, _, _ in ones))[:10],
            )
            for engine, ones in sorted(engines.items())
        )
    }


def _bindings(found: tuple[ValidatingAdmissionPolicyBinding, ...]) -> Mapping[str, Rules]:
    specs = {one.name: one.peek("spec") for one in found}
    denying = {name for name, spec in specs.items() if not isinstance(spec, Gap) and "Deny" in spec.validation_actions}
    if not specs:
        return {}
    return {"": Rules(BUILT_IN, len(denying), len(specs) - len(denying), 0, tuple(sorted(specs))[:10])}


def _programs(found: tuple[Deployment, ...]) -> Mapping[str, tuple[Program, ...]]:
    programs = []
    for one in found:
        spec, status, scale = one.peek("pod_spec"), one.peek("status"), one.peek("spec")
        if isinstance(spec, Gap) or isinstance(status, Gap) or isinstance(scale, Gap):
            continue
        for container in spec.containers:
            engine = next((name for word, name in _IMAGES if word in container.image), "")
            if engine:
                wanted = 1 if scale.replicas is None else scale.replicas
                programs.append(Program(engine, one.key, container.image, status.ready_replicas, wanted))
                break
    return {"": tuple(sorted(programs, key=lambda program: program.key))}


def _groups(found: tuple[Cluster, ...]) -> Mapping[str, frozenset[str]]:
    served: set[str] = set()
    for one in found:
        resources = one.peek("resources")
        served |= set() if isinstance(resources, Gap) else {resource.group for resource in resources}
    return {"": frozenset(GROUPS[group] for group in served if group in GROUPS)}


def installed(view: View) -> frozenset[str]:
    """The engines whose API is served."""
    return view.index_of(Cluster, _groups, "") or frozenset()


def policies(view: View) -> tuple[Rules, ...]:
    """The policies of all engines, the API server's own included."""
    built_in = view.index_of(ValidatingAdmissionPolicyBinding, _bindings, "")
    return (*(view.index_of(CustomResource, _rules, "") or ()), *((built_in,) if built_in else ()))


def programs(view: View) -> tuple[Program, ...]:
    """The Deployments of engines, by their images."""
    return view.index_of(Deployment, _programs, "") or ()


def enforcing(view: View) -> tuple[Rules, ...]:
    """The engines with a policy that refuses; of one that runs as pods, only where these are there."""
    return tuple(one for one in policies(view) if one.enforcing)
