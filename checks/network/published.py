"""Ports that containers publish on the host: where they are bound and what answers there."""

from __future__ import annotations

from fnmatch import fnmatchcase

from checks.check import Domain, check
from checks.data.ports import PLAINTEXT, Sort
from checks.network.exposure import bindings, distinct, everywhere, loopback, published, service_behind, tense
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Container, Image, Port, TlsEndpoint

_WEB = frozenset({80, 443})


@check(
    "NET-001",
    "Port published on all interfaces",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Container,
    why="The port is reachable from every network that the host is on, past most host firewalls.",
    remediation="Bind an address: `-p 127.0.0.1:8080:80` behind a proxy on this host, or the address of the network "
    "that needs it; for all new ports: `\"ip\": \"127.0.0.1\"` in daemon.json. Clients elsewhere lose the way in.",
    references=(
        "CIS-Docker-1.6:5.14", "NIST-800-190:4.4.2", "OWASP-Docker:D03", "ATT&CK:T1190", "ATT&CK:T1133", "CWE-668",
    ),
)  # fmt: skip
def published_everywhere(container: Container, view: View) -> Verdict:
    """Judges every published port, in any state of the container.

    F: the address is empty, 0.0.0.0 or :: (high when a sensitive service sits behind it, see NET-003). P: no port is
    published, or each on a specific address. U: the ports were not read. Source: CIS Docker 5.14.
    """
    wide = tuple(port for port in published(container) if everywhere(port.host_ip))
    if not wide:
        return passed()
    sensitive = any(service_behind(port) for port in wide)
    return failed(
        f"{distinct(wide)} on every interface of the host{tense(container)}",
        *bindings(container, wide),
        severity=Severity.HIGH if sensitive else None,
    )


@check(
    "NET-002",
    "Privileged host port published",
    domain=Domain.NETWORK,
    severity=Severity.LOW,
    subject=Container,
    why="Ports below 1024 are where clients expect the host's own services.",
    remediation="Publish a port above 1023 and let the edge proxy forward to it, or name the container in "
    "`[trust] edge_proxies` of deckwatch.toml. Clients have to be told the new port.",
    references=("CIS-Docker-1.6:5.8", "CWE-250"),
)
def privileged_port(container: Container, view: View) -> Verdict:
    """Judges the host side of every published port.

    F: a host port below 1024. NA: only 80 and 443, on a container that the policy names as edge proxy. P: none; a port
    that the engine has yet to choose is never below 1024. U: the ports were not read. Source: CIS Docker 5.8.
    """
    low = tuple(port for port in published(container) if 0 < port.host_port < 1024)
    if not low:
        return passed()
    edge = any(fnmatchcase(container.name, pattern) for pattern in view.policy.edge_proxies)
    rest = tuple(port for port in low if not (edge and port.host_port in _WEB))
    if not rest:
        return not_applicable("80 and 443 belong to this edge proxy")
    return failed(f"{distinct(rest)} published{tense(container)}", *bindings(container, rest))


@check(
    "NET-003",
    "Sensitive service port published",
    domain=Domain.NETWORK,
    severity=Severity.HIGH,
    subject=Container,
    why="Databases, administration consoles and runtime APIs are what scanners look for first.",
    remediation="Remove the port from `ports:` and let the clients join the network of the service; for maintenance "
    "publish it on 127.0.0.1 and use an SSH tunnel. Clients outside the host lose the direct way in.",
    references=(
        "CIS-Docker-1.6:5.9", "NIST-800-190:4.4.2", "ATT&CK:T1190", "ATT&CK:T1133", "ATT&CK:T1552.007", "CWE-306",
        "CWE-668",
    ),
)  # fmt: skip
def sensitive_port(container: Container, view: View) -> Verdict:
    """Judges published ports against the table of well-known services.

    F: such a service is published on an address that is not loopback (critical for control APIs, high for databases and
    logins, medium for consoles and internal APIs). M: on loopback only. P: none. The container port decides; the host
    port counts only for control APIs, databases and logins. U: the ports were not read. Source: CIS Docker 5.9.
    """
    found = [(port, service) for port in published(container) if (service := service_behind(port))]
    open_ = [(port, service) for port, service in found if not loopback(port.host_ip)]
    if open_:
        names = ", ".join(dict.fromkeys(service.name for _port, service in open_))
        severity = max(service.severity for _port, service in open_)
        return failed(
            f"{names} reachable from outside the host",
            *bindings(container, (port for port, _ in open_)),
            severity=severity,
            salient=names,
        )
    if found:
        names = ", ".join(dict.fromkeys(service.name for _port, service in found))
        return manual(
            f"{names} published on loopback", *bindings(container, (port for port, _ in found)), severity=Severity.LOW
        )
    return passed()


@check(
    "NET-004",
    "Published port not declared, or publish-all",
    domain=Domain.NETWORK,
    severity=Severity.LOW,
    subject=Container,
    why="Ports are open that nobody decided to open.",
    remediation="Replace `-P` by the ports that are needed (`-p 127.0.0.1:8080:8080`), and EXPOSE in the image what it "
    "really serves.",
    references=("CIS-Docker-1.6:5.9", "NIST-800-190:4.4.2", "CWE-1188"),
)
def undeclared_port(container: Container, view: View) -> Verdict:
    """Compares published ports with `Config.ExposedPorts` of the image.

    F: `HostConfig.PublishAllPorts` is set (medium). M: a published port is not declared by the image. P: all declared.
    NA: no port is published. U: the container or its image could not be inspected. Whether something listens is not
    asked here. Source: CIS Docker 5.9.
    """
    ports = tuple(published(container))
    if container.publish_all_ports:
        message = f"publishes every declared port: {distinct(ports) or 'none so far'}"
        return failed(message, *bindings(container, ports), severity=Severity.MEDIUM) if ports else manual(message)
    if not ports:
        return not_applicable("publishes no port")
    image = view.image(container.image_id)
    if image is None:
        return not_applicable("the image is no longer in the store (IMG-037)")
    strange = tuple(port for port in ports if not _declared(port, image))
    if not strange:
        return passed()
    return manual(f"the image does not declare {distinct(strange)}", *bindings(container, strange))


@check(
    "NET-022",
    "Plaintext service exposed",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Credentials and data cross the network readable.",
    remediation="Put a TLS proxy in front, or switch TLS on in the service itself, and publish only that. Clients "
    "have to switch to the encrypted port.",
    references=("NIST-800-190:4.4.2", "OWASP-Docker:D03", "ATT&CK:T1040", "ATT&CK:T1557", "CWE-319"),
)
def plaintext_port(container: Container, view: View) -> Verdict:
    """Judges ports published beyond loopback, by what answered there where somebody asked, else by the table of
    services that speak in the clear.

    F: it answered in the clear (high on the port of a database, login or control API). M: by the table, and nothing was
    asked over the network, so TLS may be there. P: none by the table, or it answered with TLS. U: the ports were not
    read. Source: NIST SP 800-190 4.4.2.
    """
    outside = [port for port in published(container) if not loopback(port.host_ip) and port.protocol == "tcp"]
    answers = {(_bound(one.host_ip), one.port): one for one in view.all(TlsEndpoint) if container.key in one.containers}
    speaks = {
        port: one.peek("speaks") for port in outside if (one := answers.get((_bound(port.host_ip), port.host_port)))
    }
    clear = tuple(port for port in outside if speaks.get(port) == "plain")
    if clear:
        kinds = {service.sort for port in clear if (service := service_behind(port)) is not None}
        grave = bool(kinds & {Sort.DATABASE, Sort.LOGIN, Sort.CONTROL})
        first = answers[_bound(clear[0].host_ip), clear[0].host_port]
        said = Evidence("answered", first.said, first.key)
        message = f"answers in the clear at {distinct(clear)}"
        return failed(message, *bindings(container, clear), said, severity=Severity.HIGH if grave else None)
    found = tuple(port for port in outside if port.container_port in PLAINTEXT and speaks.get(port) != "tls")
    if not found:
        return passed()
    names = ", ".join(dict.fromkeys(PLAINTEXT[port.container_port] for port in found))
    return manual(f"usually in the clear: {names} at {distinct(found)} (not probed)", *bindings(container, found))


def _bound(host_ip: str) -> str:
    """Both families of a wildcard are one: the same server answers."""
    return "" if everywhere(host_ip) else host_ip


def _declared(port: Port, image: Image) -> bool:
    return f"{port.container_port}/{port.protocol}" in image.exposed_ports
