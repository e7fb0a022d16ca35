"""One image being read: who looks, what it may cost, what is known of its layers already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from inventory.contents.finding import Finder
from inventory.contents.guard import Guard, Limits, Problems, TooMuchError
from inventory.contents.layer import CutError, LayerFacts, identity, look
from inventory.contents.model import Contents
from inventory.gap import Gap
from inventory.sources.layers.manifest import About
from inventory.sources.layers.stream import PIECE, Hashed, Source, unpacked
from inventory.sources.layers.tar import members

Tell = Callable[[str, float], None]
"""Called with what is being done and how much of it is done (0 to 1, negative where nobody can tell)."""
Stopped = Callable[[], bool]


class Keep(Protocol):
    """Where results are kept; what is damaged or of other finders is not there."""

    def contents(self, image_id: str, finders: str) -> Contents | None:
        """Of an image."""

    def keep_contents(self, contents: Contents, finders: str) -> None:
        """Keep them."""

    def layer(self, diff_id: str, finders: str) -> LayerFacts | None:
        """Of a layer."""

    def keep_layer(self, facts: LayerFacts) -> None:
        """Keep it."""


class Found(msgspec.Struct, frozen=True):
    """An image's layers, lowest first, each with its build step. `lasting` where reading again would give the same."""

    digest: str
    layers: tuple[LayerFacts, ...]
    created_by: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    lasting: bool = True
    about: About = About()


class Reading:
    """What a way needs to read an image's layers."""

    def __init__(
        self,
        image_id: str,
        finders: Sequence[Finder],
        keep: Keep | None = None,
        size: int = 0,
        tell: Tell = lambda _doing, _share: None,
        stopped: Stopped = lambda: False,
        limits: Limits | None = None,
    ) -> None:
        self.image_id = image_id
        self.finders = finders
        self.identity = identity(finders)
        self.keep = keep
        self.stopped = stopped
        self.tell = tell
        self._size = size
        self._told = 0
        self.guard = Guard(limits, stopped, self._read)

    def _read(self, size: int) -> None:
        if size - self._told >= 4 << 20:
            self._told = size
            self.tell("reading layers", min(1.0, size / self._size) if self._size else -1.0)

    def known(self, diff_id: str) -> LayerFacts | None:
        """The layer's facts from an earlier reading."""
        found = self.keep.layer(diff_id, self.identity) if self.keep and diff_id else None
        return found if found is not None and found.whole else None

    def done(self, facts: LayerFacts) -> LayerFacts:
        """Keep what was found in a layer whose digest is proven or the engine's own."""
        if self.keep and facts.whole:
            self.keep.keep_layer(facts)
        return facts

    def layer_of(self, source: Source) -> LayerFacts:
        """Look through a layer's archive, packed or not, to its end; `diff_id` is the digest that its bytes have.

        It is "" where that cannot be told, because the layer is cut off or damaged on the way.
        """
        problems = Problems()
        try:
            hashed = Hashed(unpacked(source, self.guard))
        except CutError as error:
            problems.note(str(error))
            return LayerFacts("", self.identity, problems=problems.said(), whole=False)
        inner = Source(hashed)
        facts = look(members(inner, self.guard, problems), self.finders, self.guard, problems)
        try:
            while inner.some(PIECE):
                pass  # padding, which counts for the digest
        except (CutError, TooMuchError) as error:
            return facts.as_layer("", [str(error)] if facts.whole else ())
        return self.done(facts.as_layer(hashed.digest))


class Way(Protocol):
    """A way to an image's layers. `how` as in `Contents`."""

    how: str

    def read(self, reading: Reading) -> Found | Gap:
        """All layers, or why this way is closed. Raises `StoppedError`."""
