"""Nothing but looking gets through, whatever asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.sources.kubernetes.guard import ActingError, Looking, insist

VERBS = ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "get", "")
PATHS = (
    "/api/v1/pods", "/api/v1/namespaces/prod/pods/web-0", "/apis/apps/v1/deployments", "/version", "/api", "/apis",
    "/api/v1/namespaces/prod/pods/web-0/log", "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
)  # fmt: skip
REVIEWS = (
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews", "/apis/authentication.k8s.io/v1beta1/selfsubjectreviews",
)  # fmt: skip
ACTING = (
    "/api/v1/namespaces/prod/pods/web-0/exec", "/api/v1/namespaces/prod/pods/web-0/attach",
    "/api/v1/namespaces/prod/pods/web-0/portforward", "/api/v1/namespaces/prod/pods/web-0/proxy",
    "/api/v1/namespaces/prod/pods/web-0/proxy/shutdown", "/api/v1/namespaces/prod/services/web:80/proxy/admin",
    "/api/v1/nodes/w1/proxy/run/prod/web-0/web", "/api/v1/nodes/w1/proxy/", "/api/v1/nodes/w1/proxy/configz/x",
    "/api/v1/nodes/w1/proxy/configz/../run", "/api/v1/nodes/w1/../w2/proxy", "//api/v1/pods", "/api/v1/pods/%2e%2e/x",
    "/metrics", "/debug/pprof", "/logs/", "/openapi/v3", "", "api/v1/pods", "/api/v1/pods\n",
)  # fmt: skip


class Pool:
    """Notes what reaches it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def urlopen(self, method: str, url: str, **_: Any) -> str:
        self.asked.append((method, url))
        return "answer"


@pytest.fixture
def pool() -> Pool:
    return Pool()


@pytest.mark.parametrize("path", PATHS)
def test_looking_is_let_through(pool: Pool, path: str) -> None:
    looking = Looking(pool, "https://cluster:6443")
    assert looking.urlopen("GET", f"https://cluster:6443{path}?watch=1", redirect=False) == "answer"


@pytest.mark.parametrize("path", [*PATHS, *REVIEWS])
@pytest.mark.parametrize("verb", VERBS)
def test_every_other_verb_is_refused(pool: Pool, verb: str, path: str) -> None:
    if verb == "POST" and path in REVIEWS:
        return
    with pytest.raises(ActingError):
        Looking(pool, "https://cluster:6443").urlopen(verb, f"https://cluster:6443{path}", redirect=False)
    assert not pool.asked


@pytest.mark.parametrize("path", ACTING)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_what_acts_by_being_looked_at_is_refused(pool: Pool, verb: str, path: str) -> None:
    with pytest.raises(ActingError):
        Looking(pool, "https://cluster:6443").urlopen(verb, f"https://cluster:6443{path}", redirect=False)
    assert not pool.asked


@pytest.mark.parametrize("path", REVIEWS)
def test_what_we_may_do_is_asked_by_post(path: str) -> None:
    insist("POST", path)


@pytest.mark.parametrize("name", ["exec", "proxy", "portforward", "token"])
def test_objects_may_be_named_as_what_acts(name: str) -> None:
    insist("GET", f"/api/v1/namespaces/{name}/pods")
    insist("GET", f"/api/v1/namespaces/prod/services/{name}")
    insist("GET", f"/apis/apps/v1/namespaces/{name}/deployments/{name}")


def test_a_kubelets_configuration_is_the_one_thing_behind_a_proxy() -> None:
    insist("GET", "/api/v1/nodes/worker-1/proxy/configz")


def test_redirects_bodies_and_other_servers_are_refused(pool: Pool) -> None:
    looking = Looking(pool, "https://cluster:6443")
    for url, options in (
        ("https://cluster:6443/api/v1/pods", {}),
        ("https://cluster:6443/api/v1/pods", {"redirect": True}),
        ("https://cluster:6443/api/v1/pods", {"redirect": False, "body": b"x"}),
        ("https://elsewhere/api/v1/pods", {"redirect": False}),
        ("https://cluster:6443.evil.example/api/v1/pods", {"redirect": False}),
    ):
        with pytest.raises(ActingError):
            looking.urlopen("GET", url, **options)
    assert not pool.asked
