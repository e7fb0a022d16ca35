"""Hiding secrets in answers before they are written to a file that leaves the host."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from typing import Any

from inventory.secrets import mask_document, mask_text
from inventory.sources.docker.decode import AnswerError
from inventory.sources.docker.swarms import scrub

_FRAME = struct.Struct(">B3xI")  # stream, length: how logs of containers without a terminal are framed
_STREAMS = (0, 1, 2)
_WITH_TOKENS = ("/swarm", "/info")


def always(request: str, body: bytes) -> bytes:
    """`body` without what no recording may hold, wanted or not: the tokens that let a node join the swarm."""
    if path_of(request) not in _WITH_TOKENS:
        return body
    try:
        return scrub(body)
    except AnswerError:
        return b""


def masked(request: str, body: bytes) -> bytes:
    """`body` with every secret-looking part masked; what has none stays byte for byte."""
    if path_of(request).endswith("/logs"):
        return _logs(body)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _text(body)
    hidden = mask_document(document)
    if path_of(request).startswith("/configs"):
        pairs = zip(document, hidden, strict=True) if isinstance(document, list) else [(document, hidden)]
        configs = [_config(item, shown) for item, shown in pairs]
        hidden = configs if isinstance(document, list) else configs[0]
    return body if hidden == document else json.dumps(hidden, ensure_ascii=True).encode()


def path_of(request: str) -> str:
    """The path of a request without the API version and the query."""
    path = request.partition("?")[0]
    first, slash, rest = path.removeprefix("/").partition("/")
    return f"/{rest}" if slash and first[:1] == "v" and first[1:].replace(".", "").isdigit() else path


def _text(body: bytes) -> bytes:
    return mask_text(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _logs(body: bytes) -> bytes:
    frames = _frames(body)
    if frames is None:
        return _text(body)
    return b"".join(_FRAME.pack(stream, len(hidden)) + hidden for stream, hidden in frames)


def _frames(body: bytes) -> list[tuple[int, bytes]] | None:
    """The frames with their text masked, or None if the body is not framed."""
    frames: list[tuple[int, bytes]] = []
    at = 0
    while at < len(body):
        if len(body) - at < _FRAME.size or body[at + 1 : at + 4] != b"\0\0\0":
            return None
        stream, length = _FRAME.unpack_from(body, at)
        at += _FRAME.size
        if stream not in _STREAMS or at + length > len(body):
            return None
        frames.append((stream, _text(body[at : at + length])))
        at += length
    return frames


def _config(item: Any, hidden: Any) -> Any:
    """A swarm config, masked: its data is base64, which hides from the rules what is in it."""
    spec = item.get("Spec") if isinstance(item, dict) else None
    data = spec.get("Data") if isinstance(spec, dict) else None
    if not isinstance(data, str):
        return hidden
    try:
        text = base64.b64encode(_text(base64.b64decode(data, validate=True))).decode()
    except (binascii.Error, ValueError):
        text = ""
    return {**hidden, "Spec": {**hidden["Spec"], "Data": text}}
