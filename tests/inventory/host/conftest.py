"""What several tests of the host need."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inventory.host.rooted import Rooted


@pytest.fixture
def machine(tmp_path: Path) -> Rooted:
    return Rooted(tmp_path)
