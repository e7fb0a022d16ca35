"""From options to running sources. Loaded after the first paint: it brings engines, model and checks along."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.options import ExplorerOptions
from tui.session import Sampler, Session, Source

if TYPE_CHECKING:
    from checks.policy import Policy


@dataclass
class Boot:
    """What will be read, ready to be started."""

    sources: list[Source] = field(default_factory=list)
    sampler: Sampler | None = None
    host_name: str = ""
    target: str = ""
    recorded_at: float = 0.0

    @classmethod
    def of(cls, options: ExplorerOptions, session: Session) -> Boot:
        """Find the sources that the options ask for."""
        raise NotImplementedError

    def start(self, session: Session, policy: Policy) -> None:
        """Let everything run."""
        session.recorded_at = self.recorded_at
        session.start(self.sources, policy, self.sampler)
