"""Signatures and attestations under cosign's tags (`sha256-HEX.sig`, `.att`): a layer each, proofs in annotations."""

from __future__ import annotations

import msgspec

from inventory.signatures import certificates, simple_signing, statement
from inventory.signatures.model import Attestation, Material, Signature, Subject
from inventory.signatures.parsing import document, from_base64, shown, struct
from inventory.signatures.policy import Rule
from inventory.signatures.rekor import Entry
from inventory.signatures.signer import Signed, Trust, authenticate, conclude
from inventory.signatures.story import Story

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
_SIGNATURE = "dev.cosignproject.cosign/signature"
_CERTIFICATE = "dev.sigstore.cosign/certificate"
_BUNDLE = "dev.sigstore.cosign/bundle"
_TIMESTAMP = "dev.sigstore.cosign/rfc3161timestamp"


class _Payload(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    integratedTime: int  # noqa: N815 - the log's own name
    logIndex: int  # noqa: N815
    logID: str  # noqa: N815


class _LogBundle(msgspec.Struct, forbid_unknown_fields=True):
    SignedEntryTimestamp: str
    Payload: _Payload


def judge(
    story: Story, material: Material, subject: Subject, rule: Rule | None, trust: Trust
) -> Signature | Attestation:
    """One layer."""
    if material.media_type == DSSE:
        return _attestation(story, material, subject, trust)
    if material.media_type not in {"", SIMPLE_SIGNING}:
        return story.failed("malformed", f"the layer is {shown(material.media_type, 80)}, no signature", "payload")
    if _SIGNATURE not in material.annotations:
        return story.failed("malformed", "the layer has no signature annotation", "signature")
    signature = from_base64(material.annotations[_SIGNATURE])
    if not signature:
        return story.failed("malformed", "the signature annotation is no base64", "signature")
    signed = _signed(material, signature, material.content, material.content)
    if isinstance(signed, str):
        return story.failed("malformed", signed, "certificate")
    if ended := authenticate(story, signed, trust):
        return ended
    payload = simple_signing.read(material.content, simple_signing.COSIGN)
    if isinstance(payload, str):
        return story.failed("malformed", payload, "payload")
    story.at = story.at or payload.at
    return simple_signing.compare(story, payload, subject, rule) or conclude(story, trust)


def _attestation(story: Story, material: Material, subject: Subject, trust: Trust) -> Signature | Attestation:
    found = statement.envelope(document(material.content))
    said = found if isinstance(found, str) else statement.read(found)
    if isinstance(found, str) or isinstance(said, str):
        return Attestation("", story.place, story.failed("malformed", str(said)).mark, detail=str(said))
    signed = _signed(material, found.signature, found.message, found.payload)
    if isinstance(signed, str):
        ended: Signature | None = story.failed("malformed", signed, "certificate")
    else:
        ended = authenticate(story, signed, trust)
    ended = ended or simple_signing.compare_digest(story, said.digests, subject) or conclude(story, trust)
    return statement.attestation(said, ended)


def _signed(material: Material, signature: bytes, message: bytes, payload: bytes) -> Signed | str:
    """With the certificate and the log's promise, or what is wrong with them. The chain is never a source of trust."""
    if _CERTIFICATE not in material.annotations:  # a key's signature stands without a log, so a broken entry is none
        entry = _entry(material.annotations.get(_BUNDLE, ""))
        return Signed(signature, message, payload, entries=(entry,) if entry else ())
    found = certificates.from_pem(material.annotations[_CERTIFICATE])
    if not found:
        return "the signer's certificate cannot be read"
    entries: tuple[Entry, ...] = ()
    if _BUNDLE in material.annotations:
        entry = _entry(material.annotations[_BUNDLE])
        if entry is None:
            return "the transparency log's bundle is malformed"
        entries = (entry,)
    elif _TIMESTAMP in material.annotations:  # said as what it is: a proof of time that is not looked at
        entries = (Entry(b"", b"", 0, 0, b""),)
    return Signed(
        signature, message, payload, certificates.der(found[0]), entries, stamped=_TIMESTAMP in material.annotations
    )


def _entry(raw: str) -> Entry | None:
    found = struct(raw, _LogBundle)
    if found is None:
        return None
    body, promise = from_base64(found.Payload.body), from_base64(found.SignedEntryTimestamp)
    try:
        log_id = bytes.fromhex(found.Payload.logID)
    except ValueError:
        return None
    if not body or not promise or log_id.hex() != found.Payload.logID:
        return None
    return Entry(body, log_id, found.Payload.logIndex, found.Payload.integratedTime, promise)
