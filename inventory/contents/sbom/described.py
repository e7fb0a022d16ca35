"""What a bill of materials says of the image as a whole, and the words that both formats share."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from inventory.contents.model import Contents, Package
from inventory.contents.package_lists import missing
from inventory.contents.purl import image_purl
from inventory.text import safe

_LAST = 253_402_300_799.0  # the end of the year 9999
_MOST = 4096


class Described(msgspec.Struct, frozen=True):
    """An image as its engine or archive names it. `created` in epoch seconds, 0.0 where it does not say."""

    name: str
    created: float = 0.0
    architecture: str = ""
    os: str = ""
    repo_digests: tuple[str, ...] = ()

    def purl(self) -> str:
        """Of the first name in a registry with a digest; "" where there is none."""
        return image_purl(self.repo_digests[0], architecture=self.architecture) if self.repo_digests else ""


class Tool(msgspec.Struct, frozen=True):
    """The program that made the list."""

    name: str
    version: str


def clean(text: str) -> str:
    """A text that no reader stumbles over."""
    return safe(text, _MOST)


def gaps(contents: Contents) -> tuple[str, ...]:
    """Why the list of packages is not complete, in words; none where it is."""
    said = tuple(each for each in (missing(contents), *contents.problems) if each)
    return said if said or contents.complete else ("not all of the image could be read",)


def identifier(contents: Contents, kind: str) -> uuid.UUID:
    """The document's, the same for the same contents found in the same image."""
    hasher = hashlib.sha256()
    for package in ordered(contents.packages):
        hasher.update(reference(package).encode())
    for problem in gaps(contents):
        hasher.update(clean(problem).encode())
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}:{clean(contents.digest)}:{hasher.hexdigest()}")


def reference(package: Package) -> str:
    """A short name of one record of a package: two records of the same one differ."""
    told = "\0".join((package.type, package.name, package.version, package.architecture, package.path, package.layer))
    return f"package-{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:24]}"


def ordered(packages: Iterable[Package]) -> list[Package]:
    """Without repetition, the distribution's first, then by name."""
    named = {reference(package): package for package in packages}
    return [
        package
        for _, package in sorted(
            named.items(), key=lambda row: (row[1].type not in ("deb", "apk", "rpm"), *_order(row[1]), row[0])
        )
    ]


def _order(package: Package) -> tuple[str, str, str, str]:
    return package.type, package.name, package.version, package.path


def instant(seconds: float) -> str:
    """A time as both formats write it; "" for none."""
    if not 0 < seconds <= _LAST:
        return ""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def license_expression(licenses: tuple[str, ...]) -> str:
    """What a package says of its licence as an SPDX expression; "" where it is none."""
    if not licenses:
        return ""
    try:
        from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
    except ImportError:  # older than 24.2: then no expression can be told from other words
        return ""
    try:
        found = [str(canonicalize_license_expression(each)) for each in licenses]
    except (InvalidLicenseExpression, ValueError, RecursionError):
        return ""
    if any("LicenseRef-" in each for each in found):
        return ""
    return found[0] if len(found) == 1 else " AND ".join(f"({each})" if " " in each else each for each in found)
