"""What was found by looking into an image and asking about it, as opposed to what its engine says of it."""

from __future__ import annotations

from typing import ClassVar

from inventory.contents.model import Contents
from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource, ResourceKey
from inventory.signatures.model import Provenance
from inventory.vulnerabilities.model import Vulnerabilities


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
NOT_ANALYSED = ImageAnalysis.build(
    key=ResourceKey(Kind.IMAGE_ANALYSIS, "", ""),
    name="",
    contents=Gap(Reason.PENDING, "contents of the image", ASK),
    provenance=Gap(Reason.PENDING, "signatures of the image", ASK),
    vulnerabilities=Gap(Reason.PENDING, "vulnerabilities of the image", ASK),
)
"""Stands for an image that nobody has looked into."""
PARTS = ("contents", "provenance", "vulnerabilities")
