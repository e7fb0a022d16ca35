"""Hands on the views of a cluster: switching views, namespaces and contexts, filtering, and long lists."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from inventory.gap import Gap, Reason
from inventory.resource import Kind
from tests.hostile import HOSTILE
from tests.kubernetes.captured import NOW, SOURCE, objects
from tests.tui.cluster import clustered, filled, forbidden, judged
from tests.tui.stage import Play, play, put_cursor
from tests.tui.test_hostile import evil
from tests.tui.world import filled as host
from tui import arranging
from tui.arranging import Arranger, Wish
from tui.listing import Filters, ListState
from tui.panes.services.pane import ServicesPane
from tui.picture import Picture
from tui.scope import Lens, Scope
from tui.switchers import namespaces


@asynccontextmanager
async def cluster(picture: Picture | None = None, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Play]:
    """The explorer on the recorded cluster, in the Services pane, at the time of the recording."""
    async with play(clustered() if picture is None else picture, size=size) as here:
        here.session.recorded_at = NOW
        await here.press("4")
        yield here


def title(here: Play) -> str:
    """The line over the list."""
    return here.lines[2].strip()


def names(here: Play) -> list[str]:
    """The ids of the rows."""
    return [str(row.key.id) for row in here.table.rows]  # type: ignore[attr-defined]  # keys of resources


async def test_b_and_brackets_go_through_the_views() -> None:
    async with cluster() as here:
        seen = []
        for _ in range(7):
            seen.append(title(here).split()[0])
            await here.press("b")
        assert seen == ["Workloads", "Pods", "Nodes", "RBAC", "Policies", "Exposure", "Certificates"]
        assert title(here).startswith("Workloads")
        await here.press("left_square_bracket")
        assert title(here).startswith("Certificates")
        await here.press("right_square_bracket", "right_square_bracket")
        assert title(here).startswith("Pods")


async def test_t_offers_the_views_with_their_counts() -> None:
    async with cluster() as here:
        await here.press("t")
        assert "views" in here.text and "Exposure" in here.text
        await here.type("nod")
        await here.press("enter")
        assert title(here).startswith("Nodes 4")
        assert here.at(here.table)


async def test_each_view_keeps_its_cursor_order_and_filter() -> None:
    async with cluster() as here:
        await here.press("b", "G")
        last = here.table.cursor_key
        await here.press("b", "slash")
        await here.type("state:notready")
        await here.press("enter")
        assert names(here) == ["worker-3"]
        await here.press("left_square_bracket")
        assert here.table.cursor_key == last
        await here.press("right_square_bracket")
        assert names(here) == ["worker-3"]


async def test_a_shows_finished_jobs() -> None:
    async with cluster() as here:
        assert "prod/migrate-2026-11" not in names(here)
        await here.press("A")
        assert "prod/migrate-2026-11" in names(here)


async def test_one_namespace_is_looked_at_in_every_pane() -> None:
    async with cluster() as here:
        before = here.deck.listed.evaluation.total
        await here.press("m")
        assert "all namespaces" in here.text
        await here.type("staging")
        await here.press("enter")
        assert "ns:staging" in here.lines[-1]
        assert all(name.startswith("staging/") for name in names(here))
        await here.press("6")
        assert sum(here.deck.listed.evaluation.total.fails) < sum(before.fails)
        await here.press("0")
        assert "ONLY" in here.text and "ns:staging" in here.text
        assert "Unschedulable" not in here.text and "CrashLoopBackOff 1" in here.text
        await here.press("4", "m", "enter")
        assert here.deck.filters.scope == Scope()
        assert any(name.startswith("prod/") for name in names(here))


async def test_several_namespaces_are_typed_with_commas() -> None:
    async with cluster() as here:
        await here.press("m")
        await here.type("prod,staging")
        await here.press("enter")
        assert {name.split("/")[0] for name in names(here)} == {"prod", "staging"}
        assert "ns:prod,staging" in here.lines[-1]


async def test_a_context_is_looked_at_alone_in_every_pane() -> None:
    picture = judged(filled(store=host()))
    async with cluster(picture) as here:
        assert any(row.cells[3].text == "swarm" for row in here.table.rows)
        await here.press("C")
        assert "contexts" in here.text and SOURCE in here.text
        await here.type(SOURCE)
        await here.press("enter")
        assert f"@{SOURCE}" in here.lines[-1]
        assert not any(row.cells[3].text == "swarm" for row in here.table.rows)
        await here.press("2")
        assert not here.table.rows
        await here.press("C", "enter", "2")
        assert here.table.rows


async def test_a_link_leads_out_of_the_namespace_that_is_looked_at() -> None:
    async with cluster() as here:
        here.deck.filters.scope = Scope(namespaces=frozenset({"staging"}))
        here.deck.show_picture()
        await here.press("b")
        put_cursor(here, names(here)[0].partition("/")[2])
        here.deck.enter(next(key for key in clustered().snapshot.by_kind[Kind.POD] if key.id == "prod/redis-0"))
        await here.press()
        assert "redis-0" in here.text


async def test_a_forbidden_kind_is_a_line_and_no_box() -> None:
    async with cluster(judged(filled(gaps=forbidden(Kind.POD, "pods")), ())) as here:
        await here.press("b")
        assert "forbidden: pods is forbidden" in here.text
        assert here.at_deck()
        await here.press("b")
        assert len(names(here)) == 4


async def test_what_arrives_is_shown_while_more_is_on_its_way() -> None:
    store = filled()
    store.set_gap(SOURCE, Kind.POD, Gap(Reason.PENDING, "GET /api/v1/pods"))
    async with cluster(judged(store, ()), (200, 50)) as here:
        await here.press("b")
        assert title(here).startswith("Pods 74 of 75..")
        store.set_gap(SOURCE, Kind.POD, None)
        await here.show(judged(store, ()))
        assert ".." not in title(here).split("   ")[0]


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (200, 50)], ids=str)
async def test_every_view_fits_every_screen(size: tuple[int, int]) -> None:
    async with cluster(size=size) as here:
        for _ in range(7):
            await here.press("b", "G")


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=str)
async def test_hostile_text_stays_text_in_every_view_and_menu(size: tuple[int, int]) -> None:
    first = {one.key.kind: one for one in filled().snapshot()}
    store = filled([])
    for kind, one in first.items():
        store.replace(SOURCE, kind, [evil(one, text, number) for number, text in enumerate(HOSTILE)])
    async with cluster(judged(store), size) as here:
        for _ in range(7):
            await here.press("b", "A", "ctrl+d", "G")
        for key in ("m", "C", "t"):
            await here.press(key)
            await here.press("down", "down", "pagedown", "enter")


# -- long lists ------------------------------------------------------------------------------------------------------


async def test_a_long_list_is_arranged_in_a_thread_and_keys_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arranging, "LONG", 10)
    async with cluster() as here:
        await here.until(lambda: len(here.table.rows) > 10, "the rows came")
        await here.press("slash")
        await here.type("state:crash")
        await here.until(lambda: len(here.table.rows) == 3, "the filter held")
        await here.press("escape")
        await here.until(lambda: len(here.table.rows) > 10, "all rows again")
        await here.press("b")
        await here.until(lambda: len(here.table.rows) > 50, "the pods came")


def wish(query: str = "", picture: Picture | None = None) -> Wish:
    """What the Pods view would ask for."""
    pane = ServicesPane()
    shown = clustered() if picture is None else picture
    pane.look_at(shown)
    pane.show_view(1)
    return Wish.of(pane, shown, ListState("ns", False, query), Filters())


def test_the_newest_wish_is_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arranging, "LONG", 10)
    woken: list[float] = []
    arranger = Arranger(lambda: woken.append(time.monotonic()))
    wishes = [wish(query) for query in ("a", "b", "name:redis")]
    assert [arranger.get(each, NOW) for each in wishes] == [None, None, None]
    until = time.monotonic() + 10
    while arranger.get(wishes[-1], NOW) is None and time.monotonic() < until:
        time.sleep(0.01)
    made = arranger.get(wishes[-1], NOW)
    assert made is not None
    assert [row.key.id for row in made.rows] == ["prod/redis-0"]  # type: ignore[attr-defined]  # keys of resources
    assert woken


def test_what_was_prepared_need_not_be_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arranging, "LONG", 10)
    arranger = Arranger(lambda: None)
    asked = wish()
    arranger.prepare(asked, NOW)
    assert arranger.get(Wish.of(asked.pane, asked.picture, asked.state, asked.filters), NOW) is not None


def test_a_fault_while_arranging_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arranging, "LONG", 10)
    arranger = Arranger(lambda: None)
    asked = wish()
    monkeypatch.setattr(ServicesPane, "entries", lambda *_: 1 / 0)
    until = time.monotonic() + 10
    while (made := arranger.get(asked, NOW)) is None and time.monotonic() < until:
        time.sleep(0.01)
    assert made is not None and "ZeroDivisionError" in made.problem


# -- scope -----------------------------------------------------------------------------------------------------------


def test_a_scope_leaves_out_other_namespaces_and_keeps_what_is_in_none() -> None:
    seen = Lens().through(clustered(), Scope(namespaces=frozenset({"prod"})))
    assert {one.namespace for one in seen.snapshot.by_kind[Kind.POD].values()} == {"prod"}  # type: ignore[attr-defined]  # pods
    assert list(seen.snapshot.by_kind[Kind.NAMESPACE]) and seen.snapshot.count(Kind.NAMESPACE) == 1
    assert seen.snapshot.count(Kind.KUBE_NODE) == 4
    assert seen.everything is clustered()
    assert sum(seen.evaluation.total.fails) < sum(clustered().evaluation.total.fails)


def test_no_scope_is_the_picture_itself_and_a_scope_is_applied_once() -> None:
    lens = Lens()
    assert lens.through(clustered(), Scope()) is clustered()
    scope = Scope(namespaces=frozenset({"prod"}))
    assert lens.through(clustered(), scope) is lens.through(clustered(), scope)


def test_rows_stay_when_something_else_changes_under_a_scope() -> None:
    """Kinds that did not change are not filtered again, so that rows are told by identity."""
    store, lens, scope = filled(), Lens(), Scope(namespaces=frozenset({"prod"}))
    first = lens.through(judged(store, ()), scope)
    node = next(one for one in objects() if one.key.kind is Kind.KUBE_NODE)
    store.remove([node.key])
    second = lens.through(Picture(store.snapshot(), first.evaluation), scope)
    assert second.snapshot.by_kind[Kind.POD] is first.snapshot.by_kind[Kind.POD]
    assert second.snapshot.count(Kind.KUBE_NODE) == 3


def test_namespaces_with_the_worst_first() -> None:
    found = namespaces(clustered())
    assert set(found) == {one.name for one in objects() if one.key.kind is Kind.NAMESPACE}
    ranks = [summary.rank for _, summary in found.values()]
    assert ranks == sorted(ranks, reverse=True)
    assert found["prod"][0] == sum(1 for one in objects() if one.key.kind is Kind.POD and one.namespace == "prod")
