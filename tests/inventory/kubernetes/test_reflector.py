"""Whatever happens between a server and us, in the end the store holds what a fresh list would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.gap import Gap, Reason
from inventory.kubernetes.configuration import ConfigMap
from inventory.resource import Kind
from inventory.sources.kubernetes.answers import Reading
from inventory.sources.kubernetes.errors import ApiError, refusal
from inventory.sources.kubernetes.kinds import SERVED
from inventory.sources.kubernetes.reflector import Reflector
from inventory.sources.kubernetes.shelf import Board, Shelf
from inventory.store import Store
from tests.inventory.kubernetes.fickle import FAULTS, Fickle

CONFIGMAPS = next(one for one in SERVED if one.family is ConfigMap)
PATH = "GET /api/v1/configmaps"


class Setup:
    """A reflector of a fickle server's objects."""

    def __init__(self, server: Any = None, clock: Callable[[], float] = lambda: 0.0) -> None:
        self.server: Any = server or Fickle()
        self.store = Store()
        self.board = Board(self.store, "k")
        shelf = Shelf(self.store, self.board, Kind.CONFIGMAP, "", PATH)
        self.reflector = Reflector(self.server, Reading(CONFIGMAPS, "v1", "k", lambda: 0.0), shelf, clock=clock)

    def go(self, seconds: float = 300.0) -> ApiError | None:
        try:
            self.reflector.follow(seconds)
        except ApiError as error:
            return error
        return None

    def calm(self) -> None:
        """Follow until nothing goes wrong any more."""
        self.server.faults.clear()
        self.server.between.clear()
        for _ in range(12):
            if self.go() is None and self.gap is None:
                break
        assert self.go() is None

    @property
    def gap(self) -> Gap | None:
        return self.store.snapshot().gaps.get(("k", Kind.CONFIGMAP))

    @property
    def known(self) -> dict[str, str]:
        return {one.name: one.resource_version for one in self.store.snapshot().of(ConfigMap, "k")}

    @property
    def there(self) -> dict[str, str]:
        return {name: one["metadata"]["resourceVersion"] for name, one in self.server.objects.items()}


NAMES = st.sampled_from([f"c{number}" for number in range(9)])
CHANGE = st.tuples(st.sampled_from(["put", "put", "delete"]), NAMES)
STEP = st.one_of(
    CHANGE.map(lambda change: ("change", change)),
    st.sampled_from(FAULTS).map(lambda fault: ("fault", fault)),
    CHANGE.map(lambda change: ("between", change)),
    st.sampled_from(["follow", "turn", "again", "compact"]).map(lambda what: (what, None)),
)


@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.lists(STEP, max_size=40))
def test_the_store_equals_a_fresh_list_whatever_happened(watch_list: bool, steps: list[tuple[str, Any]]) -> None:
    setup = Setup()
    server = setup.server
    server.watch_list = watch_list
    for what, detail in steps:
        if what == "change":
            getattr(server, detail[0])(detail[1])
        elif what == "fault":
            server.faults.append(detail)
        elif what == "between":
            server.between.append(lambda verb=detail[0], name=detail[1]: getattr(server, verb)(name))
        elif what == "compact":
            server.compact()
        elif what == "again":
            setup.reflector.again()
        else:
            setup.go(300.0 if what == "follow" else 2.0)
    setup.calm()
    assert setup.known == setup.there
    assert setup.gap is None


def test_rows_are_there_before_everything_is() -> None:
    setup = Setup()
    for number in range(600):
        setup.server.put(f"c{number:03}")
    setup.server.faults.append("broken")
    assert setup.go() is not None
    assert 250 <= len(setup.known) < 600
    assert setup.gap == Gap(Reason.ERROR, PATH, "connection closed")
    setup.calm()
    assert setup.known == setup.there


def test_what_vanished_while_nobody_listened_is_gone() -> None:
    setup = Setup()
    for name in ("a", "b", "c"):
        setup.server.put(name)
    setup.go()
    setup.server.delete("b")
    setup.server.compact()
    setup.go()
    assert set(setup.known) == {"a", "b", "c"}  # it has just been told that its position is too old
    setup.go()
    assert set(setup.known) == {"a", "c"}


def test_what_vanished_while_pages_expired_is_gone() -> None:
    setup = Setup()
    server = setup.server
    server.watch_list = False
    for name in ("a", "b", "c", "d", "e"):
        server.put(name)

    def change() -> None:
        server.delete("a")
        server.compact()

    server.between = [change]
    setup.go()
    assert set(setup.known) == {"b", "c", "d", "e"}


def test_a_watch_goes_on_from_the_last_thing_that_was_told() -> None:
    setup = Setup()
    server = setup.server
    server.put("a")
    setup.go()
    server.put("b")
    setup.go()
    server.put("c")
    server.faults = ["end"]
    setup.go()
    setup.go()
    assert server.positions == [11, 11, 12, 13]
    assert setup.known == setup.there


def test_pages_that_expire_again_and_again_end_in_one_list() -> None:
    setup = Setup()
    setup.server.watch_list = False
    for number in range(20):
        setup.server.put(f"c{number:02}")
    setup.server.between = [setup.server.compact] * 10
    setup.go()
    assert setup.known == setup.there


class Refusing(Fickle):
    """Says no, and counts."""

    def __init__(self, status: int, watch_only: bool = False) -> None:
        super().__init__()
        self.status = status
        self.watch_only = watch_only
        self.asked = 0
        self.allowed = watch_only

    def _refuse(self) -> Any:
        self.asked += 1
        body = b'{"kind":"Status","message":"configmaps is forbidden: User \\"v\\" cannot list","code":403}'
        raise refusal(self.status, {}, body if self.status == 403 else b"404 page not found")

    def get(self, *words: Any, **named: Any) -> bytes:
        return super().get(*words, **named) if self.watch_only else self._refuse()

    def stream(self, *words: Any, **named: Any) -> Any:
        return self._refuse()

    def review(self, path: str, body: bytes, *, deadline: float) -> bytes:
        return b'{"status":{"allowed":true}}' if self.allowed else b'{"status":{"allowed":false}}'


def test_forbidden_is_said_with_the_servers_words_and_asked_once() -> None:
    setup = Setup(Refusing(403))
    assert setup.go() is not None
    assert setup.reflector.denied
    assert setup.gap is not None
    assert (setup.gap.reason, setup.gap.path) == (Reason.DENIED, PATH)
    assert "cannot list" in setup.gap.detail
    assert setup.server.asked == 1


def test_rights_that_are_withdrawn_take_the_rows_with_them() -> None:
    setup = Setup()
    setup.server.put("a")
    setup.go()
    assert setup.known
    setup.reflector.again()
    setup.reflector._api = Refusing(403)
    setup.go()
    assert not setup.known
    assert setup.gap is not None


def test_where_watching_is_forbidden_lists_are_repeated() -> None:
    setup = Setup(Refusing(403, watch_only=True))
    setup.server.put("a")
    assert setup.go() is None
    assert setup.reflector.polled
    assert setup.gap is None
    setup.server.put("b")
    setup.go()
    assert setup.known == setup.there
    assert setup.server.asked == 1


def test_a_kind_that_is_not_served() -> None:
    setup = Setup(Refusing(404))
    setup.go()
    assert setup.reflector.absent
    assert setup.gap is not None
    assert setup.gap.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize("optional", [True, False])
def test_custom_kinds_that_vanish_are_no_gap(optional: bool) -> None:
    gateways = next(one for one in SERVED if one.resource == "gateways")
    setup = Setup(Refusing(404))
    if optional:
        setup.reflector.reading = Reading(gateways, "v1", "k", lambda: 0.0)
    setup.go()
    assert (setup.gap is None) is optional


def test_a_position_that_is_refused_for_odd_reasons_is_given_up() -> None:
    setup = Setup()
    setup.server.put("a")
    setup.go()
    setup.server.faults = ["error"] * 3
    for _ in range(3):
        assert setup.go() is not None
    assert not setup.reflector.known
    setup.calm()
    assert setup.known == setup.there


def test_a_restored_server_is_listed_anew_in_time() -> None:
    now = [0.0]
    setup = Setup(clock=lambda: now[0])
    for name in ("a", "b"):
        setup.server.put(name)
    setup.go()
    setup.server.objects.pop("b")  # from a backup, with positions that begin anew: no watch tells
    now[0] = 4000.0
    setup.go()
    assert set(setup.known) == {"a"}


def test_silence_at_the_beginning_means_another_way() -> None:
    class Old(Fickle):
        """Takes the question for an ordinary watch and tells nothing."""

        def stream(self, path: str, query: Any = None, **named: Any) -> Any:
            if "sendInitialEvents" in (query or {}):
                raise_later = ApiError(Reason.TIMEOUT, 0, "fell silent")

                class Silent:
                    def within(self, silence: float) -> None: ...

                    def close(self) -> None: ...

                    def __iter__(self) -> Any:
                        raise raise_later

                return Silent()
            return super().stream(path, query, **named)

    setup = Setup(Old())
    setup.server.put("a")
    assert setup.go() is None
    assert setup.known == setup.there


class Told:
    """A server that gives the same answer to every list, and one stream to every watch."""

    def __init__(self, listed: bytes, lines: tuple[bytes, ...] = ()) -> None:
        self.listed = listed
        self.lines = lines
        self.lists = 0

    def get(self, path: str, query: Any = None, **_: Any) -> bytes:
        self.lists += 1
        return self.listed

    def stream(self, path: str, query: Any = None, **_: Any) -> Any:
        if "sendInitialEvents" in query:
            raise refusal(400, {}, b"")
        return Lines(self.lines)


class Lines:
    def __init__(self, lines: tuple[bytes, ...]) -> None:
        self._lines = lines

    def __iter__(self) -> Any:
        return iter(line + b"\n" for line in self._lines)

    def within(self, silence: float) -> None:
        """Nothing to wait for."""

    def close(self) -> None:
        """Nothing to close."""


def config_map(name: str, version: str) -> str:
    return f'{{"metadata":{{"name":"{name}","namespace":"a","resourceVersion":"{version}"}}}}'


@pytest.mark.parametrize("answer", [b"{}", b'{"kind":"Status","status":"Success"}', b'{"metadata":{}}'])
def test_an_answer_that_is_no_list_is_not_an_empty_one(answer: bytes) -> None:
    setup = Setup(Told(answer))
    error = setup.go()
    assert error is not None
    assert error.reason is Reason.MALFORMED
    assert setup.gap is not None
    assert setup.gap.reason is Reason.MALFORMED


def test_a_list_that_turns_in_circles_ends() -> None:
    items = config_map("a", "1")
    setup = Setup(Told(f'{{"kind":"L","metadata":{{"continue":"x"}},"items":[{items}]}}'.encode()))
    assert "again and again" in str(setup.go())
    assert setup.server.lists == 2
    assert setup.gap is not None


def test_events_of_types_that_nobody_knows_change_nothing() -> None:
    listed = f'{{"kind":"ConfigMapList","metadata":{{"resourceVersion":"5"}},"items":[{config_map("a", "1")}]}}'
    lines = (f'{{"type":"EXPLODED","object":{config_map("b", "9")}}}'.encode(), b'{"type":"","object":3}')
    setup = Setup(Told(listed.encode(), lines))
    assert setup.go() is None
    assert setup.known == {"a": "1"}


def test_a_change_that_cannot_be_read_is_not_passed_over() -> None:
    listed = f'{{"kind":"ConfigMapList","metadata":{{"resourceVersion":"5"}},"items":[{config_map("a", "1")}]}}'
    setup = Setup(Told(listed.encode(), (b'{"type":"MODIFIED","object":{"metadata":{"name":"a","namespace":"a"}}}',
                                         b'{"type":"MODIFIED","object":[]}')))  # fmt: skip
    error = setup.go()
    assert error is not None
    assert error.reason is Reason.MALFORMED
    assert not setup.reflector.known  # so it is listed anew
