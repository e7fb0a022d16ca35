"""`core/v1` PodSpec and what is in it: the members that checks and panes look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from inventory.kubernetes.part import NONE, LabelSelector, Part


class SeccompProfile(Part, frozen=True):
    """`type`: RuntimeDefault, Localhost, Unconfined."""

    type: str = ""
    localhost_profile: str = ""


class AppArmorProfile(Part, frozen=True):
    """`type`: RuntimeDefault, Localhost, Unconfined."""

    type: str = ""
    localhost_profile: str = ""


class SELinuxOptions(Part, frozen=True):
    """`seLinuxOptions`: "" where not set."""

    user: str = ""
    role: str = ""
    type: str = ""
    level: str = ""


class WindowsOptions(Part, frozen=True):
    """`windowsOptions`."""

    host_process: bool | None = None
    run_as_user_name: str = ""


class Capabilities(Part, frozen=True):
    """Names without `CAP_`, as the API wants them; upper or lower case as written."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class Sysctl(Part, frozen=True):
    """One `sysctls[]`."""

    name: str = ""
    value: str = ""


class PodSecurityContext(Part, frozen=True):
    """`spec.securityContext`; None is *not set*."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    fs_group: int | None = None
    supplemental_groups: tuple[int, ...] = ()
    sysctls: tuple[Sysctl, ...] = ()
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_options: SELinuxOptions | None = None
    windows_options: WindowsOptions | None = None


class SecurityContext(Part, frozen=True):
    """A container's `securityContext`; None is *not set*, then the pod's counts where it has the member."""

    privileged: bool | None = None
    allow_privilege_escalation: bool | None = None
    read_only_root_filesystem: bool | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    proc_mount: str = ""
    capabilities: Capabilities | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_options: SELinuxOptions | None = None
    windows_options: WindowsOptions | None = None


class KeySelector(Part, frozen=True):
    """`secretKeyRef`, `configMapKeyRef`."""

    name: str = ""
    key: str = ""
    optional: bool = False


class EnvVarSource(Part, frozen=True):
    """Where a variable's value comes from; `fieldRef` and `resourceFieldRef` are not kept."""

    secret_key_ref: KeySelector | None = None
    config_map_key_ref: KeySelector | None = None


class EnvVar(Part, frozen=True):
    """`value` is exact: mask it before it is shown."""

    name: str = ""
    value: str = ""
    value_from: EnvVarSource | None = None


class LocalReference(Part, frozen=True):
    """The name of an object of the same namespace."""

    name: str = ""
    optional: bool = False


class EnvFromSource(Part, frozen=True):
    """All keys of an object as variables."""

    prefix: str = ""
    secret_ref: LocalReference | None = None
    config_map_ref: LocalReference | None = None


class ContainerPort(Part, frozen=True):
    """`host_port` 0 is none."""

    name: str = ""
    container_port: int = 0
    host_port: int = 0
    host_ip: str = ""
    protocol: str = "TCP"


class HttpGet(Part, frozen=True):
    """`host` "" is the pod itself."""

    host: str = ""
    port: int | str = 0
    path: str = ""
    scheme: str = ""


class TcpSocket(Part, frozen=True):
    """`host` "" is the pod itself."""

    host: str = ""
    port: int | str = 0


class Exec(Part, frozen=True):
    """A command in the container."""

    command: tuple[str, ...] = ()


class Grpc(Part, frozen=True):
    """A gRPC health question."""

    port: int = 0
    service: str | None = None


class Probe(Part, frozen=True):
    """Times in seconds, None where the API's default counts."""

    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    exec: Exec | None = None
    grpc: Grpc | None = None
    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    timeout_seconds: int | None = None
    failure_threshold: int | None = None


class Handler(Part, frozen=True):
    """What a lifecycle hook does."""

    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    exec: Exec | None = None


class Lifecycle(Part, frozen=True):
    """A container's hooks."""

    post_start: Handler | None = None
    pre_stop: Handler | None = None


class ResourceRequirements(Part, frozen=True):
    """Quantities by resource name, as written (`500m`, `1Gi`, 2)."""

    limits: dict[str, str | int | float] = {}
    requests: dict[str, str | int | float] = {}


class VolumeMount(Part, frozen=True):
    """Where a container sees a volume."""

    name: str = ""
    mount_path: str = ""
    sub_path: str = ""
    read_only: bool = False
    mount_propagation: str = ""


class PodContainer(Part, frozen=True):
    """A container, init container (`restart_policy` Always: a sidecar) or ephemeral container of a pod."""

    name: str = ""
    image: str = ""
    image_pull_policy: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    resources: ResourceRequirements = ResourceRequirements()
    security_context: SecurityContext | None = None
    volume_mounts: tuple[VolumeMount, ...] = ()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    restart_policy: str = ""
    target_container_name: str = ""
    stdin: bool = False
    tty: bool = False


class HostPath(Part, frozen=True):
    """A path of the node."""

    path: str = ""
    type: str = ""


class SecretVolume(Part, frozen=True):
    """A secret as files."""

    secret_name: str = ""
    optional: bool = False
    default_mode: int | None = None


class ClaimVolume(Part, frozen=True):
    """A persistent volume claim."""

    claim_name: str = ""
    read_only: bool = False


class EmptyDir(Part, frozen=True):
    """Scratch space; `medium` Memory is tmpfs."""

    medium: str = ""
    size_limit: str | int | None = None


class ServiceAccountToken(Part, frozen=True):
    """A token made for the pod."""

    audience: str = ""
    expiration_seconds: int | None = None
    path: str = ""


class ProjectedSource(Part, frozen=True):
    """One source of a projected volume."""

    service_account_token: ServiceAccountToken | None = None
    secret: LocalReference | None = None
    config_map: LocalReference | None = None


class Projected(Part, frozen=True):
    """Several sources in one directory."""

    sources: tuple[ProjectedSource, ...] = ()


class CsiVolume(Part, frozen=True):
    """An inline CSI volume."""

    driver: str = ""
    read_only: bool | None = None


class Volume(Part, frozen=True):
    """One `volumes[]`: `type` is the API's member that is set (`hostPath`, `secret`, `nfs`, ...), `emptyDir` if none.

    Members of types that no rule looks into are known by the type alone.
    """

    name: str = ""
    type: str = "emptyDir"
    host_path: HostPath | None = None
    secret: SecretVolume | None = None
    config_map: LocalReference | None = None
    persistent_volume_claim: ClaimVolume | None = None
    empty_dir: EmptyDir | None = None
    projected: Projected | None = None
    csi: CsiVolume | None = None


class Toleration(Part, frozen=True):
    """`operator` "" is Equal."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""


class HostAlias(Part, frozen=True):
    """A line for /etc/hosts."""

    ip: str = ""
    hostnames: tuple[str, ...] = ()


class DnsConfig(Part, frozen=True):
    """Own name servers."""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()


class OperatingSystem(Part, frozen=True):
    """`name`: linux or windows."""

    name: str = ""


class TopologySpread(Part, frozen=True):
    """One `topologySpreadConstraints[]`."""

    topology_key: str = ""
    when_unsatisfiable: str = ""
    label_selector: LabelSelector | None = None


class PodSpec(Part, frozen=True, eq=False, weakref=True):
    """A pod's spec, or the one in a template. Pods that differ by node and token volume alone share one object.

    Compared and hashed by identity, so that what was concluded from it can be kept beside it. `annotations` holds those
    of the pod's metadata that confine containers (`container.apparmor.security.beta.kubernetes.io/NAME`,
    `seccomp.security.alpha.kubernetes.io/pod`, `container.seccomp.security.alpha.kubernetes.io/NAME`).
    """

    containers: tuple[PodContainer, ...] = ()
    init_containers: tuple[PodContainer, ...] = ()
    ephemeral_containers: tuple[PodContainer, ...] = ()
    volumes: tuple[Volume, ...] = ()
    resources: ResourceRequirements = ResourceRequirements()  # of all containers together
    security_context: PodSecurityContext = PodSecurityContext()
    host_network: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    host_users: bool | None = None
    share_process_namespace: bool = False
    service_account_name: str = ""
    automount_service_account_token: bool | None = None
    image_pull_secrets: tuple[LocalReference, ...] = ()
    restart_policy: str = ""
    runtime_class_name: str = ""
    priority_class_name: str = ""
    dns_policy: str = ""
    dns_config: DnsConfig | None = None
    host_aliases: tuple[HostAlias, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    node_selector: dict[str, str] = {}
    affinity: dict[str, Any] | None = None
    topology_spread_constraints: tuple[TopologySpread, ...] = ()
    os: OperatingSystem | None = None
    scheduler_name: str = ""
    termination_grace_period_seconds: int | None = None
    annotations: Mapping[str, str] = msgspec.field(default=NONE, name="confiningAnnotations")

    def all_containers(self) -> tuple[tuple[str, PodContainer], ...]:
        """Every container with its API path below the spec: `("initContainers[0]", ...)`; the regular ones first."""
        groups = (
            ("containers", self.containers),
            ("initContainers", self.init_containers),
            ("ephemeralContainers", self.ephemeral_containers),
        )
        return tuple((f"{name}[{at}]", one) for name, found in groups for at, one in enumerate(found))
