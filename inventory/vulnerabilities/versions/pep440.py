"""PEP 440, as pip orders versions: the `packaging` project knows it."""

from __future__ import annotations

from packaging.version import Version


def key(version: str) -> Version:
    """The version itself; `packaging`'s complaint is a ValueError."""
    return Version(version)
