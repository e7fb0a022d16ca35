"""What each control of the Pod Security Standards forbids, as `k8s.io/pod-security-admission` 1.37 looks for it.

A function gives every place of a pod spec that violates its control. Containers, init containers (sidecars too) and
ephemeral containers count alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from checks.evidence import capped
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from inventory.kubernetes.podspec import (
    AppArmorProfile,
    Handler,
    PodContainer,
    PodSpec,
    Probe,
    SeccompProfile,
    SecurityContext,
    SELinuxOptions,
)

ADDABLE = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
SAFE_SYSCTLS = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_rmem", "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
})  # fmt: skip
RESTRICTED_VOLUMES = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
})  # fmt: skip
SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
_POD = "the pod"
_PROFILES = frozenset({"RuntimeDefault", "Localhost"})


class Violation(msgspec.Struct, frozen=True):
    """A place below the pod spec (or the pod's `metadata`), what stands there, and whose it is: a container, or ""."""

    path: str
    value: str
    container: str = ""


def windows(spec: PodSpec) -> bool:
    """Whether it says that it is for Windows, where some of restricted has no meaning."""
    return spec.os is not None and spec.os.name == "windows"


def in_user_namespace(spec: PodSpec) -> bool:
    """Whether its users are not those of the node, which relaxes what the standards ask of them."""
    return spec.host_users is False


def whose(found: tuple[Violation, ...]) -> str:
    """`container a`, `containers a, b`, `the pod`, `the pod and container a`: whose violations these are."""
    names = tuple(dict.fromkeys(one.container for one in found if one.container))
    containers = f"container{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""
    pod = _POD if any(not one.container for one in found) else ""
    return " and ".join(filter(None, (pod, containers)))


def judged(found: Iterable[Violation], tells: str, severity: Severity | None = None) -> Verdict:
    """The verdict on what was found: who does it, and each place."""
    places = tuple(found)
    if not places:
        return passed()
    who = whose(places)
    return failed(tells if who == _POD else f"{tells}: {who}", *shown(places), severity=severity)


def shown(found: Iterable[Violation]) -> list[Evidence]:
    """The places as evidence."""
    return capped([Evidence(one.path, one.value or '""') for one in found], 20)


def values(found: Iterable[Violation]) -> str:
    """What stands there, each once."""
    return ", ".join(sorted({one.value for one in found}))


def host_process(spec: PodSpec) -> Iterator[Violation]:
    """`windowsOptions.hostProcess` true."""
    options = spec.security_context.windows_options
    if options is not None and options.host_process:
        yield Violation("securityContext.windowsOptions.hostProcess", "true")
    for path, one, context in _contexts(spec):
        if context.windows_options is not None and context.windows_options.host_process:
            yield Violation(f"{path}.windowsOptions.hostProcess", "true", one.name)


def privileged(spec: PodSpec) -> Iterator[Violation]:
    """`privileged` true."""
    for path, one, context in _contexts(spec):
        if context.privileged:
            yield Violation(f"{path}.privileged", "true", one.name)


def host_network(spec: PodSpec) -> Iterator[Violation]:
    """`hostNetwork` true."""
    if spec.host_network:
        yield Violation("hostNetwork", "true")


def host_pid(spec: PodSpec) -> Iterator[Violation]:
    """`hostPID` true."""
    if spec.host_pid:
        yield Violation("hostPID", "true")


def host_ipc(spec: PodSpec) -> Iterator[Violation]:
    """`hostIPC` true."""
    if spec.host_ipc:
        yield Violation("hostIPC", "true")


def added_capabilities(spec: PodSpec) -> Iterator[Violation]:
    """A capability beyond those that baseline lets one add."""
    for path, one, context in _contexts(spec):
        for name in context.capabilities.add if context.capabilities is not None else ():
            if name not in ADDABLE:
                yield Violation(f"{path}.capabilities.add", name, one.name)


def host_paths(spec: PodSpec) -> Iterator[Violation]:
    """Any `hostPath` volume."""
    for at, volume in enumerate(spec.volumes):
        if volume.host_path is not None:
            yield Violation(f"volumes[{at}].hostPath.path", volume.host_path.path)


def host_ports(spec: PodSpec) -> Iterator[Violation]:
    """A `hostPort` that is not 0."""
    for path, one in spec.all_containers():
        for at, port in enumerate(one.ports):
            if port.host_port:
                yield Violation(f"{path}.ports[{at}].hostPort", str(port.host_port), one.name)


def probe_hosts(spec: PodSpec) -> Iterator[Violation]:
    """A probe or hook that names a host."""
    for path, one in spec.all_containers():
        handlers: tuple[tuple[str, Probe | Handler | None], ...] = (
            ("livenessProbe", one.liveness_probe),
            ("readinessProbe", one.readiness_probe),
            ("startupProbe", one.startup_probe),
            ("lifecycle.postStart", one.lifecycle.post_start if one.lifecycle is not None else None),
            ("lifecycle.preStop", one.lifecycle.pre_stop if one.lifecycle is not None else None),
        )
        for member, handler in handlers:
            if handler is not None and handler.http_get is not None and handler.http_get.host:
                yield Violation(f"{path}.{member}.httpGet.host", handler.http_get.host, one.name)
            if handler is not None and handler.tcp_socket is not None and handler.tcp_socket.host:
                yield Violation(f"{path}.{member}.tcpSocket.host", handler.tcp_socket.host, one.name)


def app_armor(spec: PodSpec) -> Iterator[Violation]:
    """A profile other than the runtime's or the node's own, by field or by annotation."""
    if not _allowed(spec.security_context.app_armor_profile):
        yield Violation("securityContext.appArmorProfile.type", _type(spec.security_context.app_armor_profile))
    for path, one, context in _contexts(spec):
        if not _allowed(context.app_armor_profile):
            yield Violation(f"{path}.appArmorProfile.type", _type(context.app_armor_profile), one.name)
    for key, value in spec.annotations.items():
        allowed = value in ("", "runtime/default") or value.startswith("localhost/")
        if key.startswith(APPARMOR_ANNOTATION) and not allowed:
            yield Violation(f"metadata.annotations[{key}]", value, key.removeprefix(APPARMOR_ANNOTATION))


def selinux(spec: PodSpec) -> Iterator[Violation]:
    """A type beyond the containers' own, or any user or role."""
    yield from _selinux("securityContext", spec.security_context.se_linux_options, "")
    for path, one, context in _contexts(spec):
        yield from _selinux(path, context.se_linux_options, one.name)


def proc_mount(spec: PodSpec) -> Iterator[Violation]:
    """`procMount` other than Default, whatever the user namespace."""
    for path, one, context in _contexts(spec):
        if context.proc_mount not in ("", "Default"):
            yield Violation(f"{path}.procMount", context.proc_mount, one.name)


def proc_mount_of_host(spec: PodSpec) -> Iterator[Violation]:
    """`procMount` other than Default where the pod has no user namespace of its own."""
    return iter(()) if in_user_namespace(spec) else proc_mount(spec)


def seccomp_off(spec: PodSpec) -> Iterator[Violation]:
    """A profile that is set and is neither the runtime's nor the node's own."""
    if not _allowed(spec.security_context.seccomp_profile):
        yield Violation("securityContext.seccompProfile.type", _type(spec.security_context.seccomp_profile))
    for path, one, context in _contexts(spec):
        if not _allowed(context.seccomp_profile):
            yield Violation(f"{path}.seccompProfile.type", _type(context.seccomp_profile), one.name)


def seccomp_annotations(spec: PodSpec) -> Iterator[Violation]:
    """The annotations that said the same before the fields; only what is older than 1.27 obeys them."""
    names = {one.name for _, one in spec.all_containers()}
    for key, value in spec.annotations.items():
        container = key.removeprefix(SECCOMP_ANNOTATION) if key.startswith(SECCOMP_ANNOTATION) else ""
        allowed = value in ("runtime/default", "docker/default") or value.startswith("localhost/")
        if (key == SECCOMP_POD_ANNOTATION or container in names) and not allowed:
            yield Violation(f"metadata.annotations[{key}]", value, container)


def sysctls(spec: PodSpec) -> Iterator[Violation]:
    """A sysctl that is not known to be safe."""
    for at, one in enumerate(spec.security_context.sysctls):
        if one.name not in SAFE_SYSCTLS:
            yield Violation(f"securityContext.sysctls[{at}]", f"{one.name}={one.value}")


def volume_types(spec: PodSpec) -> Iterator[Violation]:
    """A volume of a type beyond those that restricted allows."""
    for at, volume in enumerate(spec.volumes):
        if volume.type not in RESTRICTED_VOLUMES:
            yield Violation(f"volumes[{at}].{volume.type}", volume.name)


def escalation(spec: PodSpec) -> Iterator[Violation]:
    """`allowPrivilegeEscalation` that is not false."""
    for path, one in () if windows(spec) else spec.all_containers():
        allowed = one.security_context.allow_privilege_escalation if one.security_context is not None else None
        if allowed is not False:
            yield Violation(f"{path}.securityContext.allowPrivilegeEscalation", _json(allowed), one.name)


def root_allowed(spec: PodSpec) -> Iterator[Violation]:
    """`runAsNonRoot` that is not true, at the container or at the pod for it."""
    if in_user_namespace(spec):
        return
    wanted = spec.security_context.run_as_non_root
    if wanted is False:
        yield Violation("securityContext.runAsNonRoot", "false")
    for path, one in spec.all_containers():
        own = one.security_context.run_as_non_root if one.security_context is not None else None
        if own is False or (own is None and not wanted):
            yield Violation(f"{path}.securityContext.runAsNonRoot", _json(own), one.name)


def root_user(spec: PodSpec) -> Iterator[Violation]:
    """`runAsUser` 0."""
    if in_user_namespace(spec):
        return
    if spec.security_context.run_as_user == 0:
        yield Violation("securityContext.runAsUser", "0")
    for path, one, context in _contexts(spec):
        if context.run_as_user == 0:
            yield Violation(f"{path}.runAsUser", "0", one.name)


def seccomp_unset(spec: PodSpec) -> Iterator[Violation]:
    """No profile at the container nor at the pod for it, or one that switches the filter off."""
    if windows(spec):
        return
    yield from seccomp_off(spec)
    default = spec.security_context.seccomp_profile
    covered = default is not None and default.type in _PROFILES
    for path, one in () if covered else spec.all_containers():
        if one.security_context is None or one.security_context.seccomp_profile is None:
            yield Violation(f"{path}.securityContext.seccompProfile", "null", one.name)


def capabilities_kept(spec: PodSpec) -> Iterator[Violation]:
    """ALL is not dropped, or something other than NET_BIND_SERVICE is added."""
    for path, one in () if windows(spec) else spec.all_containers():
        found = one.security_context.capabilities if one.security_context is not None else None
        where = f"{path}.securityContext.capabilities"
        if found is None or "ALL" not in found.drop:
            yield Violation(
                f"{where}.drop", ", ".join(found.drop) if found is not None and found.drop else "[]", one.name
            )
        for name in found.add if found is not None else ():
            if name != "NET_BIND_SERVICE":
                yield Violation(f"{where}.add", name, one.name)


def _contexts(spec: PodSpec) -> Iterator[tuple[str, PodContainer, SecurityContext]]:
    for path, one in spec.all_containers():
        if one.security_context is not None:
            yield f"{path}.securityContext", one, one.security_context


def _allowed(profile: SeccompProfile | AppArmorProfile | None) -> bool:
    return profile is None or profile.type in _PROFILES


def _type(profile: SeccompProfile | AppArmorProfile | None) -> str:
    return (profile.type if profile is not None else "") or '""'


def _selinux(path: str, options: SELinuxOptions | None, container: str) -> Iterator[Violation]:
    if options is None:
        return
    if options.type not in SELINUX_TYPES:
        yield Violation(f"{path}.seLinuxOptions.type", options.type, container)
    if options.user:
        yield Violation(f"{path}.seLinuxOptions.user", options.user, container)
    if options.role:
        yield Violation(f"{path}.seLinuxOptions.role", options.role, container)


def _json(value: bool | None) -> str:
    return "null" if value is None else str(value).lower()
