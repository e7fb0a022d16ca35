"""Fetching archives: going on where it broke off, nothing that is not https, nothing half."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.sources.vulndb import fetching
from inventory.sources.vulndb.building import Stopped
from inventory.sources.vulndb.database import Database
from inventory.sources.vulndb.fetching import FetchError, update
from tests.vulnerabilities.building import affects, archive, fixed, record, since
from tests.vulnerabilities.server import Published, serving


@pytest.fixture
def server() -> Iterator[Published]:
    """An empty one."""
    with serving() as state:
        yield state


class Place:
    """Where one test's database and downloads are."""

    def __init__(self, folder: Path, server: Published) -> None:
        self.folder, self.server = folder, server
        self.target = folder / "data" / "vulnerabilities.sqlite"
        self.cache = folder / "cache"
        self.lines: list[str] = []

    def publish(self, family: str, count: int, quoted: str = "") -> None:
        made = [record(f"X-{number}", affects(family, "example", since(), fixed("2.0"))) for number in range(count)]
        path = archive(self.folder / "published", family, made)
        self.server.files[f"/{quoted or family}/all.zip"] = path.read_bytes()

    def update(self, *families: str, base: str = "") -> tuple[int, tuple[str, ...]]:
        return update(families, self.target, self.cache, self.lines.append, base=base or self.server.url)

    def count(self, family: str) -> int:
        database = Database.open(self.target)
        try:
            return next((one.records for one in database.archives() if one.family == family), 0)
        finally:
            database.close()


@pytest.fixture
def place(tmp_path: Path, server: Published) -> Place:
    """Empty as well."""
    return Place(tmp_path, server)


def test_what_is_asked_for_comes(place: Place) -> None:
    place.publish("PyPI", 3)
    place.publish("Rocky Linux", 2, "Rocky%20Linux")
    assert place.update("PyPI", "Rocky Linux") == (2, ())
    assert (place.count("PyPI"), place.count("Rocky Linux")) == (3, 2)
    assert list(place.cache.iterdir()) == []


def test_nothing_newer_is_not_fetched_again(place: Place) -> None:
    place.publish("PyPI", 3)
    place.update("PyPI")
    sent = place.server.sent
    before = Database.open(place.target).archives()[0].data_at
    assert place.update("PyPI") == (1, ())
    assert place.server.sent == sent
    assert place.lines[-1] == "PyPI: nothing newer"
    assert Database.open(place.target).archives()[0].data_at > before
    place.publish("PyPI", 4)
    place.update("PyPI")
    assert place.count("PyPI") == 4


def test_a_connection_that_breaks_is_gone_on_with(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.sources.vulndb.fetching._CHUNK", 1)
    place.publish("PyPI", 40)
    size = len(place.server.files["/PyPI/all.zip"])
    place.server.break_after = size // 4 + 1
    done, problems = place.update("PyPI")
    assert done == 0
    assert "bytes are kept, the next update goes on from there" in problems[0]
    assert not place.target.exists()
    assert place.update("PyPI") == (1, ())
    assert place.count("PyPI") == 40
    assert place.server.sent == size
    assert [wanted for _, wanted in place.server.asked][1:] == [f"bytes={(size // 4 + 1) * n}-" for n in (1, 2, 3)]


def test_what_changed_meanwhile_is_begun_anew(place: Place) -> None:
    place.publish("PyPI", 40)
    place.server.break_after = 500
    place.update("PyPI")
    place.publish("PyPI", 50)
    place.server.break_after = 0
    assert place.update("PyPI") == (1, ())
    assert place.count("PyPI") == 50


def test_a_server_without_ranges(place: Place) -> None:
    place.publish("PyPI", 40)
    place.server.break_after = 500
    place.update("PyPI")
    place.server.break_after, place.server.ranges = 0, False
    assert place.update("PyPI") == (1, ())
    assert place.count("PyPI") == 40


def test_one_that_fails_leaves_the_others(place: Place) -> None:
    place.publish("PyPI", 3)
    done, problems = place.update("npm", "PyPI")
    assert (done, place.count("PyPI")) == (1, 3)
    assert len(problems) == 1
    assert "404: not published there" in problems[0]


def test_what_is_no_archive_changes_nothing(place: Place) -> None:
    place.publish("PyPI", 3)
    place.update("PyPI")
    place.server.files["/PyPI/all.zip"] = b"<html>sign in here</html>"
    done, problems = place.update("PyPI")
    assert (done, place.count("PyPI")) == (0, 3)
    assert "not a zip archive" in problems[0]


def test_a_collapse_is_not_believed(place: Place) -> None:
    place.publish("PyPI", 150)
    place.update("PyPI")
    place.publish("PyPI", 2)
    done, problems = place.update("PyPI")
    assert (done, place.count("PyPI")) == (0, 150)
    assert "not believed" in problems[0]


def test_less_than_promised_is_not_whole(place: Place) -> None:
    place.publish("PyPI", 3)
    place.server.lie = 10
    done, problems = place.update("PyPI")
    assert done == 0
    assert problems


@pytest.mark.parametrize(
    "address",
    ["http://example.org", "ftp://127.0.0.1", "https://", "file:///etc/passwd", "http://[", "http://10.0.0.1"],
)
def test_only_https(place: Place, address: str) -> None:
    with pytest.raises(FetchError):
        place.update("PyPI", base=address)
    assert not place.target.exists()


def test_no_redirect_leads_away_from_https(place: Place) -> None:
    place.server.redirect["/PyPI/all.zip"] = "http://example.org/PyPI/all.zip"
    assert "only https://" in place.update("PyPI")[1][0]
    place.server.redirect["/PyPI/all.zip"] = "/PyPI/all.zip"
    assert "without end" in place.update("PyPI")[1][0]
    place.publish("PyPI", 3)
    place.server.files["/there"] = place.server.files["/PyPI/all.zip"]
    place.server.redirect["/PyPI/all.zip"] = "/there"
    assert place.update("PyPI") == (1, ())


def test_nobody_answers(place: Place) -> None:
    done, problems = place.update("PyPI", "npm", base="http://127.0.0.1:1")
    assert done == 0
    assert problems == tuple(f"{family}: 127.0.0.1 refuses the connection" for family in ("PyPI", "npm"))


def test_no_network_is_said_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise OSError(-3, "Temporary failure in name resolution")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    done, problems = place.update("PyPI", "npm", base="https://osv.example.org")
    assert (done, len(problems)) == (0, 1)
    assert "no network" in problems[0]
    assert "https://osv.example.org/PyPI/all.zip" in problems[0]


def test_who_does_not_answer_is_asked_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_TIMEOUT", (1.0, 0.3))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert place.update("PyPI", "npm", base=base) == (0, ("PyPI: 127.0.0.1 does not answer in time",))
    assert place.lines == ["PyPI: asking 127.0.0.1", "not asked for after that: npm"]


def test_stopping(place: Place) -> None:
    place.publish("PyPI", 3)
    with pytest.raises(Stopped):
        update(["PyPI"], place.target, place.cache, place.lines.append, lambda: True, base=place.server.url)
    assert not place.target.exists()
