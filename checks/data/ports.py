"""What usually listens on a port, and how bad it is to expose it. Sources: IANA port numbers, the products' manuals."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from checks.verdict import Severity


class Sort(StrEnum):
    """What kind of service it is."""

    CONTROL = "control API"
    LOGIN = "remote login"
    DATABASE = "database"
    CONSOLE = "console or internal API"


class Service(msgspec.Struct, frozen=True):
    """One well-known service."""

    name: str
    sort: Sort

    @property
    def severity(self) -> Severity:
        """Of publishing it beyond the host."""
        return _SEVERITIES[self.sort]


_SEVERITIES = {
    Sort.CONTROL: Severity.CRITICAL,
    Sort.LOGIN: Severity.HIGH,
    Sort.DATABASE: Severity.HIGH,
    Sort.CONSOLE: Severity.MEDIUM,
}

_CONTROL = {
    2375: "Docker API without TLS", 4243: "Docker API without TLS", 10250: "kubelet", 10255: "kubelet read-only",
    2379: "etcd",
}  # fmt: skip
_LOGIN = {
    21: "FTP", 22: "SSH", 23: "Telnet", 111: "portmapper", 135: "MS-RPC", 139: "NetBIOS", 445: "SMB",
    512: "rexec", 513: "rlogin", 514: "rsh", 873: "rsync", 2049: "NFS", 2376: "Docker API", 2377: "Swarm control",
    2380: "etcd peers", 3389: "RDP", 5900: "VNC", 6443: "Kubernetes API", 7946: "Swarm gossip", 4789: "VXLAN",
    10257: "kube-controller-manager", 10259: "kube-scheduler", 50000: "Jenkins agents",
}  # fmt: skip
_DATABASE = {
    389: "LDAP", 1433: "SQL Server", 1521: "Oracle", 2181: "ZooKeeper", 3306: "MySQL", 5432: "PostgreSQL",
    5672: "AMQP", 5984: "CouchDB", 6379: "Redis", 7001: "Cassandra or WebLogic", 8020: "HDFS",
    9042: "Cassandra", 9092: "Kafka", 9200: "Elasticsearch", 9300: "Elasticsearch transport", 11211: "memcached",
    27017: "MongoDB", 61616: "ActiveMQ",
}  # fmt: skip
_CONSOLE = {
    4194: "cAdvisor", 5000: "container registry", 5601: "Kibana", 7077: "Spark",
    8001: "kubectl proxy", 8088: "YARN", 8091: "Couchbase console", 8200: "Vault", 8500: "Consul", 8888: "Jupyter",
    9000: "Portainer or MinIO", 9090: "Prometheus", 9091: "Pushgateway", 9093: "Alertmanager", 9100: "node_exporter",
    9323: "Docker metrics", 15672: "RabbitMQ console", 16686: "Jaeger", 50070: "HDFS console",
}  # fmt: skip


def _table() -> Mapping[int, Service]:
    sorts = ((Sort.CONSOLE, _CONSOLE), (Sort.DATABASE, _DATABASE), (Sort.LOGIN, _LOGIN), (Sort.CONTROL, _CONTROL))
    return MappingProxyType({port: Service(name, sort) for sort, names in sorts for port, name in names.items()})


SENSITIVE: Mapping[int, Service] = _table()

# Services that speak in the clear unless somebody put TLS in front of them.
PLAINTEXT: Mapping[int, str] = MappingProxyType(
    {
        21: "FTP", 23: "Telnet", 80: "HTTP", 389: "LDAP", 1883: "MQTT", 3306: "MySQL", 5672: "AMQP", 6379: "Redis",
        8080: "HTTP", 9090: "HTTP", 9200: "HTTP", 11211: "memcached", 27017: "MongoDB",
    }
)  # fmt: skip

# Ports of exporters and other components that serve metrics without asking who reads them.
METRICS: Mapping[int, str] = MappingProxyType(
    {
        8080: "cAdvisor", 9091: "Pushgateway", 9093: "Alertmanager", 9094: "Alertmanager gossip", 9100: "node_exporter",
        9101: "HAProxy exporter", 9102: "StatsD exporter", 9104: "MySQL exporter", 9113: "NGINX exporter",
        9115: "blackbox exporter", 9116: "SNMP exporter", 9117: "Apache exporter", 9121: "Redis exporter",
        9182: "Windows exporter", 9187: "PostgreSQL exporter", 9216: "MongoDB exporter", 9256: "process exporter",
        9308: "Kafka exporter", 9323: "Docker metrics", 9411: "Zipkin", 9419: "RabbitMQ exporter", 16686: "Jaeger",
    }
)  # fmt: skip

# Administration services that an image should not offer.
ADMINISTRATION = frozenset(
    {21, 22, 23, 111, 135, 139, 445, 512, 513, 514, 873, 2049, 2375, 2376, 3389, *range(5900, 5911)}
)
