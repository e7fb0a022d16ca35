"""The private engine starts, fails on demand, and leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab import cleanup, engine
from lab.__main__ import main
from lab.engine import Lab, LabError, available
from lab.namespace import mount_namespace
from lab.paths import LONGEST_SOCKET, lab_paths
from tests.lab.engines import REQUIRED, need_engine


def test_without_root_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "root" in (available() or "")


def test_without_dockerd_the_missing_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(engine, "_which", lambda tool: None if tool == "dockerd" else f"/bin/{tool}")
    assert "not installed: dockerd" in (available() or "")


@pytest.mark.parametrize(("required", "outcome"), [("1", pytest.fail.Exception), ("0", pytest.skip.Exception)])
def test_a_missing_engine_skips_or_fails_with_the_reason(
    required: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REQUIRED, required)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(outcome, match="needs root"):
        need_engine()


def test_a_directory_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too long for a socket path"):
        lab_paths(tmp_path / ("x" * LONGEST_SOCKET))


def test_a_deep_repository_falls_back_to_the_temporary_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DECKWATCH_LAB_DIR", raising=False)
    monkeypatch.setattr("lab.paths.REPOSITORY", Path("/" + "deep/" * 30))
    assert len(lab_paths().docker_host) < LONGEST_SOCKET


def test_the_environment_chooses_the_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DECKWATCH_LAB_DIR", "/tmp/chosen")
    assert lab_paths().root == Path("/tmp/chosen")


def test_status_of_no_lab_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dir", "/tmp/no-lab-here", "status"]) == 1
    assert capsys.readouterr().out == "no lab in /tmp/no-lab-here\n"


def test_a_command_without_a_lab_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dir", "/tmp/no-lab-here", "exec", "true"]) == 1
    assert capsys.readouterr().err == "lab: no lab in /tmp/no-lab-here; start one first\n"


def test_the_own_namespace_is_never_killed() -> None:
    cleanup.kill_all(lab_paths("/tmp/no-lab-here"), mount_namespace(os.getpid()))


@pytest.mark.engine
def test_it_starts_empty(empty_lab: Lab) -> None:
    assert empty_lab.running()
    assert empty_lab.client.get("/containers/json", all=1) == []


@pytest.mark.engine
def test_a_second_start_is_refused(empty_lab: Lab) -> None:
    with pytest.raises(LabError, match="already runs"):
        Lab(empty_lab.paths.root).start()


@pytest.mark.engine
def test_a_frozen_engine_is_silent_and_thaws(empty_lab: Lab) -> None:
    empty_lab.freeze_daemon()
    try:
        with pytest.raises(TimeoutError):
            type(empty_lab.client)(empty_lab.paths.socket, timeout=0.3).get("/info")
    finally:
        empty_lab.thaw_daemon()
    assert empty_lab.client.get("/info")["Driver"] in ("overlay2", "vfs")


@pytest.mark.engine
def test_a_killed_engine_returns_with_its_data(empty_lab: Lab) -> None:
    empty_lab.client.post("/volumes/create", {"Name": "kept"})
    empty_lab.kill_daemon()
    assert not empty_lab.running()
    empty_lab.start_daemon()
    assert [volume["Name"] for volume in empty_lab.client.get("/volumes")["Volumes"]] == ["kept"]


@pytest.mark.engine
def test_stopping_after_a_crash_leaves_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    need_engine()
    lab = Lab("/tmp/dwlab-crash")
    lab.start()
    namespace = mount_namespace(lab.holder or 0)
    lab.kill_daemon()
    os.kill(lab.holder or 0, 9)
    lab.stop()
    lab.stop()
    assert not lab.paths.root.exists()
    assert cleanup.engine_processes(namespace) == set()
    assert cleanup.cgroup_roots(lab.paths) == []
    assert not Path("/sys/class/net", lab.paths.interface).exists()
