"""Images: where they come from, how old they are, who uses them, what is wrong with how they were built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any, ClassVar

from inventory import reference as references
from inventory.container import Container
from inventory.gap import Gap
from inventory.image import Image
from inventory.resource import Kind
from inventory.text import safe
from tui.format import image_reference, known, missing, short_id, since, size
from tui.panes.base import ResourcePane, Shown, title
from tui.picture import Picture
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line


class ImagesPane(ResourcePane[Image]):
    """One row per image in the engine's store."""

    id = "images"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.IMAGE,)
    family = Image
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("name", "IMAGE", 20, weight=3, limit=60, cut="middle"),
        Column("registry", "REGISTRY", 10, weight=1, limit=30, priority=2),
        Column("origin", "ORIGIN", 7, priority=3),
        Column("user", "USER", 6, limit=14, priority=4),
        Column("age", "AGE", 5, align="right"),
        Column("size", "SIZE", 6, align="right", priority=1),
        Column("used", "USED BY", 7, align="right"),
        Column("id", "ID", 12, priority=5),
    )

    def prepare(self, picture: Picture) -> Counter[tuple[str, str]]:
        """How many containers were made from each image."""
        return Counter((c.key.source, known(c, "image_id", "")) for c in picture.snapshot.of(Container))

    def token(self, resource: Image, facts: Any, picture: Picture, now: float) -> Hashable:
        """How many use it, and its age as it reads now."""
        return self._used(resource, facts, picture), _age(resource, now)

    def _used(self, resource: Image, facts: Any, picture: Picture) -> str:
        """How many containers were made from it; `?` or `..` where they are not all known."""
        gap = picture.snapshot.gaps.get((resource.key.source, Kind.CONTAINER))
        return missing(gap) if gap is not None else str(facts[(resource.key.source, resource.key.id)])

    def cells(self, resource: Image, facts: Any, picture: Picture, now: float) -> tuple[Cell, ...]:
        """Everything after SEC."""
        used = self._used(resource, facts, picture)
        return (
            Cell.of(safe(image_reference(resource.name))),
            _registry(resource),
            _origin(resource),
            _user(resource),
            Cell.of(_age(resource, now)),
            _size(resource),
            Cell.of(used) if used != "0" else Cell.of("-", "dim"),
            Cell.of(short_id(resource.key.id), "dim"),
        )

    def describe(
        self, resource: Image, facts: Any, picture: Picture, now: float
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Sort keys and filter fields."""
        used = self._used(resource, facts, picture)
        registry, origin = _registry(resource).text, _origin(resource).text
        sort = {
            "name": resource.name,
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
        }
        fields["img"] = fields["image"]
        return sort, fields

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
        used = {image: self._used(image, facts, picture) for image in images}
        unused = [image for image in images if used[image] == "0"]
        dangling = sum(1 for image in images if self.minor(image))
        idle = f"{len(unused)} ({size(sum(_number(image, 'size') for image in unused))} with shared layers)"
        if any(not count.isdigit() for count in used.values()):
            idle = "?"
        words = f" {shown.visible} of {shown.total}   unused {idle}   dangling {dangling}"
        return Cell.join(("Images", "title"), words)

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
