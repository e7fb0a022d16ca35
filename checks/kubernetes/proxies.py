"""kube-proxy (CIS Kubernetes Benchmark 1.12, section 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.configuration import ConfigMap

PROXY_CONFIGS: Mapping[str, tuple[str, ...]] = {
    "kube-system/kube-proxy": ("config.conf", "config.yaml"),
    "kube-system/kube-proxy-config": ("config",),
}
"""ConfigMaps with kube-proxy's configuration and the key that has it: of kubeadm and of EKS."""
_LOCAL = ("127.", "localhost", "[::1]", "::1")


@check(
    "ORC-470",
    "kube-proxy's metrics are open to the network",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=ConfigMap,
    why="They tell of every service and endpoint of the cluster, without login.",
    remediation="Set `metricsBindAddress: 127.0.0.1:10249` in the ConfigMap kube-system/kube-proxy, restart its pods. "
    "A Prometheus that scrapes it needs a proxy on the node then.",
    references=("CIS-Kubernetes-1.12:4.3.1", "CWE-668"),
)
def metrics_address(config: ConfigMap, view: View) -> Verdict:
    """F: `metricsBindAddress` of kube-proxy's configuration is not an address of the machine itself.

    P: it is, or not set (127.0.0.1:10249). NA: another ConfigMap. U: the configuration is no YAML mapping.
    Source: CIS Kubernetes 4.3.1; the layouts of kubeadm (ConfigMap kube-system/kube-proxy, key config.conf) and EKS
    (kube-system/kube-proxy-config, key config).
    """
    name = config.key.id
    if name not in PROXY_CONFIGS:
        return not_applicable("not kube-proxy's configuration")
    key = next((key for key in PROXY_CONFIGS[name] if key in config.data), "")
    if not key:
        raise Unread(Gap(Reason.ABSENT, f"{name}: data.{PROXY_CONFIGS[name][0]}"))
    address = _mapping(config.data[key], f"{name}: data.{key}").get("metricsBindAddress") or ""
    path = f"data.{key}: metricsBindAddress"
    if not address:
        return passed("", Evidence(path, "not set, the default is 127.0.0.1:10249"))
    if str(address).startswith(_LOCAL):
        return passed("", Evidence(path, str(address)))
    return failed(f"listens on {address}", Evidence(path, str(address)))


def _mapping(text: str, path: str) -> dict[str, Any]:
    import yaml  # late: only a cluster that has this ConfigMap needs it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in Python alone a large text takes seconds
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=loader)):
            raise Unread(Gap(Reason.MALFORMED, path, "refers to itself"))
        found = yaml.load(text, Loader=loader)  # noqa: S506 - either of them is a safe one
    except (yaml.YAMLError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unread(Gap(Reason.MALFORMED, path, "no YAML mapping"))
    return found
