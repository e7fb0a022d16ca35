"""One signature while it is judged: the chain so far, and what is known of who made it."""

from __future__ import annotations

from inventory.signatures.model import Layout, Mark, Material, Signature, Step
from inventory.signatures.parsing import shown

_ANNOTATIONS = 64


class Story:
    """Collects the steps from the image to the policy; `failed`, `verified` and the like end it."""

    def __init__(self, material: Material) -> None:
        self.layout: Layout = material.layout
        self.place = material.place
        self.steps: list[Step] = []
        self.signer = ""
        self.issuer = ""
        self.key_id = ""
        self.algorithm = ""
        self.digest = ""
        self.at = 0.0
        self.annotations: dict[str, str] = {}

    def step(self, what: str, value: str, holds: bool | None = True) -> None:
        """One more link of the chain."""
        self.steps.append(Step(what, shown(value), holds))

    def verified(self, detail: str) -> Signature:
        """Good by the policy."""
        return self._end(Mark.VERIFIED, "", detail)

    def failed(self, reason: str, detail: str, what: str = "") -> Signature:
        """Not good. With `what`, a step of this name says so as well."""
        if what:
            self.step(what, detail, False)
        return self._end(Mark.FAILED, reason, detail)

    def unsupported(self, reason: str, detail: str, what: str = "") -> Signature:
        """Nothing here can judge it."""
        if what:
            self.step(what, detail, None)
        return self._end(Mark.UNSUPPORTED, reason, detail)

    def unknown(self, detail: str, what: str = "") -> Signature:
        """It could be judged, but something that this needs is missing."""
        if what:
            self.step(what, detail, None)
        return self._end(Mark.UNKNOWN, "", detail)

    def _end(self, mark: Mark, reason: str, detail: str) -> Signature:
        return Signature(
            layout=self.layout,
            place=self.place,
            mark=mark,
            reason=reason,
            detail=detail,
            signer=shown(self.signer),
            issuer=shown(self.issuer),
            key_id=self.key_id,
            algorithm=self.algorithm,
            digest=shown(self.digest),
            at=self.at,
            annotations=dict(list(self.annotations.items())[:_ANNOTATIONS]),
            steps=tuple(self.steps),
        )
