"""What the live source's books say when answers are late, old, partly nonsense, or do not come at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.image import Image
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import SourceHealth, Status
from inventory.sources.docker import health
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.follow import Touch
from inventory.sources.docker.ledger import Ledger
from inventory.sources.docker.session import Session
from inventory.sources.docker.transport import LIMIT, Answer, ApiError, Stream, refusal, refuses
from inventory.store import Store
from lab.fake_engine import Answer as Played
from tests.inventory.docker.captured import edited, raw
from tests.inventory.docker.world import CONTAINERS, container_id, routes

HERE = Endpoint("unix:///run/e.sock")
PLAIN = container_id("plain")
LIST, INSPECT = "/containers/json", f"/containers/{PLAIN}/json"
SILENCE = ApiError(Reason.TIMEOUT, 0, "no answer within the deadline")


class Books:
    """A ledger on an engine that answers at once, with a clock that only moves when it is told to."""

    def __init__(self, played: Mapping[str, Played] | None = None) -> None:
        self.now = 1000.0
        self.call = 10.0
        self.routes = dict(played or routes())
        self.silent: set[str] = set()
        self.store = Store()
        session = Session(self, "1.41", version_raw=raw("docker-api/version.json"))
        self.ledger = Ledger(session, "docker", HERE, self.store, clock=lambda: self.now)

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        bare = path.removeprefix("/v1.41").partition("?")[0]
        if bare in self.silent:
            self.now += self.call
            raise SILENCE
        found = self.routes.get(bare, Played.json({"message": "no such thing"}, 404))
        if refuses(found.status):
            raise refusal(found.status, found.body)
        return Answer(found.status, {}, found.body)

    def stream(self, path: str, *, deadline: float) -> Stream:
        raise SILENCE

    def close(self) -> None:
        pass

    def work(self) -> None:
        """Do everything that is due now, and what follows from it."""
        while jobs := self.ledger.due(self.now):
            for job in jobs:
                job()()
        self.ledger.flush()

    def relist(self) -> None:
        self.ledger.relist(self.now)
        self.work()

    def after(self, seconds: float) -> SourceHealth:
        """Let time pass, do what became due, and tell how the engine is."""
        self.now += seconds
        self.work()
        return self.health()

    def health(self) -> SourceHealth:
        return health.read(HERE, "docker", "20.10", self.ledger.gaps, self.ledger.notes(self.now))

    def containers(self) -> dict[str, Container]:
        return {found.name: found for found in self.store.snapshot().of(Container)}


@pytest.fixture
def books() -> Books:
    found = Books()
    found.relist()
    assert found.health().status is Status.OK
    assert set(found.containers()) == set(CONTAINERS)
    return found


def test_a_list_that_hangs_while_the_engine_answers_pings_degrades_it_and_keeps_the_rows(books: Books) -> None:
    books.silent = {LIST}
    books.now += 60
    books.relist()
    assert books.health().status is Status.OK  # once happens to a busy engine
    told = books.after(8.0)
    assert told.status is Status.DEGRADED
    assert told.detail == "containers: last read 1 min ago (timed out)"
    assert set(books.containers()) == set(CONTAINERS)
    assert ("docker", Kind.CONTAINER) not in books.store.snapshot().gaps
    books.silent = set()
    told = books.after(5.0)
    assert (told.status, told.detail) == (Status.OK, "")


def test_one_time_out_and_a_second_attempt_that_succeeds_is_no_news(books: Books) -> None:
    books.silent = {LIST}
    books.relist()
    books.silent = set()
    for _ in range(20):
        assert books.after(0.5).status is Status.OK


def test_the_age_of_what_is_late_grows_in_steps(books: Books) -> None:
    books.silent, books.call = {LIST}, 0.0
    books.ledger.relist(books.now)
    told = {books.after(0.5).detail for _ in range(100)} - {""}
    assert "containers: last read 40 s ago (timed out)" in told
    assert len(told) <= 11  # nobody is woken for every second


def test_quick_failures_in_a_row_count_too(books: Books) -> None:
    books.silent, books.call = {"/images/json"}, 0.0
    books.relist()
    assert books.health().status is Status.OK
    assert "images: last read" in books.after(6.0).detail


def test_kinds_that_are_read_as_a_whole_are_late_too(books: Books) -> None:
    books.silent, books.call = {"/volumes"}, 0.0
    books.relist()
    told = books.after(6.0)
    assert (told.status, told.detail) == (Status.DEGRADED, "volumes: last read 5 s ago (timed out)")
    books.silent = set()
    assert books.after(6.0).status is Status.OK


def test_an_engine_that_no_longer_describes_itself_keeps_what_it_said(books: Books) -> None:
    books.silent, books.call = {"/info"}, 0.0
    books.relist()
    told = books.after(6.0)
    assert "engines: last read" in told.detail
    assert next(books.store.snapshot().of(Engine)).root_dir
    books.silent = set()
    assert books.after(6.0).status is Status.OK


def test_inspects_that_time_out_again_and_again_are_told(books: Books) -> None:
    books.silent, books.call = {INSPECT}, 0.0
    books.ledger.happened(Touch(read=((Kind.CONTAINER, PLAIN),)), books.now)
    assert books.after(0.2).status is Status.OK
    told = books.after(6.0)
    assert (told.status, told.detail) == (Status.DEGRADED, "containers: 1 cannot be inspected (timed out)")
    assert not books.containers()["plain"].gaps
    books.ledger.happened(Touch(gone=(Kind.CONTAINER, PLAIN)), books.now)
    assert books.after(0.1).status is Status.OK


def test_an_object_that_never_could_be_inspected_says_why_instead_of_pending() -> None:
    books = Books()
    books.silent, books.call = {INSPECT}, 0.0
    books.relist()
    unread = books.containers()["plain"].peek("privileged")
    assert isinstance(unread, Gap)
    assert unread.reason is Reason.PENDING
    books.after(6.0)
    unread = books.containers()["plain"].peek("privileged")
    assert isinstance(unread, Gap)
    assert unread.reason is Reason.TIMEOUT
    books.silent = set()
    books.after(6.0)
    assert not books.containers()["plain"].gaps


def test_a_list_that_is_older_than_a_container_does_not_remove_it(books: Books) -> None:
    """It was asked for before the container was made, and its answer is dealt with after the container's own."""
    new = "f" * 64
    books.ledger.relist(books.now)
    late = [job() for job in books.ledger.due(books.now)]  # all lists are answered, none is dealt with yet
    body = edited("docker-api/inspect-plain.json", lambda document: document.update(Id=new, Name="/new"))
    books.routes[f"/containers/{new}/json"] = Played(body)
    books.now += 0.1
    books.ledger.happened(Touch(read=((Kind.CONTAINER, new),)), books.now)
    books.after(0.2)
    assert "new" in books.containers()
    for apply in late:
        apply()
    books.work()
    assert "new" in books.containers()
    books.now += 60
    books.relist()  # a list that was asked for later is believed
    assert "new" not in books.containers()


def test_a_list_that_is_older_than_a_container_still_being_read_does_not_remove_it(books: Books) -> None:
    books.ledger.relist(books.now)
    listed = json.loads(books.routes[LIST].body)
    books.routes[LIST] = Played.json([one for one in listed if one["Id"] != PLAIN])
    late = [job() for job in books.ledger.due(books.now)]
    books.now += 0.05
    books.ledger.happened(Touch(read=((Kind.CONTAINER, PLAIN),)), books.now)
    for apply in late:
        apply()
    assert "plain" in books.containers()


def test_a_list_that_is_older_than_a_removal_does_not_bring_the_row_back(books: Books) -> None:
    books.ledger.relist(books.now)
    late = [job() for job in books.ledger.due(books.now)]
    books.ledger.happened(Touch(gone=(Kind.CONTAINER, PLAIN)), books.now)
    books.silent = {INSPECT}
    for apply in late:
        apply()
    books.ledger.flush()
    assert "plain" not in books.containers()


@pytest.mark.parametrize(
    ("path", "words"), [(LIST, "containers"), ("/images/json", "images"), ("/networks", "networks")]
)
def test_an_element_that_makes_no_sense_is_counted(path: str, words: str, books: Books) -> None:
    before = len(list(books.store.snapshot()))
    listed = json.loads(books.routes[path].body)
    books.routes[path] = Played.json([*listed[:-1], {"Id": 5}, "x"])
    books.relist()
    told = books.health()
    assert (told.status, told.detail) == (
        Status.DEGRADED,
        f"{words}: 2 of {len(listed) + 1} could not be decoded",
    )
    assert len(list(books.store.snapshot())) == before  # the one that is missing may be one of the two
    books.routes[path] = Played.json(listed)
    books.relist()
    assert books.health().status is Status.OK


def test_an_image_that_cannot_be_inspected_is_not_taken_for_one_that_is_gone() -> None:
    played = routes()
    gone = [
        path for path in played if path.startswith("/images/") and path.endswith("/json") and path != "/images/json"
    ]
    books = Books({**played, "/images/json": Played.json([])})
    for path in gone:
        books.routes[path] = Played.json({"message": "layer store is broken"}, 500)
    books.relist()
    images = list(books.store.snapshot().of(Image))
    assert {found.id for found in images} == {found.image_id for found in books.containers().values()}
    unread = images[0].peek("user")
    assert isinstance(unread, Gap)
    assert "layer store is broken" in unread.detail
    books.routes.update(played)
    books.now += 60
    books.relist()
    assert not any(found.gaps for found in books.store.snapshot().of(Image))


def host(**values: object) -> Host:
    return Host.build(key=ResourceKey(Kind.HOST, "docker", "docker"), name="vm", **values)


def test_a_machine_that_is_not_seen_says_why_and_comes_back(books: Books) -> None:
    answers: list[Host | Gap] = [Gap(Reason.DENIED, "/proc/7", "hidden"), host()]
    found: Callable[[], Host | Gap] = lambda: answers[0]  # noqa: E731 - a name for the type
    books.ledger.host = found
    books.relist()
    assert books.store.snapshot().gaps["docker", Kind.HOST].detail == "hidden"
    assert "host: hidden" in books.health().detail
    answers.pop(0)
    books.now += 60
    books.relist()
    assert ("docker", Kind.HOST) not in books.store.snapshot().gaps
    assert books.store.snapshot().count(Kind.HOST) == 1
    assert books.health().status is Status.OK
    answers.insert(0, Gap(Reason.UNSUPPORTED, "/proc", "another namespace"))
    books.now += 60
    books.relist()
    assert books.store.snapshot().count(Kind.HOST) == 0
    assert books.health().status is Status.OK  # what a place does not offer is not held against the engine


def test_components_are_pending_until_the_containers_are_known() -> None:
    books = Books()
    books.silent = {LIST}
    books.store.set_gap("docker", Kind.CONTAINER, Gap(Reason.PENDING, "GET /container"))
    books.relist()
    assert books.store.snapshot().gaps["docker", Kind.COMPONENT].reason is Reason.TIMEOUT
    books.silent = set()
    books.after(6.0)
    assert ("docker", Kind.COMPONENT) not in books.store.snapshot().gaps


def test_an_engine_without_containers_has_no_components_and_no_gap() -> None:
    books = Books({**routes(), LIST: Played.json([])})
    for kind in (Kind.CONTAINER, Kind.COMPONENT):
        books.store.set_gap("docker", kind, Gap(Reason.PENDING, "x"))
    books.relist()
    assert ("docker", Kind.COMPONENT) not in books.store.snapshot().gaps
