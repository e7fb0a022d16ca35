"""The Fix tab: what to type to have the container again with everything fixed that its options can fix."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.container import Container
from inventory.gap import Unread
from inventory.resource import Kind
from inventory.text import safe
from tui.detail.tab import Context, Shape, Tab
from tui.fixes import FORMS, forms, plan_for, text
from widgets.style import Role
from widgets.textview import TextLine, line


def fix_lines(resource: Container, context: Context) -> Iterator[TextLine]:
    """Each form under a title; comments dim, lines that changed marked by their checks."""
    try:
        found = plan_for(resource, context.picture.snapshot, context.picture.evaluation)
        if found is None:
            yield line(" not judged yet", "dim")
            return
        for form in forms(found):
            yield line(f" {FORMS[form][1]}   (c copies it, E writes a file)", "title")
            yield from (line(f" {safe(each, 2000)}", _role(each)) for each in text(found, form).splitlines())
            yield line("")
    except Unread as missing:
        yield line(f" {safe(str(missing.gap), 300)}", "unknown")


def _role(text: str) -> Role:
    if text.startswith("#"):
        return "dim"
    return "accent" if "  # " in text else "normal"


TABS = (Tab("fix", "Fix", Shape.TEXT, frozenset({Kind.CONTAINER}), 70, lines=fix_lines),)
