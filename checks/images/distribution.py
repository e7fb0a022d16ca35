"""The distribution that an image is made from: whether it still gets security fixes."""

from __future__ import annotations

from datetime import date

from checks.check import Domain, check
from checks.data.end_of_life import ROLLING, TABLE_DATE, release_of
from checks.data.lifetimes import Lifetime
from checks.data.tables import SOON, day, outdated
from checks.data.updates import lifetime as updated_lifetime
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.contents.model import Contents, Distribution
from inventory.gap import Unread
from inventory.model import Image
from inventory.reference import parse

_BASE = "org.opencontainers.image.base.name"
_OFFICIAL = "docker.io/library"
_REPOSITORIES = {"amazonlinux": "amzn", "rockylinux": "rocky", "oraclelinux": "ol"}
"""Official images whose repository is not called as os-release says."""
_SYSTEM_PACKAGES = frozenset({"deb", "apk", "rpm"})
_WHERE = "os-release"
_PAID = "esm"
_SHOWN = 3


@check(
    "IMG-020",
    "End-of-life base distribution",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="The distribution publishes no more security fixes: every hole that is found from now on stays open.",
    remediation="Build on a release that is still supported, and test it: library and language versions change with "
    "it. Rebuilding on the same tag brings nothing any more.",
    references=("CIS-Docker-1.6:4.4", "NIST-800-190:4.1.1", "CWE-1104"),
)
def end_of_life(image: Image, view: View) -> Verdict:
    """Judges os-release's ID and VERSION_ID, SUPPORT_END first, else the shipped table (or a newer fetched one).

    F: the last day with fixes that cost nothing is over. M: it is over and packages are of Ubuntu's paid service; 90
    days are left; the distribution or its release is not in the table, which may be too old to prove that it is
    supported. P: supported, or without releases. NA: no distribution in it (no os-release, no system packages). U:
    nobody has looked into the image, or not completely and no distribution was found; but a label `base.name` that
    names an ended release fails without looking. Source: NIST SP 800-190 4.1.1.
    """
    try:
        contents = view.analysis(image.id).contents
    except Unread:
        verdict = _by_label(image, view)
        if verdict is None:
            raise
        return verdict
    distribution = contents.distribution
    if not distribution.id:
        return _nameless(contents)
    said = Evidence(_WHERE, _told(distribution))
    today = day(view.now)
    support_end = _date(distribution.support_end)
    if support_end:
        name = distribution.pretty_name or _told(distribution)
        return _judged(name, Lifetime(support_end), today, said, Evidence("SUPPORT_END", str(support_end)))
    if distribution.id in ROLLING:
        return passed(f"{ROLLING[distribution.id]} has no releases; the age of the image decides", said)
    release = release_of(distribution.id, distribution.version_id, distribution.codename)
    if release is None:
        return manual(f"no end of life known for {_told(distribution)!r}", said, Evidence("table", str(TABLE_DATE)))
    lifetime, made = updated_lifetime(
        release.product, release.release, release.lifetime, TABLE_DATE, view.policy.tables
    )
    table = Evidence("table", str(made))
    if lifetime is None:
        return manual(f"no end of life known for {release}", said, table)
    if lifetime.end < today and distribution.id == "ubuntu" and (paid := _paid(contents)):
        until = lifetime.extended
        if until and until >= today:
            return manual(f"{release}: only paid fixes, until {until}; packages of them are installed", said, *paid)
    verdict = _judged(str(release), lifetime, today, said, table)
    if verdict.outcome is Outcome.PASS and outdated(made, today):
        return manual(f"fine by a table of {made}, which is too old to prove it", said, table)
    return verdict


def _judged(name: str, lifetime: Lifetime, today: date, *evidence: Evidence) -> Verdict:
    evidence = (*evidence, Evidence("end of life", str(lifetime.end)))
    if lifetime.end < today:
        paid = lifetime.extended
        more = f"; paid ones end on {paid}" if paid and paid >= today else ""
        return failed(f"{name} gets no fixes since {lifetime.end}{more}", *evidence)
    if lifetime.end - today < SOON:
        return manual(f"fixes for {name} end on {lifetime.end}", *evidence)
    return passed(f"{name}: fixes until {lifetime.end}", *evidence)


def _by_label(image: Image, view: View) -> Verdict | None:
    """A failure by what the image says it was built on; that it is supported nobody believes a label."""
    base = image.labels.get(_BASE, "")
    reference = parse(base)
    official = f"{reference.registry}/{reference.repository.rpartition('/')[0]}" == _OFFICIAL
    if not base or not official:
        return None
    name = reference.repository.rpartition("/")[2]
    version = reference.tag.partition("-")[0]
    distribution = _REPOSITORIES.get(name, name)
    today = day(view.now)
    for release in (release_of(distribution, version), release_of(distribution, "", version)):
        if release and release.lifetime and release.lifetime.end < today:
            said = Evidence(f"Config.Labels[{_BASE}]", base)
            return _judged(f"{release}, named as the base,", release.lifetime, today, said)
    return None


def _nameless(contents: Contents) -> Verdict:
    """Without os-release: nothing to end, unless a package manager's packages say that there was something."""
    system = [package for package in contents.packages if package.type in _SYSTEM_PACKAGES]
    evidence = Evidence(_WHERE, "none")
    if system:
        found = Evidence("packages", f"{len(system)} recorded in {system[0].path}")
        return manual("has packages of a distribution, but does not say which", evidence, found)
    if not contents.complete:
        return unknown("names no distribution, but not all of it could be read", evidence)
    return not_applicable("no distribution in it")


def _paid(contents: Contents) -> tuple[Evidence, ...]:
    found = [each for each in contents.packages if each.type == "deb" and _PAID in each.version]
    return tuple(Evidence(each.path, f"{each.name} {each.version}") for each in found[:_SHOWN])


def _told(distribution: Distribution) -> str:
    return f"{distribution.id} {distribution.version_id or distribution.codename}".strip()


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
