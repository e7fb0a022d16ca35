"""Published vulnerabilities of Docker Engine (moby). Source: the Go vulnerability database and moby's advisories."""

from __future__ import annotations

from datetime import date

from checks.data.advisories import Needs, advisory
from checks.verdict import Severity

TABLE_DATE = date(2026, 8, 20)
_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL
_UNREAD = "security release, details not public when this table was made"

ADVISORIES = (
    advisory(
        "CVE-2019-14271", "copying out of a container loads its library", _HIGH, "19.03.0..19.03.1",
        needs=Needs.ARCHIVE_UPLOAD,
    ),
    advisory("CVE-2019-13139", "build argument injection", _MEDIUM, "..18.09.4", needs=Needs.REMOTE_BUILD),
    advisory("CVE-2020-13401", "spoofed IPv6 router advertisements", _MEDIUM, "..19.03.11", needs=Needs.HOST_IPV6),
    advisory(
        "CVE-2021-21284", "remapped root becomes host root", _MEDIUM, "..19.03.15", "20.10.0..20.10.3",
        needs=Needs.USERNS_REMAP,
    ),
    advisory("CVE-2021-41089", "copying changes modes of host files", _MEDIUM, "..20.10.9", needs=Needs.LOCAL_USERS),
    advisory("CVE-2021-41091", "data directory open to local users", _MEDIUM, "..20.10.9", needs=Needs.LOCAL_USERS),
    advisory("CVE-2022-24769", "inheritable capabilities not empty", _MEDIUM, "..20.10.14"),
    advisory("CVE-2022-36109", "supplementary groups not set up", _MEDIUM, "..20.10.18"),
    *(
        advisory(
            f"CVE-2023-{number}", "encrypted overlay lets clear text through", _HIGH, "..20.10.24", "23.0.0..23.0.3",
            needs=Needs.ENCRYPTED_OVERLAY,
        )
        for number in (28840, 28841, 28842)
    ),
    advisory(
        "CVE-2024-24557", "build cache poisoning", _MEDIUM, "..24.0.9", "25.0.0..25.0.2", needs=Needs.CLASSIC_BUILDER
    ),
    advisory(
        "CVE-2024-29018", "names leak out of internal networks", _MEDIUM, "25.0.0..25.0.5", "26.0.0-rc1..26.0.0-rc3",
        needs=Needs.INTERNAL_NETWORK,
    ),
    advisory("CVE-2024-32473", "IPv6 on networks without IPv6", _MEDIUM, "26.0.0..26.0.2"),
    advisory("CVE-2024-36620", "crash on image history", _LOW, "..26.1.0"),
    advisory("CVE-2024-36621", "race in the build cache", _LOW, "..26.0.0"),
    advisory("CVE-2024-36623", "race in the stream formatter", _LOW, "..26.0.0"),
    advisory(
        "CVE-2024-41110", "authorization plugins see no body", _CRITICAL,
        "..19.03.16", "20.10.0..20.10.28", "23.0.0..23.0.15", "24.0.0..24.0.10", "25.0.0..25.0.6", "26.0.0..26.1.5",
        "27.0.0..27.1.1", needs=Needs.AUTHORIZATION_PLUGIN,
    ),
    advisory(
        "CVE-2025-54388", "reload opens ports that are published on loopback", _MEDIUM, "28.2.0..28.3.3",
        needs=Needs.FIREWALLD,
    ),
    advisory("CVE-2025-54410", "reload removes the isolation of bridges", _LOW, "..25.0.13", needs=Needs.FIREWALLD),
    advisory("CVE-2026-33997", "plugin privileges not validated", _MEDIUM, "..29.3.1", needs=Needs.MANAGED_PLUGINS),
    advisory(
        "CVE-2026-34040", "authorization plugins see no oversized body", _HIGH, "..29.3.1",
        needs=Needs.AUTHORIZATION_PLUGIN,
    ),
    advisory(
        "CVE-2026-41567", "a compressed upload runs the container's program as host root", _HIGH, "..29.5.1",
        needs=Needs.ARCHIVE_UPLOAD,
    ),
    advisory("CVE-2026-41568", "copying races with host files", _HIGH, "..29.5.1", needs=Needs.ARCHIVE_UPLOAD),
    advisory("CVE-2026-42306", "copying races with a volume's mount", _HIGH, "..29.5.1", needs=Needs.ARCHIVE_UPLOAD),
    *(
        advisory(f"CVE-2026-{number}", _UNREAD, _MEDIUM, "..29.6.2", confirmed=False)
        for number in (15788, 15789, 15791, 15792, 15793)
    ),
    advisory("CVE-2026-17106", _UNREAD, _MEDIUM, "..29.7.1", confirmed=False),
)  # fmt: skip
