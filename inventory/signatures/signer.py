"""Who made a signature of the sigstore family (tags, bundles, attestations), and whether the policy names them."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric import ed25519

from inventory.signatures import certificates, keyless
from inventory.signatures.keys import Trusted, key_bytes, made_by, trusted
from inventory.signatures.model import Signature
from inventory.signatures.parsing import said, shown
from inventory.signatures.policy import GpgKeys, Identity, NotationTrust, PublicKey, Rule
from inventory.signatures.rekor import Claim, Entry, included, mismatch, promised
from inventory.signatures.story import Story
from inventory.signatures.trusted_root import read as read_root

NO_POLICY = "no policy says whose signature counts"


class Trust(msgspec.Struct, frozen=True):
    """Whom a rule trusts, sorted by kind. `anybody`: no rule says whom."""

    keys: tuple[Trusted, ...]
    identities: tuple[Identity, ...]
    gpg: tuple[GpgKeys, ...]
    notation: tuple[NotationTrust, ...]
    root: bytes
    now: float
    anybody: bool


class Signed(msgspec.Struct, frozen=True):
    """A signature and what it is over. `hint` is what a bundle says of the key, never more than a hint."""

    signature: bytes
    message: bytes
    payload: bytes
    certificate: bytes | None = None
    entries: tuple[Entry, ...] = ()
    hint: str = ""
    proof: bool = False
    stamped: bool = False
    bundle: bytes = b""


def trust_of(rule: Rule | None, root: bytes, now: float) -> Trust:
    """The rule's authorities, ready for use."""
    named = rule.signed_by if rule else ()
    return Trust(
        keys=trusted([one for one in named if isinstance(one, PublicKey)], now),
        identities=tuple(one for one in named if isinstance(one, Identity)),
        gpg=tuple(one for one in named if isinstance(one, GpgKeys)),
        notation=tuple(one for one in named if isinstance(one, NotationTrust)),
        root=root,
        now=now,
        anybody=not named,
    )


def authenticate(story: Story, signed: Signed, trust: Trust) -> Signature | None:
    """Adds the steps of signature and signer; the signature as it ends where nobody of the policy made it.

    Without a policy nothing ends here but what is broken in itself.
    """
    if ended := _by_key(story, signed, trust.keys):
        return ended
    if story.algorithm:
        _note_time(story, signed, trust)
        return None
    if signed.certificate is None:
        return _by_nobody(story, signed, trust)
    leaf = certificates.from_der(signed.certificate)
    if leaf is None:
        return story.failed("malformed", "the signer's certificate cannot be read", "certificate")
    evidence = keyless.Evidence(
        leaf=leaf,
        signature=signed.signature,
        message=signed.message,
        payload=signed.payload,
        entries=signed.entries,
        proof=signed.proof,
        stamped=signed.stamped,
        bundle=signed.bundle,
    )
    if trust.identities:
        return keyless.judge(story, evidence, trust.identities, trust.root)
    keyless.name(story, leaf)
    if ended := keyless.signed_by_leaf(story, evidence):
        return ended
    if trust.anybody:
        story.step("certificate", f"names {story.signer}; not compared with anything", None)
        return None
    detail = f"signed with a certificate for {shown(story.signer, 160)}; the policy names no such identity"
    return story.failed("no_matching_key", detail, "key")


def _by_key(story: Story, signed: Signed, keys: Sequence[Trusted]) -> Signature | None:
    for one in sorted(keys, key=lambda key: bool(key.over)):  # the same key may be named again, to count longer
        algorithm = made_by(one.key, signed.signature, signed.message) if one.key is not None else ""
        if not algorithm:
            continue
        story.algorithm, story.signer, story.key_id = algorithm, one.name, one.key_id
        story.step("signature", algorithm)
        if one.over:
            return story.failed("no_matching_key", f"made by the key {one.name}, which {one.over} only", "key")
        story.step("key", f"{one.name} (sha256 {one.key_id[:16]})")
        return None
    return None


def _note_time(story: Story, signed: Signed, trust: Trust) -> None:
    """When a key's signature was logged, where that is proven. The policy asks for the key alone, so it may be not."""
    if len(signed.entries) != 1 or not signed.entries[0].promise:
        return
    entry = signed.entries[0]
    root = read_root(trust.root) if trust.root else "there is no trust root"
    key = next((one.key for one in trust.keys if one.key_id == story.key_id), None)
    if isinstance(root, str):
        story.step("transparency log", f"not compared: {root}", None)
        return
    trouble = promised(entry, root)
    wrong = (
        trouble[1]
        if trouble
        else mismatch(entry, Claim(signed.signature, signed.message, signed.payload, key_bytes(key)))
    )
    if not wrong and signed.proof:
        wrong = included(entry, root)
    if wrong:
        story.step("transparency log", f"proves nothing: {wrong}", None)
        return
    story.at = float(entry.at)
    story.step("transparency log", f"entry {entry.index}, on {said(story.at)}")


def _by_nobody(story: Story, signed: Signed, trust: Trust) -> Signature | None:
    if trust.anybody:
        story.step("signature", "not compared: the key is not known", None)
        return None
    for one in trust.keys:
        hinted = bool(one.key_id) and base64.b64encode(bytes.fromhex(one.key_id)).decode() == signed.hint
        if hinted and isinstance(one.key, ed25519.Ed25519PublicKey):
            story.signer, story.key_id = one.name, one.key_id
            detail = f"names the key {one.name}, but is not plain Ed25519; Ed25519ph is not supported"
            return story.unsupported("unsupported_key", detail, "signature")
        if one.key is None and (hinted or len(trust.keys) == 1) and not trust.identities:
            story.signer, story.key_id = one.name, one.key_id
            return story.unsupported("unsupported_key", f"the policy's key {one.name}: {one.why}", "key")
    if not trust.keys:
        return story.failed("no_matching_key", "signed with a key; the policy names none", "key")
    names = shown(", ".join(one.name for one in trust.keys), 160)
    return story.failed("no_matching_key", f"made by none of the policy's keys ({names})", "key")


def conclude(story: Story, trust: Trust) -> Signature:
    """Ends a story in which everything holds."""
    if trust.anybody:
        story.step("policy", NO_POLICY, None)
        return story.unknown(NO_POLICY)
    when = f" on {said(story.at)}" if story.at else ""
    story.step("policy", f"{story.signer} may sign here")
    return story.verified(f"signed by {story.signer}{when}")
