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
from inventory.gap import Gap
from inventory.image import Image
from inventory.resource import CLUSTER_KINDS, Kind, Resource
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
_LONGEST = 58  # characters of a name before the five that the API server makes up
_TELLING = ("app.kubernetes.io/instance", "app.kubernetes.io/name", "app", "k8s-app", "name")
_PASSING = frozenset({  # labels that the next rollout, run or replica has with another value
    "pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid", "job-name",
    "pod-name", "pod-index", "job-completion-index",
})  # fmt: skip

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
    own: dict[object, Where] = {}  # all that one thing made are one choice
    for resource in resources:
        if len(own) == _EACH:
            break
        made, key = origin(resource, snapshot), resource.key
        which = (key.kind, key.source, selectors.namespace(resource), made) if made and made.stem(resource) else key
        if which not in own:
            own[which] = _itself(resource, made, snapshot)
    common = list(_common(resources, snapshot, kind))
    return [*own.values(), *common, everything]


def _itself(resource: Resource, made: Origin | None, snapshot: Snapshot) -> Where:
    """The one object, whatever else has its name; of what is made from a template, whatever comes in its place."""
    kind, carrier = resource.key.kind, selectors.behind(resource)
    bearer = (snapshot.get(carrier) if carrier else None) or resource
    among = {
        "kind": kind.value if kind in CLUSTER_KINDS else "",
        "namespace": selectors.exactly(selectors.namespace(bearer)),
        "source": selectors.exactly(resource.key.source) if _several_sources(snapshot) else "",
    }
    at = f" at {safe(resource.key.source, 40)}" if among["source"] else ""
    stem = made.stem(resource) if made else ""
    if not made or not stem:  # named by hand, or by something that has names of its own
        name = selectors.exactly(resource.name)
        return Where(f"this {kind.value}: {safe(resource.called)}{at}", {"resource": name, **among})
    label = _distinct(resource, stem, made, snapshot)
    glob = {"resource": f"{selectors.exactly(stem)}*", "label": label, **among}
    of = safe(f"{selectors.namespace(resource)}/{made.name}")
    return Where(f"every {kind.value} of {made.kind.value} {of}{at}", glob)


@dataclass(frozen=True, slots=True)
class Origin:
    """What made an object in the end: a pod's deployment, not its ReplicaSet, which lasts until the next rollout."""

    kind: Kind
    name: str

    def stem(self, resource: Resource) -> str:
        """How the names begin that it gives, if this one does; the server cuts long ones to have room for its own."""
        whole = f"{self.name}-"
        found = next((stem for stem in (whole, whole[:_LONGEST]) if resource.name.startswith(stem)), "")
        return found if self.name else ""


def origin(resource: Resource, snapshot: Snapshot) -> Origin | None:
    """The first in the chain of makers, as far as it was read; None for what nothing made."""
    found, key = resource, selectors.maker(resource)
    if key is None:
        return None
    while (above := snapshot.get(key)) is not None and (further := selectors.maker(above)) is not None:
        found, key = above, further
    name = key.id.rpartition("/")[2]
    revision = _text_label(found, "pod-template-hash")
    if key.kind is Kind.REPLICASET and above is None and revision and name.endswith(f"-{revision}"):
        return Origin(Kind.DEPLOYMENT, name.removesuffix(f"-{revision}"))  # nobody may read it, but that is its name
    return Origin(key.kind, name)


def _distinct(resource: Resource, stem: str, made: Origin, snapshot: Snapshot) -> str:
    """A label that tells it from what others made under a name that begins alike: `payments-api` beside `payments`."""
    space = selectors.namespace(resource)
    others = [
        other
        for key, other in snapshot.by_kind.get(resource.key.kind, {}).items()
        if other.name.startswith(stem)
        and key.source == resource.key.source
        and selectors.namespace(other) == space
        and origin(other, snapshot) != made
    ]
    labels = resource.peek("labels")
    if not others or isinstance(labels, Gap):
        return ""
    for name in sorted(labels, key=lambda name: (name not in _TELLING, name)):
        pattern = f"{selectors.exactly(name)}={selectors.exactly(labels[name])}"
        lasting = "=" not in name and name.rpartition("/")[2] not in _PASSING
        if lasting and not any(selectors.has_label(other, pattern) for other in others):
            return pattern
    return ""


def _text_label(resource: Resource, name: str) -> str:
    labels = resource.peek("labels")
    return "" if isinstance(labels, Gap) else labels.get(name, "")


def _several_sources(snapshot: Snapshot) -> bool:
    """Whether a name alone may mean things of different engines or clusters; the machine below them is no other one."""
    return len({name for name, health in snapshot.sources.items() if health.kind != "host"}) > 1


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
        space = selectors.namespace(resource) if resource.key.kind in CLUSTER_KINDS else ""
        if space:
            within = {"kind": resource.key.kind.value, "namespace": selectors.exactly(space)}
            one = within["kind"]
            found.setdefault(f"n{one} {space}", Where(f"every {one} of namespace {safe(space)}", within))
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
