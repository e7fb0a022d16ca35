"""Entries of the transparency log Rekor (version 1), proven offline: promise, tree, what an entry says."""

from __future__ import annotations

import base64
import hashlib
import json

import msgspec

from inventory.signatures.certificates import der, from_pem
from inventory.signatures.keys import BAD, key_bytes, made_by
from inventory.signatures.parsing import at, document, from_base64, text_at
from inventory.signatures.trusted_root import Log, TrustedRoot

_DEEPEST = 64  # hashes of a proof: the tree would have 2**64 leaves
_SIGNERS = 16
_HASHES = frozenset({"sha256", "sha384", "sha512"})


class Proof(msgspec.Struct, frozen=True):
    """That an entry is in the tree whose root the log has signed."""

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


class Entry(msgspec.Struct, frozen=True):
    """One entry with its proofs. `promise` b"" and `proof` None where there are none; `at` 0: the log says no time."""

    body: bytes
    log_id: bytes
    index: int
    at: int
    promise: bytes
    proof: Proof | None = None
    kind: str = ""
    version: str = ""


class Claim(msgspec.Struct, frozen=True):
    """What an entry should be about. `message` is what was signed, `payload` what an envelope holds of it.

    `verifier` is DER of the certificate, or of the public key where there is none.
    """

    signature: bytes
    message: bytes
    payload: bytes
    verifier: bytes


def promised(entry: Entry, root: TrustedRoot) -> tuple[str, str] | None:
    """Reason and detail where the log's promise (SET) is not good; None where it is."""
    log = next((one for one in root.logs if one.log_id == entry.log_id), None)
    if log is None:
        return "untrusted_log", f"logged by {entry.log_id.hex()[:16]}, which the trust root does not name"
    signed = json.dumps(
        {
            "body": base64.b64encode(entry.body).decode(),
            "integratedTime": entry.at,
            "logID": entry.log_id.hex(),
            "logIndex": entry.index,
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    if not made_by(log.key, entry.promise, signed.encode()):
        return "set_invalid", "the transparency log's promise is not signed by that log"
    if not log.start <= entry.at <= log.end:
        return "untrusted_log", "logged at a time at which the trust root does not trust that log"
    return None


def included(entry: Entry, root: TrustedRoot) -> str:
    """What is wrong with the proof that the entry is in the log, "" if nothing is."""
    log = next((one for one in root.logs if one.log_id == entry.log_id), None)
    proof = entry.proof
    if log is None or proof is None:
        return "there is no proof that the entry is in the log"
    leaf = hashlib.sha256(b"\x00" + entry.body).digest()
    if _root(leaf, proof) != proof.root:
        return "the proof that the entry is in the log leads to another tree"
    return _checkpoint(proof, log)


def _root(leaf: bytes, proof: Proof) -> bytes | None:
    """The root to which a proof leads (RFC 9162, 2.1.3.2)."""
    if not 0 <= proof.index < proof.size or len(proof.hashes) > _DEEPEST:
        return None
    index, last, found = proof.index, proof.size - 1, leaf
    for one in proof.hashes:
        if last == 0:
            return None
        if index & 1 or index == last:
            found = hashlib.sha256(b"\x01" + one + found).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + one).digest()
        index, last = index >> 1, last >> 1
    return found if last == 0 else None


def _checkpoint(proof: Proof, log: Log) -> str:
    text, blank, signatures = proof.checkpoint.partition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) < 3:
        return "the log's checkpoint is malformed"
    if lines[1] != str(proof.size) or from_base64(lines[2]) != proof.root:
        return "the log's checkpoint is about another tree"
    for line in signatures.split("\n")[:_SIGNERS]:
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.rpartition(" ")
        raw = from_base64(encoded) if dash == "\u2014" else None
        if raw is None or raw[:4] != log.log_id[:4]:
            continue
        if name and lines[0].startswith(name) and made_by(log.key, raw[4:], f"{text}\n".encode()):
            return ""
    return "the log's checkpoint is not signed by that log"


def mismatch(entry: Entry, claim: Claim) -> str:
    """How the entry is about something else than the claim, "" if it is about just that."""
    body = document(entry.body)
    kind, version = text_at(body, "kind"), text_at(body, "apiVersion")
    if entry.kind and (entry.kind, entry.version) != (kind, version):
        return "the log entry is of another kind than the bundle says"
    spec = at(body, "spec")
    if (kind, version) == ("hashedrekord", "0.0.1"):
        return _hashedrekord(spec, claim)
    if (kind, version) == ("dsse", "0.0.1"):
        return _dsse(spec, claim)
    if kind == "intoto" and version in {"0.0.1", "0.0.2"}:
        return _intoto(spec, claim, version)
    return f"log entries of the kind {kind[:40]} {version[:20]} are not supported"


def _hashedrekord(spec: object, claim: Claim) -> str:
    if not _hashes(at(spec, "data", "hash"), claim.message):
        return "the log entry is about another payload"
    if from_base64(text_at(spec, "signature", "content")) != claim.signature:
        return "the log entry is about another signature"
    return _verifier(text_at(spec, "signature", "publicKey", "content"), claim)


def _dsse(spec: object, claim: Claim) -> str:
    if not _hashes(at(spec, "payloadHash"), claim.payload):
        return "the log entry is about another payload"
    signatures = at(spec, "signatures")
    one = signatures[0] if isinstance(signatures, list) and len(signatures) == 1 else None
    if from_base64(text_at(one, "signature")) != claim.signature:
        return "the log entry is about another signature"
    return _verifier(text_at(one, "verifier"), claim)


def _intoto(spec: object, claim: Claim, version: str) -> str:
    if not _hashes(at(spec, "content", "payloadHash"), claim.payload):
        return "the log entry is about another payload"
    if version == "0.0.1":  # holds only a hash of the envelope, whose spelling is not known
        return _verifier(text_at(spec, "publicKey"), claim)
    signatures = at(spec, "content", "envelope", "signatures")
    one = signatures[0] if isinstance(signatures, list) and len(signatures) == 1 else None
    inner = from_base64(text_at(one, "sig"))
    if inner is None or base64.b64encode(claim.signature) != inner:
        return "the log entry is about another signature"
    return _verifier(text_at(one, "publicKey"), claim)


def _hashes(found: object, data: bytes) -> bool:
    algorithm = text_at(found, "algorithm")
    return algorithm in _HASHES and text_at(found, "value") == hashlib.new(algorithm, data).hexdigest()


def _verifier(encoded: str, claim: Claim) -> str:
    raw = from_base64(encoded)
    text = raw.decode("ascii", "replace") if raw else ""
    certificates = from_pem(text)
    found = der(certificates[0]) if certificates else _public_key(raw or b"")
    return "" if found and found == claim.verifier else "the log entry is about another certificate or key"


def _public_key(pem: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        return key_bytes(load_pem_public_key(pem))
    except BAD:
        return b""
