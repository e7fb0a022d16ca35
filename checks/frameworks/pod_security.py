"""Pod Security Standards: the controls of both levels, by the names of their definition."""

from __future__ import annotations

from collections.abc import Mapping

from checks.frameworks.framework import Entry

ID = "PSS"
TITLE = "Pod Security Standards"
VERSION = "1.34"

SECTIONS: Mapping[str, tuple[Entry, ...]] = {
    "Baseline": tuple(
        Entry(f"baseline:{name}", name)
        for name in (
            "HostProcess", "Host Namespaces", "Privileged Containers", "Capabilities", "HostPath Volumes", "Host Ports",
            "Host Probes / Lifecycle Hooks", "AppArmor", "SELinux", "/proc Mount Type", "Seccomp", "Sysctls",
        )
    ),
    "Restricted": tuple(
        Entry(f"restricted:{name}", name)
        for name in (
            "Volume Types", "Privilege Escalation", "Running as Non-root", "Running as Non-root user", "Seccomp",
            "Capabilities", "/proc Mount Type",
        )
    ),
}  # fmt: skip
