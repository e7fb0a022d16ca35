"""Published vulnerabilities of containerd. Source: the Go vulnerability database and containerd's own advisories."""

from __future__ import annotations

from datetime import date

from checks.data.advisories import advisory
from checks.verdict import Severity

TABLE_DATE = date(2026, 8, 20)
HOST_NETWORK_SHIM = "CVE-2020-15257"
"""Critical once a container with the host's network runs as root: it reaches the shim's socket."""
_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL
_GROUP_PARSING = ("1.7.0..1.7.33", "2.0.0..2.0.10", "2.1.0..2.1.9", "2.2.0..2.2.5", "2.3.0..2.3.2")
_RESTORE = ("1.0.0..2.0.0", "2.1.0..2.1.9", "2.2.0..2.2.5", "2.3.0..2.3.2")

ADVISORIES = (
    advisory("CVE-2020-15157", "registry credentials leaked on pull", _MEDIUM, "..1.2.14"),
    advisory(HOST_NETWORK_SHIM, "shim reachable from host-network containers", _HIGH, "..1.3.9", "1.4.0..1.4.3"),
    advisory("CVE-2021-32760", "mode of host files changed on unpack", _MEDIUM, "..1.4.8", "1.5.0..1.5.4"),
    advisory("CVE-2021-41103", "plugin and bundle directories too open", _MEDIUM, "..1.4.11", "1.5.0..1.5.7"),
    advisory("CVE-2021-43816", "SELinux relabel of host paths", _HIGH, "1.5.0..1.5.9"),
    advisory("CVE-2022-23471", "host memory exhausted", _MEDIUM, "..1.5.16", "1.6.0..1.6.12"),
    advisory("CVE-2022-31030", "host memory exhausted by exec", _MEDIUM, "..1.5.13", "1.6.0..1.6.6"),
    advisory("CVE-2022-23648", "a volume reads host files", _HIGH, "..1.4.13", "1.5.0..1.5.10", "1.6.0..1.6.1"),
    advisory("CVE-2022-24769", "inheritable capabilities not empty", _MEDIUM, "..1.5.11", "1.6.0..1.6.2"),
    advisory("CVE-2023-25153", "memory exhausted by an imported image", _MEDIUM, "..1.5.18", "1.6.0..1.6.18"),
    advisory("CVE-2023-25173", "supplementary groups not set up", _MEDIUM, "..1.5.18", "1.6.0..1.6.18"),
    advisory("GHSA-7ww5-4wqc-m92c", "power counters readable inside", _LOW, "..1.6.26", "1.7.0..1.7.11"),
    advisory(
        "CVE-2024-25621", "directories open to every local user", _HIGH,
        "..1.7.29", "2.0.0..2.0.7", "2.1.0..2.1.5", "2.2.0-beta.0..2.2.0",
    ),
    advisory(
        "CVE-2024-40635", "a user number that overflows runs as root", _MEDIUM,
        "..1.6.38", "1.7.0..1.7.27", "2.0.0..2.0.4",
    ),
    advisory("CVE-2025-47290", "host files changed on pull", _HIGH, "2.1.0..2.1.1"),
    advisory("CVE-2025-47291", "limits of user-namespaced pods not applied", _MEDIUM, "2.0.1..2.0.5"),
    advisory(
        "CVE-2025-64329", "host memory leaks by attach", _MEDIUM,
        "..1.7.29", "2.0.0..2.0.7", "2.1.0..2.1.5", "2.2.0-beta.0..2.2.0",
    ),
    advisory(
        "CVE-2026-46680", "runAsNonRoot evaded", _HIGH,
        "1.7.27..1.7.32", "2.0.4..2.0.9", "2.1.0..2.2.4", "2.3.0..2.3.1",
    ),
    advisory("CVE-2026-47262", "unbounded group file", _MEDIUM, *_GROUP_PARSING),
    advisory("CVE-2026-53488", "an image's label runs a logger as host root", _CRITICAL, *_GROUP_PARSING),
    advisory("CVE-2026-50195", "checkpoint restore poisons tags", _HIGH, *_RESTORE),
    advisory("CVE-2026-53489", "checkpoint restore reads host logs", _HIGH, *_RESTORE),
    advisory("CVE-2026-53492", "checkpoint restore smuggles devices", _HIGH, *_RESTORE),
)  # fmt: skip
