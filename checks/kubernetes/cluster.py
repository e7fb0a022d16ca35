"""The cluster as a whole: its release, how it is reached and with what, whether its secrets are encrypted."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from checks.check import Domain, check
from checks.data import kubernetes
from checks.evidence import capped
from checks.kubernetes.releases import judge_release, worst
from checks.network.certificates import judge_dates, valid
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.gap import Gap
from inventory.kubernetes.cluster import Access, Cluster, CustomResource, KubeNode
from inventory.kubernetes.components import API_SERVER, ControlPlaneComponent

_SHOWN = 10
_DAY = 86400.0
_STORES = frozenset({"ExternalSecret", "SecretStore", "ClusterSecretStore", "SecretProviderClass"})


@check(
    "ORC-250",
    "Kubernetes version without fixes",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Cluster,
    why="Published holes stay open, in the programs that decide over everything.",
    remediation="Upgrade the control plane one minor version at a time (`kubeadm upgrade plan`, or the vendor's way), "
    "then drain and upgrade each node. Look at ORC-245 first: what uses removed API versions fails afterwards.",
    references=("OWASP-K8s:K07", "NSA-CISA:upgrading", "CWE-1104", "CWE-1395"),
)
def release(cluster: Cluster, view: View) -> Verdict:
    """Judges `GET /version` gitVersion, and each kubelet's version, by dated tables of life times and flaws.

    F: it got its last fixes, or is in the range of a published flaw (severity of the flaw). M: a vendor's suffix
    (-eks, -gke, +k3s, +rke2): the vendor's table counts; an end within 90 days; a release newer than the table; a table
    older than 180 days. P: supported and out of all ranges. U: no version, or nodes could not be read.
    """
    own = judge_release("gitVersion", cluster.git_version, kubernetes.CONTROL_PLANE, view)
    if own.outcome is Outcome.FAIL:
        return own
    found = view.index_of(KubeNode, _kubelets, "") or {}
    kubelets = [
        judge_release(f"kubeletVersion of {nodes}", version, kubernetes.NODE, view) for version, nodes in found.items()
    ]
    return worst(own, *kubelets)


def _kubelets(found: tuple[KubeNode, ...]) -> Mapping[str, Mapping[str, str]]:
    """Names of nodes by the version of their kubelet."""
    nodes: dict[str, list[str]] = {}
    for node in found:
        status = node.peek("status")
        if not isinstance(status, Gap) and status.node_info.kubelet_version:
            nodes.setdefault(status.node_info.kubelet_version, []).append(node.name)
    return {"": {version: _few(names) for version, names in sorted(nodes.items())}}


def _few(names: list[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


@check(
    "ORC-253",
    "API server reached without protection",
    domain=Domain.ORCHESTRATION,
    severity=Severity.CRITICAL,
    subject=Cluster,
    why="Whoever is on the path reads the credentials and has the cluster; a public address lets everybody try.",
    remediation="Remove `insecure-skip-tls-verify: true` from the kubeconfig and put the cluster's CA in its place "
    "(`kubectl config set-cluster NAME --certificate-authority=ca.crt --embed-certs`). Give the API server a private "
    "address, or a list of networks that may reach it; people outside then need a VPN.",
    references=("OWASP-K8s:K06", "ATT&CK:T1133", "CWE-295", "CWE-319"),
)
def reached(cluster: Cluster, view: View) -> Verdict:
    """Judges the server's URL and TLS settings as the kubeconfig has them, and the server's certificate where seen.

    F: `insecure-skip-tls-verify`, or http to anything but this machine (critical); the server's certificate expired or
    is about to (high). M: the address is public, or a name (no name is resolved). P: a private address, verified.
    """
    access = cluster.access
    address = Evidence("server", access.server)
    if access.skip_tls_verify:
        return failed("any certificate is accepted", address, Evidence("insecure-skip-tls-verify", "true"))
    try:
        url = urlsplit(access.server)
        host = url.hostname or ""
    except ValueError:
        return unknown("the server's URL cannot be understood", address)
    local = _local(host)
    if url.scheme == "http" and not local:
        return failed("credentials travel in clear text", address)
    seen = access.server_certificate
    if seen is not None:
        subject, issuer, begins, ends = seen
        described = (address, Evidence("subject", subject), Evidence("issuer", issuer), valid(begins, ends))
        dates = judge_dates(begins, ends, view.now, *described)
        if dates.outcome is Outcome.FAIL:
            return failed(f"certificate {dates.message}", *dates.evidence, severity=dates.severity or Severity.HIGH)
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:
        if local:
            return passed("", address)
        return manual("whether this name leads to a public address is not looked up", address, severity=Severity.MEDIUM)
    if public:
        return manual("the address is public: everybody can try", address, severity=Severity.MEDIUM)
    return passed("", address)


def _local(host: str) -> bool:
    if host == "localhost" or host.endswith((".svc", ".svc.cluster.local", ".localhost")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@check(
    "ORC-258",
    "Long-lived credential for the cluster",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Cluster,
    why="A certificate cannot be revoked and a static token does not expire: who copies the kubeconfig keeps access.",
    remediation="Log in by OIDC or the provider's exec plugin (`users[].user.exec` in the kubeconfig). Keep the "
    "administrator's certificate for emergencies, offline.",
    references=(
        "CIS-Kubernetes-1.12:3.1.1", "CIS-Kubernetes-1.12:3.1.2", "CIS-Kubernetes-1.12:3.1.3", "OWASP-K8s:K09",
        "CWE-324",
    ),
)  # fmt: skip
def credential(cluster: Cluster, view: View) -> Verdict:
    """Judges what the kubeconfig's user proves with.

    F: name and password. M: a client certificate or a token from the file. P: an exec plugin or OIDC. NA: the
    account of the pod that this runs in, or none at all.
    """
    access = cluster.access
    kind = Evidence("users[].user", f"{access.credential} ({access.user})" if access.user else access.credential)
    match access.credential:
        case "basic":
            return failed("logs in with a password", kind)
        case "client-certificate":
            return manual("logs in with a client certificate", kind, *_client(access, view))
        case "token" | "token-file":
            return manual("logs in with a static token", kind)
        case "exec" | "auth-provider":
            return passed("", kind)
        case "in-cluster":
            return not_applicable("the account of the pod that this runs in: its token is renewed")
    return not_applicable("no credential")


def _client(access: Access, view: View) -> list[Evidence]:
    leaf = access.client_certificate
    if leaf is None:
        return []
    left = (leaf.not_after - view.now) / _DAY
    return [
        Evidence("certificate", f"CN={leaf.common_name}, O={', '.join(leaf.organizations) or 'none'}"),
        valid(leaf.not_before, leaf.not_after),
        Evidence("days left", f"{left:.0f}"),
    ]


@check(
    "ORC-234",
    "Secrets are stored in clear text in etcd",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Cluster,
    why="A backup of etcd, or its disk, is all secrets of the cluster.",
    remediation="Write an EncryptionConfiguration with kms (or secretbox) first for secrets, give its path with "
    "`--encryption-provider-config` to every API server, then `kubectl get secrets -A -o json | kubectl replace -f -` "
    "to encrypt what is there. Losing the key loses the secrets.",
    references=(
        "CIS-Kubernetes-1.12:1.2.27", "CIS-Kubernetes-1.12:1.2.28", "CIS-Kubernetes-1.12:5.4.2", "OWASP-K8s:K03",
        "CWE-311",
    ),
)  # fmt: skip
def encryption(cluster: Cluster, view: View) -> Verdict:
    """Judges `--encryption-provider-config` of the API servers that can be seen, and the file where this runs on their
    machine; shows the external secret stores in use.

    F: the flag is not given, or identity comes first for secrets. M: no API server can be seen (managed). P: another
    provider is first. U: the file is on another machine, or a kind could not be read.
    """
    servers = [one for one in view.all(ControlPlaneComponent) if one.component == API_SERVER]
    stores = [Evidence("external store", name) for name in view.index_of(CustomResource, _stores, "") or ()]
    if not servers:
        return manual("the control plane cannot be seen: its operator says", *capped(stores, _SHOWN))
    shown = [
        Evidence(f"{one.origin}: --encryption-provider-config", one.flag("encryption-provider-config") or "not set")
        for one in servers
    ]
    if not all(one.flag("encryption-provider-config") for one in servers):
        return failed("secrets are not encrypted", *shown, *capped(stores, _SHOWN))
    for one in servers:
        first = _first_provider(one.document("encryption-provider-config"))
        shown.append(Evidence(f"{one.flag('encryption-provider-config')}: first provider for secrets", first or "none"))
        if first in ("", "identity"):
            return failed("new secrets are not encrypted", *shown, *capped(stores, _SHOWN))
    return passed("", *shown)


def _first_provider(document: Mapping[str, object]) -> str:
    """What new secrets are written with."""
    groups = document.get("resources")
    for group in groups if isinstance(groups, list) else ():
        resources = group.get("resources") if isinstance(group, Mapping) else None
        if not isinstance(resources, list) or not {"secrets", "*.", "*.*"} & set(map(str, resources)):
            continue
        providers = group.get("providers")
        first = providers[0] if isinstance(providers, list) and providers else None
        if isinstance(first, Mapping):
            return next(map(str, first), "")
        return str(first or "")
    return ""


def _stores(found: tuple[CustomResource, ...]) -> Mapping[str, tuple[str, ...]]:
    names = sorted(f"{one.api_object} {one.namespace}/{one.name}" for one in found if one.api_object in _STORES)
    return {"": tuple(names[:_SHOWN])}
