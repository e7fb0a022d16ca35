"""The installed program on a real engine: what it answers, and what it does not do meanwhile."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lab.engine import Lab

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

PROGRAM = Path(sys.executable).parent / "deckwatch"
# Made up for the lab: in environments, URLs, a command line, a build step and a config.
SECRETS = ("lab-9f8e7d6c5b4a39281706", "s3cr3t-lab", "hunter2-lab")
# What the program may never do; the interpreter tells of each (docs.python.org, "Audit events table").
WATCHED = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn")
INFORMER = f"""
import os, sys
def tell(event, arguments, watched={WATCHED!r}, place=os.environ["STARTED"]):
    if event in watched:
        with open(place, "a") as file:
            file.write(event + "\\n")
sys.addaudithook(tell)
"""
# These come and go by themselves: restarting containers, tasks that are made anew, probes, free space.
MOVING_NAMES = ("crash-loop", "edge_")
MOVING_CHECKS = ("RUN-035", "RUN-038", "ORC-016")
Line = tuple[str, str, str, str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the program is started; holds no configuration."""
    return tmp_path


def run(
    folder: Path, *words: str | Path, environ: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """The installed program with an environment of its own; `before` is a command that starts it."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **(environ or {})}
    return subprocess.run(
        [*before, PROGRAM, *words], cwd=folder, env=clean, capture_output=True, text=True, timeout=60, check=False
    )


def lines(report: str) -> set[Line]:
    """Every verdict of a JSON report: check, kind, name, verdict."""
    results: list[dict[str, Any]] = json.loads(report)["results"]
    return {(one["check"], one["resource"]["kind"], one["resource"]["name"], one["verdict"]) for one in results}


def still(found: set[Line]) -> set[Line]:
    """Without those that move with time."""
    return {line for line in found if line[0] not in MOVING_CHECKS and not line[2].startswith(MOVING_NAMES)}


def test_a_scan_finds_the_lab_and_starts_no_process(lab: Lab, folder: Path) -> None:
    informer, started = folder / "informer", folder / "started"
    informer.mkdir()
    (informer / "sitecustomize.py").write_text(INFORMER)
    environ = {"PYTHONPATH": str(informer), "STARTED": str(started)}
    done = run(folder, "scan", "--host", lab.docker_host, "--format", "json", environ=environ)
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout)
    assert report["schema"] == "deckwatch.scan/1"
    assert [(one["kind"], one["target"], one["status"]) for one in report["sources"]] == [
        ("docker", lab.docker_host, "ok")
    ]
    assert report["summary"]["resources"]["container"] >= 78
    assert ("RUN-001", "container", "privileged-created", "fail") in lines(done.stdout)
    assert not started.exists(), started.read_text()


def test_the_informer_would_have_told(folder: Path) -> None:
    (folder / "sitecustomize.py").write_text(INFORMER)
    environ = {"PYTHONPATH": str(folder), "STARTED": str(folder / "started"), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", "import os; os.system('true')"], env=environ, check=True, timeout=60)
    assert (folder / "started").read_text() == "os.system\n"


def test_the_engine_of_the_environment_is_used(lab: Lab, folder: Path) -> None:
    environ = {"DOCKER_HOST": lab.docker_host}
    done = run(folder, "scan", "--format", "json", "--fail-on", "none", "--only", "RUN-001", environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("RUN-001", "container", "privileged-created", "fail") in lines(done.stdout)


def test_a_scan_as_if_on_the_labs_host(lab: Lab, folder: Path) -> None:
    """Without any option: the usual socket of that machine."""
    words = ("scan", "--format", "json", "--fail-on", "none", "--only", "RUN-001")
    done = run(folder, *words, before=lab.inside())
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["sources"][0]["target"] == "unix:///var/run/docker.sock"
    assert ("RUN-001", "container", "privileged-created", "fail") in lines(done.stdout)


@pytest.fixture(scope="module")
def bundle(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab as `capture` recorded it."""
    folder = tmp_path_factory.mktemp("bundle")
    done = run(folder, "capture", "--host", lab.docker_host, "-o", "lab.bundle")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "wrote lab.bundle: " in done.stderr
    return folder / "lab.bundle"


def test_a_recording_is_judged_as_the_engine_was(lab: Lab, bundle: Path, folder: Path) -> None:
    wanted = ("--format", "json", "--all", "--fail-on", "none")
    live = run(folder, "scan", "--host", lab.docker_host, *wanted)
    replayed = run(folder, "scan", "--from", bundle, *wanted)
    assert (live.returncode, replayed.returncode, replayed.stderr) == (0, 0, "")
    before, after = still(lines(live.stdout)), still(lines(replayed.stdout))
    assert len(before) > 1000
    assert before == after, sorted(before ^ after)[:20]


def test_a_recording_holds_no_secret_of_the_lab(bundle: Path) -> None:
    content = gzip.decompress(bundle.read_bytes())
    assert b"privileged-created" in content
    for secret in SECRETS:
        assert secret.encode() not in content
        assert base64.b64encode(secret.encode()) not in content


@pytest.fixture
def locked(lab: Lab) -> Iterator[list[str]]:
    """A socket that nobody may use, and what takes away root's power to use it all the same."""
    powerless = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    lab.paths.socket.chmod(0)
    try:
        yield powerless
    finally:
        lab.paths.socket.chmod(0o660)


def test_a_socket_without_permission_is_one_line(lab: Lab, locked: list[str], folder: Path) -> None:
    done = run(folder, "scan", "--host", lab.docker_host, before=locked)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1, done.stderr
    said, denied, advice = done.stderr.partition("permission denied")
    assert denied
    assert lab.docker_host in said
    assert "mode 0000" in advice
    assert "try: sudo" in advice


def test_a_socket_that_is_not_there_is_one_line(folder: Path) -> None:
    done = run(folder, "scan", "--host", f"unix://{folder}/none.sock")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "no such socket" in done.stderr
