"""The ecosystems of the OSV schema: how their versions are ordered, and which of them an image's packages are of."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from inventory.contents.model import Distribution, Package

ORDER: Final = {
    "Debian": "dpkg",
    "Ubuntu": "dpkg",
    "Echo": "dpkg",
    "Alpine": "apk",
    "Wolfi": "apk",
    "Chainguard": "apk",
    "MinimOS": "apk",
    "Alpaquita": "apk",
    "AlmaLinux": "rpm",
    "Rocky Linux": "rpm",
    "Red Hat": "rpm",
    "SUSE": "rpm",
    "openSUSE": "rpm",
    "openEuler": "rpm",
    "Azure Linux": "rpm",
    "Mageia": "rpm",
    "Photon OS": "rpm",
    "PyPI": "pep440",
    "npm": "semver",
    "crates.io": "semver",
    "Go": "go",
    "Maven": "maven",
    "RubyGems": "gem",
}
"""The ecosystems that packages of an image can be of, without their release. Records of others are not kept."""

LANGUAGES: Final = {
    "pypi": "PyPI",
    "npm": "npm",
    "golang": "Go",
    "maven": "Maven",
    "gem": "RubyGems",
    "cargo": "crates.io",
}
"""By the type of a package URL."""

DISTRIBUTION_TYPES: Final = frozenset({"deb", "apk", "rpm"})
_TYPE_OF_ORDER: Final = {"dpkg": "deb", "apk": "apk", "rpm": "rpm"}

# os-release's ID: the ecosystem and how its release is written out of VERSION_ID.
_RELEASES: Final = {
    "debian": ("Debian", "{major}"),
    "alpine": ("Alpine", "v{major}.{minor}"),
    "almalinux": ("AlmaLinux", "{major}"),
    "rocky": ("Rocky Linux", "{major}"),
    "mageia": ("Mageia", "{major}"),
    "photon": ("Photon OS", "{major}.{minor}"),
    "azurelinux": ("Azure Linux", "{major}"),
    "mariner": ("Azure Linux", "{major}"),
    "alpaquita": ("Alpaquita", "{major}"),
    "openeuler": ("openEuler", "{major}.{minor}"),
    "ubuntu": ("Ubuntu", "{major}.{minor}"),
    "rhel": ("Red Hat", "enterprise_linux:{major}"),
    "wolfi": ("Wolfi", ""),
    "chainguard": ("Chainguard", ""),
    "minimos": ("MinimOS", ""),
    "echo": ("Echo", ""),
}
_NORMAL: Final = re.compile(r"[-_.]+")
_VERSION_ID: Final = re.compile(r"([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_SUSE_PRODUCTS: Final = re.compile(r"SUSE:Linux Enterprise (?:Server|(?:Module for|Workstation Extension) ?.*)")


def base(ecosystem: str) -> str:
    """An ecosystem without its release or repository: `Debian:12` is of Debian."""
    return ecosystem.partition(":")[0]


def named(word: str) -> str | None:
    """The ecosystem that somebody means, whatever the case."""
    return next((name for name in ORDER if name.casefold() == word.strip().casefold()), None)


def kept_as(ecosystem: str) -> str | None:
    """Under which name records of this ecosystem are kept, None where they are of no use here.

    A Maven repository is no release: `Maven:https://...` is Maven.
    """
    family = base(ecosystem)
    if family not in ORDER or len(ecosystem) > 256:
        return None
    return family if family in LANGUAGES.values() else ecosystem


def kept_name(ecosystem: str, name: str) -> str:
    """A package's name in the spelling under which it is looked up."""
    family = base(ecosystem)
    if family == "PyPI":
        return _NORMAL.sub("-", name).lower()  # PEP 503
    if family == "Maven" and ":" not in name:
        return name.replace("/", ":", 1)
    return name


def of_distribution(distribution: Distribution, known: Collection[str]) -> tuple[tuple[str, ...], str]:
    """The ecosystems among `known` that speak of this distribution's release, and how to name it to a person."""
    shown = distribution.pretty_name or distribution.id or "an unknown distribution"
    pretty = distribution.pretty_name
    if distribution.id == "opensuse-tumbleweed" or distribution.id.startswith("opensuse"):
        wanted = pretty.replace("openSUSE ", "openSUSE:", 1)
        return tuple(one for one in (wanted, f"{wanted} NonFree") if one in known), wanted or shown
    if distribution.id in ("sles", "sle_hpc", "sles_sap"):
        return _suse(distribution, known), pretty or shown
    family, form = _RELEASES.get(distribution.id, ("", ""))
    found = _VERSION_ID.match(distribution.version_id)
    if not family or (form and (not found or ("{minor}" in form and not found[2]))):
        return (), shown
    # Alpine's edge calls itself the release to come.
    if distribution.id == "alpine" and "_" in distribution.version_id:
        return (), shown
    release = form.format(major=found[1], minor=found[2]) if found else ""
    wanted = f"{family}:{release}" if form else family
    names: tuple[str, ...]
    if family == "Ubuntu":
        names = (wanted, f"{wanted}:LTS", f"Ubuntu:Pro:{release}", f"Ubuntu:Pro:{release}:LTS")
    elif family == "openEuler":
        names = tuple(sorted(one for one in known if _openeuler(one, wanted, pretty)))
    elif family == "Red Hat":
        # One ecosystem per repository; which of them a package came from is not recorded.
        names = tuple(sorted(one for one in known if one == wanted or one.startswith((f"{wanted}::", f"{wanted}."))))
    else:
        names = (wanted,)
    return tuple(one for one in names if one in known), wanted


def _suse(distribution: Distribution, known: Collection[str]) -> tuple[str, ...]:
    """SUSE's records are of the modules that ship a package; which one is not recorded, so all of the release."""
    found = _VERSION_ID.match(distribution.version_id)
    if not found:
        return ()
    release = f" {found[1]} SP{found[2]}" if found[2] and found[2] != "0" else f" {found[1]}"
    return tuple(
        sorted(one for one in known if one.endswith(release) and _SUSE_PRODUCTS.fullmatch(one.removesuffix(release)))
    )


def _openeuler(ecosystem: str, wanted: str, pretty: str) -> bool:
    """`openEuler 22.03 (LTS-SP3)` is `openEuler:22.03-LTS-SP3`."""
    inner = pretty.partition("(")[2].partition(")")[0]
    return ecosystem == (f"{wanted}-{inner}" if inner else wanted)


def of_type(ecosystem: str, kind: str) -> bool:
    """Whether packages of this type (deb, apk, rpm) are what the ecosystem speaks of."""
    return _TYPE_OF_ORDER.get(ORDER.get(base(ecosystem), "")) == kind


def names(package: Package, ecosystem: str) -> tuple[tuple[str, str], ...]:
    """The names under which a package is looked up in an ecosystem, each with the version that is compared.

    Debian, Ubuntu and Alpine speak of source packages; others of source or binary ones, often of both.
    """
    family = base(ecosystem)
    if package.type not in DISTRIBUTION_TYPES:
        version = package.version.removeprefix("v") if family == "Go" else package.version
        return ((kept_name(ecosystem, package.name), version),)
    source = package.source or package.name
    version = package.source_version or package.version
    if package.type == "rpm" and ":" not in version and ":" in package.version:
        version = f"{package.version.partition(':')[0]}:{version}"
    if family in ("Debian", "Ubuntu", "Echo", "Alpine") or (source, version) == (package.name, package.version):
        return ((source, version),)
    if source == package.name:
        return ((source, package.version),)
    return (package.name, package.version), (source, version)
