"""One change of a container's options, and which failures it takes away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from checks.result import Result
from checks.verdict import Outcome
from inventory.container import Container


class Fix(msgspec.Struct, frozen=True):
    """`changes` are fields of `Container` with their new values; `says` is the change, `breaks` what may stop working.

    Without `changes`, other fixes or the container itself see to these checks already.
    """

    checks: tuple[str, ...]
    says: str
    changes: Mapping[str, Any]
    breaks: str = ""


class Wanted:
    """Which checks found something that nobody has accepted, folded ones included, and their evidence."""

    def __init__(self, results: Iterable[Result]) -> None:
        self._found: dict[str, list[Result]] = {}
        for result in results:
            if result.outcome in (Outcome.FAIL, Outcome.MANUAL):
                for name in (result.check.id, *result.implies):
                    self._found.setdefault(name, []).append(result)

    def __contains__(self, check_id: str) -> bool:
        return check_id in self._found

    def any(self, *check_ids: str) -> tuple[str, ...]:
        """Those of them that found something."""
        return tuple(name for name in check_ids if name in self._found)

    def indexes(self, field: str, *check_ids: str) -> frozenset[int]:
        """Which entries of a list (`Mounts[3].Source`) these checks give as evidence."""
        pattern = re.compile(re.escape(field) + r"\[(\d+)\]")
        paths = (piece.path for name in check_ids for result in self._found.get(name, ()) for piece in result.evidence)
        return frozenset(int(found[1]) for path in paths if (found := pattern.match(path)))

    def names(self, field: str, check_id: str) -> frozenset[str]:
        """Which entries of a map (`HostConfig.Sysctls[kernel.sem]`) this check gives as evidence."""
        start = f"{field}["
        paths = (piece.path for result in self._found.get(check_id, ()) for piece in result.evidence)
        return frozenset(path[len(start) : -1] for path in paths if path.startswith(start) and path.endswith("]"))


def changed(container: Container, changes: Mapping[str, Any]) -> Container:
    """The container with other values of some fields; fields that were not read stay unread."""
    known = {name: container.peek(name) for name in container.field_names if name != "gaps"}
    return type(container).build(**{**known, **changes})
