"""What was found by looking into an image and asking about it, as opposed to what its engine says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from inventory.contents.model import Contents
from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource, ResourceKey
from inventory.signatures.model import Provenance
from inventory.vulnerabilities.model import Vulnerabilities

if TYPE_CHECKING:
    from inventory.snapshot import SourceHealth


class ImageAnalysis(Resource):
    """One image's analysis; `key.id` is the image's id. Each part is a gap until somebody asked for it.

    Read on demand or by the configuration, kept on disk by digest. It is no object of its own, only more about one.
    """

    kind: ClassVar[Kind] = Kind.IMAGE_ANALYSIS

    contents: Contents
    provenance: Provenance
    vulnerabilities: Vulnerabilities


ASK = "press v on the image, or scan --deep"
"""How to have somebody look."""
_BUNDLE = "bundle"  # the kind of a source that is a recording


def _nothing(why: str) -> ImageAnalysis:
    return ImageAnalysis.build(
        key=ResourceKey(Kind.IMAGE_ANALYSIS, "", ""),
        name="",
        contents=Gap(Reason.PENDING, "contents of the image", why),
        provenance=Gap(Reason.PENDING, "signatures of the image", why),
        vulnerabilities=Gap(Reason.PENDING, "vulnerabilities of the image", why),
    )


NOT_ANALYSED = _nothing(ASK)
"""Stands for an image that nobody has looked into."""
NOT_RECORDED = _nothing("not in this recording")
"""The same in a recording, in which nobody can look."""
PARTS = ("contents", "provenance", "vulnerabilities")


def nothing_found(health: SourceHealth | None) -> ImageAnalysis:
    """What stands for an image of this source that nobody has looked into."""
    return NOT_RECORDED if health is not None and health.kind == _BUNDLE else NOT_ANALYSED
