"""Names that look like others' names."""

from __future__ import annotations

from functools import lru_cache

from checks.check import Domain, check
from checks.data.official_names import OFFICIAL, PUBLISHERS
from checks.images.reference import complete, parse
from checks.images.trust import judged
from checks.images.usage import SHOWN, names
from checks.verdict import Evidence, Severity, Verdict, manual, not_applicable, passed
from checks.view import View
from inventory.model import Image
from inventory.reference import DEFAULT_REGISTRY, Reference

_SHORT = 5  # a name of so many letters is like too many others by two of them
_SHORTEST = 5  # shorter ones are like too many others by one
_LONGEST = 40


@check(
    "IMG-038",
    "Look-alike repository name",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="A name that is one slip of the finger away from a well-known one is how strangers get their image run.",
    remediation="Compare the name with the documentation of what was meant, and pull that. If this is the one that was "
    "meant, say so: a `[[trust.rule]]` that names the repository.",
    references=("ATT&CK:T1036.005", "ATT&CK:T1204.003", "CWE-1007"),
)
def look_alike(image: Image, view: View) -> Verdict:
    """Judges repositories of the default registry by a shipped list of official images and known publishers.

    M: outside of `library`, the last part of the name is one change (a letter more, less, other, or two swapped) from
    an official image of five letters or more, or two where both have more than five; or the namespace is so near to a
    known publisher's. P: none, or somebody known publishes it, or the policy names it as trusted. NA: no name of the
    image is of the default registry and outside of `library`.
    """
    references = {complete(one): one for one in map(parse, names(image)) if one is not None}
    judged_ones = {name: one for name, one in references.items() if _stranger(one)}
    if not judged_ones:
        return not_applicable(f"no name of it is of a namespace of {DEFAULT_REGISTRY} other than library")
    found = []
    for name, one in judged_ones.items():
        source = judged(one, view.policy)
        like = _like(one.repository)
        if like and not (source.trusted and source.named):
            found.append((name, like))
    if not found:
        return passed()
    evidence = [Evidence("RepoTags, RepoDigests", f"{name}, resembles {like}") for name, like in found[:SHOWN]]
    return manual(f"{found[0][0]} resembles {found[0][1]}", *evidence)


def _stranger(one: Reference) -> bool:
    return one.registry == DEFAULT_REGISTRY and not one.repository.startswith("library/") and "/" in one.repository


@lru_cache(maxsize=4096)
def _like(repository: str) -> str:
    """The name that this one resembles, "" for none."""
    namespace, _, rest = repository.partition("/")
    if namespace in PUBLISHERS:
        return ""
    name = rest.rpartition("/")[2]
    near = _nearest(namespace, _MAKERS)
    if near:
        return f"{near}/{rest}"
    return "" if name in OFFICIAL else _nearest(name, _IMAGES)


def _letters(name: str) -> int:
    """One bit for each sign that is in it: names that share too few cannot be near."""
    found = 0
    for sign in name:
        found |= 1 << (ord(sign) % 64)
    return found


def _known(names: frozenset[str]) -> tuple[tuple[str, int, int], ...]:
    """Names with how many changes still are near, and their letters."""
    return tuple((one, 1 if len(one) <= _SHORT else 2, _letters(one)) for one in sorted(names) if len(one) >= _SHORTEST)


_IMAGES, _MAKERS = _known(OFFICIAL), _known(PUBLISHERS)


def _nearest(name: str, known: tuple[tuple[str, int, int], ...]) -> str:
    if len(name) > _LONGEST:
        return ""
    letters = _letters(name)
    for one, allowed, has in known:
        limit = 1 if len(name) <= _SHORT else allowed
        if (
            abs(len(one) - len(name)) <= limit
            and (letters ^ has).bit_count() <= 2 * limit
            and 0 < distance(name, one, limit) <= limit
        ):
            return one
    return ""


def distance(left: str, right: str, limit: int) -> int:
    """How many letters were added, dropped, changed or swapped with their neighbour; more than `limit` is not told."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if earlier and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1
    return row[-1]
