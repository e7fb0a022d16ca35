"""The truth file as data: which checks say what about which object of the lab."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

_FILES = {
    "docker": ("truth.toml",),
    "podman": ("truth.toml", "truth_podman.toml"),
    "podman-rootless": ("truth.toml", "truth_podman.toml", "truth_podman_rootless.toml"),
}
"""For each engine the files that say what holds on it; an entry of a later file stands in for that of one before."""
_LOCAL = "localhost/"
NAME_LABEL = "deckwatch.lab.name"
_SERVICE_LABEL = "com.docker.swarm.service.name"
_HOST_KINDS = frozenset({"engine", "host", "swarm", "node"})
_LISTS = ("fail", "low", "manual", "may", "never")


@dataclass(frozen=True, slots=True)
class Facts:
    """Check ids by what they must (`fail`, `low`, `manual`), may or must not say; see the head of ``truth.toml``."""

    fail: frozenset[str] = frozenset()
    low: frozenset[str] = frozenset()
    manual: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()

    def __or__(self, other: Facts) -> Facts:
        return Facts(*(getattr(self, name) | getattr(other, name) for name in _LISTS))

    @property
    def required(self) -> frozenset[str]:
        """What must be reported."""
        return (self.fail | self.low | self.manual) - self.never

    @property
    def allowed(self) -> frozenset[str]:
        """What may be reported with severity medium or above."""
        return (self.required | self.may) - self.never


@dataclass(frozen=True, slots=True)
class Subject:
    """Where the truth file keeps the facts of one reported resource: a table and a name in it."""

    table: str
    name: str


def subject(kind: str, name: str, labels: Mapping[str, str], check: str = "") -> Subject:
    """The subject of a result about the resource `name` of `kind` with `labels`."""
    if kind in _HOST_KINDS or check.startswith(("DMN-", "HOST-")):
        return Subject("host", "host")
    if kind == "image":
        return Subject("image", labels.get(NAME_LABEL, name.removeprefix(_LOCAL)))
    if kind in ("container", "component", "task"):
        service = labels.get(_SERVICE_LABEL)
        return Subject("task", service) if service else Subject("container", name)
    return Subject(kind, name)


def facts(about: Subject, engine: str = "docker") -> Facts:
    """The facts of one object together with those of every object of its kind; what must be said is not optional."""
    found = _table(engine).get(about, Facts()) | _every(engine).get(about.table, Facts())
    return replace(found, may=found.may - found.required)


def subjects(engine: str = "docker") -> frozenset[Subject]:
    """All objects with an entry of their own."""
    return frozenset(_table(engine))


def deep(image: str) -> frozenset[str]:
    """The checks that fail on an image once its layers were looked through and its packages matched."""
    return frozenset(_deep().get(image.removeprefix(_LOCAL), ()))


def deep_images() -> tuple[str, ...]:
    """The images of which such a look finds anything."""
    return tuple(_deep())


@cache
def _deep() -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] = tomllib.loads((Path(__file__).parent / "truth_deep.toml").read_text())["image"]
    return found


@cache
def _documents(engine: str) -> tuple[dict[str, Any], ...]:
    return tuple(tomllib.loads((Path(__file__).parent / name).read_text()) for name in _FILES[engine])


@cache
def _every(engine: str) -> dict[str, Facts]:
    return {kind: _facts(entry) for document in _documents(engine) for kind, entry in document.get("every", {}).items()}


@cache
def _table(engine: str) -> dict[Subject, Facts]:
    table: dict[Subject, Facts] = {}
    for document in _documents(engine):
        kinds = {kind: entries for kind, entries in document.items() if kind not in ("every", "host")}
        table |= {
            Subject(kind, name): _facts(entry) for kind, entries in kinds.items() for name, entry in entries.items()
        }
        if "host" in document:
            table[Subject("host", "host")] = _facts(document["host"])
    return table


def _facts(entry: dict[str, Any]) -> Facts:
    unknown = set(entry) - {*_LISTS, "clean"}
    if unknown:
        raise ValueError(f"truth file: unknown key {sorted(unknown)[0]!r}")
    if entry.get("clean") and entry.get("fail"):
        raise ValueError("truth file: a clean object cannot have entries in 'fail'")
    return Facts(*(frozenset(entry.get(name, ())) for name in _LISTS))
