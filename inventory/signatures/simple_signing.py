"""Payloads of simple signing (containers/image, cosign): which image, under which name, with which annotations."""

from __future__ import annotations

import msgspec

from inventory.signatures.model import Signature, Subject
from inventory.signatures.parsing import at, document, shown, text_at, texts
from inventory.signatures.policy import Rule
from inventory.signatures.rules import normalised
from inventory.signatures.story import Story

COSIGN = "cosign container image signature"
ATOMIC = "atomic container signature"


class Payload(msgspec.Struct, frozen=True):
    """What was signed. `reference` has a tag or none, as the tool writes it."""

    digest: str
    reference: str
    annotations: dict[str, str]
    at: float = 0.0


def read(raw: bytes, kind: str) -> Payload | str:
    """The payload of this `critical.type`, or what is wrong with it."""
    found = document(raw)
    if found is None:
        return "the signed payload is no JSON object"
    critical = at(found, "critical")
    if not isinstance(critical, dict):
        return "the signed payload is not one of simple signing: it has no `critical` object"
    if text_at(critical, "type") != kind:
        return f"the signed payload's type is {shown(repr(critical.get('type')), 80)}, not {kind!r}"
    digest, reference = (
        text_at(critical, "image", "docker-manifest-digest"),
        text_at(critical, "identity", "docker-reference"),
    )
    if not digest or not reference:
        return "the signed payload names no image digest or no repository"
    optional = found.get("optional")
    made = at(optional, "timestamp")
    return Payload(digest, reference, texts(optional), float(made) if _is_time(made) else 0.0)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e11


def compare(story: Story, payload: Payload, subject: Subject, rule: Rule | None) -> Signature | None:
    """Adds the steps from payload to policy; the signature as failed where one does not hold."""
    story.annotations = payload.annotations
    return (
        compare_digest(story, (payload.digest,), subject)
        or _compare_reference(story, payload.reference, subject, rule)
        or compare_annotations(story, rule)
    )


def compare_digest(story: Story, digests: tuple[str, ...], subject: Subject) -> Signature | None:
    """Whether what was signed is this image."""
    story.digest = next((one for one in digests if one in subject.digests), digests[0] if digests else "")
    if story.digest in subject.digests:
        story.step("image", f"{story.digest} is what was signed")
        return None
    return story.failed("digest_mismatch", f"signs another image, {shown(story.digest, 80)}", "image")


def _compare_reference(story: Story, reference: str, subject: Subject, rule: Rule | None) -> Signature | None:
    if rule is None or rule.signed_as == "any":
        story.step("identity", f"signed as {reference}; the policy accepts any repository", None)
        return None
    wanted = subject.repository if rule.signed_as == "repository" else rule.signed_as
    if normalised(reference) and normalised(reference) == normalised(wanted):
        story.step("identity", f"signed as {reference}")
        return None
    return story.failed("identity_mismatch", f"signed as {shown(reference)}, not as {wanted}", "identity")


def compare_annotations(story: Story, rule: Rule | None) -> Signature | None:
    """Whether the annotations that the policy wants are there."""
    for name, value in rule.annotations if rule else ():
        found = story.annotations.get(name)
        if found != value:
            has = f"says {name}={shown(found, 80)}" if found is not None else f"does not say {name}"
            return story.failed("annotation_mismatch", f"{has}; the policy wants {name}={value}", "policy")
        story.step("policy", f"annotation {name}={value}")
    return None
