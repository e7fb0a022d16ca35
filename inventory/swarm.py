"""What the parts of a Docker Swarm are (services, tasks, nodes, secrets, configs, swarm)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from inventory.container import Healthcheck, Mount
from inventory.resource import Kind, Resource


class ServicePort(msgspec.Struct, frozen=True):
    """`Endpoint.Ports[]`: `publish_mode` is ingress (every node) or host."""

    protocol: str
    target_port: int
    published_port: int
    publish_mode: str


class SecretReference(msgspec.Struct, frozen=True):
    """A secret that a service mounts; `mode` is the file mode."""

    secret_id: str
    name: str
    mode: int = 0o444


class Privileges(msgspec.Struct, frozen=True):
    """`ContainerSpec.Privileges`: what the service switches off."""

    seccomp_mode: str = ""
    apparmor_mode: str = ""
    selinux_disable: bool = False
    no_new_privileges: bool | None = None


class Service(Resource):
    """A Swarm service, from its spec. `running`/`desired` are None where the engine does not count them."""

    kind: ClassVar[Kind] = Kind.SERVICE

    id: str
    created: float
    updated: float
    stack: str
    mode: str  # replicated, global, replicated-job, global-job
    replicas: int  # 0 for global
    running: int | None
    desired: int | None
    image_ref: str
    env: tuple[str, ...]
    args: tuple[str, ...]
    command: tuple[str, ...]
    user: str
    read_only: bool
    mounts: tuple[Mount, ...]
    cap_add: tuple[str, ...]
    cap_drop: tuple[str, ...]
    privileges: Privileges
    healthcheck: Healthcheck | None
    memory_limit: int
    nano_cpus_limit: int
    pids_limit: int
    networks: tuple[str, ...]  # network ids or names
    ports: tuple[ServicePort, ...]
    secrets: tuple[SecretReference, ...]
    config_ids: tuple[str, ...]
    constraints: tuple[str, ...]
    update_state: str
    update_failure_action: str


class Task(Resource):
    """One task of a service: a slot on a node and the container behind it."""

    kind: ClassVar[Kind] = Kind.TASK

    id: str
    created: float
    updated: float
    service_id: str
    node_id: str
    slot: int
    state: str
    desired_state: str
    message: str
    error: str
    container_id: str
    exit_code: int
    image_ref: str


class Node(Resource):
    """A node of the swarm."""

    kind: ClassVar[Kind] = Kind.NODE

    id: str
    created: float
    role: str  # manager, worker
    availability: str  # active, pause, drain
    state: str  # ready, down, unknown, disconnected
    address: str
    engine_version: str
    os: str
    leader: bool
    reachability: str  # managers only, else ""
    trust_root: str  # PEM of the CA it trusts


class Secret(Resource):
    """A Swarm secret: never its data, which the API does not return."""

    kind: ClassVar[Kind] = Kind.SECRET

    id: str
    created: float
    updated: float
    driver: str


class Config(Resource):
    """A Swarm config. `data` is what every reader of the API gets; it is judged, never shown unmasked."""

    kind: ClassVar[Kind] = Kind.CONFIG

    id: str
    created: float
    updated: float
    data: str


class Swarm(Resource):
    """The swarm itself, as a manager tells it. Join tokens are dropped before this type is made."""

    kind: ClassVar[Kind] = Kind.SWARM

    id: str
    created: float
    updated: float
    autolock_managers: bool
    node_cert_expiry: float  # seconds
    root_rotation_in_progress: bool
    trust_root: str
    data_path_port: int
    spec_labels: Mapping[str, str]
