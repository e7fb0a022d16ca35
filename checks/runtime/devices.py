"""Host devices that a container may open."""

from __future__ import annotations

import re

import msgspec

from checks.check import Domain, check
from checks.evidence import seen
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.container import Container

_BLOCK = re.compile(
    r"/dev/(?:[shv]d[a-z]|xvd[a-z]|nvme\d+n\d|mmcblk\d|dm-\d|md\d|loop\d|nbd\d|rbd\d|sr\d|mapper(?:/(?!control$)|$)"
    r"|disk(?:/|$)|block(?:/|$))[^/]*.*|/dev/?"
)
_POWERFUL = re.compile(
    r"/dev/(?:mem|kmem|port|kvm|fuse|net/tun|vhost.*|input(?:/.*)?|uinput|mapper/control|loop-control)"
)
_RULE = re.compile(r"\s*([abc])\s*(?:(\d+|\*):(\d+|\*))?\s*([rwm]*)\s*")


class _Access(msgspec.Struct, frozen=True):
    evidence: Evidence
    severity: Severity | None  # None: a person has to decide
    what: str


@check(
    "RUN-040",
    "Host device passed",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="A raw disk gives all data of the host past every permission; others give memory, networks or other machines.",
    remediation=(
        "Drop --device and --device-cgroup-rule (Compose: `devices`, `device_cgroup_rules`); mount the file system "
        "instead of its disk. Hardware that the container drives stops working."
    ),
    references=("CIS-Docker-1.6:5.18", "NIST-800-190:4.4.3", "ATT&CK:T1611", "CWE-668"),
    implied_by=("RUN-001",),
)
def host_device(container: Container, view: View) -> Verdict:
    """Fail: a block device in `HostConfig.Devices`, by its name (critical when writable, high when only readable); mem,
    kmem, port, kvm, fuse, net/tun, vhost*, input or uinput (high); a rule in `DeviceCgroupRules` for all devices or for
    block devices (critical when it lets write).

    Manual: any other device or rule. Pass: none. Source: CIS Docker 5.18.
    """
    found = [
        *(_device(index, device.path_on_host, device.permissions) for index, device in enumerate(container.devices)),
        *(_rule(index, rule) for index, rule in enumerate(container.device_cgroup_rules)),
    ]
    evidence = tuple(access.evidence for access in found)
    grave = [access for access in found if access.severity is not None]
    if grave:
        worst = max(access.severity for access in grave if access.severity is not None)
        return failed(", ".join(dict.fromkeys(access.what for access in grave)), *evidence, severity=worst)
    return manual("a host device is passed", *evidence) if found else passed()


def _device(index: int, path: str, permissions: str) -> _Access:
    evidence = seen(f"HostConfig.Devices[{index}].PathOnHost", f"{path} ({permissions or 'rwm'})")
    if _BLOCK.fullmatch(path):
        writable = "w" in (permissions or "rwm")
        verb = "writes" if writable else "reads"
        return _Access(evidence, Severity.CRITICAL if writable else Severity.HIGH, f"{verb} the raw device {path}")
    return _Access(evidence, Severity.HIGH if _POWERFUL.fullmatch(path) else None, f"opens {path}")


def _rule(index: int, rule: str) -> _Access:
    evidence = seen(f"HostConfig.DeviceCgroupRules[{index}]", rule)
    match = _RULE.fullmatch(rule)
    if match is None or match[1] == "c":
        every = match is not None and match[2] in {"*", None}
        return _Access(evidence, Severity.HIGH if every else None, "may open every character device")
    writable = not match[4] or "w" in match[4]
    kind = "device" if match[1] == "a" else "block device"
    return _Access(evidence, Severity.CRITICAL if writable else Severity.HIGH, f"may open a {kind} of the host")
