"""Sets of ports of TCP, UDP and SCTP."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

PROTOCOLS = ("TCP", "UDP", "SCTP")
LAST = 65535
Range = tuple[str, int, int]


class Ports(msgspec.Struct, frozen=True):
    """`ranges` are (protocol, first, last), sorted, none touching another. `everything`: other protocols too (ICMP)."""

    ranges: tuple[Range, ...] = ()
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def holds(self, protocol: str, port: int) -> bool:
        """Whether this port is in it."""
        return any(name == protocol and first <= port <= last for name, first, last in self.ranges)

    def __or__(self, other: Ports) -> Ports:
        if self.everything or not other.ranges:
            return self
        if other.everything or not self.ranges:
            return other
        return ports((*self.ranges, *other.ranges))

    def __and__(self, other: Ports) -> Ports:
        if self.everything:
            return other
        if other.everything:
            return self
        return ports(
            (name, max(first, start), min(last, end))
            for name, first, last in self.ranges
            for protocol, start, end in other.ranges
            if name == protocol and max(first, start) <= min(last, end)
        )

    def __str__(self) -> str:
        """For people: `TCP 80, 8000-8100; UDP 53`."""
        if self.everything:
            return "any port"
        words = []
        for protocol in PROTOCOLS:
            found = [(first, last) for name, first, last in self.ranges if name == protocol]
            if found == [(1, LAST)]:
                words.append(f"any {protocol} port")
            elif found:
                words.append(f"{protocol} " + ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in found))
        return "; ".join(words) or "no port"


def ports(ranges: Iterable[Range]) -> Ports:
    """The set of these ranges, which may overlap."""
    merged: list[Range] = []
    for protocol, first, last in sorted(ranges):
        if merged and merged[-1][0] == protocol and first <= merged[-1][2] + 1:
            merged[-1] = (protocol, merged[-1][1], max(merged[-1][2], last))
        else:
            merged.append((protocol, first, last))
    return Ports(tuple(merged))


NOTHING = Ports()
ANY = Ports(tuple(sorted((protocol, 1, LAST) for protocol in PROTOCOLS)), everything=True)


class Bounds(msgspec.Struct, frozen=True):
    """What is allowed for certain, and what may be: a port in the second alone is unknown."""

    certain: Ports
    possible: Ports

    def __or__(self, other: Bounds) -> Bounds:
        return Bounds(self.certain | other.certain, self.possible | other.possible)

    def __and__(self, other: Bounds) -> Bounds:
        return Bounds(self.certain & other.certain, self.possible & other.possible)

    @property
    def sure(self) -> bool:
        """Whether nothing about it is unknown."""
        return self.certain == self.possible

    def __str__(self) -> str:
        """For people."""
        if self.sure:
            return str(self.certain)
        return f"{self.certain}, unknown: {self.possible}" if self.certain else f"unknown: {self.possible}"


NONE = Bounds(NOTHING, NOTHING)
ALL = Bounds(ANY, ANY)
UNSURE = Bounds(NOTHING, ANY)
