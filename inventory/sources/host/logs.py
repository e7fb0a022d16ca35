"""Where logs are kept on this machine, and who may change them. Log files are looked at from outside only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from inventory.gap import Gap, Reason
from inventory.machine import Examined, Journal
from inventory.sources.host.examine import examined
from inventory.sources.host.files import Accounts
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

LOG_DIRECTORIES = (
    "/var/log", "/var/log/audit", "/var/log/containers", "/var/log/docker", "/var/log/journal", "/var/log/pods",
)  # fmt: skip
_SOCKET = "/run/systemd/journal/socket"
_JOURNALS = "/var/log/journal"
_CONFIGS = ("/usr/lib/systemd/journald.conf", "/etc/systemd/journald.conf")
_DROP_INS = ("/usr/lib/systemd/journald.conf.d", "/run/systemd/journald.conf.d", "/etc/systemd/journald.conf.d")
_DEFAULT = "auto"
_MOST_FILES = 100


def facts(reader: HostReader, root: str, log_paths: Iterable[str], accounts: Accounts | Gap) -> dict[str, Any]:
    """The fields `journal` and `logs`; `root` before a path shows it as the engine's daemon sees it."""
    files, directories = examined(reader, log_paths, accounts, root), examined(reader, LOG_DIRECTORIES, accounts)
    logs = Examined({**files.found, **directories.found}, {**files.unread, **directories.unread})
    return {"journal": _journal(reader), "logs": logs}


def _journal(reader: HostReader) -> Journal | Gap:
    present = told(lambda: reader.stat(_SOCKET), _SOCKET)
    if isinstance(present, Gap):
        return Journal(False, "", False) if present.reason is Reason.UNSUPPORTED else present
    storage = _storage(reader)
    if isinstance(storage, Gap):
        return storage
    journals = told(lambda: reader.names(_JOURNALS), _JOURNALS)
    if isinstance(journals, Gap) and journals.reason is not Reason.UNSUPPORTED:
        return journals
    return Journal(True, storage, not isinstance(journals, Gap) and bool(journals))


def _storage(reader: HostReader) -> str | Gap:
    """`Storage=` of journald.conf(5): drop-ins in the order of their names, one in /etc instead of those elsewhere."""
    listed = {directory: told(partial(reader.names, directory), directory) for directory in _DROP_INS}
    drop_ins = {
        name: f"{directory}/{name}"
        for directory, names in listed.items()
        if not isinstance(names, Gap)
        for name in names[:_MOST_FILES]
        if name.endswith(".conf")
    }
    paths = (*_CONFIGS, *(drop_ins[name] for name in sorted(drop_ins)))
    texts = [told(partial(reader.read, path), path) for path in paths]
    storage = _DEFAULT
    for one in (*listed.values(), *texts):
        if isinstance(one, bytes):
            storage = _last(one, storage)
        elif isinstance(one, Gap) and one.reason is not Reason.UNSUPPORTED:
            return one
    return storage


def _last(text: bytes, before: str) -> str:
    for line in text.decode("utf-8", "replace").splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip() == "Storage":
            before = value.strip().lower() or _DEFAULT
    return before
