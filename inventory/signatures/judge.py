"""Judges everything that lies beside an image and may be a signature: who made it, for what, and does the site say so.

Pure: nothing is read or asked here. OpenPGP is judged by a callable that the caller brings, log proofs of the second
version by an optional package that works on the bytes it is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from inventory.signatures import bundle, cosign_tag, extra, gpg, notation
from inventory.signatures.gpg import Gpgv
from inventory.signatures.model import (
    REASONS,
    Attestation,
    Layout,
    Mark,
    Material,
    Provenance,
    Signature,
    Subject,
)
from inventory.signatures.parsing import LARGEST
from inventory.signatures.policy import Identity, Rule, TrustPolicy
from inventory.signatures.signer import NO_POLICY, Trust, trust_of
from inventory.signatures.story import Story

MOST = 64
"""Signatures and attestations of one image; what lies beyond is not looked at, and said so."""
_UNJUDGED = (Mark.UNKNOWN, Mark.UNSUPPORTED)


def judge(
    subject: Subject,
    materials: Sequence[Material],
    rule: Rule | None,
    policy: TrustPolicy,
    now: float,
    gpgv: Gpgv | None = None,
) -> Provenance:
    """What the materials say of the subject by one rule of the policy. `now` is epoch seconds.

    Any one good signature verifies; else the most telling reason counts (the order of `REASONS`).
    """
    signatures: list[Signature] = []
    attestations: list[Attestation] = []
    trust = trust_of(rule, _root(rule, policy), now)
    for material in materials[:MOST]:
        found = _guarded(material, subject, rule, trust, gpgv)
        if isinstance(found, Attestation):
            attestations.append(found)
        else:
            signatures.append(found)
    mark, reason, detail, by = _concluded(signatures)
    if len(materials) > MOST:
        detail = f"{detail}; only {MOST} of {len(materials)} signatures were looked at"
        mark = Mark.UNKNOWN if mark in {Mark.FAILED, Mark.UNSIGNED} else mark
    if not subject.digests:
        mark, reason, detail, by = Mark.UNKNOWN, "", "the image has no registry digest that could be signed", ""
    return Provenance(
        digest=next(iter(subject.digests), ""),
        repository=subject.repository,
        platform_digest=subject.digests[1] if len(subject.digests) > 1 else "",
        mark=mark,
        reason=reason,
        detail=detail,
        by=by,
        rule=str(rule) if rule else "",
        demanded=bool(rule and "signature" in rule.require),
        signatures=tuple(signatures),
        attestations=tuple(attestations),
        at=now,
    )


def _root(rule: Rule | None, policy: TrustPolicy) -> bytes:
    """The policy's trust root, else the public one where the optional package brings it and a rule needs it."""
    if policy.root or rule is None or not any(isinstance(one, Identity) for one in rule.signed_by):
        return policy.root
    return extra.shipped_root()


def _guarded(
    material: Material, subject: Subject, rule: Rule | None, trust: Trust, gpgv: Gpgv | None
) -> Signature | Attestation:
    """One material. Should reading it break something after all, it is malformed, and the others are judged yet."""
    try:
        return one(material, subject, rule, trust, gpgv)
    except Exception as error:  # a verdict for each, whatever a stranger has written into one
        return Story(material).failed("malformed", f"cannot be read ({type(error).__name__})", "payload")


def one(
    material: Material, subject: Subject, rule: Rule | None, trust: Trust, gpgv: Gpgv | None = None
) -> Signature | Attestation:
    """One material by its layout, its digest first."""
    story = Story(material)
    if len(material.content) > LARGEST:
        return story.failed("malformed", f"larger than {LARGEST >> 20} MiB", "payload")
    if material.promised:
        if f"sha256:{hashlib.sha256(material.content).hexdigest()}" != material.promised:
            return story.failed("blob_digest_mismatch", "not what the manifest names by digest", "manifest")
        story.step("manifest", f"names {material.promised}")
    if material.layout is Layout.COSIGN_TAG:
        return cosign_tag.judge(story, material, subject, rule, trust)
    if material.layout is Layout.SIGSTORE_BUNDLE:
        return bundle.judge(story, material, subject, rule, trust)
    if material.layout is Layout.NOTATION:
        return notation.judge(story, material, subject, rule, trust)
    return gpg.judge(story, material, subject, rule, trust, gpgv)


def _concluded(signatures: Sequence[Signature]) -> tuple[Mark, str, str, str]:
    """Mark, reason, sentence and signer of all together."""
    good = next((found for found in signatures if found.mark is Mark.VERIFIED), None)
    if good is not None:
        return Mark.VERIFIED, "", good.detail, good.signer
    if not signatures:
        return Mark.UNSIGNED, "no_signature", "no signature was found", ""
    failed = [found for found in signatures if found.mark is Mark.FAILED]
    others = [found for found in signatures if found.mark in _UNJUDGED]
    if others and (not failed or any(found.mark is Mark.UNKNOWN for found in others)):
        telling = next((found for found in others if found.mark is Mark.UNKNOWN), others[0])
        return telling.mark, telling.reason, telling.detail, ""
    telling = min(failed, key=lambda found: REASONS.index(found.reason))
    detail = telling.detail
    if others:
        detail = f"{detail}; {len(others)} more cannot be judged here"
    return Mark.FAILED, telling.reason, detail, ""


__all__ = ["MOST", "NO_POLICY", "judge", "one"]
