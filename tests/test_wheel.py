"""What is shipped: the four packages and nothing else, and a program that imports nothing from where it is started."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INFO = "deckwatch-0.1.0.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = target.glob("*.whl")
    return found


def test_top_level_names(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {"tui", "widgets", "checks", "inventory", INFO}
    assert f"{INFO}/licenses/LICENSE" in names
    for needed in ("tui/cli/__init__.py", "checks/catalogue.py", "inventory/sources/bundle/replay.py"):
        assert needed in names


def test_everything_that_belongs_to_a_package_is_in_it(wheel: Path) -> None:
    shipped = set(zipfile.ZipFile(wheel).namelist())
    for package in ("tui", "widgets", "checks", "inventory"):
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert str(path.relative_to(ROOT)) in shipped


def test_no_names_of_package_registries() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml", "Makefile", ".ci/run"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index" not in text


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """The console script of the unpacked wheel, as an installer writes it."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    script = tmp_path / "bin" / "deckwatch"
    script.parent.mkdir()
    libraries = sysconfig.get_paths()["purelib"]
    script.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[1:1] = [{str(site)!r}, {libraries!r}]\n"
        "from tui.cli import main\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    return script


def test_a_hostile_folder_is_not_imported(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    trap = f"open({str(tmp_path / 'caught')!r}, 'a').write(__name__)\nraise SystemExit(66)\n"
    for name in ("json", "argparse", "msgspec", "textual", "docker", "sitecustomize", "usercustomize"):
        (folder / f"{name}.py").write_text(trap)
    for name in ("tui", "checks", "inventory", "widgets"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(trap)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    for words in (["--version"], ["checks", "list"], ["scan", "--host", f"unix://{folder}/none.sock"]):
        done = subprocess.run(
            [installed, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode in (0, 3), done.stderr
    assert not (tmp_path / "caught").exists()
