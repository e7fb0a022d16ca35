"""The `USER` of a container: root, another number, or a name that only the image's own /etc/passwd explains."""

from __future__ import annotations

import re
from enum import Enum

import msgspec

_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")
_LARGEST = 2**31 - 1  # engines refuse more; some container managers wrapped it round to 0 (CVE-2024-40635)


class Identity(Enum):
    """What can be said of a user or group without looking into the image."""

    ROOT = "root"
    OTHER = "other"
    NAMED = "named"


class User(msgspec.Struct, frozen=True):
    """A parsed `user[:group]`; `gid` is None where no numeric group is given."""

    user: str
    group: str
    identity: Identity
    gid: int | None


def parse_user(text: str) -> User:
    """Parse `Config.User`: empty, `0`, `00`, `0:0`, `root`, `root:root` and `:0` are all root.

    A number beyond 2**31-1 counts as a name: what it means depends on who reads it.
    """
    user, _, group = text.strip().partition(":")
    return User(user, group, _identity(user), 0 if group == "root" else as_number(group))


def as_number(text: str) -> int | None:
    """A user or group given as a number (`0`, `00`, `+0`), or None where it is a name."""
    return int(text) if _NUMBER.fullmatch(text) else None


def _identity(user: str) -> Identity:
    if user in {"", "root"}:
        return Identity.ROOT
    number = as_number(user)
    if number is None or abs(number) > _LARGEST:
        return Identity.NAMED
    return Identity.ROOT if number == 0 else Identity.OTHER
