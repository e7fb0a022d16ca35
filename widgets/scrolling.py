"""How far a list is scrolled and which line the cursor is on: pure arithmetic."""

from __future__ import annotations


def clamp(value: int, low: int, high: int) -> int:
    """`value` kept between `low` and `high`; `low` wins when there is no room."""
    return max(low, min(value, high))


def follow_cursor(top: int, cursor: int, page: int, count: int) -> int:
    """The first visible line that keeps `cursor` visible.

    Leaving the page by a step scrolls by a third of it: repainting a page costs many times what a cursor move costs, so
    it must not happen at every step.
    """
    if cursor < 0 or count <= page:
        return 0
    if top <= cursor < top + page:
        return clamp(top, 0, count - page)
    jump = max(1, page // 3)
    wanted = cursor - jump if cursor < top and top - cursor <= jump else cursor
    if cursor >= top + page:
        wanted = cursor - page + 1 + (jump if cursor - (top + page) < jump else 0)
    return clamp(wanted, max(0, cursor - page + 1), min(cursor, count - page))
