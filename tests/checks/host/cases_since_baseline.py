"""Cases of what is new since a baseline; how the news are found: tests/report/test_since.py."""

from __future__ import annotations

from checks.news import Difference, NewFailure, News
from checks.policy import Policy
from checks.verdict import Outcome, Severity
from tests.checks.builders import SOURCE
from tests.checks.cases import ENGINE, Case

_SINCE = "2026-11-22T06:00:00.000Z"
_FAILURE = NewFailure("critical", "RUN-001", "container debug")
_CHANGE = Difference("container web: new port", "0.0.0.0:2375->2375/tcp")


def _case(expected: Outcome, news: News | None, severity: Severity | None = None, note: str = "") -> Case:
    policy = Policy(news={} if news is None else {SOURCE: news})
    return Case("CMB-008", ENGINE, expected, severity, others=(), policy=policy, note=note)


CASES = [
    _case(Outcome.FAIL, News(_SINCE, failures=(_FAILURE,)), Severity.HIGH, "a new failure"),
    _case(Outcome.FAIL, News(_SINCE, (_FAILURE,) * 60, (_CHANGE,) * 60, ("image",)), note="a great many"),
    _case(Outcome.MANUAL, News(_SINCE, differences=(_CHANGE,)), note="a new port"),
    _case(Outcome.MANUAL, News(_SINCE, differences=(_CHANGE,), unread=("image",)), note="a new port, images unread"),
    _case(Outcome.MANUAL, None, note="another engine's baseline"),
    _case(Outcome.PASS, News(_SINCE), note="nothing new"),
    _case(Outcome.UNKNOWN, News(_SINCE, unread=("container",)), note="nothing to compare with"),
    Case("CMB-008", ENGINE, Outcome.NOT_APPLICABLE, others=(), note="no baseline"),
]
