"""The tables of versions: fetched from a server, imported from files, laid over those of the program."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from checks.data import lifetimes, runc
from checks.data.published import product, record, vulnerabilities
from checks.data.updates import SHIPPED, Ending, Record, Tables, advisories, engine_ends, lifetime
from checks.policy import Policy
from checks.verdict import Outcome
from checks.versions import parse_version
from inventory.engine import Engine
from tests.checks.builders import engine
from tests.checks.cases import Case, judge
from tui.cli import main
from tui.tables import SCHEMA, TablesError, fetched, imported, over_https, stored, written

LATER = date(2026, 11, 1)
GO_RUNC: dict[str, Any] = {
    "schema_version": "1.3.1",
    "id": "GO-2024-2491",
    "aliases": ["CVE-2024-21626", "GHSA-xr7r-f8xq-vfvv"],
    "summary": "Container breakout through process.cwd trickery and leaked fds\nin runc",
    "affected": [
        {
            "package": {"name": "github.com/opencontainers/runc", "ecosystem": "Go"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0.0-rc93"}, {"fixed": "1.1.13"}]}],
        },
        {
            "package": {"name": "github.com/example/other"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
        },
    ],
}
GO_NEW: dict[str, Any] = {
    "id": "GO-2026-9001",
    "aliases": ["CVE-2026-90001"],
    "summary": "a new one",
    "affected": [
        {
            "package": {"name": "github.com/opencontainers/runc"},
            "ranges": [
                {
                    "type": "SEMVER",
                    "events": [{"fixed": "1.9.1"}, {"introduced": "1.8.0"}, {"introduced": "0"}, {"fixed": "1.1.1"}],
                }
            ],
        }
    ],
}
GO_DOCKER: dict[str, Any] = {
    "id": "GO-2026-9002",
    "aliases": [],
    "affected": [
        {
            "package": {"name": "github.com/docker/docker"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "29.9.0+incompatible"}]}],
        }
    ],
}
GONE = {**GO_NEW, "id": "GO-2020-1", "aliases": [], "withdrawn": "2026-01-01T00:00:00Z"}
DEBIAN = [
    {"cycle": "13", "eol": "2028-08-09", "extendedSupport": "2030-06-30", "lts": False},
    {"cycle": "14", "eol": False},
]
DOCKER = [{"cycle": "29", "eol": "2027-01-01"}, {"cycle": "30", "eol": False}, {"cycle": "25.0", "eol": "2026-12-04"}]


def _raw(document: Any) -> bytes:
    return json.dumps(document).encode()


def _server(answers: Mapping[str, bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


PRODUCTS = ("alpine", "almalinux", "amazon-linux", "fedora", "rhel", "rocky-linux", "ubuntu")


@pytest.fixture
def mirror() -> Iterator[str]:
    """A server with the paths of the public ones."""
    index = [
        {"path": "github.com/opencontainers/runc", "vulns": [{"id": "GO-2024-2491"}, {"id": "GO-2026-9001"}]},
        {"path": "github.com/docker/docker", "vulns": [{"id": "GO-2026-9002"}]},
        {"path": "github.com/example/other", "vulns": [{"id": "GO-2099-1"}]},
    ]
    answers = {
        "/index/modules.json": _raw(index),
        "/api/debian.json": _raw(DEBIAN),
        "/api/docker-engine.json": _raw(DOCKER),
    }
    answers |= {f"/ID/{found['id']}.json": _raw(found) for found in (GO_RUNC, GO_NEW, GO_DOCKER)}
    answers |= {f"/api/{name}.json": b"[]" for name in PRODUCTS}
    yield from _server(answers)


def test_everything_is_fetched(mirror: str) -> None:
    found = fetched(SHIPPED, over_https(mirror), LATER, lambda _: None)
    assert [one.id for one in found.records["runc"]] == ["GO-2024-2491", "GO-2026-9001"]
    assert found.records["docker-engine"][0].ranges == ("..29.9.0",)
    assert found.endings["Debian"]["13"] == Ending(date(2030, 6, 30))
    assert found.dates["runc"] == LATER
    assert found.dates["docker-engine-releases"] == LATER


def test_half_a_database_is_not_taken(mirror: str) -> None:
    """A record that is missing must not look like one that does not exist."""

    def fetch(url: str) -> bytes:
        if "GO-2026-9001" in url:
            raise TablesError(f"{url}: 404")
        return over_https(mirror)(url)

    with pytest.raises(TablesError, match="GO-2026-9001"):
        fetched(SHIPPED, fetch, LATER, lambda _: None)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "ftp://example.com/x", "http://127.0.0.1:1"])
def test_an_unreachable_server_is_named(url: str) -> None:
    with pytest.raises(TablesError, match=r"127\.0\.0\.1:1|expected https"):
        over_https(url)("https://vuln.go.dev/index/modules.json")


def test_a_known_vulnerability_takes_the_newer_ranges_and_keeps_its_words() -> None:
    records = tuple(found for _, found in record(_raw(GO_RUNC)) if found)
    merged, made = advisories("runc", runc.ADVISORIES, runc.TABLE_DATE, Tables({"runc": LATER}, {"runc": records}))
    assert made == LATER
    entry = next(entry for entry in merged if entry.id == "CVE-2024-21626")
    shipped = next(entry for entry in runc.ADVISORIES if entry.id == "CVE-2024-21626")
    assert (entry.what, entry.severity) == (shipped.what, shipped.severity)
    version = parse_version("1.1.12")
    assert version is not None
    assert entry.affects(version)
    assert not shipped.affects(version)
    assert len(merged) == len(runc.ADVISORIES)


def test_a_new_vulnerability_is_for_a_person_to_confirm() -> None:
    _, found = next(record(_raw(GO_NEW)))
    assert found is not None
    assert found.ranges == ("..1.1.1", "1.8.0..1.9.1")
    tables = Tables({"runc": LATER}, {"runc": (found,)})
    subject = engine(components={"runc": "1.8.3"})
    result = judge(Case("RUN-063", subject, Outcome.MANUAL, policy=Policy(tables=tables)))
    assert result.outcome is Outcome.MANUAL
    assert "CVE-2026-90001" in result.message


def test_a_withdrawn_record_is_none() -> None:
    assert list(record(_raw(GONE))) == [("runc", None)]


def test_older_tables_than_the_shipped_are_left_alone() -> None:
    old = Tables({"runc": date(2020, 1, 1)}, {"runc": ()}, {})
    assert advisories("runc", runc.ADVISORIES, runc.TABLE_DATE, old) == (tuple(runc.ADVISORIES), runc.TABLE_DATE)


def _engine_29(**changes: Any) -> Engine:
    return engine("info-hardened", version="29.1.0", **changes)


def test_ends_of_life_are_taken() -> None:
    endings = {
        "docker-engine-releases": product("docker-engine", _raw(DOCKER)),
        "Debian": product("debian", _raw(DEBIAN)),
    }
    tables = Tables(dict.fromkeys(("docker-engine-releases", "Debian"), LATER), {}, endings)
    ends, made = engine_ends(lifetimes.DOCKER_ENGINE, lifetimes.TABLE_DATE, tables)
    assert (ends[29], ends[30], ends[25], made) == (date(2027, 1, 1), None, date(2026, 12, 4), LATER)
    assert ends[24] == lifetimes.DOCKER_ENGINE[24]
    shipped = lifetimes.Lifetime(date(2030, 6, 30), date(2035, 6, 30))
    assert lifetime("Debian", "13", shipped, lifetimes.TABLE_DATE, tables) == (shipped, LATER)
    assert lifetime("Debian", "14", None, lifetimes.TABLE_DATE, tables)[0] is None
    result = judge(Case("DMN-018", _engine_29(), Outcome.MANUAL, policy=Policy(tables=tables)))
    assert "2027-01-01" in " ".join(evidence.value for evidence in result.evidence) + result.message


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"[]", b"{}", b'{"id": 5}', b"\xff\xfe", b'{"id":"x","affected":[5]}', b"[" * 5000]
)
def test_odd_records_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="not an OSV record"):
        list(record(raw))


@pytest.mark.parametrize("raw", [b"", b"{}", b'[{"eol": 1}]', b'[{"cycle": "1", "eol": "soon"}]'])
def test_odd_products_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="not the releases"):
        product("debian", raw)


def test_an_odd_index_is_refused() -> None:
    with pytest.raises(ValueError, match="index"):
        list(vulnerabilities(b"{}"))


def test_files_are_imported(tmp_path: Path) -> None:
    (tmp_path / "GO-2024-2491.json").write_bytes(_raw(GO_RUNC))
    (tmp_path / "debian.json").write_bytes(_raw(DEBIAN))
    tables, said = imported(SHIPPED, sorted(tmp_path.iterdir()), LATER)
    assert tables.dates == {"runc": LATER, "Debian": LATER}
    assert said == ["debian.json: 2 releases of debian", "runc: 1 vulnerabilities"]


def test_what_is_written_can_be_read_again(tmp_path: Path) -> None:
    records = (Record("GO-1", ("CVE-1",), "x", ("1.0.0..2.0.0", "3.0.0..")),)
    tables = Tables({"runc": LATER}, {"runc": records}, {"Debian": {"13": Ending(date(2030, 6, 30), None)}})
    path = tmp_path / "tables.json"
    path.write_text(written(tables))
    assert stored(path) == tables
    assert stored(tmp_path / "absent") == SHIPPED


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "other", "tables": {}}', '{"schema": "deckwatch.tables/1"}'])
def test_a_broken_file_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tables.json"
    path.write_text(text)
    with pytest.raises(TablesError, match=r"tables\.json"):
        stored(path)


def test_the_command_updates_and_shows(
    mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(["tables"]) == 0
    assert "shipped" in capsys.readouterr().out
    assert main(["tables", "update", "--mirror", mirror]) == 0
    assert json.loads((tmp_path / "deckwatch" / "tables.json").read_text())["schema"] == SCHEMA
    capsys.readouterr()
    assert main(["tables", "status"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "fetched" in lines["runc"]
    assert "2 vulnerabilities" in lines["runc"]
    assert "shipped" in lines["kernel"]


def test_the_command_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(["tables", "import"]) == 2
    assert "which files?" in capsys.readouterr().err
    assert main(["tables", "import", str(tmp_path / "absent.json")]) == 2
    assert "absent.json" in capsys.readouterr().err
    assert main(["tables", "updat"]) == 2
    assert "update" in capsys.readouterr().err
    assert main(["tables", "update", "--mirror", "http://127.0.0.1:1"]) == 2
    assert not (tmp_path / "deckwatch" / "tables.json").exists()


def test_scan_goes_on_without_a_broken_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deckwatch").mkdir()
    (tmp_path / "deckwatch" / "tables.json").write_text("{")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["scan", "--demo", "--format", "json", "--fail-on", "none", "-o", str(tmp_path / "out.json")]) == 0
    assert "fetched tables left out" in capsys.readouterr().err
