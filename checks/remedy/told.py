"""The comments around what is to be pasted: what changed, what may break, what stays."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from checks.remedy.changes import Changes
from checks.remedy.option import PLACEHOLDER, quoted
from checks.remedy.options import exportable
from checks.remedy.plan import Plan
from checks.runtime.owners import orchestrator
from inventory.container import Container
from inventory.text import safe

_WIDTH = 116


def comment(text: str, indent: str = "# ") -> Iterator[str]:
    """Lines that a shell and YAML both leave alone, whatever the text holds."""
    words = safe(" ".join(text.split()), 2000)
    yield from textwrap.wrap(
        words,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=f"# {' ' * max(0, len(indent) - 2)}",
        break_on_hyphens=False,
    ) or ["#"]


def head(plan: Plan, owner: bool = True) -> Iterator[str]:
    """What this is, and what it is not; with `owner`, who made the container and will make it again."""
    done, left = len(plan.fixed), len(plan.unfixed)
    yield from comment(f"{plan.before.name}: {done} of {done + left} findings fixed. Nothing of this was run.")
    managed = _managed(plan.before) if owner else ""
    if managed:
        yield from comment(managed)


def _managed(container: Container) -> str:
    owner = orchestrator(container)
    if owner:
        return f"{owner} made this container and will replace it: change it there, not here."
    project = container.peek("project")
    if isinstance(project, str) and project:
        return f"It belongs to the project {project}: change it in the file of that project."
    return ""


def tail(plan: Plan, found: Changes) -> Iterator[str]:
    """What was left out, what may break, what is not fixed here, what was not read."""
    if found.gone:
        yield "#"
        yield "# left out:"
        for option, checks in found.gone:
            yield from comment(f"{' '.join(checks)}: {quoted(option.words)}", "#   ")
    if any(fix.breaks for fix in plan.fixes):
        yield "#"
        yield "# may break:"
        for fix in (each for each in plan.fixes if each.breaks):
            yield from comment(f"{' '.join(fix.checks)} {fix.says}. {fix.breaks}", "#   ")
    if plan.unfixed:
        yield "#"
        yield "# not fixed here:"
        for left in plan.unfixed:
            yield from comment(f"{left.check} {left.title}: {left.why}", "#   ")
    yield from _gaps(plan, found)


def _gaps(plan: Plan, found: Changes) -> Iterator[str]:
    notes = [f"not read, so left out: {gap}" for gap in found.unread]
    notes += [f"not written: the value of {flag} is too long or holds control characters" for flag in found.hostile]
    notes += [f"not carried over: {what}" for what in found.left]
    variables = [option.words[1] for option in found.now if option.field == "env"]
    if variables:
        notes.append(
            "variables are named without their values: export them before, or put NAME=value lines into a file (.env "
            "for Compose, --env-file FILE for run) that only you can read"
        )
    if odd := [name for name in variables if not exportable(name)]:
        notes.append(f"no shell can export {', '.join(odd)}: put them into that file, or give them with env(1)")
    if any(PLACEHOLDER in " ".join(option.words) for option in found.now):
        notes.append(f"{PLACEHOLDER} stands for a secret or for a profile that belongs into a file")
    if plan.image is None:
        notes.append("the image was not read: its own user, command and variables may be repeated here")
    if notes:
        yield "#"
        yield "# note:"
        for note in notes:
            yield from comment(note, "#   ")
