"""What makes resources from other resources: who may do what from roles and bindings, say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from inventory.gap import Gap
from inventory.resource import Kind, Resource

Objects = Mapping[Kind, tuple[Any, ...]]
"""All objects of each kind from one source, typed by their kind; a kind of which there is none has an empty tuple."""


class Derivation(msgspec.Struct, frozen=True):
    """`build(objects, source)` gives every resource of `kind` that follows from the objects of the `inputs`.

    It is pure and quick, is given nothing but the inputs, and is called again, as a whole, soon after any of them
    changed: on a thread of the source, never with a gap among the inputs. What it gives is made with `build` of its
    family, has the source in its key, and compares well: `same_as` says whether it differs from the one before.
    """

    inputs: frozenset[Kind]
    kind: Kind
    build: Callable[[Objects, str], Iterable[Resource]]


def missing(derivation: Derivation, gaps: Mapping[Kind, Gap]) -> Gap | None:
    """The gap of the derived kind: the first among its inputs', or None when all of them were read."""
    return next((gaps[kind] for kind in sorted(derivation.inputs) if kind in gaps), None)


def derive(derivation: Derivation, by_kind: Mapping[Kind, Iterable[Resource]], source: str) -> tuple[Resource, ...]:
    """The derived resources; inputs that nobody has listed count as empty."""
    objects = {kind: tuple(by_kind.get(kind, ())) for kind in derivation.inputs}
    return tuple(derivation.build(objects, source))
