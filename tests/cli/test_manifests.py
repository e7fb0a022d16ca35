"""`--manifests`: files as sources of a scan and of the explorer, in every format, and as a step of a pipeline."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checks.report import formats
from tests.cli.running import Cli, process

BAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example/web:1
          securityContext:
            privileged: true
"""
FINE = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\nautomountServiceAccountToken: false\n"
COMPOSE = "services:\n  web:\n    image: registry.example/web:1\n    privileged: true\n"


def write(cli: Cli, **texts: str) -> None:
    for name, text in texts.items():
        path = cli.folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def results(cli: Cli, *words: str) -> dict[str, Any]:
    ran = cli("scan", "--format", "json", "--fail-on", "none", "--manifests", *words)
    assert ran.status == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_json_names_file_and_line(cli: Cli) -> None:
    write(cli, k__web_yaml=f"---\n# Source: shop/templates/web.yaml\n{BAD}")
    report = results(cli, "k")
    found = next(one for one in report["results"] if one["check"] == "ORC-101")
    assert found["resource"] == {
        "kind": "deployment", "source": "manifests", "id": "default/web", "name": "web", "namespace": "default",
        "file": "k/web.yaml", "line": 3, "template": "shop/templates/web.yaml",
    }  # fmt: skip
    assert found["evidence"] == [
        {
            "path": "spec.template.spec.containers[0].securityContext.privileged",
            "value": "true",
            "file": "k/web.yaml",
            "line": 16,
        }
    ]
    assert [(one["kind"], one["target"], one["status"]) for one in report["sources"]] == [("manifests", "k", "ok")]


def test_sarif_has_a_place_in_the_source(cli: Cli) -> None:
    write(cli, **{"k__we b_yaml": BAD, "compose_yaml": COMPOSE})
    ran = cli("scan", "--format", "sarif", "--fail-on", "none", "--only", "ORC-101", "RUN-001", "--manifests", ".")
    places = [one["locations"][0] for one in json.loads(ran.out)["runs"][0]["results"]]
    assert [one["physicalLocation"] for one in places] == [
        {"artifactLocation": {"uri": "k/we%20b.yaml"}, "region": {"startLine": 14}},
        {"artifactLocation": {"uri": "compose.yaml"}, "region": {"startLine": 4}},
    ]
    assert places[0]["logicalLocations"][0]["fullyQualifiedName"] == "manifests/deployment/web"


def test_sarif_of_what_is_no_file_below_here(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    write(cli, web_yaml=BAD)
    (cli.folder / "other").mkdir()
    monkeypatch.chdir(cli.folder / "other")
    words = ("scan", "--format", "sarif", "--fail-on", "none", "--only", "ORC-101", "--manifests")
    (found,) = json.loads(cli(*words, str(cli.folder)).out)["runs"][0]["results"]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == f"file://{cli.folder}/web.yaml"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(BAD.encode()), isatty=lambda: False))
    (found,) = json.loads(cli(*words, "-").out)["runs"][0]["results"]
    assert "physicalLocation" not in found["locations"][0]


@pytest.mark.parametrize("name", sorted({*formats.names()} - {"openmetrics", "sarif", "json"}))
def test_the_formats_for_people_name_file_and_line(cli: Cli, name: str) -> None:
    write(cli, web_yaml=BAD, two_yaml=BAD.replace("name: web\n", "name: two\n", 1), compose_yaml=COMPOSE)
    words = ("scan", "--format", name, "--fail-on", "none", "--only", "ORC-101", "RUN-001", "--manifests", ".")
    out = cli(*words).out
    assert all(place in out for place in ("web.yaml:14", "two.yaml:14", "compose.yaml:4"))
    detail = cli(*words, "--verbose").out
    assert name != "table" or "securityContext.privileged = true (web.yaml:14)" in " ".join(detail.split())
    assert "services.web.privileged" in (detail if name == "table" else out)


def test_evidence_about_an_entry_has_its_line(cli: Cli) -> None:
    text = "services:\n  web:\n    image: a\n    environment:\n      A: b\n      DB_PASSWORD: hunter2-and-more\n"
    write(cli, compose_yaml=text)
    (found,) = [one for one in results(cli, "compose.yaml")["results"] if one["check"] == "RUN-044"]
    (shown,) = found["evidence"]
    assert (shown["path"], shown["line"]) == ("services.web.environment: DB_PASSWORD", 6)
    assert "hunter2-and" not in shown["value"]


def test_the_exit_status(cli: Cli) -> None:
    write(cli, bad__a_yaml=BAD, fine__a_yaml=FINE, broken__a_yaml="a: [", mixed__a_yaml=f"{FINE}---\na: [\n")
    (cli.folder / "empty").mkdir()
    assert cli("scan", "--manifests", "bad").status == 1
    assert cli("scan", "--manifests", "bad", "--fail-on", "none").status == 0
    assert cli("scan", "--manifests", "fine").status == 0
    mixed = cli("scan", "--manifests", "mixed")
    assert mixed.status == 0
    assert "mixed/a.yaml:6: is not YAML" in mixed.err
    assert "degraded" in mixed.out
    broken = cli("scan", "--manifests", "broken")
    assert (broken.status, broken.out) == (3, "")
    assert broken.err.splitlines() == [
        "deckwatch: nothing to judge in broken",
        "deckwatch: broken/a.yaml:1: is not YAML: did not find expected node content (while parsing a flow node)",
    ]
    assert cli("scan", "--manifests", "empty").line == "deckwatch: nothing to judge in empty: no manifests there"
    assert cli("scan", "--manifests", "empty").status == 3


def test_wrong_usage(cli: Cli) -> None:
    write(cli, web_yaml=FINE)
    for words, said in (
        (("web.yml",), "--manifests web.yml cannot be read: No such file or directory; did you mean web.yaml?"),
        (("web.yaml", "--demo"), "--demo and --manifests cannot be combined"),
        (("web.yaml", "--host", "a"), "--host and --manifests cannot be combined"),
        (("web.yaml", "--context", "a"), "--context and --manifests cannot be combined"),
        (("web.yaml", "--probe"), "--probe asks what runs now"),
        (("web.yaml", "-n", "a", "-n", "b"), "--manifests takes one --namespace"),
        (("-", "-"), "standard input can be read once only"),
    ):
        ran = cli("scan", "--manifests", *words)
        assert (ran.status, ran.out) == (2, "")
        assert said in ran.line
    assert "manifests are files" in cli("capture", "-o", "x", "--manifests", "web.yaml").line


def test_what_is_left_out_is_told(cli: Cli) -> None:
    write(cli, a_yaml=FINE, values_yaml="a: 1\n", b_yaml="apiVersion: x.io/v1\nkind: Foo\nmetadata: {name: a}\n" * 1)
    ran = cli("scan", "--manifests", ".")
    assert ran.err.splitlines() == [
        "deckwatch: b.yaml:1: Foo of x.io/v1 is of no kind that is judged (left out)",
        "deckwatch: values.yaml:1: is a file of a Helm chart (helm template CHART | deckwatch scan --manifests -)"
        " (left out)",
    ]


def test_nothing_is_concluded_from_what_a_file_does_not_say(cli: Cli) -> None:
    write(cli, web_yaml=BAD)
    found = [one for one in results(cli, "web.yaml")["results"] if one["verdict"] == "fail"]
    assert {one["resource"]["kind"] for one in found} == {"deployment"}
    assert not [one for one in found if one["evidence"] and one["evidence"][0]["path"].startswith("status")]
    said = {one["message"] for one in results(cli, "web.yaml")["results"] if one["verdict"] == "unknown"}
    assert any("none among the manifests; the cluster may have some" in one for one in said)
    assert not [one for one in said if "itself failed" in one]


def test_the_namespace_of_those_without_one(cli: Cli) -> None:
    write(cli, web_yaml=BAD)
    assert not [one for one in results(cli, "web.yaml")["results"] if one["check"] == "ORC-141"]  # it names none
    report = results(cli, "web.yaml", "--namespace", "team")
    assert {one["resource"]["id"] for one in report["results"]} == {"team/web"}


def test_there_is_nothing_to_fix_on_an_engine(cli: Cli) -> None:
    write(cli, compose_yaml=COMPOSE)
    ran = cli("fix", "web", "--manifests", "compose.yaml")
    assert (ran.status, ran.out) == (3, "")
    assert ran.line == "deckwatch: web: Config.Entrypoint not supported here: the image decides"


def test_a_pipe(cli: Cli) -> None:
    ran = process_with_input(BAD, "scan", "--manifests", "-", "--only", "ORC-101", cwd=cli.folder)
    assert ran.status == 1
    assert "stdin:14: Privileged container in a pod" in ran.out
    shown = process_with_input(BAD, "--manifests", "-", cwd=cli.folder)
    assert "this is no terminal" in shown.err
    assert "stdin:14" in shown.out


def process_with_input(text: str, *words: str, cwd: Path) -> Any:
    (cwd / "in").write_text(text, encoding="utf-8")
    code = "import sys; sys.stdin = open('in'); from tui.cli import main; sys.exit(main())"
    return process(*words, cwd=cwd, code=code)


def test_hostile_text_does_not_reach_the_terminal(cli: Cli) -> None:
    name = "x\\e[31m\\u202e"
    write(cli, a_yaml=BAD.replace("name: web\n", f'name: "{name}"\n', 1), b_yaml="kind: Foo\x1b\n")
    os.rename(cli.folder / "b.yaml", cli.folder / "b\x1b[31m.yaml")
    for form in ("table", "markdown", "junit", "html", "sarif", "json"):
        ran = cli("scan", "--format", form, "--fail-on", "none", "--manifests", ".")
        assert "\x1b" not in ran.out + ran.err
        assert "\u202e" not in ran.out + ran.err
