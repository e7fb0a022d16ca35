"""The ways to a cluster, against a real TLS server; what cannot work says why."""

from __future__ import annotations

import base64
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from inventory.gap import Reason
from inventory.sources.kubernetes import access
from inventory.sources.kubernetes.access import credential_of, describe, open_way
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.kubeconfig import in_cluster, load
from inventory.sources.kubernetes.transport import Transport
from tests.kubernetes.apiserver import ApiServer

PODS = "/api/v1/pods"
V1 = "client.authentication.k8s.io/v1"


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with ApiServer() as running:
        yield running


@pytest.fixture
def write(server: ApiServer, tmp_path: Path) -> Any:
    """Writes a kubeconfig with this user, and with these members of the cluster changed."""

    def written(user: dict[str, Any], **cluster: Any) -> Path:
        path = server.kubeconfig(tmp_path / "config", ["admin"])
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["users"][0]["user"] = user
        entry = document["clusters"][0]["cluster"]
        for name, value in cluster.items():
            entry[name.replace("_", "-")] = value
        document["clusters"][0]["cluster"] = {name: value for name, value in entry.items() if value is not None}
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        return path

    return written


def who(server: ApiServer, path: Path) -> str:
    """As whom a request arrives."""
    server.journal.clear()
    api = Transport(lambda: open_way("", str(path)).opened)
    try:
        api.get(PODS, deadline=5)
    except ApiError as error:
        assert error.status == 403, error.message
    return server.journal.requests[-1].account


def admin(server: ApiServer) -> tuple[bytes, bytes]:
    assert server.credentials is not None
    return server.credentials.admin_pem()


def failure(path: Path) -> str:
    with pytest.raises(ApiError) as caught:
        Transport(lambda: open_way("", str(path)).opened).get(PODS, deadline=5)
    assert caught.value.status == 0
    return caught.value.message


def test_a_token(server: ApiServer, write: Any) -> None:
    assert who(server, write({"token": server.accounts.viewer.token})) == "viewer"


def test_a_token_file_next_to_the_kubeconfig(server: ApiServer, write: Any, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(f"{server.accounts.triage.token}\n", encoding="utf-8")
    path = write({"tokenFile": "t", "token": "older"})
    assert who(server, path) == "triage"
    (tmp_path / "t").write_text("", encoding="utf-8")
    assert failure(path) == f"token file {tmp_path / 't'} is empty"
    (tmp_path / "t").unlink()
    assert "No such file" in failure(path)


def test_client_certificate_by_files(server: ApiServer, write: Any, tmp_path: Path) -> None:
    certificate, key = admin(server)
    (tmp_path / "a.crt").write_bytes(certificate)
    (tmp_path / "a.key").write_bytes(key)
    assert who(server, write({"client-certificate": "a.crt", "client-key": "a.key"})) == "admin"


def test_inline_keys_never_become_files(
    server: ApiServer, write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setattr(tempfile, "mkstemp", lambda *_, **__: pytest.fail("a temporary file"))
    certificate, key = (base64.b64encode(one).decode() for one in admin(server))
    way = open_way("", str(write({"client-certificate-data": certificate, "client-key-data": key})))
    assert not list(place.iterdir())
    assert not [one for one in Path("/proc/self/fd").iterdir() if "memfd:deckwatch" in _link(one)]
    found = way.access.client_certificate
    assert found is not None
    assert (found.common_name, found.organizations) == ("kubernetes-admin", ("system:masters",))
    assert found.not_after > found.not_before > 0
    assert way.access.credential == "client-certificate"


def test_a_plugin_gives_the_token(server: ApiServer, write: Any, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    answer = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": server.accounts.viewer.token}}
    plugin.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n", encoding="utf-8")
    plugin.chmod(0o700)
    path = write({"exec": {"apiVersion": V1, "command": "./plugin", "interactiveMode": "IfAvailable"}})
    assert who(server, path) == "viewer"
    assert describe(load(str(path)).resolve()).credential == "exec"


def test_a_plugin_that_fails_is_quoted(server: ApiServer, write: Any, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text("#!/bin/sh\necho 'error: session expired, run: cloud login' >&2\nexit 1\n", encoding="utf-8")
    plugin.chmod(0o700)
    path = write({"exec": {"apiVersion": V1, "command": "./plugin"}})
    assert failure(path) == "credential plugin plugin ended with 1: error: session expired, run: cloud login"


def test_basic_credentials_are_sent_as_such(server: ApiServer, write: Any) -> None:
    way = open_way("", str(write({"username": "ann", "password": "pass"})))
    assert way.opened.headers == {"Authorization": f"Basic {base64.b64encode(b'ann:pass').decode()}"}


def test_no_credentials(server: ApiServer, write: Any) -> None:
    assert who(server, write({})) == "anonymous"
    assert credential_of({}) == "none"


def test_a_server_whose_certificate_nobody_vouches_for(server: ApiServer, write: Any) -> None:
    said = failure(write({}, certificate_authority_data=None))
    assert "is refused" in said
    path = write({}, certificate_authority_data=None, insecure_skip_tls_verify=True)
    assert who(server, path) == "anonymous"
    assert describe(load(str(path)).resolve()).skip_tls_verify


def test_the_name_in_the_servers_certificate(server: ApiServer, write: Any) -> None:
    assert who(server, write({}, tls_server_name="kubernetes")) == "anonymous"
    assert "is refused" in failure(write({}, tls_server_name="somebody-else"))


def test_a_proxy_that_is_not_there_is_used_all_the_same(server: ApiServer, write: Any) -> None:
    path = write({}, proxy_url="http://127.0.0.1:9")
    assert "refused" in failure(path)
    assert describe(load(str(path)).resolve()).proxy == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("user", "cluster", "words"),
    [
        ({"client-certificate-data": "!!", "client-key-data": "!!"}, {}, "client-certificate-data in .* is not base64"),
        ({"client-certificate-data": "eA==", "client-key-data": "eA=="}, {}, "do not fit or cannot be read"),
        ({"client-certificate": "none.crt", "client-key": "none.key"}, {}, "none.crt: No such file"),
        ({}, {"certificate_authority_data": "eA=="}, "is no certificate"),
        ({}, {"certificate_authority_data": None, "certificate_authority": "none.pem"}, "none.pem: No such file"),
        ({"token": "a\r\nX-Evil: 1"}, {}, "characters that no token has"),
        ({}, {"proxy_url": "socks5://127.0.0.1:9"}, "proxy|refused|package"),
        ({}, {"proxy_url": "nonsense"}, "proxy"),
    ],
)
def test_configurations_that_cannot_work(write: Any, user: dict[str, Any], cluster: dict[str, Any], words: str) -> None:
    with pytest.raises(ApiError, match=words):
        Transport(lambda: open_way("", str(write(user, **cluster))).opened).get(PODS, deadline=5)


def test_an_encrypted_key_asks_nobody(server: ApiServer, write: Any) -> None:
    from cryptography.hazmat.primitives import serialization as form

    certificate, key = admin(server)
    locked = form.load_pem_private_key(key, None).private_bytes(
        form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.BestAvailableEncryption(b"word")
    )
    user = {
        "client-certificate-data": base64.b64encode(certificate).decode(),
        "client-key-data": base64.b64encode(locked).decode(),
    }
    assert "cannot be read" in failure(write(user))


def test_loggers_are_off_whatever_their_level(server: ApiServer, write: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    who(server, write({"token": server.accounts.viewer.token}))
    assert not [one for one in caplog.records if one.name.startswith(("kubernetes", "urllib3"))]


def test_the_account_of_a_pod(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kubernetes.config import incluster_config

    assert server.credentials is not None
    (tmp_path / "token").write_text(server.accounts.viewer.token, encoding="utf-8")
    (tmp_path / "ca.crt").write_bytes(server.credentials.authority_pem())
    (tmp_path / "namespace").write_text("shop", encoding="utf-8")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr(access, "in_cluster", lambda: in_cluster(account=tmp_path))
    for name, value in {"HOST": "127.0.0.1", "PORT": str(server.port)}.items():
        monkeypatch.setenv(f"KUBERNETES_SERVICE_{name}", value)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    way = open_way()
    assert (way.access.credential, way.access.namespace) == ("in-cluster", "shop")
    server.journal.clear()
    assert Transport(lambda: way.opened).get(PODS, deadline=5)
    assert server.journal.requests[-1].account == "viewer"


def test_errors_are_typed(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="no current context") as caught:
        open_way("", str(_empty(tmp_path)))
    assert caught.value.reason is Reason.ERROR


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:  # of the listing itself, which is over
        return ""


def _empty(tmp_path: Path) -> Path:
    path = tmp_path / "empty"
    path.write_text("{}", encoding="utf-8")
    return path


def test_the_package_comes_with_the_first_connection_only() -> None:
    code = (
        "import sys\n"
        "import inventory.sources.kubernetes.live, inventory.sources.kubernetes.once\n"
        "assert not {'kubernetes', 'urllib3', 'requests', 'yaml', 'cryptography'} & set(sys.modules)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)


@pytest.mark.parametrize("kind", ["pipe", "device", "proc"])
@pytest.mark.parametrize("name", ["tokenFile", "client-certificate", "client-key", "certificate-authority"])
def test_files_that_would_never_end(server: ApiServer, write: Any, tmp_path: Path, kind: str, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    named = {"pipe": str(tmp_path / "pipe"), "device": "/dev/zero", "proc": "/proc/kmsg"}[kind]
    if name == "certificate-authority":
        path = write({"token": "x"}, certificate_authority=named, certificate_authority_data=None)
    else:
        path = write({name: named, "token": "x"})
    began = time.monotonic()
    assert "not a regular file" in failure(path)
    assert time.monotonic() - began < 3


def test_a_slow_plugin_does_not_use_up_the_servers_time(server: ApiServer, write: Any, tmp_path: Path) -> None:
    plugin = tmp_path / "slow"
    given = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "nobody"}}
    plugin.write_text(f"#!/bin/sh\nsleep 1.2\necho '{json.dumps(given)}'\n", encoding="utf-8")
    plugin.chmod(0o700)
    path = write({"exec": {"apiVersion": V1, "command": str(plugin)}})
    with pytest.raises(ApiError) as caught:
        Transport(lambda: open_way("", str(path)).opened).get(PODS, deadline=1.0)
    assert caught.value.status == 401


def test_names_and_passwords_in_urls_go_no_further(server: ApiServer, write: Any) -> None:
    path = write({"token": "SECRET-token"}, proxy_url="http://me:SECRET-word@127.0.0.1:9")
    way = open_way("", str(path))
    assert way.access.proxy == "http://127.0.0.1:9"
    config = load(str(path))
    assert way.opened.headers["Authorization"] == "Bearer SECRET-token"
    for one in (way, config, config.resolve(), failure(path)):
        assert "SECRET" not in repr(one)
        assert "SECRET" not in str(list(getattr(one, "__rich_repr__", list)()))
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["clusters"][0]["cluster"] = {"server": "http://me:SECRET-word@127.0.0.1:9"}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert open_way("", str(path)).access.server == "http://127.0.0.1:9"
    assert "SECRET" not in failure(path)


def test_a_proxy_is_told_the_password_that_it_wants(write: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        path = write({"token": "t"}, proxy_url=f"http://me:a%40b@127.0.0.1:{port}")
        heard: list[bytes] = []

        def hear() -> None:
            with listening.accept()[0] as sock:
                heard.append(sock.recv(4096))
                listening.close()

        threading.Thread(target=hear, daemon=True).start()
        failure(path)
    assert b"proxy-authorization: Basic " + base64.b64encode(b"me:a@b") in heard[0].replace(b"Proxy-A", b"proxy-a")


def test_a_proxy_that_drips_its_answer_is_cut_off(write: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        path = write({"token": "t"}, proxy_url=f"http://127.0.0.1:{listening.getsockname()[1]}")

        def drip() -> None:
            with suppress(OSError), listening.accept()[0] as sock:
                sock.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while True:
                    sock.sendall(b"x")
                    time.sleep(0.2)

        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(ApiError, match="does not answer"):
            Transport(lambda: open_way("", str(path)).opened).get(PODS, deadline=1)
        assert time.monotonic() - began < 4


def test_a_login_by_openid_is_used_and_never_renewed(server: ApiServer, write: Any, tmp_path: Path) -> None:
    def token(ends: float) -> str:
        claims = base64.urlsafe_b64encode(json.dumps({"exp": ends, "sub": "SECRET"}).encode()).decode().rstrip("=")
        return f"e30.{claims}.c2ln"

    config = {"id-token": token(time.time() + 60), "refresh-token": "SECRET-r", "idp-issuer-url": "http://127.0.0.1:9"}
    path = write({"auth-provider": {"name": "oidc", "config": config}})
    assert open_way("", str(path)).opened.headers["Authorization"] == f"Bearer {config['id-token']}"
    config["id-token"] = token(time.time() - 60)
    said = failure(write({"auth-provider": {"name": "oidc", "config": config}}))
    assert "has expired; run `kubectl get ns`" in said
    assert "SECRET" not in said
    mark = tmp_path / "ran"
    gcp = {"name": "gcp", "config": {"cmd-path": "/usr/bin/touch", "cmd-args": str(mark)}}
    assert "auth-provider 'gcp' is not supported" in failure(write({"auth-provider": gcp}))
    assert not mark.exists()
