"""What may be asked of an API server at all. Below everything: whoever makes a request passes here.

Looking is GET, but not every GET is looking: `exec`, `attach` and `portforward` run by it, and `proxy` hands it on to
something that may act. POST serves to ask about ourselves alone, which changes nothing.
"""

from __future__ import annotations

import re
from typing import Any

from inventory.gap import Reason
from inventory.sources.kubernetes.errors import ApiError

_SELF = re.compile(
    r"/apis/authorization\.k8s\.io/v1(?:beta1)?/selfsubject(?:access|rules)reviews"
    r"|/apis/authentication\.k8s\.io/v1(?:alpha1|beta1)?/selfsubjectreviews"
)
_NAME = r"[A-Za-z0-9._:~-]+"
_READ = re.compile(rf"/(?:version|api|apis|livez|readyz|healthz)|/api/{_NAME}(?:/{_NAME})*|/apis(?:/{_NAME})+")
_CONFIGZ = re.compile(rf"/api/v1/nodes/{_NAME}/proxy/configz")
_ACTING = frozenset({"exec", "attach", "portforward", "proxy", "eviction", "binding", "token"})
"""Subresources that act, or hand on to something that may."""


class ActingError(ApiError):
    """A request that might do more than look, and was not made."""

    def __init__(self, method: str, path: str) -> None:
        super().__init__(Reason.ERROR, 0, f"{method} {path[:200]!r} is not asked: it might do more than look")


def insist(method: str, path: str) -> None:
    """Raise `ActingError` unless the request only looks."""
    if ".." in path.split("/") or "//" in path:
        raise ActingError(method, path)
    if method == "POST" and _SELF.fullmatch(path):
        return
    if method == "GET" and _READ.fullmatch(path) and (not _acts(path) or _CONFIGZ.fullmatch(path)):
        return
    raise ActingError(method, path)


def _acts(path: str) -> bool:
    """Whether a subresource acts. An object may be named `proxy`; what follows its name may not."""
    words = path.strip("/").split("/")
    root = 2 if words[0] == "api" else 3
    rest = words[root:]
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        rest = rest[2:]
    return any(word in _ACTING for word in rest[2:])


class Looking:
    """A pool of connections that only looks: what `insist` refuses is never sent."""

    def __init__(self, pool: Any, root: str) -> None:
        self._pool = pool
        self._root = root

    @property
    def peer(self) -> bytes:
        """The certificate that the server showed last (DER), b"" without TLS."""
        return next(iter(getattr(self._pool, "peer", ())), b"")

    def urlopen(self, method: str, url: str, **options: Any) -> Any:
        """As urllib3's, for URLs below the server's."""
        if not url.startswith(self._root):
            raise ActingError(method, url)
        path = url[len(self._root) :].partition("?")[0]
        insist(method, path)
        if options.get("redirect") is not False or (method == "GET" and options.get("body") is not None):
            raise ActingError(method, path)
        return self._pool.urlopen(method, url, **options)
