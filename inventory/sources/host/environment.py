"""Whether Docker's client is told to accept signed tags only: the one variable, wherever it may be set."""

from __future__ import annotations

import re
from functools import partial

from inventory.gap import Gap, Reason
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

OWN = "/proc/self/environ"
_VARIABLE = b"DOCKER_CONTENT_TRUST"
_FILES = ("/etc/environment", "/etc/profile")
_DIRECTORY = "/etc/profile.d"
_ASSIGNED = re.compile(rb"""^[ \t]*(?:export[ \t]+)?DOCKER_CONTENT_TRUST=["']?([^"'\s;#]{0,40})""", re.MULTILINE)


def content_trust(reader: HostReader) -> dict[str, str] | Gap:
    """Where DOCKER_CONTENT_TRUST is set, and to what; a gap where it was not found and a place could not be read."""
    names = told(partial(reader.names, _DIRECTORY), _DIRECTORY)
    scripts = [] if isinstance(names, Gap) else [f"{_DIRECTORY}/{name}" for name in names if name.endswith(".sh")]
    unread = names if isinstance(names, Gap) else None
    found: dict[str, str] = {}
    for path in (OWN, *_FILES, *scripts):
        raw = told(partial(reader.read, path), path)
        if isinstance(raw, Gap):
            unread = unread if raw.reason is Reason.UNSUPPORTED else raw
            continue
        values = _ASSIGNED.findall(only_content_trust(raw).replace(b"\0", b"\n") if path == OWN else raw)
        if values:
            found[path] = values[-1].decode("utf-8", "replace")
    if unread is not None and unread.reason is not Reason.UNSUPPORTED and not found:
        return unread
    return found


def holds_settings(path: str) -> bool:
    """Whether a path is one of the files that a login reads, of which the one variable alone is of use."""
    return path in _FILES or (path.startswith(f"{_DIRECTORY}/") and path.endswith(".sh"))


def only_assignments(script: bytes) -> bytes:
    """The assignments of the variable in a login's file, each up to the end of its value."""
    return b"".join(found[0] + b"\n" for found in _ASSIGNED.finditer(script))


def only_content_trust(environ: bytes) -> bytes:
    """An environment as /proc shows it, without any other variable."""
    return b"".join(item + b"\0" for item in environ.split(b"\0") if item.startswith(_VARIABLE + b"="))
