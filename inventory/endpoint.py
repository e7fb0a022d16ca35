"""What answers on a published port: whether it speaks TLS, how, and with which certificate. Known only where asked."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from inventory.resource import Kind, Resource, ResourceKey

PROTOCOLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


class PeerCertificate(msgspec.Struct, frozen=True):
    """A certificate as it was sent. Names as RFC 4514 writes them, times in epoch seconds, `bits` of the key.

    `names` are the subject alternative names, `DNS:shop.example` or `IP:10.0.0.5`; `signature` is the digest's name.
    """

    subject: str
    issuer: str
    serial: str
    not_before: float
    not_after: float
    names: tuple[str, ...]
    key: str  # RSA, EC, Ed25519, ...
    bits: int  # 0 where the kind of key has one size
    signature: str  # sha256, ..., "" where the algorithm has none of its own
    self_issued: bool


class TlsEndpoint(Resource):
    """A port that the engine publishes, after one look at it. `name` is `address:port`.

    `speaks` is tls, plain (it answered with something else), closed (it hung up on the handshake, as databases do that
    want a command before it) or refused (TLS, but no handshake succeeds); a gap where nothing came in time.
    """

    kind: ClassVar[Kind] = Kind.ENDPOINT

    address: str  # that was connected to
    port: int
    host_ip: str  # that the port is bound to
    containers: tuple[ResourceKey, ...]
    container_port: int
    speaks: str
    said: str  # why no handshake succeeded
    server_name: str  # that was asked for (SNI), "" for none
    version: str  # negotiated, TLSv1.3
    cipher: str
    accepts: tuple[str, ...]  # old protocols that a handshake succeeded with
    weak: tuple[str, ...]  # cipher suites that it chose when only weak ones were offered
    not_offered: tuple[str, ...]  # protocols and groups of suites that this machine's own TLS library cannot offer
    certificates: tuple[PeerCertificate, ...]  # as sent, the server's own first
    trusted: bool
    distrust: str  # why not
    named: bool  # whether the certificate is good for `server_name`
