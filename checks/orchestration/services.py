"""How a Swarm service is run: limits, image, convergence, updates, ports."""

from __future__ import annotations

from checks.check import Domain, check
from checks.data.ports import SENSITIVE
from checks.images.reference import is_content_id
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Service, Task
from inventory.secrets import mask_text

_LIMITS = "Spec.TaskTemplate.Resources.Limits"
_SETTLING = 60.0
_WINDOW = 600.0
_MANY_FAILURES = 3
_JOBS = frozenset({"replicated-job", "global-job"})


@check(
    "ORC-012",
    "Service without limits",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Service,
    why="One task can take all memory or process ids of any node.",
    remediation="`docker service update --limit-memory 512M --limit-pids 200 --limit-cpu 1 SERVICE`. Measure first: "
    "a task beyond its memory limit is killed.",
    references=("CIS-Docker-1.6:5.11", "CIS-Docker-1.6:5.12", "CIS-Docker-1.6:5.29", "CWE-770"),
)
def no_limits(service: Service, view: View) -> Verdict:
    """Judges `TaskTemplate.Resources.Limits`.

    F: no memory or no pids limit (medium), no CPU limit (low). P: all three. U: the spec was not read.
    Source: CIS Docker 5.11, 5.12, 5.29.
    """
    limits = {"MemoryBytes": service.memory_limit, "Pids": service.pids_limit, "NanoCPUs": service.nano_cpus_limit}
    missing = [name for name, value in limits.items() if not value]
    evidence = (Evidence(f"{_LIMITS}.{name}", str(value)) for name, value in limits.items())
    if not missing:
        return passed("", *evidence)
    severity = Severity.LOW if missing == ["NanoCPUs"] else Severity.MEDIUM
    return failed(f"no limit for {', '.join(missing)}", *evidence, severity=severity)


@check(
    "ORC-013",
    "Service image not fixed by digest",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Service,
    why="Each node may run other content under the same name.",
    remediation="Deploy with a registry that the client can ask (`docker service update --image NAME SERVICE` "
    "resolves the digest), or write the digest into the stack file.",
    references=("NIST-800-190:4.1.5", "CWE-494"),
)
def no_digest(service: Service, view: View) -> Verdict:
    """Judges `ContainerSpec.Image`. F: no digest. P: a digest or a content id. U: the spec was not read."""
    evidence = Evidence("Spec.TaskTemplate.ContainerSpec.Image", service.image_ref)
    fixed = "@sha256:" in service.image_ref or is_content_id(service.image_ref)
    return passed("", evidence) if fixed else failed("named without a digest", evidence)


@check(
    "ORC-016",
    "Service not converged",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Service,
    why="The service is down, or short of replicas, or its tasks crash one after the other.",
    remediation="`docker service ps --no-trunc SERVICE` shows the tasks' errors; repair the image, the placement or "
    "the command, or `docker service rollback SERVICE`.",
    references=("NIST-800-190:4.3.1", "ATT&CK:T1499"),
)
def not_converged(service: Service, view: View) -> Verdict:
    """Judges `ServiceStatus` and the service's tasks.

    F: fewer tasks run than desired, more than a minute after the last change; or more than three tasks failed or were
    rejected within ten minutes. P: as many as desired. NA: a job. U: the engine does not count tasks, or tasks were not
    listed. Error texts are masked.
    """
    if service.mode in _JOBS:
        return not_applicable("a job ends by itself")
    tasks = [task for task in view.all(Task) if task.service_id == service.id]
    running = sum(task.state == "running" for task in tasks) if service.running is None else service.running
    desired = service.replicas if service.desired is None else service.desired
    counts = Evidence("ServiceStatus", f"RunningTasks={running} DesiredTasks={desired}")
    now = view.now
    lost = [task for task in tasks if task.state in {"failed", "rejected"}]
    errors = [_error(task) for task in sorted(lost, key=lambda task: -task.updated)[:SHOWN]]
    recent = [task for task in lost if now - task.updated <= _WINDOW]
    if running < desired and now - service.updated > _SETTLING:
        return failed(f"{running} of {desired} tasks run", counts, *errors)
    if len(recent) > _MANY_FAILURES:
        return failed(f"{len(recent)} tasks failed within ten minutes", counts, *errors)
    return passed("", counts)


@check(
    "ORC-017",
    "No safe update policy",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Service,
    why="A bad image reaches all replicas.",
    remediation="`docker service update --update-failure-action rollback --update-monitor 30s SERVICE`, and a health "
    "check, without which the engine cannot tell a bad task from a good one.",
    references=("OWASP-Docker:D02",),
)
def update_policy(service: Service, view: View) -> Verdict:
    """Judges `UpdateConfig.FailureAction` and the health check of services with more than one replica.

    M: FailureAction continue, or no health check in the spec. P: pause (the default) or rollback, with a health check.
    NA: one replica, or a job. U: the spec was not read.
    """
    if service.mode in _JOBS or (service.mode == "replicated" and service.replicas <= 1):
        return not_applicable("a single task")
    action = Evidence("Spec.UpdateConfig.FailureAction", service.update_failure_action or "pause (default)")
    if service.update_failure_action == "continue":
        return manual("an update goes on when tasks fail", action)
    if service.healthcheck is None or not service.healthcheck.enabled:
        probe = Evidence("Spec.TaskTemplate.ContainerSpec.Healthcheck", "none")
        return manual("without a health check an update cannot tell good tasks from bad ones", action, probe)
    return passed("", action)


@check(
    "ORC-018",
    "Service ports by routing mesh",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Service,
    why="The port answers on every node of the cluster, also where no task runs.",
    remediation="Publish with `mode: host` on chosen nodes behind a proxy, or not at all: services reach each other by "
    "name. Clients that use another node's address lose it.",
    references=("CIS-Docker-1.6:5.14", "ATT&CK:T1190", "CWE-668"),
)
def routing_mesh(service: Service, view: View) -> Verdict:
    """Judges `Endpoint.Ports`.

    F: a sensitive service (NET-003's table, by target port) through the mesh (high). M: another port through the mesh.
    P: host mode, or no port. U: the endpoint was not read. Source: CIS Docker 5.14.
    """
    mesh = [port for port in service.ports if port.publish_mode == "ingress"]
    if not mesh:
        return passed()
    evidence = [
        Evidence("Endpoint.Ports", f"{port.published_port}->{port.target_port}/{port.protocol} ingress")
        for port in mesh
    ]
    names = [SENSITIVE[port.target_port].name for port in mesh if port.target_port in SENSITIVE]
    if names:
        return failed(f"{', '.join(names)} on every node", *evidence, severity=Severity.HIGH)
    return manual("published on every node", *evidence)


def _error(task: Task) -> Evidence:
    return Evidence(f"{task.name}: Status.Err", mask_text(task.error or task.message or task.state), task.key)
