"""From network and volume answers to `Network` and `Volume`."""

from __future__ import annotations

from typing import Any

from inventory.gap import Gap, Reason
from inventory.network import Member, Network, Subnet, Volume
from inventory.resource import Kind, ResourceKey
from inventory.sources.decode import AnswerError, decode
from inventory.sources.docker import wire
from inventory.sources.docker.facts import finish, moment, texts

_NETWORK = {
    "id": "Id", "created": "Created", "driver": "Driver", "scope": "Scope", "internal": "Internal",
    "attachable": "Attachable", "ingress": "Ingress", "enable_ipv6": "EnableIPv6", "options": "Options",
    "subnets": "IPAM.Config", "members": "Containers",
}  # fmt: skip
_VOLUME = {
    "driver": "Driver", "mountpoint": "Mountpoint", "scope": "Scope", "created": "CreatedAt", "options": "Options",
}  # fmt: skip


def network(raw: bytes, source: str, at: float, unread: Gap | None = None) -> Network:
    """A network. The list does not tell its members: then `unread` says why they are missing.

    Raises `AnswerError` when the answer is no object or has no id.
    """
    answer, malformed = decode(raw, wire.Network)
    if not answer.id:
        raise AnswerError("network without Id")
    created = moment(answer.created, 0.0)
    values: dict[str, Any] = {
        "key": ResourceKey(Kind.NETWORK, source, answer.id),
        "id": answer.id,
        "name": answer.name or answer.id[:12],
        "labels": texts(answer.labels),
        "observed_at": at,
        "raw": raw,
        "created": Gap(Reason.MALFORMED, "Created", created.detail) if isinstance(created, Gap) else created,
        "driver": answer.driver,
        "scope": answer.scope,
        "internal": answer.internal,
        "attachable": answer.attachable,
        "ingress": answer.ingress,
        "enable_ipv6": answer.enable_ipv6,
        "options": texts(answer.options),
        "subnets": tuple(_subnet(found) for found in (answer.ipam and answer.ipam.config) or ()),
    }
    if unread is None:
        values["members"] = tuple(_member(key, found) for key, found in (answer.containers or {}).items())
    return finish(Network, values, _NETWORK, malformed, unread)


def _subnet(found: wire.IpamConfig) -> Subnet:
    return Subnet(found.subnet or "", found.gateway or "")


def _member(key: str, found: wire.Member) -> Member:
    return Member(key, found.name or "", found.ipv4_address or "", found.ipv6_address or "")


def volume(raw: bytes, source: str, at: float) -> Volume:
    """A volume, keyed by its name. Raises `AnswerError` when the answer is no object or has no name."""
    answer, malformed = decode(raw, wire.Volume)
    if not answer.name:
        raise AnswerError("volume without Name")
    created = moment(answer.created_at, 0.0)
    values: dict[str, Any] = {
        "key": ResourceKey(Kind.VOLUME, source, answer.name),
        "name": answer.name,
        "labels": texts(answer.labels),
        "observed_at": at,
        "raw": raw,
        "driver": answer.driver,
        "mountpoint": answer.mountpoint or "",
        "scope": answer.scope or "local",
        "created": Gap(Reason.MALFORMED, "CreatedAt", created.detail) if isinstance(created, Gap) else created,
        "options": texts(answer.options),
    }
    return finish(Volume, values, _VOLUME, malformed)
