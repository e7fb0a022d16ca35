"""Published vulnerabilities of BuildKit, and which engine carries which. Source: moby/buildkit's advisories."""

from __future__ import annotations

from datetime import date

from checks.data.advisories import advisory
from checks.verdict import Severity

TABLE_DATE = date(2026, 8, 20)
_MEDIUM, _HIGH, _CRITICAL = Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL

ADVISORIES = (
    advisory("CVE-2024-23650", "a build request crashes it", _MEDIUM, "..0.12.5"),
    advisory("CVE-2024-23651", "cache mounts read host files", _HIGH, "..0.12.5"),
    advisory("CVE-2024-23652", "clean-up of a mount point deletes host files", _HIGH, "..0.12.5"),
    advisory("CVE-2024-23653", "containers with privileges nobody granted", _CRITICAL, "..0.12.5"),
    advisory("CVE-2026-33747", "a frontend writes outside the state directory", _MEDIUM, "..0.28.1"),
    advisory("CVE-2026-33748", "a Git subdirectory reads outside the repository", _MEDIUM, "..0.28.1"),
)
"""By BuildKit's own version, for builders that run as containers."""

_FIRST = "18.9.0"  # engines carry it since then
ENGINES = (
    advisory("CVE-2024-23650", "a build request crashes the builder", _MEDIUM, f"{_FIRST}..25.0.2"),
    advisory("CVE-2024-23651", "cache mounts read host files", _HIGH, f"{_FIRST}..25.0.2"),
    advisory("CVE-2024-23652", "clean-up of a mount point deletes host files", _HIGH, f"{_FIRST}..25.0.2"),
    advisory("CVE-2024-23653", "containers with privileges nobody granted", _CRITICAL, f"{_FIRST}..25.0.2"),
    advisory(
        "CVE-2026-33747", "a frontend writes outside the state directory", _MEDIUM, f"{_FIRST}..29.3.1",
        confirmed=False,
    ),
    advisory(
        "CVE-2026-33748", "a Git subdirectory reads outside the repository", _MEDIUM, f"{_FIRST}..29.3.1",
        confirmed=False,
    ),
)  # fmt: skip
"""By the version of the engine that carries it: 25.0.2 took 0.12.5 in (24.0.9 says that it did not); 29.3.1 is the
first release after 0.28.1 was taken in, which its notes do not tie to these numbers."""
