"""Looks at paths from outside, and tells what is not there from what could not be looked at."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from inventory.gap import Gap, Reason
from inventory.host import FileFacts
from inventory.machine import Examined
from inventory.sources.host.files import Accounts
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader, Stat


def examined(reader: HostReader, paths: Iterable[str], accounts: Accounts | Gap, root: str = "") -> Examined:
    """`stat` of each path, links followed; `root` before it shows it as another process sees it."""
    seen = ((path, told(partial(_stat, reader, root + path), path)) for path in dict.fromkeys(paths))
    return sorted_out(seen, accounts)


def sorted_out(looked_at: Iterable[tuple[str, Stat | Gap]], accounts: Accounts | Gap) -> Examined:
    """What is there, with its owner's name, apart from what could not be looked at."""
    found: dict[str, FileFacts] = {}
    unread: dict[str, Gap] = {}
    users = {} if isinstance(accounts, Gap) else accounts.users
    groups = {} if isinstance(accounts, Gap) else accounts.groups
    for path, seen in looked_at:
        if not isinstance(seen, Gap):
            owner, group = users.get(seen.uid, ""), groups.get(seen.gid, "")
            found[path] = FileFacts(path, seen.mode, seen.uid, seen.gid, owner, group, seen.kind)
        elif seen.reason is not Reason.UNSUPPORTED:
            unread[path] = seen
    return Examined(found, unread)


def _stat(reader: HostReader, path: str) -> Stat:
    try:
        return reader.stat(path)
    except NotADirectoryError as error:  # something above it is a file, so there is no such path
        raise FileNotFoundError(error.errno, error.strerror, path) from None
