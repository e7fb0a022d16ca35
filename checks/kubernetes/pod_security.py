"""Pod Security Standards, baseline: what of its node a pod gets. One check per control."""

from __future__ import annotations

from collections.abc import Iterator

from checks.hostpaths import Sensitive, harmless, sensitive
from checks.kubernetes import controls
from checks.kubernetes.controls import judged, shown, values
from checks.sockets import socket_in
from checks.template import pod_check
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from inventory.container import Mount
from inventory.kubernetes.podspec import PodSpec, VolumeMount


@pod_check(
    "ORC-100",
    "Windows host process in a pod",
    severity=Severity.CRITICAL,
    why="It is a process of the Windows node itself: what privileged is on Linux.",
    remediation="Remove `securityContext.windowsOptions.hostProcess: true`. Node agents need it: give them a namespace "
    "of their own, with nothing else in it.",
    references=("PSS:baseline:HostProcess", "CIS-Kubernetes-1.12:5.2.10", "ATT&CK:T1611"),
)
def host_process(spec: PodSpec) -> Verdict:
    """F: `securityContext.windowsOptions.hostProcess` is true for the pod or any container. P: false or not set.

    Source: Pod Security Standards, baseline.
    """
    return judged(controls.host_process(spec), "a process of the Windows node")


@pod_check(
    "ORC-101",
    "Privileged container in a pod",
    severity=Severity.CRITICAL,
    why="A process in it has the node's devices and all capabilities: one step to the node.",
    remediation="Remove `securityContext.privileged: true`; add the one capability or device that it needs instead.",
    references=(
        "PSS:baseline:Privileged Containers", "CIS-Kubernetes-1.12:5.2.2", "NSA-CISA:pod security", "OWASP-K8s:K01",
        "ATT&CK:T1611", "CWE-250",
    ),
)  # fmt: skip
def privileged(spec: PodSpec) -> Verdict:
    """F: `securityContext.privileged` is true in a container, init container or ephemeral container. P: else.

    Source: Pod Security Standards, baseline.
    """
    return judged(controls.privileged(spec), "privileged")


@pod_check(
    "ORC-102",
    "Pod on the network of its node",
    severity=Severity.HIGH,
    why="It sees the node's traffic and reaches services that listen on the node's loopback; policies do not apply.",
    remediation="Remove `hostNetwork: true` and publish ports with a Service. Network plug-ins, kube-proxy and some "
    "ingress controllers need it: accept it for them with a waiver that names the namespace.",
    references=(
        "PSS:baseline:Host Namespaces", "CIS-Kubernetes-1.12:5.2.5", "NSA-CISA:pod security", "ATT&CK:T1611",
        "ATT&CK:T1040",
    ),
)  # fmt: skip
def host_network(spec: PodSpec) -> Verdict:
    """F: `hostNetwork` is true; system components too. P: else. Source: Pod Security Standards, baseline."""
    return judged(controls.host_network(spec), "uses the node's network")


@pod_check(
    "ORC-103",
    "Pod in the PID namespace of its node",
    severity=Severity.HIGH,
    why="It sees the node's processes, their environment and, with a little more, enters them.",
    remediation="Remove `hostPID: true`. Monitoring agents that count processes report less without it.",
    references=("PSS:baseline:Host Namespaces", "CIS-Kubernetes-1.12:5.2.3", "ATT&CK:T1611"),
)
def host_pid(spec: PodSpec) -> Verdict:
    """F: `hostPID` is true. P: else. Source: Pod Security Standards, baseline."""
    return judged(controls.host_pid(spec), "sees the node's processes")


@pod_check(
    "ORC-104",
    "Pod in the IPC namespace of its node",
    severity=Severity.HIGH,
    why="It reads and writes shared memory and queues of the node's processes.",
    remediation="Remove `hostIPC: true`; containers of one pod share memory without it (emptyDir, medium: Memory).",
    references=("PSS:baseline:Host Namespaces", "CIS-Kubernetes-1.12:5.2.4", "ATT&CK:T1611"),
)
def host_ipc(spec: PodSpec) -> Verdict:
    """F: `hostIPC` is true. P: else. Source: Pod Security Standards, baseline."""
    return judged(controls.host_ipc(spec), "shares the node's memory segments")


@pod_check(
    "ORC-106",
    "Path of the node in a pod",
    severity=Severity.HIGH,
    why="Files of the node hold its credentials and decide what it runs; what is written stays when the pod is gone.",
    remediation="Use a persistentVolumeClaim, configMap, secret or emptyDir. Node agents: mount the one directory that "
    "is needed, `readOnly: true`, and keep them in a namespace of their own.",
    references=(
        "PSS:baseline:HostPath Volumes", "CIS-Kubernetes-1.12:5.2.11", "NSA-CISA:pod security", "ATT&CK:T1611",
        "CWE-668",
    ),
)  # fmt: skip
def host_path(spec: PodSpec) -> Verdict:
    """F: any `hostPath` volume. Critical where it leads to a container runtime's socket, or is mounted writable and
    lies where writing is root on the node (/, /etc and what the node acts upon in it, /root, /boot, /proc, /sys,
    /var/lib/{docker,kubelet,etcd}). Medium where all are time zone, hosts and resolver files, null devices, or CA
    bundles to read. P: none.

    Source: Pod Security Standards, baseline.
    """
    found = tuple(controls.host_paths(spec))
    if not found:
        return passed()
    evidence, grades = shown(found), []
    for place, mount in _mounts(spec):
        socket = socket_in(mount)
        rule: Sensitive | None = sensitive(mount.source, mount.rw)
        if mount.destination and (socket or (rule is not None and mount.rw and rule.write_is_root)):
            grades.append(Severity.CRITICAL)
        else:
            grades.append(Severity.MEDIUM if harmless(mount.source, mount.rw) else Severity.HIGH)
        if mount.destination:
            how = "rw" if mount.rw else "ro"
            evidence.append(Evidence(place, f"{mount.source} at {mount.destination} ({how})"))
        if socket:
            evidence.append(Evidence(place, f"runtime socket {socket}"))
    return failed(f"mounts {values(found)} of the node", *evidence, severity=max(grades))


def _mounts(spec: PodSpec) -> Iterator[tuple[str, Mount]]:
    """Each hostPath as each container sees it, by the sub path that it takes; by itself where none mounts it."""
    users: dict[str, list[tuple[str, VolumeMount]]] = {}
    for path, one in spec.all_containers():
        for index, mount in enumerate(one.volume_mounts):
            users.setdefault(mount.name, []).append((f"{path}.volumeMounts[{index}]", mount))
    for at, volume in enumerate(spec.volumes):
        if volume.host_path is None:
            continue
        kind = "npipe" if volume.host_path.path.startswith("\\\\") else "bind"
        for place, mount in users.get(volume.name, ()):
            source = volume.host_path.path + (f"/{mount.sub_path}" if mount.sub_path else "")
            yield place, Mount(kind, source, mount.mount_path or "?", not mount.read_only)
        if volume.name not in users:
            yield f"volumes[{at}]", Mount(kind, volume.host_path.path, "", False)


@pod_check(
    "ORC-107",
    "Host port of a pod",
    severity=Severity.MEDIUM,
    why="The port is open on the node's own addresses, past Services and often past network policies.",
    remediation="Remove `hostPort` and use a Service (ClusterIP, or LoadBalancer for what must be reached from "
    "outside). Clients that used the node's address have to change.",
    references=("PSS:baseline:Host Ports", "CIS-Kubernetes-1.12:5.2.12", "CWE-668"),
    implied_by=("ORC-102",),
)
def host_port(spec: PodSpec) -> Verdict:
    """F: `hostPort` of any container's port is not 0. P: 0 or not set. Source: Pod Security Standards, baseline.

    On the node's network the API server sets it itself for every port: said by ORC-102 then.
    """
    found = tuple(controls.host_ports(spec))
    return judged(found, f"binds port {', '.join(sorted({one.value for one in found}, key=int))} of the node")


@pod_check(
    "ORC-108",
    "Probe or hook to another host",
    severity=Severity.LOW,
    why="The kubelet connects to any host that a pod's author names, from the node's network.",
    remediation="Remove `host` from the probe or hook; it then goes to the pod. For a Host header use "
    "`httpHeaders: [{name: Host, value: ...}]`.",
    references=("PSS:baseline:Host Probes / Lifecycle Hooks", "CWE-918"),
)
def probe_host(spec: PodSpec) -> Verdict:
    """F: `host` is set in `httpGet` or `tcpSocket` of a liveness, readiness or startup probe or of a postStart or
    preStop hook. P: empty. Source: Pod Security Standards, baseline, from 1.34.
    """
    found = tuple(controls.probe_hosts(spec))
    return judged(found, f"the kubelet asks {values(found)}")
