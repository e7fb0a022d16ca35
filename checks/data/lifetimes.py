"""When container engines and host distributions stop getting security fixes.

Sources: distro-info-data for Debian (with its LTS) and Ubuntu; the release pages of Moby, Alpine, Fedora, Red Hat and
Amazon Linux. A date is the last day with fixes that cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import msgspec

TABLE_DATE = date(2026, 8, 20)

# Moby by major version; None: supported, no end announced.
DOCKER_ENGINE: Mapping[int, date | None] = MappingProxyType(
    {
        17: date(2018, 3, 1),
        18: date(2020, 7, 16),
        19: date(2021, 5, 1),
        20: date(2023, 12, 10),
        23: date(2025, 5, 19),
        24: date(2024, 6, 8),
        25: date(2026, 12, 4),
        26: date(2025, 2, 8),
        27: date(2025, 5, 3),
        28: date(2026, 5, 13),
        29: None,
    }
)


class Lifetime(msgspec.Struct, frozen=True):
    """`extended` is the end of fixes for those who pay or register, where there is such a thing."""

    end: date
    extended: date | None = None


class Distribution(msgspec.Struct, frozen=True):
    """How the engine's `OperatingSystem` names a distribution (`release` is captured), and its releases."""

    name: str
    pattern: re.Pattern[str]
    releases: Mapping[str, Lifetime]


def _distribution(name: str, pattern: str, releases: Mapping[str, Lifetime]) -> Distribution:
    return Distribution(name, re.compile(pattern, re.IGNORECASE), MappingProxyType(dict(releases)))


_REBUILDS = {
    "8": Lifetime(date(2029, 5, 31)),
    "9": Lifetime(date(2032, 5, 31)),
    "10": Lifetime(date(2035, 5, 31)),
}

DISTRIBUTIONS = (
    _distribution(
        "Debian",
        r"^Debian GNU/Linux (?P<release>\d+)",
        {
            "9": Lifetime(date(2022, 6, 30), date(2027, 6, 30)),
            "10": Lifetime(date(2024, 6, 30), date(2029, 6, 30)),
            "11": Lifetime(date(2026, 8, 31), date(2031, 6, 30)),
            "12": Lifetime(date(2028, 6, 30), date(2033, 6, 30)),
            "13": Lifetime(date(2030, 6, 30), date(2035, 6, 30)),
        },
    ),
    _distribution(
        "Ubuntu",
        r"^Ubuntu (?:Core )?(?P<release>\d\d\.\d\d)",
        {
            "16.04": Lifetime(date(2021, 4, 30), date(2026, 4, 23)),
            "18.04": Lifetime(date(2023, 5, 31), date(2028, 4, 26)),
            "20.04": Lifetime(date(2025, 5, 29), date(2030, 4, 23)),
            "22.04": Lifetime(date(2027, 6, 1), date(2032, 4, 21)),
            "24.04": Lifetime(date(2029, 5, 31), date(2034, 4, 25)),
            "24.10": Lifetime(date(2025, 7, 10)),
            "25.04": Lifetime(date(2026, 1, 15)),
            "25.10": Lifetime(date(2026, 7, 9)),
            "26.04": Lifetime(date(2031, 5, 29), date(2036, 4, 23)),
        },
    ),
    _distribution(
        "Alpine",
        r"^Alpine Linux v(?P<release>\d+\.\d+)",
        {
            "3.17": Lifetime(date(2024, 11, 22)),
            "3.18": Lifetime(date(2025, 5, 9)),
            "3.19": Lifetime(date(2025, 11, 1)),
            "3.20": Lifetime(date(2026, 4, 1)),
            "3.21": Lifetime(date(2026, 11, 1)),
            "3.22": Lifetime(date(2027, 5, 1)),
            "3.23": Lifetime(date(2027, 11, 1)),
        },
    ),
    _distribution(
        "Fedora",
        r"^Fedora(?: Linux)? (?P<release>\d+)",
        {
            "39": Lifetime(date(2024, 11, 26)),
            "40": Lifetime(date(2025, 5, 13)),
            "41": Lifetime(date(2025, 12, 15)),
            "42": Lifetime(date(2026, 5, 13)),
            "43": Lifetime(date(2026, 12, 2)),
        },
    ),
    _distribution(
        "CentOS",
        r"^CentOS (?:Linux|Stream) (?P<release>\d+)",
        {
            "7": Lifetime(date(2024, 6, 30)),
            "8": Lifetime(date(2021, 12, 31)),
            "9": Lifetime(date(2027, 5, 31)),
            "10": Lifetime(date(2030, 5, 31)),
        },
    ),
    _distribution(
        "Red Hat Enterprise Linux",
        r"^Red Hat Enterprise Linux[^\d]*(?P<release>\d+)",
        {
            "7": Lifetime(date(2024, 6, 30), date(2028, 6, 30)),
            "8": Lifetime(date(2029, 5, 31), date(2032, 5, 31)),
            "9": Lifetime(date(2032, 5, 31), date(2035, 5, 31)),
            "10": Lifetime(date(2035, 5, 31), date(2038, 5, 31)),
        },
    ),
    _distribution("Rocky Linux", r"^Rocky Linux (?P<release>\d+)", _REBUILDS),
    _distribution("AlmaLinux", r"^AlmaLinux (?P<release>\d+)", _REBUILDS),
    _distribution(
        "Amazon Linux",
        r"^Amazon Linux (?:release )?(?P<release>\d+)",
        {"2": Lifetime(date(2026, 6, 30)), "2023": Lifetime(date(2029, 6, 30))},
    ),
)


class Named(msgspec.Struct, frozen=True):
    """A release of a distribution, with its life time where the table has it."""

    distribution: str
    release: str
    lifetime: Lifetime | None

    def __str__(self) -> str:
        """`Debian 12`."""
        return f"{self.distribution} {self.release}"


def distribution(operating_system: str) -> Named | None:
    """The distribution and release that the sentence names."""
    for known in DISTRIBUTIONS:
        match = known.pattern.match(operating_system)
        if match:
            release = match["release"]
            return Named(known.name, release, known.releases.get(release))
    return None
