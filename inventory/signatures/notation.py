"""Notation signatures: an envelope with a certificate chain, judged by a trust store and trusted identities.

The level is strict. Countersignatures that prove a time are not looked at, so everything is judged by the clock of now;
whether a certificate was revoked is not asked, since that would need the network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cryptography import x509

from inventory.signatures import certificates
from inventory.signatures.keys import holds, key_id
from inventory.signatures.model import Material, Signature, Subject
from inventory.signatures.notation_envelope import Envelope
from inventory.signatures.notation_envelope import read as read_envelope
from inventory.signatures.parsing import at, document, said, shown, text_at, texts
from inventory.signatures.policy import NotationTrust, Rule
from inventory.signatures.signer import Trust, conclude
from inventory.signatures.simple_signing import compare_annotations, compare_digest
from inventory.signatures.story import Story

_SCHEME = "notary.x509"
_PREFIX = "x509.subject:"
_SPLIT = re.compile(r"(?<!\\),")
_ATTRIBUTES = {
    "C": "2.5.4.6",
    "ST": "2.5.4.8",
    "S": "2.5.4.8",
    "L": "2.5.4.7",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "CN": "2.5.4.3",
    "STREET": "2.5.4.9",
}


def judge(story: Story, material: Material, subject: Subject, rule: Rule | None, trust: Trust) -> Signature:
    """One envelope."""
    found = read_envelope(material.content, material.media_type)
    if isinstance(found, str):
        return story.failed("malformed", found, "payload")
    chain = tuple(filter(None, (certificates.from_der(one) for one in found.chain)))
    if len(chain) != len(found.chain):
        return story.failed("malformed", "a certificate of the chain cannot be read", "certificate")
    if found.scheme != _SCHEME:
        return story.unsupported(
            "unsupported_format", f"the signing scheme {shown(found.scheme, 60)} is not supported", "key"
        )
    return (
        _signed(story, found, chain[0])
        or _trusted(story, found, chain, trust)
        or _image(story, found, subject)
        or compare_annotations(story, rule)
        or conclude(story, trust)
    )


def _signed(story: Story, found: Envelope, leaf: x509.Certificate) -> Signature | None:
    story.signer = certificates.subject(leaf)
    story.key_id = key_id(leaf.public_key())
    story.algorithm = found.algorithm
    key = certificates.key_of(leaf)
    if key is None:
        return story.unsupported("unsupported_key", "the certificate's key is of a kind that is not supported", "key")
    if not holds(key, found.signature, found.message, found.algorithm):
        return story.failed("bad_signature", "the certificate's key did not make this signature", "signature")
    story.step("signature", f"{found.algorithm}, by the certificate's key")
    story.at = found.at
    return None


def _trusted(story: Story, found: Envelope, chain: Sequence[x509.Certificate], trust: Trust) -> Signature | None:
    """Certificates, identity and times."""
    if trust.anybody:
        story.step("certificate", f"names {story.signer}; not compared with anything", None)
        return None
    if not trust.notation:
        detail = f"signed with a certificate for {shown(story.signer, 160)}; the policy names no Notation roots"
        return story.failed("no_matching_key", detail, "key")
    stores = [one for one in trust.notation if _leads_to(chain, one)]
    if not stores:
        return story.failed(
            "untrusted_certificate", "the chain does not lead to a root of the trust store", "certificate"
        )
    if not certificates.signs_code(chain[0], must_say=False) and len(chain) > 1:
        return story.failed("untrusted_certificate", "the certificate is not one for signing code", "certificate")
    story.step("certificate", f"leads to {certificates.subject(chain[-1])} of the trust store {stores[0].name}")
    named = next((one for one in stores if named_by(one.subject, chain[0])), None)
    if named is None:
        detail = f"signed by {shown(story.signer, 160)}, whom the policy does not name"
        return story.failed("identity_mismatch", detail, "identity")
    story.step("identity", story.signer if named.subject else f"{story.signer}; any is accepted")
    return _in_time(story, found, chain, trust.now)


def _in_time(story: Story, found: Envelope, chain: Sequence[x509.Certificate], now: float) -> Signature | None:
    if found.expiry is not None and found.expiry < now:
        return story.failed("expired_signature", f"the signature expired on {said(found.expiry)}", "time")
    if expired := [one for one in chain if not certificates.good_at(one, now)]:
        start, end = expired[0].not_valid_before_utc.timestamp(), expired[0].not_valid_after_utc.timestamp()
        who = shown(certificates.subject(expired[0]), 120)
        detail = f"the certificate {who} is good from {said(start)} to {said(end)} only"
        if found.stamped:
            words = f"{detail}; the countersignature that may prove an earlier time is not supported"
            return story.unsupported("unsupported_format", words, "time")
        return story.failed("expired_certificate", detail, "time")
    story.step("time", f"all certificates are good now; signed on {said(found.at)} by its own word")
    story.step("certificate", "whether one was revoked is not known: nothing is asked online", None)
    return None


def _leads_to(chain: Sequence[x509.Certificate], store: NotationTrust) -> bool:
    """Whether the chain holds together and ends in a certificate of the store."""
    roots = {certificates.fingerprint(one) for pem in store.roots for one in certificates.loose_pem(pem)}
    if certificates.fingerprint(chain[-1]) not in roots:
        return False
    return len(chain) == 1 or certificates.leads_to(chain[0], chain[1:], None)


def named_by(wanted: str, leaf: x509.Certificate) -> bool:
    """Whether a certificate's subject has all attributes that a trusted identity names; "" and `*` name anybody."""
    wanted = wanted.strip().removeprefix(_PREFIX).strip()
    if wanted in {"", "*"}:
        return True
    try:
        has = {(one.oid.dotted_string, one.value) for one in leaf.subject}
    except ValueError:
        return False
    pairs = [part.partition("=") for part in _SPLIT.split(wanted)]
    return all(
        (_ATTRIBUTES.get(name.strip().upper(), ""), re.sub(r"\\(.)", r"\1", value.strip())) in has
        for name, _, value in pairs
    )


def _image(story: Story, found: Envelope, subject: Subject) -> Signature | None:
    target = at(document(found.payload), "targetArtifact")
    digest = text_at(target, "digest")
    if not digest:
        return story.failed("malformed", "the signed payload names no artifact", "payload")
    story.annotations = texts(at(target, "annotations"))
    if ended := compare_digest(story, (digest,), subject):
        return ended
    story.step("identity", "the signature names no repository", None)
    return None
