"""Where in a file a finding stands, for what was read from manifests and Compose files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from checks.result import Result
from checks.verdict import Evidence
from inventory.gap import Gap
from inventory.resource import Resource

if TYPE_CHECKING:
    from inventory.kubernetes.resource import Manifest


class Place(NamedTuple):
    """A line of a file, counted from 1; as the person named it, relative to the working directory where it is below."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Proof(NamedTuple):
    """A piece of evidence as it is shown: in the file's own words, and with its place if it has one."""

    path: str
    value: str
    place: Place | None = None


def manifest(resource: Resource) -> Manifest | None:
    """Where the resource was read, None for what an engine or a server told."""
    if "manifest" not in resource.field_names:
        return None
    found: Manifest | Gap | None = resource.peek("manifest")
    return None if isinstance(found, Gap) else found


def place(resource: Resource, result: Result) -> Place | None:
    """Where a person has to look: what the first evidence names, else the object."""
    found = manifest(resource)
    if found is None:
        return None
    shown = next((one.place for one in proof(resource, result) if one.place is not None), None)
    return shown or Place(found.file, found.line)


def proof(resource: Resource, result: Result) -> Iterator[Proof]:
    """Every piece of evidence."""
    found = manifest(resource)
    words = resource.peek("words") if "words" in resource.field_names else {}
    for item in result.evidence:
        if found is None:
            yield Proof(item.path, item.value)
        else:
            yield Proof(_own_words(item.path, words), item.value, _place(found, item, resource))


def _place(found: Manifest, item: Evidence, resource: Resource) -> Place | None:
    """What is said of another object, or of none, has no place in this one."""
    first = item.path.partition(".")[0].partition("[")[0]
    if first not in found.lines and (item.target is not None and item.target != resource.key):
        return None
    name, _, entry = item.path.partition(": ")  # `Config.Env: DB_PASSWORD`
    below = f"{name}.{entry}"
    return Place(found.file, found.lines[below] if below in found.lines else found.line_of(name))


def _own_words(path: str, words: object) -> str:
    """`HostConfig.PidMode` as `services.web.pid`: of a file that has names of its own for what the engine calls so."""
    above = path.partition(": ")[0]
    while isinstance(words, dict) and above:
        if above in words:
            return f"{words[above]}{path[len(above) :]}"
        above = above[: max(above.rfind("."), above.rfind("["), 0)]
    return path
