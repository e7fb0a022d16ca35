"""Kernel bugs that lead out of a container, with the upstream release that fixed each branch.

Source: the stable branches' change logs as recorded by the kernel's CVE assignments. A distribution fixes its own
kernel without changing the number that `uname -r` starts with.
"""

from __future__ import annotations

from datetime import date

import msgspec

from checks.versions import Version

TABLE_DATE = date(2026, 8, 20)


class KernelBug(msgspec.Struct, frozen=True):
    """`fixed` lists the first good release of every branch that got the fix; newer branches never had the bug.

    A branch that is older than the newest of these and not listed never got the fix. `since` is the first bad branch.
    """

    cve: str
    what: str
    needs: str
    fixed: tuple[tuple[int, int, int], ...]
    since: tuple[int, ...] = (0, 0)

    def affects(self, release: Version) -> bool:
        """Whether an unpatched kernel of this release has the bug."""
        branch = release.release[:2]
        if branch < self.since or branch > max(self.fixed)[:2]:
            return False
        fix = next((fixed for fixed in self.fixed if fixed[:2] == branch), None)
        return fix is None or release.release < fix


BUGS = (
    KernelBug("CVE-2016-5195", "copy-on-write race", "", ((4, 8, 3), (4, 7, 9), (4, 4, 26))),
    KernelBug(
        "CVE-2021-22555",
        "netfilter heap write",
        "user namespaces or NET_ADMIN",
        ((5, 12, 0), (5, 11, 15), (5, 10, 31), (5, 4, 113), (4, 19, 188), (4, 14, 231), (4, 9, 267), (4, 4, 267)),
    ),
    KernelBug(
        "CVE-2022-0185",
        "fsconfig overflow",
        "user namespaces or SYS_ADMIN",
        ((5, 17, 0), (5, 16, 2), (5, 15, 16), (5, 10, 93), (5, 4, 173)),
        since=(5, 1),
    ),
    KernelBug(
        "CVE-2022-0492",
        "cgroup v1 release_agent",
        "root without seccomp or LSM, cgroup v1",
        ((5, 17, 0), (5, 16, 6), (5, 15, 20), (5, 10, 97), (5, 4, 177), (4, 19, 229), (4, 14, 266), (4, 9, 301)),
    ),
    KernelBug(
        "CVE-2022-0847",
        "pipe page-cache write",
        "",
        ((5, 17, 0), (5, 16, 11), (5, 15, 25), (5, 10, 102)),
        since=(5, 8),
    ),
    KernelBug(
        "CVE-2023-0386",
        "overlayfs set-id copy-up",
        "user namespaces",
        ((6, 2, 0), (6, 1, 9), (5, 15, 91)),
        since=(5, 11),
    ),
    KernelBug(
        "CVE-2023-32233",
        "nf_tables use after free",
        "user namespaces or NET_ADMIN",
        ((6, 4, 0), (6, 3, 2), (6, 2, 15), (6, 1, 28), (5, 15, 111), (5, 10, 180), (5, 4, 243), (4, 19, 283)),
    ),
    KernelBug(
        "CVE-2024-1086",
        "nf_tables double free",
        "user namespaces or NET_ADMIN",
        ((6, 8, 0), (6, 7, 3), (6, 6, 15), (6, 1, 76), (5, 15, 149), (5, 10, 210), (5, 4, 269), (4, 19, 307)),
        since=(3, 15),
    ),
)


def bugs(release: Version) -> tuple[KernelBug, ...]:
    """The known bugs that an unpatched kernel of this release has."""
    return tuple(bug for bug in BUGS if bug.affects(release))
