"""Everything a resource can be, in one import."""

from inventory.component import Component
from inventory.container import (
    Attachment,
    Container,
    Device,
    DeviceRequest,
    Health,
    Healthcheck,
    LogConfig,
    Mount,
    Port,
    RestartPolicy,
    Ulimit,
)
from inventory.endpoint import PeerCertificate, TlsEndpoint
from inventory.engine import Engine, Plugin, SwarmState
from inventory.engine_files import Certificate, CertificateFile, ClientCredentials
from inventory.gap import Gap, Reason, Unread
from inventory.host import DiskFacts, Effective, FileFacts, Host, HostProcess
from inventory.image import HistoryEntry, Image
from inventory.image_analysis import ImageAnalysis
from inventory.machine import (
    Audit,
    AuditRule,
    Examined,
    Journal,
    KubeConfig,
    Route,
    RuntimeProgram,
    SwarmAddresses,
)
from inventory.network import Member, Network, Subnet, Volume
from inventory.resource import Kind, Resource, ResourceKey
from inventory.swarm import Config, Node, Privileges, Secret, SecretReference, Service, ServicePort, Swarm, Task

__all__ = [
    "Attachment",
    "Audit",
    "AuditRule",
    "Certificate",
    "CertificateFile",
    "ClientCredentials",
    "Component",
    "Config",
    "Container",
    "Device",
    "DeviceRequest",
    "DiskFacts",
    "Effective",
    "Engine",
    "Examined",
    "FileFacts",
    "Gap",
    "Health",
    "Healthcheck",
    "HistoryEntry",
    "Host",
    "HostProcess",
    "Image",
    "ImageAnalysis",
    "Journal",
    "Kind",
    "KubeConfig",
    "LogConfig",
    "Member",
    "Mount",
    "Network",
    "Node",
    "PeerCertificate",
    "Plugin",
    "Port",
    "Privileges",
    "Reason",
    "Resource",
    "ResourceKey",
    "RestartPolicy",
    "Route",
    "RuntimeProgram",
    "Secret",
    "SecretReference",
    "Service",
    "ServicePort",
    "Subnet",
    "Swarm",
    "SwarmAddresses",
    "SwarmState",
    "Task",
    "TlsEndpoint",
    "Ulimit",
    "Unread",
    "Volume",
]  # fmt: skip
