"""What a container is told about names: its resolvers and the entries that are written into its hosts file."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, manual, passed
from checks.view import View
from inventory.model import Container

_PRIVATE_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".test", ".example", ".invalid", ".corp")


@check(
    "NET-025",
    "DNS or hosts override",
    domain=Domain.NETWORK,
    severity=Severity.INFO,
    subject=Container,
    why="Whoever decides what a name means decides whom the container talks to.",
    remediation="Remove `dns:` and `extra_hosts:` from the Compose file, or keep them and name the reason in a waiver. "
    "What was reached through the entry is looked up as anybody else does.",
    references=("ATT&CK:T1557", "ATT&CK:T1565.002", "CWE-350"),
)
def overridden_names(container: Container, view: View) -> Verdict:
    """Judges `HostConfig.Dns` and `HostConfig.ExtraHosts`.

    M: a resolver outside the private ranges, an entry that gives a public-looking name (one with a dot that does not
    end in a private ending such as .internal) an address, or `host-gateway`, which leads to the host itself. P: none of
    these. U: not read.
    """
    evidence = [*_resolvers(container), *_entries(container)]
    return manual("names are resolved in its own way", *evidence) if evidence else passed()


def _resolvers(container: Container) -> Iterator[Evidence]:
    for server in container.dns:
        try:
            private = not ipaddress.ip_address(server.partition("%")[0]).is_global
        except ValueError:
            private = False
        if not private:
            yield Evidence("HostConfig.Dns", server)


def _entries(container: Container) -> Iterator[Evidence]:
    for entry in container.extra_hosts:
        name, _, address = entry.replace("=", ":", 1).partition(":")
        public = "." in name.strip(".") and not name.lower().rstrip(".").endswith(_PRIVATE_ENDINGS)
        if public or address == "host-gateway":
            yield Evidence("HostConfig.ExtraHosts", entry)
