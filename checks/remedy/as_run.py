"""The plan as a command line: `docker run`, or `podman run`."""

from __future__ import annotations

from collections.abc import Iterator

from checks.remedy.attached import endpoint
from checks.remedy.changes import Changes, changes, image_checks
from checks.remedy.command import command, entrypoint
from checks.remedy.option import PLACEHOLDER, quoted
from checks.remedy.options import attached
from checks.remedy.plan import Plan
from checks.remedy.told import comment, head, tail
from inventory.text import is_safe

IMAGE = "IMAGE"


def lines(plan: Plan) -> Iterator[str]:
    """Comments and one command, to be pasted as a whole; nothing in it comes unquoted from the container."""
    found = changes(plan)
    yield from head(plan)
    yield from _before(plan)
    yield from _changed(plan, found)
    rows = [f"{plan.program} run --detach", *(quoted(option.words) for option in found.now if option.words)]
    rows.append(_run(plan))
    yield from (
        f"{'  ' * (index > 0)}{row}{chr(32) + chr(92) if row is not rows[-1] else ''}" for index, row in enumerate(rows)
    )
    name = plan.after.name
    for network in attached(plan.after)[1:]:
        if is_safe(network) and is_safe(name):
            words = endpoint(plan.after, network).words("--alias")
            yield quoted((plan.program, "network", "connect", *words, network, name))
    yield from tail(plan, found)


def _before(plan: Plan) -> Iterator[str]:
    name = plan.before.name
    if is_safe(name):
        yield from comment("first, to keep the old one until the new one works:")
        stop = quoted((plan.program, "stop", name))
        yield f"#   {stop}; {quoted((plan.program, 'rename', name, f'{name}-before'))}"
    for network in attached(plan.after):
        if network not in attached(plan.before) and is_safe(network):
            yield quoted((plan.program, "network", "create", network))


def _changed(plan: Plan, found: Changes) -> Iterator[str]:
    told = [
        (quoted(option.words), found.checks(option)) for option in found.now if found.checks(option) and option.words
    ]
    if image_checks(plan):
        told.append((plan.after.image_ref, image_checks(plan)))
    if told:
        yield "# changed:"
        for words, checks in told:
            yield from comment(f"{' '.join(checks)}: {words}", "#   ")


def _run(plan: Plan) -> str:
    """The image and what runs in it; an entry point of several words goes partly behind the image."""
    reference = plan.after.image_ref
    usable = is_safe(reference) and reference and not reference.startswith("-")
    first = entrypoint(plan.after, plan.image)
    rest = command(plan.after, plan.image) or ()
    words = (reference if usable else IMAGE, *(first[1:] if first else ()), *rest)
    if not all(is_safe(word) for word in words):
        words = (words[0], *(word if is_safe(word) else PLACEHOLDER for word in words[1:]))
    start = ("--entrypoint", first[0] if is_safe(first[0]) else PLACEHOLDER) if first else ()
    return quoted((*start, *words))
