"""Images: where they come from, how old they are, who uses them, what is wrong with how they were built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar, NamedTuple, cast

from inventory import reference as references
from inventory.container import Container
from inventory.gap import Gap
from inventory.image import Image
from inventory.image_analysis import NOT_RECORDED, ImageAnalysis, nothing_found
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import SourceHealth
from inventory.text import safe
from tui.format import HOUR, image_reference, known, missing, short_id, since, size
from tui.panes.base import ResourcePane, Shown, title
from tui.panes.images import standing
from tui.panes.images.words import standing_lines, tally_words
from tui.picture import Picture
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line


class Facts(NamedTuple):
    """What rows need besides their image."""

    used: Counter[tuple[str, str]]
    analyses: Mapping[ResourceKey, Resource]
    waiting: frozenset[ResourceKey]
    sources: Mapping[str, SourceHealth]
    days: int  # that data of vulnerabilities may be old

    def analysis(self, image: Image) -> ImageAnalysis:
        """What was found in an image."""
        found = self.analyses.get(ResourceKey(Kind.IMAGE_ANALYSIS, image.key.source, image.key.id))
        return cast("ImageAnalysis", found) if found is not None else nothing_found(self.sources.get(image.key.source))


class ImagesPane(ResourcePane[Image]):
    """One row per image in the engine's store."""

    _tallied: tuple[tuple[Any, ...], Cell] | None = None  # what it was made of, and the words
    id = "images"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.IMAGE,)
    family = Image
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("name", "IMAGE", 16, weight=3, limit=60, ideal=40, cut="lead"),
        Column("trust", "TRUST", 5),
        Column("vulns", "VULNS", 11, weight=1, limit=16),
        Column("distro", "DISTRO", 12, weight=1, limit=26, priority=3),
        Column("age", "AGE", 5, align="right", priority=1),
        Column("size", "SIZE", 4, align="right", priority=2),
        Column("used", "USED BY", 7, align="right"),
        Column("registry", "REGISTRY", 10, weight=1, limit=30, priority=4),
        Column("origin", "ORIGIN", 7, priority=5),
        Column("user", "USER", 10, priority=6),
        Column("id", "ID", 12, priority=7),
    )

    def prepare(self, picture: Picture) -> Facts:
        """Found once per picture: who uses what, and what was found by looking into images."""
        used = Counter((c.key.source, known(c, "image_id", "")) for c in picture.snapshot.of(Container))
        analyses = picture.snapshot.by_kind.get(Kind.IMAGE_ANALYSIS, {})
        return Facts(used, analyses, picture.waiting, picture.snapshot.sources, picture.policy.max_report_age)

    def token(self, resource: Image, facts: Facts, picture: Picture, now: float) -> Hashable:
        """How many use it, its age as it reads now, its analysis and whether that is out of date."""
        analysis = facts.analysis(resource)
        counts = standing.counts_of(analysis)
        old = not isinstance(counts, Gap) and standing.outdated(counts, facts.days, now)
        waits = resource.key in facts.waiting
        return self._used(resource, facts, picture), _age(resource, now), analysis, old, waits

    def _used(self, resource: Image, facts: Facts, picture: Picture) -> str:
        """How many containers were made from it; `?` or `..` where they are not all known."""
        gap = picture.snapshot.gaps.get((resource.key.source, Kind.CONTAINER))
        return missing(gap) if gap is not None else str(facts.used[(resource.key.source, resource.key.id)])

    def cells(self, resource: Image, facts: Facts, picture: Picture, now: float) -> tuple[Cell, ...]:
        """Everything after SEC."""
        used = self._used(resource, facts, picture)
        return (
            _reference(resource),
            *self._found(resource, facts, picture, now),
            Cell.of(_age(resource, now)),
            _size(resource),
            Cell.of(used) if used != "0" else Cell.of("-", "dim"),
            _registry(resource),
            _origin(resource),
            _user(resource),
            Cell.of(short_id(resource.key.id), "dim"),
        )

    def _found(self, resource: Image, facts: Facts, picture: Picture, now: float) -> tuple[Cell, Cell, Cell]:
        """TRUST, VULNS and DISTRO."""
        analysis, waits = facts.analysis(resource), resource.key in facts.waiting
        over = standing.ended(picture.judgement(resource.key))
        return (
            standing.trust_cell(analysis, waits),
            standing.vulnerability_cell(analysis, waits, facts.days, now),
            standing.distribution_cell(analysis, waits, over),
        )

    def describe(
        self, resource: Image, facts: Any, picture: Picture, now: float
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Sort keys and filter fields."""
        used = self._used(resource, facts, picture)
        registry, origin = _registry(resource).text, _origin(resource).text
        analysis, waits = facts.analysis(resource), resource.key in facts.waiting
        trust, vulns, distro = self._found(resource, facts, picture, now)
        counts = standing.counts_of(analysis)
        sort = {
            "name": resource.name,
            "trust": standing.trust_rank(trust),
            "vulns": (-1,) if isinstance(counts, Gap) else (int(counts.exploited > 0), *counts[:5]),
            "distro": distro.text,
            "registry": registry,
            "origin": origin,
            "user": _user(resource).text,
            "age": -_number(resource, "created"),
            "size": _number(resource, "size"),
            "used": int(used) if used.isdigit() else -1,
            "id": resource.key.id,
        }
        tags = resource.peek("repo_tags")
        fields = {
            "image": resource.name if isinstance(tags, Gap) else " ".join(tags) or resource.name,
            "registry": registry,
            "origin": origin,
            "user": _user(resource).text,
            "used": ("no" if used == "0" else "yes") if used.isdigit() else "?",
            "trust": standing.trust_words(analysis, waits),
            "distro": f"{distro.text} eol" if distro.text.startswith("EOL ") else distro.text,
            **standing.vulnerability_fields(analysis, waits, vulns),
        }
        fields["img"] = fields["image"]
        return sort, standing.Fields(fields, analysis)

    def role(self, resource: Image) -> Role:
        """Dangling ones step back."""
        return "dim" if resource.peek("repo_tags") == () and resource.peek("repo_digests") == () else "normal"

    def minor(self, resource: Image) -> bool:
        """Dangling ones."""
        return self.role(resource) == "dim"

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """How much is stored and how much of it is idle."""
        facts = self.prepare(picture)
        images = list(picture.snapshot.of(Image))
        found = self._tally(images, facts, picture)
        used = {image: self._used(image, facts, picture) for image in images}
        unused = [image for image in images if used[image] == "0"]
        dangling = sum(1 for image in images if self.minor(image))
        idle = f"{len(unused)} ({size(sum(_number(image, 'size') for image in unused))} with shared layers)"
        if any(not count.isdigit() for count in used.values()):
            idle = "?"
        start = Cell.join(("Images", "title"), f" {shown.visible} of {shown.total}")
        if found.spans:
            return Cell.join(start, found, f"   unused {len(unused)}" if idle != "?" else "   unused ?")
        live = any(facts.analysis(image) is not NOT_RECORDED for image in images)
        hint = "   v looks into one" if live or not images else ""
        return Cell.join(start, f"   unused {idle}   dangling {dangling}", (hint, "dim"))

    def _tally(self, images: list[Image], facts: Facts, picture: Picture) -> Cell:
        """How many are trusted, the worst that is known, and how old that is; nothing while nobody has looked."""
        if not facts.analyses:
            return Cell()
        by_kind, now = picture.snapshot.by_kind, picture.snapshot.taken_at
        of = by_kind.get(Kind.IMAGE_ANALYSIS), by_kind.get(Kind.IMAGE), facts.days, int(now // HOUR)
        if self._tallied is None or any(a is not b for a, b in zip(self._tallied[0][:2], of, strict=False)):
            self._tallied = None
        if self._tallied is None or self._tallied[0][2:] != of[2:]:
            self._tallied = (of, tally_words([facts.analysis(image) for image in images], now, facts.days))
        return self._tallied[1]

    def none(self, picture: Picture) -> str:
        """No images."""
        return "no images in this engine's store"

    def title_line(self, resource: Image, picture: Picture, now: float) -> TextLine:
        """Name, id, age."""
        words = f"  {short_id(resource.key.id)}   built {_age(resource, now)} ago"
        return title((image_reference(resource.name), "title"), (words, "dim"))

    def facts(self, resource: Image, picture: Picture, width: int, now: float) -> list[TextLine]:
        """References and who uses it."""
        lines = [line(" " + "-" * max(10, width - 2), "rule")]
        lines += standing_lines(standing.analysis_of(picture.snapshot, resource.key), resource.key, picture, now)
        tags, digests = resource.peek("repo_tags"), resource.peek("repo_digests")
        if not isinstance(tags, Gap) and tags:
            lines.append(line(f" tags {safe('  '.join(tags), 300)}"))
        if not isinstance(digests, Gap):
            words = "  ".join(image_reference(digest) for digest in digests)
            lines.append(line(f" digests {safe(words, 300) or 'none: built or loaded here'}"))
        for container in picture.snapshot.of(Container, resource.key.source):
            if known(container, "image_id", "") == resource.key.id and len(lines) < 12:
                lines.append(TextLine(Cell.of(f" used by {safe(container.name)}", "accent"), meta=container.key))
        return lines


def _reference(resource: Image) -> Cell:
    """Its name; the registry's host is a span of its own, which gives way first: images of one registry share it."""
    name = safe(image_reference(resource.name))
    head, slash, rest = name.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost" or head != head.lower()):
        return Cell(((f"{head}/", "normal"), (rest, "normal")))
    return Cell.of(name)


def _registry(resource: Image) -> Cell:
    tags = resource.peek("repo_tags")
    digests = resource.peek("repo_digests")
    for gap in (tags, digests):
        if isinstance(gap, Gap):
            return Cell.of(missing(gap), "unknown")
    reference = next(iter((*tags, *digests)), "")
    return Cell.of(safe(references.parse(reference).registry)) if reference else Cell.of("-", "dim")


def _origin(resource: Image) -> Cell:
    """`digest`: pulled or pushed, so a registry knows it; `local`: built or loaded here. Not a signature verdict."""
    digests = resource.peek("repo_digests")
    if isinstance(digests, Gap):
        return Cell.of(missing(digests), "unknown")
    return Cell.of("digest") if digests else Cell.of("local", "dim")


def _user(resource: Image) -> Cell:
    user = resource.peek("user")
    if isinstance(user, Gap):
        return Cell.of(missing(user), "unknown")
    return Cell.of(safe(user) or "root")


def _age(resource: Image, now: float) -> str:
    created = resource.peek("created")
    return missing(created) if isinstance(created, Gap) else since(created, now)


def _size(resource: Image) -> Cell:
    count = resource.peek("size")
    return Cell.of(missing(count), "unknown") if isinstance(count, Gap) else Cell.of(size(count))


def _number(resource: Image, name: str) -> float:
    value = resource.peek(name)
    return 0.0 if isinstance(value, Gap) else float(value)


PANE = ImagesPane()
