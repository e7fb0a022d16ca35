"""A private, empty engine for the tests of this folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.engine import Lab
from tests.lab.engines import private_engine


@pytest.fixture
def socket_directory() -> Iterator[Path]:
    """A directory short enough for a unix socket, which pytest's own temporary directories need not be."""
    directory = Path(tempfile.mkdtemp(prefix="dw"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def empty_lab() -> Iterator[Lab]:
    """An engine of its own for this module, or a skip that says why there is none."""
    with private_engine() as lab:
        yield lab
