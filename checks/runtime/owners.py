"""Who started a container and decides about its restarts and probes: an orchestrator, a project, or a person."""

from __future__ import annotations

from inventory.container import Container

_OWNER_LABELS = (
    "com.docker.compose.project",
    "com.docker.stack.namespace",
    "com.docker.swarm.service.id",
    "io.kubernetes.pod.name",
    "io.podman.compose.project",
    "PODMAN_SYSTEMD_UNIT",
)


def is_kubernetes(container: Container) -> bool:
    """Whether a kubelet started it (dockershim, cri-dockerd and CRI engines label every container so)."""
    return "io.kubernetes.pod.name" in container.labels


def orchestrator(container: Container) -> str:
    """`Swarm` or `Kubernetes` where one of them decides about the container, else ""."""
    if is_kubernetes(container):
        return "Kubernetes"
    return "Swarm" if container.service_id or "com.docker.swarm.task.id" in container.labels else ""


def owner_label(container: Container) -> str:
    """The first label (`name=value`) that says which project, stack, pod or unit owns the container, else ""."""
    found = next((label for label in _OWNER_LABELS if container.labels.get(label)), "")
    return f"{found}={container.labels[found]}" if found else ""
