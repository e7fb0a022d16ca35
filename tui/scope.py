"""Which source and which namespaces a person looks at: a picture with the rest left out, for every pane alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from checks.result import Evaluation
from inventory.gap import Gap
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.text import safe
from tui.picture import Picture, add_up


@dataclass(frozen=True, slots=True)
class Scope:
    """`source` "" is every one, no `namespaces` all of them. A namespace hides what is in another, and nothing else."""

    source: str = ""
    namespaces: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.source or self.namespaces)

    def holds(self, resource: Resource) -> bool:
        """Whether the resource is to be seen."""
        if self.source and resource.key.source != self.source:
            return False
        if not self.namespaces:
            return True
        namespace = namespace_of(resource)
        return not namespace or namespace in self.namespaces


EVERYTHING = Scope()


def scope_words(scope: Scope) -> str:
    """What is looked at, for the line over a list: `@prod-eu ns:shop,web`; "" for everything."""
    spaces = sorted(scope.namespaces)
    more = f"+{len(spaces) - 2}" if len(spaces) > 2 else ""
    words = (
        f"@{safe(scope.source, 24)}" if scope.source else "",
        f"ns:{safe(','.join(spaces[:2]), 40)}{more}" if spaces else "",
    )
    return " ".join(filter(None, words))


def namespace_of(resource: Resource) -> str:
    """The namespace that an object is in, or is; "" for what is in none."""
    if resource.key.kind is Kind.NAMESPACE:
        return resource.name
    if "namespace" not in resource.field_names:
        return ""
    found = resource.peek("namespace")
    return "" if isinstance(found, Gap) else str(found)


def in_namespaces(kind: Kind, resources: Iterable[Resource]) -> bool:
    """Whether resources of a kind can be told apart by namespace; looks at one of them."""
    first = next(iter(resources), None)
    return first is not None and (kind is Kind.NAMESPACE or "namespace" in first.field_names)


class Lens:
    """Makes the picture that a scope leaves of one; the latest is kept, for several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: tuple[Scope, Picture, Picture] | None = None

    def through(self, picture: Picture, scope: Scope) -> Picture:
        """The picture itself, or what the scope leaves of it."""
        if not scope:
            return picture
        with self._lock:
            made = self._made
            if made is None or made[0] != scope or made[1] is not picture:
                made = (scope, picture, _within(picture, scope, made[2] if made and made[0] == scope else None))
                self._made = made
        return made[2]


def _within(picture: Picture, scope: Scope, before: Picture | None) -> Picture:
    snapshot, evaluation = _snapshot(picture, scope, before), picture.evaluation
    judged = evaluation.judgements
    found = {key: judged[key] for kept in snapshot.by_kind.values() for key in kept if key in judged}
    counts = Counter(judgement.summary for judgement in found.values())
    total = add_up(counts)
    return Picture(
        snapshot,
        Evaluation(evaluation.generation, found, total, evaluation.seconds),
        picture.stats,
        {pair: moment for pair, moment in picture.fresh.items() if pair[0] in found},
        whole=picture,
        part=scope_words(scope),
        waiting=picture.waiting,
        policy=picture.policy,
    )


def _snapshot(picture: Picture, scope: Scope, before: Picture | None) -> Snapshot:
    """Kinds that are as they were are not gone through again: rows are kept by what they were made from."""
    snapshot = picture.snapshot
    earlier = before.snapshot.by_kind if before is not None else {}
    whole = before.everything.snapshot.by_kind if before is not None else {}
    by_kind: dict[Kind, Mapping[ResourceKey, Resource]] = {}
    for kind, resources in snapshot.by_kind.items():
        if kind in earlier and whole.get(kind) is resources:
            by_kind[kind] = earlier[kind]
        elif scope.source or in_namespaces(kind, resources.values()):
            by_kind[kind] = {key: one for key, one in resources.items() if scope.holds(one)}
        else:
            by_kind[kind] = resources
    sources, gaps, events = snapshot.sources, snapshot.gaps, snapshot.events
    if scope.source:
        sources = {name: health for name, health in sources.items() if name == scope.source}
        gaps = {key: gap for key, gap in gaps.items() if key[0] == scope.source}
        events = tuple(event for event in events if event.source == scope.source)
    return Snapshot(snapshot.generation, snapshot.taken_at, by_kind, sources, gaps, events)
