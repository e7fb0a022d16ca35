"""Evidence that is cut says so, so that a waiver of what is shown does not excuse what is not."""

from __future__ import annotations

from typing import Any

import pytest

from checks.evidence import capped
from checks.policy import Policy, Waiver
from checks.verdict import Evidence, Outcome
from inventory.activity import Activity, Change, Process
from inventory.container import Container
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import SOURCE, changed, docker, host, image, kernel
from tests.checks.cases import ENGINE, Case, judge

PLAIN = changed(docker("plain"), user="10001")


def test_nothing_is_added_where_all_is_shown() -> None:
    all_of_it = [Evidence("path", str(number)) for number in range(6)]
    assert capped(all_of_it, 6) == all_of_it
    assert capped((), 6) == []


def test_what_is_left_out_is_counted() -> None:
    assert capped((Evidence("path", str(number)) for number in range(9)), 2) == [
        Evidence("path", "0"),
        Evidence("path", "1"),
        Evidence("and", "7 more"),
    ]


def _process(number: int, name: str, *args: str) -> Process:
    return Process(number, 1, name, (name, *args), 0, 0, f"/usr/bin/{name}", 1.0, False)


def _does(**values: Any) -> Activity:
    nothing: dict[str, Any] = {"processes": (), "listeners": (), "changes": (), "changes_complete": True}
    return Activity.build(key=ResourceKey(Kind.ACTIVITY, SOURCE, PLAIN.id), name=PLAIN.name, **{**nothing, **values})


def _holder(number: int) -> Container:
    key = ResourceKey(Kind.CONTAINER, SOURCE, str(number))
    return changed(docker("envsecret"), key=key, id=str(number), name=f"c{number}", project=f"p{number}")


_SECRET = changed(docker("envsecret"), project="shop")
MANY = range(30, 50)
CASES = (
    Case("RUN-011", PLAIN, Outcome.FAIL, others=(
        ENGINE, host(PLAIN, kernel()), _does(processes=tuple(_process(one, "app") for one in MANY)))),
    Case("RUN-024", PLAIN, Outcome.FAIL, others=(
        ENGINE, _does(processes=tuple(_process(one, "app") for one in MANY)))),
    Case("RUN-045", PLAIN, Outcome.FAIL, others=(
        ENGINE, _does(changes=tuple(Change(f"/bin/{one}", "added", "file", 0o755, 9, 1.0) for one in MANY)))),
    Case("RUN-047", PLAIN, Outcome.FAIL, others=(
        ENGINE, _does(processes=tuple(_process(one, "sshd") for one in MANY)))),
    Case("RUN-048", PLAIN, Outcome.FAIL, others=(
        ENGINE, _does(processes=tuple(_process(one, "nc", "-l") for one in MANY)))),
    Case("CMB-005", _SECRET, Outcome.FAIL, others=(ENGINE, image(), *(_holder(one) for one in MANY))),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_check_says_what_it_leaves_out(case: Case) -> None:
    result = judge(case)
    assert result.outcome is Outcome.FAIL
    assert result.evidence[-1].path == "and"


def test_a_waiver_of_what_is_shown_does_not_hide_the_next_process() -> None:
    known = tuple(_process(number, "nc", "-l", str(number)) for number in range(100, 106))
    policy = Policy(waivers=(Waiver(check="RUN-048", resource="*", reason="ours", value=("nc *",)),))

    def outcome(*processes: Process) -> Outcome:
        return judge(
            Case("RUN-048", PLAIN, Outcome.FAIL, others=(ENGINE, _does(processes=processes)), policy=policy)
        ).outcome

    assert outcome(*known) is Outcome.WAIVED
    assert outcome(*known, _process(200, "tcpdump", "-w", "/x")) is Outcome.FAIL
