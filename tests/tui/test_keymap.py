"""The table of actions: complete, free of clashes, harmless, and made of names that exist."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import menus
from tui.app import DeckwatchApp
from tui.keymap import ACTIONS, BY_ID, Action, action_ids, help_groups, key_name, resolve
from tui.panes import specs
from tui.screens.deck import DeckScreen
from widgets.jsontree import JsonView
from widgets.lean import LeanScreen
from widgets.table import ResourceTable
from widgets.textview import TextView

_WIDGETS = (ResourceTable, TextView, JsonView, LeanScreen)
# What an action may do to what is outside of this program: nothing. These words would name something that does.
_CHANGES = re.compile(r"\b(kill|remove|delete|restart|stop|start|exec|pause|prune|push|pull|update)\b", re.IGNORECASE)


def bound(kind: type) -> dict[str, set[str]]:
    """Binding ids of a class and the keys of each."""
    found: dict[str, set[str]] = {}
    for cls in kind.__mro__:
        for binding in vars(cls).get("BINDINGS", ()):
            if getattr(binding, "id", None):
                found.setdefault(binding.id, set()).update(binding.key.split(","))
    return found


def test_ids_and_texts_are_unique_and_every_action_has_a_key() -> None:
    assert len(BY_ID) == len(ACTIONS)
    assert len({action.text for action in ACTIONS}) == len(ACTIONS)
    assert [action.id for action in ACTIONS if not action.keys] == []
    assert set(action_ids()) == {action.id for action in ACTIONS}


def test_no_key_is_given_to_two_actions() -> None:
    counted = Counter(key for action in ACTIONS for key in action.keys)
    assert [key for key, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.run], ids=lambda action: action.id)
def test_every_run_names_a_method_that_takes_its_arguments(action: Action) -> None:
    name, _, rest = action.run.partition("(")
    method = getattr(DeckScreen, f"action_{name}")
    arguments = eval(f"({rest.removesuffix(')')},)") if rest else ()
    inspect.signature(method).bind(None, *arguments)


def test_widget_actions_exist_under_their_ids_with_the_same_keys() -> None:
    known: dict[str, set[str]] = {}
    for kind in _WIDGETS:
        for name, keys in bound(kind).items():
            known.setdefault(name, set()).update(keys)
    for action in ACTIONS:
        if action.widget:
            assert action.id in known, action.id
            assert set(action.keys) <= known[action.id], (action.id, action.keys, known[action.id])


def test_no_widget_hides_a_key_of_the_program_in_a_list() -> None:
    """A table takes the keys of lists only; in a text, `b`, `h` and `l` scroll and `w` wraps, as in pagers."""
    own = {key for action in ACTIONS if action.run for key in action.keys}
    assert {key for keys in bound(ResourceTable).values() for key in keys} & own == set()
    hidden = {key for keys in bound(TextView).values() for key in keys} & own
    assert hidden == {"b", "l", "w"}


def test_no_action_is_one_that_changes_the_host() -> None:
    for action in ACTIONS:
        assert not _CHANGES.search(action.run), action
        assert not _CHANGES.search(action.text), action


def test_the_engine_is_never_reached_by_an_action() -> None:
    """Whatever a key does, no module of the screen holds a request other than GET."""
    for module in (DeckScreen, menus, DeckwatchApp):
        source = inspect.getsource(module)
        assert not re.search(r"[\"'](POST|PUT|DELETE|PATCH)[\"']|subprocess|os\.system|Popen", source)


def test_every_pane_has_its_digit() -> None:
    for spec in specs():
        assert BY_ID[f"pane.{spec.id}"].keys == (spec.digit,)


def test_the_palette_offers_every_action_with_its_keys() -> None:
    options = menus.palette_options({action.id: action.keys for action in ACTIONS})
    assert [option.id for option in options] == [action.id for action in ACTIONS]
    assert all(option.hint for option in options)


def test_what_can_be_typed_is_known() -> None:
    assert set(menus.TYPED.values()) <= set(BY_ID)
    assert menus.TYPED["q"] == "app.quit"


def test_help_lists_every_action_once() -> None:
    rows = [row for name, group in help_groups({}) for row in group if name not in ("MARKS", "FILTERS")]
    assert len(rows) == len(ACTIONS)
    assert ("Q ^q", "Quit at once, from anywhere") in rows


@pytest.mark.parametrize(
    ("key", "written"), [("full_stop", "."), ("ctrl+d", "^d"), ("f5", "f5"), ("escape", "esc"), ("G", "G")]
)
def test_keys_are_written_as_people_write_them(key: str, written: str) -> None:
    assert key_name(key) == written


def test_wishes_replace_keys() -> None:
    keys, clashes = resolve({"look.logs": ("L",), "unknown.action": ("x",)})
    assert clashes == ()
    assert keys["look.logs"] == ("L",)
    assert keys["look.inspect"] == ("i", "y")


def test_a_clash_names_both_and_keeps_the_default() -> None:
    keys, clashes = resolve({"look.logs": ("v",)})
    assert keys["look.logs"] == ("l",)
    assert str(clashes[0]) == "key 'v' is image.scan already: look.logs keeps its default"


def test_a_key_that_was_given_away_is_free() -> None:
    keys, clashes = resolve({"look.logs": ("L",), "look.inspect": ("l",)})
    assert clashes == ()
    assert keys["look.inspect"] == ("l",)


def test_two_actions_may_swap_keys_in_any_order() -> None:
    wishes = {"look.logs": ("i",), "look.inspect": ("l",)}
    for wanted in (wishes, dict(reversed(wishes.items()))):
        keys, clashes = resolve(wanted)
        assert (keys["look.logs"], keys["look.inspect"], clashes) == (("i",), ("l",), ())


@given(
    st.dictionaries(st.sampled_from(sorted(BY_ID)), st.lists(st.sampled_from("abclQxz0"), min_size=1, max_size=3)),
    st.randoms(),
)
def test_the_order_in_the_file_does_not_matter(wanted: dict[str, list[str]], random: Random) -> None:
    shuffled = list(wanted.items())
    random.shuffle(shuffled)
    assert resolve(dict(shuffled)) == resolve(wanted)


@given(st.dictionaries(st.sampled_from(sorted(BY_ID)), st.lists(st.sampled_from("abcdLQxyz0"), min_size=1, max_size=3)))
def test_whatever_is_wished_no_two_actions_share_a_key(wanted: dict[str, list[str]]) -> None:
    keys, clashes = resolve(wanted)
    counted = Counter(key for theirs in keys.values() for key in dict.fromkeys(theirs))
    assert [key for key, count in counted.items() if count > 1] == []
    for name in wanted:
        refused = {clash.refused for clash in clashes}
        assert keys[name] == (BY_ID[name].keys if name in refused else tuple(wanted[name]))
