"""Signatures written to break their reader: each gives a verdict that is not `verified`, soon, and nothing raises."""

from __future__ import annotations

import base64
import copy
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.signatures import cbor, certificates, trusted_root
from inventory.signatures.judge import judge, one
from inventory.signatures.model import Layout, Mark, Material
from inventory.signatures.parsing import LARGEST, from_base64, from_base64url, moment
from inventory.signatures.signer import Trust, trust_of
from tests.hostile import HOSTILE
from tests.signatures import made
from tests.signatures.test_tampering import KINDS, mark_of, with_content
from tests.signatures.vectors import case

JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "\ud83d\ude00",
    "A" * 5000,
    [],
    [[]],
    {},
    {"": None},
    [{"a": 1}] * 3,
)
LAYOUTS = [(Layout.COSIGN_TAG, ""), (Layout.COSIGN_TAG, "application/vnd.dsse.envelope.v1+json")]
LAYOUTS += [
    (Layout.SIGSTORE_BUNDLE, ""),
    (Layout.NOTATION, "application/jose+json"),
    (Layout.NOTATION, "application/cose"),
]
LAYOUTS += [(Layout.GPG_SIMPLE, "")]


def trust() -> Trust:
    everything = [case(name) for name in ("ct-01-p256-ok", "kl-01-legacy-ok", "nt-01-rsa-jws-ok", "gs-01-ok")]
    rule = msgspec.structs.replace(
        everything[0].rule, signed_by=tuple(authority for found in everything for authority in found.rule.signed_by)
    )
    return trust_of(rule, everything[1].policy.root, everything[0].now)


def judged(layout: Layout, media_type: str, content: bytes, annotations: dict[str, str] | None = None) -> Mark:
    material = Material(layout=layout, place="x", content=content, media_type=media_type, annotations=annotations or {})
    started = time.monotonic()
    found = one(material, made.SUBJECT, case("ct-01-p256-ok").rule, trust())
    assert time.monotonic() - started < 2
    return found.mark


def places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    pairs = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in pairs:
        yield from places(value, (*path, key))


def replaced(found: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    found = copy.deepcopy(found)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return found


@pytest.mark.parametrize("name", ["cb-01-p256-ok", "kl-20-bundle-ok", "nt-01-rsa-jws-ok"])
def test_every_member_of_another_type(name: str) -> None:
    found = case(name)
    material = found.materials[0]
    document = json.loads(material.content)
    for path in places(document):
        for junk in JUNK:
            mark = mark_of(found, with_content(material, json.dumps(replaced(document, path, junk)).encode()))
            assert mark is not Mark.VERIFIED or says_nothing(path, junk), (path, junk)


def says_nothing(path: tuple[Any, ...], junk: Any) -> bool:
    """Members on which nothing relies, and lists that are empty already."""
    if path[-1] in {"hint", "io.cncf.notary.signingAgent"}:
        return isinstance(junk, str)
    empty = path[-1] in {"hashes", "publicKey", "timestampVerificationData"}
    return empty and not junk


def test_the_payload_of_a_trusted_signer_may_be_anything() -> None:
    """Signed by the very key of the policy, so that all code behind the signature is reached."""
    document = json.loads(made.payload(optional={"a": "b"}))
    rule = msgspec.structs.replace(case("ct-01-p256-ok").rule, signed_by=(made.public(),))
    good = {("optional",), ("optional", "a")}
    for path in places(document):
        for junk in JUNK:
            material = made.simple(json.dumps(replaced(document, path, junk)).encode())
            mark = one(material, made.SUBJECT, rule, trust_of(rule, b"", 0.0)).mark
            assert (mark is Mark.VERIFIED) == (path in good), (path, junk)
    for text in HOSTILE:
        assert one(made.simple(made.payload(text)), made.SUBJECT, rule, trust_of(rule, b"", 0.0)).mark is Mark.FAILED


def test_statements_of_a_trusted_signer_may_be_anything() -> None:
    rule = msgspec.structs.replace(case("ct-01-p256-ok").rule, signed_by=(made.public(),))
    for junk in JUNK:
        for predicate in (junk, {"builder": junk}, {"runDetails": {"builder": {"id": junk}}}):
            found = judge(
                made.SUBJECT, [made.attested("https://x", predicate)], rule, case("ct-01-p256-ok").policy, 0.0
            )
            assert [each.mark for each in found.attestations] == [Mark.VERIFIED]
            assert len(found.attestations[0].builder) < 400


@pytest.mark.parametrize(("layout", "media_type"), LAYOUTS)
def test_deep_large_and_empty(layout: Layout, media_type: str) -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    for content in (
        b"", b"\x00", b"null", b"[]", b"{", deep, b"[" * 200_000, b"\xff" * 1000, b"\xd2" * 500_000, b"\x84" * 200_000,
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", b"x" * (LARGEST + 1), b'{"a":' + b"9" * 100_000 + b"}",
        b'{"payload":"' + b"A" * 900_000 + b'"}',
    ):  # fmt: skip
        assert judged(layout, media_type, content) in {Mark.FAILED, Mark.UNKNOWN}
        annotations = {
            "dev.cosignproject.cosign/signature": content[:400_000].decode("latin-1"),
            "dev.sigstore.cosign/certificate": content[:400_000].decode("latin-1"),
            "dev.sigstore.cosign/bundle": content[:400_000].decode("latin-1"),
        }
        assert judged(layout, media_type, content, annotations) in {Mark.FAILED, Mark.UNKNOWN}


@pytest.mark.parametrize(("layout", "media_type"), LAYOUTS)
@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=400) | st.sampled_from([case(name).materials[0].content for name in KINDS]))
def test_anything_in_any_layout(layout: Layout, media_type: str, content: bytes) -> None:
    assert judged(layout, media_type, content) is not Mark.VERIFIED


@pytest.mark.parametrize("name", ["kl-01-legacy-ok"])
def test_annotations_of_any_text(name: str) -> None:
    found = case(name)
    material = found.materials[0]
    for key in set(material.annotations) - {"dev.sigstore.cosign/chain"}:
        for text in (*HOSTILE, "", "-----BEGIN CERTIFICATE-----", "\ud800", material.annotations[key] * 2):
            changed = msgspec.structs.replace(material, annotations={**material.annotations, key: text})
            twice = key.endswith("certificate") and text == material.annotations[key] * 2  # the first counts
            assert (mark_of(found, changed) is Mark.VERIFIED) == twice, (key, text)


def test_a_trust_root_of_any_form() -> None:
    document = json.loads(case("kl-01-legacy-ok").policy.root)
    for path in places(document):
        for junk in JUNK:
            trusted_root.read(json.dumps(replaced(document, path, junk)).encode())
    for size in range(0, len(case("kl-01-legacy-ok").policy.root), 7):
        assert isinstance(trusted_root.read(case("kl-01-legacy-ok").policy.root[:size]), str)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("tlogs", 0, "publicKey", "validFor"), {"start": "2026-06-02T00:00:00Z"}, "untrusted_log"),
        (("tlogs", 0, "publicKey", "validFor"), {"end": "2026-05-01T00:00:00Z"}, "untrusted_log"),
        (("tlogs", 0, "publicKey", "validFor"), {"end": "nonsense"}, "untrusted_log"),
        (("tlogs",), [], "untrusted_log"),
        (("ctlogs", 0, "publicKey", "validFor"), {"end": "2026-05-01T00:00:00Z"}, "sct_invalid"),
        (("ctlogs",), None, "sct_invalid"),
        (("certificateAuthorities", 0, "validFor"), {"end": "2026-05-01T00:00:00Z"}, "untrusted_certificate"),
    ],
)
def test_a_trust_root_counts_for_its_time_only(path: tuple[Any, ...], value: Any, reason: str) -> None:
    for name in ("kl-01-legacy-ok", "kl-20-bundle-ok"):
        found = case(name)
        policy = msgspec.structs.replace(
            found.policy, root=json.dumps(replaced(json.loads(found.policy.root), path, value)).encode()
        )
        assert judge(found.subject, found.materials, found.rule, policy, found.now).reason == reason


def test_one_spelling_only() -> None:
    assert from_base64("YQ==") == b"a" and from_base64url("YQ") == b"a" and from_base64url("-_8") == b"\xfb\xff"
    for text in ("YQ", "YQ=", "YR==", " YQ==", "YQ==\n", "Y Q==", "=YQ=", "YQ==YQ==", "\u0661Q=="):
        assert from_base64(text) is None, text
    for text in ("YQ==", "YR", "+_8", "a"):
        assert from_base64url(text) is None, text
    assert moment("2026-11-23T12:00:00Z") == 1795435200.0
    for text in (
        "",
        "2026-11-23",
        "2026-11-23T12:00:00",
        "9999-99-99T00:00:00Z",
        "0000-01-01T00:00:00+00:00",
        "x" * 30,
    ):
        assert moment(text) is None, text


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=80))
def test_cbor_is_read_or_refused(raw: bytes) -> None:
    with suppress(cbor.CborError):
        cbor.decode(raw)


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("00", 0), ("17", 23), ("1818", 24), ("1903e8", 1000), ("1b000000e8d4a51000", 10**12), ("20", -1),
        ("3863", -100), ("40", b""), ("4401020304", b"\x01\x02\x03\x04"), ("6161", "a"), ("83010203", [1, 2, 3]),
        ("a201020304", {1: 2, 3: 4}),
        ("c11a514b67b0", cbor.Tagged(1, 1363896240)), ("f5", True), ("f4", False), ("f6", None),
    ],
)  # fmt: skip
def test_cbor_of_the_standards_own_examples(encoded: str, value: Any) -> None:
    assert cbor.decode(bytes.fromhex(encoded)) == value


@pytest.mark.parametrize(
    "encoded",
    ["", "1817", "190001", "5f42010243030405ff", "9fff", "a2010101", "a201020103", "62ff", "f90000", "a1f501", "0000",
     "fb3ff199999999999a", "1c", "81" * 20 + "00", "9a00010000"],
)  # fmt: skip
def test_cbor_that_signatures_do_not_have(encoded: str) -> None:
    with pytest.raises(cbor.CborError):
        cbor.decode(bytes.fromhex(encoded))


@settings(max_examples=200, deadline=None)
@given(size=st.integers(0, 1 << 40), kind=st.integers(0, 5))
def test_cbor_heads_are_read_as_written(size: int, kind: int) -> None:
    assert cbor._head(cbor.encode_head(kind, size), 0)[:2] == (kind, size)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_certificates_of_any_bytes(data: st.DataObject) -> None:
    """Changed in a few places: all questions have an answer."""
    bundle = json.loads(case("kl-20-bundle-ok").materials[0].content)
    raw = bytearray(base64.b64decode(bundle["verificationMaterial"]["certificate"]["rawBytes"]))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    found = certificates.from_der(bytes(raw))
    if found is None:
        return
    root = trusted_root.read(case("kl-20-bundle-ok").policy.root)
    assert isinstance(root, trusted_root.TrustedRoot)
    chain = root.authorities[0].chain
    certificates.identities(found)
    certificates.token_issuer(found)
    certificates.subject(found)
    certificates.signs_code(found)
    certificates.key_of(found)
    unchanged = bytes(raw) == base64.b64decode(bundle["verificationMaterial"]["certificate"]["rawBytes"])
    assert certificates.leads_to(found, chain, None) is unchanged
    logs = [(log.log_id, log.key, log.start, log.end) for log in root.certificate_logs]
    certificates.logged(found, chain[0], logs)
