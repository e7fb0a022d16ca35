"""No changed byte of a payload, signature, certificate, envelope, bundle or manifest leaves a signature verified.

Each changed blob gets the digest that it then has, as somebody who holds the registry would give it. The bytes that may
change are those that nobody signs and nothing relies on:

- `hint` of a bundle with a key: it says which key to try, the policy's keys are all tried anyway;
- `signingAgent` of a Notation envelope, in its unsigned header: a program's name (in COSE the header's name too, since
  unsigned headers may be any);
- cosign's `chain` annotation: intermediates come from the trust root alone, so it is never looked at;
- of a manifest, what says nothing of the signature: media type and size of its config, names of other annotations;
- of an OpenPGP message its compression, the file name and date of its text, and the unhashed part of its signature:
  what gpgv hands over as signed, by whom and when stays the same to the last byte.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.signatures.gpg import Answer
from inventory.signatures.judge import judge, one
from inventory.signatures.model import Layout, Mark, Material
from inventory.signatures.policy import GpgKeys
from inventory.signatures.signer import trust_of
from inventory.sources import gpgv
from tests.signatures.vectors import Case, case, layers

KINDS = (
    "ct-01-p256-ok", "ct-02-rsa2048-ok", "ct-03-ed25519-ok", "ct-04-p384-ok", "cb-01-p256-ok", "cb-09-rsa-ok",
    "cb-10-p384-sha384", "kl-01-legacy-ok", "kl-20-bundle-ok", "nt-01-rsa-jws-ok", "nt-02-rsa-cose-ok",
    "nt-03-ec-jws-ok", "nt-04-ec-cose-ok",
)  # fmt: skip
_CHAIN = "dev.sigstore.cosign/chain"
_AGENT = b"io.cncf.notary.signingAgent"


def mark_of(one_case: Case, material: Material) -> Mark:
    """By the layout's own code, without the net below it: what raises there fails the test."""
    return one(
        material, one_case.subject, one_case.rule, trust_of(one_case.rule, one_case.policy.root, one_case.now)
    ).mark


def with_content(material: Material, raw: bytes) -> Material:
    return msgspec.structs.replace(material, content=raw, promised=f"sha256:{hashlib.sha256(raw).hexdigest()}")


def unsigned(material: Material) -> set[int]:
    """Where the content's bytes may be anything: see above."""
    raw = material.content
    if material.layout is Layout.SIGSTORE_BUNDLE and b'"hint":"' in raw:
        start = raw.index(b'"hint":"') + len(b'"hint":"')
        return set(range(start, raw.index(b'"', start)))
    if material.layout is Layout.NOTATION:
        start = raw.index(_AGENT)
        value = start + len(_AGENT) + (3 if raw[:1] == b"{" else 1)
        end = value + len(b"notation-go/1.3.2")
        return set(range(start, end)) if raw[:1] != b"{" else set(range(value, end))
    return set()


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_no_byte_of_the_content_may_change(name: str, data: st.DataObject) -> None:
    one_case = case(name)
    material = one_case.materials[0]
    at = data.draw(st.integers(0, len(material.content) - 1))
    by = data.draw(st.integers(1, 255))
    raw = bytearray(material.content)
    raw[at] ^= by
    mark = mark_of(one_case, with_content(material, bytes(raw)))
    assert mark is not Mark.VERIFIED or at in unsigned(material), (at, by)


@pytest.mark.parametrize("name", [name for name in KINDS if name[:2] in {"ct", "kl"} and name != "kl-20-bundle-ok"])
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_no_byte_of_an_annotation_may_change(name: str, data: st.DataObject) -> None:
    one_case = case(name)
    material = one_case.materials[0]
    key = data.draw(st.sampled_from(sorted(set(material.annotations) - {_CHAIN})))
    raw = bytearray(material.annotations[key].encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    changed = {**material.annotations, key: raw.decode("utf-8", "surrogateescape")}
    assert mark_of(one_case, msgspec.structs.replace(material, annotations=changed)) is not Mark.VERIFIED


@pytest.mark.parametrize("name", ["ct-01-p256-ok", "ct-03-ed25519-ok", "cb-01-p256-ok", "nt-04-ec-cose-ok"])
@pytest.mark.parametrize("by", [0x01, 0x20])
def test_not_one_byte_at_all(name: str, by: int) -> None:
    one_case = case(name)
    material = one_case.materials[0]
    free = unsigned(material)
    for at in range(len(material.content)):
        raw = bytearray(material.content)
        raw[at] ^= by
        assert mark_of(one_case, with_content(material, bytes(raw))) is not Mark.VERIFIED or at in free, at


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_blob_that_is_not_what_its_manifest_names(name: str, data: st.DataObject) -> None:
    """Without a digest made to fit, any change anywhere is seen, the free bytes included."""
    one_case = case(name)
    material = one_case.materials[0]
    raw = bytearray(material.content)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    found = judge(
        one_case.subject,
        [msgspec.structs.replace(material, content=bytes(raw))],
        one_case.rule,
        one_case.policy,
        one_case.now,
    )
    assert (found.mark, found.reason) == (Mark.FAILED, "blob_digest_mismatch")


@pytest.mark.parametrize("name", ["ct-01-p256-ok", "kl-01-legacy-ok"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_byte_of_a_signature_manifest_matters_but_for_the_signature(name: str, data: st.DataObject) -> None:
    """A tag's manifest has no digest to be held to: a change has no effect on the material, or it is seen."""
    one_case = case(name)
    path = next((one_case.folder / "registry").glob("*.sig.json"))
    raw = bytearray(path.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    original = one_case.materials[0]
    for material in _named(one_case, bytes(raw)):
        if mark_of(one_case, material) is Mark.VERIFIED:
            assert material.promised == original.promised and material.content == original.content
            assert {**material.annotations, _CHAIN: ""} == {**original.annotations, _CHAIN: ""} or (
                _CHAIN not in material.annotations
            )


def _named(one_case: Case, raw: bytes) -> list[Material]:
    try:
        manifest: Any = json.loads(raw)
        return list(layers(one_case.folder, manifest, "tag", Layout.COSIGN_TAG))
    except (ValueError, KeyError, OSError, TypeError, AttributeError):
        return []


@pytest.mark.parametrize(
    "name", ["ct-01-p256-ok", "cb-01-p256-ok", "kl-20-bundle-ok", "nt-01-rsa-jws-ok", "nt-04-ec-cose-ok"]
)
def test_truncated_at_every_length(name: str) -> None:
    one_case = case(name)
    material = one_case.materials[0]
    for size in range(len(material.content)):
        assert mark_of(one_case, with_content(material, material.content[:size])) is not Mark.VERIFIED, size


def test_truncated_annotations_at_every_length() -> None:
    one_case = case("kl-01-legacy-ok")
    material = one_case.materials[0]
    for key in set(material.annotations) - {_CHAIN}:
        text = material.annotations[key]
        for size in range(len(text)):
            changed = msgspec.structs.replace(material, annotations={**material.annotations, key: text[:size]})
            free = key.endswith("certificate") and not text[size:].strip()  # the newline behind the certificate
            assert mark_of(one_case, changed) is not Mark.VERIFIED or free, (key, size)


@pytest.mark.parametrize("name", KINDS)
def test_another_images_signature(name: str) -> None:
    one_case = case(name)
    other = msgspec.structs.replace(one_case.subject, digests=("sha256:" + "0" * 64,))
    found = judge(other, one_case.materials, one_case.rule, one_case.policy, one_case.now)
    assert (found.mark, found.reason) == (Mark.FAILED, "digest_mismatch")


@pytest.mark.parametrize("by", [0x01, 0x40])
def test_a_changed_openpgp_message_is_refused_or_says_the_same(by: int, tmp_path: Path) -> None:
    """Every fifth byte, since each costs a process."""
    verifier = gpgv.find(tmp_path)
    if verifier is None:
        pytest.skip("gpgv is not installed")
    one_case = case("gs-01-ok")
    material = one_case.materials[0]
    (authority,) = one_case.rule.signed_by
    assert isinstance(authority, GpgKeys)
    good = verifier(authority.keyring, material.content)
    assert good.answer is Answer.GOOD
    for at in range(0, len(material.content), 5):
        raw = bytearray(material.content)
        raw[at] ^= by
        found = verifier(authority.keyring, bytes(raw))
        assert found == good or (found.answer is not Answer.GOOD and not found.payload), at
