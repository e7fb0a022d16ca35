"""DSSE envelopes and the in-toto statements in them: what an attestation is about, and who built it."""

from __future__ import annotations

from typing import Any

import msgspec

from inventory.signatures.model import Attestation, Signature
from inventory.signatures.parsing import at, document, from_base64, shown, text_at, texts

IN_TOTO = "application/vnd.in-toto+json"
COSIGN_SIGN = "https://sigstore.dev/cosign/sign/v1"
_TYPE = "https://in-toto.io/Statement/v"
_SUBJECTS = 64


class Envelope(msgspec.Struct, frozen=True):
    """A payload, its type and its one signature."""

    kind: str
    payload: bytes
    signature: bytes

    @property
    def message(self) -> bytes:
        """What is signed: DSSE's pre-authentication encoding."""
        kind = self.kind.encode()
        return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(self.payload), self.payload)


class Statement(msgspec.Struct, frozen=True):
    """`subjects` are digests as `sha256:HEX`, with the annotations of each."""

    predicate_type: str
    subjects: tuple[tuple[str, dict[str, str]], ...]
    predicate: Any

    @property
    def digests(self) -> tuple[str, ...]:
        """What it is about."""
        return tuple(digest for digest, _ in self.subjects)

    def annotations(self, digest: str) -> dict[str, str]:
        """What it says of one of its subjects."""
        return next((found for one, found in self.subjects if one == digest), {})


def envelope(found: Any) -> Envelope | str:
    """A decoded envelope, or what is wrong with it."""
    kind, payload = text_at(found, "payloadType"), from_base64(text_at(found, "payload"))
    signatures = at(found, "signatures")
    if not isinstance(signatures, list) or len(signatures) != 1:
        return "the envelope has not exactly one signature"
    signature = from_base64(text_at(signatures[0], "sig"))
    if not kind or not payload or not signature:
        return "the envelope's payload or signature is no base64"
    return Envelope(kind, payload, signature)


def read(found: Envelope) -> Statement | str:
    """The statement in an envelope, or what is wrong with it."""
    body = document(found.payload) if found.kind == IN_TOTO else None
    if body is None or not text_at(body, "_type").startswith(_TYPE):
        return "the envelope holds no in-toto statement"
    subjects = body.get("subject")
    listed = subjects[:_SUBJECTS] if isinstance(subjects, list) else []
    about = [(text_at(one, "digest", "sha256"), texts(at(one, "annotations"))) for one in listed]
    named = tuple((f"sha256:{digest}", annotations) for digest, annotations in about if digest)
    if not named:
        return "the statement names no sha256 digest"
    return Statement(text_at(body, "predicateType"), named, body.get("predicate"))


def builder(found: Statement) -> str:
    """Who built it, by a provenance of SLSA 1.0 or before."""
    new = text_at(found.predicate, "runDetails", "builder", "id")
    return shown(new or text_at(found.predicate, "builder", "id"))


def attestation(found: Statement, judged: Signature) -> Attestation:
    """A statement that is no signature, with the mark that its own signature has."""
    return Attestation(
        predicate_type=shown(found.predicate_type),
        place=judged.place,
        mark=judged.mark,
        signer=judged.signer,
        builder=builder(found),
        at=judged.at,
        detail=judged.detail,
    )
