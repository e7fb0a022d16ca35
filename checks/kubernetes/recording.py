"""What a cluster tells about itself: the audit log of its API, and metrics that anybody can read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from checks.check import Domain, check
from checks.evidence import capped
from checks.kubernetes import audit_policy
from checks.kubernetes.outside import ways_in
from checks.kubernetes.proxies import PROXY_CONFIGS
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.gap import Gap, Unread
from inventory.kubernetes.cluster import Cluster
from inventory.kubernetes.components import API_SERVER, CONTROLLER_MANAGER, ETCD, SCHEDULER, ControlPlaneComponent
from inventory.kubernetes.configuration import ConfigMap
from inventory.kubernetes.exposure import KubeService

_SHOWN = 12
_LOCAL = ("127.", "localhost", "[::1]", "::1")
_METRICS_ADDRESS = re.compile(r"^[ \t]*metricsBindAddress:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)
_EXPORTERS = re.compile(r"kube-state-metrics|cadvisor|node-exporter")


@check(
    "MON-041",
    "Kubernetes audit log off or thin",
    domain=Domain.MONITORING,
    severity=Severity.HIGH,
    subject=Cluster,
    why="After an incident nobody can tell who read a secret, opened a shell in a pod or gave itself rights.",
    remediation="Write an audit policy (secrets, configmaps and tokenreviews at Metadata, pods/exec, pods/portforward "
    "and RBAC changes, a catch-all at Metadata), then `--audit-policy-file` and `--audit-log-path` (or a webhook) for "
    "each API server. It restarts; logging bodies (Request) of secrets would write them to disk.",
    references=(
        "CIS-Kubernetes-1.12:1.2.16", "CIS-Kubernetes-1.12:3.2.1", "CIS-Kubernetes-1.12:3.2.2", "NSA-CISA:logging",
        "OWASP-K8s:K10", "CWE-778",
    ),
)  # fmt: skip
def audit_log(cluster: Cluster, view: View) -> Verdict:
    """Judges the flags of the API servers that can be seen, and their audit policy where this runs on their machine.

    F: neither `--audit-log-path` nor `--audit-webhook-config-file`, or no `--audit-policy-file`; medium: the policy
    leaves out one of: secrets, configmaps, tokenreviews, pods/exec, pods/portforward, changes of RBAC, everything else.
    M: no API server can be seen (managed), or the policy cannot be read. P: the policy covers the list.
    """
    servers = [one for one in view.all(ControlPlaneComponent) if one.component == API_SERVER]
    if not servers:
        return manual("the control plane cannot be seen: its operator says what is recorded")
    evidence: list[Evidence] = []
    unread = ""
    for one in servers:
        sinks = [one.flag("audit-log-path"), one.flag("audit-webhook-config-file")]
        policy = one.flag("audit-policy-file")
        evidence += [
            Evidence(f"{one.origin}: --audit-log-path", sinks[0] or "not set"),
            Evidence(f"{one.origin}: --audit-webhook-config-file", sinks[1] or "not set"),
            Evidence(f"{one.origin}: --audit-policy-file", policy or "not set"),
        ]
        if not any(sinks):
            return failed("no request is recorded", *capped(evidence, _SHOWN))
        if not policy:
            return failed("nothing is recorded without a policy", *capped(evidence, _SHOWN))
        try:
            left_out = audit_policy.missing(one.document("audit-policy-file"))
        except Unread as error:  # said by M: the flags by themselves are worth telling
            unread = str(error.gap.detail or error.gap.path)
            continue
        if left_out:
            evidence.append(Evidence(f"{policy}: not recorded", ", ".join(left_out)))
            return failed(f"does not record {left_out[0]}", *capped(evidence, _SHOWN), severity=Severity.MEDIUM)
    if unread:
        return manual(f"recorded, but the policy is not known: {unread}", *capped(evidence, _SHOWN))
    return passed("", *capped(evidence, _SHOWN))


@check(
    "MON-036",
    "Metrics of the cluster's components are open",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Cluster,
    why="They tell names, images, addresses and load of everything that runs, without a login.",
    remediation="Bind to 127.0.0.1 (`metricsBindAddress` of kube-proxy, `--listen-metrics-urls` of etcd) or keep the "
    "Service at ClusterIP with a NetworkPolicy for Prometheus alone. What scrapes from elsewhere loses its target.",
    references=(
        "CIS-Kubernetes-1.12:1.3.7", "CIS-Kubernetes-1.12:1.4.2", "CIS-Kubernetes-1.12:4.3.1", "ATT&CK:T1613",
        "CWE-200",
    ),
)  # fmt: skip
def open_metrics(cluster: Cluster, view: View) -> Verdict:
    """Judges kube-proxy's `metricsBindAddress`, etcd's `--listen-metrics-urls`, ports without login of scheduler and
    controller manager, and Services of kube-state-metrics, node-exporter and cAdvisor.

    F: an address that is not the machine's own (http for etcd), an insecure port or /metrics without authorization, or
    a Service that is reached from outside. P: none of these in what can be seen. M: none of these programs can be seen.
    U: a kind could not be read.
    """
    found = [*_programs(view), *_proxy(view), *_exporters(view)]
    if found:
        return failed(f"{len(found)} open to others", *capped(found, _SHOWN))
    if not _seen(view):
        return manual("neither control plane, kube-proxy nor exporters can be seen")
    return passed()


def _seen(view: View) -> bool:
    """Whether anything was there to be judged."""
    return bool(
        view.all(ControlPlaneComponent)
        or view.index_of(ConfigMap, _proxy_address, "") is not None
        or any(_EXPORTERS.search(one.name) for one in view.all(KubeService))
    )


def _programs(view: View) -> Iterator[Evidence]:
    for one in view.all(ControlPlaneComponent):
        if one.component == ETCD:
            for url in one.words("listen-metrics-urls"):
                if url.startswith("http://") and not url.removeprefix("http://").startswith(_LOCAL):
                    yield Evidence(f"{one.origin}: --listen-metrics-urls", url)
        elif one.component in (CONTROLLER_MANAGER, SCHEDULER):
            port, address = one.flag("port"), one.flag("address") or "0.0.0.0"  # noqa: S104 - the default of old versions
            if port not in (None, "0") and not address.startswith(_LOCAL):
                yield Evidence(f"{one.origin}: --port", f"{address}:{port}")
            bound = one.flag("bind-address") or "0.0.0.0"  # noqa: S104 - the default
            if "/metrics" in one.words("authorization-always-allow-paths") and not bound.startswith(_LOCAL):
                yield Evidence(f"{one.origin}: --authorization-always-allow-paths", f"/metrics on {bound}")


def _proxy(view: View) -> Iterator[Evidence]:
    name, address = view.index_of(ConfigMap, _proxy_address, "") or ("", "")
    if address and not address.startswith(_LOCAL):
        yield Evidence(f"ConfigMap {name}: metricsBindAddress", address)


def _proxy_address(found: tuple[ConfigMap, ...]) -> Mapping[str, tuple[str, str]]:
    """Under "", the ConfigMap of kube-proxy and the address that it sets, "" if none."""
    for one in sorted(found, key=lambda one: one.key):
        data = one.peek("data")
        if one.key.id in PROXY_CONFIGS and not isinstance(data, Gap):
            addresses = (_METRICS_ADDRESS.search(text) for text in data.values())
            return {"": (one.key.id, next((address[1] for address in addresses if address is not None), ""))}
    return {}


def _exporters(view: View) -> Iterator[Evidence]:
    for service in view.all(KubeService):
        if _EXPORTERS.search(service.name):
            yield from (
                Evidence(f"service {service.key.id}: {one.path}", one.value, service.key)
                for one in ways_in(service, view)
            )
