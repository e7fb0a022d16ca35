"""Lists, pages, watches and their ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.kubernetes.apiserver import ApiServer, Manners
from tests.kubernetes.apiserver.client import WATCH_LIST, ask, get, names, watch

PODS = "/api/v1/pods"


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer() as running:
        yield running


def test_pages_are_the_list_as_it_was_when_the_first_was_asked_for(server: ApiServer) -> None:
    before = names(get(server, PODS))
    page = get(server, f"{PODS}?limit=20")
    server.cluster.delete("pods", before[40])
    server.cluster.touch("pods", before[50])
    server.cluster.put("pods", {**server.cluster.get("pods", before[3]), "metadata": {"name": "a", "namespace": "a"}})
    found = names(page)
    while token := page["metadata"].get("continue"):
        page = get(server, f"{PODS}?limit=20&continue={token}")
        found += names(page)
    assert found == before
    assert len(names(get(server, PODS))) == len(before)


def test_a_token_expires_and_the_answer_has_one_for_the_rest(server: ApiServer) -> None:
    page = get(server, f"{PODS}?limit=20")
    server.expire_tokens()
    status, _, body = ask(server, f"{PODS}?limit=20&continue={page['metadata']['continue']}")
    gone = json.loads(body)
    assert (status, gone["reason"]) == (410, "Expired")
    rest = get(server, f"{PODS}?limit=500&continue={gone['metadata']['continue']}")
    assert names(page) + names(rest) == names(get(server, PODS))
    assert ask(server, f"{PODS}?resourceVersion=1859&resourceVersionMatch=Exact")[0] == 410


def test_changes_arrive_as_they_happen(server: ApiServer) -> None:
    version = get(server, PODS)["metadata"]["resourceVersion"]
    with watch(server, f"{PODS}?watch=1&resourceVersion={version}") as lines:
        server.cluster.touch("pods", "prod/redis-0")
        server.cluster.put("pods", {"metadata": {"name": "new", "namespace": "prod"}, "spec": {}})
        server.cluster.delete("pods", "prod/new")
        seen = [next(lines) for _ in range(3)]
    assert [one["type"] for one in seen] == ["MODIFIED", "ADDED", "DELETED"]
    versions = [int(one["object"]["metadata"]["resourceVersion"]) for one in seen]
    assert versions == sorted(set(versions))
    assert seen[0]["object"]["kind"] == "Pod"
    with watch(server, f"{PODS}?watch=1&resourceVersion={versions[0]}") as lines:
        assert [next(lines)["type"], next(lines)["type"]] == ["ADDED", "DELETED"]


def test_with_a_selector_what_stops_matching_is_deleted(server: ApiServer) -> None:
    query = "watch=1&resourceVersion=1859&labelSelector=team%3Da"
    server.cluster.edit("pods", "prod/redis-0", lambda pod: pod["metadata"]["labels"].update(team="a"))
    server.cluster.edit("pods", "prod/redis-0", lambda pod: pod["metadata"]["labels"].update(team="b"))
    with watch(server, f"/api/v1/namespaces/prod/pods?{query}&timeoutSeconds=1") as lines:
        seen = [next(lines), next(lines)]
    assert [one["type"] for one in seen] == ["ADDED", "DELETED"]


def test_a_watch_list_ends_its_beginning_with_a_bookmark(server: ApiServer) -> None:
    with watch(server, f"{PODS}?{WATCH_LIST}&timeoutSeconds=1") as lines:
        seen = list(lines)
    ends = [one for one in seen if one["type"] == "BOOKMARK"]
    assert ends[0]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert seen.index(ends[0]) == len(names(get(server, PODS)))
    assert len(ends) == 2, "and another just before the server ends the stream"


@pytest.mark.parametrize(("how", "status"), [("refused", 422), ("ignored", 200)])
def test_older_servers_know_no_watch_list(how: str, status: int) -> None:
    with ApiServer(manners=Manners(watch_list=how)) as server:
        found, _, body = ask(server, f"{PODS}?{WATCH_LIST}&timeoutSeconds=1")
    assert found == status
    assert b"initial-events-end" not in body


def test_a_version_that_is_too_old_is_gone(server: ApiServer) -> None:
    with watch(server, f"{PODS}?watch=1&resourceVersion=1") as lines:
        only = list(lines)
    assert [(one["type"], one["object"]["code"], one["object"]["reason"]) for one in only] == [
        ("ERROR", 410, "Expired")
    ]
    server.manners.http_gone = True
    assert ask(server, f"{PODS}?watch=1&resourceVersion=1")[0] == 410


@pytest.mark.parametrize("what", ["end", "drop", "expire", "error", "cut", "garbage"])
def test_running_watches_end_as_ordered(server: ApiServer, what: str) -> None:
    with watch(server, f"{PODS}?watch=1&resourceVersion=1859") as lines:
        server.cluster.touch("pods", "prod/redis-0")
        assert next(lines)["type"] == "MODIFIED"
        assert server.order(what) == 1
        try:
            rest = list(lines)
        except (ValueError, OSError):
            rest = ["broken"]
    assert rest == {"end": [], "drop": []}.get(what, rest)
    if what in ("cut", "garbage"):
        assert rest == ["broken"]
    if what in ("expire", "error"):
        assert rest[0]["object"]["code"] == (410 if what == "expire" else 500)
    assert _soon(lambda: server.watching() == 0)


def test_a_restart_drops_connections_and_keeps_the_port(server: ApiServer) -> None:
    version = get(server, PODS)["metadata"]["resourceVersion"]
    with watch(server, f"{PODS}?watch=1&resourceVersion={version}") as lines:
        server.cluster.touch("pods", "prod/redis-0")
        next(lines)
        server.restart()
        assert list(lines) == []
    with watch(server, f"{PODS}?watch=1&resourceVersion={version}") as lines:
        assert next(lines)["type"] == "MODIFIED"
    server.restart(history=False)
    with watch(server, f"{PODS}?watch=1&resourceVersion={version}") as lines:
        assert next(lines)["type"] == "ERROR"


def test_tables_and_metadata_are_watched_too(server: ApiServer) -> None:
    for kind, word in (("as=Table;g=meta.k8s.io;v=v1", "Table"), ("as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "")):
        with watch(server, f"{PODS}?watch=1&resourceVersion=0", accept=f"application/json;{kind}") as lines:
            assert next(lines)["object"]["kind"] == (word or "PartialObjectMetadata")


def _soon(true: object) -> bool:
    deadline = time.monotonic() + 5
    while not true():  # type: ignore[operator]
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_secrets_as_a_table_have_type_and_count_and_no_values(server: ApiServer) -> None:
    table = "application/json;as=Table;g=meta.k8s.io;v=v1"
    body = ask(server, "/api/v1/secrets", accept=table)[2]
    rows = json.loads(body)["rows"]
    assert all(isinstance(row["cells"][1], str) and isinstance(row["cells"][2], int) for row in rows)
    assert b"FAKE" not in body
    with watch(server, f"/api/v1/secrets?{WATCH_LIST}&timeoutSeconds=1", accept=table) as lines:
        seen = list(lines)
    assert b"FAKE" not in json.dumps(seen).encode()
    end = next(one["object"] for one in seen if one["type"] == "BOOKMARK")
    assert end["kind"] == "Table"
    assert end["rows"][0]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
