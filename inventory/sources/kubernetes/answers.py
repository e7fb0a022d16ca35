"""Lists and watch events, taken apart: each object a resource at once, its JSON forgotten.

Of Secrets only the columns of a table are asked for, so that their values never leave the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.configuration import KubeSecret
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.workloads import Pod
from inventory.sources.decode import AnswerError
from inventory.sources.kubernetes.configuration import TLS_TYPE
from inventory.sources.kubernetes.kinds import ServedKind
from inventory.sources.kubernetes.objects import custom, translate
from inventory.sources.kubernetes.swift import pod, pod_event
from inventory.sources.kubernetes.transport import JSON

TABLE = f"{JSON};as=Table;g=meta.k8s.io;v=v1"
METADATA = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
ONE_METADATA = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
INITIAL_END = "k8s.io/initial-events-end"
NOT_ASKED = Gap(
    Reason.UNSUPPORTED,
    "data[tls.crt]",
    "certificates in Secrets are read only with read_tls_secrets = true in [kubernetes]",
)
"""Why a Secret's certificate is not known."""
_NO_TYPE = Gap(Reason.UNSUPPORTED, "type", "this server tells only the metadata of Secrets")


class _ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class Page(msgspec.Struct, frozen=True):
    """One answer to a list; of a table, `rows`."""

    kind: str = ""
    metadata: _ListMeta = _ListMeta()
    items: list[msgspec.Raw] | None = None
    rows: list[msgspec.Raw] | None = None


class Event(msgspec.Struct, frozen=True):
    """One line of a watch."""

    type: str
    object: msgspec.Raw


class _BookmarkMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    annotations: dict[str, str] | None = None


class _Marked(msgspec.Struct, frozen=True):
    metadata: _BookmarkMeta = _BookmarkMeta()


class _Row(msgspec.Struct, frozen=True):
    cells: tuple[Any, ...] = ()
    object: msgspec.Raw = msgspec.Raw()


class _Rows(msgspec.Struct, frozen=True):
    kind: str = ""
    metadata: _BookmarkMeta = _BookmarkMeta()
    rows: list[_Row] | None = None


page = msgspec.json.Decoder(Page).decode
event = msgspec.json.Decoder(Event).decode
_marked = msgspec.json.Decoder(_Marked).decode
_row = msgspec.json.Decoder(_Row).decode
_rows = msgspec.json.Decoder(_Rows).decode
MALFORMED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, AnswerError)


class Bookmark(msgspec.Struct, frozen=True):
    """How far the server has come; `initial` when everything that was there has been told."""

    version: str
    initial: bool


Certificates = Callable[[str, str, str], Any]
"""What is known of the certificate in a Secret: by namespace, name and resource version."""


def not_asked(_namespace: str, _name: str, _version: str) -> Gap:
    """Nobody is allowed to read them."""
    return NOT_ASKED


class Reading(msgspec.Struct, frozen=True):
    """How the objects of one kind are read: `served` at `version`; `named` is the kind of a custom one.

    `now` gives the time to note; `certificates` answers for Secrets of TLS type.
    """

    served: ServedKind
    version: str
    source: str
    now: Callable[[], float]
    named: str = ""
    certificates: Certificates = not_asked

    @property
    def api_version(self) -> str:
        """As in `apiVersion`."""
        return f"{self.served.group}/{self.version}" if self.served.group else self.version

    @property
    def secret(self) -> bool:
        """Whether values must not be asked for."""
        return self.served.family is KubeSecret

    def accept(self, *, table: bool) -> str:
        """The form to ask for."""
        if not self.secret:
            return JSON
        return TABLE if table else METADATA

    def resources(self, found: Page) -> list[KubeResource]:
        """The objects of one page. An object that cannot be read is left out. Raises one of `MALFORMED`."""
        if self.secret and found.kind == "Table":
            return self._each(self._of_row, found.rows or ())
        return self._each(self._one, found.items or ())

    def event(self, line: bytes) -> tuple[str, list[KubeResource] | None, msgspec.Raw]:
        """One line of a watch: its type, and the objects or else their JSON. Raises one of `MALFORMED`."""
        if self.served.family is Pod:
            swift = pod_event(line, self.source, self.now())
            if swift is not None:
                return swift[0], [swift[1]], msgspec.Raw()
        found = event(line)
        return found.type, None, found.object

    def told(self, raw: msgspec.Raw) -> list[KubeResource]:
        """The object of one event, or none when it cannot be read."""
        if self.secret:
            table = _rows(raw)
            if table.kind == "Table":
                return [self._secret(one) for one in table.rows or ()]
        return [self._one(raw)]

    def bookmark(self, raw: msgspec.Raw) -> Bookmark:
        """The position that an event of type BOOKMARK tells."""
        meta = _marked(raw).metadata
        if self.secret and not meta.resource_version:
            for one in _rows(raw).rows or ():
                meta = _marked(one.object).metadata
        return Bookmark(meta.resource_version, (meta.annotations or {}).get(INITIAL_END) == "true")

    def _each(self, make: Callable[[msgspec.Raw], KubeResource], raws: Iterable[msgspec.Raw]) -> list[KubeResource]:
        made: list[KubeResource] = []
        for raw in raws:
            try:
                made.append(make(raw))
            except MALFORMED:
                continue
        return made

    def _one(self, raw: msgspec.Raw) -> KubeResource:
        if self.secret:
            return self._secret(_Row((), raw))
        if self.served.family is Pod:
            swift = pod(raw, self.source, self.now())
            if swift is not None:
                return swift
        if self.named:
            return custom(raw, self.source, self.now(), self.api_version, self.named)
        return translate(self.served.family, raw, self.source, self.now(), api_version=self.api_version)

    def _of_row(self, raw: msgspec.Raw) -> KubeResource:
        return self._secret(_row(raw))

    def _secret(self, row: _Row) -> KubeSecret:
        """Of the columns Name, Type, Data, Age and the metadata. Values that an odd server sent are not looked at."""
        head = translate(KubeSecret, _without_values(row.object), self.source, self.now(), api_version=self.api_version)
        values = {name: head.peek(name) for name in head.field_names if name not in {"gaps", "raw"}}
        kind, count = (*row.cells, None, None, None)[1:3]
        known = isinstance(kind, str)
        values["type"] = kind if known else _NO_TYPE
        values["count"] = count if isinstance(count, int) else _NO_TYPE
        values["certificate"] = None if known else _NO_TYPE
        if kind == TLS_TYPE:
            values["certificate"] = self.certificates(head.namespace, head.name, head.resource_version)
        values["api_version"] = self.api_version
        labels = head.gaps.get("labels")
        return KubeSecret.build(**values, gaps={"labels": labels} if labels else {})


class _OnlyMetadata(msgspec.Struct, frozen=True):
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


_only_metadata = msgspec.json.Decoder(_OnlyMetadata).decode


def _without_values(raw: msgspec.Raw) -> bytes:
    return b'{"metadata":' + bytes(_only_metadata(raw).metadata) + b"}"
