from __future__ import annotations

from typing import Any

import pytest

from checks.report import as_table
from checks.report.formats import Layout
from checks.report.report import Filters
from checks.report.text import visible
from checks.report.wrap import wrapped
from inventory.snapshot import SourceHealth, Status
from inventory.text import width
from tests.hostile import HOSTILE, forbidden
from tests.report.cases import make


def rendered(*names: str, layout: Layout | None = None, **kwargs: Any) -> str:
    return "".join(as_table.render(make(*names, **kwargs), layout or Layout()))


def test_the_whole() -> None:
    assert rendered("web", "db", layout=Layout(80)).splitlines() == [
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
        "",
        "L  RUN-907  Bad pattern 7                                           low, 1 image",
        "     app:1                         is bad",
        "       HostConfig.Bad = true",
        "       Config.Env[0] = app:1",
        "     fix: Run it without --bad; it may then lack what it used to have.",
        "",
        "For a person or the configuration to decide",
        "",
        "m  RUN-902  Bad pattern 2                                     high, 2 containers",
        "     db                            is it wanted? (decided by trust.x)",
        "       Mounts[0] = /srv",
        "     web                           is it wanted? (decided by trust.x)",
        "       Mounts[0] = /srv",
        "     fix: Run it without --bad; it may then lack what it used to have.",
        "",
        "Could not be judged",
        "",
        "?  RUN-903  Bad pattern 3                                     high, 2 containers",
        "     no permission to read /proc/1/status",
        "       db, web",
        "",
        "Waived",
        "",
        "a  RUN-906  Bad pattern 6                                   medium, 2 containers",
        "     db                            is bad but known; accepted until 2030-01-02:",
        "                                   we know",
        "       HostConfig.Known = true",
        "     web                           is bad but known; accepted until 2030-01-02:",
        "                                   we know",
        "       HostConfig.Known = true",
        "",
        "Source     docker unix:///run/docker.sock 20.10.24 ok",
        "Seen       2 containers, 1 image",
        "Not seen   secrets: GET /secrets not supported here: this node is no swarm",
        "           manager",
        "Verdicts   3 failed (2 critical, 1 low), 2 to decide, 2 unknown, 2 waived, 2",
        "           passed, 4 not applicable",
    ]


def test_an_empty_report_says_so() -> None:
    text = rendered("web", filters=Filters(skip=("runtime", "images")))
    assert text.startswith("Nothing to report.\n")
    assert "0 failed" in text


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
    assert coloured.replace("\x1b[1;37;41m", "").replace("\x1b[36m", "").replace("\x1b[0m", "") == rendered(
        "web", layout=Layout(80)
    )


@pytest.mark.parametrize("cells", [20, 40, 80, 200])
def test_hostile_names_never_get_through_and_lines_fit(cells: int) -> None:
    for line in rendered(*HOSTILE, layout=Layout(cells)).splitlines():
        assert forbidden(line) is None, line
        if not line.startswith(("C ", "L ", "m ", "? ", "a ")):
            assert width(line) <= max(cells, 45), line


def test_control_characters_are_spelt_out() -> None:
    assert visible("a\x1b[2J\n\x9b\u202eb\U000e0041\ud800") == r"a\x1b[2J\n\x9b\u202eb\U000e0041\ud800"
    assert visible("plain [red]x[/]") == "plain [red]x[/]"
    assert len(visible("\x1b" * 10_000)) <= 400


def test_wrapping_counts_cells() -> None:
    assert list(wrapped("漢字" * 6, 12)) == ["漢字" * 3, "漢字" * 3]
    assert list(wrapped("aa bb cc", 10, "  ")) == ["  aa bb cc"]
    assert list(wrapped("aaaa bbbb cccc", 12, "  ")) == ["  aaaa bbbb", "  cccc"]
    assert list(wrapped("", 10)) == []
