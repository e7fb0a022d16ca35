"""What an answer is."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from inventory.kubernetes.reach.ports import Bounds
from inventory.resource import ResourceKey

ANYWHERE = "any address"


class Reach(StrEnum):
    """Whether a connection is let through."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Decision(msgspec.Struct, frozen=True):
    """`policies` are those that allow it, or those that isolate an end and do not; `why` is for people."""

    reach: Reach
    why: str
    policies: tuple[ResourceKey, ...] = ()

    def __bool__(self) -> bool:
        """Whether it is allowed for certain."""
        return self.reach is Reach.ALLOWED


class Line(msgspec.Struct, frozen=True):
    """Somebody at the other end, and on which ports.

    `who` are workloads (or lone pods) of one namespace that may do the same, `everyone` whether these are all that it
    has. Of nodes `namespace` is "" and `who` their keys; `own_node` is the node that a pod is on. `outside` is an
    address block as people write it.
    """

    ports: Bounds
    namespace: str = ""
    who: tuple[ResourceKey, ...] = ()
    pods: int = 0
    everyone: bool = False
    own_node: bool = False
    outside: str = ""
