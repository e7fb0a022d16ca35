"""What the drill-down reads with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from inventory.gap import Gap, Reason

if TYPE_CHECKING:
    from inventory.sources.docker.session import Session

_BROKEN = frozenset({Reason.ERROR, Reason.TIMEOUT})  # as opposed to an engine that has nothing to tell


class Talk(NamedTuple):
    """A conversation with an engine or a recording of one; `local`: its containers' /proc is this machine's."""

    session: Session
    local: bool


class Talks:
    """One conversation per source, begun when it is first needed: over SSH each one is a login.

    May be used from any thread; a transport gives each thread a connection of its own.
    """

    def __init__(self, begin: Callable[[str], Any]) -> None:
        self._begin = begin
        self._kept: dict[str, Any] = {}

    def to(self, source: str) -> Any:
        """The conversation, a `Talk` or what reads a cluster, or why there is none; takes as long as two answers."""
        kept = self._kept.get(source)
        if kept is not None:
            return kept
        begun = self._begin(source)
        if not isinstance(begun, Gap):
            self._kept[source] = begun
        return begun

    def heard(self, source: str, answer: object) -> None:
        """Forget a conversation that broke: whoever asks next connects anew, perhaps to another version."""
        if isinstance(answer, Gap) and answer.reason in _BROKEN:
            self._kept.pop(source, None)
