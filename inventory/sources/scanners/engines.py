"""Other scanners as programs: run where the configuration names them, for an engine of this machine, without shell.

They read the image through the engine themselves. Their own looks for updates are switched off: what they know is as
old as their data, and the report says how old that is.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import msgspec

from inventory.gap import Gap, Reason
from inventory.sources.scanners.report import Report
from inventory.sources.scanners.reports import MAX_BYTES, ReportError, recognise

LIMIT = 600.0
"""Seconds for one image."""
_PAUSE = 0.1
_SAID = 400
_MOST_TOLD = 2 * MAX_BYTES


class Engine(msgspec.Struct, frozen=True):
    """A scanner: the program's name, its arguments (`IMAGE` stands for the image's id), and what to set for it."""

    program: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = msgspec.field(default_factory=dict)
    good: tuple[int, ...] = (0,)


ENGINES: Mapping[str, Engine] = {
    "trivy": Engine(
        "trivy",
        (
            "image", "--quiet", "--skip-version-check", "--offline-scan", "--skip-db-update", "--skip-java-db-update",
            "--scanners", "vuln", "--list-all-pkgs", "--format", "json", "--image-src", "docker,podman", "IMAGE",
        ),
    ),
    "grype": Engine(
        "grype",
        ("docker:IMAGE", "-q", "-o", "json"),
        {
            "GRYPE_DB_AUTO_UPDATE": "false", "GRYPE_DB_VALIDATE_AGE": "false",
            "GRYPE_CHECK_FOR_APP_UPDATE": "false",
        },
        (0, 2),
    ),
    "docker-scout": Engine("docker", ("scout", "cves", "--format", "sarif", "local://IMAGE"), {}, (0, 2)),
}  # fmt: skip
# What a scanner may need of our own environment: where its data and its settings are, and nothing else.
_KEPT = (
    "PATH", "HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TRIVY_CACHE_DIR",
    "GRYPE_DB_CACHE_DIR", "DOCKER_CONFIG",
)  # fmt: skip


def run(name: str, image_id: str, url: str, stopped: Callable[[], bool], limit: float = LIMIT) -> Report | Gap:
    """What a scanner says of an image of the engine at `url`, or why it says nothing."""
    engine = ENGINES[name]
    what = f"{name} report"
    program = shutil.which(engine.program)
    if program is None:
        return Gap(Reason.ABSENT, what, f"{engine.program} is not on PATH")
    if not url.startswith("unix://"):
        return Gap(Reason.UNSUPPORTED, what, "scanners are run for engines of this machine only")
    words = [program, *(word.replace("IMAGE", image_id) for word in engine.arguments)]
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    environment |= {**engine.environment, "DOCKER_HOST": url, "NO_COLOR": "1"}
    with TemporaryFile() as told, TemporaryFile() as said:
        try:
            status = _wait(words, environment, told, said, stopped, limit)
        except OSError as error:
            return Gap(Reason.ERROR, what, f"{program}: {error.strerror}")
        if status is None:
            said_too_much = os.fstat(told.fileno()).st_size > _MOST_TOLD
            why = f"its report is larger than {MAX_BYTES >> 20} MiB" if said_too_much else ""
            return Gap(Reason.TIMEOUT, what, why or f"stopped after {limit:.0f} s, or because it was cancelled")
        said.seek(0)
        words_ = said.read(_SAID * 4).decode("utf-8", "replace").strip().replace("\n", " ")[:_SAID]
        if status not in engine.good:
            return Gap(Reason.ERROR, what, f"{name} ended with {status}: {words_}")
        told.seek(0)
        raw = told.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        return Gap(Reason.ERROR, what, f"its report is larger than {MAX_BYTES >> 20} MiB")
    try:
        found = recognise(raw, name)
    except ReportError as error:
        return Gap(Reason.MALFORMED, what, f"{error}; {words_}".rstrip("; "))
    return _dated(name, found)


def _wait(
    words: Sequence[str],
    environment: Mapping[str, str],
    told: IO[bytes],
    said: IO[bytes],
    stopped: Callable[[], bool],
    limit: float,
) -> int | None:
    """The exit status, None where it was killed."""
    until = time.monotonic() + limit
    with subprocess.Popen(  # noqa: S603 - a fixed program and fixed words but for an image's id
        words, stdin=subprocess.DEVNULL, stdout=told, stderr=said, env=dict(environment), start_new_session=True
    ) as process:
        _RUNNING.add(process.pid)
        try:
            while (status := process.poll()) is None:
                if stopped() or time.monotonic() > until or os.fstat(told.fileno()).st_size > _MOST_TOLD:
                    return None
                time.sleep(_PAUSE)
            return status
        finally:  # an interrupt comes by here, too
            if process.returncode is None:
                _end(process.pid)
                process.wait()
            _RUNNING.discard(process.pid)


def _end(group: int) -> None:
    """A scanner with all that it has started: `docker scout` is a program of its own."""
    with suppress(OSError):
        os.killpg(group, signal.SIGKILL)


_RUNNING: set[int] = set()  # of threads that do not hear of the end of the program


@atexit.register
def _end_all() -> None:
    for group in tuple(_RUNNING):
        _end(group)


def _dated(name: str, report: Report) -> Report:
    """With the age of the scanner's data, where it keeps that in a file, and the time of this look."""
    data = _trivy_data() if name == "trivy" else report.said.data_at
    said = msgspec.structs.replace(report.said, by=name, path="", data_at=data, at=time.time())
    return msgspec.structs.replace(report, said=said)


def _trivy_data() -> float:
    """When trivy's database was made; 0.0 where nobody can tell. `db/metadata.json`: `UpdatedAt`."""
    from inventory.sources.scanners.tree import moment, text

    cache = os.environ.get("TRIVY_CACHE_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", "/"), ".cache"), "trivy"
    )
    try:
        with (Path(cache) / "db" / "metadata.json").open("rb") as file:
            return moment(text(msgspec.json.decode(file.read(1 << 16)), "UpdatedAt"))
    except (OSError, msgspec.MsgspecError, RecursionError):
        return 0.0
