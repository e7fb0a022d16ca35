"""Files that a user may have put a trap in place of."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inventory.sources.host.reader import LocalReader

READER = LocalReader()


def number(ask: Callable[[], Any]) -> int | None:
    """The error's number."""
    with pytest.raises(OSError) as raised:
        ask()
    return raised.value.errno


@pytest.mark.parametrize(
    "target",
    ["/proc/version", "/proc/self/environ", "/sys/kernel/mm/transparent_hugepage/enabled", "/dev/null", "/dev/zero"],
)
def test_a_link_to_what_the_kernel_makes_up_is_not_read(tmp_path: Path, target: str) -> None:
    """/proc/kmsg is a regular file to fstat, and emptied by whoever reads it."""
    (tmp_path / "config.json").symlink_to(target)
    if not os.path.exists(target):
        pytest.skip("this kernel has no such file")
    assert number(lambda: READER.read(str(tmp_path / "config.json"))) == errno.EINVAL


@pytest.mark.parametrize("path", ["/proc/self/root/proc/version", "/proc/self/cwd/../../../../../proc/version"])
def test_the_kernels_files_are_read_by_their_own_names_only(path: str) -> None:
    assert READER.read("/proc/version")
    assert number(lambda: READER.read(path)) in {errno.EINVAL, errno.ENOENT}


@pytest.mark.parametrize("path", ["/proc/kmsg", "/proc//kmsg", "/proc/./kmsg", "/sys/kernel/tracing/trace_pipe"])
def test_what_reading_empties_is_never_opened(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []

    def watch(path: str, flags: int, *more: Any, **named: Any) -> int:
        opened.append(flags & os.O_PATH)
        raise FileNotFoundError(errno.ENOENT, "watched", path)

    monkeypatch.setattr(os, "open", watch)
    with pytest.raises(FileNotFoundError):
        READER.read(path)
    assert opened == [os.O_PATH]


def test_no_link_below_a_home_is_followed(tmp_path: Path) -> None:
    home = tmp_path / "ann"
    (home / "real").mkdir(parents=True)
    (home / "real" / "file").write_text("x")
    (home / "last").symlink_to("real/file")
    (home / "between").symlink_to("real")
    (home / "dangling").symlink_to("/mnt/dead/x")
    for name in ("last", "between/file", "between", "dangling"):
        for ask in (READER.read_below, READER.stat_below, READER.names_below):
            assert number(lambda ask=ask, name=name: ask(str(home), f"/{name}")) == errno.ELOOP, name  # type: ignore[misc]
    assert READER.read_below(str(home), "/real/file") == b"x"
    assert READER.names_below(str(home), "/real") == ["file"]
    assert READER.stat_below("", f"{home}/real/file") == READER.stat(str(home / "real" / "file"))


def test_the_links_target_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is gone answers neither `open` nor `stat`."""
    (tmp_path / ".docker").symlink_to("/mnt/dead-server")
    asked: list[str] = []
    really = os.open

    def watch(path: str, flags: int, *more: Any, **named: Any) -> int:
        asked.append(path)
        return really(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", watch)
    assert number(lambda: READER.stat_below(str(tmp_path), "/.docker/config.json")) == errno.ELOOP
    assert asked == [str(tmp_path), ".docker"]


def test_what_is_above_a_home_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "data" / "ann").mkdir(parents=True)
    (tmp_path / "data" / "ann" / "file").write_text("x")
    (tmp_path / "home").symlink_to("data")
    assert READER.read_below(str(tmp_path / "home" / "ann"), "/file") == b"x"
    assert number(lambda: READER.read_below("", f"{tmp_path}/home/ann/file")) == errno.ELOOP


def test_descriptors_are_closed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "file").write_text("x")
    before = len(os.listdir("/proc/self/fd"))
    for name in ("link", "absent", "file", "file/below", "link/below"):
        for ask in (READER.read_below, READER.stat_below, READER.names_below):
            try:
                ask(str(tmp_path), f"/{name}")
            except OSError:
                continue
    READER.read(str(tmp_path / "file"))
    assert len(os.listdir("/proc/self/fd")) == before
