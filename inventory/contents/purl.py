"""Package URLs: the name of a package that every tool understands (purl-spec), made from what was found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from inventory.contents.model import Distribution, Package
from inventory.reference import parse

_SEPARATORS = re.compile(r"[-_.]+")
_PLAIN = re.compile(r"[a-z0-9._-]+")
_VENDORS = {"deb": "debian", "apk": "alpine", "rpm": ""}
"""By type of a distribution's packages: whose they are where no distribution is told."""


_NOWHERE = Distribution()


def python_name(name: str) -> str:
    """PEP 503: how names of Python distributions are compared."""
    return _SEPARATORS.sub("-", name).lower()


def purl(package: Package, distribution: Distribution = _NOWHERE) -> str:
    """`pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS`, each part encoded as the specification says."""
    if package.type in _VENDORS:
        return _of_distribution(package, distribution)
    version, qualifiers = package.version, {}
    match package.type:
        case "pypi":
            parts = [python_name(package.name)]
        case "maven":
            group, _, artifact = package.name.rpartition(":")
            if not group:  # of an archive that does not say whose it is
                return _written("generic", [artifact], version, {})
            parts = [group, artifact]
        case "gem":
            parts = [package.name]
            qualifiers = {"platform": package.architecture}
        case "golang":
            parts = package.name.split("/")
            version = "" if version == "(devel)" else version
        case _:
            parts = package.name.split("/")
    return _written(package.type, parts, version, qualifiers)


def _of_distribution(package: Package, distribution: Distribution) -> str:
    vendor = distribution.id if _PLAIN.fullmatch(distribution.id) else _VENDORS[package.type]
    qualifiers = {"arch": package.architecture, "upstream": _upstream(package)}
    version = package.version
    if vendor and distribution.id:
        release = distribution.version_id or distribution.codename
        qualifiers["distro"] = f"{vendor}-{release}" if release else vendor
    if package.type == "rpm":
        epoch, colon, rest = version.partition(":")
        if colon:
            version, qualifiers["epoch"] = rest, epoch
    parts = [vendor, package.name] if vendor else [package.name]
    return _written(package.type, parts, version, qualifiers)


def _upstream(package: Package) -> str:
    """The source package, by which advisories name what is affected; rpm's is the name of a file."""
    if not package.source:
        return ""
    version = package.source_version
    if package.type == "rpm":
        return f"{package.source}-{version.rpartition(':')[2]}.src.rpm"
    return package.source if version in ("", package.version) else f"{package.source}@{version}"


def image_purl(repo_digest: str, tag: str = "", architecture: str = "") -> str:
    """That of an image in a registry, `REPOSITORY@sha256:...`; "" where there is no digest."""
    if "@" not in repo_digest:
        return ""
    reference = parse(repo_digest)
    repository = f"{reference.registry}/{reference.repository}"
    name = reference.repository.rpartition("/")[2].lower()
    qualifiers = {"repository_url": repository.lower(), "arch": architecture, "tag": tag}
    return _written("oci", [name], reference.digest, qualifiers)


def _written(kind: str, parts: list[str], version: str, qualifiers: Mapping[str, str]) -> str:
    path = "/".join(_encoded(part) for part in parts if part)
    at = f"@{_encoded(version)}" if version else ""
    asked = "&".join(f"{key}={_qualifier(qualifiers[key])}" for key in sorted(qualifiers) if qualifiers[key])
    return f"pkg:{kind}/{path}{at}" + (f"?{asked}" if asked else "")


def _encoded(text: str) -> str:
    return quote(text, safe=":", errors="replace")


def _qualifier(text: str) -> str:
    return quote(text, safe=":/", errors="replace")
