"""Certificates that a real authority does not issue, and each part of the proof that they were used in time."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from inventory.signatures.cosign_tag import DSSE
from inventory.signatures.judge import judge
from inventory.signatures.model import Layout, Mark, Material, Provenance
from inventory.signatures.policy import Identity, NotationTrust, Rule, TrustPolicy
from tests.signatures import lab, made

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
WEAK = rsa.generate_private_key(65537, 1024)
CA = lab.authority()
NEVER = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
LIMIT = x509.NameConstraints([x509.RFC822Name("lab.test")], None)
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
RULE = Rule(match=("**",), signed_by=(Identity(lab.ISSUER, lab.WHO),))


def without(oid: type[x509.ExtensionType], *instead: tuple[x509.ExtensionType, bool]) -> list[tuple[Any, bool]]:
    return [one for one in lab.proper() if not isinstance(one[0], oid)] + list(instead)


def judged(
    leaf: x509.Certificate, chain: tuple[x509.Certificate, ...] = (CA,), key: Any = KEY, **log: Any
) -> Provenance:
    content = made.payload()
    signature = made.signature(content, key)
    body = {
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": {"hash": lab.hashed(content)},
            "signature": {"content": signature, "publicKey": {"content": lab.encoded(lab.pem(leaf))}},
        },
    }
    annotations = {
        "dev.cosignproject.cosign/signature": signature,
        "dev.sigstore.cosign/certificate": lab.pem(leaf),
        "dev.sigstore.cosign/bundle": lab.promise(body, **log),
    }
    policy = TrustPolicy(root=lab.trusted_root(chain))
    return judge(made.SUBJECT, [made.material(content, annotations)], RULE, policy, 0.0)


def test_what_is_made_here_is_good() -> None:
    found = judged(lab.leaf(KEY, lab.proper(), CA))
    assert found.mark is Mark.VERIFIED, found.detail
    assert found.by == lab.WHO and found.signatures[0].issuer == lab.ISSUER
    middle_key = ec.generate_private_key(ec.SECP384R1())
    middle = lab.authority(
        "middle", middle_key, issuer="ca", issuer_key=lab.CA_KEY, others=[(lab.proper()[1][0], False)]
    )
    assert judged(lab.leaf(KEY, lab.proper(), middle, middle_key), (middle, CA)).mark is Mark.VERIFIED
    assert judged(lab.leaf(KEY, lab.proper(), middle, middle_key), (CA,)).reason == "untrusted_certificate"


@pytest.mark.parametrize(
    ("extensions", "reason"),
    [
        (without(x509.KeyUsage), "untrusted_certificate"),
        (without(x509.KeyUsage, (lab.usage(issues=True), True)), "untrusted_certificate"),
        (without(x509.ExtendedKeyUsage), "untrusted_certificate"),
        (without(x509.ExtendedKeyUsage, (SERVER, False)), "untrusted_certificate"),
        ([*lab.proper(), (x509.BasicConstraints(ca=True, path_length=None), True)], "untrusted_certificate"),
        ([*lab.proper(), (NEVER, True)], "untrusted_certificate"),
        ([*lab.proper(), (NEVER, False)], ""),
        (without(x509.SubjectAlternativeName), "identity_mismatch"),
        (lab.proper(x509.GeneralNames([x509.DNSName("ci.lab.test")])), "identity_mismatch"),
        (lab.proper(x509.GeneralNames([x509.RFC822Name("CI@lab.test")])), "identity_mismatch"),
        (lab.proper(x509.GeneralNames([x509.UniformResourceIdentifier(lab.WHO)])), ""),
        (
            lab.proper(
                x509.GeneralNames(
                    [x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), b"\x0c\x0bci@lab.test")]
                )
            ),
            "",
        ),
        (without(x509.UnrecognizedExtension), "identity_mismatch"),
        (
            # the newer form counts where both are there
            [
                *lab.proper(),
                (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), b"\x0c\x01x"), False),
            ],
            "identity_mismatch",
        ),
    ],
)
def test_leaves(extensions: list[tuple[x509.ExtensionType, bool]], reason: str) -> None:
    found = judged(lab.leaf(KEY, extensions, CA))
    assert found.reason == reason, found.detail
    assert found.mark is (Mark.FAILED if reason else Mark.VERIFIED)


@pytest.mark.parametrize(
    "more",
    [
        {"constraints": x509.BasicConstraints(ca=False, path_length=None)},
        {"usage": lab.usage(signs=True)},
        {"others": [(LIMIT, True)]},
        {"others": [(SERVER, False)]},
        {"valid": timedelta(days=1)},
        {"start": lab.AT + timedelta(days=1)},
    ],
    ids=["no authority", "may not issue", "limits names", "for servers", "over", "not yet"],
)
def test_authorities(more: dict[str, Any]) -> None:
    ca = lab.authority(**more)
    assert judged(lab.leaf(KEY, lab.proper(), ca), (ca,)).reason == "untrusted_certificate"


def test_an_authority_may_be_limited_to_leaves() -> None:
    root = lab.authority(constraints=x509.BasicConstraints(ca=True, path_length=0))
    assert judged(lab.leaf(KEY, lab.proper(), root), (root,)).mark is Mark.VERIFIED
    middle = lab.authority("middle", OTHER, issuer="ca", issuer_key=lab.CA_KEY)
    found = judged(lab.leaf(KEY, lab.proper(), middle, OTHER), (middle, root))
    assert found.reason == "untrusted_certificate"


def test_a_leaf_issues_nothing() -> None:
    first = lab.leaf(OTHER, lab.proper(), CA)
    second = lab.leaf(KEY, lab.proper(), first, OTHER)
    assert judged(second).reason == "untrusted_certificate"


def test_a_namesake_of_the_authority() -> None:
    other = lab.authority(key=OTHER)
    assert judged(lab.leaf(KEY, lab.proper(), other, OTHER)).reason == "untrusted_certificate"


def test_weak_keys() -> None:
    assert judged(lab.leaf(WEAK, lab.proper(), CA), key=WEAK).reason == "unsupported_key"


@pytest.mark.parametrize(
    "more",
    [
        {"log": OTHER},
        {"logged": lab.AT - timedelta(days=200)},
        {"issuer_of_record": OTHER},
    ],
    ids=["another log", "before the log counts", "for another authority"],
)
def test_certificate_logs(more: dict[str, Any]) -> None:
    assert judged(lab.leaf(KEY, lab.proper(), CA, **more)).reason == "sct_invalid"


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (lab.AT - timedelta(seconds=1), "expired_certificate"),
        (lab.AT, ""),
        (lab.AT + timedelta(minutes=10), ""),
        (lab.AT + timedelta(minutes=10, seconds=1), "expired_certificate"),
        (lab.AT - timedelta(days=300), "untrusted_log"),
    ],
)
def test_moments(at: datetime, reason: str) -> None:
    assert judged(lab.leaf(KEY, lab.proper(), CA), at=at).reason == reason


def test_another_transparency_log() -> None:
    assert judged(lab.leaf(KEY, lab.proper(), CA), log=OTHER).reason == "untrusted_log"


@pytest.mark.parametrize("kind", ["intoto", "dsse"])
@pytest.mark.parametrize("broken", ["", "payload", "verifier"])
def test_keyless_attestations(kind: str, broken: str) -> None:
    leaf = lab.leaf(KEY, lab.proper(), CA)
    envelope = made.envelope("https://slsa.dev/provenance/v1", {}, key=KEY)
    payload = b"other" if broken == "payload" else base64.b64decode(envelope["payload"])
    verifier = lab.encoded(lab.pem(CA if broken == "verifier" else leaf))
    spec: dict[str, Any] = {"content": {"payloadHash": lab.hashed(payload)}, "publicKey": verifier}
    if kind == "dsse":
        one = {"signature": envelope["signatures"][0]["sig"], "verifier": verifier}
        spec = {"payloadHash": lab.hashed(payload), "signatures": [one]}
    annotations = {
        "dev.sigstore.cosign/certificate": lab.pem(leaf),
        "dev.sigstore.cosign/bundle": lab.promise({"apiVersion": "0.0.1", "kind": kind, "spec": spec}),
    }
    material = made.material(json.dumps(envelope).encode(), annotations, DSSE)
    found = judge(made.SUBJECT, [material], RULE, TrustPolicy(root=lab.trusted_root((CA,))), 0.0)
    assert [one.mark for one in found.attestations] == [Mark.FAILED if broken else Mark.VERIFIED]
    assert found.mark is Mark.UNSIGNED


@pytest.mark.parametrize("trouble", ["", "another log", "another payload", "another key", "no root", "broken"])
def test_a_keys_signature_tells_when_it_was_logged(trouble: str) -> None:
    """The policy asks for the key alone: what the log proves is told, what it does not prove is no failure."""
    content = made.payload()
    signature = made.signature(content)
    key = made.public(OTHER if trouble == "another key" else made.KEY).pem
    body = {
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": {"hash": lab.hashed(b"x" if trouble == "another payload" else content)},
            "signature": {"content": signature, "publicKey": {"content": lab.encoded(key.decode())}},
        },
    }
    promise = lab.promise(body, log=OTHER if trouble == "another log" else lab.LOG)
    annotations = {
        "dev.cosignproject.cosign/signature": signature,
        "dev.sigstore.cosign/bundle": "{" if trouble == "broken" else promise,
    }
    rule = Rule(match=("**",), signed_by=(made.public(),))
    policy = TrustPolicy(root=b"" if trouble == "no root" else lab.trusted_root((CA,)))
    found = judge(made.SUBJECT, [made.material(content, annotations)], rule, policy, lab.AT.timestamp())
    assert found.mark is Mark.VERIFIED
    assert found.signatures[0].at == (0.0 if trouble else lab.AT.timestamp() + 60)
    said = [step.holds for step in found.signatures[0].steps if step.what == "transparency log"]
    assert said == ([] if trouble == "broken" else [None if trouble else True])


# Notation

SIGNS = [(lab.usage(signs=True), True), (x509.ExtendedKeyUsage([lab.CODE]), False)]
LONG = {"start": lab.AT - timedelta(days=10), "valid": timedelta(days=300)}
TARGET = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": made.DIGEST, "size": 1}


def signer(
    extensions: Any = SIGNS, key: Any = KEY, by: str = "ca", by_key: Any = lab.CA_KEY, **more: Any
) -> x509.Certificate:
    return lab.certificate("signer", key, by, by_key, extensions, **{**LONG, **more})


def notation(
    content: bytes, subject: str = "", roots: tuple[x509.Certificate, ...] = (CA,), now: Any = lab.AT
) -> Provenance:
    material = Material(layout=Layout.NOTATION, place="x", content=content, media_type="application/jose+json")
    store = NotationTrust("store", ("\n".join(lab.pem(one) for one in roots).encode(),), subject)
    return judge(made.SUBJECT, [material], Rule(match=("**",), signed_by=(store,)), TrustPolicy(), now.timestamp())


def test_notation_chains() -> None:
    good = lab.jws([signer(), CA], KEY, TARGET)
    assert notation(good).mark is Mark.VERIFIED, notation(good)
    assert notation(good, "C=XX, O=lab, CN=signer").by == "CN=signer,O=lab,C=XX"
    assert notation(good, "CN=other").reason == "identity_mismatch"
    assert notation(good, roots=(lab.authority("x", OTHER), CA)).mark is Mark.VERIFIED
    assert notation(good, roots=(lab.authority(key=OTHER),)).reason == "untrusted_certificate"
    assert notation(lab.jws([signer()], KEY, TARGET)).reason == "untrusted_certificate"
    alone = signer()
    assert notation(lab.jws([alone], KEY, TARGET), roots=(alone,)).mark is Mark.VERIFIED
    assert notation(lab.jws([CA, signer()], lab.CA_KEY, TARGET)).reason == "untrusted_certificate"
    middle = lab.authority("middle", OTHER, issuer="ca", issuer_key=lab.CA_KEY)
    through = signer(by="middle", by_key=OTHER)
    assert notation(lab.jws([through, middle, CA], KEY, TARGET)).mark is Mark.VERIFIED
    assert notation(lab.jws([through, CA], KEY, TARGET)).reason == "untrusted_certificate"
    assert notation(lab.jws([through, signer(key=OTHER), CA], KEY, TARGET)).reason == "untrusted_certificate"
    assert notation(lab.jws([signer(), CA], OTHER, TARGET)).reason == "bad_signature"


@pytest.mark.parametrize(
    ("extensions", "good"),
    [
        ([(lab.usage(signs=True), True)], True),
        ([], False),
        ([(lab.usage(signs=True), True), (SERVER, False)], False),
        ([*SIGNS, (NEVER, True)], False),
        ([*SIGNS, (x509.BasicConstraints(ca=True, path_length=None), True)], False),
    ],
)
def test_notation_leaves(extensions: Any, good: bool) -> None:
    found = notation(lab.jws([signer(extensions), CA], KEY, TARGET))
    assert found.reason == ("" if good else "untrusted_certificate")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"alg": "none"}, "malformed"),
        ({"alg": "HS256"}, "malformed"),
        ({"alg": "ES384"}, "bad_signature"),
        ({"alg": "PS256"}, "bad_signature"),
        ({"alg": None}, "malformed"),
        ({"cty": "text/plain"}, "malformed"),
        ({"crit": []}, "malformed"),
        ({"crit": None}, "malformed"),
        ({"crit": ["io.cncf.notary.signingScheme", "new"]}, "malformed"),
        ({"crit": ["io.cncf.notary.signingScheme", {}]}, "malformed"),
        ({"io__cncf__notary__signingTime": 5}, "malformed"),
        ({"io__cncf__notary__signingScheme": "notary.x509.signingAuthority"}, "unsupported_format"),
        ({"io__cncf__notary__expiry": "2026-06-02T00:00:00Z"}, "malformed"),  # must be critical
        ({"unknown": {"a": 1}}, ""),
    ],
)
def test_notation_headers(changed: dict[str, Any], reason: str) -> None:
    assert notation(lab.jws([signer(), CA], KEY, TARGET, **changed)).reason == reason


def test_notation_times() -> None:
    critical = ["io.cncf.notary.signingScheme", "io.cncf.notary.expiry"]
    content = lab.jws([signer(), CA], KEY, TARGET, crit=critical, io__cncf__notary__expiry="2026-06-02T00:00:00Z")
    assert notation(content).mark is Mark.VERIFIED
    assert notation(content, now=lab.AT + timedelta(days=1)).reason == "expired_signature"
    late = lab.AT + timedelta(days=299)
    assert notation(lab.jws([signer(), CA], KEY, TARGET), now=late).reason == "expired_certificate"
    stamped = notation(lab.jws([signer(), CA], KEY, TARGET, stamp="AAAA"), now=late)
    assert (stamped.mark, stamped.reason) == (Mark.UNSUPPORTED, "unsupported_format")
    assert notation(lab.jws([signer(), CA], KEY, TARGET, stamp="AAAA")).mark is Mark.VERIFIED
    early = lab.AT - timedelta(days=11)
    assert notation(lab.jws([signer(), CA], KEY, TARGET), now=early).reason == "expired_certificate"


@pytest.mark.parametrize("target", [None, [], {}, {"digest": 5}, {"digest": ""}, "x"])
def test_notation_payloads(target: Any) -> None:
    assert notation(lab.jws([signer(), CA], KEY, target)).reason == "malformed"


def test_notation_annotations_may_be_demanded() -> None:
    content = lab.jws([signer(), CA], KEY, {**TARGET, "annotations": {"env": "prod"}})
    material = Material(layout=Layout.NOTATION, place="x", content=content, media_type="application/jose+json")
    rule = Rule(match=("**",), signed_by=(NotationTrust("store", (lab.pem(CA).encode(),)),))
    for value, mark in (("prod", Mark.VERIFIED), ("lab", Mark.FAILED)):
        wanted = msgspec.structs.replace(rule, annotations=(("env", value),))
        assert judge(made.SUBJECT, [material], wanted, TrustPolicy(), lab.AT.timestamp()).mark is mark
