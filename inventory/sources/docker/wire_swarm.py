"""The Engine API's answers about Docker Swarm, as far as they are used. See `wire` for the conventions."""

from __future__ import annotations

from inventory.sources.docker.wire import Healthcheck, Labels, Strings, Wire, spell

_SPELLING = {
    "id": "ID", "service_id": "ServiceID", "node_id": "NodeID", "secret_id": "SecretID", "config_id": "ConfigID",
    "container_id": "ContainerID", "tls_info": "TLSInfo", "ca_config": "CAConfig", "os": "OS", "nano_cpus": "NanoCPUs",
    "app_armor": "AppArmor", "selinux_context": "SELinuxContext",
}  # fmt: skip


def spell_swarm(name: str) -> str:
    """Swarm objects write `ID` where containers write `Id`."""
    return _SPELLING.get(name) or spell(name)


class SwarmWire(Wire, rename=spell_swarm, gc=False):
    """Base of all swarm answers."""


class MountSpec(SwarmWire):
    type: str | None = None
    source: str | None = None
    target: str | None = None
    read_only: bool | None = None


class ModeName(SwarmWire):
    mode: str | None = None


class SelinuxContext(SwarmWire):
    disable: bool | None = None


class Privileges(SwarmWire):
    seccomp: ModeName | None = None
    app_armor: ModeName | None = None
    selinux_context: SelinuxContext | None = None
    no_new_privileges: bool | None = None


class FileTarget(SwarmWire):
    name: str | None = None
    mode: int | None = None


class SecretReference(SwarmWire):
    secret_id: str | None = None
    secret_name: str | None = None
    file: FileTarget | None = None


class ConfigReference(SwarmWire):
    config_id: str | None = None
    config_name: str | None = None


class ContainerSpec(SwarmWire):
    image: str | None = None
    env: Strings = None
    args: Strings = None
    command: Strings = None
    user: str | None = None
    read_only: bool | None = None
    mounts: list[MountSpec] | None = None
    capability_add: Strings = None
    capability_drop: Strings = None
    privileges: Privileges | None = None
    healthcheck: Healthcheck | None = None
    secrets: list[SecretReference] | None = None
    configs: list[ConfigReference] | None = None


class Limits(SwarmWire):
    nano_cpus: int | None = None
    memory_bytes: int | None = None
    pids: int | None = None


class Resources(SwarmWire):
    limits: Limits | None = None


class Placement(SwarmWire):
    constraints: Strings = None


class NetworkTarget(SwarmWire):
    target: str | None = None


class TaskTemplate(SwarmWire):
    container_spec: ContainerSpec | None = None
    resources: Resources | None = None
    placement: Placement | None = None
    networks: list[NetworkTarget] | None = None


class Replicated(SwarmWire):
    replicas: int | None = None


class ReplicatedJob(SwarmWire):
    total_completions: int | None = None


class Nothing(SwarmWire):
    """An object whose presence alone says something."""


class Mode(SwarmWire):
    replicated: Replicated | None = None
    global_: Nothing | None = None
    replicated_job: ReplicatedJob | None = None
    global_job: Nothing | None = None


class UpdateConfig(SwarmWire):
    failure_action: str | None = None


class ServiceSpec(SwarmWire):
    name: str | None = None
    labels: Labels = None
    task_template: TaskTemplate | None = None
    mode: Mode | None = None
    update_config: UpdateConfig | None = None
    networks: list[NetworkTarget] | None = None


class PortConfig(SwarmWire):
    protocol: str | None = None
    target_port: int | None = None
    published_port: int | None = None
    publish_mode: str | None = None


class Endpoint(SwarmWire):
    ports: list[PortConfig] | None = None


class UpdateStatus(SwarmWire):
    state: str | None = None


class ServiceStatus(SwarmWire):
    running_tasks: int | None = None
    desired_tasks: int | None = None


class Service(SwarmWire):
    """An element of `GET /services?status=true`."""

    id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    spec: ServiceSpec | None = None
    endpoint: Endpoint | None = None
    update_status: UpdateStatus | None = None
    service_status: ServiceStatus | None = None


class ContainerStatus(SwarmWire):
    container_id: str | None = None
    exit_code: int | None = None


class TaskStatus(SwarmWire):
    state: str | None = None
    message: str | None = None
    err: str | None = None
    container_status: ContainerStatus | None = None


class Task(SwarmWire):
    """An element of `GET /tasks`."""

    id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    labels: Labels = None
    spec: TaskTemplate | None = None
    service_id: str | None = None
    slot: int | None = None
    node_id: str | None = None
    status: TaskStatus | None = None
    desired_state: str | None = None


class NodeSpec(SwarmWire):
    labels: Labels = None
    role: str | None = None
    availability: str | None = None


class Platform(SwarmWire):
    os: str | None = None


class NodeEngine(SwarmWire):
    engine_version: str | None = None


class TlsInfo(SwarmWire):
    trust_root: str | None = None


class Description(SwarmWire):
    hostname: str | None = None
    platform: Platform | None = None
    engine: NodeEngine | None = None
    tls_info: TlsInfo | None = None


class NodeStatus(SwarmWire):
    state: str | None = None
    addr: str | None = None


class ManagerStatus(SwarmWire):
    leader: bool | None = None
    reachability: str | None = None


class Node(SwarmWire):
    """An element of `GET /nodes`."""

    id: str | None = None
    created_at: str | None = None
    spec: NodeSpec | None = None
    description: Description | None = None
    status: NodeStatus | None = None
    manager_status: ManagerStatus | None = None


class Driver(SwarmWire):
    name: str | None = None


class ObjectSpec(SwarmWire):
    name: str | None = None
    labels: Labels = None
    driver: Driver | None = None
    data: str | None = None


class StoredObject(SwarmWire):
    """An element of `GET /secrets` or `GET /configs`."""

    id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    spec: ObjectSpec | None = None


class CaConfig(SwarmWire):
    node_cert_expiry: int | None = None


class EncryptionConfig(SwarmWire):
    auto_lock_managers: bool | None = None


class SwarmSpec(SwarmWire):
    name: str | None = None
    labels: Labels = None
    ca_config: CaConfig | None = None
    encryption_config: EncryptionConfig | None = None


class Swarm(SwarmWire):
    """`GET /swarm`, without its join tokens."""

    id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    spec: SwarmSpec | None = None
    tls_info: TlsInfo | None = None
    root_rotation_in_progress: bool | None = None
    data_path_port: int | None = None
