"""Policies: what limits pods and requests, and on whom it bears."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from inventory.gap import Gap
from inventory.kubernetes.policies import (
    HorizontalPodAutoscaler,
    LimitRange,
    LimitRangeItem,
    MutatingWebhookConfiguration,
    NetworkPolicy,
    PodDisruptionBudget,
    ResourceQuota,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfiguration,
    Webhook,
    WebhookConfiguration,
)
from inventory.kubernetes.selection import pods_of
from inventory.resource import Kind
from inventory.text import safe
from tui.panes.services.population import Population
from tui.panes.services.view import KubeEntry, KubeView, namespace_cell, rule, sec
from tui.panes.services.words import SHORT, attempt, cell, selector_words
from tui.picture import Picture
from widgets.cells import Cell
from widgets.columns import Column
from widgets.textview import TextLine, line


class PoliciesView(KubeView):
    """One row per policy of any kind."""

    name = "Policies"
    short = "Policies"
    families = (
        NetworkPolicy, PodDisruptionBudget, ResourceQuota, LimitRange, HorizontalPodAutoscaler,
        ValidatingWebhookConfiguration, MutatingWebhookConfiguration, ValidatingAdmissionPolicy,
        ValidatingAdmissionPolicyBinding,
    )  # fmt: skip
    order: ClassVar[tuple[str, bool]] = ("ns", False)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("ns", "NAMESPACE", 10, weight=1, limit=24, cut="middle", groups=True),
        Column("kind", "KIND", 6),
        Column("name", "POLICY", 14, weight=2, limit=44, cut="middle"),
        Column("on", "BEARS ON", 16, weight=2, limit=60, priority=1),
        Column("says", "SAYS", 20, weight=3, limit=80),
        Column("age", "AGE", 4, align="right", priority=2),
    )

    def beside(self, resource: Any, pods: Population, picture: Picture) -> int | Gap | None:
        """How many pods it selects, of a NetworkPolicy."""
        if resource.key.kind is not Kind.NETWORKPOLICY:
            return None
        found = attempt(pods_of, picture.everything.snapshot, resource)
        return found if isinstance(found, Gap) else len(found)

    def cells(self, entry: KubeEntry) -> tuple[Cell, ...]:
        """One cell per column."""
        bears, says = attempt(_bears_on, entry.resource, entry.beside), attempt(_says, entry.resource)
        return (
            sec(entry),
            namespace_cell(entry),
            Cell.of(SHORT[entry.kind], "dim"),
            cell(entry.name),
            cell(bears),
            says if isinstance(says, Cell) else cell(says),
            Cell.of(entry.age),
        )

    def fields(self, entry: KubeEntry) -> dict[str, str]:
        """What it bears on and says."""
        return super().fields(entry) | {"on": entry.cells[4].text, "state": entry.cells[5].text}

    def none(self, picture: Picture) -> str:
        """Nothing limits anything."""
        return "no NetworkPolicy, budget, quota, limit or admission policy here: the cluster itself limits nothing"

    def facts(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """The pods that it selects, or its rules."""
        resource, lines = entry.resource, [rule(width)]
        lines.append(TextLine(Cell.join(" bears on ", entry.cells[4])))
        lines.append(TextLine(Cell.join(" says     ", entry.cells[5])))
        if isinstance(resource, NetworkPolicy | PodDisruptionBudget):
            found = attempt(pods_of, picture.everything.snapshot, resource)
            if isinstance(found, Gap):
                return [*lines, line(f" {safe(str(found), 300)}", "unknown")]
            lines += [TextLine(Cell.of(f"   {safe(pod.name, 200)}", "accent"), meta=pod.key) for pod in found[:60]]
        if isinstance(resource, WebhookConfiguration) and "webhooks" not in resource.gaps:
            for hook in resource.webhooks[:40]:
                lines.append(line(f"   {safe(hook.name, 120)}  {safe(_hook(hook), 300)}"))
        return lines


def _bears_on(resource: Any, pods: int | Gap | None) -> str:
    match resource:
        case NetworkPolicy():
            count = "?" if not isinstance(pods, int) else pods
            return f"{count} pods: {selector_words(resource.spec.pod_selector)}"
        case PodDisruptionBudget():
            return f"{resource.status.expected_pods} pods: {selector_words(resource.spec.selector)}"
        case HorizontalPodAutoscaler():
            target = resource.spec.scale_target_ref
            return f"{target.kind} {target.name}"
        case WebhookConfiguration():
            rules = (one for hook in resource.webhooks for one in hook.rules)
            return " ".join(sorted({"/".join(one.resources) for one in rules}))
        case ValidatingAdmissionPolicyBinding():
            return f"policy {resource.spec.policy_name}"
        case ValidatingAdmissionPolicy():
            return "requests"
    return "the namespace"


def _says(resource: Any) -> Cell:
    match resource:
        case NetworkPolicy():
            return _network(resource)
        case PodDisruptionBudget():
            spec, status = resource.spec, resource.status
            bound = (
                f"min {spec.min_available}" if spec.min_available is not None else f"max gone {spec.max_unavailable}"
            )
            healthy = f"{status.current_healthy}/{status.desired_healthy}"
            words = f"{status.disruptions_allowed} may go  healthy {healthy}  {bound}"
            return cell(words, "normal" if status.disruptions_allowed else "error")
        case ResourceQuota():
            hard, used = resource.status.hard or resource.spec.hard, resource.status.used
            full = [name for name, most in hard.items() if str(used.get(name, "")) == str(most)]
            words = "  ".join(f"{name} {used.get(name, '?')}/{most}" for name, most in hard.items())
            return cell(words, "error" if full else "normal")
        case LimitRange():
            return cell("  ".join(
                f"{one.type}: {' '.join(_limits(one))}" for one in resource.spec.limits
            ))  # fmt: skip
        case HorizontalPodAutoscaler():
            return _scaling(resource)
        case WebhookConfiguration():
            return cell("; ".join(_hook(hook) for hook in resource.webhooks[:4]))
        case ValidatingAdmissionPolicyBinding():
            return cell(", ".join(resource.spec.validation_actions))
        case ValidatingAdmissionPolicy():
            return cell(f"{len(resource.spec.validations)} rules, on error {resource.spec.failure_policy or 'Fail'}")
    return Cell()


def _scaling(scaler: HorizontalPodAutoscaler) -> Cell:
    spec, status = scaler.spec, scaler.status
    least = 1 if spec.min_replicas is None else spec.min_replicas
    full = status.desired_replicas >= spec.max_replicas > 0
    words = f"{status.current_replicas} now, {least} to {spec.max_replicas}"
    return cell(words + (", at its limit" if full else ""), "error" if full else "normal")


def _limits(one: LimitRangeItem) -> Iterator[str]:
    groups = (("default", one.default), ("request", one.default_request), ("max", one.max), ("min", one.min))
    for word, found in groups:
        yield from (f"{word} {name} {value}" for name, value in found.items())


def _network(policy: NetworkPolicy) -> Cell:
    spec = policy.spec
    types = spec.policy_types or ("Ingress", *(("Egress",) if spec.egress else ()))
    into = [(one.from_, one.ports) for one in spec.ingress]
    out = [(one.to, one.ports) for one in spec.egress]
    words, unlimited = [], False
    for way, name, everybody, rules in (("Ingress", "in", "anybody", into), ("Egress", "out", "anywhere", out)):
        if way not in types:
            continue
        if not rules:
            words.append(f"{name}: none")
        elif all(peers for peers, _ in rules):
            words.append(f"{name}: {len(rules)} rule{'s' * (len(rules) != 1)}")
        else:
            words.append(f"{name}: {everybody}")
            unlimited = unlimited or any(not peers and not ports for peers, ports in rules)
    return cell("  ".join(words), "error" if unlimited else "normal")


def _hook(hook: Webhook) -> str:
    client = hook.client_config
    to = f"{client.service.namespace}/{client.service.name}" if client.service is not None else client.url
    return f"on error {hook.failure_policy or 'Fail'}, asks {to}"
