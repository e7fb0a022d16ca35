"""What a waiver for some findings could be: on which objects, in which words, until when. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase

from checks import selectors
from checks.catalogue import catalogue
from checks.policy import Waiver
from checks.result import Result
from checks.verdict import Outcome
from inventory.container import Container
from inventory.image import Image
from inventory.resource import Resource
from inventory.snapshot import Snapshot
from inventory.swarm import Service
from inventory.text import safe
from tui.near import hint
from tui.picture import Picture

DAYS = 90  # until a waiver is due to be looked at again, unless somebody says otherwise
_SPAN = re.compile(r"(\d{1,4})\s*([dwmy])")
_UNITS = {"d": 1, "w": 7, "m": 30, "y": 365}
_MOST_FAULTS = 12
_EACH = 8  # objects of a group that are offered one by one

OPEN = (Outcome.FAIL, Outcome.MANUAL)
"""What can be accepted; what could not be judged cannot."""


@dataclass(frozen=True, slots=True)
class Where:
    """A choice of objects: what it is called, and the selectors that mean them."""

    label: str
    selectors: Mapping[str, str]


def places(results: Sequence[Result], snapshot: Snapshot) -> list[Where]:
    """The choices that fit these results of one check, the narrowest first: a wider one is for a person to choose."""
    resources = [found for result in results if (found := snapshot.get(result.key)) is not None]
    kind = results[0].key.kind.value
    everything = Where(f"every {kind}", {"resource": "*"})
    own = [Where(f"this {kind}: {safe(one.name)}", {"resource": selectors.exactly(one.name)}) for one in resources]
    common = list(_common(resources, snapshot, kind))
    return [*own[:_EACH], *common, everything]


def _common(resources: Iterable[Resource], snapshot: Snapshot, kind: str) -> Iterable[Where]:
    found: dict[str, Where] = {}
    for resource in resources:
        key = selectors.behind(resource)
        bearer = (snapshot.get(key) if key else None) or resource
        image, project = image_glob(bearer), selectors.project(bearer)
        if image:
            found.setdefault(f"i{image}", Where(f"every {kind} of image {safe(image)}", {"image": image}))
        if project:
            of = Where(f"every {kind} of project {safe(project)}", {"project": selectors.exactly(project)})
            found.setdefault(f"p{project}", of)
    return list(found.values())[: 2 * _EACH]


def image_glob(resource: Resource) -> str:
    """The image of a resource in any version, or exactly the one that has no tag; "" if it has none."""
    if isinstance(resource, Container | Service):
        said = resource.peek("image_ref")
        name = said if isinstance(said, str) else ""
    else:
        name = resource.name if isinstance(resource, Image) else ""
    if not name or name.startswith("sha256:") or ("@" in name and ":" not in name.partition("@")[0]):
        return selectors.exactly(name)
    return f"{selectors.exactly(selectors.repository(name))}:*"


def faults(result: Result) -> tuple[str, ...]:
    """Globs that together mean what was found, and nothing else; () if there is too much or nothing to name."""
    found = tuple(dict.fromkeys(selectors.exactly(item.value or item.path) for item in result.evidence))
    return found if len(found) <= _MOST_FAULTS and all(len(text) <= 200 for text in found) else ()


def until(text: str, today: date) -> date | str | None:
    """The last day that `30d`, `6w`, `3m`, `1y`, `2027-01-31` or nothing (for ever: None) means, or what is wrong."""
    word = text.strip().lower()
    if word in ("", "never", "none"):
        return None
    span = _SPAN.fullmatch(word)
    try:
        day = today + timedelta(days=int(span[1]) * _UNITS[span[2]]) if span else date.fromisoformat(word)
    except (ValueError, OverflowError):
        return "30d, 2w, 1y, a date such as 2027-01-31, or nothing"
    return "is over already" if day < today else day


def check_mistake(pattern: str) -> str:
    """What is wrong with the check of a waiver; "" if nothing is."""
    known = [check.id for check in catalogue()]
    if any(fnmatchcase(name, pattern) for name in known):
        return ""
    return f"no check is called {safe(pattern, 40)}{hint(pattern.upper(), known)}"


def covers(waiver: Waiver, picture: Picture) -> int:
    """How many findings that count now would not count any more."""
    snapshot, found = picture.snapshot, 0
    fits: dict[str, bool] = {}
    for result in picture.evaluation.results():
        name = result.check.id
        if name not in fits:
            fits[name] = fnmatchcase(name, waiver.check)
        if fits[name] and result.outcome in OPEN:
            resource = snapshot.get(result.key)
            key = selectors.behind(resource)
            bearer = snapshot.get(key) if key else None
            found += resource is not None and waiver.selects(resource, result.verdict, bearer)
    return found
