"""Whether the list of packages that a distribution keeps was found: without it nobody knows what is in the image."""

from __future__ import annotations

from typing import Final

from inventory.contents.model import Contents, Distribution

_FAMILIES: Final = {
    "deb": ("debian", "ubuntu", "echo"),
    "apk": ("alpine", "wolfi", "chainguard", "minimos", "alpaquita"),
    "rpm": (
        "rhel", "fedora", "centos", "rocky", "almalinux", "ol", "amzn", "suse", "opensuse", "sles", "photon", "mariner",
        "azurelinux", "openeuler", "mageia", "openmandriva", "altlinux",
    ),
}  # fmt: skip
_TYPES: Final = {name: kind for kind, names in _FAMILIES.items() for name in names}


def missing(contents: Contents, shown: str = "") -> str:
    """That no package of the image's distribution is recorded, or none at all: a sentence, "" where some are.

    An image always holds some where its distribution is named. `shown` is how to name that to a person.
    """
    distribution = contents.distribution
    if distribution.id:
        wanted = _types(distribution)
        if not any(package.type in wanted for package in contents.packages):
            shown = shown or distribution.pretty_name or distribution.id
            return f"no package of {shown} is recorded in the image: what is in it is not known"
    elif not contents.packages:
        return "no package is recorded in the image: what is in it is not known"
    return ""


def _types(distribution: Distribution) -> frozenset[str]:
    """What packages of a distribution are of; any where it is not a known one."""
    for name in (distribution.id, *distribution.id_like.lower().split()):
        kind = _TYPES.get(name) or _TYPES.get(name.partition("-")[0])
        if kind:
            return frozenset({kind})
    return frozenset(_FAMILIES)
