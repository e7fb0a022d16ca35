"""One check often looks at several files, each of which is an item of its own: which part of its verdict is whose."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from checks.host.auditing import IN_PART, UNWATCHED
from checks.result import Result
from checks.verdict import Evidence, Outcome


class Facet(msgspec.Struct, frozen=True):
    """The evidence of `check` whose path `path` matches (a regular expression).

    `asks` is what the item asks of it: one of `owners`, a `mode` of at most `allowed`, or an audit `rule`.
    """

    check: str
    path: str
    asks: Literal["owner", "mode", "rule"]
    allowed: int = 0
    owners: tuple[str, ...] = ("root:root",)

    def outcome(self, result: Result) -> Outcome:
        """What a result of the check says to the item.

        A failure about other files only is none of this one: in order, or, among audit rules, which name every file
        that there is, not there. An audit rule that leaves events out asks a person of its own file alone.
        """
        outcome, mine = result.outcome, [each for each in result.evidence if re.search(self.path, each.path)]
        if result.check.id != self.check or not result.evidence:
            return outcome
        if outcome is Outcome.NOT_APPLICABLE:  # with evidence: a failure that another check's failure stands for
            outcome = Outcome.FAIL
        if outcome is Outcome.PASS:
            return Outcome.PASS if mine else Outcome.NOT_APPLICABLE
        apart = outcome in (Outcome.FAIL, Outcome.WAIVED) or (outcome is Outcome.MANUAL and self.asks == "rule")
        if not apart or any(self._faulty(each) for each in mine):
            return outcome
        if self.asks == "rule" and any(each.value.startswith(IN_PART) for each in mine):
            return outcome if outcome is Outcome.WAIVED else Outcome.MANUAL
        return Outcome.PASS if mine or self.asks != "rule" else Outcome.NOT_APPLICABLE

    def _faulty(self, evidence: Evidence) -> bool:
        owner, _, mode = evidence.value.rpartition(" ")
        if self.asks == "rule":
            return evidence.value == UNWATCHED
        if self.asks == "owner":
            return owner not in self.owners
        return not re.fullmatch("[0-7]+", mode) or bool(int(mode, 8) & 0o777 & ~self.allowed)
