"""Debian's docker-registry as tests need it: plain or TLS, with users or with a token server; and how to push to it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.registry.fake import answer
from tests.registry.signing import OCI_INDEX, OCI_MANIFEST, Store, digest

PROGRAM = "docker-registry"
NAME, WORD = "pusher", "registry-password"
HTPASSWD = f"{NAME}:$2y$05$abcdefghijklmnopqrstuux7DVfxfgfXTmp/9Tsk6HzX2QQGjxePG\n"
needs_registry = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not installed")


@dataclass
class Served:
    """A running registry: where, and how to log in to push."""

    host: str
    url: str
    ca: str | bool = True
    auth: tuple[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def push(self, path: str, store: Store, *references: str) -> None:
        """Everything in a store, as a client would push it."""
        base = f"{self.url}/v2/{path}"
        common: dict[str, Any] = {"auth": self.auth, "headers": self.headers, "verify": self.ca, "timeout": 10}
        session = requests.Session()
        session.trust_env = False
        for name, content in store.blobs.items():
            begun = session.post(f"{base}/blobs/uploads/", **common)
            assert begun.status_code == 202, begun.text
            place = urljoin(begun.url, begun.headers["Location"])
            done = session.put(f"{place}{'&' if '?' in place else '?'}digest={name}", data=content, **common)
            assert done.status_code == 201, done.text
        wanted = {name: raw for name, raw in store.manifests.items() if not references or name in references}
        for name, raw in sorted(wanted.items(), key=lambda item: b'"manifests"' in item[1]):
            kind = OCI_INDEX if b'"manifests"' in raw else OCI_MANIFEST
            headers = {**self.headers, "Content-Type": kind}
            done = session.put(f"{base}/manifests/{name}", data=raw, **{**common, "headers": headers})
            assert done.status_code == 201, done.text


@contextlib.contextmanager
def serving(
    folder: Path,
    host: str = "127.0.0.1",
    *,
    authority: trustme.CA | None = None,
    users: bool = False,
    token: Mapping[str, str] | None = None,
    inside: Sequence[str] = (),
    port: int = 0,
) -> Iterator[Served]:
    """A registry that runs until the end of the block; `inside` is a command that runs it somewhere else."""
    folder.mkdir(parents=True)
    port = port or _free()
    lines = [
        "version: 0.1", f"storage: {{filesystem: {{rootdirectory: {folder / 'data'}}}}}",
        "log: {level: error, accesslog: {disabled: true}}", "http:", f"  addr: {host}:{port}",
    ]  # fmt: skip
    ca: str | bool = True
    if authority is not None:
        certificate = authority.issue_cert(host)
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
        authority.cert_pem.write_to_path(folder / "ca.pem")
        lines.append(f"  tls: {{certificate: {folder / 'cert.pem'}, key: {folder / 'key.pem'}}}")
        ca = str(folder / "ca.pem")
    if users:
        (folder / "htpasswd").write_text(HTPASSWD)
        lines.append(f"auth: {{htpasswd: {{realm: registry, path: {folder / 'htpasswd'}}}}}")
    if token is not None:
        settings = ", ".join(f"{name}: {json.dumps(value)}" for name, value in token.items())
        lines.append(f"auth: {{token: {{{settings}}}}}")
    (folder / "config.yml").write_text("\n".join(lines) + "\n")
    command = [*inside, shutil.which(PROGRAM) or PROGRAM, "serve", str(folder / "config.yml")]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=clean)
    try:
        _wait(host, port, folder)
        scheme = "http" if authority is None else "https"
        yield Served(f"{host}:{port}", f"{scheme}://{host}:{port}", ca, (NAME, WORD) if users else None)
    finally:
        process.terminate()
        process.wait(10)


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait(host: str, port: int, folder: Path) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection((host, port), 0.5):
            return
        time.sleep(0.05)
    raise AssertionError((folder / "log").read_text())


class TokenServer:
    """Gives signed tokens that the registry accepts, to whoever knows the password; pulls are for everybody's eyes."""

    def __init__(self, folder: Path) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.asked: list[str] = []
        folder.mkdir(parents=True)
        self.bundle = folder / "tokens.pem"
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tokens")])
        now = time.time()
        from datetime import UTC, datetime

        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(datetime.fromtimestamp(now - 3600, UTC))
            .not_valid_after(datetime.fromtimestamp(now + 3600, UTC))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.bundle.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        server = self

        class Answering(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                server.asked.append(self.path)
                basic = "Basic " + base64.b64encode(f"{NAME}:{WORD}".encode()).decode()
                if self.headers.get("Authorization") != basic:
                    answer(self, 401, b"{}")
                    return
                scope = parse_qs(urlsplit(self.path).query).get("scope", [""])[0]
                answer(self, 200, json.dumps({"token": server.token(scope)}).encode())

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def settings(self) -> dict[str, str]:
        """For the registry's configuration."""
        realm = f"http://127.0.0.1:{self.server.server_address[1]}/token"
        return {"realm": realm, "service": "the registry", "issuer": "tokens", "rootcertbundle": str(self.bundle)}

    def token(self, scope: str) -> str:
        """A signed token (distribution's token specification) for a scope."""
        kind, name, actions = scope.rpartition(":")[0].partition(":")[0], "", scope.rpartition(":")[2]
        name = scope.removeprefix(f"{kind}:").rpartition(":")[0]
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        now = int(time.time())
        claims = {
            "iss": "tokens", "sub": NAME, "aud": "the registry", "jti": "1",
            "exp": now + 300, "nbf": now - 10, "iat": now,
            "access": [{"type": kind, "name": name, "actions": actions.split(",")}],
        }  # fmt: skip
        text = f"{_url(json.dumps(header).encode())}.{_url(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def stop(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def tool(name: str) -> str | None:
    """A program on PATH or in DECKWATCH_TOOLS."""
    return shutil.which(name) or shutil.which(name, path=os.environ.get("DECKWATCH_TOOLS", ""))


def index_and_image(repository: str) -> tuple[Store, str, str]:
    """A signed index of one image; the store, and the digests of both."""
    store = Store()
    amd, _ = store.image(repository)
    index = store.index({"amd64": amd}, "1.0")
    store.sign(repository, index)
    store.blob(b"{}")
    assert index == digest(store.manifests[index])
    return store, index, amd
