"""Makes the engine a one-node swarm and creates the lab's services, secrets and configs."""

from __future__ import annotations

import base64
from typing import Any

from lab.client import EngineClient
from lab.plan import ServiceSpec, services, swarm_values

STACK = {"com.docker.stack.namespace": "edge"}
_SECOND = 1_000_000_000


def init(client: EngineClient) -> None:
    """Swarm on the loopback address only: nothing of it is reachable from outside the namespace."""
    client.post(
        "/swarm/init",
        {"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1", "DataPathAddr": "127.0.0.1"},
    )


def create_services(client: EngineClient) -> None:
    secrets = {name: _create_value(client, "/secrets/create", name, value) for name, value in _values("secret")}
    configs = {name: _create_value(client, "/configs/create", name, value) for name, value in _values("config")}
    for spec in services():
        client.post("/services/create", service_body(spec, secrets, configs))


def service_body(spec: ServiceSpec, secrets: dict[str, str], configs: dict[str, str]) -> dict[str, Any]:
    """The body of ``POST /services/create``; `secrets` and `configs` give the id of each name."""
    container = {**spec.container, "Labels": STACK}
    container["Secrets"] = [_reference("Secret", name, secrets[name], 0o400) for name in spec.secrets]
    container["Configs"] = [_reference("Config", name, configs[name], 0o444) for name in spec.configs]
    restart = {"Condition": "any", "Delay": spec.restart_delay * _SECOND, "MaxAttempts": spec.restart_attempts}
    return {
        "Name": spec.name,
        "Labels": STACK,
        "TaskTemplate": {
            "ContainerSpec": container,
            "Resources": {"Limits": dict(spec.limits)},
            "RestartPolicy": restart,
            "LogDriver": {"Name": "json-file", "Options": {"max-size": "1m", "max-file": "2"}},
            "Networks": [{"Target": name} for name in spec.networks],
        },
        "Mode": {"Replicated": {"Replicas": spec.replicas}} if spec.replicas else {"Global": {}},
        "UpdateConfig": {"Parallelism": 1, "FailureAction": "rollback"},
        "EndpointSpec": {"Mode": "vip", "Ports": list(spec.ports)},
    }


def _values(kind: str) -> list[tuple[str, str]]:
    return list(swarm_values(kind).items())


def _create_value(client: EngineClient, path: str, name: str, value: str) -> str:
    data = base64.b64encode(value.encode()).decode()
    return str(client.post(path, {"Name": name, "Labels": STACK, "Data": data})["ID"])


def _reference(kind: str, name: str, identity: str, mode: int) -> dict[str, Any]:
    target = name if kind == "Secret" else f"/app/{name}.toml"
    return {
        f"{kind}ID": identity,
        f"{kind}Name": name,
        "File": {"Name": target, "UID": "10001", "GID": "10001", "Mode": mode},
    }
