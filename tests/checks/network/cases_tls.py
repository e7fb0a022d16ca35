"""Cases of published ports that were asked for TLS; certificates are those of real servers."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec

from checks.verdict import Outcome, Severity
from inventory.container import Port
from inventory.endpoint import PeerCertificate, TlsEndpoint
from inventory.gap import Gap, Reason
from inventory.resource import Kind, ResourceKey
from inventory.sources.tls.certificates import certificate
from tests.checks.builders import NOW, SOURCE, changed, docker
from tests.checks.cases import ENGINE, Case

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
DAY = 86400.0
_VECTORS = Path(__file__).parents[2] / "data" / "tls"
_SILENT = Gap(Reason.TIMEOUT, "TLS handshake")


def _certificates(name: str) -> tuple[PeerCertificate, ...]:
    blocks = (_VECTORS / f"{name}.pem").read_text().split("-----BEGIN CERTIFICATE-----")[1:]
    found = (certificate(base64.b64decode(block.split("-----END")[0])) for block in blocks)
    return tuple(one for one in found if one is not None)


def _endpoint(vector: str = "good-ecdsa", **changes: Any) -> TlsEndpoint:
    values: dict[str, Any] = {
        "address": "127.0.0.1",
        "port": 8443,
        "host_ip": "0.0.0.0",
        "containers": (docker("plain").key,),
        "container_port": 8443,
        "speaks": "tls",
        "said": "",
        "server_name": "svc.lab",
        "version": "TLSv1.3",
        "cipher": "TLS_AES_256_GCM_SHA384",
        "accepts": (),
        "weak": (),
        "not_offered": (),
        "certificates": _certificates(vector),
        "trusted": True,
        "distrust": "",
        "named": True,
        **changes,
    }
    key = ResourceKey(Kind.ENDPOINT, SOURCE, "127.0.0.1:8443")
    return TlsEndpoint.build(key=key, name=f"127.0.0.1:8443 {vector}", **values)


def _with(**changes: Any) -> TlsEndpoint:
    return _endpoint(certificates=(msgspec.structs.replace(_certificates("good-ecdsa")[0], **changes),))


_good, _silent = _endpoint(), _endpoint(speaks=_SILENT)
_plain = _endpoint(speaks="plain", said="HTTP_REQUEST", certificates=_SILENT)
_elsewhere = _endpoint(speaks="plain", said="HTTP_REQUEST", host_ip="192.168.1.1", certificates=_SILENT)
_web = changed(docker("plain"), ports=(Port(8443, "tcp", "0.0.0.0", 8443),))
_http = changed(docker("plain"), ports=(Port(80, "tcp", "0.0.0.0", 8443),))
_database = changed(docker("plain"), ports=(Port(5432, "tcp", "0.0.0.0", 8443),))

CASES = [
    Case("NET-016", _endpoint(accepts=("TLSv1", "TLSv1.1")), FAIL, HIGH),
    Case("NET-016", _endpoint(version="TLSv1.2"), MANUAL, note="no 1.3"),
    Case("NET-016", _good, PASS),
    Case("NET-016", _endpoint(not_offered=("TLSv1",)), UNKNOWN, note="cannot be offered"),
    Case("NET-016", _plain, NA),
    Case("NET-016", _endpoint(speaks="refused", said="SSLV3_ALERT_HANDSHAKE_FAILURE"), UNKNOWN, note="refused"),
    Case("NET-018", _endpoint(speaks="closed", said="EOF"), UNKNOWN, note="hangs up"),
    Case("NET-016", _silent, UNKNOWN),
    Case("NET-017", _endpoint(weak=("ECDHE-RSA-NULL-SHA",)), FAIL, CRITICAL, note="no encryption"),
    Case("NET-017", _endpoint(weak=("AES128-SHA",)), FAIL, MEDIUM, note="no forward secrecy"),
    Case("NET-017", _good, PASS),
    Case("NET-017", _endpoint(not_offered=("broken suites",)), UNKNOWN),
    Case("NET-017", _plain, NA),
    Case("NET-018", _endpoint("expiring-5d"), FAIL, HIGH),
    Case("NET-018", _endpoint("notyet"), FAIL, HIGH, note="not yet"),
    Case("NET-018", _good, FAIL, HIGH, now=NOW + 2000 * DAY, note="expired"),
    Case("NET-018", _with(not_after=NOW + 20 * DAY), FAIL, MEDIUM, note="20 days"),
    Case("NET-018", _with(not_after=NOW + 900 * DAY), MANUAL, note="900 days"),
    Case("NET-018", _good, PASS),
    Case("NET-018", _endpoint(certificates=()), UNKNOWN, note="none sent"),
    Case("NET-018", _plain, NA),
    Case("NET-019", _endpoint("wrong-host", named=False), FAIL, MEDIUM),
    Case("NET-019", _with(names=()), FAIL, note="no name at all"),
    Case("NET-019", _good, PASS),
    Case("NET-019", _endpoint(server_name=""), NA, note="a bare address"),
    Case("NET-019", _endpoint(named=_SILENT), UNKNOWN),
    Case("NET-019", _plain, NA),
    Case("NET-020", _endpoint("self-signed", trusted=False, distrust="self-signed certificate"), FAIL, MEDIUM),
    Case("NET-020", _endpoint("missing-intermediate", trusted=False, distrust="x", host_ip="127.0.0.1"), FAIL, LOW),
    Case("NET-020", _good, PASS),
    Case("NET-020", _plain, NA),
    Case("NET-020", _silent, UNKNOWN),
    Case("NET-021", _endpoint("rsa1024"), FAIL, MEDIUM, note="short key"),
    Case("NET-021", _endpoint("sha1"), FAIL, MEDIUM, note="SHA-1"),
    Case("NET-021", _endpoint("good-ed25519"), PASS, note="Ed25519"),
    Case("NET-021", _endpoint("good-rsa4096"), PASS, note="RSA"),
    Case("NET-021", _endpoint(certificates=()), UNKNOWN, note="none sent"),
    Case("NET-021", _plain, NA),
    Case("NET-022", _web, FAIL, MEDIUM, others=(ENGINE, _plain), note="it answered in the clear"),
    Case("NET-022", _database, FAIL, HIGH, others=(ENGINE, _plain), note="a database in the clear"),
    Case("NET-022", _http, PASS, others=(ENGINE, _good), note="TLS on a port for HTTP"),
    Case("NET-022", _http, MANUAL, others=(ENGINE, _silent), note="no answer"),
    Case("NET-022", _web, PASS, others=(ENGINE, _elsewhere), note="another address of the same port"),
]
