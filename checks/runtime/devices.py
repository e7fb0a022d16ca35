"""Host devices that a container may open."""

from __future__ import annotations

import re

import msgspec

from checks.check import Domain, check
from checks.evidence import seen
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.container import Container, DeviceRequest

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


_CDI_NAME = re.compile(r"[A-Za-z0-9.-]+/[A-Za-z0-9_-]+=\S+")


@check(
    "RUN-041",
    "GPU or other device request",
    domain=Domain.RUNTIME,
    severity=Severity.INFO,
    subject=Container,
    why="The driver of the device and the program that passes it on are in the container's reach.",
    remediation=(
        "Ask for the one device and the capabilities that are needed (--gpus 'device=0,capabilities=compute'), and "
        "keep the vendor's container toolkit current (NVIDIA's at 1.17.8 or later). Without the request the program "
        "does not find its device."
    ),
    references=("ATT&CK:T1611", "CVE-2024-0132", "CVE-2025-23266"),
    implied_by=("RUN-001",),
)
def device_request(container: Container, view: View) -> Verdict:
    """Manual: `HostConfig.DeviceRequests` (--gpus, CDI), or a CDI name among `HostConfig.Devices` (Podman). Pass: none.

    The version of the vendor's toolkit, in which flaws were found, is not told by the engine's API.
    """
    evidence = [
        seen(f"HostConfig.DeviceRequests[{index}]", _requested(request))
        for index, request in enumerate(container.device_requests)
    ]
    evidence += [
        seen(f"HostConfig.Devices[{index}].PathOnHost", device.path_on_host)
        for index, device in enumerate(container.devices)
        if _CDI_NAME.fullmatch(device.path_on_host)
    ]
    return manual("asks for devices that a driver picks", *evidence) if evidence else passed()


def _requested(request: DeviceRequest) -> str:
    many = "all" if request.count < 0 else str(request.count)
    which = ", ".join(request.device_ids) if request.device_ids else f"{many} of its devices"
    kinds = " or ".join("+".join(every) for every in request.capabilities)
    return f"{request.driver or 'any driver'}: {which}" + (f" ({kinds})" if kinds else "")


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
