"""Cases of ConfigMaps, Secrets and what names them."""

from __future__ import annotations

import base64
import json

import msgspec

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.configuration import KubeSecret
from inventory.resource import Kind
from tests.checks.builders import changed
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import pod, recorded, written
from tests.checks.kubernetes.surroundings import api_server, around, cluster, policy
from tests.kubernetes.captured import NOW, SOURCE

FAIL, PASS, MANUAL, NA, UNKNOWN = (
    Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN,
)  # fmt: skip
_DAY = 86400.0
_TOKEN = recorded(Kind.KUBE_SECRET, "staging/ci-runner-token")
_SOUND = recorded(Kind.KUBE_SECRET, "prod/shop-tls")
_DENIED = {(SOURCE, Kind.KUBE_SECRET): Gap(Reason.DENIED, "GET /api/v1/secrets")}
_NOT_ASKED = Gap(Reason.UNSUPPORTED, "data[tls.crt]", "not asked for")


def _map(data: dict[str, str], binary: dict[str, bytes] | None = None) -> object:
    encoded = {key: base64.b64encode(value).decode() for key, value in (binary or {}).items()}
    return written(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "settings", "namespace": "prod"},
                "data": data,
                "binaryData": encoded,
            }
        )
    )


def _config(expected: Outcome, note: str, severity: Severity | None, data: dict[str, str], **binary: bytes) -> Case:
    return Case("ORC-230", _map(data, binary), expected, severity, others=(), note=note)  # type: ignore[arg-type]


def _certificate(of: KubeSecret, **values: object) -> KubeSecret:
    leaf = of.certificate
    assert leaf is not None
    return changed(of, certificate=msgspec.structs.replace(leaf, **values))


def _tls(subject: object, expected: Outcome, severity: Severity | None, note: str, now: float = NOW) -> Case:
    return Case("ORC-232", subject, expected, severity, others=around(subject), now=now, note=note)  # type: ignore[arg-type]


def _named(namespace: str, expected: Outcome, note: str, *put: object, now: float = NOW) -> Case:
    subject = recorded(Kind.NAMESPACE, namespace)
    return Case("ORC-233", subject, expected, others=around(subject, *put), now=now, note=note)  # type: ignore[arg-type]


assert isinstance(_SOUND, KubeSecret)
_OLD = written(
    "{apiVersion: v1, kind: Secret, metadata: {name: old, namespace: prod, creationTimestamp: '2026-01-01T00:00:00Z'}}"
)
_PUT = ("--encryption-provider-config=/etc/kubernetes/enc.yaml",)


def _encryption(*providers: str) -> dict[str, object]:
    return {"resources": [{"resources": ["secrets"], "providers": [{name: {}} for name in providers]}]}


CASES = [
    Case("ORC-230", recorded(Kind.CONFIGMAP, "legacy/legacy-settings"), FAIL, Severity.MEDIUM, note="recorded"),
    Case("ORC-230", recorded(Kind.CONFIGMAP, "prod/shop-config"), PASS, note="recorded"),
    Case("ORC-230", recorded(Kind.CONFIGMAP, "prod/kube-root-ca.crt"), PASS, note="a public certificate"),
    _config(FAIL, "a URL in YAML", Severity.HIGH, {"app.yaml": "db:\n  url: postgres://shop:hunter2222@db/shop\n"}),
    _config(FAIL, "a key", Severity.HIGH, {"id": "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n"}),
    _config(FAIL, "by name in JSON", Severity.MEDIUM, {"a.json": '{"db": {"password": "hunter2222"}}'}),
    _config(FAIL, "in .env", Severity.MEDIUM, {".env": "A=b\nexport DB_PASSWORD=hunter2222\n"}),
    _config(FAIL, "in binaryData", Severity.MEDIUM, {}, env=b"DB_PASSWORD=hunter2222\n"),
    _config(MANUAL, "too large", Severity.LOW, {"big": "x" * 100_001}),
    _config(MANUAL, "no text", None, {}, store=b"\xfe\xed\xfe\xed\x00\xff"),
    _config(PASS, "names alone", None, {"a.yaml": "secretName: db\npasswordFile: /run/secrets/db\n# password: h\n"}),
    Case("ORC-231", _TOKEN, FAIL, Severity.MEDIUM, note="recorded"),
    Case(
        "ORC-231",
        changed(_TOKEN, labels={"kubernetes.io/legacy-token-invalid-since": "2026-10-01"}),
        PASS,
        note="marked invalid",
    ),
    Case("ORC-231", _SOUND, NA, note="another type"),
    _tls(_SOUND, PASS, None, "recorded: valid"),
    _tls(recorded(Kind.KUBE_SECRET, "prod/api-tls"), FAIL, Severity.HIGH, "recorded: expires in 12 days"),
    _tls(recorded(Kind.KUBE_SECRET, "staging/staging-tls"), FAIL, Severity.HIGH, "recorded: expired"),
    _tls(recorded(Kind.KUBE_SECRET, "legacy/billing-tls"), FAIL, Severity.LOW, "recorded: short key, unused"),
    _tls(recorded(Kind.KUBE_SECRET, "legacy/garbage-tls"), UNKNOWN, None, "recorded: no certificate"),
    _tls(recorded(Kind.KUBE_SECRET, "prod/db-credentials"), NA, None, "another type"),
    _tls(_certificate(_SOUND, not_after=NOW + 20 * _DAY), FAIL, Severity.MEDIUM, "20 days"),
    _tls(_certificate(_SOUND, not_before=NOW - 400 * _DAY, not_after=NOW + 400 * _DAY), MANUAL, None, "800 days"),
    _tls(_certificate(_SOUND, names=("shop.example.com",)), FAIL, Severity.HIGH, "a host is not covered"),
    _tls(_certificate(_SOUND, names=("*.example.com", "*.shop.example.com")), PASS, None, "by wildcards"),
    _tls(_certificate(_SOUND, signature="sha1"), FAIL, Severity.HIGH, "signed with SHA-1"),
    _tls(changed(_SOUND, certificate=_NOT_ASKED), UNKNOWN, None, "not asked for"),
    _tls(_certificate(_SOUND, error="no certificate in tls.crt: ValueError"), UNKNOWN, None, "unreadable"),
    _named("staging", FAIL, "recorded: a template names a missing secret"),
    _named("legacy", FAIL, "recorded: an Ingress names a missing secret"),
    _named("prod", PASS, "recorded"),
    _named("prod", MANUAL, "an old one that nothing names", _OLD),
    _named("prod", PASS, "an old release of helm", changed(_OLD, type="helm.sh/release.v1")),
    _named("empty", PASS, "recorded: nothing there"),
    _named(
        "prod", FAIL, "a ConfigMap is missing",
        pod("containers: [{name: a, image: a, envFrom: [{configMapRef: {name: gone}}]}]"),
    ),
    _named(
        "prod", PASS, "an optional one is missing",
        pod("containers: [{name: a, image: a, envFrom: [{configMapRef: {name: gone, optional: true}}]}]"),
    ),
    _named("prod", FAIL, "an account is missing", pod("{containers: [{name: a, image: a}], serviceAccountName: gone}")),
    _named("prod", UNKNOWN, "a pod spec is not readable", changed(pod(), pod_spec=Gap(Reason.MALFORMED, "spec"))),
    Case(
        "ORC-233", recorded(Kind.NAMESPACE, "prod"), UNKNOWN, others=around(), gaps=_DENIED, now=NOW, note="forbidden",
    ),
    Case("ORC-234", cluster(), FAIL, Severity.MEDIUM, others=around(), note="recorded: no flag"),
    Case("ORC-234", cluster(), MANUAL, others=(), note="managed"),
    Case(
        "ORC-234",
        cluster(),
        MANUAL,
        others=(policy("external-secrets.io/v1", "ExternalSecret", {}),),
        note="managed, with an external store",
    ),
    Case("ORC-234", cluster(), UNKNOWN, others=around(api_server(*_PUT)), note="the file is elsewhere"),
    Case(
        "ORC-234",
        cluster(),
        PASS,
        others=around(api_server(*_PUT, encryption_provider_config=_encryption("kms", "identity"))),
        note="kms first",
    ),
    Case(
        "ORC-234",
        cluster(),
        FAIL,
        others=around(api_server(*_PUT, encryption_provider_config=_encryption("identity", "kms"))),
        note="identity first",
    ),
    Case(
        "ORC-234",
        cluster(),
        FAIL,
        others=around(api_server(*_PUT, encryption_provider_config={"resources": "none"})),
        note="no list",
    ),
]  # fmt: skip
