"""Which options are new, which are gone, and for which checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from checks.remedy.leftover import leftover, managed
from checks.remedy.option import Option
from checks.remedy.options import options
from checks.remedy.plan import Plan


class Changes(msgspec.Struct, frozen=True):
    """`now` are the options to write; `new` says for each that was not there before which checks it is for.

    `gone` are options that are left out, with the checks that asked for it; `unread` why something is missing; `left`
    what no option of these says.
    """

    now: tuple[Option, ...]
    new: Mapping[int, tuple[str, ...]]
    gone: tuple[tuple[Option, tuple[str, ...]], ...]
    unread: tuple[str, ...]
    hostile: tuple[str, ...]
    left: tuple[str, ...] = ()

    def checks(self, option: Option) -> tuple[str, ...]:
        """The checks that a new option is for."""
        return self.new.get(id(option), ())


def changes(plan: Plan) -> Changes:
    """Compare the container before and after."""
    unread = list(plan.unread)
    before, after = list(options(plan.before, plan.image, [])), list(options(plan.after, plan.image, unread))
    told = [option for option in after if option.safe]
    then, now = [_same(option) for option in before], [_same(option) for option in after]
    new = {id(option): _for(plan, option) for option in told if _same(option) not in then}
    gone = tuple((option, _for(plan, option)) for option in before if _same(option) not in now and option.words)
    hostile = tuple(dict.fromkeys((*option.words, option.key)[0] for option in after if not option.safe))
    left = (*managed(plan.after, plan.image), *leftover(plan.after, plan.image, tuple(after)))
    return Changes(tuple(told), new, gone, tuple(dict.fromkeys(unread)), hostile, left)


def image_checks(plan: Plan) -> tuple[str, ...]:
    """The checks for which the image is named otherwise."""
    return tuple(dict.fromkeys(_fields(plan, ("image_ref",))))


def _for(plan: Plan, option: Option) -> tuple[str, ...]:
    related = {"networks": ("networks", "network_mode"), "network_mode": ("networks", "network_mode")}
    return tuple(dict.fromkeys(_fields(plan, related.get(option.field, (option.field,)))))


def _fields(plan: Plan, fields: Iterable[str]) -> Iterator[str]:
    for fix in plan.fixes:
        if any(field in fix.changes for field in fields):
            yield from fix.checks


def _same(option: Option) -> tuple[object, ...]:
    return (option.field, option.words, option.key, option.name, str(option.entry))
