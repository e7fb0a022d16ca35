"""Which files are read."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from inventory.sources.manifests import files as module
from inventory.sources.manifests.files import Named, content, find
from inventory.sources.manifests.note import Note
from inventory.sources.manifests.read import read


def names(*paths: str | Path) -> list[str]:
    return [one.name if isinstance(one, Named) else str(one) for one in find(map(str, paths))]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def touch(*paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("a: 1\n", encoding="utf-8")


def test_directories_are_gone_through_in_order() -> None:
    touch(
        "d/b.yaml", "d/a.yml", "d/c.json", "d/x.txt", "d/.hidden.yaml", "d/.git/a.yaml", "d/e/z.yaml", "d/Kustomization"
    )
    assert names("d") == ["d/Kustomization", "d/a.yml", "d/b.yaml", "d/c.json", "d/e/z.yaml"]
    assert names("d/x.txt", "d/.hidden.yaml") == ["d/x.txt", "d/.hidden.yaml"]  # whoever names a file means it


def test_links_lead_nowhere_twice() -> None:
    touch("d/e/a.yaml")
    os.symlink("..", "d/e/up")
    os.symlink("e", "d/same")
    os.symlink("nowhere", "d/gone.yaml")
    assert names("d") == ["d/gone.yaml: cannot be read: No such file or directory", "d/e/a.yaml"]


def test_what_is_no_file_is_not_opened() -> None:
    os.mkdir("d")
    os.mkfifo("d/pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("d/socket.yaml")
        assert names("d") == ["d/pipe.yaml: is no regular file", "d/socket.yaml: is no regular file"]


def test_what_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    touch("a.yaml", "b.yaml")
    monkeypatch.setattr(module, "LARGEST", 3)
    found = read(["missing.yaml", "a.yaml", "bad\0name"])
    assert [str(note) for note in found.notes] == [
        "missing.yaml: cannot be read: No such file or directory",
        "bad\0name: cannot be read: embedded null byte",
        "a.yaml: is larger than 0 MiB, and was not read",
    ]
    assert all(note.broken for note in found.notes)


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    touch("d/a.yaml", "d/b.yaml", "d/c.yaml")
    monkeypatch.setattr(module, "_MOST_FILES", 2)
    assert names("d")[2:] == ["d: holds more than 2 files; the rest was not read"]


def test_standard_input() -> None:
    (found,) = find(["-"])
    assert isinstance(found, Named)
    assert content(found, lambda: b"a: 1") == b"a: 1"
    assert isinstance(content(found, lambda: b"x" * (module.LARGEST + 1)), Note)
    text = b"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n"
    (account,) = read(["-"], stdin=lambda: text).found.values()
    assert account.manifest is not None
    assert account.manifest.file == "stdin"


def test_names_are_relative_to_here_where_that_is_below(tmp_path: Path) -> None:
    touch("d/a.yaml")
    os.mkdir("other")
    assert names(tmp_path / "d") == ["d/a.yaml"]
    os.chdir("other")
    assert names(tmp_path / "d") == [f"{tmp_path}/d/a.yaml"]


def test_links_into_what_the_kernel_makes_up_are_not_followed() -> None:
    touch("d/a.yaml")
    os.symlink("/proc", "d/processes")
    os.symlink("/sys", "d/system")
    os.symlink("/proc/kmsg", "d/log.yaml")  # whoever reads it waits, and takes the lines from whoever needs them
    os.symlink("/dev/zero", "d/zero.yaml")
    said = "leads to what the kernel makes up, which was not read"
    assert names("d") == [
        "d/a.yaml", f"d/log.yaml: {said}", "d/zero.yaml: is no regular file", f"d/processes: {said}",
        f"d/system: {said}",
    ]  # fmt: skip


def test_a_tree_without_end_is_left_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        touch(f"d/{number:02}/a.yaml")
    monkeypatch.setattr(module, "_MOST_FOLDERS", 5)
    found = names("d")
    assert found[:4] == ["d/00/a.yaml", "d/01/a.yaml", "d/02/a.yaml", "d/03/a.yaml"]
    assert found[4:] == ["d/04: and others: more than 5 folders, not read"]
