"""Which answer a request gets."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lab.kubernetes import reviews, tables
from lab.kubernetes.accounts import Access, Account, Accounts, Wish
from lab.kubernetes.captured import others
from lab.kubernetes.catalogue import AGGREGATED, Served
from lab.kubernetes.cluster import Cluster, Collection, page, stamp
from lab.kubernetes.entry import Entry
from lab.kubernetes.journal import Request
from lab.kubernetes.logs import log
from lab.kubernetes.problem import JSON, Problem, bad, dumped, gone, no_object, no_page, no_resource
from lab.kubernetes.selectors import Match, both, by_field, by_label
from lab.kubernetes.watching import OpenWatch, Render, WatchRequest, events

_OBJECT = re.compile(
    r"^/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]))?/(?P<resource>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>.+))?$"
)
_PARTS_OF_NAMESPACE = ("status", "finalize")
_PLAIN = "text/plain; charset=utf-8"
_BATCH = 200


@dataclass(slots=True)
class Manners:
    """How this server is set up, apart from what it holds."""

    watch_list: str = "served"
    """`served`; `refused` (422, the feature is off); `ignored` (older than 1.27)."""
    aggregated: bool = True
    http_gone: bool = False
    """Watches from a compacted version get HTTP 410 instead of an ERROR event."""
    bookmark_every: float = 60.0
    version: dict[str, str] = field(default_factory=dict)
    """What `/version` says differently."""


class Answer(NamedTuple):
    """`body` in pieces. `stream`: one that goes on."""

    status: int
    kind: str
    body: Iterable[bytes]
    stream: bool = False
    headers: dict[str, str] = {}


class Answers:
    """The API over a cluster."""

    def __init__(self, cluster: Cluster, accounts: Accounts, manners: Manners) -> None:
        self.cluster = cluster
        self.accounts = accounts
        self.manners = manners
        self.access = Access(cluster)
        self.watches: set[OpenWatch] = set()

    def answer(self, account: Account, request: Request, body: bytes, going: Callable[[], bool]) -> Answer:
        """Raises `Problem` where it is refused."""
        if request.method == "POST":
            return self._post(account, request, body)
        found = _OBJECT.match(request.path)
        if found is None:
            self.access.demand(account, Wish(request.method.lower(), path=request.path))
        if request.method not in ("GET", "HEAD"):
            message = "the server does not allow this method on the requested resource"
            raise Problem(405, "MethodNotAllowed", message, details={})
        return self._resource(account, request, found, going) if found else self._root(request)

    def _root(self, request: Request) -> Answer:
        path, catalogue = request.path, self.cluster.catalogue
        if path in ("/api", "/apis"):
            if self.manners.aggregated and "APIGroupDiscoveryList" in request.accept:
                return Answer(200, AGGREGATED, [catalogue.aggregated(path)])
            if path == "/apis":
                return Answer(200, JSON, [catalogue.groups()])
        if path == "/version":
            plain = json.loads(others()["/version", "admin"][2])
            return Answer(200, JSON, [json.dumps({**plain, **self.manners.version}, indent=2).encode()])
        if found := re.match(r"^/(?:api/(v1)|apis/([^/]+)/([^/]+))$", path):
            group, version = found[2] or "", found[1] or found[3]
            self._alive(group)
            if (listed := catalogue.resources(group, version)) is None:
                raise no_page()
            return Answer(200, JSON, [listed])
        if path == "/healthz":
            return Answer(200, _PLAIN, [b"ok"])
        return self._recorded(request) or _raise(no_page())

    @staticmethod
    def _recorded(request: Request) -> Answer | None:
        """An answer that was recorded and is made of no objects here."""
        found = others().get((request.target, "admin")) or others().get((request.path, "admin"))
        return Answer(found[0], found[1], [found[2]]) if found else None

    def _alive(self, group: str) -> None:
        if group in self.cluster.catalogue.dead and group not in self.cluster.catalogue.hidden:
            raise Problem(503, "", "service unavailable\n", text=True)

    def _resource(self, account: Account, request: Request, found: re.Match[str], going: Callable[[], bool]) -> Answer:
        group, version = found["group"] or "", found["core"] or found["version"]
        resource, name, sub = found["resource"], found["name"] or "", found["sub"] or ""
        namespace = found["namespace"] or ""
        if resource in _PARTS_OF_NAMESPACE and namespace:
            resource, name, namespace, sub = "namespaces", namespace, "", resource
        watch = request.watch and not name
        verb = "watch" if watch else "get" if name else "list"
        where = namespace or (name if (group, resource) == ("", "namespaces") else "")
        what = f"{resource}/{sub.partition('/')[0]}" if sub else resource
        self.access.demand(account, Wish(verb, group, what, where, name))
        self._alive(group)
        kind = self.cluster.catalogue.served(group, version, resource)
        if kind is None:
            raise no_resource() if self.cluster.catalogue.versions(group) else no_page()
        if group in ("metrics.k8s.io", "events.k8s.io"):
            return self._recorded(request) or _raise(no_resource())
        self._acceptable(request)
        collection = self.cluster.collection(kind)
        if name:
            return self._one(request, collection, namespace, name, sub, going)
        if watch:
            return self._watch(account, request, collection, namespace)
        return self._list(request, collection, namespace)

    @staticmethod
    def _acceptable(request: Request) -> None:
        if request.accept and not any(one in request.accept for one in ("json", "*/*", "application/*")):
            words = (
                "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
                "application/vnd.kubernetes.protobuf, application/json;stream=watch, "
                "application/vnd.kubernetes.protobuf;stream=watch"
            )
            raise Problem(406, "NotAcceptable", words, details={})

    def _one(
        self, request: Request, collection: Collection, namespace: str, name: str, sub: str, going: Callable[[], bool]
    ) -> Answer:
        kind = collection.kind
        if kind.resource == "pods" and sub == "log":
            lines = log(self.cluster, namespace, name, request.query, request.target.partition("?")[2], going)
            follow = request.query.get("follow") in ("true", "1")
            return Answer(204, "", []) if lines is None else Answer(200, "text/plain", lines, stream=follow)
        if kind.resource == "pods" and sub in ("exec", "attach", "portforward"):
            raise bad("Upgrade request required")
        with self.cluster.changed:
            entry = collection.entries.get(f"{namespace}/{name}" if namespace else name)
        if entry is None:
            raise no_object(kind.group, kind.resource, name)
        if kind.resource == "nodes" and sub == "proxy/configz":
            return self._configz(entry)
        if sub not in ("", "status"):
            raise no_resource()
        render, kind_of, _ = self._render(request, kind)
        if kind_of == "Table":
            head, tail = self._table(kind, "", "", 0)
            return Answer(200, JSON, [head, render(entry), tail])
        return Answer(200, JSON, [render(entry) + b"\n"])

    def _configz(self, node: Entry) -> Answer:
        conditions = (node.object().get("status") or {}).get("conditions") or ()
        if not any(one["type"] == "Ready" and one["status"] == "True" for one in conditions):
            words = f"error trying to reach service: dial tcp: connect to {node.name}:10250: no route to host"
            raise Problem(503, "ServiceUnavailable", words)
        return Answer(200, JSON, [dumped({"kubeletconfig": self.cluster.configz.get(node.name, KUBELET)})])

    def _select(self, request: Request, kind: Served, namespace: str) -> Match | None:
        chosen = both(
            by_label(request.query.get("labelSelector", "")),
            by_field(request.query.get("fieldSelector", ""), kind.resource),
        )
        return both((lambda entry: entry.namespace == namespace) if namespace else None, chosen)

    def _render(self, request: Request, kind: Served, whole: bool = True) -> tuple[Render, str, str]:
        """How to write an object, the kind and the API version of the list of them."""
        if "as=PartialObjectMetadata" in request.accept:
            return tables.partial, "PartialObjectMetadataList", "meta.k8s.io/v1"
        if "as=Table" in request.accept:
            include = request.query.get("includeObject", "Metadata")
            return (lambda entry: tables.row(kind, entry, include)), "Table", "meta.k8s.io/v1"
        if whole or kind.custom:
            return (lambda entry: kind.whole(entry.raw())), f"{kind.kind}List", kind.api_version
        return (lambda entry: entry.raw()), f"{kind.kind}List", kind.api_version

    def _list(self, request: Request, collection: Collection, namespace: str) -> Answer:
        kind, query = collection.kind, request.query
        match = self._select(request, kind, namespace)
        limit = 0 if query.get("resourceVersion") == "0" else _number(query, "limit")
        start = ""
        with self.cluster.changed:
            version = shown = self.cluster.version
            if query.get("continue"):
                at, start = self._continued(query["continue"])
                shown = version if at < 0 else at
            elif _number(query, "resourceVersion") > version:
                raise _future(query["resourceVersion"], version)
            elif query.get("resourceVersionMatch") == "Exact":
                shown = _number(query, "resourceVersion")
                if shown < self.cluster.compacted:
                    raise gone("The resourceVersion for the provided list is too old.")
            entries, keys = collection.as_of(shown)
            if match is not None:
                keys = [key for key in keys if match(entries[key])]
            keys, rest = page(keys, start, limit)
            chosen = [entries[key] for key in keys]
        token = _token(shown, keys[-1] + "\0") if rest else ""
        render, name, api = self._render(request, kind, whole=False)
        if name == "Table":
            head, tail = self._table(kind, str(shown), token, 0 if match else rest)
        else:
            head, tail = _head(name, api, str(shown), token, 0 if match else rest), b"]}\n"
        return Answer(200, JSON, _joined(head, chosen, render, tail), headers=_warning(kind))

    def _continued(self, token: str) -> tuple[int, str]:
        try:
            read = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            at, start = int(read["rv"]), str(read["start"]).removeprefix("/")
        except (ValueError, KeyError, TypeError):
            words = "invalid character '\\x81' looking for beginning of value"
            raise bad(f"invalid continue token: continue key is not valid: {words}") from None
        if 0 <= at < self.cluster.compacted:
            words = (
                "The provided continue parameter is too old to display a consistent list result. You can start a new "
                "list without the continue parameter, or use the continue token in this response to retrieve the "
                "remainder of the results. Continuing with the provided token results in an inconsistent list - "
                "objects that were created, modified, or deleted between the time the first chunk was returned and "
                "now may show up in the list."
            )
            raise gone(words, {"continue": _token(-1, start)})
        return at, start

    @staticmethod
    def _table(kind: Served, version: str, token: str, rest: int) -> tuple[bytes, bytes]:
        head = _head("Table", "meta.k8s.io/v1", version, token, rest)
        return head.replace(b'"items":[', b'"columnDefinitions":%s,"rows":[' % dumped(tables.columns(kind))), b"]}\n"

    def _watch(self, account: Account, request: Request, collection: Collection, namespace: str) -> Answer:
        query, kind = request.query, collection.kind
        initial = query.get("sendInitialEvents") == "true"
        if initial and self.manners.watch_list == "refused":
            words = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
            raise _invalid("Forbidden", words)
        if initial and self.manners.watch_list == "served" and query.get("resourceVersionMatch") != "NotOlderThan":
            words = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            raise _invalid("Forbidden", words)
        version = _number(query, "resourceVersion")
        if self.manners.http_gone and 0 < version < self.cluster.compacted:
            raise gone(f"too old resource version: {version} ({self.cluster.compacted})")
        render, name, api = self._render(request, kind)
        if name == "Table":
            render = self._table_events(kind, render)
        opened = OpenWatch(request.path, account.name)
        asked = WatchRequest(
            collection, self._select(request, kind, namespace), render, version,
            bookmarks=query.get("allowWatchBookmarks") in ("true", "1"),
            initial=initial and self.manners.watch_list == "served",
            timeout=_number(query, "timeoutSeconds"), bookmark_every=self.manners.bookmark_every,
            form=name.removesuffix("List") if api == "meta.k8s.io/v1" else "", opened=opened,
        )  # fmt: skip
        return Answer(200, JSON, self._going(opened, events(self.cluster, asked)), True, _warning(kind))

    def _going(self, opened: OpenWatch, lines: Iterator[bytes]) -> Iterator[bytes]:
        self.watches.add(opened)
        try:
            yield from lines
        finally:
            self.watches.discard(opened)

    def _table_events(self, kind: Served, row: Render) -> Render:
        """Each event of a watch of tables holds a table of one row; the first names the columns."""
        named = False

        def render(entry: Entry) -> bytes:
            nonlocal named
            columns, named = b"null" if named else dumped(tables.columns(kind)), True
            head = _head("Table", "meta.k8s.io/v1", str(entry.version), "", 0)
            return head.replace(b'"items":[', b'"columnDefinitions":%s,"rows":[' % columns) + row(entry) + b"]}"

        return render

    def _post(self, account: Account, request: Request, body: bytes) -> Answer:
        try:
            asked = reviews.read(body)
        except ValueError as error:
            raise bad(f"the object provided is unrecognized: {error}") from None
        head = {"kind": asked.get("kind", ""), "apiVersion": asked.get("apiVersion", ""), "metadata": {}}
        spec, kind = asked.get("spec") or {}, request.path.rpartition("/")[2]
        if kind == "selfsubjectreviews":
            info = {"username": account.user, **({"uid": account.uid} if account.uid else {}), "groups": account.groups}
            status: dict[str, Any] = {"userInfo": info}
            head["metadata"] = {"creationTimestamp": stamp()}
            return Answer(201, JSON, [dumped({**head, "status": status})])
        if account.name == "anonymous" and kind.startswith("selfsubject"):
            self.access.demand(account, Wish("create", "authorization.k8s.io", kind))
        if kind == "selfsubjectaccessreviews":
            reason = self.access.allowed(account, _wish(spec))
            status = {"allowed": reason is not None, **({"reason": reason} if reason else {})}
            return Answer(201, JSON, [dumped({**head, "spec": spec, "status": status})])
        if kind == "selfsubjectrulesreviews":
            resources, paths = self.access.rules(account, str(spec.get("namespace", "")))
            status = {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}
            return Answer(201, JSON, [dumped({**head, "spec": {}, "status": status})])
        raise Problem(
            405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details={}
        )


def _wish(spec: dict[str, Any]) -> Wish:
    plain = spec.get("nonResourceAttributes")
    if plain:
        return Wish(plain.get("verb", ""), path=plain.get("path", ""))
    asked = spec.get("resourceAttributes") or {}
    resource = asked.get("resource", "") + (f"/{asked['subresource']}" if asked.get("subresource") else "")
    return Wish(
        asked.get("verb", ""), asked.get("group", ""), resource, asked.get("namespace", ""), asked.get("name", "")
    )


def _joined(head: bytes, entries: list[Entry], render: Render, tail: bytes) -> Iterator[bytes]:
    yield head
    for at in range(0, len(entries), _BATCH):
        yield (b"," if at else b"") + b",".join(map(render, entries[at : at + _BATCH]))
    yield tail


def _head(kind: str, api: str, version: str, token: str, rest: int) -> bytes:
    meta: dict[str, Any] = {"resourceVersion": version}
    if token:
        meta["continue"] = token
        if rest:
            meta["remainingItemCount"] = rest
    return dumped({"kind": kind, "apiVersion": api, "metadata": meta})[:-1] + b',"items":['


def _token(version: int, start: str) -> str:
    plain = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": f"/{start}"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _number(query: dict[str, str], name: str) -> int:
    try:
        return int(query.get(name) or 0)
    except ValueError:
        raise bad(f'strconv.ParseUint: parsing "{query[name]}": invalid syntax') from None


def _future(asked: str, version: int) -> Problem:
    words = "Too large resource version"
    details = {"causes": [{"reason": "ResourceVersionTooLarge", "message": words}], "retryAfterSeconds": 1}
    message = f"Timeout: {words}: {asked}, current: {version}"
    return Problem(504, "Timeout", message, details=details, headers={"Retry-After": "1"})


def _invalid(reason: str, words: str) -> Problem:
    causes = [{"reason": f"FieldValue{reason}", "message": f"{reason}: {words}", "field": "sendInitialEvents"}]
    details = {"group": "meta.k8s.io", "kind": "ListOptions", "causes": causes}
    message = f'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: {reason}: {words}'
    return Problem(422, "Invalid", message, details=details)


def _warning(kind: Served) -> dict[str, str]:
    words = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
    return {"Warning": f'299 - "{words}"'} if (kind.group, kind.resource) == ("", "endpoints") else {}


def _raise(problem: Problem) -> Answer:
    raise problem


KUBELET: dict[str, Any] = {
    "kind": "KubeletConfiguration",
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "port": 10250,
    "readOnlyPort": 0,
    "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True}, "x509": {}},
    "authorization": {"mode": "Webhook"},
    "rotateCertificates": True,
    "protectKernelDefaults": False,
    "makeIPTablesUtilChains": True,
    "eventRecordQPS": 50,
    "streamingConnectionIdleTimeout": "4h0m0s",
    "tlsCipherSuites": [],
    "maxPods": 110,
}
"""What a kubelet says of itself, unless `Cluster.configz` has something else."""
