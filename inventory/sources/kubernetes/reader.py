"""What the drill-down reads on demand: one object, its events, the logs of a container. It only looks, as all else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import ApiResource, CustomResource
from inventory.kubernetes.configuration import KubeEvent, KubeSecret
from inventory.kubernetes.resource import KubeResource
from inventory.sources.decode import AnswerError, plain
from inventory.sources.kubernetes.answers import MALFORMED, ONE_METADATA, Reading, page
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.kinds import SERVED, ServedKind
from inventory.sources.kubernetes.objects import LAST_APPLIED
from inventory.sources.kubernetes.transport import JSON, Api, Stream

DEADLINE = 10.0
LOGS_DEADLINE = 20.0
LARGEST_LOG = 64 << 20
_LARGEST = 32 << 20
_EVENTS = next(one for one in SERVED if one.family is KubeEvent)
_ANY = "*/*"


class ClusterReader:
    """May be used from any thread; every answer has a deadline. Errors come as a `Gap`."""

    def __init__(self, api: Api, source: str, resources: Callable[[], Iterable[ApiResource]] = tuple) -> None:
        self._api = api
        self._source = source
        self._resources = resources  # what is served, to find objects of kinds that we do not know

    def object(self, resource: KubeResource) -> bytes | Gap:
        """The whole object as JSON, as it is now. Of a Secret the metadata alone, without what was applied last."""
        path = path_of(resource, self._resources())
        if path is None:
            return Gap(Reason.UNSUPPORTED, resource.key.kind.value, "not an object of the API")
        secret = isinstance(resource, KubeSecret)
        try:
            raw = self._api.get(path, accept=ONE_METADATA if secret else JSON, deadline=DEADLINE, limit=_LARGEST)
            return _bare(raw) if secret else raw
        except ApiError as error:
            return error.gap(f"GET {path}")
        except AnswerError as error:
            return error.gap(f"GET {path}")

    def events(self, namespace: str, name: str = "", uid: str = "") -> tuple[KubeEvent, ...] | Gap:
        """What happened to an object, the latest first."""
        path = _EVENTS.path("v1", namespace)
        fields = {"involvedObject.name": name, "involvedObject.uid": uid}
        query = {"fieldSelector": ",".join(f"{key}={value}" for key, value in fields.items() if value)}
        reading = Reading(_EVENTS, "v1", self._source, lambda: 0.0)
        try:
            found = reading.resources(page(self._api.get(path, query, deadline=DEADLINE, limit=_LARGEST)))
        except ApiError as error:
            return error.gap(f"GET {path}")
        except MALFORMED:
            return Gap(Reason.MALFORMED, f"GET {path}")
        events = [one for one in found if isinstance(one, KubeEvent)]
        return tuple(sorted(events, key=lambda one: -_number(one.peek("last_seen"))))

    def logs(
        self, namespace: str, pod: str, container: str, *, tail: int = 500, previous: bool = False,
        timestamps: bool = True, since: int = 0,
    ) -> bytes | Gap:  # fmt: skip
        """The last lines that a container wrote; `previous`: the one before the last restart; `since` in seconds."""
        path = _log_path(namespace, pod)
        query = _log_query(container, tail, previous, timestamps, since)
        try:
            return self._api.get(path, query, accept=_ANY, deadline=LOGS_DEADLINE, limit=LARGEST_LOG)
        except ApiError as error:
            return error.gap(f"GET {path}")

    def follow(
        self, namespace: str, pod: str, container: str, *, tail: int = 500, timestamps: bool = True,
        silence: float = 3600.0,
    ) -> Stream | Gap:  # fmt: skip
        """What a container writes from now on, as it comes; `close` ends it. Iterating raises `ApiError`."""
        path = _log_path(namespace, pod)
        query = _log_query(container, tail, False, timestamps, 0) | {"follow": "true"}
        try:
            return self._api.stream(path, query, accept=_ANY, deadline=LOGS_DEADLINE, silence=silence)
        except ApiError as error:
            return error.gap(f"GET {path}")


def path_of(resource: KubeResource, resources: Iterable[ApiResource] = ()) -> str | None:
    """Where the server has the object; None for what is no object of the API, or of a kind that is not served."""
    version = resource.api_version.rpartition("/")[2]
    for served in SERVED:
        if isinstance(resource, served.family):
            return served.path(version or served.versions[0], resource.namespace, resource.name)
    if isinstance(resource, CustomResource):
        for one in resources:
            if (one.group, one.kind) == (resource.api_group, resource.api_object):
                served = ServedKind(CustomResource, one.group, (version,), one.resource, one.namespaced)
                return served.path(version, resource.namespace, resource.name)
    return None


def _bare(raw: bytes) -> bytes:
    """A Secret's metadata without the annotation that repeats its values, whatever the server sent besides."""
    found: Any = plain(raw)
    if not isinstance(found, dict):
        raise AnswerError("not an object")
    metadata = found.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("annotations"), dict):
        metadata["annotations"].pop(LAST_APPLIED, None)
    kept = {name: found[name] for name in ("apiVersion", "kind") if name in found}
    return json.dumps({**kept, "metadata": metadata}).encode()


def _log_path(namespace: str, pod: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods/{pod}/log"


def _log_query(container: str, tail: int, previous: bool, timestamps: bool, since: int) -> dict[str, str]:
    query = {"container": container, "tailLines": str(tail)}
    flags = {"previous": previous, "timestamps": timestamps}
    query |= {name: "true" for name, wanted in flags.items() if wanted}
    return query | ({"sinceSeconds": str(since)} if since else {})


def _number(value: Any) -> float:
    return value if isinstance(value, float) else 0.0


def lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """The lines of a log as they come; a longer one than 64 KiB is broken."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.decode("utf-8", "replace").removesuffix("\r") for line in whole)
        while len(rest) > 64 << 10:
            yield rest[: 64 << 10].decode("utf-8", "replace")
            rest = rest[64 << 10 :]
    if rest:
        yield rest.decode("utf-8", "replace")
