"""A series of figures as one line of characters."""

from __future__ import annotations

import math
from collections.abc import Sequence

ASCII_LEVELS = " .:-=+*#%"
BLOCK_LEVELS = " \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"


def sparkline(
    values: Sequence[float | None], width: int, *, top: float | None = None, unicode_blocks: bool = False
) -> str:
    """The last `width` values, oldest first, padded on the left.

    The scale is 0 to `top`, or to the greatest value shown. A value that is missing or no number is a gap: a space.
    A value above 0 is never drawn as a gap.
    """
    levels = BLOCK_LEVELS if unicode_blocks else ASCII_LEVELS
    shown = (
        [value if value is not None and math.isfinite(value) else None for value in values[-width:]]
        if width > 0
        else []
    )
    greatest = top if top is not None else max((value for value in shown if value is not None), default=0.0)
    return "".join(_level(value, greatest, levels) for value in shown).rjust(max(0, width))


def _level(value: float | None, top: float, levels: str) -> str:
    if value is None:
        return " "
    if not top > 0 or value <= 0:  # also where the top is no number
        return levels[1] if value == 0 else levels[0]
    share = 1.0 if value >= top else value / top
    return levels[max(1, math.ceil(share * (len(levels) - 1)))]
