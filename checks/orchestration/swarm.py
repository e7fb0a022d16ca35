"""The swarm itself: managers, keys, certificates, whether it is used at all."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed, unknown
from checks.view import View
from inventory.gap import Unread
from inventory.model import Engine, Node, Service, Swarm

_DAY = 86400.0
_DEFAULT_EXPIRY = 90 * _DAY
_NODE_CERTIFICATE = "swarm/certificates/swarm-node.crt"
_TENTH = 0.1
_ROTATION_TAKES = 3600.0
_CA_ENDS_SOON = timedelta(days=365)
_CA_OLD = timedelta(days=730)


@check(
    "ORC-001",
    "Swarm mode on but not used",
    domain=Domain.ORCHESTRATION,
    severity=Severity.INFO,
    subject=Engine,
    why="Open cluster ports and a CA that nobody uses.",
    remediation="`docker swarm leave --force` on the last node. Its services, secrets and configs are gone then.",
    references=("CIS-Docker-1.6:5.1", "NIST-800-190:4.5.1"),
)
def unused_swarm(engine: Engine, view: View) -> Verdict:
    """Judges `Swarm` of the engine's info.

    F: active, one node, no service (low). M: active and used, or active on a worker, which cannot tell. P: inactive.
    U: info or services were not read. Source: CIS Docker 5.1.
    """
    swarm = engine.swarm
    state = Evidence("Swarm.LocalNodeState", swarm.state or "inactive")
    if swarm.state in {"", "inactive"}:
        return passed("", state)
    if not swarm.control_available:
        return manual("a worker of a swarm; its managers know whether that is wanted", state)
    services = len(view.all(Service))
    evidence = (state, Evidence("Swarm.Nodes", str(swarm.nodes)), Evidence("GET /services", f"{services} service(s)"))
    if swarm.nodes <= 1 and not services:
        return failed("one node and no service", *evidence, severity=Severity.LOW)
    return manual(f"in use: {services} service(s) on {swarm.nodes} node(s); somebody must want it", *evidence)


@check(
    "ORC-003",
    "Swarm listen/advertise address on wildcard or public",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Join, gossip and data ports answer on every interface.",
    remediation="Initialise or join with addresses of the cluster's own network: `docker swarm init --listen-addr "
    "10.0.0.5:2377 --advertise-addr 10.0.0.5 --data-path-addr 10.0.0.5`. A node has to leave and join again.",
    references=("CIS-Docker-1.6:7.2", "CWE-668"),
)
def swarm_address(engine: Engine, view: View) -> Verdict:
    """Judges `Swarm.NodeAddr` of the engine's info.

    F: a public address. M: any other, because the API does not tell the address it listens on. P: no swarm. U: the
    info was not read, or holds no address. Source: CIS Docker 7.2.
    """
    if engine.swarm.state in {"", "inactive"}:
        return passed("no swarm, so no swarm port is open")
    evidence = Evidence("Swarm.NodeAddr", engine.swarm.node_addr or "none")
    try:
        address = ipaddress.ip_address(engine.swarm.node_addr)
    except ValueError:
        return unknown("the engine does not tell its address in the swarm", evidence)
    if address.is_global:
        return failed("advertises a public address", evidence)
    return manual("the address that it listens on is not told by the API (default: all interfaces)", evidence)


@check(
    "ORC-002",
    "Manager count",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Swarm,
    why="A lost quorum is lost control; every further manager is one more node that holds all keys.",
    remediation="Have 3, 5 or 7 managers: `docker node promote NODE` or `demote NODE`. Repair an unreachable one "
    "before changing the number.",
    references=("CIS-Docker-1.6:7.1", "NIST-800-190:4.3.1", "ATT&CK:T1499"),
)
def manager_count(swarm: Swarm, view: View) -> Verdict:
    """Judges nodes with the role manager and their `ManagerStatus.Reachability`.

    F: an even number, one of three or more nodes, more than seven, or one that is unreachable (high when one more loss
    ends the quorum). M: a single node, or one manager and one worker. P: 3, 5 or 7, all reachable. U: nodes were not
    listed. Source: CIS Docker 7.1.
    """
    nodes = view.all(Node)
    managers = [node for node in nodes if node.role == "manager"]
    reachable = [node for node in managers if node.reachability == "reachable"]
    evidence = [Evidence("GET /nodes", f"{len(nodes)} node(s), {len(managers)} manager(s), {len(reachable)} reachable")]
    lost = [node for node in managers if node not in reachable]
    evidence += [Evidence(f"{node.name}: ManagerStatus.Reachability", node.reachability, node.key) for node in lost]
    if lost:
        margin = len(reachable) - (len(managers) // 2 + 1)
        message = f"{len(lost)} manager(s) unreachable, {max(margin, 0)} more may fail"
        return failed(message, *evidence, severity=Severity.HIGH if margin <= 0 else None)
    if len(nodes) <= 2 and len(managers) == 1:
        return manual("one manager: its loss is the loss of the swarm", *evidence)
    if len(managers) % 2 == 0 or len(managers) == 1 or len(managers) > 7:
        return failed(f"{len(managers)} managers", *evidence)
    return passed("", *evidence)


@check(
    "ORC-004",
    "Manager auto-lock off",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Swarm,
    why="A stolen disk or backup of a manager gives the raft log with all secrets and the CA key.",
    remediation="`docker swarm update --autolock=true` and keep the key that it prints outside the cluster. After a "
    "restart each manager waits for `docker swarm unlock`.",
    references=("CIS-Docker-1.6:7.5", "NIST-800-190:4.3.5", "ATT&CK:T1552.001", "CWE-311"),
)
def autolock(swarm: Swarm, view: View) -> Verdict:
    """Judges `Spec.EncryptionConfig.AutoLockManagers`; the unlock key is never asked for.

    F: false. P: true. U: not read (only a manager tells). Source: CIS Docker 7.5.
    """
    evidence = Evidence("Spec.EncryptionConfig.AutoLockManagers", str(swarm.autolock_managers).lower())
    return passed("", evidence) if swarm.autolock_managers else failed("managers start without a key", evidence)


@check(
    "ORC-006",
    "Node certificate lifetime",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Swarm,
    why="A copied node identity stays valid for as long.",
    remediation="`docker swarm update --cert-expiry 720h`. Nodes renew by themselves; one that is off for longer has "
    "to join again.",
    references=("CIS-Docker-1.6:7.7", "CWE-324"),
)
def certificate_lifetime(swarm: Swarm, view: View) -> Verdict:
    """Judges `Spec.CAConfig.NodeCertExpiry` and, where it can be read, the certificate of the node that was asked.

    F: the certificate has ended or less than a tenth of its life is left, so that the renewal, due from half of it on,
    has failed (high); an expiry of more than 90 days. M: 90 days, the default. P: less. U: not read.
    Source: CIS Docker 7.7; SwarmKit renews a node's certificate between 50 % and 80 % of its life.
    """
    overdue = _overdue(view)
    if overdue:
        return failed("this node's certificate was not renewed", *overdue, severity=Severity.HIGH)
    days = swarm.node_cert_expiry / _DAY
    evidence = Evidence("Spec.CAConfig.NodeCertExpiry", f"{days:g} days")
    if swarm.node_cert_expiry == _DEFAULT_EXPIRY:
        return manual("90 days, the default", evidence)
    return failed(f"{days:g} days", evidence) if swarm.node_cert_expiry > _DEFAULT_EXPIRY else passed("", evidence)


def _overdue(view: View) -> list[Evidence]:
    """Evidence that the node's own certificate ends soon; none where it may not be read, as only root may."""
    found: list[Evidence] = []
    with suppress(Unread):
        path = f"{view.engine().root_dir.rstrip('/')}/{_NODE_CERTIFICATE}"
        leaf = view.host().certificates_in(path)[0]
        if leaf.not_after - view.now < _TENTH * (leaf.not_after - leaf.not_before):
            ends = datetime.fromtimestamp(leaf.not_after, UTC)
            found.append(Evidence(path, f"ends on {ends:%Y-%m-%d %H:%M} UTC"))
    return found


@check(
    "ORC-007",
    "Swarm CA age and rotation state",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Swarm,
    why="An old CA key had time to leak; an unfinished rotation leaves nodes that trust the old one.",
    remediation="`docker swarm ca --rotate`; then wait until `docker node ls --format '{{.TLSStatus}}'` shows Ready "
    "for all. Nodes that are down hold the rotation up.",
    references=("CIS-Docker-1.6:7.8", "CWE-324"),
)
def swarm_ca(swarm: Swarm, view: View) -> Verdict:
    """Judges `RootRotationInProgress`, the CA certificate, and the CA that each node trusts.

    F: a rotation that began more than an hour ago, or nodes that trust another CA (medium); the CA ends within a year
    (medium). M: it is older than two years. P: none of these. U: not read, or the certificate cannot be parsed.
    Source: CIS Docker 7.8.
    """
    now = datetime.fromtimestamp(view.now, UTC)
    try:
        began, ends = _validity(swarm.trust_root)
    except ValueError:
        return unknown("TLSInfo.TrustRoot is no certificate that can be parsed")
    evidence = (Evidence("TLSInfo.TrustRoot", f"valid from {began:%Y-%m-%d} to {ends:%Y-%m-%d}"),)
    others = [node for node in view.all(Node) if node.trust_root.strip() != swarm.trust_root.strip()]
    if swarm.root_rotation_in_progress and view.now - swarm.updated > _ROTATION_TAKES:
        state = Evidence("RootRotationInProgress", "true")
        return failed("a rotation of the CA does not end", state, *_behind(others), severity=Severity.MEDIUM)
    if others and not swarm.root_rotation_in_progress:
        return failed(f"{len(others)} node(s) trust another CA", *_behind(others), severity=Severity.MEDIUM)
    if ends - now < _CA_ENDS_SOON:
        return failed(f"the CA ends on {ends:%Y-%m-%d}", *evidence, severity=Severity.MEDIUM)
    if now - began > _CA_OLD:
        return manual("the CA is older than two years", *evidence)
    return passed("", *evidence)


def _behind(nodes: list[Node]) -> list[Evidence]:
    return [Evidence(f"{node.name}: Description.TLSInfo", "another root", node.key) for node in nodes[:SHOWN]]


def _validity(pem: str) -> tuple[datetime, datetime]:
    from cryptography import x509  # late: it takes 65 ms to load and few hosts have a swarm

    certificate = x509.load_pem_x509_certificate(pem.encode())
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc
