"""A list of a cluster's objects. Rows are made when they come into view: a cluster may have 50,000 pods."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from threading import Lock
from typing import Any, ClassVar

from checks.result import NOTHING, Judgement, Summary
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Status
from inventory.text import safe
from tui.format import since
from tui.panes.base import LAST, Entry, Pane, Shown, title, unread
from tui.panes.services.population import Population, population
from tui.panes.services.words import SHORT, arriving, moment, next_age, refusals, said
from tui.picture import Picture
from tui.scope import namespace_of
from tui.verdicts import badge, finding_lines
from widgets.cells import Cell
from widgets.style import Role
from widgets.textview import TextLine, line

_NONE: tuple[str, Any] = ("", None)
_SAME: dict[Any, Any] = {}  # values that rows are sorted by: most rows share theirs with many others
MOST_KEPT = 20_000
KEPT = 10.0  # seconds that entries of the same picture are not made again


class KubeEntry(Entry):
    """A row of a cluster's object: what it shows, sorts and filters by is worked out when it is asked for."""

    __slots__ = ("_cells", "_value", "beside", "judgement", "made", "resource", "until", "view")

    view: KubeView
    resource: Any
    judgement: Judgement | None
    beside: Any
    made: float
    until: float

    def __init__(self, view: KubeView, resource: Any, judgement: Judgement | None, beside: Any, now: float) -> None:
        put = object.__setattr__
        put(self, "key", resource.key)
        put(self, "view", view)
        put(self, "resource", resource)
        put(self, "judgement", judgement)
        put(self, "beside", beside)
        put(self, "made", now)
        put(self, "until", min((next_age(each, now) for each in view.moments(resource, beside)), default=now + 3600))
        put(self, "_cells", None)
        put(self, "_value", _NONE)

    @property
    def row(self) -> KubeEntry:
        """Itself."""
        return self

    @property
    def cells(self) -> tuple[Cell, ...]:
        """One cell per column."""
        found: tuple[Cell, ...] | None = self._cells  # type: ignore[attr-defined]  # a slot
        if found is None:
            found = self.view.cells(self)
            object.__setattr__(self, "_cells", found)
        return found

    @property
    def role(self) -> Role:
        """How the whole line looks."""
        return self.view.role(self)

    @property
    def summary(self) -> Summary:
        """Its verdicts."""
        return self.judgement.summary if self.judgement is not None else NOTHING

    @property
    def minor(self) -> bool:
        """Whether it may be hidden."""
        return self.view.minor(self)

    @property
    def sort(self) -> Mapping[str, Any]:
        """What it is sorted by, by column."""
        return {column.key: self.value(column.key) for column in self.view.columns}

    @property
    def fields(self) -> Mapping[str, str]:
        """What it is filtered by."""
        return self.view.fields(self)

    @property
    def name(self) -> str:
        """What equal ones are sorted by."""
        name: str = self.resource.name
        return name

    def value(self, column: str) -> Any:
        """What it is sorted by in one column; kept for the last one, for the next picture is sorted by it as well."""
        known, value = self._value  # type: ignore[attr-defined]  # a slot
        if known != column:
            value = self.view.value(self, column)
            value = _SAME.setdefault(value, value) if isinstance(value, tuple) else value
            object.__setattr__(self, "_value", (_SAME.setdefault(column, column), value))
        return value

    def __eq__(self, other: object) -> bool:
        """Whether both look the same."""
        if self is other:
            return True
        same = isinstance(other, KubeEntry) and self.key == other.key
        return same and (self.cells, self.role) == (other.cells, other.role)  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def age(self) -> str:
        """How old the object is."""
        return since(moment(self.resource), self.made)

    @property
    def kind(self) -> Kind:
        """The object's."""
        kind: Kind = self.resource.key.kind
        return kind


class KubeView(Pane):
    """One view of the Services pane."""

    id = "services"
    name: ClassVar[str]
    short: ClassVar[str]  # for a narrow line, and what filters of the pane are kept under
    families: ClassVar[tuple[type[Resource], ...]]
    also_reads: ClassVar[tuple[Kind, ...]] = ()  # what else its cells are made from
    hides_minor: ClassVar[bool] = False
    hidden: ClassVar[str] = "minor ones"

    def __init__(self) -> None:
        self._lock = Lock()
        self._cache: dict[ResourceKey, KubeEntry] = {}
        self._made: tuple[Picture, float, list[Entry]] | None = None
        self._told: tuple[Picture, Cell] | None = None

    # -- what a view is made of ---------------------------------------------------------------------------------

    def beside(self, resource: Any, pods: Population, picture: Picture) -> Any:
        """What else than the object and its verdicts the row shows; the row is made again when it differs."""
        return None

    def include(self, resource: Any, pods: Population) -> bool:
        """Whether the object has a row."""
        return True

    def moments(self, resource: Any, beside: Any) -> tuple[float, ...]:
        """The moments whose age the row shows."""
        return (moment(resource),)

    def cells(self, entry: KubeEntry) -> tuple[Cell, ...]:
        """One cell per column."""
        raise TypeError(f"{type(self).__name__} has no cells")

    def role(self, entry: KubeEntry) -> Role:
        """A role for the whole row."""
        return "normal"

    def minor(self, entry: KubeEntry) -> bool:
        """Whether the row may be hidden."""
        return False

    def value(self, entry: KubeEntry, column: str) -> Any:
        """What the row is sorted by in a column; its text where nothing else is said."""
        if column == "sec":
            return entry.judgement.summary.rank if entry.judgement is not None else LAST
        if column == "name":
            return entry.name
        if column == "ns":
            # Grouped: the worst of a namespace first, though the order of namespaces is that of their names.
            worst = entry.judgement.summary.rank if entry.judgement is not None else LAST
            return (namespace_of(entry.resource), *(-each for each in worst))
        if column == "age":
            return -moment(entry.resource)
        at = next(number for number, each in enumerate(self.columns) if each.key == column)
        return entry.cells[at].text

    def fields(self, entry: KubeEntry) -> dict[str, str]:
        """What the row is filtered by; a view adds to it."""
        resource, worst = entry.resource, entry.summary.worst
        labels = resource.labels if "labels" not in resource.gaps else {}
        return {
            "name": resource.name,
            "ns": said(resource, "namespace") if "namespace" in resource.field_names else "",
            "kind": f"{resource.key.kind} {SHORT.get(resource.key.kind, '')}",
            "sev": worst.word if worst is not None else "",
            "host": resource.key.source,
            "label": "\n".join(f"{name}={value}" for name, value in labels.items()),
        }

    def facts(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Further lines of the preview."""
        return []

    # -- what a pane is asked -----------------------------------------------------------------------------------

    @property
    def kinds(self) -> tuple[Kind, ...]:  # type: ignore[override]  # follows from the families
        """The kinds that it lists."""
        return tuple(family.kind for family in self.families)

    @property
    def list_id(self) -> str:
        """Each view is sorted and filtered on its own."""
        return f"{self.id} {self.short}"

    def size(self, picture: Picture) -> int:
        """How many objects are gone through to list them."""
        return sum(picture.snapshot.count(kind) for kind in self.kinds)

    def number(self, picture: Picture) -> int:
        """About how many rows there are."""
        return self.size(picture)

    def entries(self, picture: Picture, now: float) -> Sequence[Entry]:
        """Rows from the cache where nothing they show has changed."""
        with self._lock:
            made = self._made
            if made is None or made[0] is not picture or not made[1] <= now < made[1] + KEPT:
                made = (picture, now, self._entries(picture, now))
                self._made = made
            return made[2]

    def _entries(self, picture: Picture, now: float) -> list[Entry]:
        pods, judged, known = population(picture), picture.evaluation.judgements, self._cache
        self._told = (picture, self.telling(picture))
        if len(_SAME) > MOST_KEPT:
            _SAME.clear()
        fresh: dict[ResourceKey, KubeEntry] = {}
        for family in self.families:
            for key, resource in picture.snapshot.by_kind.get(family.kind, {}).items():
                if not self.include(resource, pods):
                    continue
                judgement, beside = judged.get(key), self.beside(resource, pods, picture)
                entry = known.get(key)
                if (
                    entry is None
                    or entry.resource is not resource
                    or entry.judgement is not judgement
                    or not entry.made <= now < entry.until
                    or entry.beside != beside
                ):
                    entry = KubeEntry(self, resource, judgement, beside, now)
                fresh[key] = entry
        self._cache = fresh
        return list(fresh.values())

    def counts(self, picture: Picture) -> str:
        """How many rows, with `..` while more may come."""
        return f"{self.number(picture)}{'..' if arriving(picture, self.kinds) else ''}"

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """How many of how many, what is special here, and what may not be read."""
        more = ".." if arriving(picture, self.kinds) else ""
        refused = refusals(picture, (*self.kinds, *self.also_reads))
        words = f" {shown.visible} of {shown.total}{more}" if shown.visible != shown.total else f" {shown.total}{more}"
        kept = self._told
        told = kept[1] if kept is not None and kept[0] is picture else self.telling(picture)
        return Cell.join(
            (self.name, "title"),
            words,
            Cell.join("   ", told) if told.spans else told,
            (f"   {refused[0]}" if refused else "", "unknown"),
            (f"  and {len(refused) - 1} more (x)" if len(refused) > 1 else "", "unknown"),
        )

    def telling(self, picture: Picture) -> Cell:
        """What the line over the list says besides counts."""
        return Cell()

    def empty(self, picture: Picture) -> str:
        """Why there is nothing: what may not be read comes before what is not there."""
        refused = refusals(picture, self.kinds)
        if refused:
            return "; ".join(refused)
        if arriving(picture, self.kinds):
            return "being read .."
        lost = [health for health in picture.snapshot.sources.values() if health.status is not Status.OK]
        return (unread(picture, *self.kinds) if lost else "") or self.none(picture)

    def preview(self, key: Hashable, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Title, worst findings, then what the view adds."""
        resource = picture.snapshot.get(key) if isinstance(key, ResourceKey) else None
        if resource is None:
            return []
        pods = population(picture)
        judgement = picture.judgement(resource.key)
        entry = KubeEntry(self, resource, judgement, self.beside(resource, pods, picture), now)
        lines = [self.title_line(entry), *self.first(entry, picture, width, now)]
        if judgement is None:
            lines.append(line(" not judged yet", "dim"))
        elif judgement.results:
            lines += finding_lines(judgement.results, width - 2, 12)
        elif judgement.summary.passed:
            lines.append(line(f" nothing wrong in {judgement.summary.passed} checks", "pass"))
        else:
            lines.append(line(" no check applies to this", "dim"))
        return lines + self.facts(entry, picture, width, now)

    def first(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Lines that come before the findings: what is broken now."""
        return []

    def title_line(self, entry: KubeEntry) -> TextLine:
        """Kind, name, age."""
        resource = entry.resource
        api_kind = getattr(resource, "api_kind", "") or str(resource.key.kind)
        where = f"  {api_kind} of {resource.key.source}   {entry.age} old"
        return title((resource.key.id, "title"), (where, "dim"))


def kube(resource: Resource | None) -> KubeResource | None:
    """The resource, if it is an object of a cluster."""
    return resource if isinstance(resource, KubeResource) else None


def sec(entry: KubeEntry) -> Cell:
    """The SEC cell."""
    return badge(entry.judgement)


def namespace_cell(entry: KubeEntry) -> Cell:
    """The NAMESPACE cell; `-` for what belongs to the whole cluster."""
    found = namespace_of(entry.resource)
    return Cell.of(safe(found, 253)) if found else Cell.of("-", "dim")


def rule(width: int) -> TextLine:
    """A line between two parts of a preview."""
    return line(" " + "-" * max(10, width - 2), "rule")
