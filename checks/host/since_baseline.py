"""What is new on a host since somebody looked at it last and kept the report."""

from __future__ import annotations

import hashlib

from checks.check import Domain, check
from checks.news import News
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.engine import Engine

_SHOWN = 40


@check(
    "CMB-008",
    "New since baseline",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="In an incident, what changed is what to look at first; on a quiet day, nobody should be surprised by it.",
    remediation="Find out who made each change and why. What is wanted: keep this report as the next baseline "
    "(`deckwatch scan --format json -o baseline.json`); what is not: remove it, and treat the host as touched.",
    references=("NIST-800-190:4.4.5", "ATT&CK:T1610", "ATT&CK:T1578"),
)
def new_since_baseline(engine: Engine, view: View) -> Verdict:
    """Compares with the earlier JSON report that `--baseline` names: failures by their fingerprints; objects by name.

    Of objects: containers (image, published ports, listeners, mounts, privileged, namespaces of the host, capabilities,
    devices, security options, sessions with a terminal), images (content), networks, volumes, services (image, ports,
    mounts), nodes, secrets, configs, and the host's daemon (addresses, members of the docker group).
    F: a failure of severity high or critical is new. M: something else is, or went, or the engine is not in the
    baseline. P: nothing is. NA: there is no baseline. U: a kind of object, or such a part of one, could not be read,
    now or then, and nothing else is different. The report judges this, after all other checks; the explorer has no
    baseline.
    """
    if view.policy.news is None:
        return not_applicable("no baseline was given (scan --baseline)")
    news = view.policy.news.get(view.source)
    if news is None:
        return manual("this engine is not in the baseline", Evidence("baseline", f"no source {view.source}"))
    if news.failures:
        said = f"{len(news.failures)} new since {news.since} of severity high or critical"
        more = f"; {_changes(news)} besides" if news.differences else ""
        return failed(said + more, *_evidence(news), salient=_digest(news))
    if news.differences:
        return manual(f"{_changes(news)} since {news.since}", *_evidence(news))
    if news.unread:
        return unknown(f"could not be compared with {news.since}: {', '.join(news.unread)}")
    return passed(f"nothing new since {news.since}")


def _changes(news: News) -> str:
    return f"{len(news.differences)} change{'' if len(news.differences) == 1 else 's'}"


def _evidence(news: News) -> tuple[Evidence, ...]:
    failures = [Evidence(f"new {item.severity}", f"{item.check} {item.resource}") for item in news.failures]
    found = [*failures, *(Evidence(item.what, item.value) for item in news.differences)]
    rest = [Evidence("and", f"{len(found) - _SHOWN} more")] if len(found) > _SHOWN else []
    unread = [Evidence("not compared", what) for what in news.unread]
    return (*found[:_SHOWN], *rest, *unread)


def _digest(news: News) -> str:
    """Other news make another finding, so that a dashboard which closed the last one opens it again."""
    text = repr((sorted(news.failures), sorted(news.differences)))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
