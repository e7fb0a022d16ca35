"""Scanners as programs: small scripts stand for them, so that what is run, how, and what goes wrong can be seen."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from inventory.gap import Gap, Reason
from inventory.sources.scanners import engines
from inventory.sources.scanners.engines import run
from inventory.sources.scanners.report import Report

DATA = Path(__file__).parents[1] / "data" / "scanners"
SOCKET = "unix:///run/engine.sock"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("A_SECRET", "hunter2")
    monkeypatch.setenv("TRIVY_CACHE_DIR", str(tmp_path))
    return tmp_path / "trivy"


def _script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _never() -> bool:
    return False


def test_it_is_asked_about_the_image_and_told_no_more_than_it_needs(program: Path) -> None:
    _script(program, f'echo "$@" >{program}.args; env >{program}.env; cat {DATA}/trivy-0.76-py.json')
    (program.parent / "db").mkdir()
    (program.parent / "db" / "metadata.json").write_text('{"Version": 2, "UpdatedAt": "2026-11-01T00:00:00.5Z"}')
    found = run("trivy", "sha256:12", SOCKET, _never)
    assert isinstance(found, Report)
    assert len(found.found) == 34
    assert found.said.data_at == pytest.approx(1793491200, abs=1)
    assert found.said.at == pytest.approx(time.time(), abs=60)
    arguments = Path(f"{program}.args").read_text().split()
    assert arguments[-1] == "sha256:12"
    assert {"--skip-db-update", "--offline-scan", "--skip-version-check"} <= set(arguments)
    environment = Path(f"{program}.env").read_text()
    assert f"DOCKER_HOST={SOCKET}" in environment
    assert "hunter2" not in environment


def test_what_goes_wrong_is_a_reason(program: Path) -> None:
    _script(program, "echo 'FATAL no database' >&2; exit 1")
    found = run("trivy", "sha256:12", SOCKET, _never)
    assert isinstance(found, Gap)
    assert "FATAL no database" in str(found)
    _script(program, "echo garbage")
    found = run("trivy", "sha256:12", SOCKET, _never)
    assert isinstance(found, Gap)
    assert found.reason is Reason.MALFORMED


def test_one_that_hangs_or_is_cancelled_is_killed(program: Path) -> None:
    _script(program, "sleep 60")
    began = time.monotonic()
    found = run("trivy", "sha256:12", SOCKET, _never, limit=0.3)
    assert isinstance(found, Gap)
    assert found.reason is Reason.TIMEOUT
    assert isinstance(run("trivy", "sha256:12", SOCKET, lambda: True), Gap)
    assert time.monotonic() - began < 10


def test_what_it_has_started_is_killed_too(program: Path) -> None:
    """A plugin of docker is a program of its own."""
    _script(program, f"sleep 60 & echo $! >{program}.child; wait")
    assert isinstance(run("trivy", "sha256:12", SOCKET, _never, limit=1.0), Gap)
    child = Path(f"/proc/{Path(f'{program}.child').read_text().strip()}/stat")
    until = time.monotonic() + 5
    while child.exists() and child.read_text().split()[2] != "Z" and time.monotonic() < until:
        time.sleep(0.05)
    assert not child.exists() or child.read_text().split()[2] == "Z"


def test_an_interrupt_leaves_nothing_behind(program: Path) -> None:
    _script(program, f"echo $$ >{program}.pid; sleep 60")

    def interrupted() -> bool:
        if Path(f"{program}.pid").exists():
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        run("trivy", "sha256:12", SOCKET, interrupted)
    assert not Path(f"/proc/{Path(f'{program}.pid').read_text().strip()}").exists()


def test_the_end_of_the_program_ends_those_of_its_threads(program: Path) -> None:
    _script(program, "sleep 60")
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(run("trivy", "sha256:12", SOCKET, _never)), daemon=True)
    thread.start()
    until = time.monotonic() + 5
    while not engines._RUNNING and time.monotonic() < until:
        time.sleep(0.01)
    engines._end_all()
    thread.join(5)
    assert isinstance(found[0], Gap)


def test_a_report_without_end_is_ended(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_MOST_TOLD", 1 << 20)
    _script(program, "yes")
    began = time.monotonic()
    found = run("trivy", "sha256:12", SOCKET, _never)
    assert isinstance(found, Gap)
    assert "larger than" in str(found)
    assert time.monotonic() - began < 20


def test_absent_or_far_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: Path) -> None:
    _script(program, "exit 0")
    far = run("trivy", "sha256:12", "ssh://host", _never)
    assert isinstance(far, Gap)
    assert far.reason is Reason.UNSUPPORTED
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    absent = run("grype", "sha256:12", SOCKET, _never)
    assert isinstance(absent, Gap)
    assert absent.reason is Reason.ABSENT
