"""Where containers send their logs: the driver, its rotation, its transport."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Component, Container
from inventory.secrets import mask_text

REMOTE = frozenset({"syslog", "fluentd", "gelf", "splunk", "awslogs", "gcplogs", "logentries", "loki", "etwlogs"})
LOCAL = frozenset({"json-file", "local", "none", "k8s-file", "passthrough"})
_COLLECTORS = frozenset({"log shipper", "log store", "collector"})
_DRIVER = "HostConfig.LogConfig.Type"
_OPTIONS = "HostConfig.LogConfig.Config"
_ADDRESSES = {
    "syslog": "syslog-address",
    "fluentd": "fluentd-address",
    "gelf": "gelf-address",
    "splunk": "splunk-url",
    "loki": "loki-url",
}
_SAFE_SCHEMES = frozenset({"tcp+tls", "tls", "https", "unix", "unixgram"})
_DEFAULTS = {"fluentd": "tcp://127.0.0.1:24224", "syslog": "unix:///dev/log"}


@check(
    "MON-020",
    "Central logging not configured",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Logs on the host are lost, or erased, with the container or the host.",
    remediation="Run a log collector on the host, or give the container a remote driver (`logging: {driver: syslog}` "
    "in Compose). Re-create the container; `docker logs` then needs the dual-logging cache.",
    references=("CIS-Docker-1.6:2.13", "OWASP-Docker:D10", "CWE-778"),
)
def no_central_logging(container: Container, view: View) -> Verdict:
    """Judges `HostConfig.LogConfig.Type` and whether a log collector runs on this host.

    F: a local driver and no collector (low where the container only takes the engine's default: MON-002 judges that on
    the engine). M: journald or an unknown driver. P: a remote driver, or a collector runs. U: not read.
    Source: CIS Docker 2.13.
    """
    driver = container.log_config.driver
    evidence = Evidence(_DRIVER, driver)
    if driver in REMOTE:
        return passed("", evidence)
    collectors = [one for one in view.all(Component) if one.role in _COLLECTORS]
    if collectors and driver != "none":
        return passed("", evidence, Evidence(collectors[0].role, collectors[0].name, collectors[0].carrier))
    if driver not in LOCAL:
        return manual(f"whether {driver} forwards is not known here", evidence)
    default = view.engine().logging_driver
    inherited = driver == default
    return failed(
        "logs stay on this host" + ("; the engine's default" if inherited else ""),
        evidence,
        Evidence("LoggingDriver", default, view.engine().key),
        severity=Severity.LOW if inherited else None,
    )


@check(
    "MON-021",
    "Container logging disabled",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Container,
    why="What happens inside leaves no trace at all.",
    remediation="Remove `logging: {driver: none}` and re-create the container; use `local` with max-size where disk "
    "space was the reason.",
    references=("OWASP-Docker:D10", "ATT&CK:T1562.001", "CWE-778"),
)
def logging_disabled(container: Container, view: View) -> Verdict:
    """Judges `HostConfig.LogConfig.Type`.

    F: none (high when the container publishes ports). P: another driver. NA: none, but the container has ended.
    U: not read.
    """
    evidence = Evidence(_DRIVER, container.log_config.driver)
    if container.log_config.driver != "none":
        return passed("", evidence)
    if container.state in {"exited", "dead", "removing"}:
        return not_applicable("the container has ended")
    published = any(port.published for port in container.ports)
    return failed("nothing is logged", evidence, severity=Severity.HIGH if published else None)


@check(
    "MON-022",
    "No log rotation",
    domain=Domain.MONITORING,
    severity=Severity.LOW,
    subject=Container,
    why="The log fills the disk, and a full disk stops the host.",
    remediation='Set `"log-opts": {"max-size": "10m", "max-file": "3"}` in daemon.json and re-create the '
    "container, or `logging: {driver: local}` in Compose. Older lines are dropped.",
    references=("OWASP-Docker:D07", "OWASP-Docker:D10", "ATT&CK:T1499", "CWE-770"),
)
def no_rotation(container: Container, view: View) -> Verdict:
    """Judges `HostConfig.LogConfig`, into which the engine merges its own log-opts when it creates a container.

    F: json-file (or Podman's k8s-file) without max-size. P: max-size set, or another driver. U: not read.
    """
    config = container.log_config
    evidence = Evidence("HostConfig.LogConfig", f"{config.driver} {dict(sorted(config.options.items())) or ''}".strip())
    if config.driver not in {"json-file", "k8s-file"} or config.options.get("max-size", "-1") not in {"", "-1", "0"}:
        return passed("", Evidence(_DRIVER, config.driver))
    return failed("the log file may grow without end", Evidence(evidence.path, mask_text(evidence.value)))


@check(
    "MON-023",
    "Remote logging without TLS",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Log lines can be read, or forged, on their way.",
    remediation="Use `syslog-address=tcp+tls://HOST:6514`, `fluentd-address=tls://HOST`, an https URL, or a "
    "collector on 127.0.0.1 that encrypts. The server needs a certificate that the host trusts.",
    references=("OWASP-Docker:D10", "ATT&CK:T1040", "ATT&CK:T1565", "CWE-319", "CWE-295"),
)
def clear_text_logging(container: Container, view: View) -> Verdict:
    """Judges the address and TLS options of syslog, fluentd, gelf, splunk and loki drivers.

    F: a clear-text scheme to an address that is not loopback, or a switched-off certificate check. P: TLS, a unix
    socket, loopback, or a cloud provider's driver. NA: a local driver. U: not read.
    """
    config = container.log_config
    if config.driver not in REMOTE:
        return not_applicable("the driver writes on this host")
    skipped = [
        name
        for name in ("splunk-insecureskipverify", "syslog-tls-skip-verify", "loki-tls-insecure-skip-verify")
        if config.options.get(name, "").lower() in {"true", "1"}
    ]
    if skipped:
        return failed("the server's certificate is not checked", Evidence(f"{_OPTIONS}[{skipped[0]}]", "true"))
    option = _ADDRESSES.get(config.driver)
    if option is None:
        return passed("the driver uses its cloud's TLS", Evidence(_DRIVER, config.driver))
    address = config.options.get(option) or _DEFAULTS.get(config.driver, "")
    evidence = Evidence(f"{_OPTIONS}[{option}]", mask_text(address) or "none")
    scheme, host = _parts(address)
    if scheme in _SAFE_SCHEMES or _loopback(host):
        return passed("", evidence)
    return failed(f"logs leave in clear text ({scheme or 'no scheme'})", evidence)


@check(
    "MON-024",
    "Blocking log delivery",
    domain=Domain.MONITORING,
    severity=Severity.LOW,
    subject=Container,
    why="A slow log server stops the application that writes to it.",
    remediation="Set `mode: non-blocking` and `max-buffer-size: 4m` in the logging options (for fluentd also "
    '`fluentd-async: "true"`). Lines are dropped when the buffer is full.',
    references=("CWE-770",),
)
def blocking_delivery(container: Container, view: View) -> Verdict:
    """Judges the option `mode` of remote drivers.

    M: not non-blocking. P: non-blocking. NA: a local driver. U: not read.
    """
    config = container.log_config
    if config.driver not in REMOTE:
        return not_applicable("the driver writes on this host")
    evidence = Evidence(f"{_OPTIONS}[mode]", config.options.get("mode", "blocking (default)"))
    if config.options.get("mode") == "non-blocking":
        return passed("", evidence)
    return manual("a stalled log server stops the application", evidence)


def _parts(address: str) -> tuple[str, str]:
    if "://" not in address:
        address = f"tcp://{address}"
    try:
        parts = urlsplit(address)
        return parts.scheme.lower(), parts.hostname or ""
    except ValueError:
        return "", ""


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
