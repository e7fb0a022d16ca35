"""What a container is, in the Engine API's words (container inspect, API 1.41 to 1.5x)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from inventory.resource import Kind, Resource


class Mount(msgspec.Struct, frozen=True):
    """`Mounts[]`: `type` is bind, volume, tmpfs, npipe, cluster or image; `rw` as mounted."""

    type: str
    source: str
    destination: str
    rw: bool
    propagation: str = ""
    name: str = ""
    driver: str = ""


class Port(msgspec.Struct, frozen=True):
    """A container port and where it is published. `host_ip` "" or `host_port` 0: exposed, not published.

    A port published on all addresses has `host_ip` "0.0.0.0" or "::"; both families give two entries.
    """

    container_port: int
    protocol: str
    host_ip: str = ""
    host_port: int = 0

    @property
    def published(self) -> bool:
        """Whether the engine forwards a host port (or will, once the container starts)."""
        return bool(self.host_ip) or self.host_port > 0


class Attachment(msgspec.Struct, frozen=True):
    """`NetworkSettings.Networks{}`: one network that the container is attached to."""

    network: str
    network_id: str
    ipv4: str = ""
    ipv6: str = ""
    aliases: tuple[str, ...] = ()


class Device(msgspec.Struct, frozen=True):
    """`HostConfig.Devices[]`."""

    path_on_host: str
    path_in_container: str
    permissions: str


class DeviceRequest(msgspec.Struct, frozen=True):
    """`HostConfig.DeviceRequests[]`: devices that a driver or a CDI specification picks (`--gpus`, `--device x.y/z=a`).

    `count` -1 is all of them; `capabilities` is an OR of ANDs: `(("gpu", "nvidia"),)`.
    """

    driver: str
    count: int
    device_ids: tuple[str, ...] = ()
    capabilities: tuple[tuple[str, ...], ...] = ()


class Healthcheck(msgspec.Struct, frozen=True):
    """`Config.Healthcheck`: `test` as declared (`("NONE",)` switches an inherited one off), durations in seconds."""

    test: tuple[str, ...]
    interval: float = 0.0
    timeout: float = 0.0
    start_period: float = 0.0
    retries: int = 0

    @property
    def enabled(self) -> bool:
        """Whether it probes anything."""
        return bool(self.test) and self.test[0] not in {"", "NONE"}


class Health(msgspec.Struct, frozen=True):
    """`State.Health`: `status` is starting, healthy or unhealthy; `output` of the last probe."""

    status: str
    failing_streak: int = 0
    output: str = ""


class RestartPolicy(msgspec.Struct, frozen=True):
    """`HostConfig.RestartPolicy`: `name` is no, always, unless-stopped or on-failure."""

    name: str
    maximum_retry_count: int = 0


class LogConfig(msgspec.Struct, frozen=True):
    """`HostConfig.LogConfig`: the driver and its options."""

    driver: str
    options: Mapping[str, str]


class Ulimit(msgspec.Struct, frozen=True):
    """`HostConfig.Ulimits[]`; -1 is unlimited."""

    name: str
    soft: int
    hard: int


class Container(Resource):
    """A container in any state. Sizes in bytes, times in epoch seconds (0.0 = never); null, [] and {} mean empty.

    Known from the list alone: `id`, `names`, `image_ref`, `image_id`, `created`, `state`, `status`, `project`,
    `service_id`, `task_id` and, where the engine tells, `ports`, `mounts`, `networks`. All else comes with the inspect.
    """

    kind: ClassVar[Kind] = Kind.CONTAINER

    id: str
    names: tuple[str, ...]  # without the leading slash; link aliases as "other/alias"
    image_ref: str  # Config.Image: as its user wrote it
    image_id: str  # Image: the content id
    created: float
    state: str  # created, running, paused, restarting, removing, exited, dead
    status: str  # the engine's own sentence, such as "Exited (137) 2 hours ago"
    project: str  # Compose project, Swarm stack, Kubernetes namespace or Podman pod it belongs to; "" if none
    service_id: str  # Swarm service; "" if none
    task_id: str
    pod: str  # name of the Podman pod that it belongs to; "" if none
    infra: bool  # whether it only holds the namespaces of its pod

    # State
    exit_code: int
    oom_killed: bool
    error: str
    started_at: float
    finished_at: float
    pid: int  # 0 when it does not run
    restart_count: int
    health: Health | None  # None: no health check in effect

    # Config
    path: str
    args: tuple[str, ...]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    env: tuple[str, ...]  # "KEY=value"
    user: str
    hostname: str
    working_dir: str
    tty: bool
    open_stdin: bool
    healthcheck: Healthcheck | None
    exposed_ports: tuple[str, ...]  # "6379/tcp"

    # HostConfig
    privileged: bool
    network_mode: str
    pid_mode: str
    ipc_mode: str
    uts_mode: str
    userns_mode: str
    cgroupns_mode: str
    cap_add: tuple[str, ...]  # upper case, without CAP_
    cap_drop: tuple[str, ...]
    security_opt: tuple[str, ...]
    readonly_rootfs: bool
    memory: int  # 0: no limit
    memory_swap: int
    nano_cpus: int
    cpu_quota: int
    cpu_shares: int
    cpuset_cpus: str
    pids_limit: int  # 0: no limit (the API's null, 0 and -1)
    oom_kill_disable: bool
    oom_score_adj: int
    ulimits: tuple[Ulimit, ...]
    restart_policy: RestartPolicy
    devices: tuple[Device, ...]
    device_cgroup_rules: tuple[str, ...]
    device_requests: tuple[DeviceRequest, ...]
    cgroup_parent: str
    sysctls: Mapping[str, str]
    tmpfs: Mapping[str, str]  # target -> mount options, as `--tmpfs` was given them
    group_add: tuple[str, ...]
    masked_paths: tuple[str, ...] | None  # None: the engine did not list them (privileged, Podman)
    readonly_paths: tuple[str, ...] | None
    links: tuple[str, ...]
    runtime: str
    publish_all_ports: bool
    dns: tuple[str, ...]
    dns_search: tuple[str, ...]
    dns_options: tuple[str, ...]
    extra_hosts: tuple[str, ...]
    log_config: LogConfig

    # top level and NetworkSettings
    apparmor_profile: str
    process_label: str
    log_path: str
    exec_ids: tuple[str, ...]
    upper_dir: str  # GraphDriver.Data.UpperDir: the writable layer on the engine's host; "" where it is no overlay
    lower_dirs: tuple[str, ...]  # the layers below it, the uppermost first
    mounts: tuple[Mount, ...]
    ports: tuple[Port, ...]
    networks: tuple[Attachment, ...]

    @property
    def running(self) -> bool:
        """Whether a process of it exists or is about to again."""
        return self.state in {"running", "paused", "restarting"}
