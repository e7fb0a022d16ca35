"""Where everybody relies on what is there."""

from __future__ import annotations

_TRUSTED = frozenset(("bin", "sbin", "usr", "etc", "opt"))


def trusted(path: str) -> bool:
    """Whether a path (without a leading slash) is below /bin, /sbin, /usr, /lib*, /etc or /opt."""
    top = path.partition("/")[0]
    return top in _TRUSTED or top.startswith("lib")
