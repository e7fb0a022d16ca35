"""What an object proves by itself, whatever could not be read of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.resource import KubeResource

T = TypeVar("T")
U = TypeVar("U")


def if_read(look: Callable[[], T], instead: U) -> T | U:
    """What a look at other objects finds, or `instead` where these could not be read.

    Only where the verdict fails either way: nothing may pass for what nobody could see.
    """
    try:
        return look()
    except Unread:
        return instead


def among_none(one: KubeResource, gap: Gap) -> bool:
    """Whether it is of a set of manifests that simply holds nothing of the kind: no file is broken that might."""
    return one.manifest is not None and gap.reason is Reason.UNSUPPORTED
