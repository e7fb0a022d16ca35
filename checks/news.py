"""What is there now and was not in a baseline: plain data, made by `checks.report.since`, judged by CMB-008."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

CHECK = "CMB-008"


class NewFailure(NamedTuple):
    """A failure that the baseline did not hold, or held with a lower severity."""

    severity: str
    check: str
    resource: str  # "container web"


class Difference(NamedTuple):
    """`new container` `web`, `gone image` `app:1`, `container web: new port` `0.0.0.0:80->80/tcp`."""

    what: str
    value: str


class News(msgspec.Struct, frozen=True):
    """What is different on one source.

    `since` is when the baseline was made (RFC 3339). `failures` are those of severity high and critical, worst first.
    `unread` says what could not be compared, because one side could not read it.
    """

    since: str
    failures: tuple[NewFailure, ...] = ()
    differences: tuple[Difference, ...] = ()
    unread: tuple[str, ...] = ()
