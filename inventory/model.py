"""Everything a resource can be, in one import."""

from inventory.component import Component
from inventory.container import (
    Attachment,
    Container,
    Device,
    Health,
    Healthcheck,
    LogConfig,
    Mount,
    Port,
    RestartPolicy,
    Ulimit,
)
from inventory.engine import Engine, SwarmState
from inventory.gap import Gap, Reason, Unread
from inventory.host import DiskFacts, Effective, FileFacts, Host, HostProcess
from inventory.image import HistoryEntry, Image
from inventory.network import Member, Network, Subnet, Volume
from inventory.resource import Kind, Resource, ResourceKey
from inventory.swarm import Config, Node, Privileges, Secret, SecretReference, Service, ServicePort, Swarm, Task

__all__ = [
    "Attachment", "Component", "Config", "Container", "Device", "DiskFacts", "Effective", "Engine", "FileFacts", "Gap",
    "Health", "Healthcheck", "HistoryEntry", "Host", "HostProcess", "Image", "Kind", "LogConfig", "Member", "Mount",
    "Network", "Node", "Port", "Privileges", "Reason", "Resource", "ResourceKey", "RestartPolicy", "Secret",
    "SecretReference", "Service", "ServicePort", "Subnet", "Swarm", "SwarmState", "Task", "Ulimit", "Unread", "Volume",
]  # fmt: skip
