"""The file on disk: changed as a whole or not at all, through links, with its mode, and only if the result is valid."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from checks.policy import Waiver
from tui.policy_file import PolicyFile, Refused, write
from tui.toml_edit import block

CHECKS = ("RUN-001", "IMG-004")
WAIVER = Waiver("RUN-001", "web-1", "known")
TEXT = '# kept\n[trust]   # as it is\nregistries = [ "a/*" ]\n'


def file(path: Path) -> PolicyFile:
    return PolicyFile(path, lambda: CHECKS, lambda: ("app.quit",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "deckwatch.toml"
    found.write_text(TEXT)
    return found


def test_added_and_taken_back(path: Path) -> None:
    path.chmod(0o640)
    settings = file(path).add(block(WAIVER))
    assert settings.policy.waivers == (WAIVER,)
    assert settings.policy.registries == ("a/*",)
    assert path.read_text().startswith(TEXT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert file(path).lines_of(WAIVER) == (5, block(WAIVER))
    assert file(path).take_out(WAIVER).policy.waivers == ()
    assert path.read_text() == TEXT
    assert os.listdir(path.parent) == [path.name]


def test_a_new_file_in_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "deckwatch.toml"
    assert file(path).add(block(WAIVER)).path == path
    assert path.read_text() == "\n".join(block(WAIVER)) + "\n"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(path.name)
    file(link).add(block(WAIVER))
    assert link.is_symlink()
    assert path.read_text().endswith('reason = "known"\n')


def test_the_right_one_of_several_goes(path: Path) -> None:
    other = Waiver("IMG-004", "*", "other")
    path.write_text(TEXT + "\n" + "\n".join((*block(other), "", *block(WAIVER), "", *block(other))) + "\n")
    assert file(path).take_out(WAIVER).policy.waivers == (other, other)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT + "x = \n", "is not valid any more: .*:4: is not TOML"),
        (TEXT + "[trsut]\n", "is not valid any more: .*did you mean trust"),
        ("waiver = [{check = 'RUN-001', resource = 'x', reason = 'y'}]\n", "add it by hand"),
        ("\ufeff" + TEXT, "is not TOML"),
    ],
)
def test_a_file_that_is_not_valid_is_left_alone(path: Path, text: str, said: str) -> None:
    path.write_text(text)
    with pytest.raises(Refused, match=said):
        file(path).add(block(WAIVER))
    assert path.read_text() == text


def test_waivers_that_are_no_blocks_are_not_taken_out(path: Path) -> None:
    path.write_text("waiver = [{check = 'RUN-001', resource = 'web-1', reason = 'known'}]\n")
    for act in (file(path).take_out, file(path).lines_of):
        with pytest.raises(Refused, match="by hand"):
            act(WAIVER)


def test_a_waiver_that_is_gone_already(path: Path) -> None:
    with pytest.raises(Refused, match="not in it any more"):
        file(path).take_out(WAIVER)


def test_a_result_that_would_be_wrong_is_not_written(path: Path) -> None:
    with pytest.raises(Refused, match=r"would not be valid then: .*needs 'reason'"):
        file(path).add(block(Waiver("RUN-001", "x", "")))
    assert path.read_text() == TEXT


def test_what_cannot_be_written_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(Refused, match="not writable by you"):
        file(path).add(block(WAIVER))
    with pytest.raises(Refused, match="no regular file"):
        write(path.parent, "")
    with pytest.raises(Refused, match="cannot be written: Not a directory"):
        write(path / "below.toml", "")


def test_a_full_disk_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match="No space left"):
        file(path).add(block(WAIVER))
    assert path.read_text() == TEXT
    assert os.listdir(path.parent) == [path.name]
