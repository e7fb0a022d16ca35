"""Pods whose service account could take the cluster over."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from checks.check import Domain, check
from checks.evidence import capped
from checks.kubernetes.rbac import Right, is_add_on, of_any_name, rights, scope, told
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Unread
from inventory.kubernetes.authority import powers
from inventory.kubernetes.authority.paths import Paths
from inventory.kubernetes.authority.powers import Held
from inventory.kubernetes.authority.rules import written
from inventory.kubernetes.rbac import ServiceAccount
from inventory.kubernetes.subjects import ACCOUNT, Subject
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import ResourceKey

_EVERYWHERE = (
    powers.EVERYTHING, powers.READ_SECRETS, powers.WRITE_PODS, powers.EXEC, powers.BIND, powers.ESCALATE,
    powers.IMPERSONATE, powers.WRITE_BINDINGS, powers.MAKE_TOKENS, powers.NODE_PROXY, powers.WEBHOOKS,
)  # fmt: skip
_MOST = 8


class Takeover(msgspec.Struct, frozen=True):
    """What an account may do that takes over more than itself: how bad, in words, by what, the way to all rights."""

    severity: Severity
    words: str
    grants: tuple[tuple[str, str, ResourceKey], ...]  # path, rule and scope, binding
    steps: tuple[str, ...]


def takeovers(subjects: tuple[Subject, ...]) -> Mapping[str, Takeover | Gap | str]:
    """For each account (`namespace/name`) what it may take over; the group that it has it of; what is missing."""
    paths = Paths(subjects)
    found: dict[str, Takeover | Gap | str] = {}
    for subject in subjects:
        kind = subject.peek("subject_kind")
        if isinstance(kind, Gap) or kind == ACCOUNT:
            told = _takeover(subject, paths)
            if told is not None:
                found[subject.key.id.removeprefix(f"{ACCOUNT}/")] = told
    return found


def _takeover(subject: Subject, paths: Paths) -> Takeover | Gap | str | None:
    try:
        own = [right for right in rights(subject.grants, _wanted) if _counts(right)]
        if own:
            return _told(subject, own, paths)
        for membership in subject.memberships:
            if any(_counts(right) for right in rights(membership.grants, _wanted)):
                return membership.group
        return None if subject.whole else ""
    except Unread as missing:
        return missing.gap


_wanted = of_any_name(*_EVERYWHERE)


def _counts(right: Right) -> bool:
    """Named secrets and the like are what a workload should have; pods of its own namespace a person decides about."""
    held: Held = right.held
    if held.names and held.power != powers.NODE_PROXY:
        return False
    return held.power != powers.WRITE_PODS or right.where in ("", "kube-system")


def _told(subject: Subject, own: list[Right], paths: Paths) -> Takeover:
    wide = any(not right.where or right.where == "kube-system" for right in own)
    everything = any(right.held.power == powers.EVERYTHING for right in own)
    words = (
        f"do everything {scope(right.where for right in own if right.held.power == powers.EVERYTHING)}"
        if everything
        else f"{told(own)} {scope(right.where for right in own)}"
    )
    grants = dict.fromkeys(
        (
            f"{right.grant.binding.kind.value}/{right.grant.binding.id} > "
            f"{right.grant.role.kind.value}/{right.grant.role.id}",
            f"{written(right.held.rule)} {scope((right.where,))}",
            right.grant.binding,
        )
        for right in own
    )
    severity = Severity.HIGH if everything or (wide and not is_add_on(subject)) else Severity.MEDIUM
    steps = tuple(step.words for step in paths.of(subject.key))
    return Takeover(severity, words, tuple(grants), steps)


@check(
    "ORC-218",
    "Pod with an identity that takes the cluster over",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=PodBearer,
    why="A fault in the program is then a fault in the cluster: the token lies in the container's file system.",
    remediation="Give the pod a service account of its own with the few rights that it uses, and "
    "`automountServiceAccountToken: false` where it asks the API server nothing. Pods must be made again.",
    references=("OWASP-K8s:K02", "ATT&CK:T1528", "CWE-269"),
)
def identity(bearer: PodBearer, view: View) -> Verdict:
    """F: the service account whose token the pod mounts may, by its own bindings, do what one of ORC-200 to ORC-207 or
    ORC-209 fails for: high where that is everything, or holds everywhere or in kube-system, else medium, as for
    add-ons in kube-system. P: it may not. NA: no token is mounted, the pod has ended, or the right is a group's, where
    it is said.

    Source: OWASP K02; MITRE ATT&CK T1528.
    """
    spec = bearer.pod_spec
    if spec.automount_service_account_token is False:
        return not_applicable("mounts no token")
    if isinstance(bearer, Pod) and bearer.status.phase in ("Succeeded", "Failed"):
        return not_applicable("has ended")
    name = spec.service_account_name or "default"
    account = f"{bearer.namespace}/{name}"
    found = view.index_of(Subject, takeovers, account)
    if isinstance(found, Gap):
        raise Unread(found)
    if found is None:
        return passed()
    if spec.automount_service_account_token is None and view.index_of(ServiceAccount, mounting, account) is False:
        return not_applicable("mounts no token")
    if isinstance(found, str):
        return not_applicable(f"said of group {found}, which its service account belongs to")
    key = ResourceKey(Subject.kind, view.source, f"{ACCOUNT}/{account}")
    evidence = [
        Evidence(f"{bearer.spec_path}.serviceAccountName", name, key),
        *capped([Evidence(*grant) for grant in found.grants], _MOST),
        *(Evidence(f"way to everything, step {at}", step) for at, step in enumerate(found.steps, 1)),
    ]
    return failed(f"runs as {name}, which may {found.words}", *evidence, severity=found.severity)


def mounting(accounts: tuple[ServiceAccount, ...]) -> Mapping[str, bool]:
    """Whether pods get the token of an account unless they say otherwise."""
    return {one.key.id: one.peek("automount_token") is not False for one in accounts}
