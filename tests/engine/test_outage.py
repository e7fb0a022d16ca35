"""An engine that is killed, frozen or left alone: what was known stays with its age, and it comes back by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inventory.model import Container
from inventory.resource import Kind
from inventory.snapshot import Snapshot, Status
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.read import read
from inventory.store import Store
from lab.engine import Lab
from lab.logging_proxy import LoggingProxy
from tests.engine.conftest import QUIET
from tests.engine.watching import BOUND, Watch, facts

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

IDLE = 10.0
RETURN = 20.0  # seconds for an engine that answers again to be read: it may be between two attempts


@pytest.fixture
def quiet(quiet_lab: Lab, tuned_interpreter: None) -> Iterator[Watch]:
    watch = Watch(quiet_lab.docker_host)
    try:
        watch.settle()
        yield watch
    finally:
        watch.stop()


def _wait(what: str, seen: Callable[[], bool], watch: Watch, bound: float) -> None:
    began = time.monotonic()
    while not seen():
        waited = time.monotonic() - began
        assert waited < bound, f"not within {bound:.0f} s: {what}; {watch.health}, {watch.freshness()}"
        time.sleep(0.05)


def _fresh(lab: Lab) -> Snapshot:
    store = Store()
    assert read(Endpoint(lab.docker_host, "test"), store).status is Status.OK
    return store.snapshot()


def _same(watch: Watch, lab: Lab) -> bool:
    """Whether the store holds what a new reading finds, no more and no less. The engine's own row counts seconds."""
    live, anew = (
        {key: known for key, known in facts(snapshot).items() if key.kind not in (Kind.ENGINE, Kind.HOST)}
        for snapshot in (watch.snapshot, _fresh(lab))
    )
    return live == anew


def test_a_followed_store_equals_a_new_reading(quiet: Watch, quiet_lab: Lab) -> None:
    _wait("the same", lambda: _same(quiet, quiet_lab), quiet, BOUND)


def test_nothing_is_polled(quiet_lab: Lab, short_directory: Path, tuned_interpreter: None) -> None:
    with LoggingProxy(short_directory / "quiet.sock", quiet_lab.paths.socket) as proxy:
        watch = Watch(proxy.url)
        try:
            watch.settle()
            before = len(proxy.requests)
            time.sleep(IDLE)
            asked = [f"{one.method} {one.path}" for one in proxy.requests[before:]]
        finally:
            watch.stop()
    assert asked, "not even a sign of life"
    assert len(asked) <= IDLE, asked
    assert {one.partition("?")[0] for one in asked} <= {"HEAD /_ping", "HEAD /v1.41/_ping"}, asked


def test_a_frozen_engine_is_stale_then_lost_and_live_again(quiet: Watch, quiet_lab: Lab) -> None:
    _wait("live", lambda: quiet.freshness().state == "live", quiet, BOUND)
    rows = quiet.snapshot.count(Kind.CONTAINER)
    quiet_lab.freeze_daemon()
    try:
        _wait("stale", lambda: quiet.freshness().state == "stale", quiet, 6.0)
        assert quiet.freshness().age >= 3.0
        _wait("lost", lambda: quiet.freshness().state == "lost", quiet, 12.0)
        _wait("said so", lambda: quiet.health.status is Status.UNREACHABLE, quiet, BOUND)
        assert quiet.snapshot.count(Kind.CONTAINER) == rows == QUIET
    finally:
        quiet_lab.thaw_daemon()
    _wait("live again", lambda: quiet.freshness().state == "live", quiet, BOUND)
    _wait("healthy", lambda: quiet.health.status is Status.OK, quiet, BOUND)
    _wait("the same", lambda: _same(quiet, quiet_lab), quiet, BOUND)


def test_a_killed_engine_is_unreachable_and_comes_back(quiet: Watch, quiet_lab: Lab) -> None:
    rows = {key for key in facts(quiet.snapshot) if key.kind is Kind.CONTAINER}
    assert len(rows) == QUIET
    quiet_lab.kill_daemon()
    try:
        _wait("unreachable", lambda: quiet.health.status is Status.UNREACHABLE, quiet, BOUND)
        assert quiet.health.detail
        assert {one.key for one in quiet.snapshot.of(Container)} == rows
        assert all(quiet.picture.judgement(key) is not None for key in rows)
        _wait("stale", lambda: quiet.freshness().state in ("stale", "lost"), quiet, BOUND)
    finally:
        quiet_lab.start_daemon()
    _wait("there again", lambda: quiet.health.status is Status.OK, quiet, RETURN)
    _wait("live again", lambda: quiet.freshness().state == "live", quiet, BOUND)
    _wait("the same", lambda: _same(quiet, quiet_lab), quiet, BOUND)
    assert {one.key for one in quiet.snapshot.of(Container)} == rows


def test_a_session_that_starts_without_an_engine_finds_it_later(quiet_lab: Lab, tuned_interpreter: None) -> None:
    quiet_lab.kill_daemon()
    watch = Watch(quiet_lab.docker_host)
    try:
        _wait("unreachable", lambda: watch.health.status is Status.UNREACHABLE, watch, BOUND)
        assert watch.snapshot.count(Kind.CONTAINER) == 0
        assert watch.snapshot.gaps
        quiet_lab.start_daemon()
        _wait("there", lambda: watch.health.status is Status.OK, watch, RETURN)
        _wait("the same", lambda: _same(watch, quiet_lab), watch, BOUND)
    finally:
        watch.stop()
        if not quiet_lab.running():
            quiet_lab.start_daemon()
