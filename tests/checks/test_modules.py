"""Finding modules without importing them, in a directory and in a zip file."""

from __future__ import annotations

import importlib
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

import checks.report
from checks.modules import modules


def test_a_directory() -> None:
    found = list(modules(checks.report))
    assert found == sorted(found)
    assert {"as_json", "report"} <= set(found)
    assert "__init__" not in found


def test_a_zip_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "app.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("__init__", "one", "two"):
            archive.writestr(f"zipped_package/{name}.py", "")
    monkeypatch.syspath_prepend(str(path))
    package: ModuleType = importlib.import_module("zipped_package")
    assert list(modules(package)) == ["one", "two"]
    del sys.modules["zipped_package"]
