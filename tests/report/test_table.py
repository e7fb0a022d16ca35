from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from checks.policy import Waiver
from checks.report import as_json, as_table
from checks.report.baseline import baseline
from checks.report.formats import Layout
from checks.report.report import Filters
from checks.report.text import visible
from checks.report.wrap import wrapped
from checks.verdict import Verdict, passed, unknown
from checks.view import View
from inventory.resource import Resource
from inventory.snapshot import SourceHealth, Status
from inventory.text import width
from tests.hostile import HOSTILE, forbidden
from tests.report.cases import a_check, make


def rendered(*names: str, layout: Layout | None = None, **kwargs: Any) -> str:
    return "".join(as_table.render(make(*names, **kwargs), layout or Layout()))


def test_the_whole() -> None:
    assert rendered("web", "db", layout=Layout(80)).splitlines() == [
        "Source     docker unix:///run/docker.sock 20.10.24 ok",
        "Seen       2 containers, 1 image",
        "Verdicts   3 failed (2 critical, 1 low), 2 to decide, 2 unknown, 2 waived, 2",
        "           passed, 4 not applicable",
        "",
        "Critical (2)",
        "C  RUN-901   2 containers                Bad pattern 1: db, web",
        "",
        "Low (1)",
        "L  RUN-907   app:1                       Bad pattern 7: is bad",
        "",
        "For a person or the configuration to decide (2)",
        "m  RUN-902   2 containers                Bad pattern 2: db, web",
        "",
        "Could not be judged (2)",
        "?  RUN-903   2 containers                Bad pattern 3: no permiss~: db, web",
        "",
        "Waived (2)",
        "a  RUN-906   2 containers                Bad pattern 6: is bad but~: db, web",
        "",
        "Not seen   secrets: GET /secrets not supported here: this node is no swarm",
        "           manager",
        "Seen       2 containers, 1 image",
        "Verdicts   3 failed (2 critical, 1 low), 2 to decide, 2 unknown, 2 waived, 2",
        "           passed, 4 not applicable",
        "More       --verbose: evidence and remediation; 'deckwatch checks show ID': why",
    ]


def test_alike_is_one_line_whatever_the_number() -> None:
    lines = rendered(*(f"web-{number}" for number in range(400)), layout=Layout(80)).splitlines()
    assert "C  RUN-901   400 containers              Bad pattern 1: web-0, web-1, +398" in lines
    assert len(lines) < 30


def test_a_long_name_hides_no_other() -> None:
    text = rendered("a" * 200, "b", layout=Layout(100))
    assert "Bad pattern 1: aaaaaaaaaaaa~aaaaaaaaaaa, b\n" in text


def test_verbose() -> None:
    lines = rendered("web", "db", layout=Layout(80, verbose=True)).splitlines()
    start = lines.index("Failed")
    assert lines[start : start + 10] == [
        "Failed",
        "",
        "C  RUN-901  Bad pattern 1                                 critical, 2 containers",
        "     db                            is bad; implies RUN-908",
        "       HostConfig.Bad = true",
        "       Config.Env[0] = db",
        "     web                           is bad; implies RUN-908",
        "       HostConfig.Bad = true",
        "       Config.Env[0] = web",
        "     fix: Run it without --bad; it may then lack what it used to have.",
    ]
    assert "     web                           is bad but known; accepted until 2030-01-02:" in lines
    assert not [line for line in lines if line.startswith("More")]


def test_everything_is_shown_on_request() -> None:
    lines = rendered("web", "db", filters=Filters(everything=True)).splitlines()
    assert ".  RUN-904   2 containers                Bad pattern 4: db, web" in lines


def test_an_empty_report_says_so() -> None:
    text = rendered("web", filters=Filters(skip=("runtime", "images")))
    assert text.startswith("Nothing to report.\n\nSource ")
    assert text.count("0 failed") == 1


def test_nothing_new_is_said_plainly() -> None:
    known = baseline("".join(as_json.render(make("web"), Layout())))
    text = rendered("web", filters=Filters(baseline=known))
    assert text.startswith("Nothing new to report.\n")
    assert "Baseline   nothing new since 2027-01-15T08:00:00.000Z; 5 known findings not shown\n" in text
    assert "Baseline   4 new since" in rendered("web", "db", filters=Filters(baseline=known))


def test_waivers_that_ask_for_attention() -> None:
    waivers = (
        Waiver("RUN-906", "*", "we know", owner="ops", expires=date(2027, 1, 20)),
        Waiver("RUN-901", "*", "until it is mended", expires=date(2026, 1, 1)),
        Waiver("RUN-907", "nobody", "forgotten"),
        Waiver("RUN-902", "*", "fine"),
    )
    lines = rendered("web", waivers=waivers, layout=Layout(160)).splitlines()
    assert [line for line in lines if line.startswith("Waiver")] == [
        "Waiver     expired: RUN-901 on every object until 2026-01-01: until it is mended (1 count again)",
        "Waiver     expires soon: RUN-906 on every object until 2027-01-20, ops: we know (covers 1 finding)",
        "Waiver     unused: RUN-907 on name:nobody: forgotten (covers 0 findings)",
    ]


def test_what_is_not_shown_is_said() -> None:
    from checks.verdict import Severity

    assert "Not shown  4 below critical" in rendered("web", filters=Filters(min_severity=Severity.CRITICAL))


def test_a_dead_source_is_named() -> None:
    text = rendered(sources=(SourceHealth("podman", "unix:///x", Status.FORBIDDEN, "permission denied"),))
    assert "Source     podman unix:///x forbidden permission denied" in text


def test_colour_only_on_request_and_only_our_own() -> None:
    assert "\x1b" not in rendered("web")
    coloured = rendered("web", layout=Layout(80, colour=True))
    assert coloured.count("\x1b") == 4
    assert rendered("web", layout=Layout(80, True, True)).count("\x1b") == 4
    assert coloured.replace("\x1b[1;37;41m", "").replace("\x1b[36m", "").replace("\x1b[0m", "") == rendered(
        "web", layout=Layout(80)
    )


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("cells", [20, 40, 80, 200])
def test_hostile_names_never_get_through_and_lines_fit(cells: int, verbose: bool) -> None:
    for line in rendered(*HOSTILE, layout=Layout(cells, verbose=verbose)).splitlines():
        assert forbidden(line) is None, line
        if not (verbose and line.startswith(("C ", "L ", "m ", "? ", "a "))):
            assert width(line) <= max(cells, 65), line


def test_control_characters_are_spelt_out() -> None:
    assert visible("a\x1b[2J\n\x9b\u202eb\U000e0041\ud800") == r"a\x1b[2J\n\x9b\u202eb\U000e0041\ud800"
    assert visible("plain [red]x[/]") == "plain [red]x[/]"
    assert len(visible("\x1b" * 10_000)) <= 400


def test_wrapping_counts_cells() -> None:
    assert list(wrapped("漢字" * 6, 12)) == ["漢字" * 3, "漢字" * 3]
    assert list(wrapped("aa bb cc", 10, "  ")) == ["  aa bb cc"]
    assert list(wrapped("aaaa bbbb cccc", 12, "  ")) == ["  aaaa bbbb", "  cccc"]
    assert list(wrapped("", 10)) == []


def test_what_several_checks_miss_for_one_reason_is_one_line() -> None:
    unread = "contents not read yet"
    more = (a_check(11, lambda _r, _v: unknown(unread)), a_check(12, lambda _r, _v: unknown(unread)))
    lines = rendered("web", "db", layout=Layout(100), more=more).splitlines()
    assert "?  2 checks  2 containers                contents not read yet: RUN-911, RUN-912: db, web" in lines
    assert any(line.startswith("?  RUN-903   2 containers") for line in lines)
    assert "Could not be judged (6)" in lines
    assert not any(line.startswith("?  RUN-911") for line in lines)


def test_what_they_miss_of_different_objects_is_told_apart() -> None:
    def first(resource: Resource, _view: View) -> Verdict:
        return unknown("not read") if resource.name == "db" else passed()

    more = (a_check(11, first), a_check(12, lambda _r, _v: unknown("not read")))
    lines = rendered("web", "db", layout=Layout(100), more=more).splitlines()
    assert [line[:14] for line in lines if "not read" in line] == ["?  RUN-911   d", "?  RUN-912   2"]
