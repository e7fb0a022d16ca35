"""What risky pods mean in the hands of what makes them again: on a schedule, or on every node."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise

from checks.check import REGISTRY, Domain, check
from checks.evidence import capped, seen
from checks.kubernetes.system import agent, component
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.kubernetes.workloads import CronJob, DaemonSet, Job, Workload

_OF_THE_SPEC = tuple(f"ORC-{number}" for number in (*range(100, 120), 136))
_HOST_ACCESS = tuple(f"ORC-{number}" for number in range(101, 107))
_GIVES = {
    "ORC-100": "a process of the Windows node", "ORC-101": "a privileged container", "ORC-102": "the node's network",
    "ORC-103": "the node's processes", "ORC-104": "the node's shared memory", "ORC-105": "dangerous capabilities",
    "ORC-106": "paths of the node", "ORC-112": "seccomp switched off", "ORC-114": "a volume that runs git on the node",
    "ORC-136": "a secret that can be read",
}  # fmt: skip
"""What pods that fail a check have, for people; others are called by the check's title."""
_WEEK = 7 * 86_400.0
_GITOPS = frozenset({
    "argocd.argoproj.io/instance", "argocd.argoproj.io/tracking-id", "kustomize.toolkit.fluxcd.io/name",
    "helm.toolkit.fluxcd.io/name", "objectset.rio.cattle.io/id", "meta.helm.sh/release-name",
})  # fmt: skip
_EVERY = re.compile(r"@every\s+(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})(?:\.\d+)?s)?$")


@check(
    "ORC-146",
    "Scheduled job with a risky pod template",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Workload,
    why="Code that runs again and again by itself is how an intruder stays.",
    remediation="Mend what is found on the template (the ids are in the evidence), or suspend it: "
    '`kubectl patch cronjob NAME -p \'{"spec":{"suspend":true}}\'`. What it does then stays undone.',
    references=("ATT&CK:T1053.007",),
    derived=True,
)
def risky_job(workload: Workload, view: View) -> Verdict:
    """Judges CronJobs, and Jobs that nothing made.

    F: its template fails a Pod Security Standards check or ORC-136 as critical or high. M: a CronJob that is younger
    than 7 days, or runs more often than every 5 minutes and that no GitOps tool or Helm manages. P: neither. NA: other
    kinds, Jobs of a CronJob. Suspended ones count too. Source: ATT&CK T1053.007.
    """
    if not isinstance(workload, CronJob | Job):
        return not_applicable("not a job")
    if isinstance(workload, Job) and workload.controller is not None:
        return not_applicable("said of what made it")
    grave = _grave(workload, view, _OF_THE_SPEC)
    suspended = (seen("spec.suspend", True),) if workload.spec.suspend else ()
    if grave:
        message = f"makes pods with {_gives(check for check, _ in grave)}"
        return failed(message, *(Evidence(check, word) for check, word in grave), *suspended)
    if not isinstance(workload, CronJob):
        return passed()
    evidence: list[Evidence] = []
    said: list[str] = []
    if workload.created and view.now - workload.created < _WEEK:
        said.append("made in the last 7 days")
        made = datetime.fromtimestamp(workload.created, UTC).isoformat()
        evidence.append(Evidence("metadata.creationTimestamp", made))
    if often(workload.spec.schedule) and not _managed(workload):
        said.append("runs more often than every 5 minutes")
        evidence.append(seen("spec.schedule", workload.spec.schedule))
    if not said:
        return passed()
    makers = [Evidence("metadata.managedFields", one.manager) for one in workload.managers]
    return manual("; ".join(said), *evidence, *suspended, *capped(makers, 3))


@check(
    "ORC-147",
    "DaemonSet with access to every node",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=DaemonSet,
    why="It is root on every node, the control plane's too, and on each that joins.",
    remediation="Take the access away (ORC-101 to ORC-106 say which), or keep it off the control plane: tolerate "
    "single taints in place of `operator: Exists` without a key.",
    references=("ATT&CK:T1610", "ATT&CK:T1543.005"),
    derived=True,
)
def on_every_node(daemon: DaemonSet, view: View) -> Verdict:
    """F: the template fails one of ORC-101 to ORC-106, and tolerates every taint (`operator: Exists` without a key and
    without an effect, or with NoSchedule): one step worse than the worst of them. P: no such access, or taints keep it
    from some nodes, or name and images are those of a known part of a cluster, or images those of a well-known
    collector of metrics or logs and none of the failures is critical by itself. Source: ATT&CK T1543.005.
    """
    everywhere = [
        (at, one)
        for at, one in enumerate(daemon.pod_spec.tolerations)
        if one.operator == "Exists" and not one.key and one.effect in ("", "NoSchedule")
    ]
    severities = {check: view.severity(check, daemon.key) for check in _HOST_ACCESS}
    found = {check: severity for check, severity in severities.items() if severity is not None}
    if not found or not everywhere:
        return passed()
    if all(component(daemon)):
        return passed("a known part of a cluster")
    if agent(daemon) and max(found.values()) < Severity.CRITICAL:
        return passed("a well-known collector of metrics and logs")
    path = f"{daemon.spec_path}.tolerations[{everywhere[0][0]}]"
    evidence = [
        Evidence(path, "operator Exists, any key"),
        *(Evidence(check, one.word) for check, one in found.items()),
    ]
    images = dict.fromkeys(one.image for _, one in daemon.pod_spec.all_containers())
    evidence += capped([Evidence("image", image) for image in images], 5)
    worse = Severity(min(max(found.values()) + 1, Severity.CRITICAL))
    return failed(f"on every node with {_gives(found)}", *evidence, severity=worse)


def _gives(checks: Iterable[str]) -> str:
    return ", ".join(_GIVES.get(check) or REGISTRY[check].title for check in checks)


def _grave(workload: Workload, view: View, checks: Iterable[str]) -> list[tuple[str, str]]:
    severities = ((check, view.severity(check, workload.key)) for check in checks)
    return [(check, one.word) for check, one in severities if one is not None and one >= Severity.HIGH]


def _managed(workload: Workload) -> bool:
    return not _GITOPS.isdisjoint((*workload.labels, *workload.annotations))


def often(schedule: str) -> bool:
    """Whether a cron expression runs more often than every 5 minutes within an hour in which it runs."""
    every = _EVERY.match(schedule.strip())
    if every is not None:
        hours, minutes, seconds = (int(part or 0) for part in every.groups())
        return hours * 3600 + minutes * 60 + seconds < 300
    fields = schedule.split()
    if fields and fields[0].startswith(("TZ=", "CRON_TZ=")):
        fields = fields[1:]
    if len(fields) != 5:
        return False
    found: set[int] = set()
    for part in set(fields[0].split(",")):
        found.update(_minutes(part))
        if len(found) == 60:
            break  # a list may be as long as an object
    return any(later - earlier < 5 for earlier, later in pairwise(sorted(found)))


def _minutes(part: str) -> Iterable[int]:
    span, _, step = part.partition("/")
    low, dash, high = span.partition("-")
    if span in ("*", "?"):
        low, high, dash = "0", "59", "-"
    try:
        first = int(low)
        last = int(high) if dash else (59 if step else first)
        return range(first, min(last, 59) + 1, max(int(step or 1), 1))
    except ValueError:
        return ()
