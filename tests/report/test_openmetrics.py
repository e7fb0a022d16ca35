"""Metrics in both syntaxes that Prometheus knows, by its own parsers and by a real node-exporter."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import openmetrics, parser
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as as_openmetrics_text

from checks.report import as_openmetrics
from checks.report.baseline import baseline
from checks.report.formats import Layout
from checks.report.report import Filters
from checks.verdict import Outcome, Severity
from inventory.snapshot import SourceHealth, Status
from tests.hostile import HOSTILE
from tests.report.cases import make

Parse = Callable[[str], Iterable[Metric]]
PARSERS = {"openmetrics": as_openmetrics_text, "text": parser.text_string_to_metric_families}
both = pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
EVIL = 'a"b\\c\nd'


def rendered(*names: str, **kwargs: Any) -> str:
    return "".join(as_openmetrics.render(make(*names, **kwargs), Layout()))


def samples(parse: Parse, text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    found = [sample for family in parse(text) for sample in family.samples]
    read = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}
    assert len(read) == len(found), "a series is there twice"
    return read


def value(found: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return found[f"deckwatch_{name}", frozenset(labels.items())]


@both
def test_the_values(parse: Parse) -> None:
    found = samples(parse, rendered("web", "db"))
    assert value(found, "findings", severity="critical", domain="runtime") == 2
    assert value(found, "findings", severity="low", domain="images") == 1
    assert value(found, "findings", severity="high", domain="network") == 0
    assert value(found, "verdicts", domain="runtime", verdict="unknown") == 2
    assert value(found, "verdicts", domain="runtime", verdict="waived") == 2
    assert value(found, "check_results", check="RUN-901", domain="runtime", verdict="fail") == 2
    assert value(found, "check_results", check="RUN-903", domain="runtime", verdict="unknown") == 2
    assert value(found, "check_results", check="RUN-001", domain="runtime", verdict="fail") == 0
    assert value(found, "scan_timestamp_seconds") == 1_800_000_000
    assert value(found, "scan_duration_seconds") == 0.25
    assert value(found, "build_info", version="1.2.3") == 1
    assert value(found, "resources", kind="container") == 2
    assert value(found, "waivers", state="used") == 1
    assert value(found, "source_unread_kinds", source="docker") == 1


@both
def test_sources_that_are_down(parse: Parse) -> None:
    dead = SourceHealth("podman", "unix:///x", Status.CONNECTING)
    half = SourceHealth("docker", "tcp://h:1", Status.DEGRADED)
    found = samples(parse, rendered(sources=(dead, half)))
    assert [value(found, "source_up", source=name, kind=kind) for name, kind in SOURCES] == [1, 0, 1]
    assert value(found, "source_status", source="other0", status="unreachable") == 1
    assert value(found, "source_status", source="other1", status="degraded") == 1
    assert value(found, "source_status", source="other1", status="ok") == 0


SOURCES = (("docker", "docker"), ("other0", "podman"), ("other1", "docker"))


def test_the_series_are_the_same_whatever_is_found() -> None:
    def names(*containers: str) -> set[str]:
        return set(re.findall(r"^[^#]\S*", rendered(*containers), re.MULTILINE))

    assert names("web") == names(*(f"web-{number}" for number in range(50)), *HOSTILE)


def test_filters_hold() -> None:
    text = rendered(filters=Filters(only=("images",)))
    assert 'domain="runtime"' not in text
    assert 'deckwatch_findings{severity="low",domain="images"} 1' in text


def test_the_baseline() -> None:
    from checks.report import as_json

    known = baseline("".join(as_json.render(make("web"), Layout())))
    assert "deckwatch_known_findings 5\n" in rendered("web", filters=Filters(baseline=known))
    assert "known_findings" not in rendered("web")


@both
def test_labels_are_escaped(parse: Parse) -> None:
    labels = {"source": EVIL}
    text = "".join(as_openmetrics._family("x", "Help.", [(labels, 1.5)])) + "# EOF\n"
    assert samples(parse, text) == {("deckwatch_x", frozenset({("source", 'a"b\\c\\nd')})): 1.5}


def test_every_severity_and_verdict_is_there() -> None:
    text = rendered("web")
    for severity in Severity:
        assert f'severity="{severity.word}"' in text
    for outcome in Outcome:
        assert f'verdict="{outcome.value}"' in text
    assert text.endswith("# EOF\n")
    assert openmetrics is not None


def test_node_exporter_serves_it(tmp_path: Path) -> None:
    program = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    if program is None:
        said = "no node-exporter is installed"
        if os.environ.get("DECKWATCH_REQUIRE_ENGINE") == "1":
            pytest.fail(said)
        pytest.skip(said)
    (tmp_path / "deckwatch.prom").write_text(rendered("web", "db"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [
        program,
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={tmp_path}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        try:
            text = _served(f"http://127.0.0.1:{port}/metrics")
        finally:
            running.kill()
    found = samples(parser.text_string_to_metric_families, text)
    assert value(found, "findings", severity="critical", domain="runtime") == 2
    assert found["node_textfile_scrape_error", frozenset()] == 0


def _served(address: str) -> str:
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                served: bytes = answer.read()
                return served.decode()
        except OSError:
            time.sleep(0.1)
    raise AssertionError("node-exporter does not answer")
