"""From an element of `GET /services` to `Service`."""

from __future__ import annotations

from typing import Any

from inventory.container import Mount
from inventory.resource import Kind
from inventory.sources.decode import decode
from inventory.sources.docker import wire_swarm as wire
from inventory.sources.docker.containers import healthcheck
from inventory.sources.docker.facts import capability, finish, texts, words
from inventory.sources.docker.swarms import dates, identity
from inventory.swarm import Privileges, SecretReference, Service, ServicePort

_STACK = "com.docker.stack.namespace"
_SPEC = "Spec.TaskTemplate.ContainerSpec"
_CONTAINER = {
    "image_ref": "Image", "env": "Env", "args": "Args", "command": "Command", "user": "User", "read_only": "ReadOnly",
    "mounts": "Mounts", "cap_add": "CapabilityAdd", "cap_drop": "CapabilityDrop", "privileges": "Privileges",
    "secrets": "Secrets", "config_ids": "Configs",
}  # fmt: skip
_PATHS = {field: f"{_SPEC}.{path}" for field, path in _CONTAINER.items()} | {
    "id": "ID", "created": "CreatedAt", "updated": "UpdatedAt", "stack": "Spec.Labels", "mode": "Spec.Mode",
    "replicas": "Spec.Mode", "memory_limit": "Spec.TaskTemplate.Resources.Limits.MemoryBytes",
    "nano_cpus_limit": "Spec.TaskTemplate.Resources.Limits.NanoCPUs",
    "pids_limit": "Spec.TaskTemplate.Resources.Limits.Pids", "networks": "Spec.TaskTemplate.Networks",
    "ports": "Endpoint.Ports", "constraints": "Spec.TaskTemplate.Placement.Constraints",
    "update_state": "UpdateStatus.State", "update_failure_action": "Spec.UpdateConfig.FailureAction",
}  # fmt: skip
_OPTIONAL = {
    "healthcheck": f"{_SPEC}.Healthcheck", "running": "ServiceStatus.RunningTasks",
    "desired": "ServiceStatus.DesiredTasks",
}  # fmt: skip


def service(raw: bytes, source: str, at: float) -> Service:
    """A service. Swarm leaves out of a spec what is not set, so a missing limit or list is none.

    Raises `AnswerError` when the answer is no object or has no id.
    """
    answer, malformed = decode(raw, wire.Service)
    spec = answer.spec or wire.ServiceSpec()
    labels = texts(spec.labels)
    status = answer.service_status
    values = identity(Kind.SERVICE, answer.id, spec.name or answer.id or "", source, at, raw) | dates(answer)
    values |= {
        "labels": labels,
        "running": None if status is None else status.running_tasks or 0,
        "desired": None if status is None else status.desired_tasks or 0,
        "ports": tuple(_port(found) for found in (answer.endpoint and answer.endpoint.ports) or ()),
        "update_state": (answer.update_status and answer.update_status.state) or "",
        "stack": labels.get(_STACK, ""),
        "update_failure_action": (spec.update_config and spec.update_config.failure_action) or "",
    }
    if spec.mode is not None:
        values |= _mode(spec.mode)
    values |= _template(spec.task_template, spec)
    return finish(Service, values, _PATHS, malformed, optional=_OPTIONAL)


def _mode(mode: wire.Mode) -> dict[str, Any]:
    if mode.replicated is not None:
        return {"mode": "replicated", "replicas": mode.replicated.replicas or 0}
    if mode.replicated_job is not None:
        return {"mode": "replicated-job", "replicas": mode.replicated_job.total_completions or 0}
    name = "global" if mode.global_ is not None else "global-job" if mode.global_job is not None else None
    return {"mode": name, "replicas": 0}


def _template(template: wire.TaskTemplate | None, spec: wire.ServiceSpec) -> dict[str, Any]:
    if template is None:
        return {}
    limits = (template.resources and template.resources.limits) or wire.Limits()
    values: dict[str, Any] = {
        "memory_limit": limits.memory_bytes or 0,
        "nano_cpus_limit": limits.nano_cpus or 0,
        "pids_limit": max(limits.pids or 0, 0),
        "networks": tuple(found.target or "" for found in template.networks or spec.networks or ()),
        "constraints": words(template.placement.constraints if template.placement else None),
    }
    return values | _container(template.container_spec)


def _container(spec: wire.ContainerSpec | None) -> dict[str, Any]:
    if spec is None:
        return {}
    return {
        "image_ref": spec.image,
        "env": words(spec.env),
        "args": words(spec.args),
        "command": words(spec.command),
        "user": spec.user or "",
        "read_only": bool(spec.read_only),
        "mounts": tuple(_mount(found) for found in spec.mounts or ()),
        "cap_add": tuple(capability(name) for name in spec.capability_add or ()),
        "cap_drop": tuple(capability(name) for name in spec.capability_drop or ()),
        "privileges": _privileges(spec.privileges),
        "healthcheck": healthcheck(spec.healthcheck),
        "secrets": tuple(_secret(found) for found in spec.secrets or ()),
        "config_ids": tuple(found.config_id or "" for found in spec.configs or ()),
    }


def _privileges(found: wire.Privileges | None) -> Privileges:
    if found is None:
        return Privileges()
    return Privileges(
        (found.seccomp.mode if found.seccomp else None) or "",
        (found.app_armor.mode if found.app_armor else None) or "",
        bool(found.selinux_context and found.selinux_context.disable),
        found.no_new_privileges,
    )


def _mount(found: wire.MountSpec) -> Mount:
    name = found.source or "" if found.type == "volume" else ""
    return Mount(found.type or "bind", found.source or "", found.target or "", not found.read_only, "", name)


def _secret(found: wire.SecretReference) -> SecretReference:
    mode = found.file.mode if found.file else None
    return SecretReference(found.secret_id or "", found.secret_name or "", 0o444 if mode is None else mode)


def _port(found: wire.PortConfig) -> ServicePort:
    return ServicePort(
        found.protocol or "tcp", found.target_port or 0, found.published_port or 0, found.publish_mode or "ingress"
    )
