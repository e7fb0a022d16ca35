"""Any field of any resource may be missing: every pane, preview, tab and menu shows that, and none fails."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource, ResourceKey
from inventory.sources.decode import items
from inventory.sources.docker import translate
from tests.checks.builders import SOURCE, captured, changed
from tests.tui.every_kind import KINDS, cluster_of_every_kind, example, picture_of
from tests.tui.world import NOW, filled, judged, made, world
from tui import menus
from tui.detail.raw import raw_value
from tui.detail.related import related
from tui.detail.tab import Context, Shape, tabs_of
from tui.listing import Filters, ListState, arrange
from tui.panes import load, specs
from tui.panes.base import Shown
from tui.panes.overview.pane import OverviewPane
from tui.picture import Picture

_KEPT = {"key", "name", "gaps", "raw", "labels", "observed_at"}
PENDING, TIMEOUT = Gap(Reason.PENDING, "GET /x"), Gap(Reason.TIMEOUT, "GET /x", "no answer in 10 s")


def unread(resource: Resource, gap: Gap, *names: str) -> Resource:
    """The resource with these fields missing."""
    return changed(resource, **dict.fromkeys(names, gap))


def show_everything(picture: Picture, key: ResourceKey) -> list[str]:
    """The text of all that the screen could make of a resource, without a screen."""
    words: list[str] = []
    for spec in specs():
        pane = load(spec.id)
        if spec.id == "overview":
            words += [entry.cell.text for entry in OverviewPane().lines(picture, 120, 40, NOW)]
            continue
        for number in range(len(pane.views(picture)) or 1):
            pane.show_view(number)
            entries = pane.entries(picture, NOW)
            arrange(entries, ListState(), Filters(pinned="name:x"))
            pane.headline(picture, Shown(len(entries), len(entries)))
            pane.alarm(picture)
            words += [cell.text for entry in entries if entry.key == key for cell in entry.row.cells]
            if any(entry.key == key for entry in entries):
                words += [made_line.cell.text for made_line in pane.preview(key, picture, 80, NOW)]
        pane.show_view(0)
    return words + tab_texts(picture, key)


def tab_texts(picture: Picture, key: ResourceKey) -> list[str]:
    """The text of the tabs that are made from the picture, of the raw object and of the menus."""
    if key.kind is Kind.ACTIVITY:  # shown with its container
        key = key._replace(kind=Kind.CONTAINER)
    if key.kind is Kind.IMAGE_ANALYSIS:  # shown with its image
        key = key._replace(kind=Kind.IMAGE)
    if key.kind is Kind.EVENT:  # shown with what it is about
        key = ResourceKey(Kind.KUBE_NODE, key.source, example(key.kind).peek("involved").name)
    resource = picture.snapshot.get(key)
    assert resource is not None
    words: list[str] = []
    for tab in tabs_of(resource):
        if tab.shape is Shape.TEXT and tab.lines is not None:
            words += [entry.cell.text for entry in tab.lines(resource, Context(picture, 80, NOW))]
        if tab.count is not None:
            tab.count(resource, picture)
    list(related(resource, picture.snapshot))
    raw_value(resource)
    return words + menus.commands(resource)


def test_volumes_are_the_only_exception() -> None:
    assert Kind.VOLUME not in world().snapshot.by_kind, "volumes were captured: take this exception away"
    assert set(KINDS) == {*world().snapshot.by_kind, *cluster_of_every_kind().snapshot.by_kind}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
def test_every_field_may_be_missing(kind: Kind) -> None:
    subject = example(kind)
    for name in subject.field_names:
        if name in _KEPT:
            continue
        poor = unread(subject, TIMEOUT, name)
        show_everything(with_one(poor), poor.key)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
def test_all_fields_may_be_missing_together(kind: Kind) -> None:
    subject = example(kind)
    names = [name for name in subject.field_names if name not in _KEPT]
    for gap, sign in ((TIMEOUT, "?"), (PENDING, "..")):
        poor = unread(subject, gap, *names)
        words = show_everything(with_one(poor), poor.key)
        assert any(str(gap) in text for text in words), (kind, words[-20:])
        if any(load(spec.id).kinds == (kind,) for spec in specs()):
            assert any(text == sign for text in words), (kind, sign, words[:20])


def with_one(resource: Resource) -> Picture:
    """The captured host, or the recorded cluster, with this resource in place of the one with its key."""
    picture = picture_of(resource.key.kind)
    snapshot = picture.snapshot
    known = {**snapshot.by_kind[resource.key.kind], resource.key: resource}
    return replace(picture, snapshot=structs.replace(snapshot, by_kind={**snapshot.by_kind, resource.key.kind: known}))


def test_a_list_alone_shows_rows_before_anything_was_inspected() -> None:
    """What a start looks like: names and states are known, all else is dots."""
    listed = [translate.container_from_list(raw, SOURCE, NOW) for raw in items(captured("docker-api/containers.json"))]
    picture = judged(filled({**made(), Kind.CONTAINER: list(listed)}, ()))
    waiting = replace(picture, evaluation=structs.replace(picture.evaluation, judgements={}), stats={})
    entries = load("containers").entries(waiting, NOW)
    assert len(entries) == len(listed)
    for entry in entries:
        texts = [cell.text for cell in entry.row.cells]
        assert texts[0] == ".."
        assert "ok" not in texts
        assert "0" not in texts
    for container in listed[:5]:
        show_everything(picture, container.key)
