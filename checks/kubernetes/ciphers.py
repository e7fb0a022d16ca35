"""Which TLS versions and cipher suites of Go programs keep what was recorded today unreadable tomorrow."""

from __future__ import annotations

from collections.abc import Iterable

_STRONG = ("_GCM_SHA256", "_GCM_SHA384", "_CHACHA20_POLY1305", "_CHACHA20_POLY1305_SHA256")
OLD_VERSIONS = frozenset({"VersionTLS10", "VersionTLS11"})


def weak_suites(names: Iterable[str]) -> list[str]:
    """Those without forward secrecy or authenticated encryption (CIS Kubernetes 1.2.29, 4.2.12; RFC 9325, 4.2).

    Suites of TLS 1.3 (`TLS_AES_128_GCM_SHA256`) always have both.
    """
    return [name for name in names if not _strong(name)]


def _strong(name: str) -> bool:
    if not name.endswith(_STRONG):
        return False
    return "_WITH_" not in name or name.startswith(("TLS_ECDHE_RSA_WITH_", "TLS_ECDHE_ECDSA_WITH_"))
