"""What several engines and reports say of one image, as one list: a vulnerability of a package is told once."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from inventory.vulnerabilities.model import Rating, Vulnerabilities, Vulnerability, ordered

VEX = "VEX: "
"""How the `excused` of a statement about this very image begins; it outweighs what others say."""
STATEMENT = "openvex"
"""Who says what is nothing but a statement: no finding, only an excuse for those of others."""
_CVE = "CVE-"


def combine(digest: str, answers: Iterable[Vulnerabilities]) -> Vulnerabilities:
    """One answer of many. The first to name a vulnerability describes it, others fill in what it leaves open.

    The same: one package in one version, and one name in common; but never two CVEs, whatever advisory covers both. A
    statement about no package at all (VEX) is about every package that has the vulnerability. Whoever rates higher is
    not believed more: the order decides.
    """
    told = list(answers)
    groups: dict[tuple[str, str, str], list[Vulnerability]] = {}  # by a name and package: what is said of it so far
    statements: list[Vulnerability] = []
    found: list[list[Vulnerability]] = []
    for answer in told:
        for one in answer.found:
            names = (one.id, *one.aliases)
            if one.excused.startswith(VEX) and (not one.package or one.said_by == (STATEMENT,)):
                statements.append(one)
                continue
            keys = [(name, one.package, one.installed) for name in names]
            group = next((groups[key] for key in keys if key in groups and _fits(one, groups[key])), None)
            if group is None:
                group = []
                found.append(group)
            group.append(one)
            for key in keys:
                groups.setdefault(key, group)
    excuses = _by_name(statements)
    folded = (_excused(_one(group), excuses) for group in found)
    unmatched = tuple(dict.fromkeys(text for answer in told for text in answer.unmatched))
    said = tuple(dict.fromkeys(one for answer in told for one in answer.said))
    return Vulnerabilities(digest, ordered(folded), said, unmatched)


def _fits(one: Vulnerability, group: list[Vulnerability]) -> bool:
    own = _cve(one)
    return not own or all(_cve(other) in ("", own) for other in group)


def _cve(one: Vulnerability) -> str:
    """The CVE that it is; "" for an advisory about none or about several."""
    if one.id.startswith(_CVE):
        return one.id
    named = {name for name in one.aliases if name.startswith(_CVE)}
    return named.pop() if len(named) == 1 else ""


def _one(group: list[Vulnerability]) -> Vulnerability:
    first = group[0]
    if len(group) == 1:
        return first
    rated = next((one for one in group if one.rating is not Rating.UNKNOWN), first)
    scored = next((one for one in group if one.score is not None), first)
    names = dict.fromkeys(name for one in group for name in (one.id, *one.aliases))
    chances = [one.epss for one in group if one.epss is not None]
    return replace(
        first,
        aliases=tuple(name for name in names if name != first.id),
        rating=rated.rating,
        score=scored.score,
        vector=scored.vector,
        fixed=_first(one.fixed for one in group),
        summary=_first(one.summary for one in group),
        url=_first(one.url for one in group),
        path=_first(one.path for one in group),
        layer=_first(one.layer for one in group),
        type=_first(one.type for one in group),
        said_by=tuple(dict.fromkeys(name for one in group for name in one.said_by)),
        excused=_excuse(group),
        exploited=any(one.exploited for one in group),
        epss=max(chances, default=None),
    )


def _excuse(group: list[Vulnerability]) -> str:
    """A statement about this image counts at once; other excuses only where all agree that it does not matter."""
    stated = next((one.excused for one in group if one.excused.startswith(VEX)), "")
    if stated or not all(one.excused for one in group):
        return stated
    return group[0].excused


def _by_name(statements: Iterable[Vulnerability]) -> dict[str, list[Vulnerability]]:
    found: dict[str, list[Vulnerability]] = {}
    for one in statements:
        for name in (one.id, *one.aliases):
            found.setdefault(name, []).append(one)
    return found


def _excused(one: Vulnerability, excuses: dict[str, list[Vulnerability]]) -> Vulnerability:
    """With the statement that is about it. An advisory for several CVEs is excused only where all of them are."""
    if not excuses:
        return one
    own = _cve(one)
    others = [name for name in (one.id, *one.aliases) if not name.startswith(_CVE)]
    stated = next(filter(None, (_stated(one, excuses.get(name, ())) for name in (own, *others))), "")
    if not stated and not own:
        each = [_stated(one, excuses.get(name, ())) for name in one.aliases if name.startswith(_CVE)]
        stated = each[0] if each and all(each) else ""
    return replace(one, excused=stated) if stated else one


def _stated(one: Vulnerability, statements: Iterable[Vulnerability]) -> str:
    """What a statement about this package, or about none in particular, says."""
    for stated in statements:
        if not stated.package or (
            _plain(stated.package) == _plain(one.package) and stated.installed in ("", one.installed)
        ):
            return stated.excused
    return ""


def _plain(name: str) -> str:
    return name.lower().replace(":", "/").replace("_", "-")


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")
