"""Certificates in Secrets of the type kubernetes.io/tls, where the policy allows to read them.

The answer holds the private keys too. They are passed over while it is decoded, and the answer is dropped at once;
what is kept of a certificate is what it says about itself, never its text.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.configuration import TlsCertificate
from inventory.sources.kubernetes.configuration import TLS_TYPE, tls_certificate
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.transport import Api

T = TypeVar("T")
DEADLINE = 30.0
_PAGE = "100"
_MOST_PAGES = 1000
AGAIN = 20.0
"""Seconds after which a list that was refused is asked for again."""


class _Data(msgspec.Struct, frozen=True):
    certificate: str = msgspec.field(default="", name="tls.crt")


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _Secret(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()
    data: _Data = _Data()


class _Secrets(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()
    items: tuple[_Secret, ...] = ()


_secret = msgspec.json.Decoder(_Secret).decode
_secrets = msgspec.json.Decoder(_Secrets).decode


class Certificates:
    """What is known of them. Asks for all of a place at once, then for each Secret that has changed since."""

    def __init__(self, api: Api, namespace: str = "") -> None:
        self._api = api
        self._namespace = namespace
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[str, TlsCertificate]] | None = None
        self._gap: Gap | None = None
        self._asked = float("-inf")

    def __call__(self, namespace: str, name: str, version: str) -> Any:
        """The certificate in a Secret at this version, or the gap that says why it is not known."""
        with self._lock:
            if self._known is None and time.monotonic() - self._asked > AGAIN:
                self._asked = time.monotonic()
                self._known = self._all()
            if self._known is None:
                return self._gap
            known = self._known.get((namespace, name))
            if known is None or known[0] != version:
                one = self._get(f"/api/v1/namespaces/{namespace}/secrets/{name}", {}, _secret)
                if one is None:
                    return self._gap
                known = self._known[namespace, name] = _of(one)
            return known[1]

    def _all(self) -> dict[tuple[str, str], tuple[str, TlsCertificate]] | None:
        path = f"/api/v1/namespaces/{self._namespace}/secrets" if self._namespace else "/api/v1/secrets"
        query = {"fieldSelector": f"type={TLS_TYPE}", "limit": _PAGE}
        found: dict[tuple[str, str], tuple[str, TlsCertificate]] = {}
        for _ in range(_MOST_PAGES):
            answer = self._get(path, query, _secrets)
            if answer is None:
                return None
            found |= {(one.metadata.namespace, one.metadata.name): _of(one) for one in answer.items}
            if not answer.metadata.continue_:
                return found
            query["continue"] = answer.metadata.continue_
        self._gap = Gap(Reason.ERROR, f"GET {path}", f"the list does not end within {_MOST_PAGES} pages")
        return None

    def _get(self, path: str, query: dict[str, str], take: Callable[[bytes], T]) -> T | None:
        """The answer without all that is not wanted of it, or None with the gap noted."""
        try:
            return take(self._api.get(path, query, deadline=DEADLINE))
        except ApiError as error:
            self._gap = error.gap(f"GET {path}")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._gap = Gap(Reason.MALFORMED, f"GET {path}")
        return None


def _of(one: _Secret) -> tuple[str, TlsCertificate]:
    return one.metadata.resource_version, _certificate(one.data.certificate)


def _certificate(text: str) -> TlsCertificate:
    try:
        return tls_certificate(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return TlsCertificate(error="tls.crt is not base64")
