"""Which engine is talked to, and what is said when there is none."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from pathlib import Path

import pytest

from inventory.gap import Reason
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.endpoints import (
    Attempt,
    EndpointError,
    Surroundings,
    accepts,
    explain,
    find,
    find_several,
    usual,
)
from inventory.sources.docker.health import sentence
from inventory.sources.docker.transport import ApiError
from inventory.sources.docker.userinfo import without_secret


def around(home: Path, **environ: str) -> Surroundings:
    return Surroundings({"XDG_RUNTIME_DIR": "/run/user/7", **environ}, home, 7)


def context(home: Path, name: str, host: str, *, skip: bool = False) -> Path:
    """Write a docker context; gives the directory of its TLS files."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    endpoints = {"docker": {"Host": host, "SkipTLSVerify": skip}}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoints}))
    return home / ".docker" / "contexts" / "tls" / digest / "docker"


def nothing(endpoint: Endpoint) -> Attempt:
    return Attempt(endpoint, Reason.ABSENT, "no such socket")


def anything(_endpoint: Endpoint) -> None:
    return None


def test_the_usual_places_in_order(tmp_path: Path) -> None:
    assert [endpoint.socket_path for endpoint in usual(around(tmp_path))] == [
        "/var/run/docker.sock",
        "/run/user/7/docker.sock",
        f"{tmp_path}/.docker/run/docker.sock",
        "/run/podman/podman.sock",
        "/run/user/7/podman/podman.sock",
    ]


def test_nothing_found_says_what_was_tried(tmp_path: Path) -> None:
    found = find(None, around(tmp_path), nothing)
    assert found.endpoint is None
    assert str(found.tried[0]) == "unix:///var/run/docker.sock: no such socket"
    assert len(found.tried) == 5


def test_the_first_that_accepts_is_taken(tmp_path: Path) -> None:
    def probe(endpoint: Endpoint) -> Attempt | None:
        return None if "podman" in endpoint.url else nothing(endpoint)

    found = find(None, around(tmp_path), probe)
    assert found.endpoint is not None
    assert found.endpoint.socket_path == "/run/podman/podman.sock"
    assert len(found.tried) == 3


def test_all_engines_of_a_machine_are_found(tmp_path: Path) -> None:
    both = ("/var/run/docker.sock", "/run/podman/podman.sock")

    def probe(endpoint: Endpoint) -> Attempt | None:
        return None if endpoint.socket_path in both else nothing(endpoint)

    assert find_several(around(tmp_path), probe) == {
        "docker": "unix:///var/run/docker.sock",
        "podman": "unix:///run/podman/podman.sock",
    }


def test_one_engine_is_no_list_of_them(tmp_path: Path) -> None:
    def probe(endpoint: Endpoint) -> Attempt | None:
        return None if endpoint.socket_path == "/var/run/docker.sock" else nothing(endpoint)

    assert find_several(around(tmp_path), probe) == {}
    assert find_several(around(tmp_path), nothing) == {}


def test_who_names_an_engine_gets_that_one(tmp_path: Path) -> None:
    assert find_several(around(tmp_path, DOCKER_HOST="unix:///x.sock"), anything) == {}


def test_a_link_in_dockers_place_is_not_a_second_engine(tmp_path: Path) -> None:
    home, runtime = tmp_path / "home", tmp_path / "run"
    (home / ".docker" / "run").mkdir(parents=True)
    (runtime / "podman").mkdir(parents=True)
    (home / ".docker" / "run" / "docker.sock").symlink_to(runtime / "podman" / "podman.sock")
    there = (f"{home}/.docker/run/docker.sock", f"{runtime}/podman/podman.sock")

    def probe(endpoint: Endpoint) -> Attempt | None:
        return None if endpoint.socket_path in there else nothing(endpoint)

    assert find_several(around(home, XDG_RUNTIME_DIR=str(runtime)), probe) == {}


def test_a_socket_that_refuses_is_worth_retrying(tmp_path: Path) -> None:
    def probe(endpoint: Endpoint) -> Attempt:
        refused = endpoint.socket_path == "/run/user/7/docker.sock"
        return Attempt(endpoint, Reason.DENIED, "permission denied") if refused else nothing(endpoint)

    found = find(None, around(tmp_path), probe)
    assert found.endpoint is not None
    assert found.endpoint.socket_path == "/run/user/7/docker.sock"


def test_what_was_asked_for_is_the_only_thing_tried(tmp_path: Path) -> None:
    for surroundings, host in (
        (around(tmp_path), "unix:///x.sock"),
        (around(tmp_path, DOCKER_HOST="unix:///x.sock"), None),
        (around(tmp_path, DOCKER_HOST="unix:///y.sock"), "/x.sock"),
    ):
        found = find(host, surroundings, nothing)
        assert found.endpoint is not None
        assert found.endpoint.url == "unix:///x.sock"
        assert len(found.tried) == 1


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("tcp://10.0.0.1", "tcp://10.0.0.1:2375"),
        ("tcp://10.0.0.1:99/", "tcp://10.0.0.1:99"),
        ("https://engine.example", "https://engine.example:2376"),
        ("engine.example:2375", "tcp://engine.example:2375"),
        ("ssh://me@engine.example", "ssh://me@engine.example"),
        ("[::1]:2375", "tcp://[::1]:2375"),
    ],
)
def test_addresses(text: str, url: str, tmp_path: Path) -> None:
    found = find(text, around(tmp_path), anything)
    assert found.endpoint is not None
    assert found.endpoint.url == url


@pytest.mark.parametrize(
    "text",
    [
        "tcp://user:SECRET@h", "http://user:SECRET@h:2375", "https://SECRET@h", "https://:SECRET@h", "ssh://u:SECRET@h",
        "tcp://user:a/SECRET@h", "tcp://user:a@SECRET@h", "tpc://user:SECRET@h", "user:SECRET@h:2375",
    ],
)  # fmt: skip
def test_an_address_with_a_password_is_refused_without_repeating_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(EndpointError) as asked:
        find(text, around(tmp_path), anything)
    with pytest.raises(EndpointError) as told:
        find(None, around(tmp_path, DOCKER_HOST=text), anything)
    for caught, origin in ((asked, "--host"), (told, "DOCKER_HOST")):
        assert str(caught.value).startswith(f"{origin}: ")
        assert "SECRET" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_context_with_a_password_is_refused_without_repeating_it(tmp_path: Path) -> None:
    for name, host in (("far", "tcp://user:SECRET@h:2376"), ("odd", "npipe://user:SECRET@h")):
        context(tmp_path, name, host)
        with pytest.raises(EndpointError) as caught:
            find(name, around(tmp_path), anything)
        assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("text", ["ssh://me@h:22", "ssh://me@[::1]:22", "unix:///run/a:b@c.sock", "/run/a:b@c.sock"])
def test_an_at_sign_alone_is_no_password(text: str, tmp_path: Path) -> None:
    found = find(text, around(tmp_path), anything)
    assert found.endpoint is not None
    assert found.endpoint.url.endswith(text)


def test_the_tls_variables_of_the_docker_client(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    found = find("tcp://h", around(tmp_path, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path)), anything).endpoint
    assert found is not None
    assert found.url == "https://h:2376"
    assert found.tls is not None
    assert (found.tls.ca, found.tls.cert, found.tls.verify) == (str(tmp_path / "ca.pem"), "", True)


def test_a_context_by_name_and_as_the_current_one(tmp_path: Path) -> None:
    tls = context(tmp_path, "far", "tcp://far.example:2376")
    tls.mkdir(parents=True)
    for name in ("ca", "cert", "key"):
        (tls / f"{name}.pem").write_text("x")
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "far", "auths": {}}')
    for host in ("far", None):
        found = find(host, around(tmp_path), anything).endpoint
        assert found is not None
        assert (found.url, found.origin) == ("https://far.example:2376", "context far")
        assert found.tls is not None
        assert found.tls.key == str(tls / "key.pem")
    assert find(None, around(tmp_path, DOCKER_CONTEXT="default"), nothing).endpoint is None
    overridden = find(None, around(tmp_path, DOCKER_HOST="unix:///x"), anything).endpoint
    assert overridden is not None
    assert overridden.url == "unix:///x"


def test_a_context_over_ssh_and_over_a_socket(tmp_path: Path) -> None:
    context(tmp_path, "remote", "ssh://me@far.example")
    context(tmp_path, "rootless", "unix:///run/user/7/docker.sock")
    for name, url in (("remote", "ssh://me@far.example"), ("rootless", "unix:///run/user/7/docker.sock")):
        found = find(name, around(tmp_path), anything).endpoint
        assert found is not None
        assert found.url == url


@pytest.mark.parametrize("text", ["ftp://x", "unix://", "tcp://", "nosuch", "npipe:////./pipe/docker_engine"])
def test_what_is_no_address_gets_one_line(text: str, tmp_path: Path) -> None:
    context(tmp_path, "far", "tcp://far.example:2376")
    with pytest.raises(EndpointError) as caught:
        find(text, around(tmp_path), anything)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    if text == "nosuch":
        assert "known: far" in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"currentContext": 5}'])
def test_a_broken_client_configuration_gets_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(text)
    with pytest.raises(EndpointError, match=r"config\.json"):
        find(None, around(tmp_path), anything)


def test_why_a_socket_refuses(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    endpoint = Endpoint(f"unix://{path}")
    absent = accepts(endpoint)
    assert absent is not None
    assert absent.reason is Reason.ABSENT
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        refused = accepts(endpoint)
        assert refused is not None
        assert "nobody listens" in refused.detail
        assert refused.advice
        listener.listen()
        assert accepts(endpoint) is None
    denied = explain(endpoint, PermissionError(13, os.strerror(13)))
    assert denied.reason is Reason.DENIED
    assert "usermod" in str(denied)
    assert "mode 0" in denied.detail


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tcp://user:SECRET@h:2375", "tcp://…@h:2375"),
        ("u:SECRET@h", "…@h"),
        ("ssh://me@h", "ssh://me@h"),
        ("unix:///a:b@c", "unix:///a:b@c"),
    ],
)
def test_an_address_is_shown_without_its_secret(text: str, shown: str) -> None:
    assert without_secret(text) == shown


@pytest.mark.parametrize(
    ("url", "command"),
    [
        ("ssh://ann@far.example", "ssh ann@far.example docker version"),
        ("ssh://ann@far.example:2222", "ssh -p 2222 ann@far.example docker version"),
        ("ssh://far.example:22/", "ssh -p 22 far.example docker version"),
        ("ssh://ann@[2001:db8::1]:22", "ssh -p 22 ann@2001:db8::1 docker version"),
    ],
)
def test_the_advice_for_ssh_can_be_typed(url: str, command: str) -> None:
    told = sentence(Endpoint(url), ApiError(Reason.TIMEOUT, 0, "x"))
    assert told == f"does not answer (try: {command})"
