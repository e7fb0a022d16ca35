"""The page as text: complete, self-contained, and deaf to what names try to say."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from checks.policy import Waiver
from checks.report import as_html
from checks.report.formats import Layout
from checks.report.html.charts import Bar, Part, chart
from checks.report.report import Filters
from inventory.snapshot import SourceHealth, Status
from tests.hostile import HOSTILE, forbidden
from tests.report.cases import make

VOID = {"meta", "link", "input", "br"}
UNCLOSED = {"td", "th", "tr", "li"}  # their end tags are optional; a table of thousands is a fifth smaller without
EVIL = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "<!--",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "</td></table><h1>owned",
)


class Page(HTMLParser):
    """Elements, their attributes, and the text outside style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.raw: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "not every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID | UNCLOSED:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if tag not in UNCLOSED:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self.raw[self._open[-1]] = data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def rendered(*names: str, **kwargs: Any) -> str:
    return "".join(as_html.render(make(*names, **kwargs), Layout()))


def page(*names: str, **kwargs: Any) -> Page:
    return Page(rendered(*names, **kwargs))


def test_everything_of_a_finding_is_there() -> None:
    text = page("web").text
    for said in (
        "RUN-901 Bad pattern 1", "web", "is bad", "HostConfig.Bad true", "Config.Env[0] web",
        "An attacker gets {something} [here].", "Run it without --bad", "CIS-Docker-1.6:5.4", "implies RUN-908",
        "is it wanted? (decided by trust.x)", "no permission to read /proc/1/status",
    ):  # fmt: skip
        assert said in text, said


def test_the_summary() -> None:
    found = page("web", "db", sources=(SourceHealth("podman", "unix:///x", Status.FORBIDDEN, "permission denied"),))
    for said in (
        "2 critical findings", "3 failures in all", "2 verdicts could not be reached",
        "2 \u00d7 no permission to read /proc/1/status", "1 source could not be read",
        "unix:///x podman forbidden permission denied", "secrets: GET /secrets not supported here",
        "2 containers, 1 image",
    ):  # fmt: skip
        assert said in found.text, said
    charts = [value for tag, name, value in found.attributes if (tag, name) == ("svg", "aria-label")]
    assert charts[0] == "Failures by severity: critical 2, high 0, medium 0, low 1, info 0"
    assert charts[1].startswith("Failures by domain: images 1, runtime 2")
    assert charts[2] == "Verdicts: fail 3, to decide 2, unknown 2, waived 2, pass 2, not applicable 4"


def test_waivers_with_their_state() -> None:
    waivers = (
        Waiver("RUN-906", "*", "we know", owner="ops", expires=date(2030, 1, 2)),
        Waiver("RUN-901", "*", "until it is mended", expires=date(2026, 1, 1)),
        Waiver("RUN-907", "nobody", "forgotten"),
    )
    text = page("web", waivers=waivers).text
    assert "Accepted until 2030-01-02 by ops: we know" in text
    assert "Was accepted until 2026-01-01, which is over: until it is mended" in text
    table = text[text.index("Waivers State") :]
    assert re.search(r"expired RUN-901 .* unused RUN-907 .* used RUN-906", table)
    assert "no risk was accepted" in page("web", waivers=()).text


def test_benchmarks() -> None:
    text = page("web").text
    assert "CIS Docker Benchmark 1.6.0" in text
    assert "All checks count here" not in text
    assert "All checks count here" in page("web", filters=Filters(only=("images",))).text


def test_an_empty_report() -> None:
    assert "Nothing to report." in page("web", filters=Filters(skip=("runtime", "images"))).text


@pytest.mark.parametrize("names", [HOSTILE, EVIL], ids=["terminal", "markup"])
def test_hostile_names_are_text(names: tuple[str, ...]) -> None:
    plain, hostile = page(*("web",) * len(names)), rendered(*names)
    found = Page(hostile)
    for tag in {*plain.tags, *found.tags} - {"i", "span"}:  # these say of a name or a value that it is empty
        assert found.tags.count(tag) == plain.tags.count(tag), tag
    assert not any(name.startswith("on") or name == "style" for _, name, _ in found.attributes)
    for line in hostile.splitlines():
        assert forbidden(line) is None, line
    hostile.encode()


def test_it_asks_for_nothing() -> None:
    found = page("web")
    assert {tag for tag in found.tags if tag in ("img", "iframe", "object", "embed", "base", "video", "audio")} == set()
    addresses = [value for _, name, value in found.attributes if name in ("src", "href", "action", "srcset")]
    assert all(address.startswith("#") or address == "data:," for address in addresses)
    assert "url(" not in found.raw["style"]
    assert "@import" not in found.raw["style"]


def test_the_policy_lets_only_its_own_run() -> None:
    found = page("web")
    (policy,) = (value for tag, name, value in found.attributes if tag == "meta" and "default-src" in value)
    assert policy.startswith("default-src 'none';")
    for part in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(found.raw[part].encode()).digest()).decode()
        assert f"{part}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert found.tags.count("script") == found.tags.count("style") == 1


def test_links_inside_lead_somewhere() -> None:
    found = page("web", filters=Filters(everything=True))
    anchors = [value for _, name, value in found.attributes if name == "id"]
    assert len(anchors) == len(set(anchors))
    targets = {value[1:] for tag, name, value in found.attributes if (tag, name) == ("a", "href") and "=" not in value}
    assert targets <= set(anchors)


def test_ten_thousand_findings_stay_small() -> None:
    size = len(rendered(*(f"container-{number:04d}" for number in range(2500))).encode())
    assert size < 5_000_000


def test_bars_are_to_scale_and_what_is_there_is_seen() -> None:
    bars = [Bar("a", (Part("high", 1000),)), Bar("b", (Part("low", 1),)), Bar("c", (Part("info", 0),))]
    widths = re.findall(r'class="(\w+)" x="100.0" y="\d+" width="([\d.]+)"', "".join(chart("t", bars)))
    assert widths == [("high", "256.0"), ("low", "2.0")]
