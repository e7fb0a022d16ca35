"""What the checks of rights share: which of a subject's grants give a power, where, and how that is told.

A subject answers for its own grants. What it has as a member of a group is said of the group, and what Kubernetes ships
of nobody: one root cause, one finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from checks.evidence import capped
from checks.kubernetes.by_namespace import joined_from
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.gap import Unread
from inventory.kubernetes.authority.powers import EVERYTHING, Held
from inventory.kubernetes.authority.rules import written
from inventory.kubernetes.subjects import (
    ACCOUNT,
    ACCOUNTS,
    ANONYMOUS,
    AUTHENTICATED,
    UNAUTHENTICATED,
    Grant,
    Subject,
)
from inventory.kubernetes.workloads import Pod

SYSTEM = "kube-system"
EVERYBODY = frozenset({ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, ACCOUNTS})
MOST = 10
REMEDIATION = (
    "Take the subject out of the binding that the evidence names (`kubectl edit`), or give it a role with the few "
    "verbs, resources and names that its requests in the audit log show. What used the rest gets 403 from then on."
)


class Right(NamedTuple):
    """A power that a grant gives."""

    grant: Grant
    held: Held

    @property
    def where(self) -> str:
        """The namespace, or "" for everywhere."""
        return self.grant.namespace


Wanted = Callable[[Held], bool]


def rights(grants: Iterable[Grant], wanted: Wanted, *, shipped: bool = False) -> list[Right]:
    """The powers wanted that these grants give; what is in no namespace is not given by a role in one."""
    return [
        Right(grant, held)
        for grant in grants
        if grant.shipped is shipped
        for held in grant.powers
        if wanted(held) and not (grant.namespace and held.act is not None and held.act.clusterwide)
    ]


def without(subject: Subject, wanted: Wanted) -> Verdict:
    """The verdict on a subject of whose own grants none gives the power."""
    if not subject.whole:  # never false: raises where something is missing
        return passed()
    for membership in subject.memberships:
        if rights(membership.grants, wanted):
            return not_applicable(f"said of group {membership.group}, which it belongs to")
    if rights(subject.grants, wanted, shipped=True):
        return not_applicable("as Kubernetes ships it")
    return passed()


def of(*powers: str) -> Wanted:
    """Any of these powers, not limited to named objects."""
    return lambda held: held.power in powers and not held.names


def of_any_name(*powers: str) -> Wanted:
    """Any of these powers, limited to named objects or not."""
    return lambda held: held.power in powers


def evidence(found: Iterable[Right]) -> list[Evidence]:
    """Binding, role, rule and scope, each once."""
    return capped(dict.fromkeys(_piece(right) for right in found), MOST)


def granted(grant: Grant, rule: str) -> Evidence:
    """Evidence of a rule that a grant gives."""
    binding, role = grant.binding, grant.role
    path = f"{binding.kind.value}/{binding.id} > {role.kind.value}/{role.id}"
    return Evidence(path, f"{rule} {scope((grant.namespace,))}", binding)


def _piece(right: Right) -> Evidence:
    return granted(right.grant, written(right.held.rule))


def scope(namespaces: Iterable[str], most: int = 3) -> str:
    """`everywhere`, or `in prod, staging`."""
    found = sorted(set(namespaces))
    if "" in found or not found:
        return "everywhere"
    rest = f" and {len(found) - most} more namespaces" if len(found) > most else ""
    return f"in {', '.join(found[:most])}{rest}"


def judged(
    subject: Subject,
    wanted: Wanted,
    does: str,
    wide: Severity,
    narrow: Severity | None,
    system: Severity | None = None,
) -> Verdict:
    """The usual verdict: a failure everywhere (`wide`), in kube-system (`system`, else `narrow`), elsewhere (`narrow`).

    `narrow` None: what is limited to a namespace is for a person to decide.
    """
    found = rights(subject.grants, wanted)
    if not found:
        return without(subject, wanted)
    where = {right.where for right in found}
    apart = all(right.held.act is not None and right.held.act.clusterwide for right in found)
    message = f"may {does}" if apart else f"may {does} {scope(where)}"
    if "" in where:
        return fails(subject, message, found, wide)
    if SYSTEM in where and (system or narrow) is not None:
        return fails(subject, message, found, system or narrow or wide)
    if narrow is None:
        return manual(message, *evidence(found))
    return fails(subject, message, found, narrow)


def fails(subject: Subject, message: str, found: Iterable[Right], severity: Severity) -> Verdict:
    """A failure. Add-ons that came with the cluster run it, and are weighed as such: medium at most.

    But not one with all rights: kube-system is where somebody would hide it, and no add-on needs them.
    """
    found = tuple(found)
    if is_add_on(subject) and not any(right.held.power == EVERYTHING for right in found):
        severity = min(severity, Severity.MEDIUM)
    return failed(message, *evidence(found), severity=severity)


def is_add_on(subject: Subject) -> bool:
    """A service account of kube-system other than that named default."""
    return subject.subject_kind == ACCOUNT and subject.namespace == SYSTEM and subject.name != "default"


def told(found: Iterable[Right]) -> str:
    """The powers, for people: `exec, read secrets`."""
    return ", ".join(sorted({right.held.power.replace("-", " ") for right in found}))


def is_everybody(subject: Subject) -> bool:
    """Whoever logs in, whoever does not, or every pod."""
    return subject.subject_kind != ACCOUNT and subject.name in EVERYBODY


def everything(subject: Subject) -> list[Right]:
    """The grants of all rights."""
    return rights(subject.grants, of(EVERYTHING))


def pods_by_account(pods: list[Pod]) -> Mapping[str, tuple[str, str]]:
    """For each account (`namespace/name`) the first running pod that mounts its token, and that leaves it to it."""
    found: dict[str, tuple[str, str]] = {}
    for pod in pods:
        try:
            spec, phase = pod.pod_spec, pod.status.phase
        except Unread:
            continue
        if phase == "Running" and spec.automount_service_account_token is not False:
            name = f"{pod.namespace}/{spec.service_account_name or 'default'}"
            asks, leaves = found.get(name, ("", ""))
            if spec.automount_service_account_token:
                asks = min(asks or pod.name, pod.name)
            else:
                leaves = min(leaves or pod.name, pod.name)
            found[name] = (asks, leaves)
    return found


_PODS_BY_ACCOUNT = joined_from(pods_by_account)


def pod_with_token(subject: Subject, view: View) -> str:
    """A running pod that holds the account's token, or "".

    Only makes a failure worse that is proven without it: pods that may not be read leave the failure as it is.
    """
    if subject.subject_kind != ACCOUNT:
        return ""
    try:
        asks, leaves = view.index_of(Pod, _PODS_BY_ACCOUNT, f"{subject.namespace}/{subject.name}") or ("", "")
        return asks or (leaves if subject.automount else "")
    except Unread:
        return ""
