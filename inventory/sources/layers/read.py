"""An image's contents by the first way that is open, from what is kept where it has been read before."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from inventory.contents.finding import Finder
from inventory.contents.guard import Limits, StoppedError, TooMuchError
from inventory.contents.layer import identity
from inventory.contents.merge import merge
from inventory.contents.model import Contents
from inventory.gap import Gap, Reason
from inventory.sources.layers.reading import Keep, Reading, Stopped, Tell, Way

WHAT = "contents of the image"


def read(
    image_id: str,
    ways: Sequence[Way],
    finders: Sequence[Finder],
    cache: Keep | None = None,
    tell: Tell = lambda _doing, _share: None,
    stopped: Stopped = lambda: False,
    *,
    size: int = 0,
    limits: Limits | None = None,
    hashes_checked: int = 0,
) -> Contents | Gap:
    """What the image holds, or why nothing of it can be read. An `image_id` of "" is whatever a file on disk holds.

    `size` is the image's as the engine says, for the progress; `hashes_checked` is written down as it is.
    """
    looked = identity(finders)
    if cache is not None and image_id and (kept := cache.contents(image_id, looked)) is not None:
        return kept
    gaps: list[Gap] = []
    for way in ways:
        reading = Reading(image_id, finders, cache, size, tell, stopped, limits)
        try:
            found = way.read(reading)
        except StoppedError:
            return Gap(Reason.PENDING, WHAT, "reading it was stopped")
        except TooMuchError as error:
            found = Gap(Reason.UNSUPPORTED, WHAT, str(error))
        if isinstance(found, Gap):
            gaps.append(found)
            continue
        tell("putting layers together", -1.0)
        contents = merge(found.digest, way.how, found.layers, found.created_by, found.problems, hashes_checked)
        contents = msgspec.structs.replace(contents, **msgspec.structs.asdict(found.about))
        if cache is not None and found.lasting:
            cache.keep_contents(contents, looked)
        return contents
    if not gaps:
        return Gap(Reason.UNSUPPORTED, WHAT, "there is no way to its layers")
    return gaps[-1] if len(gaps) == 1 else Gap(gaps[-1].reason, WHAT, "; ".join(map(str, gaps)))
