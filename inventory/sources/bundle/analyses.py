"""What was found in images, in a recording: no answer of an engine, but results that cannot be made again elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from inventory.contents.model import Contents
from inventory.gap import Gap
from inventory.image_analysis import PARTS, ImageAnalysis
from inventory.resource import Kind, ResourceKey
from inventory.secrets import mask_text
from inventory.signatures.model import Provenance
from inventory.sources.bundle.disguise import Disguise
from inventory.vulnerabilities.model import Vulnerabilities

ANALYSIS = "analysis "
"""How the members begin that hold analyses; the image's id follows."""
_TYPES: Mapping[str, Any] = {"contents": Contents, "provenance": Provenance, "vulnerabilities": Vulnerabilities}


def document(analysis: ImageAnalysis) -> bytes:
    """All parts that are known and the gaps of the others, as JSON."""
    return msgspec.json.encode({"name": analysis.name, "observed_at": analysis.observed_at} | _parts(analysis))


def _parts(analysis: ImageAnalysis) -> dict[str, Any]:
    found = ((part, analysis.peek(part)) for part in PARTS)
    return {part: {"gap": value} if isinstance(value, Gap) else {"found": value} for part, value in found}


def read(body: bytes, image_id: str, source: str) -> ImageAnalysis | None:
    """An analysis as it was recorded, None where this is none; a part that cannot be read is missing."""
    try:
        raw = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        name = msgspec.json.decode(raw["name"], type=str)
        at = msgspec.json.decode(raw["observed_at"], type=float)
    except (msgspec.MsgspecError, KeyError, RecursionError, UnicodeDecodeError):
        return None
    values = {part: value for part in PARTS if (value := _value(raw.get(part), _TYPES[part])) is not None}
    key = ResourceKey(Kind.IMAGE_ANALYSIS, source, image_id)
    return ImageAnalysis.build(key=key, name=name, observed_at=at, **values)


def _value(raw: msgspec.Raw | None, kind: Any) -> Any:
    try:
        told = msgspec.json.decode(raw or b"{}", type=dict[str, msgspec.Raw])
        if "found" in told:
            return msgspec.json.decode(told["found"], type=kind)
        return msgspec.json.decode(told["gap"], type=Gap)
    except (msgspec.MsgspecError, KeyError, RecursionError, UnicodeDecodeError):
        return None


def masked(body: bytes, disguise: Disguise) -> bytes:
    """Without digests of secrets, from which a short one could be guessed; the commands of builds are disguised."""
    found = read(body, "", "")
    if found is None:
        return b"{}"
    contents = found.peek("contents")
    if not isinstance(contents, Contents):
        return body
    steps = ((layer, disguise.text(layer.created_by, mask_text(layer.created_by))) for layer in contents.layers)
    hidden = replace(
        contents,
        layers=tuple(replace(layer, created_by=step) for layer, step in steps),
        secrets=tuple(replace(one, digest="") for one in contents.secrets),
    )
    others = {part: found.peek(part) for part in PARTS if part != "contents"}
    return document(
        ImageAnalysis.build(key=found.key, name=found.name, observed_at=found.observed_at, contents=hidden, **others)
    )
