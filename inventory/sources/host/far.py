"""Which directories of this machine are on another one."""

from __future__ import annotations

import re
from functools import partial

from inventory.gap import Gap
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

# A server that does not answer would hold whoever looks at a file there, for ever.
_REMOTE = re.compile(r"nfs|cifs|smb|autofs|afs|ceph|lustre|gluster|fuse")


def elsewhere(reader: HostReader) -> tuple[str, ...]:
    """Mount points, with a slash at the end, of file systems that are on another machine or in a user's program.

    proc(5), mountinfo: the type is the first word after the hyphen; a space in a path is written \\040.
    """
    table = told(partial(reader.read, "/proc/self/mountinfo"), "mountinfo")
    found = []
    for row in () if isinstance(table, Gap) else table.decode("utf-8", "replace").splitlines():
        place, _, kind = row.partition(" - ")
        words = place.split(" ")
        if len(words) > 4 and words[4] != "/" and _REMOTE.match(kind):
            found.append(words[4].replace("\\040", " ").rstrip("/") + "/")
    return tuple(found)
