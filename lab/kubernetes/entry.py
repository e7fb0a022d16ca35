"""One stored object as bytes: decoded only where a selector or a table asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_VERSION = re.compile(rb'"resourceVersion":"[^"]*"')
_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


class Entry:
    """`raw` is the object as lists of built-in kinds have it: without `kind` and `apiVersion`."""

    __slots__ = ("_labels", "_raw", "name", "namespace", "version")

    def __init__(self, raw: bytes, namespace: str, name: str, version: int) -> None:
        self._raw = raw
        self.namespace = namespace
        self.name = name
        self.version = version
        self._labels: dict[str, str] | None = None

    @classmethod
    def of(cls, document: dict[str, Any], version: int) -> Entry:
        """From an object; its `resourceVersion` is set."""
        bare = {key: value for key, value in document.items() if key not in ("kind", "apiVersion")}
        meta = bare.get("metadata") or {}
        bare = {"metadata": {}} | bare | {"metadata": {**meta, "resourceVersion": str(version)}}
        raw = json.dumps(bare, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        return cls(raw, str(meta.get("namespace", "")), str(meta.get("name", "")), version)

    @property
    def key(self) -> str:
        """As etcd orders them."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def raw(self) -> bytes:
        return self._raw

    def metadata(self) -> bytes:
        """The object's `metadata`."""
        text = self.raw().decode("utf-8", "surrogatepass")
        start = text.index('"metadata":') + len('"metadata":')
        _, end = _DECODER.raw_decode(text, start)
        return text[start:end].encode("utf-8", "surrogatepass")

    def object(self) -> dict[str, Any]:
        """Decoded."""
        found: dict[str, Any] = json.loads(self.raw())
        return found

    def labels(self) -> dict[str, str]:
        if self._labels is None:
            self._labels = dict(json.loads(self.metadata()).get("labels") or {})
        return self._labels

    def at(self, version: int) -> Entry:
        """The same object with another `resourceVersion`."""
        raw = _VERSION.sub(b'"resourceVersion":"%d"' % version, self.raw(), count=1)
        return Entry(raw, self.namespace, self.name, version)


def items(body: str) -> Iterator[str]:
    """The items of a list, each exactly as it was sent."""
    at = body.index('"items":[') + len('"items":[')
    while True:
        while body[at] in _SPACE + ",":
            at += 1
        if body[at] == "]":
            return
        _, end = _DECODER.raw_decode(body, at)
        yield body[at:end]
        at = end
