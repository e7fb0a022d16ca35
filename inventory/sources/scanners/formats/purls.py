"""Package URLs as reports write them."""

from __future__ import annotations

from urllib.parse import unquote

_IMAGES = frozenset({"oci", "docker"})


def parts(purl: str) -> tuple[str, str, str]:
    """Type, name and version of a package URL, "" for none; a distribution's namespace is no part of a name."""
    kind, _, rest = purl.removeprefix("pkg:").partition("?")[0].partition("/")
    path, _, version = rest.rpartition("@") if "@" in rest.lstrip("%@") else (rest, "", "")
    name = unquote(path or rest)
    if kind in {"deb", "apk", "rpm"}:
        name = name.rpartition("/")[2]
    return kind if purl else "", name if purl else "", unquote(version)


def named(purl: str) -> tuple[str, str] | None:
    """Name and version of the package that it names; None where it is none, or an image."""
    kind, name, version = parts(purl) if purl.startswith("pkg:") else ("", "", "")
    return (name, version) if name and kind not in _IMAGES else None
