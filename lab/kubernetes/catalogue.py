"""Which kinds the server knows: as its recorded discovery lists them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.kubernetes.problem import dumped

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
DATA = Path(__file__).resolve().parents[2] / "tests" / "data" / "kubernetes-api"


@dataclass(frozen=True, slots=True)
class Served:
    """A kind under the version that objects are stored in."""

    group: str
    version: str
    resource: str
    kind: str
    namespaced: bool
    custom: bool

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def head(self) -> bytes:
        """What a whole object has before the members of a list's item."""
        if self.custom:
            return b'{"apiVersion":"%s","kind":"%s",' % (self.api_version.encode(), self.kind.encode())
        return b'{"kind":"%s","apiVersion":"%s",' % (self.kind.encode(), self.api_version.encode())

    def whole(self, bare: bytes) -> bytes:
        """A whole object of a list's item."""
        return self.head + bare[1:]

    def path(self, namespace: str = "", name: str = "") -> str:
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        where = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}{where}/{self.resource}" + (f"/{name}" if name else "")


_BUILT_IN = ("", "apps", "batch", "autoscaling", "policy", "extensions")


class Catalogue:
    """`hidden` groups and resources (`group/resource`) are as if not installed."""

    def __init__(self, data: Path = DATA) -> None:
        self._core = json.loads((data / "GET_api.aggregated.json").read_bytes())
        self._groups = json.loads((data / "GET_apis.aggregated.json").read_bytes())
        self._plain = json.loads((data / "GET_apis.json").read_bytes())
        self._recorded = {
            path.name: path.read_bytes() for path in data.glob("GET_api*_v*.json") if "@" not in path.name
        }
        self.hidden: set[str] = set()
        self.dead: set[str] = {
            group["metadata"]["name"]
            for group in self._groups["items"]
            if any(version.get("freshness") == "Stale" for version in group["versions"])
        }
        self.kinds: dict[tuple[str, str], Served] = {}
        for name, version, listed in self._listed():
            custom = not (name in _BUILT_IN or name.endswith(".k8s.io")) or name == "gateway.networking.k8s.io"
            custom = custom or name.endswith("wgpolicyk8s.io")
            kind, namespaced = listed["responseKind"]["kind"], listed["scope"] == "Namespaced"
            one = Served(name, version, listed["resource"], kind, namespaced, custom)
            self.kinds.setdefault((name, one.resource), one)

    def _listed(self) -> Iterable[tuple[str, str, dict[str, Any]]]:
        for document in (self._core, self._groups):
            for group in document["items"]:
                for version in group["versions"]:
                    for resource in version.get("resources", ()):
                        yield group["metadata"].get("name", ""), version["version"], resource

    def find(self, resource: str) -> Served:
        """By plural, `group/plural`, or kind; what is not in an extension server first."""
        if "/" in resource:
            group, _, plural = resource.rpartition("/")
            return self.kinds[group, plural]
        found = [one for one in self.kinds.values() if resource in (one.resource, one.kind)]
        if not found:
            raise KeyError(resource)
        return found[0]

    def served(self, group: str, version: str, resource: str) -> Served | None:
        """The kind, where this version of it is served."""
        if group in self.hidden or f"{group}/{resource}" in self.hidden:
            return None
        if not any((group, version, resource) == (name, at, one["resource"]) for name, at, one in self._listed()):
            return None
        return self.kinds.get((group, resource))

    def versions(self, group: str) -> list[str]:
        for one in (*self._core["items"], *self._groups["items"]):
            if one["metadata"].get("name", "") == group and group not in self.hidden:
                return [version["version"] for version in one["versions"]]
        return []

    def aggregated(self, root: str) -> bytes:
        """`APIGroupDiscoveryList` of `/api` or `/apis`."""
        document = self._core if root == "/api" else self._groups
        kept = []
        for group in document["items"]:
            name = group["metadata"].get("name", "")
            if name in self.hidden:
                continue
            versions = [
                {**version, "resources": [
                    one for one in version["resources"] if f"{name}/{one['resource']}" not in self.hidden
                ]} if "resources" in version else version
                for version in group["versions"]
            ]  # fmt: skip
            kept.append({**group, "versions": versions})
        return dumped({**document, "items": kept})

    def groups(self) -> bytes:
        """`APIGroupList`."""
        kept = [one for one in self._plain["groups"] if one["name"] not in self.hidden]
        return dumped({**self._plain, "groups": kept})

    def resources(self, group: str, version: str) -> bytes | None:
        """`APIResourceList` of one group and version: as recorded, else made from the aggregated one."""
        if version not in self.versions(group):
            return None
        hidden = any(one.startswith(f"{group}/") for one in self.hidden)
        stem = f"GET_apis_{group}_{version}.json" if group else f"GET_api_{version}.json"
        if stem in self._recorded and not hidden:
            return self._recorded[stem]
        listed = []
        for name, at, one in self._listed():
            if (name, at) != (group, version) or f"{group}/{one['resource']}" in self.hidden:
                continue
            base: dict[str, Any] = {
                "singularName": one.get("singularResource", ""), "namespaced": one["scope"] == "Namespaced",
                "kind": one["responseKind"]["kind"],
            }  # fmt: skip
            extra: dict[str, Any] = {key: one[key] for key in ("shortNames", "categories") if key in one}
            listed.append({"name": one["resource"], **base, "verbs": one["verbs"], **extra})
            for sub in one.get("subresources", ()):
                kind = (sub.get("responseKind") or {}).get("kind", base["kind"])
                name_of = f"{one['resource']}/{sub['subresource']}"
                listed.append({**base, "name": name_of, "kind": kind, "verbs": sub["verbs"]})
        where = f"{group}/{version}" if group else version
        return dumped({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": where, "resources": listed})
