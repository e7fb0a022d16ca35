"""Where the engine's API listens, and who may connect."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from checks.check import Domain, check
from checks.host.options import option_evidence, switch, words
from checks.network.exposure import loopback
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed, unknown
from checks.versions import parse_version
from checks.view import View
from inventory.gap import Unread
from inventory.model import Engine, Host

_WARNING = re.compile(
    r"API is accessible on (?P<address>https?://\S+) without (?P<what>encryption|TLS client verification)"
)
_SAYS_SO_SINCE = (19, 3, 0)  # older engines leave this warning to their command-line client
_PLAIN_SCHEMES = frozenset({"http"})


class Opening(msgspec.Struct, frozen=True):
    """An address where the API answers without asking for a client certificate."""

    address: str
    evidence: Evidence

    @property
    def severity(self) -> Severity:
        """Critical, unless only this host can connect."""
        return Severity.HIGH if loopback(_host(self.address)) else Severity.CRITICAL


def warned(engine: Engine) -> tuple[Opening, ...]:
    """Openings that the daemon itself complains about in `Warnings`."""
    found = []
    for warning in engine.warnings:
        match = _WARNING.search(warning)
        if match:
            found.append(Opening(match["address"], Evidence("Warnings", match[0], engine.key)))
    return tuple(found)


def configured(host: Host) -> tuple[Opening, ...]:
    """TCP addresses in the daemon's options while client certificates are not demanded.

    Podman takes its one address as an argument (`podman system service tcp:...`), and demanded none before 5.7.
    """
    if (served := _podmans_address(host)) is not None:
        plain = urlsplit(served).scheme == "tcp" and "--tls-client-ca" not in " ".join(host.daemon_flags)
        return (Opening(_with_slashes(served), Evidence("podman command line", served, host.key)),) if plain else ()
    if switch(host, "tlsverify", default=False):
        return ()
    tcp = [address for address in words(host, "hosts") if urlsplit(address).scheme == "tcp"]
    verify = option_evidence(host, "tlsverify")
    return tuple(
        Opening(address, Evidence(option_evidence(host, "hosts").path, f"{address}; {verify.path}={verify.value}"))
        for address in tcp
    )


def _podmans_address(host: Host) -> str | None:
    """What `podman system service` was told to listen on, "" for its default socket; None where another daemon runs."""
    flags = host.daemon_flags
    at = next(
        (index for index, word in enumerate(flags[1:], 1) if word == "service" and flags[index - 1] == "system"), 0
    )
    if not at:
        return None
    return next((word for word in flags[at + 1 :] if ":" in word and not word.startswith("-")), "")


def _with_slashes(address: str) -> str:
    """Podman takes `tcp:localhost:8888` for `tcp://localhost:8888` as well."""
    return address if "://" in address else address.replace(":", "://", 1)


@check(
    "DMN-007",
    "TCP API without mutual TLS",
    domain=Domain.HOST,
    severity=Severity.CRITICAL,
    subject=Engine,
    why="Whoever can connect to the API is root on the host.",
    remediation="Remove `-H tcp://...` (`hosts` in daemon.json) and use `ssh://` contexts, or demand client "
    "certificates: `--tlsverify --tlscacert=ca.pem --tlscert=cert.pem --tlskey=key.pem`. Other clients"
    " are cut off.",
    references=("CIS-Docker-1.6:2.7", "NIST-800-190:4.3.2", "ATT&CK:T1133", "ATT&CK:T1610", "CWE-306"),
)
def open_api(engine: Engine, view: View) -> Verdict:
    """Judges `Warnings` of the engine's info and, where the host is local, the daemon's `hosts` and TLS options.

    F: a TCP address without `tlsverify` (critical; on loopback high: any local user or host-network container can
    connect). P: none, according to the daemon's options, or to a Docker engine since 19.03, which warns of each in its
    info. U: neither could be read. Source: CIS Docker 2.7.
    """
    openings = list(warned(engine))
    try:
        openings += configured(view.host())
    except Unread:
        version = parse_version(engine.version)
        if not openings and not (engine.flavour == "docker" and version and version.release >= _SAYS_SO_SINCE):
            raise
    if not openings:
        return passed()
    severity = max(opening.severity for opening in openings)
    addresses = ", ".join(dict.fromkeys(opening.address for opening in openings))
    return failed(f"the API answers without client certificate at {addresses}", *_evidence(openings), severity=severity)


@check(
    "NET-030",
    "Docker API port open",
    domain=Domain.NETWORK,
    severity=Severity.HIGH,
    subject=Engine,
    why="It is host root without a password, from the network.",
    remediation="Close the port (remove `-H tcp://` from the unit or daemon.json) and reach the engine over SSH: "
    "`docker context create NAME --docker host=ssh://user@host`. Clients that use the port are cut off.",
    references=(
        "CIS-Docker-1.6:2.7", "NIST-800-190:4.3.2", "OWASP-Docker:D04", "ATT&CK:T1133", "ATT&CK:T1552.007", "CWE-306",
    ),
    implied_by=("DMN-007",),
)  # fmt: skip
def open_port(engine: Engine, view: View) -> Verdict:
    """Judges where the API really answers: the address the engine was reached by, `Warnings`, the daemon's options.

    F: reached over plain http, or an address that the daemon lists or warns about without TLS client verification
    (critical beyond loopback). M: a TCP address with client verification, which only a handshake proves. P: only unix,
    fd, npipe or ssh. U: the engine is remote and does not list its addresses. Source: CIS Docker 2.7.
    """
    target = urlsplit(engine.target)
    openings = list(warned(engine))
    if target.scheme in _PLAIN_SCHEMES:
        openings.append(Opening(engine.target, Evidence("endpoint", engine.target, engine.key)))
    if openings:
        severity = max(opening.severity for opening in openings)
        addresses = ", ".join(dict.fromkeys(opening.address for opening in openings))
        return failed(f"answers at {addresses}", *_evidence(openings), severity=severity)
    host = view.host()
    openings += configured(host)
    if openings:
        severity = max(opening.severity for opening in openings)
        return failed("listens on TCP without client verification", *_evidence(openings), severity=severity)
    tcp = [address for address in words(host, "hosts") if urlsplit(address).scheme == "tcp"]
    if tcp:
        return manual(
            f"listens on {', '.join(tcp)} with client verification (not probed)", option_evidence(host, "hosts")
        )
    if engine.flavour == "podman":
        served = _podmans_address(host)
        if served is None:
            return unknown("podman does not say where else it listens")
        return passed("", Evidence("podman command line", served or "its default socket", host.key))
    return passed("", option_evidence(host, "hosts"))


def _evidence(openings: list[Opening]) -> list[Evidence]:
    return [opening.evidence for opening in openings]


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
