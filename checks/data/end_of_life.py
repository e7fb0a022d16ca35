"""When the distributions that images are made from stop getting security fixes, by os-release(5)'s ID and VERSION_ID.

Sources: distro-info-data 0.58+deb12u7 (ISC) for Debian with its LTS and Ubuntu; the release pages of Alpine, Fedora,
openSUSE, SUSE, Oracle, Red Hat, Rocky, AlmaLinux and Amazon Linux. What `lifetimes` has of hosts is not repeated.
Distroless images carry Debian's os-release and end with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import msgspec

from checks.data import lifetimes
from checks.data.lifetimes import Lifetime

TABLE_DATE = lifetimes.TABLE_DATE

ROLLING: Mapping[str, str] = MappingProxyType(
    {
        "wolfi": "Wolfi",
        "chainguard": "Chainguard OS",
        "arch": "Arch Linux",
        "archarm": "Arch Linux ARM",
        "gentoo": "Gentoo",
        "void": "Void Linux",
        "opensuse-tumbleweed": "openSUSE Tumbleweed",
        "opensuse-microos": "openSUSE MicroOS",
        "kali": "Kali Linux",
    }
)
"""Distributions without releases: only a new image has their fixes, so age says more than any date."""


class Product(msgspec.Struct, frozen=True):
    """A distribution: `name` is what `lifetimes` and fetched tables call it, `release` finds one in a VERSION_ID."""

    name: str
    release: re.Pattern[str]
    releases: Mapping[str, Lifetime]
    codenames: Mapping[str, str] = MappingProxyType({})


_MAJOR = re.compile(r"(\d+)(?:\.\d+)*")
_MINOR = re.compile(r"(\d+\.\d+)(?:\.\d+)*")


def _ends(*rows: str) -> dict[str, Lifetime]:
    """Rows of release, end and, where somebody sells more, the end of that."""
    found = {}
    for row in rows:
        release, *days = row.split()
        found[release] = Lifetime(*map(date.fromisoformat, days))
    return found


def _product(
    name: str, release: re.Pattern[str], *rows: str, codenames: Mapping[str, str] = MappingProxyType({})
) -> Product:
    known = next((one.releases for one in lifetimes.DISTRIBUTIONS if one.name == name), {})
    return Product(name, release, MappingProxyType(_ends(*rows) | dict(known)), codenames)


_DEBIAN = _product(
    "Debian",
    _MAJOR,
    "6 2016-02-29",
    "7 2018-05-31 2020-06-30",
    "8 2020-06-30 2025-06-30",
    codenames=MappingProxyType(
        {
            "squeeze": "6",
            "wheezy": "7",
            "jessie": "8",
            "stretch": "9",
            "buster": "10",
            "bullseye": "11",
            "bookworm": "12",
            "trixie": "13",
        }
    ),
)
_UBUNTU = _product(
    "Ubuntu",
    re.compile(r"(\d\d\.\d\d)(?:\.\d+)?"),
    "12.04 2017-04-28 2019-04-30",
    "14.04 2019-04-25 2024-04-25",
    "16.10 2017-07-20",
    "17.04 2018-01-13",
    "17.10 2018-07-19",
    "18.10 2019-07-18",
    "19.04 2020-01-23",
    "19.10 2020-07-17",
    "20.10 2021-07-22",
    "21.04 2022-01-20",
    "21.10 2022-07-14",
    "22.10 2023-07-20",
    "23.04 2024-01-25",
    "23.10 2024-07-11",
    "26.10 2027-07-15",
)
_ALPINE = _product(
    "Alpine",
    _MINOR,
    "3.0 2016-05-01",
    "3.1 2016-11-01",
    "3.2 2017-05-01",
    "3.3 2017-11-01",
    "3.4 2018-05-01",
    "3.5 2018-11-01",
    "3.6 2019-05-01",
    "3.7 2019-11-01",
    "3.8 2020-05-01",
    "3.9 2020-11-01",
    "3.10 2021-05-01",
    "3.11 2021-11-01",
    "3.12 2022-05-01",
    "3.13 2022-11-01",
    "3.14 2023-05-01",
    "3.15 2023-11-01",
    "3.16 2024-05-23",
)
_FEDORA = _product(
    "Fedora",
    _MAJOR,
    "30 2020-05-26",
    "31 2020-11-24",
    "32 2021-05-25",
    "33 2021-11-30",
    "34 2022-06-07",
    "35 2022-12-13",
    "36 2023-05-16",
    "37 2023-12-05",
    "38 2024-05-21",
)
_LEAP = _product(
    "openSUSE Leap",
    _MINOR,
    "42.3 2019-06-30",
    "15.0 2019-12-03",
    "15.1 2021-02-02",
    "15.2 2022-01-04",
    "15.3 2022-12-31",
    "15.4 2023-12-07",
    "15.5 2024-12-31",
    "15.6 2026-04-30",
    "16.0 2027-10-31",
)
_SLES = _product(
    "SUSE Linux Enterprise Server",
    _MINOR,
    "12.5 2024-10-31 2027-10-31",
    "15.1 2021-01-31 2024-01-31",
    "15.2 2021-12-31 2024-12-31",
    "15.3 2022-12-31 2025-12-31",
    "15.4 2023-12-31 2026-12-31",
    "15.5 2024-12-31 2027-12-31",
    "15.6 2025-12-31 2028-12-31",
    "15.7 2031-07-31 2034-07-31",
)
_ORACLE = _product(
    "Oracle Linux",
    _MAJOR,
    "6 2021-03-31 2024-12-31",
    "7 2024-12-31 2028-06-30",
    "8 2029-07-31 2032-07-31",
    "9 2032-06-30 2035-06-30",
)

PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {
        "debian": _DEBIAN,
        "ubuntu": _UBUNTU,
        "alpine": _ALPINE,
        "fedora": _FEDORA,
        "centos": _product("CentOS", _MAJOR, "6 2020-11-30"),
        "rhel": _product("Red Hat Enterprise Linux", _MAJOR, "5 2017-03-31 2020-11-30", "6 2020-11-30 2024-06-30"),
        "rocky": _product("Rocky Linux", _MAJOR),
        "almalinux": _product("AlmaLinux", _MAJOR),
        "amzn": _product("Amazon Linux", _MAJOR, "2018 2023-12-31"),
        "ol": _ORACLE,
        "opensuse-leap": _LEAP,
        "sles": _SLES,
        "sled": _SLES,
    }
)


class Release(msgspec.Struct, frozen=True):
    """A release of a distribution as the table knows it; `lifetime` is None where it does not."""

    product: str
    release: str
    lifetime: Lifetime | None

    def __str__(self) -> str:
        """`Debian 12`."""
        return f"{self.product} {self.release}"


def release_of(distribution: str, version: str, codename: str = "") -> Release | None:
    """The release of os-release's ID and VERSION_ID (or codename); None for a distribution that is not in the table.

    A development version (`3.23.0_alpha20250612`, `trixie/sid`) is no release.
    """
    product = PRODUCTS.get(distribution)
    if product is None:
        return None
    match = product.release.fullmatch(version)
    number = match[1] if match else product.codenames.get(codename, "") if not version else ""
    return Release(product.name, number or version or codename, product.releases.get(number))
