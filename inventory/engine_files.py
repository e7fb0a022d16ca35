"""What the files around an engine say: certificates, registry credentials. No secret is kept."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from inventory.gap import Gap

CLEAR = "clear"
HELPER = "helper"
CERTIFICATE_DIRECTORIES = ("/etc/docker/certs.d", "/etc/containers/certs.d")
"""Where an engine looks for the certificates of registries (`HOST/ca.crt`, `client.cert`, `client.key`)."""


class Certificate(msgspec.Struct, frozen=True):
    """One X.509 certificate: its subject as RFC 4514 writes it, and its validity in epoch seconds."""

    subject: str
    not_before: float
    not_after: float


class CertificateFile(msgspec.Struct, frozen=True):
    """A PEM file: its certificates in the file's order (the leaf of a chain first), or why they could not be read."""

    path: str
    certificates: tuple[Certificate, ...] = ()
    unread: Gap | None = None


class ClientCredentials(msgspec.Struct, frozen=True):
    """A registry client's file: which registries it knows, and whether their credentials are in it.

    `registries` maps a name to `clear` (the password or token is in the file, in base64) or `helper` (somewhere else).
    The credentials themselves are never kept. `exposed`: the file's mode and the directories around it let others than
    its owner in. `unread` says why the content is not known.
    """

    path: str
    mode: int
    uid: int
    owner: str
    exposed: bool
    registries: Mapping[str, str] = msgspec.field(default_factory=dict)
    unread: Gap | None = None

    @property
    def clear(self) -> tuple[str, ...]:
        """The registries whose credentials stand in the file."""
        return tuple(name for name, kept in self.registries.items() if kept == CLEAR)
