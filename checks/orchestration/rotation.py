"""When the swarm's unlock key and join tokens were last changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.model import Swarm


@check(
    "ORC-005",
    "Unlock key and join token rotation",
    domain=Domain.ORCHESTRATION,
    severity=Severity.INFO,
    subject=Swarm,
    why="A key or token that leaked stays valid until somebody changes it.",
    remediation="`docker swarm unlock-key --rotate`, `docker swarm join-token --rotate worker` and `... manager`; then "
    "write the day into `[swarm] keys_rotated` of deckwatch.toml. Nodes that joined stay; keep the new key safe.",
    references=("CIS-Docker-1.6:7.6", "ATT&CK:T1528", "CWE-324"),
)
def rotation(swarm: Swarm, view: View) -> Verdict:
    """Judges the day that the policy names (`swarm.keys_rotated`): the API does not tell it, and no key is asked for.

    F: that day is longer ago than `swarm.max_key_age` (90 days). M: the policy names none, or one after the last change
    of the swarm (`UpdatedAt`), which each rotation is. P: recent. U: the swarm was not read. Source: CIS Docker 7.6.
    """
    changed = datetime.fromtimestamp(swarm.updated, UTC).date()
    evidence = Evidence("UpdatedAt", f"{changed:%Y-%m-%d}")
    day, longest = view.policy.swarm_keys_rotated, timedelta(days=view.policy.max_key_age)
    if day is None:
        return manual("when they were rotated is not told by the API", evidence, policy="swarm.keys_rotated")
    said = Evidence("policy: swarm.keys_rotated", f"{day:%Y-%m-%d}")
    if datetime.fromtimestamp(view.now, UTC).date() - day > longest:
        return failed(f"longer ago than {longest.days} days", said, evidence)
    if day > changed:
        return manual("the swarm has not changed since before that day", said, evidence, policy="swarm.keys_rotated")
    return passed("", said, evidence)
