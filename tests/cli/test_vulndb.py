"""`deckwatch vulndb` as people call it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory.sources.vulndb.database import Database
from inventory.vulnerabilities.records import RecordsError
from tests.cli.running import Cli
from tests.vulnerabilities.building import DATA, affects, archive, record, since
from tests.vulnerabilities.server import serving
from tui.deep import worthwhile
from tui.options import AnalysisOptions


@pytest.fixture(autouse=True)
def home(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nothing of the person who runs the tests."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DECKWATCH_VULNDB_URL", raising=False)
    yield tmp_path


def test_without_a_database(cli: Cli, home: Path) -> None:
    ran = cli("vulndb")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("no vulnerability database at ")
    assert json.loads(cli("vulndb", "--format", "json").out) == {
        "path": str(home / "data" / "deckwatch" / "vulnerabilities.sqlite"),
        "exists": False,
    }
    assert cli("vulndb", "update").line.startswith("deckwatch: which ecosystems? ")


def test_import_and_status(cli: Cli, home: Path) -> None:
    ran = cli("vulndb", "import", DATA / "db")
    assert (ran.status, ran.out) == (0, "")
    assert "deckwatch: Debian: 49 of 49 records taken\n" in ran.err
    kev = home / "kev.csv"
    kev.write_text("cveID,vendorProject\nCVE-2024-1000,x\n")
    assert cli("vulndb", "import", kev).status == 0
    lines = cli("vulndb", "status").out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["Debian", "PyPI", "npm", "kev"]
    assert "49 records  4 releases    2026-01-01, " in lines[0]
    assert lines[-1].endswith(" MB")
    found = json.loads(cli("vulndb", "status", "--format", "json").out)
    assert [(one["name"], one["records"], one["complete"]) for one in found["ecosystems"]] == [
        ("Debian", 49, True),
        ("PyPI", 48, True),
        ("npm", 7, True),
    ]
    assert found["ecosystems"][0]["releases"]["Debian:11"] == 16
    assert [(one["name"], one["entries"]) for one in found["lists"]] == [("kev", 1)]


def test_single_records_are_marked(cli: Cli, home: Path) -> None:
    path = home / "one.json"
    path.write_text(json.dumps(record("PYSEC-1", affects("PyPI", "example", since()))))
    cli("vulndb", "import", path)
    assert "single records only" in cli("vulndb").out


def test_update(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        path = archive(home, "PyPI", [record("PYSEC-1", affects("PyPI", "example", since()))])
        server.files["/PyPI/all.zip"] = path.read_bytes()
        ran = cli("vulndb", "update", "pypi", "--mirror", server.url)
        assert (ran.status, ran.out) == (0, "")
        monkeypatch.setenv("DECKWATCH_VULNDB_URL", server.url)
        ran = cli("vulndb", "update")
        assert "deckwatch: PyPI: nothing newer\n" in ran.err
        ran = cli("vulndb", "update", "PyPI", "npm")
        assert ran.status == 3
        assert "npm: " in ran.err
        assert "wrote " in ran.err
        ran = cli("vulndb", "update", "npm")
        assert ran.status == 3
        assert ran.err.endswith("deckwatch: nothing could be fetched; the database is as it was\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["status", "x"], "unexpected argument 'x'"),
        (["import"], "which files?"),
        (["import", "/nonexistent"], "cannot read /nonexistent"),
        (["update", "Arch"], "unknown ecosystem 'Arch'; there are: Debian, "),
        (["update", "PyPI", "--mirror", "http://example.org"], "only https://"),
        (["fetch"], "fetch"),
        (["--format", "xml"], "xml"),
    ],
)
def test_mistakes(cli: Cli, words: list[str], message: str) -> None:
    ran = cli("vulndb", *words)
    assert ran.status == 2
    assert message in ran.line


def test_a_damaged_database_is_said(cli: Cli, home: Path) -> None:
    path = home / "data" / "deckwatch" / "vulnerabilities.sqlite"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"junk" * 1000)
    ran = cli("vulndb")
    assert ran.status == 2
    assert "make a new one: deckwatch vulndb import" in ran.line


def test_hostile_names_reach_no_terminal(cli: Cli, home: Path) -> None:
    folder = home / "a\x1b[31mb" / "PyPI"
    folder.mkdir(parents=True)
    entry = {"package": {"ecosystem": "PyPI\x1b[2J", "name": "x"}, "ranges": [], "versions": ["1"]}
    (folder / "x.json").write_text(
        json.dumps(record("PYSEC-1\x1b]0;x\x07", affects("PyPI", "example", since()), entry))
    )
    ran = cli("vulndb", "import", folder)
    shown = ran.out + ran.err + cli("vulndb").out
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_options_may_come_before_what_they_are_for(cli: Cli, home: Path) -> None:
    assert cli("vulndb", "import", "--whole", DATA / "db").status == 0
    ran = cli("vulndb", "update", "--mirror", "http://127.0.0.1:1", "--accept-fewer", "Debian")
    assert (ran.status, "refuses the connection" in ran.err) == (3, True)
    assert "did you mean Debian?" in cli("vulndb", "update", "Debain").line


def test_a_home_that_cannot_be_searched(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HOME=/root as another user: su -m, sudo -E, cron. Root may search everything, so the system refuses by hand."""
    sealed = home / "sealed"
    for name, below in (("HOME", ""), ("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache")):
        monkeypatch.setenv(name, str(sealed / below))
    system = os.stat

    def refusing(path: Any, *args: Any, **named: Any) -> os.stat_result:
        if not isinstance(path, int) and os.fsdecode(path).startswith(str(sealed)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return system(path, *args, **named)

    monkeypatch.setattr(os, "stat", refusing)
    ran = cli("vulndb")
    assert ran.status == 0 and "cannot be read: Permission denied; it counts as absent" in ran.err
    assert cli("scan", "--demo", "--fail-on", "none").status == 0
    assert cli("tables").status == 0
    assert not worthwhile(AnalysisOptions())
    with pytest.raises(RecordsError, match="cannot be read: Permission denied"):
        Database.open(sealed / "vulnerabilities.sqlite")
