"""Limits on what a container may use of the host."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import seen
from checks.verdict import Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.container import Container

_SANE_LIMIT = 1048576


@check(
    "RUN-028",
    "No memory limit",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="One container can take the host's memory, and the kernel then kills something else.",
    remediation=(
        "--memory 512m (Compose: `mem_limit: 512m` or `deploy.resources.limits.memory`); `docker update --memory` "
        "works on a running one. Above the limit the container's own processes are killed: measure first."
    ),
    references=("CIS-Docker-1.6:5.11", "OWASP-Docker:D07", "ATT&CK:T1496", "ATT&CK:T1499", "CWE-770"),
)
def no_memory_limit(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.Memory` is 0 and no parent cgroup is set. Pass: above 0.

    Unknown: 0 with a `CgroupParent`, whose limit is not read. Source: CIS Docker 5.11.
    """
    if container.memory > 0:
        return passed()
    if container.cgroup_parent:
        return unknown(f"the limit of the parent cgroup {container.cgroup_parent} is not read")
    return failed("may use all memory of the host", seen("HostConfig.Memory", container.memory))


@check(
    "RUN-029",
    "Swap unlimited",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="Swap hides the memory limit: the container goes on, and the host thrashes.",
    remediation=(
        "--memory-swap equal to --memory (Compose: `memswap_limit`). A container that relied on swap is then killed at "
        "its memory limit."
    ),
    references=("OWASP-Docker:D07", "CWE-770"),
)
def swap_unlimited(container: Container, view: View) -> Verdict:
    """Fail: a memory limit together with `HostConfig.MemorySwap` -1. Pass: any other value with a limit.

    Not applicable: no memory limit (RUN-028).
    """
    if container.memory <= 0:
        return not_applicable("no memory limit: RUN-028")
    if container.memory_swap != -1:
        return passed()
    return failed(
        "the memory limit does not bind while the host has swap",
        seen("HostConfig.MemorySwap", container.memory_swap),
        seen("HostConfig.Memory", container.memory),
    )


@check(
    "RUN-030",
    "No CPU limit or weight",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="One container can starve all others of CPU time.",
    remediation=(
        "--cpus 1 (Compose: `cpus: 1`) or a weight, --cpu-shares 512. A hard limit throttles bursts: response times "
        "rise under load."
    ),
    references=("CIS-Docker-1.6:5.12", "OWASP-Docker:D07", "ATT&CK:T1496", "CWE-770"),
)
def no_cpu_limit(container: Container, view: View) -> Verdict:
    """Fail: `NanoCpus`, `CpuQuota`, `CpuShares` and `CpusetCpus` are all zero or empty. Pass: any is set; a weight
    alone passes with a note, since it only counts under contention. Source: CIS Docker 5.12."""
    values = {
        "HostConfig.NanoCpus": container.nano_cpus,
        "HostConfig.CpuQuota": max(container.cpu_quota, 0),
        "HostConfig.CpusetCpus": container.cpuset_cpus,
    }
    if any(values.values()):
        return passed()
    shares = seen("HostConfig.CpuShares", container.cpu_shares)
    if container.cpu_shares:
        return passed("a weight only: it counts when others want the CPU too", shares)
    return failed("may use all CPU time", *(seen(path, value) for path, value in values.items()), shares)


@check(
    "RUN-031",
    "No PID limit",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="A fork bomb takes the host down.",
    remediation=(
        "--pids-limit 200 (Compose: `pids_limit: 200`); `docker update --pids-limit` works on a running one. "
        "Threads count: a JVM or a database needs more."
    ),
    references=("CIS-Docker-1.6:5.29", "OWASP-Docker:D07", "ATT&CK:T1499", "CWE-770"),
)
def no_pid_limit(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.PidsLimit` is null, 0 or -1. Pass: above 0. Source: CIS Docker 5.29."""
    if container.pids_limit > 0:
        return passed()
    return failed("may start any number of processes", seen("HostConfig.PidsLimit", container.pids_limit))


@check(
    "RUN-032",
    "OOM protection changed",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="When memory runs out, the kernel kills something else first.",
    remediation=(
        "Drop --oom-kill-disable and negative --oom-score-adj (Compose: `oom_kill_disable`, `oom_score_adj`). "
        "The container then dies first when it exceeds its limit."
    ),
    references=("OWASP-Docker:D07", "CWE-770"),
)
def oom_protection(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.OomKillDisable` without a memory limit (high), or `OomScoreAdj` below 0. Pass: else."""
    score = container.oom_score_adj
    disabled = container.oom_kill_disable and container.memory <= 0
    if not disabled and score >= 0:
        return passed()
    evidence = (seen("HostConfig.OomKillDisable", container.oom_kill_disable), seen("HostConfig.OomScoreAdj", score))
    if disabled:
        memory = seen("HostConfig.Memory", container.memory)
        return failed("never killed and without a memory limit", *evidence, memory, severity=Severity.HIGH)
    return failed("others are killed first", *evidence)


@check(
    "RUN-033",
    "No ulimit override",
    domain=Domain.RUNTIME,
    severity=Severity.INFO,
    subject=Container,
    why="Limits inherited from the engine's service may be far too high.",
    remediation=(
        "--ulimit nofile=65536:65536 --ulimit nproc=4096 (Compose: `ulimits`), or `default-ulimits` in daemon.json. "
        "Servers with many connections need a higher nofile."
    ),
    references=("CIS-Docker-1.6:5.19", "OWASP-Docker:D07", "CWE-770"),
)
def ulimits(container: Container, view: View) -> Verdict:
    """Fail (low): a hard nofile or nproc in `HostConfig.Ulimits` that is unlimited or above 1048576. Manual: none given
    (the engine copies its default-ulimits into every container). Pass: a sane override. Source: CIS Docker 5.19."""
    limits = container.ulimits
    evidence = seen("HostConfig.Ulimits", [f"{limit.name}={limit.soft}:{limit.hard}" for limit in limits])
    wide = [
        limit.name
        for limit in limits
        if limit.name.lower().removeprefix("rlimit_") in {"nofile", "nproc"} and not 0 <= limit.hard <= _SANE_LIMIT
    ]
    if wide:
        return failed(f"{', '.join(wide)} is as good as unlimited", evidence, severity=Severity.LOW)
    return passed() if limits else manual("inherits the limits of the engine's service", evidence)


_ENGINE_PARENTS = ("docker", "kubepods", "libpod", "libpod_parent", "machine", "system", "user", "init")


@check(
    "RUN-042",
    "Custom cgroup parent",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="Outside the engine's own cgroup, the limits set there do not bind.",
    remediation=(
        "Drop --cgroup-parent (Compose: `cgroup_parent`), or set the limits on the parent that is named. "
        "Accounting by slice changes."
    ),
    references=("CIS-Docker-1.6:5.25", "CWE-770"),
)
def cgroup_parent(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.CgroupParent` names neither a systemd slice of the system nor a parent that Docker, Podman or
    Kubernetes makes. Pass: empty or one of those. Source: CIS Docker 5.25."""
    parent = container.cgroup_parent
    if not parent:
        return passed()
    root = parent.strip("/").partition("/")[0].removesuffix(".slice").partition("-")[0]
    evidence = seen("HostConfig.CgroupParent", parent)
    if root in _ENGINE_PARENTS:
        return passed("a parent that an orchestrator or systemd makes", evidence)
    return failed("accounted outside the engine's cgroup", evidence)


_SAFE_SYSCTLS = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem", "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat",
})  # fmt: skip


@check(
    "RUN-043",
    "Sysctls set",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Kernel behaviour is changed for the container's namespaces, some of it with effect beyond them.",
    remediation=(
        "Drop --sysctl NAME (Compose: `sysctls`), or set it on the host for a dedicated node. Routing and VPN "
        "containers need net.ipv4.ip_forward: keep them apart."
    ),
    references=("PSS:baseline:Sysctls", "CWE-16"),
)
def sysctls(container: Container, view: View) -> Verdict:
    """Fail: a name in `HostConfig.Sysctls` outside the safe list of the Pod Security Standards (baseline). Manual: safe
    names only. Pass: none."""
    evidence = [seen(f"HostConfig.Sysctls[{name}]", value) for name, value in sorted(container.sysctls.items())]
    unsafe = sorted(container.sysctls.keys() - _SAFE_SYSCTLS)
    if unsafe:
        return failed(f"sets {', '.join(unsafe)}", *evidence)
    return manual("sets kernel parameters from the safe list", *evidence) if evidence else passed()
