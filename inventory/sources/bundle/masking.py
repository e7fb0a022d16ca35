"""What of an answer may be written to a file that leaves the host."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

from inventory.secrets import mask_args, mask_document, mask_text
from inventory.sources.bundle import analyses, cluster_masking
from inventory.sources.bundle.analyses import ANALYSIS
from inventory.sources.bundle.disguise import Disguise
from inventory.sources.decode import AnswerError
from inventory.sources.docker import plugins
from inventory.sources.docker.swarms import scrub
from inventory.sources.host.private import recordable

_FRAME = struct.Struct(">B3xI")  # stream, length: how logs of containers without a terminal are framed
_STREAMS = (0, 1, 2)
HOST = "host"
"""The request under which the answers of the machine below the engine are kept, as one JSON object."""
CLUSTER = "kubernetes "
"""How the requests to clusters begin."""
_READ = "read "
_ABOUT_PATHS = ("tree ", "node ", "names ")
_SCRUBS: Mapping[str, Callable[[bytes], bytes]] = {"/swarm": scrub, "/info": scrub, "/plugins": plugins.scrub}


def always(request: str, body: bytes) -> bytes:
    """`body` without what no recording may hold, wanted or not: tokens to join the swarm, the environment of
    plugins, and of the host's files credentials of registries and clusters, private keys, this process' environment."""
    if request == HOST:
        return _recordable(body)
    if request.startswith(CLUSTER):
        return cluster_masking.always(request.removeprefix(CLUSTER), body)
    clean = _SCRUBS.get(path_of(request))
    if clean is None:
        return body
    try:
        return clean(body)
    except AnswerError:
        return b""


def masked(request: str, body: bytes, disguise: Disguise) -> bytes:
    """`body` with every secret-looking part replaced; what has none stays byte for byte."""
    if request.startswith(CLUSTER):
        return cluster_masking.masked(request.removeprefix(CLUSTER), body, disguise)
    if request.startswith(ANALYSIS):
        return analyses.masked(body, disguise)
    if path_of(request).endswith("/logs"):
        return _logs(body, disguise)
    if request == HOST:
        return _host(body, disguise)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _text(body, disguise)
    hidden = _walk(document, mask_document(document), disguise)
    return body if hidden == document else json.dumps(hidden, ensure_ascii=True).encode()


def path_of(request: str) -> str:
    """The path of a request without the API version and the query."""
    path = request.partition("?")[0]
    first, slash, rest = path.removeprefix("/").partition("/")
    return f"/{rest}" if slash and first[:1] == "v" and first[1:].replace(".", "").isdigit() else path


def _walk(original: Any, hidden: Any, disguise: Disguise) -> Any:
    """Put a disguise wherever the two differ."""
    if isinstance(original, str) and isinstance(hidden, str):
        return disguise.text(original, hidden)
    if isinstance(original, Mapping):
        return {
            name: _data(value, disguise)
            if name == "Data" and isinstance(value, str)
            else _walk(value, hidden[name], disguise)
            for name, value in original.items()
        }
    if isinstance(original, list):
        return [_walk(*pair, disguise) for pair in zip(original, hidden, strict=True)]
    return original


def _data(value: str, disguise: Disguise) -> str:
    """The content of a swarm config: base64 hides from the rules what is in it."""
    try:
        return base64.b64encode(_text(base64.b64decode(value, validate=True), disguise)).decode()
    except (binascii.Error, ValueError):
        return ""


def _host(body: bytes, disguise: Disguise) -> bytes:
    """Question -> answer; the content of files is base64, command lines end each word with NUL."""
    hidden: dict[str, Any] = {}
    for question, answer in json.loads(body).items():
        if question.startswith("read ") and isinstance(answer, str):
            content = base64.b64decode(answer)
            shown = _words(content, disguise) if question.endswith("/cmdline") else _text(content, disguise)
            hidden[question] = base64.b64encode(shown).decode()
        elif question.startswith(_ABOUT_PATHS):
            hidden[_path(question, disguise)] = _paths(answer, disguise)
        else:
            hidden[question] = answer
    return json.dumps(hidden, ensure_ascii=True).encode()


def _paths(answer: Any, disguise: Disguise) -> Any:
    """Names of files that a container made: a list of them, or what each is."""
    if isinstance(answer, list):
        return [_path(part, disguise) if isinstance(part, str) else part for part in answer]
    if isinstance(answer, Mapping) and isinstance(answer.get("nodes"), Mapping):
        return {**answer, "nodes": {_path(path, disguise): node for path, node in answer["nodes"].items()}}
    return answer


def _path(path: str, disguise: Disguise) -> str:
    return disguise.text(path, mask_text(path))


def _recordable(body: bytes) -> bytes:
    try:
        heard = json.loads(body)
        answers = heard.items() if isinstance(heard, dict) else ()
        hidden = {question: _content(question, answer) for question, answer in answers}
    except (ValueError, RecursionError):
        return b"{}"
    return json.dumps(hidden).encode() if hidden != heard and answers else body


def _content(question: str, answer: Any) -> Any:
    if not question.startswith(_READ) or not isinstance(answer, str):
        return answer
    content = base64.b64decode(answer)
    kept = recordable(question.removeprefix(_READ), content)
    return answer if kept == content else base64.b64encode(kept).decode()


def _words(command: bytes, disguise: Disguise) -> bytes:
    words = command.decode("utf-8", "surrogateescape").split("\0")
    pairs = zip(words, mask_args(words), strict=True)
    return "\0".join(disguise.text(*pair) for pair in pairs).encode("utf-8", "surrogateescape")


def _text(body: bytes, disguise: Disguise) -> bytes:
    text = body.decode("utf-8", "surrogateescape")
    return disguise.text(text, mask_text(text)).encode("utf-8", "surrogateescape")


def _logs(body: bytes, disguise: Disguise) -> bytes:
    frames = _frames(body)
    if frames is None:
        return _text(body, disguise)
    hidden = ((stream, _text(text, disguise)) for stream, text in frames)
    return b"".join(_FRAME.pack(stream, len(text)) + text for stream, text in hidden)


def _frames(body: bytes) -> list[tuple[int, bytes]] | None:
    """The frames, or None if the body is not framed."""
    frames: list[tuple[int, bytes]] = []
    at = 0
    while at < len(body):
        if len(body) - at < _FRAME.size or body[at + 1 : at + 4] != b"\0\0\0":
            return None
        stream, length = _FRAME.unpack_from(body, at)
        at += _FRAME.size
        if stream not in _STREAMS or at + length > len(body):
            return None
        frames.append((stream, body[at : at + length]))
        at += length
    return frames
