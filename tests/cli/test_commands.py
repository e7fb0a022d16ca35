"""The commands, from the arguments to what is written, against an engine that replays."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checks.report import formats
from lab.fake_engine import Answer
from lab.synthetic import container_id, list_entry
from tests.cli.running import MAIN, Cli, engine, process
from tui.version import VERSION


def scanned(cli: Cli, *words: str | Path) -> dict[str, Any]:
    ran = cli("scan", "--format", "json", "--fail-on", "none", *words)
    assert (ran.status, ran.err) == (0, ""), ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_scan_as_json(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        report = scanned(cli, "--host", fake.url)
        assert fake.methods <= {"GET", "HEAD"}
    assert report["summary"]["resources"]["container"] == 3
    assert [source["status"] for source in report["sources"]] == ["ok"]
    assert report["sources"][0]["target"] == fake.url
    names = {item["resource"]["name"] for item in report["results"] if item["resource"]["kind"] == "container"}
    assert names == {"app-00000", "app-00001", "app-00002"}


def test_the_exit_status(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        report = scanned(cli, "--host", fake.url)
        worst = next(word for word, count in report["summary"]["fail_by_severity"].items() if count)
        order = ["critical", "high", "medium", "low", "info"]
        for word in order:
            expected = 1 if order.index(word) >= order.index(worst) else 0
            assert cli("scan", "--host", fake.url, "--fail-on", word).status == expected
        assert (
            cli(
                "scan", "--host", fake.url, "--fail-on", worst, "--skip", "runtime,images,network,monitoring,host"
            ).status
            == 0
        )
        assert cli("scan", "--host", fake.url, "--fail-on", "none").status == 0


def test_only_skip_and_all(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        host = ("--host", fake.url)
        assert {item["domain"] for item in scanned(cli, *host, "--only", "images", "network")["results"]} <= {
            "images",
            "network",
        }
        one = scanned(cli, *host, "--only", "RUN-001", "--all")
        assert {item["check"] for item in one["results"]} == {"RUN-001"}
        assert sum(one["summary"]["verdicts"].values()) == 3
        assert all(item["domain"] != "images" for item in scanned(cli, *host, "--skip", "images")["results"])


def test_the_baseline_of_a_scan(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        host = ("--host", fake.url)
        assert cli("scan", *host, "--format", "json", "--fail-on", "none", "-o", "old.json").status == 0
        assert scanned(cli, *host, "--baseline", "old.json")["results"] == []
        assert cli("scan", *host, "--baseline", "old.json", "--fail-on", "info").status == 0
        plain = cli("scan", *host, "--baseline", "old.json")
        assert re.search(r"nothing new since 20\S+Z; [1-9]\d* known findings not shown", plain.out)
        assert plain.out.startswith("Nothing new to report.\n")
        fake.routes["/containers/json"] = Answer.json([list_entry(0)])
        fake.routes["/info"] = Answer.json({**json.loads(fake.routes["/info"].body), "LiveRestoreEnabled": False})
        assert cli("scan", *host, "--baseline", "old.json").err == ""


def test_a_container_that_came_since_the_baseline(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        host = ("--host", fake.url)
        fake.routes["/containers/json"] = Answer.json([list_entry(0), list_entry(1)])
        assert cli("scan", *host, "--format", "json", "--fail-on", "none", "-o", "old.json").status == 0
        fake.routes["/containers/json"] = Answer.json([list_entry(0), list_entry(1), list_entry(2)])
        found = scanned(cli, *host, "--baseline", "old.json")
    (news,) = (item for item in found["results"] if item["check"] == "CMB-008")
    assert news["verdict"] in ("fail", "manual")
    assert [item["value"][:9] for item in news["evidence"] if item["path"] == "new container"] == ["app-00002"]
    others = {item["resource"]["name"] for item in found["results"] if item["resource"]["kind"] == "container"}
    assert others == {"app-00002"}


def test_verbose(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        short = cli("scan", "--host", fake.url, "--fail-on", "none").out
        long = cli("scan", "--host", fake.url, "--fail-on", "none", "--verbose").out
    assert "     fix: " in long
    assert "     fix: " not in short
    assert len(short.splitlines()) < len(long.splitlines()) / 2


def test_a_partial_reading_is_reported_and_does_not_fail(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        fake.routes["/images/json"] = Answer.json({"message": "no"}, 403)
        ran = cli("scan", "--host", fake.url, "--format", "json", "--fail-on", "none")
    report = json.loads(ran.out)
    assert ran.status == 0
    assert report["sources"][0]["status"] == "degraded"
    assert "image" in report["sources"][0]["detail"]
    assert "image" not in report["summary"]["resources"]
    assert "degraded" in ran.line
    assert any(item["verdict"] == "unknown" for item in report["results"])


def test_two_engines_one_dead(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        dead = f"unix://{cli.folder}/dead.sock"
        ran = cli("scan", "--host", fake.url, "--host", dead, "--format", "json", "--fail-on", "none")
    report = json.loads(ran.out)
    assert ran.status == 0
    assert {source["target"]: source["status"] for source in report["sources"]} == {fake.url: "ok", dead: "unreachable"}
    assert {item["resource"]["source"] for item in report["results"]} == {fake.url}


def test_capture_then_look_at_it(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        live = scanned(cli, "--host", fake.url)
        ran = cli("capture", "--host", fake.url, "-o", "a.bundle")
        assert fake.methods <= {"GET", "HEAD"}
    assert (ran.status, ran.out) == (0, "")
    assert "wrote a.bundle" in ran.line
    assert stat.S_IMODE(Path("a.bundle").stat().st_mode) == 0o600
    report = scanned(cli, "--from", "a.bundle")
    assert report["sources"][0]["kind"] == "bundle"
    assert report["sources"][0]["target"] == "a.bundle"
    assert fake.url in report["sources"][0]["detail"]
    assert told(report) == told(live)


def told(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    """All verdicts, but for what is to be said of another moment, and how to look into an image that is not here."""
    return {
        (item["fingerprint"], item["verdict"], re.sub(r"not read yet: .*|\d+ s apart", "", item["message"]))
        for item in report["results"]
    }


def test_details_are_in_the_capture(cli: Cli) -> None:
    from inventory.sources.bundle.replay import open_bundle

    with engine(cli.folder) as fake:
        cli("capture", "--host", fake.url, "-o", "a.bundle")
    transport = open_bundle(Path("a.bundle")).transport("docker")
    name = f"/v1.41/containers/{container_id(1)}"
    assert transport.get(f"{name}/logs?stdout=1&follow=1&tail=5", deadline=1).body.endswith(b"hello\n")
    assert b"".join(transport.stream(f"{name}/logs?follow=1", deadline=1)).endswith(b"hello\n")
    for part in ("top", "stats?stream=false&one-shot=true", "changes"):
        assert transport.get(f"{name}/{part}", deadline=1).status == 200


def test_capture_of_nothing(cli: Cli) -> None:
    ran = cli("capture", "--host", f"unix://{cli.folder}/none.sock", "-o", "a.bundle")
    assert ran.status == 3
    assert "no such socket" in ran.line
    assert not Path("a.bundle").exists()


def test_capture_where_nothing_can_be_written(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        ran = cli("capture", "--host", fake.url, "-o", "missing/a.bundle")
    assert ran.status == 2
    assert "cannot write missing/a.bundle: No such file" in ran.line


def test_diff(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        cli("capture", "--host", fake.url, "-o", "a.bundle")
        inspect = f"/containers/{container_id(0)}/json"
        body = json.loads(fake.routes[inspect].body)
        body["HostConfig"]["Privileged"] = True
        fake.routes[inspect] = Answer.json(body)
        fake.routes["/containers/json"] = Answer.json([list_entry(0), list_entry(1)])
        cli("capture", "--host", fake.url, "-o", "b.bundle")
    same = cli("diff", "a.bundle", "a.bundle")
    assert (same.status, same.out, same.err) == (0, "No difference.\n", "")
    ran = cli("diff", "a.bundle", "b.bundle")
    assert ran.status == 0
    assert "+ C RUN-001  container app-00000" in ran.out
    assert "- container app-00002" in ran.out
    assert "~ container app-00000: privileged False -> True" in ran.out
    assert cli("diff", "a.bundle", "b.bundle", "--fail-on", "critical").status == 1
    assert cli("diff", "b.bundle", "a.bundle", "--fail-on", "critical").status == 0
    document = json.loads(cli("diff", "a.bundle", "b.bundle", "--format", "json").out)
    assert document["schema"] == "deckwatch.diff/1"
    assert [item["name"] for item in document["resources"]["removed"]] == ["app-00002"]
    assert "RUN-001" in {item["check"] for item in document["results"]["new"]}


def test_what_can_no_longer_be_read_is_not_fixed(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        cli("capture", "--host", fake.url, "-o", "a.bundle")
        fake.routes["/containers/json"] = Answer.json({"message": "no"}, 403)
        cli("capture", "--host", fake.url, "-o", "b.bundle")
    document = json.loads(cli("diff", "a.bundle", "b.bundle", "--format", "json").out)
    assert document["resources"]["removed"] == []
    assert [item for item in document["results"]["fixed"] if item["resource"]["kind"] == "container"] == []
    assert [item for item in document["results"]["unclear"] if item["resource"]["kind"] == "container"] != []


def test_the_configuration_counts(cli: Cli) -> None:
    (cli.folder / "deckwatch.toml").write_text('[[waiver]]\ncheck = "*"\nresource = "*"\nreason = "a lab"\n')
    with engine(cli.folder) as fake:
        report = scanned(cli, "--host", fake.url)
        assert cli("scan", "--host", fake.url, "--fail-on", "info").status == 0
    assert report["summary"]["verdicts"]["fail"] == 0
    assert {item["waiver"]["reason"] for item in report["results"] if item["verdict"] == "waived"} == {"a lab"}


def test_output_to_a_file_is_all_or_nothing(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        for name in formats.names():
            ran = cli("scan", "--host", fake.url, "--format", name, "-o", f"out.{name}", "--fail-on", "none")
            assert (ran.status, ran.out, ran.err) == (0, "", "")
            assert Path(f"out.{name}").read_text().endswith("\n")
        assert cli("scan", "--host", fake.url, "-o", "/dev/null", "--fail-on", "none").status == 0
        assert cli("scan", "--host", fake.url, "-o", "-", "--fail-on", "none").out
    assert json.loads(Path("out.sarif").read_text())["version"] == "2.1.0"
    assert not list(cli.folder.glob(".*"))


def test_checks(cli: Cli) -> None:
    listed = cli("checks").out
    assert listed == cli("checks", "list").out
    assert any(line.startswith("RUN-001  critical  runtime") for line in listed.splitlines())
    shown = cli("checks", "show", "run-001", "IMG-001")
    assert shown.status == 0
    for part in ("RUN-001", "IMG-001", "\nWhy\n", "\nWhen\n", "\nRemediation\n", "\nReferences\n"):
        assert part in shown.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(cli: Cli, shell: str) -> None:
    ran = cli("completion", shell)
    assert ran.status == 0
    for word in ("scan", "capture", "--min-severity", "--low-bandwidth"):
        assert word.lstrip("-") in ran.out


def test_completion_is_valid_bash(cli: Cli) -> None:
    script = cli("completion", "bash").out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=20)


def test_version_and_help(cli: Cli) -> None:
    assert cli("--version").out == f"deckwatch {VERSION}\n"
    for words in ((), ("scan",), ("capture",), ("diff",), ("checks",), ("completion",)):
        ran = cli(*words, "--help")
        assert (ran.status, ran.err) == (0, "")
        assert ran.out.startswith(f"usage: deckwatch{' ' if words else ''}{' '.join(words)}")
        assert ran.out.isascii()
        for later in ("allow-actions",):
            assert later not in ran.out
    assert "3  no source could be read" in cli("--help").out


def test_without_a_terminal_the_explorer_is_a_scan(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        ran = cli("--host", fake.url)
        assert ran.out.startswith("Source ")
        assert "no terminal" in ran.line
        assert ran.status == cli("scan", "--host", fake.url).status


# -- what only a process shows --------------------------------------------------------------------------------------


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    with engine(tmp_path) as fake:
        command = [sys.executable, "-c", MAIN, "scan", "--all", "--host", fake.url, "--fail-on", "none"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            running.stdout.close()
            assert running.stderr.read() == b""
            assert running.wait(60) == 0


def test_standard_output_closed_or_full(tmp_path: Path) -> None:
    with engine(tmp_path) as fake:
        call = f'"{sys.executable}" -c "import sys; from tui.cli import main; sys.exit(main())" scan --host {fake.url}'
        for redirection, said in ((">&-", "standard output is closed"), (">/dev/full", "No space left")):
            done = subprocess.run(
                ["sh", "-c", f"{call} {redirection}"], capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 2
            assert said in done.stderr
            assert done.stderr.count("\n") == 1
        silent = subprocess.run(
            ["sh", "-c", f"{call} --fail-on none 2>&-"], capture_output=True, timeout=60, check=False
        )
        assert silent.returncode == 0


def test_names_survive_a_terminal_without_unicode(tmp_path: Path) -> None:
    with engine(tmp_path) as fake:
        inspect = f"/containers/{container_id(0)}/json"
        body = json.loads(fake.routes[inspect].body)
        body["Name"] = "/b\u00fccher-\u6f22\x1b[2J"
        fake.routes[inspect] = Answer.json(body)
        ran = process(
            "scan", "--host", fake.url, "--fail-on", "none", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii:strict"}
        )
    assert (ran.status, ran.err) == (0, "")
    assert r"b\xfccher-\u6f22\x1b[2J" in ran.out


def loaded(tmp_path: Path, *words: str, env: dict[str, str] | None = None) -> set[str]:
    """The top-level modules that a command has imported by its end."""
    code = (
        "import sys, atexit, json\n"
        "names = lambda: sorted({name.partition('.')[0] for name in sys.modules})\n"
        "atexit.register(lambda: json.dump(names(), open('modules', 'w')))\n"
        "from tui.cli import main\n"
        "sys.exit(main())"
    )
    process(*words, cwd=tmp_path, code=code, env=env)
    found: set[str] = set(json.loads((tmp_path / "modules").read_text()))
    return found


HEAVY = {"textual", "rich", "docker", "kubernetes", "msgspec", "requests", "urllib3", "yaml", "cryptography", "shtab"}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["scan", "--help"], ["scan", "--nope"], ["scna"]])
def test_help_and_mistakes_load_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    assert loaded(tmp_path, *words) & (HEAVY | {"ssl", "http", "email", "asyncio"}) == set()


def test_a_scan_loads_no_screen_and_no_client(tmp_path: Path) -> None:
    with engine(tmp_path) as fake:
        found = loaded(tmp_path, "scan", "--host", fake.url)
    assert found & (HEAVY - {"msgspec"} | {"asyncio", "widgets"}) == set()


def test_a_scan_starts_no_process(tmp_path: Path) -> None:
    code = (
        "import sys, os\n"
        "births = ('os.fork', 'os.exec', 'subprocess.Popen', 'os.posix_spawn', 'os.system')\n"
        "sys.addaudithook(lambda event, args: event in births and os._exit(99))\n"
        "from tui.cli import main\n"
        "sys.exit(main())"
    )
    with engine(tmp_path) as fake:
        ran = process("scan", "--host", fake.url, "--fail-on", "none", cwd=tmp_path, code=code)
    assert (ran.status, ran.err) == (0, "")
