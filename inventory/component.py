"""What a monitoring component is: a recognised part of the stack that observes this host."""

from __future__ import annotations

from typing import ClassVar

from inventory.resource import Kind, Resource, ResourceKey


class Component(Resource):
    """A recognised component. `signs` say what it was recognised by; `version` is claimed by its tag unless asked."""

    kind: ClassVar[Kind] = Kind.COMPONENT

    product: str  # Prometheus, Grafana, ...
    role: str  # metrics store, alerting, dashboard, exporter, log store, log shipper, tracing, collector, detection
    where: str  # container, service, host process
    carrier: ResourceKey  # the container or service it runs as, or the host
    version: str  # "" when nothing tells
    endpoints: tuple[str, ...]  # "0.0.0.0:9090", "network:9090", "loopback:9100"
    state: str  # running, unhealthy, exited, ...
    signs: tuple[str, ...]

    def same_as(self, other: Resource) -> bool:
        """Whether nothing that is told of it differs; one of a cluster has no answer of its own to compare."""
        if self.raw or other.raw:
            return super().same_as(other)
        return all(
            self.peek(name) == other.peek(name) for name in self.field_names if name not in ("gaps", "observed_at")
        )
