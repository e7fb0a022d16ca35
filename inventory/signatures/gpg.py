"""GPG simple signing: signed OpenPGP messages. Who signed them is for `gpgv` to say; what they say is judged here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from inventory.signatures import simple_signing
from inventory.signatures.model import Material, Signature, Subject
from inventory.signatures.parsing import LARGEST, shown
from inventory.signatures.policy import GpgKeys, Rule
from inventory.signatures.signer import NO_POLICY, Trust, conclude
from inventory.signatures.story import Story


class Answer(StrEnum):
    """What a keyring says of a message."""

    GOOD = "good"
    NO_KEY = "no key"  # made by a key that the keyring does not hold
    BAD = "bad"  # by one that it holds, and not good
    EXPIRED = "expired"  # the signature's own time is over
    KEY_EXPIRED = "key expired"
    KEY_REVOKED = "key revoked"
    WEAK = "weak"  # by a hash that can be forged
    UNSUPPORTED = "unsupported"  # by an algorithm that the program does not know
    NO_MESSAGE = "no message"  # no signed OpenPGP message
    FAILED = "failed"  # the program did not do its work: `detail`


class Checked(msgspec.Struct, frozen=True):
    """The answer, and for a good one what was signed, by which key, and when."""

    answer: Answer
    payload: bytes = b""
    fingerprint: str = ""
    algorithm: str = ""
    at: float = 0.0
    detail: str = ""


Gpgv = Callable[[bytes, bytes], Checked]
"""Judges a signed message (second) by a binary keyring (first)."""

_FAILURES = {
    Answer.BAD: ("bad_signature", "the key did not make this signature, or it was changed since"),
    Answer.EXPIRED: ("expired_signature", "the signature has expired"),
    Answer.KEY_EXPIRED: ("expired_certificate", "the key has expired"),
    Answer.KEY_REVOKED: ("untrusted_certificate", "the key is revoked"),
    Answer.WEAK: ("bad_signature", "made with a hash that can be forged"),
    Answer.NO_MESSAGE: ("malformed", "it is no signed OpenPGP message"),
}


def judge(
    story: Story, material: Material, subject: Subject, rule: Rule | None, trust: Trust, gpgv: Gpgv | None
) -> Signature:
    """One signed message."""
    if len(material.content) > LARGEST or not material.content:
        return story.failed("malformed", "it is no signed OpenPGP message", "payload")
    if trust.anybody:
        story.step("policy", NO_POLICY, None)
        return story.unknown(NO_POLICY)
    if not trust.gpg:
        return story.failed("no_matching_key", "signed with OpenPGP; the policy names no such key", "key")
    if gpgv is None:
        return story.unknown("gpgv is not installed, which judges OpenPGP signatures", "signature")
    name, found = _ask(trust.gpg, material.content, gpgv)
    if found.answer is Answer.FAILED:
        return story.unknown(f"gpgv could not judge it: {shown(found.detail, 160)}", "signature")
    if found.answer is Answer.UNSUPPORTED:
        return story.unsupported("unsupported_key", "made with an algorithm that gpgv does not know", "signature")
    if found.answer is Answer.NO_KEY:
        names = shown(", ".join(one.name for one in trust.gpg), 160)
        return story.failed("no_matching_key", f"made by none of the policy's keys ({names})", "key")
    if found.answer is not Answer.GOOD:
        reason, detail = _FAILURES[found.answer]
        return story.failed(reason, detail, "signature")
    story.signer, story.key_id, story.algorithm, story.at = name, found.fingerprint, found.algorithm, found.at
    story.step("signature", f"{found.algorithm or 'OpenPGP'} (gpgv)")
    story.step("key", f"{name} (fingerprint {found.fingerprint})")
    payload = simple_signing.read(found.payload, simple_signing.ATOMIC)
    if isinstance(payload, str):
        return story.failed("malformed", payload, "payload")
    return simple_signing.compare(story, payload, subject, rule) or conclude(story, trust)


def _ask(keyrings: Sequence[GpgKeys], content: bytes, gpgv: Gpgv) -> tuple[str, Checked]:
    """The first keyring that finds it good, else the one that says most against it."""
    others: list[tuple[str, Checked]] = []
    for one in keyrings:
        found = gpgv(one.keyring, content)
        if found.answer is Answer.GOOD:
            return one.name, found
        others.append((one.name, found))
    order = [*_FAILURES, Answer.UNSUPPORTED, Answer.FAILED, Answer.NO_KEY]
    return min(others, key=lambda one: order.index(one[1].answer))
