"""Everything that a person can get wrong: the exit status, and one line that says what and what to do."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from lab.fake_engine import Answer
from tests.cli.running import Cli, engine


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--asci", "unknown option --asci; did you mean --ascii?"),
        ("--no-colour", "unknown option --no-colour; did you mean --no-color?"),
        ("--asc", "unknown option --asc"),
        ("-x", "unknown option -x"),
        ("--format json", "unknown option --format here; it belongs to 'deckwatch scan'"),
        ("--include-secrets", "it belongs to 'deckwatch capture'"),
        ("scan --theme mono", "it belongs to 'deckwatch'"),
        ("--theme drak", "--theme: 'drak' is not one of colour, light, ansi16, mono"),
        ("--theme", "--theme: expected one argument"),
        ("--refresh never", "--refresh: 'never' is not a number of seconds"),
        ("--refresh -1", "--refresh: '-1' is not a number of seconds"),
        ("--refresh nan", "--refresh: 'nan' is not a number of seconds"),
        ("--allow-actions", "unknown option --allow-actions"),
        ("scan --manifests x", "--manifests x cannot be read: No such file or directory"),
        ("scan --kubeconfig x", "--kubeconfig x cannot be read: No such file or directory"),
        ("scna", "unknown command 'scna'; did you mean scan?"),
        (
            "attest x",
            "unknown command 'attest'; commands: "
            "scan, capture, diff, fix, verify, sbom, init, checks, tables, vulndb, completion",
        ),
        ("--demo scan", "put the command first: deckwatch scan"),
        ("--demo extra", "unexpected argument 'extra'"),
        ("scan extra", "unexpected argument 'extra'"),
        ("scan --deeply", "unknown option --deeply; did you mean --deep?"),
        (
            "scan --deep --demo",
            "--deep looks into images here; it cannot be combined with --from, --demo or --manifests",
        ),
        ("scan --deep al", "'al' is not one of running, all; did you mean all?"),
        ("scan --formt json", "unknown option --formt; did you mean --format?"),
        (
            "scan --format jsn",
            "'jsn' is not one of html, json, junit, markdown, openmetrics, sarif, table; did you mean json?",
        ),
        ("scan --format htm", "'htm' is not one of"),
        ("scan --fail-on hihg", "'hihg' is not one of critical, high, medium, low, info, none; did you mean high?"),
        ("scan --min-severity none", "'none' is not one of"),
        ("scan --only RUN-01 --demo", "--only: no domain or check is called 'RUN-01'; did you mean RUN-0"),
        ("scan --only images,netwrok", "--only: no domain or check is called 'netwrok'; did you mean network?"),
        ("scan --skip XYZ-*", "--skip: no domain or check is called 'XYZ-*'"),
        ("scan --demo --from x", "--from and --demo cannot be combined"),
        ("scan --host a --demo", "--host and --demo cannot be combined"),
        ("scan --host a --no-docker", "--host and --no-docker cannot be combined"),
        (
            "scan --no-docker --no-kubernetes",
            "--no-docker and --no-kubernetes leave nothing to look at; add --from BUNDLE or --demo",
        ),
        ("scan --context a --no-kubernetes", "--context and --no-kubernetes cannot be combined; choose one of them"),
        ("scan --context a --demo", "--context and --demo cannot be combined; choose one of them"),
        ("scan --demo -n x", "--namespace and --demo cannot be combined; choose one of them"),
        ("scan --host htp://x", "unknown scheme 'htp', expected unix://, tcp:// or ssh://"),
        ("scan --host tcp://", "expected a URL"),
        ("scan --host nowhere", "no docker context 'nowhere'"),
        ("scan --from missing.bundle", "missing.bundle cannot be read: No such file or directory"),
        ("scan --from .", "cannot be read: Is a directory"),
        ("scan --config missing.toml", "missing.toml: cannot be read: No such file or directory"),
        ("scan --baseline missing.json", "--baseline missing.json cannot be read: No such file or directory"),
        ("capture", "the following arguments are required: -o/--output"),
        ("capture --otput x", "unknown option --otput; did you mean --output?"),
        ("capture --demo -o x", "--from and --demo are recordings already"),
        ("capture -o .", "is a directory"),
        ("diff a", "the following arguments are required: NEW"),
        ("diff a b", "a cannot be read: No such file or directory"),
        ("checks lst", "'lst' is not one of list, show; did you mean list?"),
        ("checks show", "which check?"),
        ("checks show RUN-01", "no check is called 'RUN-01'; did you mean RUN-0"),
        ("checks list RUN-001", "deckwatch checks show RUN-001"),
        ("verify", "which image?"),
        ("sbom", "the following arguments are required: IMAGE|FILE"),
        ("vulndb updat", "'updat' is not one of status, import, update; did you mean update?"),
        ("completion", "the following arguments are required: shell"),
        ("completion zhs", "'zhs' is not one of bash, zsh, fish; did you mean zsh?"),
    ],
)
def test_wrong_usage(cli: Cli, words: str, said: str) -> None:
    ran = cli(*words.split())
    assert said in ran.line
    assert (ran.status, ran.out) == (2, "")


def test_a_broken_configuration_names_file_and_line(cli: Cli) -> None:
    (cli.folder / "deckwatch.toml").write_text("[trust]\n\nregistres = []\n")
    for words in (("scan",), ("--plain",), ("diff", "a", "b")):
        ran = cli(*words)
        assert ran.status == 2
        assert f"{cli.folder}/deckwatch.toml:3: unknown key 'registres'; did you mean registries?" in ran.line


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty", b"", "no bundle"),
        ("text", b"hello", "is no bundle: not a gzip file"),
        ("short", b"\x1f\x8b\x08\x00", "damaged or cut short"),
    ],
)
def test_files_that_are_no_bundles(cli: Cli, name: str, content: bytes, said: str) -> None:
    (cli.folder / name).write_bytes(content)
    ran = cli("scan", "--from", name)
    assert ran.status == 2
    assert f"{name}: " in ran.line
    assert said in ran.line or "cut short" in ran.line


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"schema": "deckwatch.scan/1"}', "\ud800".encode("utf-8", "surrogatepass")]
)
def test_files_that_are_no_baseline(cli: Cli, content: str | bytes) -> None:
    (cli.folder / "old.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = cli("scan", "--baseline", "old.json")
    assert ran.status == 2
    assert "expected what 'deckwatch scan --format json' writes" in ran.line


def test_no_engine_says_what_was_tried(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from inventory.sources.docker import endpoints
    from inventory.sources.docker.endpoint import Endpoint

    empty = endpoints.Surroundings({}, cli.folder, 12345)
    places = tuple(Endpoint(f"unix://{cli.folder}/{name}") for name in ("docker.sock", "podman.sock"))
    monkeypatch.setattr(endpoints.Surroundings, "real", lambda: empty)
    monkeypatch.setattr(endpoints, "usual", lambda around: places)
    ran = cli("scan")
    assert ran.status == 3
    assert f"no socket at {cli.folder}/docker.sock, {cli.folder}/podman.sock" in ran.line
    assert ran.line.endswith("to look around without one add --demo")


def test_an_engine_that_is_not_there(cli: Cli) -> None:
    ran = cli("scan", "--host", f"unix://{cli.folder}/none.sock")
    assert ran.status == 3
    assert f"{cli.folder}/none.sock: no such socket" in ran.line


def test_a_socket_where_nobody_listens(cli: Cli) -> None:
    path = cli.folder / "dead.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    ran = cli("scan", "--host", f"unix://{path}")
    assert ran.status == 3
    assert "nobody listens" in ran.line


def test_a_tcp_port_where_nobody_listens(cli: Cli) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ran = cli("scan", "--host", f"tcp://127.0.0.1:{port}")
    assert ran.status == 3
    assert f"127.0.0.1:{port}" in ran.line


def test_no_permission_on_the_socket(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may open every socket, so the refusal is made where the system would make it."""
    path = cli.folder / "docker.sock"
    path.touch()

    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    ran = cli("scan", "--host", f"unix://{path}")
    assert ran.status == 3
    assert "permission denied" in ran.line
    assert "usermod -aG docker" in ran.line


def test_something_else_that_listens(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        fake.everything = Answer.text("not an engine \x1b[2J", 404)
        ran = cli("scan", "--host", fake.url)
    assert ran.status == 3
    assert "\x1b" not in ran.line


def test_control_characters_in_arguments_are_spelt_out(cli: Cli) -> None:
    ran = cli("scan", "--from", "a\x1b[2Jb\u202ec")
    assert r"a\x1b[2Jb\u202ec cannot be read" in ran.line


def test_output_that_cannot_be_written(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        for target, said in (("missing/x.json", "No such file"), (".", "Is a directory")):
            ran = cli("scan", "--host", fake.url, "-o", target)
            assert (ran.status, said in ran.line) == (2, True), ran
    assert sorted(os.listdir(cli.folder)) == []


def test_a_fault_of_the_program_is_told_without_control_characters(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("evil \x1b[2J name")

    monkeypatch.setattr("tui.collect.collect", broken)
    ran = cli("scan", "--demo")
    assert ran.status == 70
    assert "\x1b" not in ran.err
    assert r"evil \x1b[2J name" in ran.err
    assert "please report it" in ran.err.splitlines()[-1]


def test_interrupted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tui.collect.collect", stop)
    ran = cli("scan", "--demo")
    assert (ran.status, ran.out, ran.err) == (130, "", "")


def test_the_demo_that_is_missing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.sources.bundle.replay.DEMO", "other.bundle")
    ran = cli("scan", "--demo")
    assert ran.status == 2
    assert "lacks the recorded demo host" in ran.line


def test_where_the_bad_file_is(cli: Cli) -> None:
    path = Path("deckwatch.toml")
    path.write_bytes(b"[ui]\nascii = tru\n")
    assert cli("scan").line.startswith(f"deckwatch: {cli.folder / path}:2: is not TOML")


@pytest.mark.parametrize(
    ("name", "said"), [("missing", "No such file"), ("text", "not a gzip file"), (".", "Is a directory")]
)
def test_the_explorer_looks_at_the_file_before_it_takes_the_screen(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.setattr("tui.cli.explore._screen", lambda: True)
    (cli.folder / "text").write_text("hello")
    ran = cli("--from", name)
    assert ran.status == 2
    assert said in ran.line
