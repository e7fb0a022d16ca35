"""What the checks on an image's contents have in common: what is complete, and which build step brought something."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from checks.images.steps import MASKED, step
from checks.verdict import Evidence, Outcome, Verdict, unknown
from checks.view import View
from inventory.contents.model import Contents, FileFact
from inventory.image import Image
from inventory.secrets import mask_text

T = TypeVar("T")
SHOWN = 10
"""Files that an evidence list names; the message counts them all."""
_LONGEST = 100
_DIGEST = re.compile(r"(?<=:)([0-9a-f]{8})[0-9a-f]{56}(?= )")


def contents_of(image: Image, view: View) -> Contents:
    """What is in the image; raises `Unread` where nobody looked."""
    return view.analysis(image.id).contents


def as_far_as_read(contents: Contents, verdict: Verdict) -> Verdict:
    """Nothing is proven absent where not everything was read: a pass is none then."""
    if contents.complete or verdict.outcome is not Outcome.PASS:
        return verdict
    first = contents.problems[0] if contents.problems else "it was not read to its end"
    more = f" and {len(contents.problems) - 1} more" if len(contents.problems) > 1 else ""
    problems = (Evidence("contents", problem) for problem in contents.problems[:SHOWN])
    return unknown(f"not all of the image could be read: {first}{more}", *problems)


def remark(contents: Contents) -> str:
    """What to add to a message that is about what was found, where not all was read."""
    return "" if contents.complete else "; not all of the image could be read"


def brought_by(contents: Contents, diff_id: str) -> str:
    """The layer by its number from the bottom, and its build step with everything masked that might be a secret."""
    number = contents.layer_number(diff_id)
    if not number:
        return ""
    short = _step(contents.layers[number - 1].created_by[: 4 * MASKED])
    return f"layer {number} of {len(contents.layers)}" + (f": {short}" if short else "")


@lru_cache(maxsize=1 << 10)
def _step(created_by: str) -> str:
    """A build step in few words: many files of many images come from the same one."""
    built = step(created_by)
    if built is None:
        return ""
    text = mask_text(_DIGEST.sub(r"\1", f"{built.instruction} {built.text[:MASKED]}")).strip()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def shown(found: Sequence[T], evidence: Callable[[T], Evidence]) -> list[Evidence]:
    """Evidence of the first few, and how many more there are; a hostile image has more than anybody wants to see."""
    rest = len(found) - SHOWN
    made = [evidence(one) for one in found[:SHOWN]]
    return [*made, Evidence("and", f"{rest} more")] if rest > 0 else made


def evidence_of(contents: Contents, file: FileFact) -> Evidence:
    """A file with its rights, its owner, and where it comes from."""
    said = f"mode {file.mode:04o}, owner {file.uid}:{file.gid}"
    origin = brought_by(contents, file.layer)
    return Evidence(file.path, f"{said}, {origin}" if origin else said)
