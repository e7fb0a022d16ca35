"""What the drill-down reads with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from inventory.sources.docker.session import Session


class Talk(NamedTuple):
    """A conversation with an engine or a recording of one; `local`: its containers' /proc is this machine's."""

    session: Session
    local: bool
