"""One object, or the events of one, out of the lists that were recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Lists = Callable[[str], Iterable[bytes]]
_OBJECT = re.compile(
    r"^(?P<root>/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?/(?P<resource>[^/]+)/(?P<name>[^/]+)$"
)
_EVENTS = re.compile(r"^/api/v1(?:/namespaces/(?P<namespace>[^/]+))?/events$")


def found_in_lists(path: str, query: dict[str, str], lists: Lists) -> bytes | None:
    """The answer to a request for an object or for its events; None where no list holds it."""
    if found := _EVENTS.match(path):
        return _events(path, found["namespace"] or "", query.get("fieldSelector", ""), lists)
    found = _OBJECT.match(path)
    if not found:
        return None
    namespace = found["namespace"] or ""
    for listed, one in _items(found["root"], namespace, found["resource"], lists):
        meta = one.get("metadata") or {}
        if meta.get("name") == found["name"] and meta.get("namespace", "") == namespace:
            return json.dumps({**_head(listed), **one}).encode()
    return None


def _events(path: str, namespace: str, selector: str, lists: Lists) -> bytes | None:
    wanted = dict(part.partition("=")[::2] for part in selector.split(",") if part)
    found, known = [], False
    for _, one in _items("/api/v1", namespace, "events", lists):
        known = True
        about = one.get("involvedObject") or {}
        if namespace in ("", about.get("namespace", "")) and all(
            about.get(name.removeprefix("involvedObject.")) == value for name, value in wanted.items()
        ):
            found.append(one)
    return (
        json.dumps({"kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": found}).encode()
        if known
        else None
    )


def _items(root: str, namespace: str, resource: str, lists: Lists) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    paths = [f"{root}/{resource}", *([f"{root}/namespaces/{namespace}/{resource}"] if namespace else [])]
    for path in paths:
        for body in lists(path):
            try:
                listed = json.loads(body)
            except (ValueError, RecursionError):
                continue
            if not isinstance(listed, dict):
                continue
            rows = [one.get("object") for one in listed.get("rows") or () if isinstance(one, dict)]
            for one in (*(listed.get("items") or ()), *rows):
                if isinstance(one, dict):
                    yield listed, one


def _head(listed: dict[str, Any]) -> dict[str, Any]:
    """What the items of a list of a built-in kind leave out."""
    kind, version = listed.get("kind"), listed.get("apiVersion")
    return {"kind": str(kind).removesuffix("List"), "apiVersion": version} if kind and kind != "Table" else {}
