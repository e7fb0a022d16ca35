"""The recorded cluster: its lists as objects, and its other answers as they were."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from lab.kubernetes.catalogue import DATA, Catalogue
from lab.kubernetes.cluster import Cluster
from lab.kubernetes.entry import Entry, items

_EVENTS = "GET_api_v1_events__fieldSelector=type=Warning_limit=150.json"
_LEASES = "GET_apis_coordination.k8s.io_v1_namespaces_kube-node-lease_leases.json"


def recorded(data: Path = DATA) -> Cluster:
    """A cluster that holds what the recorded lists hold."""
    cluster = Cluster(Catalogue(data))
    for kind in cluster.catalogue.kinds.values():
        stem = f"GET{kind.path().replace('/', '_')}.json"
        name = {"events": _EVENTS, "leases": _LEASES}.get(kind.resource, stem)
        if kind.group in ("events.k8s.io", "metrics.k8s.io") or not (data / name).exists():
            continue
        body = (data / name).read_text(encoding="utf-8")
        version = int(json.loads(body)["metadata"].get("resourceVersion") or 0)
        cluster.load(kind, [_entry(item) for item in items(body)], version)
    return cluster


def _entry(item: str) -> Entry:
    """Of a list's item, byte by byte as it was but for kind and version of custom resources."""
    document = json.loads(item)
    meta = document["metadata"]
    if "kind" in document:
        return Entry.of(document, int(meta.get("resourceVersion") or 1))
    version = int(meta.get("resourceVersion") or 1)
    return Entry(item.encode(), meta.get("namespace", ""), meta["name"], version)


@cache
def others(data: Path = DATA) -> dict[tuple[str, str], tuple[int, str, bytes]]:
    """Recorded GET answers that no list explains, by path and account: status, content type, body."""
    found = {}
    for one in json.loads((data / "index.json").read_bytes()):
        if one["method"] != "GET" or one["scheme"] != "https" or "Impersonate-User" in one["requestHeaders"]:
            continue
        kind = {name.lower(): value for name, value in one["responseHeaders"]}.get("content-type", "")
        if one["requestHeaders"].get("Accept", "application/json") == "application/json":
            body = (data / one["file"]).read_bytes()
            found[one["path"], one["account"]] = (one["status"], kind, body)
    return found
