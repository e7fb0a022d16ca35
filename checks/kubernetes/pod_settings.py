"""Settings of a pod that a person should know of: shared processes, users, names, sandboxes, debugging."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.kubernetes.controls import in_user_namespace, windows
from checks.selectors import selected
from checks.template import pod_check
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.kubernetes.podspec import PodSpec
from inventory.kubernetes.workloads import Pod, PodBearer


@pod_check(
    "ORC-137",
    "Shared process namespace in a pod",
    severity=Severity.LOW,
    why="Every container sees the others' processes, their environment and, by /proc, their files.",
    remediation="Remove `shareProcessNamespace: true` where it was set for debugging; `kubectl debug --target` does "
    "without.",
    references=("ATT&CK:T1057",),
)
def shared_processes(spec: PodSpec) -> Verdict:
    """M: `shareProcessNamespace` is true. P: else. Source: the API's documentation of the field."""
    if not spec.share_process_namespace:
        return passed()
    return manual("its containers see each other's processes", seen("shareProcessNamespace", True))


@pod_check(
    "ORC-138",
    "No user namespace for a pod that may be root",
    severity=Severity.LOW,
    why="Root inside is root on the node for every fault of kernel and runtime that lets it out.",
    remediation="Set `hostUsers: false` (Linux 6.3 or later, a runtime that maps ids). Volumes whose file system "
    "cannot be mapped, NFS among them, keep it from starting.",
    references=("PSS:restricted:Running as Non-root", "OWASP-K8s:K01", "ATT&CK:T1611"),
)
def no_user_namespace(spec: PodSpec) -> Verdict:
    """M: `hostUsers` is not false, and a container runs as user 0, or names no user and is not bound to be another
    (`runAsNonRoot`): its image decides then. P: `hostUsers` is false, or every container is another user. NA: `os.name`
    is windows, or the pod is in a namespace of its node, with which it cannot have users of its own.

    Source: KEP-127 (user namespaces).
    """
    if windows(spec):
        return not_applicable("Windows has no user namespaces")
    if spec.host_network or spec.host_pid or spec.host_ipc:
        return not_applicable("a pod in a namespace of its node cannot have users of its own")
    if in_user_namespace(spec):
        return passed()
    found: list[Evidence] = []
    names: list[str] = []
    whole = spec.security_context
    for path, one in spec.all_containers():
        own = one.security_context
        user = own.run_as_user if own is not None and own.run_as_user is not None else whole.run_as_user
        bound = own.run_as_non_root if own is not None and own.run_as_non_root is not None else whole.run_as_non_root
        if user == 0 or (user is None and not bound):
            found.append(seen(f"{path}.securityContext.runAsUser", user))
            names.append(one.name)
    if not found:
        return passed("every container runs as another user")
    message = f"may be root with the node's own users: {', '.join(names)}"
    return manual(message, seen("hostUsers", spec.host_users), *capped(found, 20))


@pod_check(
    "ORC-139",
    "Name resolution changed inside a pod",
    severity=Severity.MEDIUM,
    why="Names lead elsewhere than in the rest of the cluster, which nobody sees from outside of the pod.",
    remediation="Remove `hostAliases` and `dnsConfig.nameservers` and let the cluster's DNS answer.",
    references=("ATT&CK:T1557",),
)
def own_names(spec: PodSpec) -> Verdict:
    """M: `hostAliases` or `dnsConfig.nameservers` is set. P: neither. Source: the API's documentation of the fields."""
    aliases = [
        Evidence(f"hostAliases[{at}]", f"{one.ip} {' '.join(one.hostnames)}")
        for at, one in enumerate(spec.host_aliases)
    ]
    servers = spec.dns_config.nameservers if spec.dns_config is not None else ()
    if servers:
        aliases.append(seen("dnsConfig.nameservers", ", ".join(servers)))
        if spec.dns_policy:
            aliases.append(seen("dnsPolicy", spec.dns_policy))
    return manual("resolves names by itself", *capped(aliases, 20)) if aliases else passed()


@check(
    "ORC-144",
    "Ephemeral container in a pod",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Pod,
    why="Somebody debugs inside: with tools, and in the namespaces, that the workload itself does not have.",
    remediation="Ask who is in it; to get rid of it delete the pod (`kubectl delete pod NAME`), its controller makes a "
    "new one. Ephemeral containers cannot be taken out.",
    references=("ATT&CK:T1609", "ATT&CK:T1610"),
)
def debugging(pod: Pod, view: View) -> Verdict:
    """F: an ephemeral container that is privileged (high). M: any other one. P: none.

    Source: the API's documentation of the field.
    """
    containers = pod.pod_spec.ephemeral_containers
    if not containers:
        return passed()
    states = {one.name: one.state for one in pod.status.ephemeral_container_statuses}
    evidence: list[Evidence] = []
    strong = False
    for at, one in enumerate(containers):
        state = states.get(one.name)
        running = state.running.started_at if state is not None and state.running is not None else "not running"
        target = f", in {one.target_container_name}" if one.target_container_name else ""
        evidence.append(Evidence(f"spec.ephemeralContainers[{at}]", f"{one.name}: {one.image}{target}, {running}"))
        if one.security_context is not None and one.security_context.privileged:
            strong = True
            evidence.append(seen(f"spec.ephemeralContainers[{at}].securityContext.privileged", True))
    names = ", ".join(one.name for one in containers)
    if strong:
        return failed(f"a privileged ephemeral container: {names}", *capped(evidence, 20), severity=Severity.HIGH)
    return manual(f"ephemeral container {names}", *capped(evidence, 20))


@check(
    "ORC-148",
    "No sandbox for an untrusted pod",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=PodBearer,
    why="Code that nobody trusts shares the node's kernel with everything else.",
    remediation="Set `runtimeClassName` to a RuntimeClass of a sandbox (gVisor, Kata Containers) that the nodes have. "
    "System calls get slower; host devices and some mounts do not work there.",
    references=("NIST-800-190:4.5.2", "NSA-CISA:pod security"),
)
def no_sandbox(bearer: PodBearer, view: View) -> Verdict:
    """F: the pod's labels fit `trust.untrusted` of the policy, and `runtimeClassName` is not set. P: it is set. NA: the
    policy names no labels, or none that fit. Source: NIST SP 800-190 4.5.2.
    """
    patterns = view.policy.untrusted
    if not patterns:
        return not_applicable("the policy names no untrusted pods (trust.untrusted)")
    fitting = next((one for one in patterns if selected(bearer.pod_labels, one)), None)
    if fitting is None:
        return not_applicable("its labels fit none of trust.untrusted")
    found = seen(f"{bearer.spec_path}.runtimeClassName", bearer.pod_spec.runtime_class_name)
    if bearer.pod_spec.runtime_class_name:
        return passed("", found)
    return failed(f"untrusted by {fitting}, but without a sandbox", found)
