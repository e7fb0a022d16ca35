"""Clusters on the command line: which are meant, beside engines, and at no cost where there is none."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tui.clusters
from inventory.snapshot import Status
from inventory.sources.docker.endpoint import Endpoint
from tests.cli.running import Cli, engine, process
from tests.kubernetes.apiserver import ApiServer, Manner
from tui.boot import Boot
from tui.cli.dispatch import build
from tui.cli.explore import explorer_options
from tui.clusters import ClusterTarget, find, target_of
from tui.options import ClusterOptions, ExplorerOptions, Settings, SourceOptions
from tui.session import Session


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with ApiServer() as running:
        yield running


def scanned(cli: Cli, *words: str | Path) -> dict[str, Any]:
    ran = cli("scan", "--format", "json", "--fail-on", "none", *words)
    assert ran.status == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def kinds(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(source["kind"], source["status"]) for source in report["sources"]]


# -- which are meant -------------------------------------------------------------------------------------------------


def test_which_clusters_are_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, config = tmp_path / "home", tmp_path / "config"
    config.write_text("x", encoding="utf-8")
    nothing = {"HOME": str(home)}
    assert find(SourceOptions(), nothing) == ()
    assert find(SourceOptions(), {"KUBECONFIG": f"{tmp_path}/no:{config}"}) == (ClusterTarget("kubernetes"),)
    assert find(SourceOptions(kubernetes=False), {"KUBECONFIG": str(config)}) == ()
    (home / ".kube").mkdir(parents=True)
    (home / ".kube" / "config").touch()
    assert find(SourceOptions(), nothing) == ()  # an empty file names no cluster
    (home / ".kube" / "config").write_text("x", encoding="utf-8")
    assert find(SourceOptions(), nothing) == (ClusterTarget("kubernetes"),)
    named = SourceOptions(clusters=ClusterOptions(contexts=("a", "docker", "a")))
    assert find(named, nothing) == (ClusterTarget("a", "a"), ClusterTarget("docker (cluster)", "docker"))
    pod = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    assert find(SourceOptions(), pod) == ()
    monkeypatch.setattr(tui.clusters, "TOKEN", str(config))
    assert find(SourceOptions(), pod) == (ClusterTarget("kubernetes", "in-cluster"),)


@pytest.mark.parametrize(
    ("words", "docker", "kubernetes"),
    [
        ("", True, True),
        ("--host unix:///x", True, False),
        ("--no-docker", False, True),
        ("--no-kubernetes", True, False),
        ("--context admin", False, True),
        ("--context admin --host unix:///x", True, True),
        ("--kubeconfig config", False, True),
    ],
)
def test_what_is_looked_for(cli: Cli, server: ApiServer, words: str, docker: bool, kubernetes: bool) -> None:
    server.kubeconfig(cli.folder / "config")
    (cli.folder / ".kube").mkdir()
    server.kubeconfig(cli.folder / ".kube" / "config")
    sources = options(words).sources
    assert (sources.docker, sources.kubernetes) == (docker, kubernetes)


def options(words: str) -> ExplorerOptions:
    command, parser = build("")
    args, _ = parser.parse(words.split())
    assert command.add_arguments is not None
    return explorer_options(args)


def test_the_configuration_says_what_the_command_line_does_not(cli: Cli, server: ApiServer) -> None:
    (cli.folder / ".kube").mkdir()
    server.kubeconfig(cli.folder / ".kube" / "config")
    text = (
        '[kubernetes]\ncontexts = ["viewer"]\nnamespaces = ["prod"]\nread_tls_secrets = true\nkubelet_config = true\n'
    )
    (cli.folder / "deckwatch.toml").write_text(text, encoding="utf-8")
    assert options("").sources.clusters == ClusterOptions(None, ("viewer",), ("prod",), True, True)
    asked = options("--context admin -n staging").sources.clusters
    assert (asked.contexts, asked.namespaces, asked.read_tls_secrets) == (("admin",), ("staging",), True)
    (cli.folder / "deckwatch.toml").write_text('[kubernetes]\ncontexts = ["viwer"]\n', encoding="utf-8")
    assert "[kubernetes] contexts: the kubeconfig has no context 'viwer'; did you mean viewer?" in cli("scan").line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contexts = 'a'", "'contexts' must be a list of strings, not a string"),
        ("context = ['a']", "unknown key 'context'; did you mean contexts?"),
        ("read_tls_secrets = 1", "'read_tls_secrets' must be true or false, not a number"),
    ],
)
def test_mistakes_in_the_configuration(cli: Cli, text: str, said: str) -> None:
    (cli.folder / "deckwatch.toml").write_text(f"[kubernetes]\n{text}\n", encoding="utf-8")
    assert cli("scan").line.endswith(f"deckwatch.toml:2: {said}")


def test_a_context_that_is_not_there(cli: Cli, server: ApiServer) -> None:
    config = server.kubeconfig(cli.folder / "config")
    ran = cli("scan", "--kubeconfig", config, "--context", "viewr")
    assert (ran.status, ran.line) == (
        2,
        "deckwatch: --context: the kubeconfig has no context 'viewr'; did you mean viewer?",
    )
    ran = cli("scan", "--context", "x")
    assert ran.line == "deckwatch: --context: the kubeconfig has no context 'x'; contexts: none"
    assert cli("scan", "--no-docker").line.startswith("deckwatch: no cluster found: no kubeconfig in KUBECONFIG")
    assert cli("scan", "--no-docker").status == 3


# -- reading them ----------------------------------------------------------------------------------------------------


def test_a_scan_of_contexts(cli: Cli, server: ApiServer) -> None:
    config = server.kubeconfig(cli.folder / "config")
    report = scanned(cli, "--kubeconfig", config, "--context", "admin", "--context", "viewer")
    assert {source["kind"] for source in report["sources"]} == {"kubernetes"}
    assert {one["resource"]["source"] for one in report["results"]} == {"admin", "viewer"}
    assert "prod" in {one["resource"]["namespace"] for one in report["results"]}
    assert not server.journal.writes()


def test_a_scan_of_one_namespace(cli: Cli, server: ApiServer) -> None:
    config = server.kubeconfig(cli.folder / "config")
    report = scanned(cli, "--kubeconfig", config, "-n", "monitoring")
    pods = {one["resource"]["namespace"] for one in report["results"] if one["resource"]["kind"] == "pod"}
    assert pods <= {"monitoring"}


def test_an_engine_and_a_cluster_are_shown_together(
    cli: Cli, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(cli.folder / "config")))
    with engine(cli.folder) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        report = scanned(cli)
    assert {kind for kind, _ in kinds(report)} == {"docker", "kubernetes"}
    counts = report["summary"]["resources"]
    assert (counts["container"], counts["deployment"]) == (3, 26)


def test_a_cluster_without_an_engine(cli: Cli, server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(cli.folder / "config")))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{cli.folder}/nothing.sock")
    report = scanned(cli)
    assert "kubernetes" in {kind for kind, _ in kinds(report)}
    assert report["summary"]["resources"]["deployment"] == 26


def test_a_cluster_that_is_down_costs_the_engine_nothing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with ApiServer() as gone:
        monkeypatch.setenv("KUBECONFIG", str(gone.kubeconfig(cli.folder / "config")))
    with engine(cli.folder) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        report = scanned(cli)
    assert dict(kinds(report)) == {"docker": "ok", "kubernetes": "unreachable"}
    assert report["summary"]["resources"]["container"] == 3
    assert {one["kind"] for one in report["unread"] if one["source"] == "kubernetes"} == set()


def test_a_cluster_that_says_nothing_is_not_waited_for(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.clusters, "PATIENCE", 0.5)
    with ApiServer() as server, engine(cli.folder) as fake:
        monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(cli.folder / "config")))
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        server.fail(Manner.HANG)
        started = time.monotonic()
        report = scanned(cli)
        assert time.monotonic() - started < 10
    assert dict(kinds(report))["kubernetes"] == Status.UNREACHABLE
    detail = next(one["detail"] for one in report["sources"] if one["kind"] == "kubernetes")
    assert "no answer within 0.5 s; name it (--context)" in detail


def test_a_kubeconfig_without_a_current_context_is_for_other_uses(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    (cli.folder / "config").write_text("apiVersion: v1\nkind: Config\ncontexts: []\n", encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(cli.folder / "config"))
    with engine(cli.folder) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        assert kinds(scanned(cli)) == [("docker", "ok")]


def test_the_explorer_follows_both(cli: Cli, server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(cli.folder / "config")))
    with engine(cli.folder) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        session = Session(lambda: None)
        boot = Boot.of(ExplorerOptions(SourceOptions(), Settings()), session)
        assert [source.name for source in boot.sources] == ["docker", "kubernetes"]
        boot.sources[1].start()
        _until(lambda: session.store.snapshot().sources["kubernetes"].status in (Status.OK, Status.DEGRADED))
        assert boot.sources[1].reader() is not None
        boot.sources[1].refresh()
        boot.sources[1].stop()


@pytest.fixture
def no_engine(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an engine would be looked for; there is none, whatever this machine has."""
    path = cli.folder / "usual.sock"
    place = Endpoint(f"unix://{path}", "rootful Docker")
    monkeypatch.setattr("inventory.sources.docker.endpoints.usual", lambda _: (place,))
    return path


def booted(session: Session | None = None, **chosen: Any) -> Boot:
    return Boot.of(ExplorerOptions(SourceOptions(**chosen), Settings()), session or Session(lambda: None))


def test_where_only_a_cluster_is_no_engine_is_waited_for(
    cli: Cli, server: ApiServer, no_engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(cli.folder / "config")))
    session = Session(lambda: None)
    boot = booted(session)
    assert ([source.name for source in boot.sources], boot.target) == (["kubernetes"], "context admin")
    session.sources = boot.sources
    (source,) = boot.sources
    source.start()
    try:
        _until(lambda: session.store.snapshot().sources["kubernetes"].status is Status.OK)
        assert session.freshness(time.time()).state == "live"
        assert set(session.store.snapshot().sources) == {"kubernetes"}
    finally:
        source.stop()
    ran = cli("scan", "--format", "json", "--fail-on", "none")
    assert {source["kind"] for source in json.loads(ran.out)["sources"]} == {"kubernetes"}
    assert ran.line == f"deckwatch: no container engine could be read: no socket at {no_engine}"


def test_what_hints_at_an_engine_is_followed_beside_a_cluster(
    cli: Cli, server: ApiServer, no_engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = str(server.kubeconfig(cli.folder / "config"))
    assert [source.name for source in booted().sources] == ["docker"]  # neither is there: it says what was tried
    monkeypatch.setenv("KUBECONFIG", config)
    assert [source.name for source in booted(hosts=(f"unix://{no_engine}",)).sources] == ["docker", "kubernetes"]
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(no_engine))  # somebody has stopped the engine
    assert [source.name for source in booted().sources] == ["docker", "kubernetes"]
    no_engine.unlink()
    assert [source.name for source in booted().sources] == ["kubernetes"]
    monkeypatch.setenv("DOCKER_HOST", f"unix://{no_engine}")
    assert [source.name for source in booted().sources] == ["docker", "kubernetes"]


def test_the_explorer_leaves_out_a_cluster_that_nobody_chose(
    cli: Cli, no_engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cli.folder / "config").write_text("apiVersion: v1\nkind: Config\ncontexts: []\n", encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(cli.folder / "config"))
    assert [source.name for source in booted().sources] == ["docker", "kubernetes"]  # nothing else is there to say
    ran = cli("scan")
    assert ran.status == 3
    assert "no cluster could be read: the kubeconfig has no current context; name one (--context); to look" in ran.err
    with engine(cli.folder) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        assert [source.name for source in booted().sources] == ["docker"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("kind: Config\ncurrent-context: arn:aws:eks:eu:1:cluster/a\nusers: []\n", "arn:aws:eks:eu:1:cluster/a"),
        ("current-context: 'admin@home'\r\n", "admin@home"),
        ('current-context: ""\n', ""),
        ("current-context: null\n", ""),
        ("current-context: nullarbor\n", "nullarbor"),
        ("current-context: *a\n", ""),
        ("  current-context: inner\n", ""),
        ('{"current-context": "a"}', ""),
    ],
)
def test_the_name_of_the_current_context(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "config").write_text(text, encoding="utf-8", newline="")
    target, found = ClusterTarget("kubernetes"), {"KUBECONFIG": f"{tmp_path}/none:{tmp_path}/config"}
    said = f"context {name}" if name else "current context"
    assert target_of(target, SourceOptions(), found) == said
    named = SourceOptions(clusters=ClusterOptions(tmp_path / "config"))
    assert target_of(target, named, {}) == said
    assert target_of(ClusterTarget("a", "a"), SourceOptions(), found) == "context a"


def test_a_namespace_that_is_misspelt(cli: Cli, server: ApiServer) -> None:
    config = server.kubeconfig(cli.folder / "config")
    ran = cli("scan", "--format", "json", "--fail-on", "none", "--kubeconfig", config, "-n", "prd")
    assert ran.line.endswith("degraded: only prd; no namespace prd (near: prod)")
    assert cli("scan", "--format", "json", "--fail-on", "none", "--kubeconfig", config, "-n", "prod").err == ""


def test_the_explorer_on_files(cli: Cli) -> None:
    text = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s}\n"
    (cli.folder / "a.yaml").write_text(text % "one", encoding="utf-8")
    session = Session(lambda: None)
    boot = Boot.of(ExplorerOptions(SourceOptions(manifests=("a.yaml",)), Settings()), session)
    (source,) = boot.sources
    source.start()
    _until(lambda: {one.name for one in session.store.snapshot()} == {"one"})
    (cli.folder / "a.yaml").write_text(text % "two", encoding="utf-8")
    source.refresh()
    _until(lambda: {one.name for one in session.store.snapshot()} == {"two"})
    (cli.folder / "a.yaml").write_text("services: {web: {image: a}}", encoding="utf-8")
    source.refresh()
    _until(lambda: {one.name for one in session.store.snapshot()} == {"web", f"{_project(cli)}_default"})


def _project(cli: Cli) -> str:
    return "".join(char for char in cli.folder.name.lower() if char.isalnum() or char in "_-")


def _until(true: Any) -> None:
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


# -- what nobody asked for is not loaded -----------------------------------------------------------------------------

AFTER = """
import sys, atexit
from tui.cli import main
atexit.register(lambda: print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr))
OURS = ("checks.kubernetes", "inventory.kubernetes", "inventory.sources.kubernetes", "inventory.sources.manifests")
atexit.register(lambda: print("OURS", *sorted(name for name in sys.modules if name.startswith(OURS)), file=sys.stderr))
sys.exit(main())
"""
PAINTED = """
import sys
from tui.cli.dispatch import build
from tui.cli.explore import explorer_options
import tui.app, tui.screens.frame, tui.boot, tui.clusters
command, parser = build("")
options = explorer_options(parser.parse([])[0])
assert tui.clusters.find(options.sources) == ()
print(*sorted(name for name in sys.modules if name.partition(".")[0] in ("kubernetes", "yaml")))
"""


def test_without_a_cluster_nothing_of_it_is_loaded(cli: Cli) -> None:
    with engine(cli.folder) as fake:
        ran = process("scan", "--host", fake.url, "--fail-on", "none", cwd=cli.folder, code=AFTER)
        there = process("scan", "--fail-on", "none", cwd=cli.folder, env={"DOCKER_HOST": fake.url}, code=AFTER)
    for done in (ran, there):
        assert done.status == 0
        loaded = next(line for line in done.err.splitlines() if line.startswith("LOADED")).split()
        assert not {"kubernetes", "yaml", "urllib3"} & {*loaded}
        assert "OURS\n" in done.err


def test_the_way_to_the_first_paint_loads_neither(cli: Cli) -> None:
    ran = process(cwd=cli.folder, code=PAINTED)
    assert (ran.status, ran.out.strip()) == (0, ""), ran


def test_manifests_load_no_client(cli: Cli) -> None:
    (cli.folder / "a.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", encoding="utf-8")
    ran = process("scan", "--manifests", "a.yaml", cwd=cli.folder, code=AFTER)
    loaded = next(line for line in ran.err.splitlines() if line.startswith("LOADED")).split()
    assert "yaml" in loaded
    assert not {"kubernetes", "urllib3", "requests", "docker"} & {*loaded}


def test_a_capture_of_a_cluster_that_is_named(cli: Cli, server: ApiServer) -> None:
    config = server.kubeconfig(cli.folder / "config")
    words = ("--kubeconfig", config, "--context", "admin")
    live = scanned(cli, *words)
    ran = cli("capture", *words, "-o", "a.bundle")
    assert (ran.status, ran.out) == (0, "")
    assert "wrote a.bundle" in ran.err
    report = scanned(cli, "--from", "a.bundle")
    assert [(source["kind"], source["status"]) for source in report["sources"]] == [("bundle", "ok")]
    assert {one["resource"]["source"] for one in report["results"]} == {"admin"}
    assert report["summary"]["resources"] == live["summary"]["resources"]
    assert not server.journal.writes()
    unknown = cli("capture", "--kubeconfig", config, "--context", "bad-token", "-o", "b.bundle")
    assert unknown.line.startswith("deckwatch: no cluster could be read: ")
    no = cli("capture", "--no-docker", "-o", "b.bundle")
    assert (no.status, no.line.partition(":")[0]) == (3, "deckwatch")


def test_a_kubeconfig_that_is_a_pipe_is_not_waited_for(cli: Cli) -> None:
    os.mkfifo(cli.folder / "pipe")
    for words in ((), ("--context", "admin")):
        ran = cli("scan", "--kubeconfig", cli.folder / "pipe", *words)
        assert ran.status == 2
        assert "not a regular file" in ran.line
