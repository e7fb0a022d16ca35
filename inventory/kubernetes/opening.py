"""What a part of a cluster answers to somebody without credentials. Known only where somebody asked for a look."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from inventory.resource import Kind, Resource

API, KUBELET, ETCD = "api-server", "kubelet", "etcd"


class Answer(msgspec.Struct, frozen=True):
    """What one GET without credentials brought. `code` is the HTTP status, 0 for none; then `said` tells why.

    `reached`: something accepted the connection, even if it then wanted a certificate. None: nothing came in time, so
    nobody knows.
    """

    url: str
    code: int
    said: str = ""
    reached: bool | None = True


class Opening(Resource):
    """One program at one address after one look. `component`: api-server, kubelet, etcd. `node` is "" for a URL."""

    kind: ClassVar[Kind] = Kind.OPENING

    component: str
    address: str
    node: str
    answers: tuple[Answer, ...]
