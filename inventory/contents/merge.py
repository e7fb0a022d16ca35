"""Layers' finds made into one image's contents: what is visible in the end, which layer brought it, what is hidden."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from inventory.contents.finding import (
    AccountsAt,
    AnyFind,
    DistributionAt,
    ExecutableAt,
    FileAt,
    OwnedAt,
    PackagesAt,
    ProblemAt,
    SecretsAt,
)
from inventory.contents.layer import LayerFacts
from inventory.contents.model import (
    SCHEMA,
    Account,
    Cache,
    Contents,
    Distribution,
    FileFact,
    Group,
    Layer,
    Package,
    SecretFile,
)
from inventory.contents.stack import Stacked, Tally, stack

_F = TypeVar("_F", bound=AnyFind)
_RELEASES = ("etc/os-release", "usr/lib/os-release")
_CACHE = "cache:"
_TOOL = "tool:"


def merge(
    digest: str,
    how: str,
    layers: Sequence[LayerFacts],
    created_by: Sequence[str] = (),
    problems: Iterable[str] = (),
    hashes_checked: int = 0,
) -> Contents:
    """The contents of the image `digest`, whose layers are given lowest first, each with its build step."""
    said = list(problems)
    said += (sentence for layer in layers for sentence in layer.problems)
    asked = {find.path for layer in layers for find in layer.finds}
    try:
        stacked = stack(layers, asked)
    except (zlib.error, ValueError, IndexError) as error:
        said.append(f"layers' lists of names are damaged: {error}")
        stacked = Stacked(tuple(Tally() for _ in layers))
    finds = _Finds(layers, stacked)
    said += (find.said for _number, find in finds.live(ProblemAt))
    said = list(dict.fromkeys(said))
    steps = [*created_by, *[""] * len(layers)]
    return Contents(
        digest=digest,
        how=how,
        schema=SCHEMA,
        distribution=_distribution(finds),
        packages=_packages(finds),
        layers=tuple(map(_layer, layers, stacked.tallies, steps)),
        set_id=_files(finds, "set-id"),
        world_writable=_files(finds, "world-writable"),
        accounts=_accounts(finds),
        groups=_groups(finds),
        secrets=_secrets(finds),
        caches=_caches(finds, stacked),
        tools=_tools(finds),
        suspicious=tuple(
            msgspec.structs.replace(find.executable, layer=layers[number].diff_id)
            for number, find in finds.live(ExecutableAt)
        ),
        hashes_checked=hashes_checked,
        files=stacked.files,
        size=stacked.size,
        problems=tuple(said),
        complete=not said and all(layer.whole for layer in layers),
        read_at=time.time(),
    )


class _Finds:
    """All layers' finds, and which of them count."""

    def __init__(self, layers: Sequence[LayerFacts], stacked: Stacked) -> None:
        self.layers = layers
        self._lives = stacked.lives
        self._sorted: dict[type, list[tuple[int, AnyFind]]] = {}
        for number, layer in enumerate(layers):
            for find in layer.finds:
                self._sorted.setdefault(type(find), []).append((number, find))
        for found in self._sorted.values():
            found.sort(key=lambda row: (row[1].path, row[0]))

    def all(self, kind: type[_F]) -> Iterator[tuple[int, _F]]:
        """Finds of one kind with their layer's number, by path, lowest layer first."""
        for number, find in self._sorted.get(kind, ()):
            if isinstance(find, kind):
                yield number, find

    def live(self, kind: type[_F]) -> Iterator[tuple[int, _F]]:
        """Those that nothing hides."""
        return ((number, find) for number, find in self.all(kind) if self.hidden_by(number, find) < 0)

    def hidden_by(self, number: int, find: AnyFind) -> int:
        """The layer that hides a layer's find, -1 for none."""
        return self._lives.get(find.path, {}).get(number, -1)


def _layer(facts: LayerFacts, tally: Tally, step: str) -> Layer:
    return Layer(
        diff_id=facts.diff_id,
        size=facts.size,
        added=tally.added,
        changed=tally.changed,
        removed=tally.removed,
        wasted=tally.wasted,
        created_by=step,
        largest=tuple(msgspec.structs.replace(file, layer=facts.diff_id) for file in facts.largest),
    )


def _distribution(finds: _Finds) -> Distribution:
    """os-release(5): the one in /etc counts, where it is a file of its own; most are links to the one in /usr/lib."""
    found = {find.path: find.distribution for _number, find in finds.live(DistributionAt)}
    first = [found[path] for path in _RELEASES if path in found]
    return (first or [*found.values(), Distribution()])[0]


def _packages(finds: _Finds) -> tuple[Package, ...]:
    owners = _owners(finds)
    by_path: dict[str, dict[int, list[PackagesAt]]] = {}
    for number, find in finds.all(PackagesAt):
        by_path.setdefault(find.path, {}).setdefault(number, []).append(find)
    found: dict[Package, None] = {}
    for numbers in by_path.values():
        top = max(numbers)
        if any(finds.hidden_by(top, find) >= 0 for find in numbers[top]):
            continue
        since = _since(finds, numbers)
        for find in numbers[top]:
            for package in find.packages:
                layer = finds.layers[since.get(package, top)].diff_id
                owner, known = owners.get(package.path.lstrip("/"), ("", top))
                owner = package.owner or (owner if known >= top else "")
                found[msgspec.structs.replace(package, layer=layer, owner=owner)] = None
    return tuple(found)


def _since(finds: _Finds, numbers: Mapping[int, list[PackagesAt]]) -> dict[Package, int]:
    """From which layer on each package has been recorded in one file without a break."""
    since: dict[Package, int] = {}
    above = -1
    for number in sorted(numbers):
        same = {package for find in numbers[number] for package in find.packages}
        unbroken = above >= 0 and finds.hidden_by(above, numbers[above][0]) == number
        since = {package: since.get(package, number) if unbroken else number for package in same}
        above = number
    return since


def _owners(finds: _Finds) -> dict[str, tuple[str, int]]:
    """Which distribution package owns a path, and the layer that says so: a file of a higher one is not that package's.

    Lists may name files by the old way of a merged /usr.
    """
    owners: dict[str, tuple[str, int]] = {}
    for number, find in finds.live(OwnedAt):
        for path in find.paths:
            plain = path.lstrip("/")
            if number >= owners.get(plain, ("", -1))[1]:
                owners[plain] = find.package, number
            if plain.startswith("lib"):
                owners.setdefault("usr/" + plain, (find.package, number))
    return owners


def _files(finds: _Finds, why: str) -> tuple[FileFact, ...]:
    return tuple(
        msgspec.structs.replace(find.fact, layer=finds.layers[number].diff_id)
        for number, find in finds.live(FileAt)
        if find.why == why
    )


def _tools(finds: _Finds) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for _number, find in finds.live(FileAt):
        if find.why.startswith(_TOOL):
            found.setdefault(find.why[len(_TOOL) :], []).append(find.fact.path)
    return {kind: tuple(dict.fromkeys(found[kind])) for kind in sorted(found)}


def _caches(finds: _Finds, stacked: Stacked) -> tuple[Cache, ...]:
    return tuple(
        Cache(why[len(_CACHE) :], size, files, finds.layers[number].diff_id)
        for (why, number), (size, files) in sorted(stacked.tagged.items())
        if why.startswith(_CACHE)
    )


def _accounts(finds: _Finds) -> tuple[Account, ...]:
    tables = {find.path.rpartition("/")[2].rstrip("-"): find.lines for _number, find in finds.live(AccountsAt)}
    shadow: dict[str, str] = {}
    for line in tables.get("shadow", ()):
        shadow.setdefault(line.name, line.password)  # of two lines the C library takes the first
    return tuple(
        Account(line.name, line.uid, line.gid, line.home, line.shell, line.password or shadow.get(line.name) or "none")
        for line in tables.get("passwd", ())
    )


def _groups(finds: _Finds) -> tuple[Group, ...]:
    files = (find for _number, find in finds.live(AccountsAt) if find.path == "etc/group")
    return tuple(Group(line.name, line.gid) for find in files for line in find.lines)


def _secrets(finds: _Finds) -> tuple[SecretFile, ...]:
    """Removed ones too: they are still in the image. One that a layer merely writes again is the lower layer's."""
    found: list[SecretFile] = []
    held: dict[tuple[str, int, str], int] = {}
    for number, find in finds.all(SecretsAt):
        hidden = finds.hidden_by(number, find)
        for secret in find.secrets:
            same = f"{secret.rule} {secret.kind} {secret.digest} {secret.masked}"
            removed = finds.layers[hidden].diff_id if hidden >= 0 else ""
            place = held.pop((secret.path, number, same), -1)
            if place >= 0:
                found[place] = msgspec.structs.replace(found[place], removed_in=removed, size=secret.size)
            else:
                place = len(found)
                found.append(msgspec.structs.replace(secret, layer=finds.layers[number].diff_id, removed_in=removed))
            if hidden >= 0:
                held[secret.path, hidden, same] = place
    return tuple(found)
