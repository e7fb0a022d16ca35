"""The bodies of questions about one's own rights: JSON, or the protobuf that kubectl sends."""

from __future__ import annotations

import json
from typing import Any

_MAGIC = b"k8s\x00"
_Fields = dict[int, bytes]


def read(body: bytes) -> dict[str, Any]:
    """`kind`, `apiVersion` and `spec`; raises ValueError."""
    if not body.startswith(_MAGIC):
        found = json.loads(body or b"{}")
        return found if isinstance(found, dict) else {}
    unknown = _fields(body[len(_MAGIC) :])
    meta, thing = _fields(unknown.get(1, b"")), _fields(unknown.get(2, b""))
    api, kind = _text(meta, 1), _text(meta, 2)
    return {"kind": kind, "apiVersion": api, "spec": _spec(kind, _fields(thing.get(2, b"")))}


def _spec(kind: str, spec: _Fields) -> dict[str, Any]:
    if kind == "SelfSubjectRulesReview":
        return {"namespace": _text(spec, 1)}
    if kind != "SelfSubjectAccessReview":
        return {}
    if 1 in spec:
        names = ("namespace", "verb", "group", "version", "resource", "subresource", "name")
        asked = _fields(spec[1])
        return {"resourceAttributes": {name: _text(asked, at) for at, name in enumerate(names, 1) if _text(asked, at)}}
    asked = _fields(spec.get(2, b""))
    return {"nonResourceAttributes": {"path": _text(asked, 1), "verb": _text(asked, 2)}}


def _text(fields: _Fields, number: int) -> str:
    return fields.get(number, b"").decode("utf-8", "replace")


def _fields(data: bytes) -> _Fields:
    """The members of a message that are strings or messages."""
    found: _Fields = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag & 7 == 0:
            _, at = _varint(data, at)
        elif tag & 7 == 2:
            size, at = _varint(data, at)
            found[tag >> 3] = data[at : at + size]
            at += size
        else:
            raise ValueError("unexpected protobuf wire type")
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("truncated protobuf")
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
