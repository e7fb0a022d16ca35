"""What of a cluster's answers may be written to a file that leaves the host."""

from __future__ import annotations

import json
import re
from typing import Any

from inventory.secrets import find, mask_args, mask_pair, mask_text
from inventory.sources.bundle.disguise import Disguise

_SECRETS = re.compile(r"^GET /api/v1(?:/namespaces/[^/]+)?/secrets(?:[/? ]|$)")
_LOG = re.compile(r"^GET \S+/log(?:\?|$)")
_PUBLIC = "tls.crt"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_ASKED = ("GET ", "POST ")
_ARGUMENTS = ("args", "command")


def always(request: str, body: bytes) -> bytes:
    """Of Secrets never more than metadata, type, the number of values, and certificates, which are public."""
    if not _SECRETS.match(request):
        return body
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return b"{}"
    if not isinstance(document, dict):
        return b"{}"
    if document.get("kind") == "Status":
        return body
    things = [document, *_dicts(document.get("items"))]
    things += [one["object"] for one in _dicts(document.get("rows")) if isinstance(one.get("object"), dict)]
    before = json.dumps(document)
    for one in things:
        one.pop("stringData", None)
        data = one.get("data")
        if isinstance(data, dict):
            one["data"] = {name: value if name == _PUBLIC else "" for name, value in data.items()}
        notes = (one.get("metadata") or {}).get("annotations")
        if isinstance(notes, dict):
            notes.pop(_LAST_APPLIED, None)
    return body if json.dumps(document) == before else json.dumps(document).encode()


def masked(request: str, body: bytes, disguise: Disguise) -> bytes:
    """Values that look like secrets replaced: variables, settings, annotations, arguments, lines of logs."""
    if not request.startswith(_ASKED):
        return body
    if _LOG.match(request):
        return _text(body.decode("utf-8", "surrogateescape"), disguise).encode("utf-8", "surrogateescape")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _text(body.decode("utf-8", "surrogateescape"), disguise).encode("utf-8", "surrogateescape")
    hidden = _value("", document, disguise)
    return body if hidden == document else json.dumps(hidden, ensure_ascii=True).encode()


def _value(key: str, value: Any, disguise: Disguise) -> Any:
    if isinstance(value, dict):
        named = value.get("name")
        if isinstance(named, str) and isinstance(value.get("value"), str):  # a variable, or anything of its form
            rest = {name: _value(name, one, disguise) for name, one in value.items() if name not in ("name", "value")}
            return {"name": named, "value": _pair(named, value["value"], disguise), **rest}
        kept = {name: one for name, one in value.items() if name != _LAST_APPLIED}
        return {
            name: _opaque(one) if name == "binaryData" else _value(name, one, disguise) for name, one in kept.items()
        }
    if isinstance(value, list):
        if key in _ARGUMENTS and all(isinstance(one, str) for one in value):
            return [disguise.text(*pair) for pair in zip(value, mask_args(value), strict=True)]
        return [_value("", one, disguise) for one in value]
    return _pair(key, value, disguise) if isinstance(value, str) and key not in _NAMES else value


_NAMES = frozenset(
    {"name", "namespace", "uid", "kind", "apiVersion", "resourceVersion", "continue", "fieldPath", "key"}
)
"""Members that name things. What they hold is needed to find them, and no secret."""


def _opaque(value: Any) -> Any:
    """The names of what a ConfigMap holds in base64: nobody can say what is in there."""
    return dict.fromkeys(value, "") if isinstance(value, dict) else value


def _pair(key: str, value: str, disguise: Disguise) -> str:
    hit = find(key, value)
    if hit is None or hit.kind == "value":
        return _text(value, disguise)
    return disguise.text(value, mask_pair(key, value))


def _text(text: str, disguise: Disguise) -> str:
    return disguise.text(text, mask_text(text))


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
