"""What a pane is: entries for the list, lines for the preview, words for the header and for the empty state."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar, cast

from checks.result import NOTHING, Judgement, Summary
from inventory.resource import CLUSTER_KINDS, Kind, Resource, ResourceKey
from inventory.snapshot import Status
from inventory.text import safe
from tui.picture import Picture
from tui.verdicts import badge, finding_lines
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.table import Row, RowLike
from widgets.textview import TextLine, line

R = TypeVar("R", bound=Resource)

LAST = (-1,)  # sorts rows that have not been judged behind all others


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list with what it is sorted and filtered by.

    `minor`: stopped, unused or built-in, hidden on request. `fields` feed `key:value` filters.
    """

    key: Hashable
    row: RowLike
    sort: Mapping[str, Any]
    fields: Mapping[str, str]
    summary: Summary = NOTHING
    minor: bool = False

    @property
    def name(self) -> str:
        """What equal ones are sorted by."""
        return self.fields.get("name", "")

    def value(self, column: str) -> Any:
        """What it is sorted by in this column."""
        return self.sort.get(column)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the filters left of a pane: how many rows of how many, and which settings did it."""

    visible: int
    total: int


class Pane:
    """A pane over anything that can be listed."""

    id: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]] = ()
    reads: ClassVar[tuple[Kind, ...]] = ()  # what an empty list depends on, where that is not its own kinds
    columns: ClassVar[tuple[Column, ...]] = ()
    order: ClassVar[tuple[str, bool]] = ("sec", True)  # column key and whether descending
    stats: ClassVar[bool] = False  # whether it shows live figures of the rows on screen
    shows_minor: ClassVar[bool] = True  # whether minor rows are shown before anybody says so
    hidden: ClassVar[str] = "stopped ones"  # what minor rows are

    def entries(self, picture: Picture, now: float) -> Sequence[Entry]:
        """All entries, unsorted and unfiltered."""
        raise TypeError(f"{type(self).__name__} lists nothing")

    def look_at(self, picture: Picture) -> None:
        """Called before anything else is asked: what there is may decide which views there are."""

    def prepared(self, picture: Picture) -> None:
        """Called in the judging thread where the pane is no list: what takes a while is made here and kept."""

    def size(self, picture: Picture) -> int:
        """About how many rows there are; found without looking at each."""
        return sum(picture.snapshot.count(kind) for kind in self.kinds)

    def views(self, picture: Picture) -> Sequence[tuple[str, str]]:
        """Names of the views that one may choose from, each with a hint; none if there is but one."""
        return ()

    def show_view(self, number: int) -> None:
        """Show the view of this number in `views`."""

    @property
    def list_id(self) -> str:
        """Under which name sorting, filter and cursor of the view that is shown are kept."""
        return self.id

    @property
    def shape(self) -> Hashable:
        """What decides which rows there are, besides the picture."""
        return self.list_id

    def list_order(self) -> tuple[str, bool]:
        """How the view that is shown is sorted at first: column key and whether descending."""
        return self.order

    def look_within(self, part: Hashable | None) -> None:
        """Show only what belongs to this part of the pane (`Place.within`), or all of it again."""

    def shown_columns(self) -> tuple[Column, ...]:
        """The columns of the view that is shown."""
        return self.columns

    def turn(self, step: int = 1) -> bool:
        """Show the pane's other view, the next or (-1) the one before; False if it has none."""
        return False

    def leave_view(self) -> bool:
        """Leave a view that is a place of its own, as its key or Escape asks; False if that is not where we are."""
        return False

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """The line over the list."""
        raise TypeError(f"{type(self).__name__} has no headline")

    def preview(self, key: Hashable, picture: Picture, width: int, now: float) -> list[TextLine]:
        """The selected row in a few lines."""
        return []

    def empty(self, picture: Picture) -> str:
        """Why there is nothing to list: what could not be read comes before what is not there."""
        kinds = self.reads or self.kinds
        snapshot = picture.snapshot
        if snapshot.has_clusters and not snapshot.has_engines and not set(kinds) & {*CLUSTER_KINDS, Kind.COMPONENT}:
            return "no container engine is looked at in this run; what clusters run is under 4 Services"
        return unread(picture, *kinds) or self.none(picture)

    def none(self, picture: Picture) -> str:
        """Why there is nothing to list although everything was read."""
        return "nothing here"

    def alarm(self, picture: Picture) -> Summary:
        """The counts behind the pane's title in the tab line."""
        return picture.summary(*self.kinds)

    def count(self, picture: Picture) -> str:
        """How many rows the pane has, for the tab line of a wide terminal; `..` while that is unknown."""
        total = sum(picture.snapshot.count(kind) for kind in self.kinds)
        pending = not total and any(h.status is Status.CONNECTING for h in picture.snapshot.sources.values())
        return ".." if pending else str(total)


@dataclass(slots=True)
class _Cached:
    resource: Resource
    judgement: Judgement | None
    token: Hashable
    entry: Entry


@dataclass
class ResourcePane(Pane, Generic[R]):
    """A pane with one row per resource of a family. A row is made again only when what it shows has changed."""

    family: ClassVar[type[Resource]]
    _cache: dict[ResourceKey, _Cached] = field(default_factory=dict)

    def prepare(self, picture: Picture) -> Any:
        """Facts that need a look at everything, found once per picture."""
        return None

    def token(self, resource: R, facts: Any, picture: Picture, now: float) -> Hashable:
        """Whatever else than the resource and its judgement the row shows; the row is made again when it differs."""
        return None

    def cells(self, resource: R, facts: Any, picture: Picture, now: float) -> tuple[Cell, ...]:
        """One cell per column after the first, which is the severity badge."""
        raise TypeError(f"{type(self).__name__} has no cells")

    def describe(self, resource: R, facts: Any, picture: Picture, now: float) -> tuple[dict[str, Any], dict[str, str]]:
        """Sort keys by column and filter fields."""
        raise TypeError(f"{type(self).__name__} describes nothing")

    def minor(self, resource: R) -> bool:
        """Whether the row may be hidden."""
        return False

    def role(self, resource: R) -> Role:
        """A role for the whole row."""
        return "normal"

    def resources(self, picture: Picture) -> Iterable[R]:
        """The resources to list."""
        return cast(Iterable[R], picture.snapshot.of(self.family))

    def entries(self, picture: Picture, now: float) -> Sequence[Entry]:
        """Rows from the cache where nothing they show has changed."""
        facts = self.prepare(picture)
        fresh: dict[ResourceKey, _Cached] = {}
        found = []
        for resource in self.resources(picture):
            judgement = picture.judgement(resource.key)
            token = self.token(resource, facts, picture, now)
            cached = self._cache.get(resource.key)
            if (
                cached is None
                or cached.resource is not resource
                or cached.judgement is not judgement
                or cached.token != token
            ):
                entry = self._entry(resource, judgement, facts, picture, now)
                cached = _Cached(resource, judgement, token, entry)
            fresh[resource.key] = cached
            found.append(cached.entry)
        self._cache = fresh
        return found

    def _entry(self, resource: R, judgement: Judgement | None, facts: Any, picture: Picture, now: float) -> Entry:
        summary = judgement.summary if judgement else NOTHING
        sort, fields = self.describe(resource, facts, picture, now)
        worst = summary.worst
        sort |= {"sec": summary.rank if judgement else LAST}
        fields |= {
            "sev": worst.word if worst is not None else "",
            "name": resource.called,
            "id": resource.key.id,
            "host": resource.key.source,
            "label": "\n".join(f"{name}={value}" for name, value in resource.labels.items()),
        }
        row = Row(resource.key, (badge(judgement), *self.cells(resource, facts, picture, now)), self.role(resource))
        return Entry(resource.key, row, sort, fields, summary, self.minor(resource))

    def preview(self, key: Hashable, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Title, worst findings, then what the pane adds."""
        resource = picture.snapshot.get(key) if isinstance(key, ResourceKey) else None
        if resource is None:
            return []
        judgement = picture.judgement(resource.key)
        lines = [self.title_line(resource, picture, now)]  # type: ignore[arg-type]  # the pane's own family
        if judgement is None:
            lines.append(line(" not judged yet", "dim"))
        elif judgement.results:
            lines += finding_lines(judgement.results, width - 2, 12)
        elif judgement.summary.passed:
            lines.append(line(f" nothing wrong in {judgement.summary.passed} checks", "pass"))
        else:
            lines.append(line(" no check applies to this", "dim"))
        return lines + self.facts(resource, picture, width, now)  # type: ignore[arg-type]  # as above

    def title_line(self, resource: R, picture: Picture, now: float) -> TextLine:
        """The first line of the preview."""
        return TextLine(Cell.join((f" {safe(resource.name)}", "title")))

    def facts(self, resource: R, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Further lines of the preview."""
        return []


def title(*parts: tuple[str, Role]) -> TextLine:
    """A preview's first line."""
    return TextLine(Cell.join(" ", *((safe(text, 200), role) for text, role in parts)))


def unread(picture: Picture, *kinds: Kind) -> str:
    """Why more of these kinds may be there than is known; "" when every source told all of them."""
    sources = picture.snapshot.sources
    gaps = [str(gap) for (_, kind), gap in picture.snapshot.gaps.items() if kind in kinds]
    for name, health in sources.items():
        if health.status in {Status.UNREACHABLE, Status.FORBIDDEN}:
            gaps.insert(0, f"{name} is {health.status.value}: {health.detail}")
    if not sources or any(health.status is Status.CONNECTING for health in sources.values()):
        gaps.append("nothing has answered yet")
    return safe("; ".join(dict.fromkeys(gaps)), 600)


def several_sources(picture: Picture) -> bool:
    """Whether rows must say which engine they are from."""
    return len({name for name, health in picture.snapshot.sources.items() if health.kind != "host"}) > 1
