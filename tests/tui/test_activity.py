"""What a container does now, in the tabs of its details: shown where it is known, safe, masked, and never a row."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.activity import Activity, Listener, Session
from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.resource import OBJECTS, Kind, ResourceKey
from tests.checks.builders import SOURCE, docker
from tests.checks.cases import snapshot
from tests.tui.world import NOW
from tui.detail.facts import event_lines, network_lines
from tui.detail.tab import Context, tabs
from tui.panes import load, specs
from tui.picture import Picture

PLAIN = docker("plain")
GAP = Gap(Reason.DENIED, "/proc/7/net", "needs root")


def activity(of: Container = PLAIN, **values: Any) -> Activity:
    known: dict[str, Any] = {"processes": (), "listeners": (), "changes": (), "sessions": (), "size_rw": 0}
    key = ResourceKey(Kind.ACTIVITY, SOURCE, of.id)
    return Activity.build(key=key, name=of.name, changes_complete=True, **{**known, **values})


def shown(lines: Any, *found: Activity) -> str:
    context = Context(Picture(snapshot([PLAIN, *found])), 120, NOW)
    return "\n".join(entry.cell.text for entry in lines(PLAIN, context))


def test_listeners_are_shown_with_the_network() -> None:
    listeners = (Listener("tcp6", "::", 443, 0), Listener("tcp", "127.0.0.1", 80, 1000))
    text = shown(network_lines, activity(listeners=listeners))
    assert text.index("127.0.0.1:80  uid 1000") < text.index("[::]:443  uid 0")


def test_a_session_is_shown_before_the_events_and_its_secrets_are_not() -> None:
    session = Session("e" * 64, ("mysql", "--password", "hunter2secret", "\x1b[2J"), "0", True, True, 4711)
    first = shown(event_lines, activity(sessions=(session,))).splitlines()[0]
    assert "exec session now: mysql --password ***" in first
    assert "user 0, privileged, with a terminal, pid 4711" in first
    assert "hunter2" not in first
    assert "\x1b" not in first


@pytest.mark.parametrize("lines", [network_lines, event_lines])
def test_what_could_not_be_read_says_why_and_nothing_is_said_while_nobody_has_looked(lines: Any) -> None:
    assert "needs root" in shown(lines, activity(listeners=GAP, sessions=GAP))
    before = shown(lines)
    assert "listen" not in before
    assert "exec session" not in before
    assert shown(lines, activity()) == before


def test_it_is_no_object_of_its_own_anywhere() -> None:
    found = activity()
    taken = snapshot([PLAIN, found])
    assert taken.get(found.key) is found
    assert list(taken) == [PLAIN]
    assert Kind.ACTIVITY not in OBJECTS
    picture = Picture(taken)
    for spec in specs():
        pane = load(spec.id)
        assert Kind.ACTIVITY not in pane.kinds
        if spec.id != "overview":
            assert not any(entry.key == found.key for entry in pane.entries(picture, NOW))
    assert not any(Kind.ACTIVITY in tab.kinds for tab in tabs())
