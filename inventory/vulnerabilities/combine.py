"""What several engines and reports say of one image, as one list: a vulnerability of a package is told once."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from inventory.vulnerabilities.model import Rating, Vulnerabilities, Vulnerability, ordered

VEX = "VEX: "
"""How the `excused` of a statement about this very image begins; it outweighs what others say."""


def combine(digest: str, answers: Iterable[Vulnerabilities]) -> Vulnerabilities:
    """One answer of many. The first to name a vulnerability describes it, others fill in what it leaves open.

    The same: one package in one version, and one name in common. A statement about no package at all (VEX) is about
    every package that has the vulnerability. Whoever rates higher is not believed more: the order decides.
    """
    told = list(answers)
    groups: dict[tuple[str, str, str], list[Vulnerability]] = {}  # by a name and package: what is said of it so far
    excuses: dict[str, str] = {}
    found: list[list[Vulnerability]] = []
    for answer in told:
        for one in answer.found:
            names = (one.id, *one.aliases)
            if one.excused.startswith(VEX) and not one.package:
                excuses.update(dict.fromkeys(names, one.excused))
                continue
            keys = [(name, one.package, one.installed) for name in names]
            group = next((groups[key] for key in keys if key in groups), None)
            if group is None:
                group = []
                found.append(group)
            group.append(one)
            for key in keys:
                groups.setdefault(key, group)
    folded = (_excused(_one(group), excuses) for group in found)
    unmatched = tuple(dict.fromkeys(text for answer in told for text in answer.unmatched))
    said = tuple(dict.fromkeys(one for answer in told for one in answer.said))
    return Vulnerabilities(digest, ordered(folded), said, unmatched)


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


def _excused(one: Vulnerability, excuses: dict[str, str]) -> Vulnerability:
    stated = next((excuses[name] for name in (one.id, *one.aliases) if name in excuses), "")
    return replace(one, excused=stated) if stated else one


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")
