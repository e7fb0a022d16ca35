"""JUnit XML by the rules that its readers share (Jenkins' xUnit schema), read back with a parser."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest

from checks.policy import Waiver
from checks.report import as_junit
from checks.report.formats import Layout
from checks.report.report import Filters
from inventory.snapshot import SourceHealth, Status
from tests.hostile import HOSTILE, forbidden
from tests.report.cases import make

SUITE = {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"}
ENDINGS = {"failure": {"type", "message"}, "error": {"type", "message"}, "skipped": {"message"}}


def rendered(*names: str, **kwargs: Any) -> str:
    return "".join(as_junit.render(make(*names, **kwargs), Layout()))


def parsed(*names: str, **kwargs: Any) -> ElementTree.Element:
    return ElementTree.fromstring(rendered(*names, **kwargs))


def cases(root: ElementTree.Element) -> dict[tuple[str, str], ElementTree.Element]:
    found = {(case.get("classname", ""), case.get("name", "")): case for case in root.iter("testcase")}
    assert len(found) == len(list(root.iter("testcase"))), "two cases of one name are one case to a reader"
    return found


@pytest.mark.parametrize("everything", [False, True])
def test_the_rules(everything: bool) -> None:
    root = parsed(filters=Filters(everything=everything))
    assert root.tag == "testsuites"
    for suite in root:
        assert (suite.tag, set(suite.attrib)) == ("testsuite", SUITE)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
        endings = Counter(element.tag for case in suite for element in case)
        counted = {name: int(suite.get(name, "-1")) for name in ("tests", "failures", "errors", "skipped")}
        assert counted == {
            "tests": len(suite),
            "failures": endings["failure"],
            "errors": endings["error"],
            "skipped": endings["skipped"],
        }
        for case in suite:
            assert (case.tag, set(case.attrib)) == ("testcase", {"classname", "name", "time"})
            assert len(case) <= 1
            for element in case:
                assert set(element.attrib) == ENDINGS[element.tag]
    for name in ("tests", "failures", "errors", "skipped"):
        assert int(root.get(name, "-1")) == sum(int(suite.get(name, "-1")) for suite in root)


def test_how_each_verdict_ends() -> None:
    waivers = (
        Waiver("RUN-906", "*", "we know", owner="ops", expires=date(2030, 1, 2)),
        Waiver("RUN-907", "*", "for now", expires=date(2026, 1, 1)),
    )
    found = cases(parsed("web", filters=Filters(everything=True), waivers=waivers))
    told = {}
    for (group, name), case in found.items():
        told[group.partition(" ")[0], name] = (case[0].tag, case[0].get("message")) if len(case) else ("", None)
    assert told == {
        ("sources", "docker: docker unix:///run/docker.sock 20.10.24"): ("", None),
        ("sources", "docker: secret"): (
            "skipped",
            "not read: GET /secrets not supported here: this node is no swarm manager",
        ),
        ("images.RUN-907", "image app:1"): ("failure", "low: is bad"),
        ("runtime.RUN-901", "container web"): ("failure", "critical: is bad"),
        ("runtime.RUN-902", "container web"): ("skipped", "to decide: is it wanted? (decided by trust.x)"),
        ("runtime.RUN-903", "container web"): ("skipped", "unknown: no permission to read /proc/1/status"),
        ("runtime.RUN-904", "container web"): ("", None),
        ("runtime.RUN-905", "container web"): ("skipped", "not applicable: no AppArmor here"),
        ("runtime.RUN-906", "container web"): (
            "skipped",
            "waived until 2030-01-02 by ops: we know (medium: is bad but known)",
        ),
        ("runtime.RUN-908", "container web"): ("skipped", "not applicable: implied by RUN-901"),
    }
    text = found["runtime.RUN-901 Bad pattern 1", "container web"][0].text or ""
    assert text.splitlines()[:3] == ["HostConfig.Bad = true", "Config.Env[0] = web", "implies RUN-908"]
    assert "remediation: Run it without --bad" in text
    late = found["images.RUN-907 Bad pattern 7", "image app:1"][0].text or ""
    assert "was accepted until 2026-01-01, which is over: for now" in late


def test_a_source_that_could_not_be_read_is_an_error() -> None:
    root = parsed(sources=(SourceHealth("docker", "tcp://h:1", Status.CONNECTING, "refused"),))
    (error,) = root.iter("error")
    assert (error.get("type"), error.get("message"), root.get("errors")) == ("unreachable", "refused", "1")


def test_an_empty_report() -> None:
    root = parsed("web", filters=Filters(skip=("runtime", "images")))
    assert [suite.get("name") for suite in root] == ["deckwatch.sources"]


def test_objects_of_one_name_stay_apart() -> None:
    assert len(cases(parsed("web", "web", "web"))) == len(cases(parsed("a", "b", "c")))


def test_hostile_names() -> None:
    text = rendered(*HOSTILE, "not\ufffexml\uffff", "<![CDATA[x]]>", '"/><failure/>', "a & b")
    ElementTree.fromstring(text)
    for line in text.splitlines():
        assert forbidden(line) is None, line
    text.encode()
