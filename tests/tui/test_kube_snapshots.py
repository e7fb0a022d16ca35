"""Pictures of every view of the recorded cluster, judged by few checks.

Regenerate after a change of the screen: pytest tests/tui/test_kube_snapshots.py --snapshot-update
"""

from __future__ import annotations

import pytest

from tests.kubernetes.captured import NOW
from tests.tui.cluster import clustered
from tests.tui.stage import GivenSession, Stage, options
from tests.tui.test_snapshots import Compare, at
from tui.boot import Boot
from tui.freshness import Freshness
from widgets.style import PALETTES

VIEWS = ("workloads", "pods", "nodes", "rbac", "policies", "exposure", "certificates")
SIZES = [(80, 24), (200, 50)]


@pytest.fixture
def stage() -> Stage:
    """The program on the recorded cluster; its clock stands still."""
    session = GivenSession(clustered())
    session.recorded_at = NOW
    session.fresh = Freshness("recorded", 0.0, NOW)
    return Stage(session, options(), PALETTES["colour"], Boot(host_name="prod-eu", target="demo", recorded_at=NOW))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", VIEWS)
def test_view(snap_compare: Compare, stage: Stage, view: str, size: tuple[int, int]) -> None:
    keys = ("4", *("b",) * VIEWS.index(view), "j", "j")
    assert snap_compare(stage, terminal_size=size, run_before=at(*keys))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_overview(snap_compare: Compare, stage: Stage, size: tuple[int, int]) -> None:
    assert snap_compare(stage, terminal_size=size, run_before=at("0"))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_namespaces(snap_compare: Compare, stage: Stage, size: tuple[int, int]) -> None:
    assert snap_compare(stage, terminal_size=size, run_before=at("4", "m"))
