"""What `deckwatch verify` says of each image: text for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from checks.report.text import rfc3339, visible
from inventory.gap import Gap
from inventory.image import Image
from inventory.secrets import mask_text
from inventory.signatures.model import Attestation, Mark, Provenance, Signature
from tui.version import NAME, VERSION

SCHEMA = "deckwatch.verify/1"
_MOST = 64  # places and signatures in text; JSON has them all
_WORDS = {
    Mark.VERIFIED: "VERIFIED",
    Mark.FAILED: "NOT VERIFIED",
    Mark.UNSIGNED: "UNSIGNED",
    Mark.UNSUPPORTED: "UNKNOWN (cannot be judged here)",
    Mark.UNKNOWN: "UNKNOWN",
}
_SIGNS = {True: "ok", False: "FAIL", None: "-"}
_NO_RULE = "none: no rule of the configuration names it; see [[trust.rule]], --key and --certificate-identity"


class Verified(msgspec.Struct, frozen=True):
    """One image as it was typed, and what is known of it; `image` where an engine has it."""

    text: str
    provenance: Provenance
    image: Image | None = None
    source: str = ""
    container: str = ""

    def told_by(self, rule: str) -> Verified:
        """The same, with the rule called as the person typed it."""
        return msgspec.structs.replace(self, provenance=msgspec.structs.replace(self.provenance, rule=rule))


def as_text(found: Sequence[Verified]) -> Iterator[str]:
    """A block for each image, the verdict first."""
    for number, one in enumerate(found):
        if number:
            yield "\n"
        for line in _block(one):
            yield f"{line}\n"


def as_json(found: Sequence[Verified]) -> Iterator[str]:
    """One object; everything beyond ASCII is escaped."""
    document = {
        "schema": SCHEMA,
        "tool": {"name": NAME, "version": VERSION},
        "images": [_object(one) for one in found],
    }
    yield json.dumps(document, indent=1)
    yield "\n"


def _object(one: Verified) -> dict[str, Any]:
    told = msgspec.to_builtins(one.provenance)
    told["at"] = rfc3339(one.provenance.at)
    image = {"source": one.source, "id": one.image.id, "container": one.container} if one.image is not None else None
    return {"asked": one.text, "image": image, **told}


def _block(one: Verified) -> Iterator[str]:
    found = one.provenance
    yield visible(one.text, 400)
    yield f"  {_WORDS[found.mark]}: {_shown(found.detail or found.reason or 'nobody looked', 800)}"
    if one.image is not None:
        names = one.image.peek("repo_tags")
        called = f" {names[0]}" if not isinstance(names, Gap) and names else ""
        what = f"container {one.container} is of" if one.container else "image"
        yield _fact("here", f"{what}{called} {one.image.id} ({one.source})")
    if found.repository:
        yield _fact("registry", f"{found.repository}@{found.digest}" if found.digest else found.repository)
    if found.platform_digest not in {"", found.digest}:
        yield _fact("platform", found.platform_digest)
    yield _fact("policy", found.rule or _NO_RULE)
    for number, signature in enumerate(found.signatures[:_MOST], 1):
        yield from _signature(number, signature)
    yield from _attestations(found.attestations)
    yield from _places("looked at", found.looked)
    yield from _places("not looked at", found.missed)


def _signature(number: int, signature: Signature) -> Iterator[str]:
    who = f" by {signature.signer}" if signature.signer else ""
    issuer = f" ({signature.issuer})" if signature.issuer else ""
    reason = f" ({signature.reason})" if signature.reason else ""
    yield f"  signature {number}: {signature.mark.value}{_shown(reason)}{_shown(who + issuer, 600)}"
    yield f"    {_shown(signature.detail, 800)}"
    yield f"    at {_shown(signature.place, 600)} ({signature.layout.value})"
    for step in signature.steps[:_MOST]:
        yield f"    {_SIGNS[step.holds]:<5}{visible(step.what, 40):<12} {_shown(step.value, 800)}"


def _attestations(found: Sequence[Attestation]) -> Iterator[str]:
    for one in found[:_MOST]:
        facts = [
            one.mark.value,
            *(f"{name} {value}" for name, value in (("by", one.signer), ("built by", one.builder)) if value),
        ]
        kind = one.predicate_type or "of no type"
        detail = f": {one.detail}" if one.detail else ""
        yield f"  attestation {_shown(kind, 200)}: {_shown(', '.join(facts), 600)}{_shown(detail)}"


def _places(title: str, places: Sequence[str]) -> Iterator[str]:
    if places:
        yield f"  {title}:"
    for place in places[:_MOST]:
        yield f"    {_shown(place, 600)}"
    if len(places) > _MOST:
        yield f"    and {len(places) - _MOST} more"


def _fact(name: str, value: str) -> str:
    return f"  {name:<9} {_shown(value, 800)}"


def _shown(text: str, limit: int = 400) -> str:
    return visible(mask_text(text), limit)
