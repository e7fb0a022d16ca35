"""The plan as a service of a Compose file. JSON strings are YAML, so every value is written as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec import structs

from checks.remedy.changes import Changes, changes, image_checks
from checks.remedy.command import command, entrypoint
from checks.remedy.option import PLACEHOLDER, Option, nameable, quoted
from checks.remedy.options import attached
from checks.remedy.plan import Plan
from checks.remedy.told import head, tail
from inventory.text import is_safe

IMAGE = "IMAGE"


def lines(plan: Plan) -> Iterator[str]:
    """A whole file with one service; changed lines name the checks that they are for."""
    found = changes(plan)
    yield from head(plan)
    yield "services:"
    yield f"  {_text(plan.after.name if nameable(plan.after.name) else 'service')}:"
    reference = plan.after.image_ref if is_safe(plan.after.image_ref) else IMAGE
    yield f"    image: {_text(reference)}{_mark(image_checks(plan))}"
    for key, words in (
        ("entrypoint", entrypoint(plan.after, plan.image)),
        ("command", command(plan.after, plan.image)),
    ):
        if words is not None:
            yield f"    {key}: {_text([word if is_safe(word) else PLACEHOLDER for word in words])}"
    yield from _service(found)
    yield from _networks(plan)
    yield from _volumes(found)
    unknown = tuple(
        f"{quoted(option.words)}: Compose has no such key" for option in found.now if option.key.startswith("x-")
    )
    yield from tail(plan, structs.replace(found, left=(*found.left, *unknown)))


def _service(found: Changes) -> Iterator[str]:
    keys = dict.fromkeys(option.key for option in found.now)
    for key in keys:
        mine = [option for option in found.now if option.key == key]
        if mine[0].form == "value":
            yield f"    {key}: {_text(mine[0].entry)}{_mark(found.checks(mine[0]))}"
            continue
        yield f"    {key}:"
        if mine[0].form == "item":
            yield from (f"      - {_text(option.entry)}{_mark(found.checks(option))}" for option in mine)
        else:
            yield from _pairs(mine, found)


def _pairs(options: list[Option], found: Changes) -> Iterator[str]:
    """One line per name; maps under the same name (logging options) become one."""
    for name in dict.fromkeys(option.name for option in options):
        mine = [option for option in options if option.name == name]
        checks = dict.fromkeys(check for option in mine for check in found.checks(option))
        if isinstance(mine[0].entry, dict):
            entry: Any = {inner: value for option in mine for inner, value in option.entry.items()}
        else:
            entry = mine[0].entry
        text = json.dumps(entry) if mine[0].field == "env" else _text(entry)
        yield f"      {_text(name)}: {text}{_mark(tuple(checks))}"


def _networks(plan: Plan) -> Iterator[str]:
    names = [name for name in attached(plan.after) if nameable(name)]
    if names:
        yield "networks:"
    for name in names:
        known = name in attached(plan.before)
        yield f"  {_text(name)}: {_text({'external': True} if known else {'name': name})}"


def _volumes(found: Changes) -> Iterator[str]:
    names = dict.fromkeys(option.name for option in found.now if option.field == "mounts" and option.name)
    if names:
        yield "volumes:"
    for name in names:
        yield f'  {_text(name)}: {{"external": true}}'


def _text(value: Any) -> str:
    """As JSON; a dollar sign is doubled, for Compose would take what follows for a variable."""
    return json.dumps(value, ensure_ascii=False).replace("$", "$$")


def _mark(checks: tuple[str, ...]) -> str:
    return f"  # {' '.join(checks)}" if checks else ""
