"""Directories of layers that strangers made: nothing is followed, opened or kept that should not be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inventory.contents.files import finders
from inventory.contents.guard import Guard, Limits, Problems
from inventory.contents.layer import LayerFacts, _Look, look
from inventory.contents.merge import merge
from inventory.contents.model import Contents
from inventory.contents.packages import FINDERS
from inventory.gap import Reason
from inventory.sources.layers.overlay import ClosedError, _Walk
from inventory.sources.layers.reading import Reading
from inventory.sources.layers.stream import Source
from tests.contents.archives import tar

ALL = (*FINDERS, *finders(frozenset()))


def _pieces(data: bytes, size: int = 65536) -> Callable[[], bytes]:
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return lambda: next(pieces, b"")


def _layer(data: bytes, limits: Limits | None = None) -> LayerFacts:
    return Reading("", ALL, limits=limits).layer_of(Source(_pieces(data)))


def _merged(*layers: LayerFacts) -> Contents:
    return merge("sha256:" + "0" * 64, "layout", layers)


PASSWD = b"root:x:0:0::/root:/bin/sh\n"


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "diff"
    place.mkdir()
    yield place


def _walked(place: Path, limits: Limits | None = None) -> LayerFacts:
    problems, guard = Problems(), Guard(limits)
    with _Walk(os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOATIME), (0, 0), guard, problems) as walk:
        return look(walk.members(), ALL, guard, problems)


def test_a_directory_of_links_leads_nowhere(tree: Path) -> None:
    (tree / "etc").symlink_to("/etc")
    (tree / "var").mkdir()
    (tree / "var" / "loop").symlink_to("../var")
    (tree / "root").symlink_to("/")
    facts = _walked(tree)
    assert facts.entries == 4 and not facts.finds and facts.whole


def test_pipes_and_devices_in_a_directory_are_not_opened(tree: Path) -> None:
    (tree / "etc").mkdir()
    os.mkfifo(tree / "etc" / "passwd")
    if os.geteuid() == 0:
        os.mknod(tree / "etc" / "shadow", 0o20600, os.makedev(1, 5))
    assert not _merged(_walked(tree)).accounts


def test_a_deep_directory_ends(tree: Path) -> None:
    above = os.open(tree, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(400):
        os.mkdir("d", dir_fd=above)
        inner = os.open("d", os.O_RDONLY | os.O_DIRECTORY, dir_fd=above)
        os.close(above)
        above = inner
    os.close(above)
    facts = _walked(tree)
    assert facts.whole and "too deep" in facts.problems[0]


def test_hard_links_in_a_directory_count_once(tree: Path) -> None:
    (tree / "a").write_bytes(bytes(1000))
    os.link(tree / "a", tree / "b")
    facts = _walked(tree)
    assert facts.size == 1000 and _merged(facts).files == 2


@pytest.mark.parametrize(("value", "hidden"), [(b"y", True), (b"x", False), (b"n", False), (b"yes", False)])
def test_only_the_kernels_own_word_makes_a_directory_opaque(tree: Path, value: bytes, hidden: bool) -> None:
    (tree / "etc").mkdir()
    try:
        os.setxattr(tree / "etc", "trusted.overlay.opaque", value)
    except OSError:
        pytest.skip("extended attributes are not permitted here")
    lower = _layer(tar(("etc/passwd", PASSWD)))
    assert bool(_merged(lower, _walked(tree)).accounts) is not hidden


def test_nothing_is_changed_and_no_time_is_left(tree: Path) -> None:
    (tree / "etc").mkdir()
    (tree / "etc" / "passwd").write_bytes(PASSWD)
    for path in (tree, tree / "etc", tree / "etc" / "passwd"):
        os.utime(path, (1, 1))
    before = {path: os.lstat(path) for path in (tree, tree / "etc", tree / "etc" / "passwd")}
    assert len(_merged(_walked(tree)).accounts) == 1
    assert {path: os.lstat(path) for path in before} == before
    assert all(about.st_atime == 1 for about in before.values())


def test_what_may_not_be_read_closes_the_way(tree: Path) -> None:
    (tree / "etc").mkdir(mode=0)
    child = os.fork()
    if child == 0:  # as somebody else than root, who may read everything
        seen = 1
        try:
            opened = os.open(tree, os.O_RDONLY | os.O_DIRECTORY)
            if os.geteuid() == 0:
                os.setresuid(65534, 65534, 65534)
            problems, guard = Problems(), Guard()
            with _Walk(opened, (0, 0), guard, problems) as walk:
                look(walk.members(), ALL, guard, problems)
        except ClosedError as error:
            seen = 0 if error.gap.reason is Reason.DENIED else 2
        finally:
            os._exit(seen)
    assert os.waitpid(child, 0)[1] == 0


def test_very_many_directories_and_links_take_little_memory(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.contents.layer._DIRECTORIES", 5)
    monkeypatch.setattr("inventory.sources.layers.overlay._LINKED", 2)
    for number in range(20):
        (tree / f"d{number}" / "e").mkdir(parents=True)
        (tree / f"d{number}" / "e" / "f").write_bytes(b"1")
        os.link(tree / f"d{number}" / "e" / "f", tree / f"d{number}" / "g")
    facts = _walked(tree)
    problems, guard = Problems(), Guard()
    one = _Look((), guard, problems)
    kept: list[tuple[int, int]] = []
    with _Walk(os.open(tree, os.O_RDONLY | os.O_DIRECTORY), (0, 0), guard, problems) as walk:
        for entry, body in walk.members():
            one.see(entry, body)
            kept.append((len(walk._linked), len(one._directories)))
    assert max(links for links, _directories in kept) == 2
    assert max(directories for _links, directories in kept) <= 5 + 2
    assert facts.whole and _merged(facts).files == 40
    assert _merged(_layer(tar(("d1/e/h", b"2"))), facts).files == 41
