"""What is done about a container: fixes in order, the container after them, and what no option of it can fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec import structs

from checks.remedy import limits, origin, privileges, reach
from checks.remedy.fix import Fix, Wanted, changed
from checks.remedy.reasons import reason
from checks.result import Result
from checks.verdict import Outcome
from inventory.container import Container
from inventory.gap import Unread
from inventory.image import Image

_FIXES: tuple[Callable[[Container, Wanted], Iterator[Fix]], ...] = (
    reach.mounts,  # first: its evidence counts the mounts as they are
    privileges.privileged,
    privileges.capabilities,
    privileges.security_options,
    privileges.devices,
    privileges.namespaces,
    reach.network,
    reach.ports,
    reach.links,
    reach.writable,
    limits.resources,
    limits.system,
    limits.restarts,
    limits.logs,
)


class Unfixed(msgspec.Struct, frozen=True):
    """A check that still fails afterwards, or would if it were judged, and why nothing is done about it here."""

    check: str
    title: str
    why: str


class Plan(msgspec.Struct, frozen=True):
    """`before` and `after` are the container as it is and as it would be; `image` is what it was made from, if known.

    `unread` are the reasons why something could not be decided.
    """

    before: Container
    after: Container
    image: Image | None
    fixes: tuple[Fix, ...]
    unfixed: tuple[Unfixed, ...]
    unread: tuple[str, ...]
    program: str = "docker"

    @property
    def fixed(self) -> tuple[str, ...]:
        """The checks that the fixes are about."""
        return tuple(sorted({name for fix in self.fixes for name in fix.checks}))


def plan(container: Container, image: Image | None, results: Iterable[Result], program: str = "docker") -> Plan:
    """What to change.

    Args:
        container: as it is.
        image: what it was made from, or None where that is not known.
        results: the verdicts on the container and on its image. Waived ones are accepted and left alone.
        program: the client to type: docker or podman.
    """
    found = tuple(results)
    wanted, after, fixes, unread = Wanted(found), container, list[Fix](), list[str]()
    steps: list[Callable[[Container, Wanted], Iterator[Fix]]] = [
        *_FIXES,
        lambda now, asked: privileges.user(now, asked, image),
        lambda now, asked: origin.pinned(now, asked, image),
    ]
    for step in steps:
        try:
            made = list(step(after, wanted))
        except Unread as missing:
            unread.append(str(missing.gap))
            continue
        for fix in made:
            fixes.append(fix if _differs(after, fix) else structs.replace(fix, changes={}, breaks=""))
            after = changed(after, fix.changes)
    done = {name for fix in fixes for name in fix.checks}
    left = tuple(_unfixed(found, done))
    return Plan(container, after, image, tuple(fixes), left, tuple(dict.fromkeys(unread)), program)


def _differs(container: Container, fix: Fix) -> bool:
    """Whether the fix changes anything that is not so already, by another fix or from the start."""
    return any(container.peek(field) != value for field, value in fix.changes.items())


def _unfixed(results: Iterable[Result], done: set[str]) -> Iterator[Unfixed]:
    for result in results:
        if result.check.id in done or result.outcome not in (Outcome.FAIL, Outcome.MANUAL, Outcome.WAIVED):
            continue
        yield Unfixed(result.check.id, result.check.title, reason(result))
