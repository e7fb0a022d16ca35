"""Connections by urllib3, which tell whoever makes a request which one it runs on, so that it can be cut off."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

CURRENT = threading.local()
"""`call`: the request that this thread makes; it is told its connection."""
_KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)
"""A watch may be silent for minutes; that nobody is there any more is noticed in one."""
IDLE = 48
"""Connections that are kept; a watch has one of its own as long as it runs."""


def manager(context: ssl.SSLContext | None, server_name: str, proxy: str) -> Any:
    """A pool manager; `server_name` is the name that the server's certificate must have, "" for that of the URL.

    `proxy` with the name and password that it wants, if it wants any.
    """
    import urllib3

    urllib3.disable_warnings()  # they would be written over the screen; a check says the same
    from urllib3.connection import HTTPConnection

    options: dict[str, Any] = {"maxsize": IDLE, "num_pools": 2}
    options["socket_options"] = [*HTTPConnection.default_socket_options, *_KEEP_ALIVE]
    if context is not None:
        options["ssl_context"] = context
        if server_name:
            options |= {"server_hostname": server_name, "assert_hostname": server_name}
    if not proxy:
        made: Any = urllib3.PoolManager(**options)
    elif proxy.startswith("socks"):
        from urllib3.contrib.socks import SOCKSProxyManager  # needs PySocks, and says so itself

        return SOCKSProxyManager(proxy, **options)  # these have connections of their own kind, bounded by each read
    else:
        user = urlsplit(proxy).netloc.rpartition("@")[0]
        made = urllib3.ProxyManager(
            proxy, proxy_headers=urllib3.make_headers(proxy_basic_auth=unquote(user)) if user else None, **options
        )
    made.peer = []
    made.pool_classes_by_scheme = _classes(made.peer)
    return made


def _classes(peer: list[bytes]) -> dict[str, Any]:
    """Kinds of connections; `peer` is given the certificate that the server showed last (DER)."""
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class Plain(HTTPConnection):
        def connect(self) -> None:
            _note(self)  # a proxy may drip its answer before any request is made
            super().connect()

        def request(self, *words: Any, **options: Any) -> None:
            _note(self)
            super().request(*words, **options)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            _note(self)
            super().connect()
            if isinstance(self.sock, ssl.SSLSocket):
                peer[:] = [self.sock.getpeercert(binary_form=True) or b""]

        def request(self, *words: Any, **options: Any) -> None:
            _note(self)
            super().request(*words, **options)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _note(connection: Any) -> None:
    call = getattr(CURRENT, "call", None)
    if call is not None:
        call.connection = connection


def proxy_of(url: str, environ: Mapping[str, str]) -> str:
    """The proxy that the environment names for a URL, by the rules of kubectl: names, suffixes and networks are left
    out by NO_PROXY, and so is this machine."""
    parts = urlsplit(url)
    name = f"{parts.scheme}_proxy"
    proxy = environ.get(name.upper()) or environ.get(name) or ""
    host = (parts.hostname or "").lower()
    if not proxy or host == "localhost" or _address(host, ("127.0.0.0/8", "::1/128")):
        return ""
    left_out = (environ.get("NO_PROXY") or environ.get("no_proxy") or "").lower()
    for entry in (one.strip() for one in left_out.split(",")):
        bare, _, port = entry.partition(":") if entry.count(":") == 1 else (entry, "", "")
        if port and port != str(parts.port or ""):
            continue
        suffix = bare.lstrip("*").lstrip(".")
        if entry == "*" or (suffix and (host == suffix or host.endswith(f".{suffix}"))) or _address(host, (bare,)):
            return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _address(host: str, networks: Iterable[str]) -> bool:
    with suppress(ValueError):
        found = ipaddress.ip_address(host)
        return any(found in ipaddress.ip_network(one, strict=False) for one in networks if one)
    return False
