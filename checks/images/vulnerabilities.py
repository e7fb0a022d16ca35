"""Known vulnerabilities of what is in an image, and how fresh that knowledge is."""

from __future__ import annotations

from collections.abc import Sequence

from checks.check import Domain, check
from checks.images.trust import rules
from checks.images.usage import uses
from checks.verdict import Evidence, Severity, Verdict, failed, passed, unknown
from checks.view import View
from inventory.gap import Gap, Reason
from inventory.model import Image
from inventory.vulnerabilities.model import Rating, Vulnerabilities, Vulnerability

SHOWN = 10
DAY = 86400.0
_SEVERITY = {
    Rating.CRITICAL: Severity.CRITICAL, Rating.HIGH: Severity.HIGH, Rating.MEDIUM: Severity.MEDIUM,
    Rating.LOW: Severity.LOW,
}  # fmt: skip
_WORSE_THAN = {rating.word: rating for rating in Rating if rating is not Rating.UNKNOWN}


@check(
    "IMG-009",
    "Known vulnerabilities",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="A known hole that has a fix is the cheapest way in.",
    remediation="Rebuild the image on an updated base (`docker build --pull --no-cache`), or raise the package to the "
    "fixed version, and roll it out. What does not concern you is excused by a VEX statement: `[scanner] reports`.",
    references=(
        "CIS-Docker-1.6:4.4", "NIST-800-190:4.1.1", "OWASP-Docker:D02", "ATT&CK:T1190", "CWE-1395",
    ),
)  # fmt: skip
def known_vulnerabilities(image: Image, view: View) -> Verdict:
    """Judges what OSV data, other engines and imported reports say of the packages in the image.

    F: a critical or high vulnerability with a fix (severity: the worst one's); one that is known to be exploited
    (critical, with or without a fix); one above `max_severity` of the image's trust rule, with or without a fix; a
    package that OSV lists as malicious (MAL, critical). P: somebody looked at every package, and none of these. Excused
    ones (VEX, unimportant) do not count. U: nobody looked, nothing could be said of some packages, or nobody rated one
    that would count if it were bad. Sources: CIS Docker 4.4, CISA KEV, OSV schema.
    """
    told = view.analysis(image.id).vulnerabilities
    limit = _limit(image, view)
    bad = [one for one in told.found if one.counts and (one.exploited or _counts(one, limit))]
    if bad:
        return _failure(bad, told, limit)
    if not told.said:
        why = "; ".join(told.unmatched[:3]) or "no vulnerability data: deckwatch vulndb update, or vulndb import PATH"
        return unknown(why)
    if told.unmatched:
        return unknown(f"not all could be judged: {'; '.join(told.unmatched[:3])}", *_tally(told))
    unrated = [one for one in told.found if one.counts and not one.rating and (one.fixed or limit is not None)]
    if unrated:
        said = f"{len({one.id for one in unrated})} that nobody rated{'' if limit is not None else ' have a fix'}"
        return unknown(said, *(Evidence(one.id, _words(one)) for one in unrated[:SHOWN]), *_tally(told))
    return passed("", *_tally(told))


def _limit(image: Image, view: View) -> Rating | None:
    """The worst rating that the image's trust rule tolerates, None where no rule says so."""
    words = [rule.max_severity for _, rule in rules(image, view.policy)]
    return min((_WORSE_THAN[word] for word in words if word in _WORSE_THAN), default=None)


def _malicious(one: Vulnerability) -> bool:
    """Not a program with a fault but one made to harm: OSV's prefix for such packages."""
    return any(name.startswith("MAL-") for name in (one.id, *one.aliases))


def _counts(one: Vulnerability, limit: Rating | None) -> bool:
    if _malicious(one):
        return True
    if limit is not None:
        return one.rating > limit
    return one.rating >= Rating.HIGH and bool(one.fixed)


def _failure(bad: Sequence[Vulnerability], told: Vulnerabilities, limit: Rating | None) -> Verdict:
    worst = max(one.rating for one in bad)
    exploited = sorted({one.id for one in bad if one.exploited})
    severity = Severity.CRITICAL if exploited or any(map(_malicious, bad)) else _SEVERITY.get(worst, Severity.LOW)
    count = len({one.id for one in bad})
    fixed = len({one.id for one in bad if one.fixed})
    total = len({one.id for one in told.found if one.counts})
    are = "is" if count == 1 else "are"
    some = f"{count} of {total} known vulnerabilit{'y' if total == 1 else 'ies'}"
    if limit is not None and all(one.rating > limit for one in bad):
        said = f"{some} {are} above {limit.word}, which the rule tolerates, {fixed} with a fix"
    elif all(one.rating >= Rating.HIGH and one.fixed for one in bad):
        said = f"{some} {are} critical or high with a fix"
    else:
        said = f"{some} must not stay, {fixed} with a fix"
    if exploited:
        said = f"exploited in the wild: {', '.join(exploited[:3])}; {said}"
    evidence = tuple(Evidence(f"{one.id} {one.rating.word}", _words(one)) for one in bad[:SHOWN])
    return failed(said, *evidence, *_tally(told), severity=severity)


def _words(one: Vulnerability) -> str:
    score = f", CVSS {one.score:.1f}" if one.score is not None else ""
    fix = f"fixed in {one.fixed}" if one.fixed else "no fix"
    known = ", exploited in the wild" if one.exploited else ", malicious" if _malicious(one) else ""
    return f"{one.package} {one.installed}: {fix}{score}{known} (says {', '.join(one.said_by) or 'osv'})"


def _tally(told: Vulnerabilities) -> tuple[Evidence, ...]:
    counts = ((rating.word, told.count(rating)) for rating in reversed(Rating))
    words = ", ".join(f"{count} {word}" for word, count in counts if count) or "none"
    looked = "; ".join(" ".join(filter(None, (one.by, one.version))) for one in told.said)
    return Evidence("vulnerabilities", words), Evidence("looked", looked)


@check(
    "IMG-010",
    "No recent vulnerability report",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Image,
    why="An old report says nothing about today.",
    remediation="Look again: `v` in the images pane, `deckwatch scan --deep`, or import a scanner's report. Refresh "
    "the data first: `deckwatch vulndb update`, or `deckwatch vulndb import PATH` where there is no network.",
    references=("CIS-Docker-1.6:4.4", "NIST-800-190:4.1.1", "CWE-1395"),
)
def recent_report(image: Image, view: View) -> Verdict:
    """Judges when somebody last looked for vulnerabilities of an image that is used, and how old the data then were.

    F: nobody looked, or the newest look or its data are older than `images.max_report_age` days. P: newer. P as well
    where nothing uses the image. U: users could not be listed, or the look itself failed.
    """
    if not uses(image, view):
        return passed("nothing uses it")
    found = view.analysis(image.id).peek("vulnerabilities")
    if isinstance(found, Gap) and found.reason is not Reason.PENDING:
        return unknown(str(found))
    if isinstance(found, Gap) or not found.said:
        why = str(found) if isinstance(found, Gap) else "; ".join(found.unmatched[:3]) or "no vulnerability data"
        return failed("nobody has looked for vulnerabilities", Evidence("vulnerabilities", why))
    days = view.policy.max_report_age
    ages = [(_age(one.data_at or one.at, view.now), one) for one in found.said]
    newest, by = min(ages, key=lambda pair: pair[0])
    dated = newest < _age(0.0, view.now)
    old = f"{newest:.0f} days old" if dated else "of no day that can be believed"
    evidence = Evidence("looked", f"{by.by} {by.version}".strip() + f", data {old}")
    if newest > days:
        said = f"data of the newest look are {f'up to {old}' if dated else old}"
        return failed(said + (f", more than {days}" if dated else ""), evidence)
    return passed("", evidence)


def _age(at: float, now: float) -> float:
    """In days. What is of tomorrow is of no day that can be believed: for ever new it must not be."""
    return (now if at > now + DAY else max(0.0, now - at)) / DAY
