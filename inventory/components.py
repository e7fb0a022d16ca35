"""Recognises the monitoring stack among containers, services and host processes. Pure; no port alone is ever enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from inventory.component import Component
from inventory.container import Container, Port
from inventory.gap import Gap
from inventory.host import Host, HostProcess
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.swarm import Service


class Product(msgspec.Struct, frozen=True):
    """How a product is recognised: the last parts of image repositories, and names of its program."""

    name: str
    role: str
    images: tuple[str, ...]
    programs: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


def _p(name: str, role: str, images: str, programs: str = "", ports: tuple[int, ...] = ()) -> Product:
    found = images.split()
    # The same at quay.io.
    found += (f"prometheus/{image.removeprefix('prom/')}" for image in tuple(found) if image.startswith("prom/"))
    return Product(name, role, tuple(found), tuple(programs.split()), ports)


PRODUCTS: tuple[Product, ...] = (
    _p("Prometheus", "metrics store", "prom/prometheus bitnami/prometheus", "prometheus", (9090,)),
    _p("Alertmanager", "alerting", "prom/alertmanager bitnami/alertmanager", "alertmanager", (9093,)),
    _p("node_exporter", "exporter", "prom/node-exporter bitnami/node-exporter", "node_exporter", (9100,)),
    _p("blackbox_exporter", "exporter", "prom/blackbox-exporter", "blackbox_exporter", (9115,)),
    _p("pushgateway", "exporter", "prom/pushgateway", "pushgateway", (9091,)),
    _p("cAdvisor", "exporter", "cadvisor/cadvisor google/cadvisor", "cadvisor", (8080,)),
    _p("kube-state-metrics", "exporter", "kube-state-metrics/kube-state-metrics", "kube-state-metrics", (8080, 8081)),
    _p("metrics-server", "exporter", "metrics-server/metrics-server", "metrics-server", (10250,)),
    _p("kubelet", "exporter", "", "kubelet", (10250,)),
    _p(
        "Grafana", "dashboard", "grafana/grafana grafana/grafana-oss grafana/grafana-enterprise",
        "grafana grafana-server", (3000,),
    ),
    _p("Loki", "log store", "grafana/loki", "loki", (3100,)),
    _p("Promtail", "log shipper", "grafana/promtail", "promtail", (9080,)),
    _p("Alloy", "collector", "grafana/alloy", "alloy", (12345,)),
    _p("Tempo", "tracing", "grafana/tempo", "tempo", (3200,)),
    _p("Mimir", "metrics store", "grafana/mimir", "mimir", (8080,)),
    _p("Thanos", "metrics store", "thanos/thanos thanosio/thanos bitnami/thanos", "thanos", (10902,)),
    _p(
        "VictoriaMetrics", "metrics store", "victoriametrics/victoria-metrics victoriametrics/vmsingle",
        "victoria-metrics victoria-metrics-prod", (8428,),
    ),
    _p("vmagent", "collector", "victoriametrics/vmagent", "vmagent vmagent-prod", (8429,)),
    _p("Jaeger", "tracing", "jaegertracing/all-in-one jaegertracing/jaeger", "jaeger jaeger-all-in-one", (16686,)),
    _p(
        "OpenTelemetry Collector", "collector", "otel/opentelemetry-collector otel/opentelemetry-collector-contrib",
        "otelcol otelcol-contrib", (4317, 4318),
    ),
    _p("Fluent Bit", "log shipper", "fluent/fluent-bit aws-observability/aws-for-fluent-bit", "fluent-bit", (2020,)),
    _p("Fluentd", "log shipper", "fluent/fluentd", "fluentd td-agent", (24224,)),
    _p("Vector", "log shipper", "timberio/vector", "vector", (8686,)),
    _p("Filebeat", "log shipper", "beats/filebeat elastic/filebeat", "filebeat", (5066,)),
    _p("Metricbeat", "exporter", "beats/metricbeat elastic/metricbeat", "metricbeat", (5066,)),
    _p("Logstash", "log shipper", "logstash/logstash library/logstash elastic/logstash", "logstash", (5044, 9600)),
    _p(
        "Elasticsearch", "log store", "elasticsearch/elasticsearch library/elasticsearch bitnami/elasticsearch",
        "elasticsearch", (9200, 9300),
    ),
    _p("OpenSearch", "log store", "opensearchproject/opensearch", "opensearch", (9200, 9600)),
    _p("Kibana", "dashboard", "kibana/kibana library/kibana elastic/kibana", "kibana", (5601,)),
    _p(
        "OpenSearch Dashboards", "dashboard", "opensearchproject/opensearch-dashboards", "opensearch-dashboards",
        (5601,),
    ),
    _p("Graylog", "log store", "graylog/graylog graylog/graylog-enterprise", "graylog-server", (9000,)),
    _p("Splunk", "log store", "splunk/splunk splunk/universalforwarder", "splunkd", (8000, 8088)),
    _p("Seq", "log store", "datalust/seq", "seq", (5341,)),
    _p("InfluxDB", "metrics store", "library/influxdb bitnami/influxdb", "influxd", (8086,)),
    _p("Telegraf", "collector", "library/telegraf", "telegraf", (8094,)),
    _p("collectd", "collector", "collectd/collectd", "collectd", (25826,)),
    _p("netdata", "metrics store", "netdata/netdata", "netdata", (19999,)),
    _p("Zabbix agent", "exporter", "zabbix/zabbix-agent zabbix/zabbix-agent2", "zabbix_agentd zabbix_agent2", (10050,)),
    _p(
        "Zabbix server", "metrics store", "zabbix/zabbix-server-mysql zabbix/zabbix-server-pgsql", "zabbix_server",
        (10051,),
    ),
    _p("Icinga", "alerting", "icinga/icinga2", "icinga2", (5665,)),
    _p("Nagios", "alerting", "jasonrivers/nagios", "nagios nrpe", (5666,)),
    _p("Falco", "detection", "falcosecurity/falco falcosecurity/falco-no-driver", "falco", (8765,)),
    _p("Tetragon", "detection", "cilium/tetragon", "tetragon", ()),
    _p("Tracee", "detection", "aquasec/tracee", "tracee tracee-ebpf", (3366,)),
    _p("KubeArmor", "detection", "kubearmor/kubearmor", "kubearmor", (32767,)),
    _p("Wazuh agent", "detection", "wazuh/wazuh-agent", "wazuh-agentd", ()),
    _p("osquery", "detection", "osquery/osquery", "osqueryd", ()),
    _p("Sysdig agent", "detection", "sysdig/agent", "dragent", ()),
    _p("rsyslog", "log shipper", "rsyslog/syslog_appliance_alpine rsyslog/rsyslog", "rsyslogd", (514, 6514)),
    _p("syslog-ng", "log shipper", "balabit/syslog-ng linuxserver/syslog-ng", "syslog-ng", (514, 6514)),
    _p("systemd-journal-upload", "log shipper", "", "systemd-journal-upload", ()),
    _p("systemd-journal-remote", "log store", "", "systemd-journal-remote", (19532,)),
)  # fmt: skip

_BY_IMAGE: Mapping[str, Product] = {image: product for product in PRODUCTS for image in product.images}
_BY_PROGRAM: Mapping[str, Product] = {program: product for product in PRODUCTS for program in product.programs}
_BY_TITLE: Mapping[str, Product] = {
    word: product
    for product in PRODUCTS
    for word in {product.name.lower(), *(image.rpartition("/")[2] for image in product.images)}
}
_TITLE = "org.opencontainers.image.title"
_SOURCE = "org.opencontainers.image.source"
# Runs a program that is named further along the command line.
_WRAPPERS = frozenset({"sh", "bash", "ash", "dash", "env", "tini", "dumb-init", "docker-init", "podman-init", "gosu",
                       "su-exec", "exec", "nice", "ionice", "s6-svscan", "catatonit"})  # fmt: skip
PROCESS_NAMES = frozenset(_BY_PROGRAM)
"""Programs that make a host process a component."""


def derive(snapshot: Snapshot, source: str) -> tuple[Component, ...]:
    """All components that one source's containers, services and host processes are."""
    return tuple(
        component
        for family in (Service, Container, Host)
        for carrier in snapshot.of(family, source)
        for component in components_of(carrier)
    )


def components_of(carrier: Resource) -> tuple[Component, ...]:
    """What one container, service or host carries; nothing for any other resource."""
    if isinstance(carrier, Container):
        return tuple(_container(carrier))
    if isinstance(carrier, Service):
        return tuple(_service(carrier))
    return tuple(_host(carrier)) if isinstance(carrier, Host) else ()


def repository(reference: str) -> str:
    """The last two parts of an image's repository; an official image is in `library`.

    `reg:5000/a/prom/prometheus:v2@sha256:...` -> `prom/prometheus`; `influxdb:2` -> `library/influxdb`.
    """
    path = reference.partition("@")[0]
    head, slash, tail = path.rpartition("/")
    path = f"{head}{slash}{tail.partition(':')[0]}"
    parts = path.split("/")
    if len(parts) > 1 and ("." in parts[0] or ":" in parts[0] or parts[0] == "localhost"):
        parts = parts[1:]
    return "/".join(parts[-2:]) if len(parts) > 1 else f"library/{parts[0]}"


def version_of(reference: str) -> str:
    """What the tag claims, "" for `latest` and for references without a tag."""
    tag = reference.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return "" if tag in {"", "latest"} or not any(char.isdigit() for char in tag) else tag


def recognise(
    reference: str, labels: Mapping[str, str], words: tuple[str, ...]
) -> tuple[Product, tuple[str, ...]] | None:
    """The product and its signs: by repository, else by OCI labels, else by the program that is started."""
    product = _BY_IMAGE.get(repository(reference)) if reference and not reference.startswith("sha256:") else None
    if product is not None:
        return product, (f"image {repository(reference)}",)
    for label, value in ((_TITLE, labels.get(_TITLE, "")), (_SOURCE, _last_part(labels.get(_SOURCE, "")))):
        product = _BY_TITLE.get(value.strip().lower())
        if product is not None:
            return product, (f"label {label}={labels[label]}",)
    name = program(words)
    product = _BY_PROGRAM.get(name)
    return (product, (f"program {name}",)) if product is not None else None


def program(words: tuple[str, ...]) -> str:
    """The name of the program that a command line starts, behind shells and init wrappers."""
    for word in words[:12]:
        for part in word.split()[:4] if " " in word else (word,):
            name = part.rpartition("/")[2]
            if name and not name.startswith("-") and name not in _WRAPPERS and "=" not in name:
                return name
    return ""


def _last_part(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2].removesuffix(".git")


def _told(resource: Resource, field: str) -> tuple[str, ...]:
    value = resource.peek(field)
    return () if isinstance(value, Gap) else tuple(value)


def _text(resource: Resource, field: str) -> str:
    value = resource.peek(field)
    return value if isinstance(value, str) else ""


def _container(container: Container) -> Iterator[Component]:
    if container.peek("service_id") not in ("", None) and not isinstance(container.peek("service_id"), Gap):
        return  # its service is the component
    words = (*_told(container, "entrypoint"), *_told(container, "command"))
    reference = _text(container, "image_ref")
    found = recognise(reference, container.labels, words)
    if found is None:
        return
    product, signs = found
    yield _component(
        container, product, signs, "container", version_of(reference), _exposure(container), _state(container)
    )


def _state(container: Container) -> str:
    health = container.peek("health")
    state = _text(container, "state")
    return "unhealthy" if state == "running" and getattr(health, "status", "") == "unhealthy" else state


def _exposure(container: Container) -> tuple[str, ...] | Gap:
    """Published addresses first; what is only exposed is reachable over its networks."""
    ports = container.peek("ports")
    if isinstance(ports, Gap):
        return ports
    host_network = container.peek("network_mode") == "host"
    return tuple(dict.fromkeys(_endpoint(port, host_network) for port in ports))


def _endpoint(port: Port, host_network: bool) -> str:
    if port.published:
        address = f"[{port.host_ip}]" if ":" in port.host_ip else port.host_ip
        return f"{address}:{port.host_port or '?'}"
    return f"{'host' if host_network else 'network'}:{port.container_port}"


def _service(service: Service) -> Iterator[Component]:
    words = (*_told(service, "command"), *_told(service, "args"))
    reference = _text(service, "image_ref")
    found = recognise(reference, service.labels, words)
    if found is None:
        return
    product, signs = found
    ports = service.peek("ports")
    endpoints = (
        ports if isinstance(ports, Gap) else tuple(f"{port.publish_mode}:{port.published_port}" for port in ports)
    )
    running, desired = service.peek("running"), service.peek("desired")
    state = f"{running}/{desired}" if isinstance(running, int) and isinstance(desired, int) else ""
    yield _component(service, product, signs, "service", version_of(reference), endpoints, state)


def _host(host: Host) -> Iterator[Component]:
    processes = host.peek("processes")
    if not isinstance(processes, Gap):
        for process in processes:
            yield from _process(host, process)
    metrics = None if isinstance(host.peek("daemon_config"), Gap) else _metrics_address(host)
    if metrics:
        product = Product("dockerd metrics", "exporter", ())
        yield _component(
            host, product, (f"metrics-addr {metrics}",), "host process", "", (metrics,), "running", "dockerd"
        )


def _metrics_address(host: Host) -> str:
    if isinstance(host.peek("daemon_flags"), Gap):
        value = host.daemon_config.get("metrics-addr")
    else:
        value = host.daemon_option("metrics-addr")
    return value if isinstance(value, str) else ""


def _process(host: Host, process: HostProcess) -> Iterator[Component]:
    name = next((word for word in (program(process.args), process.comm) if word in _BY_PROGRAM), "")
    if name:
        suffix = f"{name}/{process.pid}"
        yield _component(host, _BY_PROGRAM[name], (f"program {name}",), "host process", "", (), "running", suffix)


def _component(
    carrier: Resource,
    product: Product,
    signs: tuple[str, ...],
    where: str,
    version: str,
    endpoints: tuple[str, ...] | Gap,
    state: str,
    suffix: str = "",
) -> Component:
    key = f"{carrier.kind.value}/{carrier.key.id}" + (f"/{suffix}" if suffix else "")
    ends = () if isinstance(endpoints, Gap) else endpoints
    shown = (*signs, *(f"port {port}" for port in product.ports if any(end.endswith(f":{port}") for end in ends)))
    return Component.build(
        key=ResourceKey(Kind.COMPONENT, carrier.key.source, key),
        name=suffix.partition("/")[0] or carrier.name,
        labels=carrier.labels if where != "host process" else {},
        observed_at=carrier.observed_at,
        raw="\0".join((product.name, carrier.name, version, state, *ends, *shown)).encode("utf-8", "replace"),
        product=product.name,
        role=product.role,
        where=where,
        carrier=carrier.key,
        version=version,
        endpoints=endpoints,
        state=state,
        signs=shown,
    )
