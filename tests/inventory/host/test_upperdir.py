"""What a container changed, from its overlay's upper directory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from inventory.activity import Change
from inventory.gap import Gap, Reason
from inventory.sources.host.reader import LocalReader
from inventory.sources.host.recording import Recorder, Replay
from inventory.sources.host.tree import Node, Tree
from inventory.sources.host.upperdir import changed
from tests.inventory.host.proc import Proc, denied
from tests.inventory.host.recorded import containers, kernel

KINDS = {0: "modified", 1: "added", 2: "deleted"}
WRITTEN = {name: known for name, known in containers().items() if known.changes is not None}
FILE = Node(0o644, "file", 10, 5.0, 100, 0)
DIRECTORY = Node(0o755, "directory", 4096, 5.0, 101, 0)
WHITEOUT = Node(0, "char", 0, 5.0, 102, 0)
OPAQUE = Node(0o755, "directory", 4096, 6.0, 103, 0, True)
ROOT = "/var/lib/docker/overlay2"
UPPER = f"{ROOT}/abc/diff"


def looked(changes: tuple[tuple[Change, ...], bool, int] | Gap) -> tuple[tuple[Change, ...], bool, int]:
    assert not isinstance(changes, Gap), changes
    return changes


def plain(changes: Iterable[Change]) -> list[tuple[str, str]]:
    return [(change.path, change.kind) for change in changes]


def layered(upper: dict[str, Node], **lowers: dict[str, Node]) -> Proc:
    """An upper directory, and lower layers by their short names, the uppermost first."""
    reader = Proc(trees={UPPER: Tree(upper, True)})
    reader.files[f"{ROOT}/abc/lower"] = ":".join(f"l/{name}" for name in lowers).encode()
    for layer, nodes in lowers.items():
        place = f"{ROOT}/l/{layer}"
        reader.listed[place] = []
        for path, node in nodes.items():
            parent, _, name = f"{place}/{path}".rpartition("/")
            reader.listed.setdefault(parent, []).append(name)
            reader.nodes[f"{place}/{path}"] = node
    return reader


@pytest.mark.parametrize("name", WRITTEN)
def test_real_containers_changed_what_the_engine_says(name: str) -> None:
    known = WRITTEN[name]
    changes, complete, size = looked(changed(kernel(), known.upper, 20_000))
    told = {(path, KINDS[kind]) for path, kind in known.changes or ()}
    # An engine that compares trees (metacopy or redirect_dir are on) takes a directory's time for no change.
    times = {(one.path, one.kind) for one in changes if (one.file, one.kind) == ("directory", "modified")}
    assert {(one.path, one.kind) for one in changes} - times == told - times
    assert complete
    assert size == known.size_rw


def test_mode_size_and_type_of_a_real_change() -> None:
    changes, _, _ = looked(changed(kernel(), WRITTEN["changes"].upper, 20_000))
    by_path = {change.path: change for change in changes}
    assert by_path["/srv/new/deep/file"].mode == 0o4755
    assert by_path["/srv/new/deep/file"].size == 3
    assert {by_path[path].file for path in ("/srv/link", "/srv/pipe", "/srv")} == {"symlink", "fifo", "directory"}
    gone = by_path["/etc/group"]
    assert (gone.kind, gone.file, gone.mode, gone.size) == ("deleted", "", None, None)
    assert by_path["/www/index.html"].kind == "deleted"  # the directory was replaced as a whole


def test_new_replaced_and_deleted() -> None:
    reader = layered(
        {"a": DIRECTORY, "a/new": FILE, "a/old": FILE, "a/gone": WHITEOUT},
        up={"a": DIRECTORY},
        down={"a": DIRECTORY, "a/old": FILE, "a/gone": FILE},
    )
    assert plain(looked(changed(reader, UPPER, 100))[0]) == [
        ("/a", "modified"), ("/a/gone", "deleted"), ("/a/new", "added"), ("/a/old", "modified"),
    ]  # fmt: skip


def test_a_directory_that_was_only_copied_up_is_no_change() -> None:
    reader = layered({"a": DIRECTORY, "a/b": DIRECTORY}, down={"a": DIRECTORY, "a/b": DIRECTORY})
    assert looked(changed(reader, UPPER, 100))[0] == ()


def test_a_directory_with_other_permissions_is_a_change() -> None:
    wide = Node(0o777, "directory", 4096, 5.0, 9, 0)
    assert plain(looked(changed(layered({"a": wide}, down={"a": DIRECTORY}), UPPER, 100))[0]) == [("/a", "modified")]


def test_a_path_that_a_layer_deleted_is_new_again() -> None:
    reader = layered({"a": FILE}, up={"a": WHITEOUT}, down={"a": FILE})
    assert plain(looked(changed(reader, UPPER, 100))[0]) == [("/a", "added")]


def test_below_an_opaque_layer_nothing_shows() -> None:
    reader = layered({"a": DIRECTORY, "a/x": FILE}, up={"a": OPAQUE}, down={"a": DIRECTORY, "a/x": FILE})
    assert ("/a/x", "added") in plain(looked(changed(reader, UPPER, 100))[0])


def test_a_file_in_place_of_a_link_is_not_looked_for_behind_the_link() -> None:
    link = Node(0o777, "symlink", 4, 5.0, 9, 0)
    reader = layered({"a": DIRECTORY, "a/passwd": FILE}, down={"a": link})
    reader.listed[f"{ROOT}/l/down/a"] = ["passwd"]  # what the machine would show behind it
    reader.nodes[f"{ROOT}/l/down/a/passwd"] = FILE
    assert plain(looked(changed(reader, UPPER, 100))[0]) == [("/a", "modified"), ("/a/passwd", "added")]


def test_without_the_layers_below_it_is_one_of_two() -> None:
    reader = layered({"a": DIRECTORY, "a/x": FILE, "a/gone": WHITEOUT}, down={})
    reader.files[f"{ROOT}/abc/lower"] = denied()
    assert plain(looked(changed(reader, UPPER, 100))[0]) == [
        ("/a", "added or modified"), ("/a/gone", "deleted"), ("/a/x", "added or modified"),
    ]  # fmt: skip
    reader = layered({"a": FILE}, down={"a": FILE})
    del reader.listed[f"{ROOT}/l/down"]
    assert plain(looked(changed(reader, UPPER, 100))[0]) == [("/a", "added or modified")]


def test_below_a_replaced_directory_everything_is_new_whatever_else_is_known() -> None:
    reader = layered({"a": OPAQUE, "a/x": FILE})
    del reader.files[f"{ROOT}/abc/lower"]
    assert plain(looked(changed(reader, UPPER, 100))[0]) == [("/a", "added or modified"), ("/a/x", "added")]


def test_deletions_as_fuse_overlayfs_writes_them() -> None:
    empty = Node(0, "file", 0, 5.0, 9, 0)
    upper = {".wh.gone": empty, "a": DIRECTORY, "a/.wh..wh..opq": empty, "a/x": FILE}
    reader = layered(upper, down={"gone": FILE, "a": DIRECTORY, "a/x": FILE, "a/y": FILE})
    assert plain(looked(changed(reader, UPPER, 100))[0]) == [
        ("/a", "modified"), ("/a/x", "added"), ("/a/y", "deleted"), ("/gone", "deleted"),
    ]  # fmt: skip


def test_a_program_cannot_hide_behind_the_name_of_a_deletion() -> None:
    assert plain(looked(changed(layered({".wh.evil": FILE}, down={}), UPPER, 100))[0]) == [("/.wh.evil", "added")]


def test_a_device_is_no_deletion() -> None:
    disk = Node(0o666, "char", 0, 5.0, 9, os.makedev(1, 3))
    found = looked(changed(layered({"null": disk}, down={}), UPPER, 100))[0]
    assert [(one.kind, one.file) for one in found] == [("added", "char")]


def test_bytes_count_a_hard_link_once_and_directories_never() -> None:
    other = Node(0o644, "file", 7, 5.0, 200, 0)
    reader = layered({"a": FILE, "b": FILE, "c": other, "d": DIRECTORY}, down={})
    assert looked(changed(reader, UPPER, 100))[2] == 17


@pytest.mark.parametrize(("error", "reason"), [(denied(), Reason.DENIED), (None, Reason.UNSUPPORTED)])
def test_an_unreadable_directory_is_a_gap(error: OSError | None, reason: Reason) -> None:
    class Closed(Proc):
        def tree(self, root: str, limit: int, depth: int) -> Tree:
            if error is not None:
                raise error
            return super().tree(root, limit, depth)

    found = changed(Closed(), UPPER, 100)
    assert isinstance(found, Gap)
    assert found.reason is reason


class TestRealDirectories:
    """Directories made here, without an overlay: all that needs no privilege."""

    def test_links_are_listed_and_not_followed(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret").touch()
        upper = tmp_path / "x" / "diff"
        upper.mkdir(parents=True)
        (upper / "way-out").symlink_to(outside)
        changes, complete, _ = looked(changed(LocalReader(), str(upper), 100))
        assert [(one.path, one.file) for one in changes] == [("/way-out", "symlink")]
        assert complete

    def test_a_bound_is_kept_and_said(self, tmp_path: Path) -> None:
        upper = tmp_path / "diff"
        (upper / "deep").mkdir(parents=True)
        for number in range(20):
            (upper / "deep" / f"{number:02}").touch()
        (upper / "shallow").touch()
        changes, complete, _ = looked(changed(LocalReader(), str(upper), 10))
        assert (len(changes), complete) == (10, False)
        assert "/shallow" in [one.path for one in changes]

    def test_a_pit_of_directories_ends(self, tmp_path: Path) -> None:
        upper = tmp_path / "diff"
        bottom = upper.joinpath(*("d" for _ in range(80)))
        bottom.mkdir(parents=True)
        (bottom / "treasure").touch()
        changes, complete, _ = looked(changed(LocalReader(), str(upper), 1000))
        assert (len(changes), complete) == (64, False)

    def test_names_that_are_no_text(self, tmp_path: Path) -> None:
        upper = tmp_path / "diff"
        upper.mkdir()
        (upper / "a\x1b[31m\n").touch()
        (upper / os.fsdecode(b"\xff\xfe")).touch()
        found = [one.path for one in looked(changed(LocalReader(), str(upper), 100))[0]]
        assert found == ["/a\x1b[31m\n", "/\udcff\udcfe"]

    def test_what_may_not_be_entered_makes_it_incomplete(self, tmp_path: Path) -> None:
        if os.geteuid() == 0:
            pytest.skip("root may enter everything")
        upper = tmp_path / "diff"
        (upper / "closed").mkdir(parents=True)
        (upper / "closed").chmod(0)
        assert looked(changed(LocalReader(), str(upper), 100))[1] is False
        (upper / "closed").chmod(stat.S_IRWXU)

    def test_layers_beside_it_tell_new_from_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "l").mkdir()
        for place in ("abc/diff/etc", "low/diff/etc"):
            (tmp_path / place).mkdir(parents=True)
        (tmp_path / "l" / "LOW").symlink_to("../low/diff")
        (tmp_path / "abc" / "lower").write_text("l/LOW")
        (tmp_path / "low" / "diff" / "etc" / "passwd").touch()
        (tmp_path / "abc" / "diff" / "etc" / "passwd").write_text("changed")
        (tmp_path / "abc" / "diff" / "etc" / "new").write_text("new")
        changes, _, size = looked(changed(LocalReader(), str(tmp_path / "abc" / "diff"), 100))
        found = dict(plain(changes))
        assert (found["/etc/passwd"], found["/etc/new"], size) == ("modified", "added", 10)


def test_a_recording_keeps_names_that_are_no_text(tmp_path: Path) -> None:
    upper = tmp_path / "diff"
    upper.mkdir()
    (upper / os.fsdecode(b"\xff\xfe")).touch()
    recorder = Recorder(LocalReader())
    first = changed(recorder, str(upper), 100)
    assert changed(Replay(recorder.document()), str(upper), 100) == first


@pytest.mark.parametrize("document", [b"", b"[]", b'"\\udcff"', b'{"a": ', b"\xff", b"[" * 100_000])
def test_what_is_no_recording_is_refused(document: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, RecursionError)):
        Replay(document)
