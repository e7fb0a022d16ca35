"""The Engine API's answers about containers, images, networks, volumes and the engine, as far as they are used.

Every field is optional (absent and null read as None) and unknown fields are ignored, so that API 1.41 to 1.5x and
Podman's compatible API fit the same types. Field names are the API's own in snake case. Where null means "none" and
every engine writes the member, a missing one (a proxy or an authorization plugin took it out) reads as `UNSET`.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

Strings = list[str] | None
ToldStrings = list[str] | None | UnsetType
Labels = dict[str, str] | None

_SPELLING = {
    "id": "Id", "ip": "IP", "ipam": "IPAM", "ip_address": "IPAddress", "global_ipv6_address": "GlobalIPv6Address",
    "network_id": "NetworkID", "oom_killed": "OOMKilled", "enable_ipv6": "EnableIPv6", "rw": "RW",
    "ipv4_address": "IPv4Address", "ipv6_address": "IPv6Address", "uts_mode": "UTSMode", "exec_ids": "ExecIDs",
    "root_fs": "RootFS", "image_id": "ImageID", "os_type": "OSType", "ncpu": "NCPU", "engine_id": "ID",
    "min_api_version": "MinAPIVersion", "insecure_registry_cidrs": "InsecureRegistryCIDRs", "node_id": "NodeID",
    "driver": "Driver", "device_ids": "DeviceIDs",
}  # fmt: skip


def spell(name: str) -> str:
    """The API's spelling of a field: `pid_mode` -> `PidMode`."""
    return _SPELLING.get(name) or "".join(part[:1].upper() + part[1:] for part in name.split("_"))


class Wire(msgspec.Struct, rename=spell, gc=False):
    """Base of all answers."""


class HealthLog(Wire):
    exit_code: int | None = None
    output: str | None = None


class HealthState(Wire):
    status: str | None = None
    failing_streak: int | None = None
    log: list[HealthLog] | None = None


class State(Wire):
    status: str | None = None
    running: bool | None = None
    paused: bool | None = None
    restarting: bool | None = None
    oom_killed: bool | None = None
    dead: bool | None = None
    pid: int | None = None
    exit_code: int | None = None
    error: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    health: HealthState | None = None


class Healthcheck(Wire):
    """Durations in nanoseconds."""

    test: Strings = None
    interval: int | None = None
    timeout: int | None = None
    start_period: int | None = None
    retries: int | None = None


class Config(Wire):
    hostname: str | None = None
    user: str | None = None
    exposed_ports: dict[str, object] | None = None
    tty: bool | None = None
    open_stdin: bool | None = None
    env: ToldStrings = UNSET
    cmd: list[str] | str | UnsetType | None = UNSET
    healthcheck: Healthcheck | None = None
    image: str | None = None
    working_dir: str | None = None
    entrypoint: list[str] | str | UnsetType | None = UNSET
    labels: Labels | UnsetType = UNSET
    volumes: dict[str, object] | None = None
    on_build: Strings = None


class LogConfig(Wire):
    type: str | None = None
    config: Labels = None


class RestartPolicy(Wire):
    name: str | None = None
    maximum_retry_count: int | None = None


class Binding(Wire):
    """Podman leaves `HostIp` out or empty for "all addresses"."""

    host_ip: str | None = None
    host_port: str | None = None


Bindings = dict[str, list[Binding] | None] | None


class Ulimit(Wire):
    name: str | None = None
    soft: int | None = None
    hard: int | None = None


class Device(Wire):
    path_on_host: str | None = None
    path_in_container: str | None = None
    cgroup_permissions: str | None = None


class DeviceRequest(Wire):
    driver: str | None = None
    count: int | None = None
    device_ids: Strings = None
    capabilities: list[list[str] | None] | None = None


class HostConfig(Wire):
    log_config: LogConfig | None = None
    network_mode: str | None = None
    port_bindings: Bindings | UnsetType = UNSET
    restart_policy: RestartPolicy | None = None
    cap_add: ToldStrings = UNSET
    cap_drop: ToldStrings = UNSET
    cgroupns_mode: str | UnsetType | None = UNSET
    dns: ToldStrings = UNSET
    dns_search: ToldStrings = UNSET
    dns_options: ToldStrings = UNSET
    extra_hosts: ToldStrings = UNSET
    group_add: ToldStrings = UNSET
    ipc_mode: str | None = None
    links: ToldStrings = UNSET
    oom_score_adj: int | None = None
    pid_mode: str | None = None
    privileged: bool | None = None
    publish_all_ports: bool | None = None
    readonly_rootfs: bool | None = None
    security_opt: ToldStrings = UNSET
    tmpfs: Labels = None
    uts_mode: str | None = None
    userns_mode: str | None = None
    sysctls: Labels = None
    runtime: str | None = None
    cpu_shares: int | None = None
    memory: int | None = None
    nano_cpus: int | None = None
    cgroup_parent: str | UnsetType | None = UNSET
    cpu_quota: int | None = None
    cpuset_cpus: str | None = None
    devices: list[Device] | UnsetType | None = UNSET
    device_cgroup_rules: ToldStrings = UNSET
    device_requests: list[DeviceRequest] | UnsetType | None = UNSET
    memory_swap: int | None = None
    oom_kill_disable: bool | UnsetType | None = UNSET
    pids_limit: int | UnsetType | None = UNSET
    ulimits: list[Ulimit] | UnsetType | None = UNSET
    masked_paths: ToldStrings = UNSET
    readonly_paths: ToldStrings = UNSET


class GraphDriver(Wire):
    """`Data` names directories where layers are directories; other storage drivers tell other things."""

    data: Labels = None


class Mount(Wire):
    type: str | None = None
    name: str | None = None
    source: str | None = None
    destination: str | None = None
    driver: str | None = None
    rw: bool | None = None
    propagation: str | None = None


class Endpoint(Wire):
    network_id: str | None = None
    aliases: Strings = None
    ip_address: str | None = None
    global_ipv6_address: str | None = None


class NetworkSettings(Wire):
    """Only the per-network part: API 1.52 dropped the addresses at the top."""

    ports: Bindings | UnsetType = UNSET
    networks: dict[str, Endpoint | None] | UnsetType | None = UNSET


class Container(Wire):
    """`GET /containers/{id}/json`."""

    id: str | None = None
    created: str | None = None
    path: str | None = None
    args: ToldStrings = UNSET
    state: State | None = None
    image: str | None = None
    log_path: str | None = None
    name: str | None = None
    restart_count: int | None = None
    process_label: str | None = None
    app_armor_profile: str | None = None
    exec_ids: Strings = None
    graph_driver: GraphDriver | None = None
    host_config: HostConfig | None = None
    mounts: list[Mount] | UnsetType | None = UNSET
    config: Config | None = None
    network_settings: NetworkSettings | None = None


class ListedPort(Wire):
    ip: str | None = None
    private_port: int | None = None
    public_port: int | None = None
    type: str | None = None


class ListedHostConfig(Wire):
    network_mode: str | None = None


class ListedContainer(Wire):
    """An element of `GET /containers/json`."""

    id: str | None = None
    names: Strings = None
    image: str | None = None
    image_id: str | None = None
    created: int | None = None
    ports: list[ListedPort] | None = None
    labels: Labels = None
    state: str | None = None
    status: str | None = None
    host_config: ListedHostConfig | None = None
    network_settings: NetworkSettings | None = None
    mounts: list[Mount] | None = None


class Identified(Wire):
    """Any listed object, when only its id matters, and of a network its name."""

    id: str | None = None
    name: str | None = None


class RootFs(Wire):
    layers: Strings = None


class Image(Wire):
    """`GET /images/{id}/json`. `Size`, never `VirtualSize`: API 1.44 dropped that."""

    id: str | None = None
    repo_tags: Strings = None
    repo_digests: Strings = None
    created: str | None = None
    comment: str | None = None
    config: Config | None = None
    architecture: str | None = None
    os: str | None = None
    size: int | None = None
    root_fs: RootFs | None = None
    metadata: Labels = None


class ListedImage(Wire):
    """An element of `GET /images/json`."""

    id: str | None = None
    created: int | None = None
    labels: Labels = None
    repo_tags: Strings = None
    repo_digests: Strings = None
    size: int | None = None


class HistoryEntry(Wire):
    created: int | None = None
    created_by: str | None = None
    size: int | None = None
    comment: str | None = None
    tags: Strings = None


class IpamConfig(Wire):
    subnet: str | None = None
    gateway: str | None = None


class Ipam(Wire):
    config: list[IpamConfig] | None = None


class Member(Wire):
    name: str | None = None
    ipv4_address: str | None = None
    ipv6_address: str | None = None


class Network(Wire):
    """`GET /networks/{id}` and an element of `GET /networks` (there without members)."""

    name: str | None = None
    id: str | None = None
    created: str | None = None
    scope: str | None = None
    driver: str | None = None
    enable_ipv6: bool | None = None
    ipam: Ipam | None = None
    internal: bool | None = None
    attachable: bool | None = None
    ingress: bool | None = None
    containers: dict[str, Member] | None = None
    options: Labels = None
    labels: Labels = None


class Volume(Wire):
    """An element of `Volumes` of `GET /volumes`."""

    name: str | None = None
    created_at: str | None = None
    driver: str | None = None
    labels: Labels = None
    mountpoint: str | None = None
    options: Labels = None
    scope: str | None = None


class IndexConfig(Wire):
    secure: bool | None = None


class RegistryConfig(Wire):
    insecure_registry_cidrs: Strings = None
    index_configs: dict[str, IndexConfig] | None = None
    mirrors: Strings = None


class Plugins(Wire):
    authorization: Strings = None


class Runtime(Wire):
    path: str | None = msgspec.field(name="path", default=None)


class SwarmInfo(Wire):
    node_id: str | None = None
    node_addr: str | None = None
    local_node_state: str | None = None
    control_available: bool | None = None
    error: str | None = None
    nodes: int | None = None
    managers: int | None = None


class Firewall(Wire):
    driver: str | None = None


class Info(Wire):
    """`GET /info`."""

    engine_id: str | None = None
    name: str | None = None
    driver: str | None = None
    driver_status: list[list[str]] | None = None
    plugins: Plugins | None = None
    bridge_nf_iptables: bool | None = None
    debug: bool | None = None
    system_time: str | None = None
    logging_driver: str | None = None
    cgroup_driver: str | None = None
    cgroup_version: str | None = None
    kernel_version: str | None = None
    operating_system: str | None = None
    os_type: str | None = None
    architecture: str | None = None
    registry_config: RegistryConfig | None = None
    ncpu: int | None = None
    mem_total: int | None = None
    docker_root_dir: str | None = None
    http_proxy: str | None = None
    https_proxy: str | None = None
    experimental_build: bool | None = None
    server_version: str | None = None
    runtimes: dict[str, Runtime] | None = None
    default_runtime: str | None = None
    swarm: SwarmInfo | None = None
    live_restore_enabled: bool | None = None
    security_options: Strings = None
    warnings: Strings = None
    firewall_backend: Firewall | None = None
    labels: Strings = None
    rootless: bool | None = None


class Component(Wire):
    name: str | None = None
    version: str | None = None


class Version(Wire):
    """`GET /version`."""

    version: str | None = None
    api_version: str | None = None
    min_api_version: str | None = None
    components: list[Component] | None = None


class Actor(Wire):
    engine_id: str | None = None  # spelt ID
    attributes: Labels = None


class Event(Wire):
    """A line of `GET /events`; API 1.52 dropped `status`, `id` and `from`."""

    type: str | None = None
    action: str | None = None
    actor: Actor | None = None
    time: int | None = msgspec.field(name="time", default=None)
    time_nano: int | None = msgspec.field(name="timeNano", default=None)
