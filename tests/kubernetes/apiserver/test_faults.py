"""Sick days, credentials that end, and the journal."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.kubernetes.apiserver import ApiServer, Manner, synthetic
from tests.kubernetes.apiserver.client import ask, connect, get, names

PODS = "/api/v1/pods"


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer(tls=False) as running:
        yield running


@pytest.mark.parametrize(("manner", "status"), [
    (Manner.THROTTLE, 429), (Manner.ERROR, 502), (Manner.GONE, 410), (Manner.UNAUTHORIZED, 401), (Manner.SLOW, 200),
])  # fmt: skip
def test_a_rule_answers_instead_as_often_as_it_says(server: ApiServer, manner: Manner, status: int) -> None:
    server.fail(manner, PODS, times=2, pause=0.001)
    assert [ask(server, f"{PODS}?limit=1")[0] for _ in range(3)] == [status, status, 200]
    assert ask(server, "/version")[0] == 200


@pytest.mark.parametrize("manner", [Manner.DROP, Manner.NOISE, Manner.CUT])
def test_connections_break(server: ApiServer, manner: Manner) -> None:
    server.fail(manner, PODS, times=1)
    with pytest.raises((http.client.HTTPException, OSError)):
        ask(server, PODS)
    assert ask(server, PODS)[0] == 200


def test_garbage_is_no_json(server: ApiServer) -> None:
    server.fail(Manner.GARBAGE, PODS)
    with pytest.raises(ValueError, match=r".+"):
        json.loads(ask(server, PODS)[2])


def test_a_request_hangs_until_the_rule_goes(server: ApiServer) -> None:
    rule = server.fail(Manner.HANG, PODS)
    connection = connect(server, timeout=0.3)
    connection.request("GET", PODS)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    server.faults.remove(rule)
    assert ask(server, PODS)[0] == 200


def test_a_token_that_was_renewed_is_refused(server: ApiServer) -> None:
    old = server.accounts.viewer.token
    assert ask(server, PODS, extra={"Authorization": f"Bearer {old}"})[0] == 200
    new = server.accounts.renew("viewer")
    assert ask(server, PODS, extra={"Authorization": f"Bearer {old}"})[0] == 401
    assert ask(server, PODS, extra={"Authorization": f"Bearer {new}"})[0] == 200


def test_the_journal_proves_reads_only_and_no_repeated_denials(server: ApiServer) -> None:
    get(server, PODS)
    ask(server, "/api/v1/secrets", "viewer")
    ask(
        server, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", method="POST",
        body={"spec": {"resourceAttributes": {"verb": "list", "resource": "pods"}}},
    )  # fmt: skip
    assert server.journal.writes() == []
    assert server.journal.repeated(403) == {}
    ask(server, "/api/v1/secrets?watch=1", "viewer")
    assert server.journal.repeated(403) == {("viewer", "/api/v1/secrets"): 2}
    assert ask(server, "/api/v1/namespaces/prod/pods/redis-0", method="DELETE")[0] == 405
    assert [one.method for one in server.journal.writes()] == ["DELETE"]


def test_rights_follow_the_cluster_s_own_bindings(server: ApiServer) -> None:
    assert ask(server, "/api/v1/secrets", "viewer")[0] == 403
    role = {"kind": "ClusterRole", "name": "cluster-admin", "apiGroup": "rbac.authorization.k8s.io"}
    subject = {"kind": "ServiceAccount", "name": "viewer", "namespace": "default"}
    server.cluster.put("clusterrolebindings", {"metadata": {"name": "more"}, "roleRef": role, "subjects": [subject]})
    assert ask(server, "/api/v1/secrets", "viewer")[0] == 200


def test_groups_can_be_missing_or_dead(server: ApiServer) -> None:
    server.cluster.catalogue.hidden |= {"gateway.networking.k8s.io", "apps/replicasets"}
    server.cluster.catalogue.dead.add("cert-manager.io")
    assert ask(server, "/apis/gateway.networking.k8s.io/v1/gateways")[0] == 404
    assert ask(server, "/apis/apps/v1/replicasets")[0] == 404
    assert ask(server, "/apis/cert-manager.io/v1/certificates")[0] == 503
    assert "gateway.networking.k8s.io" not in [one["name"] for one in get(server, "/apis")["groups"]]
    assert "replicasets" not in [one["name"] for one in get(server, "/apis/apps/v1")["resources"]]


def test_plain_http_to_an_https_server() -> None:
    with ApiServer() as server, socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1000).endswith(b"Client sent an HTTP request to an HTTPS server.\n")


def test_a_log_is_followed(server: ApiServer) -> None:
    pod = ("prod", "checkout-api-78dfbdd85c-2j5l7", "api")
    connection = connect(server)
    connection.request("GET", f"/api/v1/namespaces/prod/pods/{pod[1]}/log?follow=true&tailLines=0")
    answer = connection.getresponse()
    server.cluster.log(*pod, "one more line")
    assert answer.readline() == b"one more line\n"
    connection.close()


def test_five_thousand_pods_are_made_and_served_in_a_moment() -> None:
    started = time.monotonic()
    with ApiServer(synthetic(5000), tls=False) as server:
        listed = get(server, f"{PODS}?limit=600")
        assert listed["metadata"]["remainingItemCount"] == 4400
        found = names(listed)
        assert len(set(found)) == 600
        sizes = len(ask(server, PODS)[2]) / 5000
    assert 6500 < sizes < 9000
    assert time.monotonic() - started < 20
