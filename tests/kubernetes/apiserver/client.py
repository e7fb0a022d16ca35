"""A few plain requests, without the program's own client."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.kubernetes.apiserver import ApiServer

WATCH_LIST = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"


def connect(server: ApiServer, account: str = "admin", timeout: float = 10.0) -> http.client.HTTPConnection:
    """A connection, with the admin's certificate if that is who asks."""
    if server.credentials is None:
        return http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    context = ssl.create_default_context()
    server.credentials.authority.configure_trust(context)
    if account == "admin":
        server.credentials.admin.configure_cert(context)
    return http.client.HTTPSConnection("127.0.0.1", server.port, timeout=timeout, context=context)


def headers(server: ApiServer, account: str) -> dict[str, str]:
    """Credentials of everybody but the admin and nobody."""
    if account in ("admin", "anonymous"):
        return {}
    token = "nobody-knows-this-token" if account == "bad-token" else server.accounts.named(account).token
    return {"Authorization": f"Bearer {token}"}


def ask(
    server: ApiServer, path: str, account: str = "admin", *, accept: str = "application/json", method: str = "GET",
    body: object = None, extra: Mapping[str, str] | None = None,
) -> tuple[int, http.client.HTTPMessage, bytes]:  # fmt: skip
    """Status, headers, body."""
    connection = connect(server, account)
    try:
        sent = None if body is None else json.dumps(body)
        given = {"Accept": accept, **headers(server, account), **(extra or {})}
        connection.request(method, path, sent, given)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def get(server: ApiServer, path: str, account: str = "admin", accept: str = "application/json") -> Any:
    """The decoded body of a 200."""
    status, _, body = ask(server, path, account, accept=accept)
    assert status == 200, body
    return json.loads(body)


@contextmanager
def watch(server: ApiServer, path: str, account: str = "admin", accept: str = "application/json") -> Iterator[Any]:
    """The lines of a watch as they come, decoded."""
    connection = connect(server, account)
    try:
        connection.request("GET", path, headers={"Accept": accept, **headers(server, account)})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        yield map(json.loads, iter(answer.readline, b""))
    finally:
        connection.close()


def names(listed: Mapping[str, Any]) -> list[str]:
    return [f"{one['metadata'].get('namespace', '')}/{one['metadata']['name']}" for one in listed["items"]]
