"""Which directories of this machine are on another one."""

from __future__ import annotations

import re
from functools import partial

from inventory.gap import Gap, Reason
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

# A server that does not answer would hold whoever looks at a file there, for ever.
_REMOTE = re.compile(r"nfs|cifs|smb|autofs|afs|ceph|lustre|gluster|fuse")


MOUNTS = "/proc/self/mountinfo"
_ESCAPED = re.compile(r"\\([0-7]{3})")


def elsewhere(reader: HostReader, table: str = MOUNTS) -> tuple[str, ...] | Gap:
    """Mount points, with a slash at the end, of file systems that are on another machine or in a user's program.

    A gap where they are not known, as then nothing may be touched; a recording, and a machine without such a table,
    have none. proc(5), mountinfo: the type is the first word after the hyphen; a space in a path is written \\040.
    """
    said = told(partial(reader.read, table), table)
    if isinstance(said, Gap):
        return () if said.reason in {Reason.UNSUPPORTED, Reason.ABSENT} else said
    found = []
    for row in said.decode("utf-8", "surrogateescape").splitlines():
        place, _, kind = row.partition(" - ")
        words = place.split(" ")
        if len(words) > 4 and words[4] != "/" and _REMOTE.match(kind):
            found.append(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), words[4]).rstrip("/") + "/")
    return tuple(found)
