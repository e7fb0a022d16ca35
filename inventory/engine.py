"""What a container engine says of itself (info and version)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from inventory.resource import Kind, Resource


class SwarmState(msgspec.Struct, frozen=True):
    """`Swarm` of info: `state` is inactive, pending, active, error or locked."""

    state: str
    node_id: str = ""
    node_addr: str = ""
    control_available: bool = False
    nodes: int = 0
    managers: int = 0
    error: str = ""


class PluginMount(msgspec.Struct, frozen=True):
    """`Settings.Mounts[]` of a plugin: `source` on the host, `destination` in the plugin."""

    source: str
    destination: str
    type: str


class Plugin(msgspec.Struct, frozen=True):
    """A managed plugin (`GET /plugins`) and the rights that it was granted; capabilities without the prefix CAP_."""

    name: str
    enabled: bool
    reference: str
    types: tuple[str, ...]  # what it is for: docker.volumedriver/1.0
    capabilities: tuple[str, ...]
    allow_all_devices: bool
    devices: tuple[str, ...]  # paths
    mounts: tuple[PluginMount, ...]
    network: str  # host, none, bridge or ""
    ipc_host: bool
    pid_host: bool


class Engine(Resource):
    """One engine. `name` is the host name that it reports."""

    kind: ClassVar[Kind] = Kind.ENGINE

    id: str
    flavour: str  # docker, podman
    target: str  # the endpoint it was reached by: unix:///..., tcp://..., ssh://...
    local: bool  # whether its host's /proc and files are this machine's
    version: str
    api_version: str
    min_api_version: str
    components: Mapping[str, str]  # containerd, runc, docker-init, ... -> version
    operating_system: str
    os_type: str
    kernel_version: str
    architecture: str
    ncpu: int
    mem_total: int
    system_time: float
    driver: str
    driver_status: tuple[tuple[str, str], ...]
    root_dir: str
    logging_driver: str
    cgroup_driver: str
    cgroup_version: str
    security_options: tuple[str, ...]  # "name=seccomp,profile=default"
    rootless: bool
    live_restore: bool
    experimental: bool
    debug: bool
    insecure_registry_cidrs: tuple[str, ...]
    insecure_registries: tuple[str, ...]  # hosts with Secure=false
    mirrors: tuple[str, ...]
    authorization_plugins: tuple[str, ...]
    plugins: tuple[Plugin, ...]
    default_runtime: str
    runtimes: Mapping[str, str]  # name -> path
    bridge_nf_iptables: bool
    firewall_backend: str
    http_proxy: str
    https_proxy: str
    warnings: tuple[str, ...]
    swarm: SwarmState

    def security_option(self, name: str) -> Mapping[str, str] | None:
        """The parsed `name=...,key=value` entry of `SecurityOptions`, or None where the engine lists none."""
        for option in self.security_options:
            parts = dict(part.partition("=")[::2] for part in option.split(","))
            if parts.get("name") == name:
                return parts
        return None
