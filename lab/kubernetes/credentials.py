"""Certificates and kubeconfig files of a server."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from lab.kubernetes.accounts import Accounts


class Credentials:
    """A certificate authority of its own, the server's certificate, and one of the admin."""

    def __init__(self) -> None:
        import trustme

        self.authority = trustme.CA(organization_name="kubernetes")
        self.server = self.authority.issue_cert("localhost", "127.0.0.1", "kubernetes", common_name="kube-apiserver")
        self.admin = self.authority.issue_cert(
            "kubernetes-admin", common_name="kubernetes-admin", organization_name="system:masters"
        )

    def context(self) -> ssl.SSLContext:
        """For the server: client certificates are asked for, not demanded."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.configure_cert(context)
        self.authority.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def authority_pem(self) -> bytes:
        return bytes(self.authority.cert_pem.bytes())

    def admin_pem(self) -> tuple[bytes, bytes]:
        """Certificate and key."""
        chain = b"".join(blob.bytes() for blob in self.admin.cert_chain_pems)
        return chain, bytes(self.admin.private_key_pem.bytes())


def kubeconfig(
    target: Path, url: str, accounts: Accounts, credentials: Credentials | None, contexts: Iterable[str]
) -> Path:
    """Write one with these contexts, the first of them current."""
    names = list(contexts)
    cluster: dict[str, Any] = {"server": url}
    if credentials is not None:
        cluster["certificate-authority-data"] = _data(credentials.authority_pem())
    document = {
        "apiVersion": "v1", "kind": "Config", "current-context": names[0],
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": name, "user": _user(name, accounts, credentials)} for name in names],
        "contexts": [
            {"name": name, "context": {"cluster": "lab", "user": name, **_namespace(name)}} for name in names
        ],
    }  # fmt: skip
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(0o600)
    target.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return target


def _user(name: str, accounts: Accounts, credentials: Credentials | None) -> dict[str, str]:
    if name == "anonymous":
        return {}
    if name == "bad-token":
        return {"token": "nobody-knows-this-token"}
    if name == "admin" and credentials is not None:
        certificate, key = credentials.admin_pem()
        return {"client-certificate-data": _data(certificate), "client-key-data": _data(key)}
    return {"token": accounts.named(name).token}


def _namespace(name: str) -> dict[str, str]:
    return {"namespace": "staging"} if name == "namespace-only" else {}


def _data(plain: bytes) -> str:
    return base64.b64encode(plain).decode()
