"""What single files of an image say: rights, accounts, secrets, leftovers, tools, bad programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.contents.finding import Finder


def finders(bad_hashes: frozenset[str] = frozenset()) -> tuple[Finder, ...]:
    """All of them; `bad_hashes` are SHA-256 digests in small hex of programs that no image may hold."""
    from inventory.contents.files.accounts import Accounts
    from inventory.contents.files.caches import Caches
    from inventory.contents.files.known_bad import KnownBad
    from inventory.contents.files.secrets import Secrets
    from inventory.contents.files.set_id import SetId
    from inventory.contents.files.tools import Tools
    from inventory.contents.files.world_writable import WorldWritable

    return (SetId(), WorldWritable(), Accounts(), Secrets(), Caches(), Tools(), KnownBad(bad_hashes))
