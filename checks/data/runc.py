"""Published vulnerabilities of runc. Source: the Go vulnerability database and runc's own advisories."""

from __future__ import annotations

from datetime import date

from checks.data.advisories import advisory
from checks.verdict import Severity

TABLE_DATE = date(2026, 8, 20)
_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL

ADVISORIES = (
    advisory("CVE-2016-9962", "race through inherited descriptors", _HIGH, "..1.0.0-rc3"),
    advisory("CVE-2019-5736", "a container overwrites the host's runc", _CRITICAL, "..1.0.0-rc7"),
    advisory("CVE-2019-16884", "AppArmor bypass by a mount over /proc", _HIGH, "..1.0.0-rc9"),
    advisory("CVE-2019-19921", "volume mount race", _HIGH, "..1.0.0-rc10"),
    advisory("GHSA-g54h-m393-cpwq", "device list read as a deny-list", _MEDIUM, "..1.0.0-rc91"),
    advisory("CVE-2021-30465", "mount destination swapped by a symlink", _CRITICAL, "..1.0.0-rc95"),
    advisory("CVE-2021-43784", "namespace settings bypassed by a netlink overflow", _MEDIUM, "1.0.1..1.1.0"),
    advisory("CVE-2022-29162", "inheritable capabilities not empty", _MEDIUM, "..1.1.2"),
    advisory("CVE-2023-25809", "rootless: /sys/fs/cgroup writable", _MEDIUM, "..1.1.5"),
    advisory("CVE-2023-27561", "volume mount race, again", _HIGH, "1.0.0-rc95..1.1.5"),
    advisory("CVE-2023-28642", "AppArmor and SELinux bypass by a symlinked /proc", _HIGH, "..1.1.5"),
    advisory("CVE-2024-21626", "escape through a leaked descriptor", _CRITICAL, "1.0.0-rc93..1.1.12"),
    advisory("CVE-2024-45310", "empty files made on the host", _LOW, "..1.1.14", "1.2.0-rc.1..1.2.0-rc.3"),
    advisory(
        "CVE-2025-31133", "escape by a masked-path mount race", _CRITICAL,
        "..1.2.8", "1.3.0-rc.1..1.3.3", "1.4.0-rc.1..1.4.0-rc.3",
    ),
    advisory(
        "CVE-2025-52565", "escape by a /dev/console mount race", _CRITICAL,
        "1.0.0-rc3..1.2.8", "1.3.0-rc.1..1.3.3", "1.4.0-rc.1..1.4.0-rc.3",
    ),
    advisory(
        "CVE-2025-52881", "escape by redirected writes into /proc", _CRITICAL,
        "..1.2.8", "1.3.0-rc.1..1.3.3", "1.4.0-rc.1..1.4.0-rc.3",
    ),
    advisory(
        "CVE-2026-41579", "an image with a /dev symlink alters host files", _HIGH,
        "..1.3.6", "1.4.0..1.4.3", "1.5.0-rc.1..1.5.0-rc.3",
    ),
)  # fmt: skip
