"""What a registry wants to know before it answers (RFC 9110 challenges), and the token it sends us for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from inventory.sources.registry.credentials import Credentials
from inventory.sources.registry.faults import Cause, RegistryError
from inventory.sources.registry.names import address, document, is_loopback

_LONGEST = 8192
_SCHEME = re.compile(r"\s*,?\s*([A-Za-z]+)\s+(?=[A-Za-z_]+\s*=)|\s*,?\s*([A-Za-z]+)\s*$")
_PARAMETER = re.compile(r'\s*,?\s*([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
_CLIENT = "deckwatch"


class Challenge(msgspec.Struct, frozen=True):
    """`scheme` is basic or bearer."""

    scheme: str
    parameters: Mapping[str, str] = msgspec.field(default_factory=dict)


def challenge(header: str) -> Challenge | None:
    """The challenge to answer: Bearer before Basic. None where it offers neither."""
    text = header[:_LONGEST]
    found: dict[str, dict[str, str]] = {}
    position = 0
    for _ in range(8):
        scheme = _SCHEME.match(text, position)
        if scheme is None:
            break
        values = found.setdefault((scheme[1] or scheme[2]).lower(), {})
        position = scheme.end()
        while parameter := _PARAMETER.match(text, position):
            value = parameter[2] if parameter[2] is not None else parameter[3]
            values.setdefault(parameter[1].lower(), re.sub(r"\\(.)", r"\1", value))
            position = parameter.end()
    for name in ("bearer", "basic"):
        if name in found:
            return Challenge(name, found[name])
    return None


class Request(msgspec.Struct, frozen=True):
    """Where to get a token. `withheld`: why credentials are not sent there, "" where they may be."""

    url: str
    host: str
    service: str
    scope: str
    plain: bool
    withheld: str
    inward: bool


def request(asked: Challenge, host: str, path: str, *, trusted: bool, plain: bool) -> Request:
    """What the challenge of a registry leads to. Raises `RegistryError` for a realm that is not followed.

    `trusted`: whether the challenge came by a channel that nobody else could have written to (verified TLS, this
    machine, or plain HTTP that the policy allows). `plain`: whether the registry itself was asked without TLS.
    """
    realm = asked.parameters.get("realm", "")
    try:
        parts = urlsplit(realm)
        parts.port  # noqa: B018 - raises for one that is no number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise RegistryError(Cause.MALFORMED, f"{host} names no place to get a token from")
    here = is_loopback(host) and is_loopback(parts.netloc)
    same = address(host) == address(parts.netloc)
    if parts.scheme == "http" and not (plain and (same or here)):
        raise RegistryError(Cause.REFUSED, f"{host} sends to plain HTTP for a token: not followed")
    if not trusted:
        withheld = f"credentials are not sent: the connection to {host} is not secure"
    elif plain and not (same or here):
        withheld = "credentials are not sent: a registry without TLS names another host for them"
    else:
        withheld = ""
    scope = f"repository:{path}:pull"
    service = asked.parameters.get("service", "")
    url, plain_realm = parts._replace(fragment="").geturl(), parts.scheme == "http"
    return Request(url, parts.netloc, service, scope, plain_realm, withheld, here or same)


def query(wanted: Request) -> str:
    """The URL of a request for a token by GET."""
    values = [("scope", wanted.scope)]
    if wanted.service:
        values.insert(0, ("service", wanted.service))
    separator = "&" if urlsplit(wanted.url).query else "?"
    return f"{wanted.url}{separator}{urlencode(values)}"


def form(wanted: Request, credentials: Credentials) -> dict[str, str]:
    """What a refresh token is exchanged with, by POST."""
    return {
        "grant_type": "refresh_token",
        "service": wanted.service,
        "client_id": _CLIENT,
        "scope": wanted.scope,
        "refresh_token": credentials.token,
    }


def token(body: bytes, host: str) -> str:
    """The token in the answer of a token server. Raises `RegistryError`."""
    answer: dict[str, Any] = document(body, f"the token of {host}")
    found = answer.get("token") or answer.get("access_token")
    if not isinstance(found, str) or not _TOKEN.fullmatch(found):
        raise RegistryError(Cause.MALFORMED, f"{host} gives no token")
    return found
