"""Keyless signatures: a short-lived certificate for an identity, and a log that says when it was used.

What is proven offline, in this order: the signature by the certificate's key, the log's promise and its entry, the
validity of the certificate at the moment that the log gives (never now: such certificates live for minutes), the chain
to the trust root, its use, its own entry in a certificate log, and last whether its identity is one that the policy
names. Proofs of the log's second version are left to the `sigstore` package.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec
from cryptography import x509

from inventory.signatures import certificates, extra
from inventory.signatures.keys import key_id, made_by
from inventory.signatures.model import Signature
from inventory.signatures.parsing import said, shown
from inventory.signatures.policy import Identity
from inventory.signatures.rekor import Claim, Entry, included, mismatch, promised
from inventory.signatures.story import Story
from inventory.signatures.trusted_root import TrustedRoot
from inventory.signatures.trusted_root import read as read_root


class Evidence(msgspec.Struct, frozen=True):
    """What comes with a certificate. `proof`: the entry must be shown to be in the log's tree.

    `bundle` is the whole sigstore bundle, b"" in the tag layout; `stamped`: it has RFC 3161 timestamps.
    """

    leaf: x509.Certificate
    signature: bytes
    message: bytes
    payload: bytes
    entries: tuple[Entry, ...]
    proof: bool = False
    stamped: bool = False
    bundle: bytes = b""


def name(story: Story, leaf: x509.Certificate) -> None:
    """Notes whom the certificate names."""
    story.signer = next(iter(certificates.identities(leaf)), "") or certificates.subject(leaf)
    story.issuer = certificates.token_issuer(leaf)
    story.key_id = key_id(leaf.public_key())


def signed_by_leaf(story: Story, evidence: Evidence) -> Signature | None:
    """Whether the certificate's key made the signature at all; says nothing of whose it is."""
    key = certificates.key_of(evidence.leaf)
    if key is None:
        return story.unsupported("unsupported_key", "the certificate's key is of a kind that is not supported", "key")
    algorithm = made_by(key, evidence.signature, evidence.message)
    if not algorithm:
        return story.failed("bad_signature", "the certificate's key did not make this signature", "signature")
    story.algorithm = algorithm
    story.step("signature", f"{algorithm}, by the certificate's key")
    return None


def judge(story: Story, evidence: Evidence, wanted: Sequence[Identity], trust_root: bytes) -> Signature | None:
    """Adds the steps from signature to identity; the signature as it ends where one does not hold."""
    name(story, evidence.leaf)
    if ended := signed_by_leaf(story, evidence):
        return ended
    if not trust_root:
        return story.unknown("there is no trust root for keyless signatures: set `root` in [trust]", "certificate")
    root = read_root(trust_root)
    if isinstance(root, str):
        return story.unknown(root, "certificate")
    if not evidence.entries:
        return story.failed("no_timestamp", "nothing proves when the certificate was used", "transparency log")
    if len(evidence.entries) > 1:
        return story.failed("malformed", "it has more than one log entry", "transparency log")
    entry = evidence.entries[0]
    if entry.promise and entry.at:
        ended = _logged(story, evidence, entry, root) or _chained(story, evidence.leaf, root, float(entry.at))
    elif evidence.stamped:
        ended = _by_package(story, evidence, trust_root)
    else:
        return story.failed("no_timestamp", "nothing proves when the certificate was used", "time")
    return ended or _named(story, evidence.leaf, wanted)


def _logged(story: Story, evidence: Evidence, entry: Entry, root: TrustedRoot) -> Signature | None:
    if trouble := promised(entry, root):
        return story.failed(*trouble, "transparency log")
    claim = Claim(evidence.signature, evidence.message, evidence.payload, certificates.der(evidence.leaf))
    if wrong := mismatch(entry, claim):
        return story.failed("log_entry_mismatch", wrong, "transparency log")
    if evidence.proof and (wrong := included(entry, root)):
        return story.failed("log_entry_mismatch", wrong, "transparency log")
    story.at = float(entry.at)
    proven = "promised by the log and in its signed tree" if evidence.proof else "promised by the log"
    story.step("transparency log", f"entry {entry.index}, {proven}")
    if not certificates.good_at(evidence.leaf, story.at):
        return story.failed(
            "expired_certificate",
            f"used on {said(story.at)}, outside the certificate's validity"
            f" ({said(evidence.leaf.not_valid_before_utc.timestamp())}"
            f" to {said(evidence.leaf.not_valid_after_utc.timestamp())})",
            "time",
        )
    story.step("time", f"{said(story.at)}, by the log, within the certificate's validity")
    return None


def _chained(story: Story, leaf: x509.Certificate, root: TrustedRoot, when: float) -> Signature | None:
    """The chain to an authority of the trust root at that moment, the use of the certificate, its own log entry."""
    fitting = [one for one in root.authorities if one.start <= when <= one.end]
    authority = next((one for one in fitting if certificates.leads_to(leaf, one.chain, when)), None)
    if authority is None:
        return story.failed("untrusted_certificate", "the certificate does not lead to the trust root", "certificate")
    if not certificates.signs_code(leaf):
        return story.failed("untrusted_certificate", "the certificate is not one for signing code", "certificate")
    story.step("certificate", f"leads to {certificates.subject(authority.chain[-1])} of the trust root")
    logs = [(one.log_id, one.key, one.start, one.end) for one in root.certificate_logs]
    if wrong := certificates.logged(leaf, authority.chain[0], logs):
        return story.failed("sct_invalid", wrong, "certificate")
    story.step("certificate", "logged by a trusted certificate log")
    return None


def _by_package(story: Story, evidence: Evidence, trust_root: bytes) -> Signature | None:
    """Time and log of a bundle whose proofs only the `sigstore` package knows."""
    if not evidence.bundle:
        return story.unsupported(
            "unsupported_format",
            "its only proof of time is a timestamp outside a bundle, which is not supported",
            "time",
        )
    found = extra.verify(evidence.bundle, evidence.message, trust_root)
    if found is None:
        return story.unsupported("unsupported_format", extra.ADVICE, "transparency log")
    if isinstance(found, str):
        return story.failed(_reason(found), f"the sigstore package refuses it: {shown(found)}", "transparency log")
    story.at = found
    when = f" on {said(found)}" if found else ""
    story.step("transparency log", f"entry and timestamp are good, used{when} (sigstore package)")
    story.step("certificate", "leads to the trust root (sigstore package)")
    return None


def _reason(words: str) -> str:
    """The package has sentences only; these are its own."""
    table = {
        "SCT": "sct_invalid",
        "invalid signing cert": "expired_certificate",
        "certificate chain": "untrusted_certificate",
        "time": "no_timestamp",
    }
    return next((reason for part, reason in table.items() if part in words), "log_entry_mismatch")


def _named(story: Story, leaf: x509.Certificate, wanted: Sequence[Identity]) -> Signature | None:
    found, issuer = certificates.identities(leaf), certificates.token_issuer(leaf)
    for one in wanted:
        fitting = next((name for name in found if fits(one.subject, name)), None)
        if fitting is not None and issuer and issuer == one.issuer:
            story.signer = fitting
            story.step("identity", f"{fitting}, vouched for by {issuer}")
            return None
    said_by = f" vouched for by {shown(issuer, 100)}" if issuer else ""
    detail = f"signed by {shown(story.signer, 160)}{said_by}, whom the policy does not name"
    return story.failed("identity_mismatch", detail, "identity")


def fits(pattern: str, text: str) -> bool:
    """Whether a subject is the policy's, where `*` stands for any text. Takes time in proportion to both lengths."""
    if "*" not in pattern:
        return pattern == text
    first, *middle, last = _parts(pattern)
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


@lru_cache(maxsize=256)
def _parts(pattern: str) -> tuple[str, ...]:
    return tuple(re.split(r"\*+", pattern))
