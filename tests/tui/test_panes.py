"""Panes without a screen: rows are kept while nothing they show changes, and no line is wider than its view."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.result import Evaluation
from checks.verdict import Outcome
from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import SourceHealth, Status
from inventory.store import Store
from tests.tui.world import NOW, SOURCE, filled, judged, made, world
from tui.panes import PaneSpec, load, specs
from tui.panes.base import ResourcePane, Shown
from tui.panes.containers.pane import ContainersPane
from tui.panes.findings.pane import FindingsPane, results_of
from tui.panes.images.pane import ImagesPane
from tui.panes.monitoring.pane import MonitoringPane
from tui.panes.networks.pane import NetworksPane
from tui.panes.overview.pane import OverviewPane
from tui.panes.services.pane import ServicesPane
from tui.picture import Picture

KINDS: tuple[type[Any], ...] = (
    ContainersPane,
    ImagesPane,
    NetworksPane,
    ServicesPane,
    MonitoringPane,
)
SIZES = [(39, 6), (59, 12), (79, 20), (119, 36), (159, 40), (199, 46), (300, 80)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_unchanged_row_is_not_made_again(kind: type[ResourcePane[Any]]) -> None:
    pane = kind()
    first = pane.entries(world(), NOW)
    again = pane.entries(replace(world()), NOW)
    assert first
    assert all(a is b for a, b in zip(first, again, strict=True))


def test_only_the_row_that_changed_is_made_again() -> None:
    store = filled()
    before = judged(store)
    pane = ContainersPane()
    first = {entry.key: entry for entry in pane.entries(before, NOW)}
    changed = next(resource for resource in made()[Kind.CONTAINER] if resource.name == "socky")
    store.put([replace_raw(changed)])
    after = replace(before, snapshot=store.snapshot())
    made_again = [entry.key for entry in pane.entries(after, NOW) if first[entry.key] is not entry]
    assert made_again == [changed.key]


def replace_raw(resource: Resource) -> Resource:
    """The same resource as another answer of the engine would make it."""
    values = {name: resource.peek(name) for name in resource.field_names if name != "gaps"}
    return type(resource).build(**{**values, "raw": resource.raw + b" "})


def test_a_row_is_made_again_for_figures_verdicts_and_age() -> None:
    picture = world()
    pane = ContainersPane()
    first = {entry.key: entry for entry in pane.entries(picture, NOW)}
    key = next(iter(picture.stats))
    stats = {**picture.stats, key: replace(picture.stats[key], cpu=99.0)}
    later = pane.entries(replace(picture, stats=stats), NOW)
    assert [entry.key for entry in later if first[entry.key] is not entry] == [key]
    judgements = {k: v for k, v in picture.evaluation.judgements.items() if k != key}
    unjudged = replace(picture, evaluation=Evaluation(judgements=judgements))
    rows = {entry.key: entry for entry in pane.entries(unjudged, NOW)}
    assert rows[key].row.cells[0].text == ".."
    older = {entry.key: entry for entry in pane.entries(picture, NOW + 3600)}
    assert older[key].row.cells[7].text != first[key].row.cells[7].text


def test_rows_that_are_gone_are_forgotten() -> None:
    pane = ContainersPane()
    assert pane.entries(world(), NOW)
    assert pane.entries(Picture(), NOW) == []
    assert pane._cache == {}


def test_what_is_not_judged_or_not_read_is_never_ok() -> None:
    store = Store(clock=lambda: NOW)
    listed = made()[Kind.CONTAINER][0]
    poor = type(listed).build(key=listed.key, name="poor", state="running")
    store.put([poor])
    row = ContainersPane().entries(Picture(store.snapshot()), NOW)[0].row
    assert row.cells[0].text == ".."
    assert "ok" not in [cell.text for cell in row.cells]
    assert row.cells[8].text == "?"
    judged_row = ContainersPane().entries(judged(store), NOW)[0].row
    assert judged_row.cells[0].text != "ok"


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_overview_fits(width: int, height: int) -> None:
    lines = OverviewPane().lines(world(), width, height, NOW)
    assert [entry.cell.text for entry in lines if entry.cell.width > width] == []


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_overview_loses_nothing_that_a_person_must_know(width: int, height: int) -> None:
    words = " ".join(entry.cell.text for entry in OverviewPane().lines(world(), width, height, NOW))
    picture = world()
    total = picture.evaluation.total
    for fact in ("up 41d", "load 3.1/2c", "mem 75%", "disk /var/lib/docker 93%", "clock ok", "swarm active"):
        assert fact in words
    for fact in ("running 41", "restarting 1", "OOM 1", "unhealthy 1", "paused 1", "created 5"):
        assert fact in words
    for fact in ("privileged 1", "runtime socket 3", "host mounts 1", "host namespaces 3", "extra caps 3"):
        assert fact in words
    assert f"{total.unknown} verdicts unknown" in words
    assert f"{total.manual} for a person to decide" in words
    for fact in ("WORST FIRST", "LAST CHANGES", "die"):
        assert fact in words


@pytest.mark.parametrize(("width", "height"), [(79, 20), (119, 36), (159, 40), (199, 46)])
def test_overview_fills_its_view_and_no_more(width: int, height: int) -> None:
    lines = OverviewPane().lines(world(), width, height, NOW)
    assert len(lines) <= height
    assert sum(1 for entry in lines if entry.meta is not None) >= 5


def test_the_worst_come_first_and_lead_to_their_objects() -> None:
    picture = world()
    lines = OverviewPane().lines(picture, 119, 36, NOW)
    start = next(n for n, entry in enumerate(lines) if "WORST FIRST" in entry.cell.text)
    signs = [entry.cell.text.split()[0] for entry in lines[start + 1 : start + 8]]
    assert signs[0] == "C"
    assert signs == sorted(signs, key="CHML".index)
    for entry in lines[start + 1 : start + 8]:
        meta = entry.meta
        assert isinstance(meta, tuple)
        assert results_of(meta, picture)


def test_a_failure_that_came_up_meanwhile_is_marked_new() -> None:
    assert any("NEW 1m" in entry.cell.text for entry in OverviewPane().lines(world(), 199, 80, NOW))


@pytest.mark.parametrize("status", [Status.UNREACHABLE, Status.FORBIDDEN, Status.DEGRADED, Status.CONNECTING])
@pytest.mark.parametrize("width", [39, 79, 199])
def test_a_source_that_is_not_well_says_all_of_it(status: Status, width: int) -> None:
    store = Store(clock=lambda: NOW)
    detail = "permission denied on /var/run/docker.sock; try: sudo usermod -aG docker $USER, then log in again"
    store.set_health(
        SOURCE, SourceHealth("docker", "unix:///x", status, detail, tried=("unix:///run/podman.sock: no",))
    )
    lines = OverviewPane().lines(Picture(store.snapshot()), width, 20, NOW)
    words = " ".join(" ".join(entry.cell.text for entry in lines).split())
    assert status.value.upper() in words
    assert detail in words
    assert "tried unix:///run/podman.sock: no" in words
    assert all(entry.cell.width <= width for entry in lines)


def test_nothing_known_yet_is_dots_never_zero_or_ok() -> None:
    lines = [entry.cell.text for entry in OverviewPane().lines(Picture(), 79, 20, NOW)]
    assert any("connecting" in text for text in lines)
    shown = {text.split()[0]: text.split()[-1] for text in lines if text.startswith((" NOW", " EXPOSED", " NOT SEEN"))}
    assert set(shown.values()) == {".."}
    assert not any(" 0" in text or "ok" in text.split() for text in lines)


def test_objects_that_wait_for_their_verdicts_are_counted() -> None:
    picture = replace(world(), evaluation=Evaluation())
    words = " ".join(entry.cell.text for entry in OverviewPane().lines(picture, 199, 60, NOW))
    assert "nothing fails" not in words
    assert "nothing of the usual kind" not in words


@pytest.mark.parametrize("spec", [spec for spec in specs() if spec.id != "overview"], ids=lambda spec: spec.id)
@pytest.mark.parametrize("width", [20, 46, 78, 120])
def test_previews_and_headlines_are_made_of_whole_lines(spec: PaneSpec, width: int) -> None:
    pane = load(spec.id)
    entries = pane.entries(world(), NOW)
    for entry in entries:
        assert pane.preview(entry.key, world(), width, NOW), entry.key
    assert pane.headline(world(), Shown(len(entries), len(entries))).text
    assert pane.preview(ResourceKey(Kind.CONTAINER, "docker", "gone"), world(), width, NOW) == []


@pytest.mark.parametrize("spec", [spec for spec in specs() if spec.id != "overview"], ids=lambda spec: spec.id)
def test_an_empty_pane_says_why(spec: PaneSpec) -> None:
    words = load(spec.id).empty(Picture())
    assert len(words) > 15


@pytest.mark.parametrize("kind", [Kind.CONTAINER, Kind.IMAGE, Kind.NETWORK, Kind.SERVICE])
def test_an_empty_pane_never_says_none_of_what_could_not_be_read(kind: Kind) -> None:
    pane = next(load(spec.id) for spec in specs() if load(spec.id).kinds == (kind,))
    store = filled({**made(), kind: []}, ())
    store.set_gap(SOURCE, kind, Gap(Reason.TIMEOUT, f"GET /{kind.value}s", "no answer in 10 s"))
    words = pane.empty(judged(store))
    assert "no answer in 10 s" in words, words


@pytest.mark.parametrize("kind", [Kind.CONTAINER, Kind.IMAGE, Kind.NETWORK])
def test_an_empty_pane_that_was_read_says_none(kind: Kind) -> None:
    pane = next(load(spec.id) for spec in specs() if load(spec.id).kinds == (kind,))
    store = filled({**made(), kind: []}, ())
    assert "no " in pane.empty(judged(store))


@pytest.mark.parametrize("spec", [spec for spec in specs() if spec.id != "overview"], ids=lambda spec: spec.id)
def test_an_empty_pane_of_a_host_that_has_not_answered_does_not_say_none(spec: PaneSpec) -> None:
    store = Store(clock=lambda: NOW)
    store.set_health(SOURCE, SourceHealth("docker", "unix:///x", Status.CONNECTING, "connecting"))
    words = load(spec.id).empty(Picture(store.snapshot())).lower()
    assert not words.startswith(("no containers", "no images", "no networks", "no component", "nothing wrong")), words


def test_findings_by_check_hold_all_findings() -> None:
    picture = world()
    pane = FindingsPane()
    results = list(picture.evaluation.results())
    grouped = pane.entries(picture, NOW)
    assert sum(len(results_of(entry.key, picture)) for entry in grouped) == len(results)
    pane.grouped = False
    flat = pane.entries(picture, NOW)
    assert len(flat) == len(results)
    assert all(len(results_of(entry.key, picture)) == 1 for entry in flat)


def test_findings_are_sorted_failures_first() -> None:
    order = list(Outcome)
    entries = sorted(FindingsPane().entries(world(), NOW), key=lambda entry: entry.sort["sec"], reverse=True)
    outcomes = [order.index(entry.key[1]) for entry in entries]  # type: ignore[index]  # check id and outcome
    assert outcomes == sorted(outcomes)
