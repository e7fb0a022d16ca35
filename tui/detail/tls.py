"""What answered on a published port: protocol, suites, and the certificates that were sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from inventory.container import Container
from inventory.endpoint import PeerCertificate, TlsEndpoint
from inventory.gap import Gap
from inventory.resource import Kind
from inventory.text import safe
from tui.detail.tab import Context, Shape, Tab
from tui.format import told
from widgets.cells import Cell
from widgets.textview import TextLine, line

_DAY = 86400.0
_LONGEST = 400


def tls_lines(resource: TlsEndpoint, context: Context) -> Iterator[TextLine]:
    """The endpoint, its containers, and the chain as it was sent."""
    yield line(f" {safe(resource.name):<28} {summary(resource, context.now)}", "title")
    for key in _told(resource, "containers"):
        container = context.picture.snapshot.get(key)
        yield TextLine(Cell.of(f" published by {safe(container.name if container else key.id)}", "accent"), meta=key)
    for label, field in (("negotiated", "version"), ("suite", "cipher"), ("asked for", "server_name")):
        yield line(f" {label:<12} {safe(told(resource, field)) or '-'}")
    for label, field in (("also accepts", "accepts"), ("weak suites", "weak"), ("not offered", "not_offered")):
        found = _told(resource, field)
        if found:
            yield line(f" {label:<12} {safe(', '.join(found), _LONGEST)}", "medium")
    distrust = resource.peek("distrust")
    if not isinstance(distrust, Gap):
        yield line(f" {'trusted':<12} {'yes' if not distrust else safe(f'no: {distrust}', _LONGEST)}")
    for number, one in enumerate(_told(resource, "certificates")):
        yield line(f" certificate {number + 1}", "header")
        yield from _certificate_lines(one)


def _told(resource: TlsEndpoint, field: str) -> tuple[Any, ...]:
    found = resource.peek(field)
    return () if isinstance(found, Gap) else found


def _certificate_lines(one: PeerCertificate) -> Iterator[TextLine]:
    dates = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M") for at in (one.not_before, one.not_after))
    rows = {
        "subject": one.subject,
        "issuer": one.issuer,
        "serial": one.serial,
        "valid": " to ".join(dates) + " UTC",
        "names": ", ".join(one.names) or "none",
        "key": f"{one.key} {one.bits or ''}".strip(),
        "signature": one.signature or "of the key's own kind",
    }
    return (line(f"   {label:<10} {safe(value, _LONGEST)}") for label, value in rows.items())


def summary(endpoint: TlsEndpoint, now: float) -> str:
    """`TLSv1.3, 80 days left`, `in the clear`, or why it is not known."""
    speaks = endpoint.peek("speaks")
    if isinstance(speaks, Gap):
        return safe(str(speaks), _LONGEST)
    if speaks != "tls":
        return {"plain": "in the clear", "closed": "hangs up on TLS"}.get(
            speaks, safe(f"TLS refused: {told(endpoint, 'said')}", 200)
        )
    certificates, version = _told(endpoint, "certificates"), safe(told(endpoint, "version"))
    return (
        f"{version}, certificate {(certificates[0].not_after - now) / _DAY:.0f} days left" if certificates else version
    )


def endpoint_lines(resource: Container, context: Context) -> Iterator[TextLine]:
    """One line for each published port of a container that was asked."""
    for endpoint in context.picture.snapshot.of(TlsEndpoint, resource.key.source):
        if resource.key in _told(endpoint, "containers"):
            words = f" answers at {safe(endpoint.name)}: {summary(endpoint, context.now)}"
            yield TextLine(Cell.of(words, "accent"), meta=endpoint.key)


TABS = (Tab("tls", "TLS", Shape.TEXT, frozenset({Kind.ENDPOINT}), 20, lines=tls_lines),)
