"""The distribution: os-release(5), or the files that were there before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from inventory.contents.finding import AnyFind, DistributionAt, Entry
from inventory.contents.model import Distribution
from inventory.contents.packages.reading import Whole, lines_of, problem, text_of, word

_RELEASE = frozenset({"etc/os-release", "usr/lib/os-release"})
_OLDER = {
    "etc/debian_version": ("debian", re.compile(r"(\d+)(?:\.\d+)*$"), "Debian GNU/Linux"),
    "etc/alpine-release": ("alpine", re.compile(r"(\d+\.\d+\.\d+)"), "Alpine Linux"),
    "etc/centos-release": ("centos", re.compile(r"CentOS \D{0,40}(\d+(?:\.\d+)?)"), "CentOS"),
    "etc/redhat-release": ("rhel", re.compile(r"Red Hat \D{0,60}(\d+(?:\.\d+)?)"), "Red Hat Enterprise Linux"),
}
_ESCAPED = re.compile(r'\\([\\"$`\'])')


class DistributionFinder(Whole):
    """Reads what distribution an image is of; an older file counts where there is no os-release (`merge` decides)."""

    name: ClassVar[str] = "distribution"
    limit: ClassVar[int] = 64 << 10

    def wanted(self, path: str) -> bool:
        """os-release in its two places, or an older file."""
        return path in _RELEASE or path in _OLDER

    def found(self, entry: Entry, head: bytes) -> Iterator[AnyFind]:
        """Its assignments."""
        text = text_of(head)
        if entry.path in _OLDER:
            distribution = _older(entry.path, text)
        else:
            distribution = parse(text)
            if not distribution.id and text.strip():
                yield problem(entry, "has no ID")
        if distribution != Distribution():
            yield DistributionAt(entry.path, distribution)


def parse(text: str) -> Distribution:
    """os-release; the last assignment counts, as it would for a shell."""
    said: dict[str, str] = {}
    for line in lines_of(text):
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            said[name] = word(_unquoted(value.strip()))
    return Distribution(
        id=said.get("ID", "").lower(),
        version_id=said.get("VERSION_ID", ""),
        pretty_name=said.get("PRETTY_NAME", "") or said.get("NAME", ""),
        codename=said.get("VERSION_CODENAME", ""),
        id_like=said.get("ID_LIKE", ""),
        support_end=said.get("SUPPORT_END", ""),
        variant=said.get("VARIANT_ID", ""),
    )


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        quoted = value[1:-1]
        return quoted if value[0] == "'" else _ESCAPED.sub(r"\1", quoted)
    return value


def _older(path: str, text: str) -> Distribution:
    name, pattern, title = _OLDER[path]
    line = word(text.strip().partition("\n")[0])
    match = pattern.search(line)
    if match is None:  # "bookworm/sid", or another distribution's words in the same file
        return Distribution()
    return Distribution(id=name, version_id=match[1], pretty_name=f"{title} {match[1]}")
