"""Live figures: kept for a while, never for ever."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.resource import ResourceKey
from inventory.sources.docker import details
from inventory.sources.docker.session import Session as Conversation
from inventory.sources.docker.stats import Sample
from tests.tui.stage import GivenSession
from tests.tui.world import filled, world
from tui import figures
from tui.figures import MISSES, Figures
from tui.talk import Talk

SAMPLE = Sample(at=1.0, cpu=1, memory=5 << 20, memory_limit=0, pids=3)


class Engine:
    """Answers, or not; counts how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: Sample | Gap = SAMPLE
        self.asked = self.begun = 0
        monkeypatch.setattr(details, "stats", self._stats)

    def _stats(self, *_: object, **__: object) -> Sample | Gap:
        self.asked += 1
        if isinstance(self.answer, Sample):
            self.answer = replace(self.answer, at=self.answer.at + 1)
        return self.answer

    def reader(self, _: str) -> Any:
        """A conversation that says nothing."""
        self.begun += 1
        return Talk(Conversation(None), False)  # type: ignore[arg-type]  # nothing is asked through it


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)


def running(count: int, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> tuple[Figures, list[ResourceKey]]:
    session = GivenSession(world(), filled())
    monkeypatch.setattr(session, "reader", engine.reader)
    found = [c.key for c in session.store.snapshot().of(Container) if c.peek("state") == "running"]
    assert len(found) >= count
    return Figures(session), found[:count]


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.ERROR, Reason.UNSUPPORTED])
def test_a_figure_goes_after_three_readings_that_failed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, reason: Reason
) -> None:
    sampler, keys = running(2, engine, monkeypatch)
    assert set(sampler.sample(keys)) == set(keys)
    engine.answer = Gap(reason, "GET /containers/{id}/stats")
    for _ in range(MISSES - 1):
        assert set(sampler.sample(keys)) == set(keys)
    assert not sampler.sample(keys)
    engine.answer = SAMPLE
    assert set(sampler.sample(keys)) == set(keys)


def test_one_failure_in_between_costs_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sampler, keys = running(1, engine, monkeypatch)
    for _ in range(MISSES + 1):
        engine.answer = SAMPLE
        assert sampler.sample(keys)
        engine.answer = Gap(Reason.ERROR, "GET /containers/{id}/stats")
        assert sampler.sample(keys)


def test_an_engine_that_hangs_is_asked_once_a_round_and_takes_all_its_figures_along(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler, keys = running(figures.REMOTE + 1, engine, monkeypatch)
    for _ in keys:
        sampler.sample(keys)
    engine.answer, engine.asked = Gap(Reason.TIMEOUT, "GET /containers/{id}/stats"), 0
    for _ in range(MISSES):
        shown = sampler.sample(keys)
    assert engine.asked == MISSES
    assert not shown


def test_one_conversation_serves_until_it_breaks(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sampler, keys = running(1, engine, monkeypatch)
    for _ in range(3):
        sampler.sample(keys)
    assert engine.begun == 1
    engine.answer = Gap(Reason.ERROR, "GET /containers/{id}/stats")
    sampler.sample(keys)
    sampler.sample(keys)
    assert engine.begun == 2
