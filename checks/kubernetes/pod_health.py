"""Pods that do not run as they should."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import capped
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.kubernetes.reasons import CREATE, PULL, Trouble, troubles
from inventory.kubernetes.states import printed
from inventory.kubernetes.workloads import Pod

_FAILING = frozenset({"CrashLoopBackOff", "OOMKilled", *PULL, *CREATE})


@check(
    "ORC-143",
    "Pod that crashes or fails",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Pod,
    why="An outage, a leak, or what an attack leaves behind.",
    remediation="`kubectl describe pod NAME` and `kubectl logs NAME --previous` say more. OOMKilled: a higher memory "
    "limit, or a smaller program. A pod that failed stays until it is deleted.",
    references=("NIST-800-190:4.4.4", "ATT&CK:T1499"),
)
def failing(pod: Pod, view: View) -> Verdict:
    """F: a container waits in CrashLoopBackOff, cannot be pulled or started; was OOMKilled in the last 24 h; or the
    phase is Failed or Unknown. M: not ready for another reason (no node takes it, a probe fails, it is stuck
    terminating). P: all ready, or done. NA: still starting. Source: `status` as the kubelet writes it.
    """
    status = pod.status
    timed = pod.deleted or any(
        one.last_state.terminated is not None for one in (*status.init_container_statuses, *status.container_statuses)
    )
    found = [one for one in troubles(pod, view.now if timed else pod.observed_at) if one.grave]
    over = status.phase in ("Failed", "Unknown")
    worst = [one for one in found if over or one.word in _FAILING]
    line = printed(pod)
    words = ", ".join(dict.fromkeys(one.word for one in worst or found))
    if worst:
        return failed(
            f"{words} ({line.ready} of {line.total} ready)", *_shown(worst, line.restarts.number), salient=words
        )
    if found:
        return manual(f"{words} ({line.ready} of {line.total} ready)", *_shown(found, line.restarts.number))
    if status.phase == "Succeeded" or (line.ready == line.total and status.phase == "Running"):
        return passed()
    return not_applicable("still starting")


def _shown(found: list[Trouble], restarts: int) -> list[Evidence]:
    evidence = []
    for one in found:
        if one.path:
            evidence.append(Evidence(one.path, one.value))
        evidence.append(Evidence("why", one.text))
    return [*capped(evidence, 20), Evidence("restarts", str(restarts))]
