"""Sigstore bundles (v0.1 to v0.3) as cosign attaches them: an envelope with everything needed to verify it."""

from __future__ import annotations

import re

import msgspec

from inventory.signatures import simple_signing, statement
from inventory.signatures.model import Attestation, Material, Signature, Subject
from inventory.signatures.parsing import from_base64, struct
from inventory.signatures.policy import Rule
from inventory.signatures.rekor import Entry, Proof
from inventory.signatures.signer import Signed, Trust, authenticate, conclude
from inventory.signatures.story import Story

_MEDIA_TYPE = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle(?:\+json;version=(0\.[123])|\.v(0\.3)\+json)", re.ASCII
)
_MOST = 32


class _Wire(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The format is closed: a version says which members there are."""


class _KeyHint(_Wire):
    hint: str = ""


class _Certificate(_Wire):
    raw_bytes: str


class _Chain(_Wire):
    certificates: list[_Certificate]


class _LogId(_Wire):
    key_id: str


class _KindVersion(_Wire):
    kind: str
    version: str


class _Promise(_Wire):
    signed_entry_timestamp: str


class _Checkpoint(_Wire):
    envelope: str


class _Proof(_Wire):
    root_hash: str
    tree_size: int
    log_index: int = 0
    hashes: list[str] | None = None
    checkpoint: _Checkpoint | None = None


class _Entry(_Wire):
    log_id: _LogId
    kind_version: _KindVersion
    canonicalized_body: str
    log_index: int = 0
    integrated_time: int = 0
    inclusion_promise: _Promise | None = None
    inclusion_proof: _Proof | None = None


class _Stamp(_Wire):
    signed_timestamp: str


class _Stamps(_Wire):
    rfc3161_timestamps: list[_Stamp] | None = None


class _Material(_Wire):
    public_key: _KeyHint | None = None
    certificate: _Certificate | None = None
    x509_certificate_chain: _Chain | None = None
    tlog_entries: list[_Entry] | None = None
    timestamp_verification_data: _Stamps | None = None


class _Sig(_Wire):
    sig: str
    keyid: str = ""


class _Envelope(_Wire):
    payload: str
    payload_type: str
    signatures: list[_Sig]


class _Digest(_Wire):
    algorithm: str = ""
    digest: str = ""


class _Message(_Wire):
    signature: str
    message_digest: _Digest | None = None


class _Bundle(_Wire):
    media_type: str
    verification_material: _Material
    dsse_envelope: _Envelope | None = None
    message_signature: _Message | None = None


class Bundle(msgspec.Struct, frozen=True):
    """A bundle in which everything is of the right form. Either `envelope` or `signature` is there.

    `signature` is one over an artifact that lies elsewhere, which images never have.
    """

    version: str
    envelope: statement.Envelope | None
    signature: bytes
    certificate: bytes | None
    hint: str
    entries: tuple[Entry, ...]
    stamped: bool

    def signed(self, message: bytes, payload: bytes, raw: bytes) -> Signed:
        """Its signature as one over this message; `raw` is the bundle itself."""
        return Signed(
            signature=self.envelope.signature if self.envelope else self.signature,
            message=message,
            payload=payload,
            certificate=self.certificate,
            entries=self.entries,
            hint=self.hint,
            proof=self.version != "0.1" or any(one.proof and one.proof.checkpoint for one in self.entries),
            stamped=self.stamped,
            bundle=raw,
        )


def read(raw: bytes) -> Bundle | str:
    """A bundle, or what is wrong with it."""
    found = struct(raw, _Bundle)
    if found is None:
        return "it is no sigstore bundle"
    version = _MEDIA_TYPE.fullmatch(found.media_type)
    if version is None:
        return "it is a bundle of a version that is not known"
    envelope, signature = _envelope(found.dsse_envelope), b""
    if isinstance(envelope, str):
        return envelope
    if found.message_signature is not None:
        signature = from_base64(found.message_signature.signature) or b""
    if (envelope is None) == (not signature):
        return "the bundle has not exactly one signature"
    material = found.verification_material
    certificate = _certificate(material)
    if isinstance(certificate, str):
        return certificate
    entries = tuple(_entry(one) for one in (material.tlog_entries or ())[:_MOST])
    if None in entries:
        return "the bundle's log entry is malformed"
    stamps = material.timestamp_verification_data
    return Bundle(
        version=version[1] or version[2],
        envelope=envelope,
        signature=signature,
        certificate=certificate,
        hint=material.public_key.hint if material.public_key else "",
        entries=tuple(one for one in entries if one is not None),
        stamped=bool(stamps and stamps.rfc3161_timestamps),
    )


def _envelope(found: _Envelope | None) -> statement.Envelope | str | None:
    if found is None:
        return None
    payload = from_base64(found.payload)
    signature = from_base64(found.signatures[0].sig) if len(found.signatures) == 1 else None
    if not payload or not signature or not found.payload_type:
        return "the bundle's envelope is malformed"
    return statement.Envelope(found.payload_type, payload, signature)


def _certificate(found: _Material) -> bytes | str | None:
    """The leaf; the rest of an old bundle's chain is never a source of trust."""
    chain = found.x509_certificate_chain
    given = [one for one in (found.certificate, chain, found.public_key) if one is not None]
    if len(given) != 1:
        return "the bundle has not exactly one certificate or key"
    leaf = found.certificate or (chain.certificates[0] if chain and chain.certificates else None)
    if leaf is None:
        return None if found.public_key is not None else "the bundle's chain is empty"
    return from_base64(leaf.raw_bytes) or "the bundle's certificate is no base64"


def _entry(found: _Entry) -> Entry | None:
    body, log_id = from_base64(found.canonicalized_body), from_base64(found.log_id.key_id)
    promise = from_base64(found.inclusion_promise.signed_entry_timestamp) if found.inclusion_promise else b""
    proof = _proof(found.inclusion_proof) if found.inclusion_proof else None
    if not body or log_id is None or promise is None or (proof is None and found.inclusion_proof):
        return None
    kind = found.kind_version
    if not kind.kind or not kind.version:
        return None
    return Entry(body, log_id, found.log_index, found.integrated_time, promise, proof, kind.kind, kind.version)


def _proof(found: _Proof) -> Proof | None:
    root = from_base64(found.root_hash)
    hashes = [from_base64(one) for one in found.hashes or ()]
    if root is None or None in hashes:
        return None
    checkpoint = found.checkpoint.envelope if found.checkpoint else ""
    return Proof(found.log_index, found.tree_size, root, tuple(one for one in hashes if one is not None), checkpoint)


def judge(
    story: Story, material: Material, subject: Subject, rule: Rule | None, trust: Trust
) -> Signature | Attestation:
    """One bundle: a signature if its statement is cosign's, else an attestation."""
    found = read(material.content)
    if isinstance(found, str):
        return story.failed("malformed", found, "payload")
    if found.envelope is None:
        detail = "it signs the bytes of a file; images are signed by statements"
        return story.unsupported("unsupported_format", detail, "payload")
    said = statement.read(found.envelope)
    signed = found.signed(found.envelope.message, found.envelope.payload, material.content)
    ended = authenticate(story, signed, trust)
    if isinstance(said, str):
        return ended or story.failed("malformed", said, "payload")
    if said.predicate_type == statement.COSIGN_SIGN:
        ended = ended or simple_signing.compare_digest(story, said.digests, subject)
        story.annotations = said.annotations(story.digest)
        if ended is None:
            story.step("identity", "the statement names no repository", None)
        return ended or simple_signing.compare_annotations(story, rule) or conclude(story, trust)
    ended = ended or simple_signing.compare_digest(story, said.digests, subject) or conclude(story, trust)
    return statement.attestation(said, ended)
