"""Checks of pod specs: one rule for pods and for everything that makes pods, concluded once per spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

import msgspec

from checks.check import Domain, check
from checks.verdict import Severity, Verdict
from checks.view import View
from inventory.kubernetes.podspec import PodSpec
from inventory.kubernetes.workloads import PodBearer

Rule = Callable[[PodSpec], Verdict]
_CONCLUDED: WeakKeyDictionary[PodSpec, dict[tuple[str, str], Verdict]] = WeakKeyDictionary()


def pod_check(
    id: str,  # noqa: A002 - as in `check`
    title: str,
    *,
    severity: Severity,
    why: str,
    remediation: str,
    references: Iterable[str],
    implied_by: Iterable[str] = (),
    domain: Domain = Domain.ORCHESTRATION,
) -> Callable[[Rule], Rule]:
    """Register a check that needs the pod spec alone; the arguments are those of `checks.check.check`.

    The rule gets the spec and names evidence by paths below it (`containers[0].securityContext.privileged`); the
    object's own path goes before them (`spec.template.spec.`). It runs once for all pods that share a spec. Messages
    must not name paths: a pod's verdict that tells the same as its workload's is folded into that one.
    """

    def register(rule: Rule) -> Rule:
        def judge(bearer: PodBearer, view: View) -> Verdict:
            spec, path = bearer.pod_spec, bearer.spec_path
            known = _CONCLUDED.get(spec)
            if known is None:
                known = _CONCLUDED[spec] = {}
            verdict = known.get((id, path))
            if verdict is None:
                verdict = known[id, path] = below(rule(spec), path)
            return verdict

        judge.__doc__, judge.__module__ = rule.__doc__, rule.__module__
        check(
            id,
            title,
            domain=domain,
            severity=severity,
            subject=PodBearer,
            why=why,
            remediation=remediation,
            references=references,
            implied_by=implied_by,
            basis=_spec,
        )(judge)
        return rule

    return register


def _spec(bearer: PodBearer) -> PodSpec:
    """What all of these checks look at; raises `Unread` where it could not be read."""
    return bearer.pod_spec


def below(verdict: Verdict, path: str) -> Verdict:
    """The verdict with its evidence's paths continued from where the pod spec stands in the object.

    `metadata` stands beside the spec, not in it.
    """
    if not verdict.evidence:
        return verdict
    beside = path.removesuffix("spec")
    evidence = tuple(
        msgspec.structs.replace(one, path=f"{beside if one.path.startswith('metadata.') else f'{path}.'}{one.path}")
        for one in verdict.evidence
    )
    return msgspec.structs.replace(verdict, evidence=evidence)
