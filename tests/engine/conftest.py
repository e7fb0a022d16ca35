"""One engine with everything in it for all tests of this folder, and a quiet one that may be killed."""

from __future__ import annotations

import gc
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab import images, plan
from lab.engine import Lab
from lab.logging_proxy import LoggingProxy
from lab.populate import populate
from lab.scale import scale
from tests.engine.watching import Watch
from tests.lab.engines import private_engine

QUIET = 12


@dataclass(frozen=True, slots=True)
class Populated:
    """The lab, and the names of containers that this host lacks something for (a program, a device)."""

    lab: Lab
    left_out: frozenset[str]


@pytest.fixture(scope="session")
def populated() -> Iterator[Populated]:
    """The lab with everything in it."""
    with private_engine(images=True) as lab:
        left_out = frozenset(populate(lab))
        assert len(left_out) < 15, left_out
        yield Populated(lab, left_out)


@pytest.fixture(scope="session")
def lab(populated: Populated) -> Lab:
    """The populated lab. A test may add objects of its own and removes them again."""
    return populated.lab


@pytest.fixture(scope="module")
def quiet_lab() -> Iterator[Lab]:
    """A few sleeping containers in which nothing happens by itself."""
    with private_engine(images=True) as lab:
        default = [image for image in plan.images() if image.name == plan.DEFAULT_IMAGE]
        headers = {"Content-Type": "application/x-tar"}
        lab.client.raw("POST", "/images/load?quiet=1", images.archive(default, datetime.now(UTC)), headers)
        scale(lab.client, QUIET)
        yield lab


@pytest.fixture(scope="module")
def short_directory() -> Iterator[Path]:
    """A directory short enough for a unix socket."""
    directory = Path(tempfile.mkdtemp(prefix="dwe-", dir="/tmp"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def proxy(lab: Lab, short_directory: Path) -> Iterator[LoggingProxy]:
    """In front of the populated lab; knows every request of its module."""
    with LoggingProxy(short_directory / "proxy.sock", lab.paths.socket) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def tuned_interpreter() -> Iterator[None]:
    """A session tunes the interpreter for a screen; the tests after it get theirs back."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*thresholds)


@pytest.fixture(scope="module")
def watch(proxy: LoggingProxy, tuned_interpreter: None) -> Iterator[Watch]:
    """A session that follows the populated lab through the proxy and has judged all of it."""
    watch = Watch(proxy.url)
    try:
        watch.settle()
        yield watch
    finally:
        watch.stop()
