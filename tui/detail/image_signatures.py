"""Signatures of an image: the chain from the running image to the line of the policy, link by link."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.image import Image
from inventory.secrets import mask_text
from inventory.signatures.model import Attestation, Mark, Provenance, Signature, Step
from inventory.text import safe
from tui.detail.image import part_tab, sentence
from tui.format import stamp
from tui.panes.images.words import trust_sentence
from widgets.cells import Cell
from widgets.style import Role
from widgets.textview import TextLine, line

MOST = 200
"""Signatures, attestations and places that are shown of each; a registry may list thousands."""
_MARKS: dict[Mark, tuple[str, Role]] = {
    Mark.VERIFIED: ("ok", "pass"),
    Mark.FAILED: ("FAIL", "critical"),
    Mark.UNSIGNED: ("none", "normal"),
    Mark.UNSUPPORTED: ("n/a", "unknown"),
    Mark.UNKNOWN: ("?", "unknown"),
}


def signature_lines(found: Provenance, image: Image, width: int) -> Iterator[TextLine]:
    """The verdict, what was asked about, each signature with its steps, attestations, and what was not looked at."""
    words, role = trust_sentence(found)
    first, *more = [entry.cell.text for entry in sentence(words, width)] or [""]
    yield TextLine(Cell.join(" ", (first.strip(), role)))
    yield from (line(text) for text in more)
    if found.rule or found.repository:
        yield _fact("policy", found.rule or "no rule names it: whose signature counts is not decided")
    yield from _subject(found)
    for number, signature in enumerate(found.signatures[:MOST], 1):
        yield line("")
        yield from _signature(number, signature, width)
    if not found.signatures and found.looked:
        yield line(" no signature was found in the places below")
    elif not found.signatures:
        yield line(" no place was looked at", "dim" if not found.repository else "unknown")
    yield from _more(len(found.signatures), "signatures")
    yield line("")
    yield from _attestations(found)
    yield line("")
    yield from _places(found, width)


def _fact(name: str, value: str, role: Role = "normal", copy: str | None = None) -> TextLine:
    return TextLine(Cell.join((f"   {name:<12} ", "header"), (safe(mask_text(value), 1000), role)), copy=copy)


def _subject(found: Provenance) -> Iterator[TextLine]:
    if found.repository:
        yield _fact("repository", found.repository, copy=found.repository)
        yield _fact("digest", found.digest, copy=found.digest)
    else:
        yield _fact("repository", "none: no registry is known to hold this image", "dim")
        if found.leads_here is not False:
            return
    if found.platform_digest and found.platform_digest != found.digest:
        yield _fact("platform", found.platform_digest, copy=found.platform_digest)
    leads = {
        True: ("the manifest of that digest leads to this very image", "pass"),
        False: ("the manifest of that digest leads to ANOTHER image", "critical"),
        None: ("not looked at: whether that digest leads to this very image", "unknown"),
    }
    words, role = leads[found.leads_here]
    yield TextLine(Cell.join((f"   {'image':<12} ", "header"), (words, role)))  # type: ignore[arg-type]  # one of the roles
    if found.at:
        yield _fact("looked", stamp(found.at), "dim")


def _signature(number: int, signature: Signature, width: int) -> Iterator[TextLine]:
    word, role = _MARKS[signature.mark]
    who = signature.signer or "nobody the policy names"
    issuer = f" ({signature.issuer})" if signature.issuer else ""
    reason = f": {signature.reason}" if signature.reason else ""
    head = Cell.join(
        (f" {number}. ", "header"), (word, role), (safe(reason, 80), role),
        f"  {signature.layout}  by ", (safe(f"{who}{issuer}", 300), "accent"),
    )  # fmt: skip
    yield TextLine(head)
    if signature.detail and signature.detail != f"signed by {signature.signer}":
        yield from sentence(mask_text(signature.detail), width, "error" if role == "critical" else "normal", 6)
    for step in signature.steps[:MOST]:
        yield _step(step)
    if not signature.steps:
        yield line("      no step of its chain was told", "unknown")
    facts = (
        ("place", signature.place), ("algorithm", signature.algorithm), ("key", signature.key_id),
        ("signed", signature.digest), ("made", stamp(signature.at) if signature.at else ""),
    )  # fmt: skip
    for name, value in facts:
        if value:
            cell = Cell.join((f"      {name:<18} ", "dim"), (safe(mask_text(value), 600), "dim"))
            yield TextLine(cell, copy=value)
    for name, value in list(signature.annotations.items())[:20]:
        yield line(safe(f"      annotation {mask_text(f'{name} = {value}')}", 400), "dim")


def _step(step: Step) -> TextLine:
    signs: dict[bool | None, tuple[str, Role]] = {
        True: ("ok", "pass"),
        False: ("FAIL", "critical"),
        None: ("?", "unknown"),
    }
    word, role = signs[step.holds]
    value = mask_text(step.value)
    return TextLine(
        Cell.join(
            "      ", (word, role), " " * (5 - len(word)), (f"{safe(step.what, 40):<18} ", "header"), safe(value, 600)
        ),
        copy=value,
    )


def _attestations(found: Provenance) -> Iterator[TextLine]:
    yield line(f" ATTESTATIONS {len(found.attestations)}", "header")
    for one in found.attestations[:MOST]:
        yield from _attestation(one)
    if not found.attestations and found.looked:
        yield line("   none was found: no SBOM and no provenance is attached", "dim")
    elif not found.attestations:
        yield line("   not looked for", "unknown")
    yield from _more(len(found.attestations), "attestations")


def _attestation(one: Attestation) -> Iterator[TextLine]:
    word, role = _MARKS[one.mark]
    by = f"  by {one.signer}" if one.signer else ""
    built = f"  built by {one.builder}" if one.builder else ""
    made = f"  {stamp(one.at)}" if one.at else ""
    yield TextLine(
        Cell.join("   ", (word, role), " " * (5 - len(word)), safe(f"{one.predicate_type}{by}{built}{made}", 600)),
        copy=one.predicate_type,
    )
    if one.detail or one.place:
        yield line(f"        {safe(mask_text(' '.join(filter(None, (one.detail, one.place)))), 600)}", "dim")


def _places(found: Provenance, width: int) -> Iterator[TextLine]:
    if found.looked:
        yield line(f" LOOKED AT {len(found.looked)}", "header")
    yield from (line(f"   {safe(mask_text(place), 400)}") for place in found.looked[:MOST])
    yield from _more(len(found.looked), "places")
    if found.missed:
        yield line(f" COULD NOT BE LOOKED AT {len(found.missed)}", "error")
        for place in found.missed[:MOST]:
            yield from sentence(mask_text(place), width, "unknown", 3)
        yield from _more(len(found.missed), "places")


def _more(count: int, what: str) -> Iterator[TextLine]:
    if count > MOST:
        yield line(f"   and {count - MOST} more {what}", "unknown")


TABS = (part_tab("signatures", "Signatures", 2, "provenance", signature_lines, lambda found: len(found.signatures)),)
