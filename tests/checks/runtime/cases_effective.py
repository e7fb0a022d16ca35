"""Cases of declared against effective protection beyond what /proc/PID/status alone tells."""

from __future__ import annotations

from typing import Any

import msgspec

from checks.verdict import Outcome, Severity
from inventory.container import Container
from inventory.host import Effective
from inventory.sources.host.processes import effective
from tests.checks.builders import container, docker, host, kernel, told
from tests.checks.cases import ENGINE, Case
from tests.inventory.host import recorded

FAIL, PASS, NA, UNKNOWN = Outcome.FAIL, Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
HIGH = Severity.HIGH

GOOD = container()  # hardened: 64 MiB, 50 processes, read-only, masked, no capability, as 10001
_confined = container(apparmor_profile="docker-default")


def sees(**values: Any) -> Effective:
    """The kernel's view of the hardened container, everything as declared unless told otherwise."""
    as_declared = kernel(2, 1, 0, 0, 10001)
    more: dict[str, Any] = {
        "memory_max": GOOD.memory, "pids_max": GOOD.pids_limit, "read_only_root": True, "host_namespaces": ("user",),
        "masked": ("/proc/keys", "/sys/firmware"),
    }  # fmt: skip
    return msgspec.structs.replace(as_declared, **{**more, **values})


def real(name: str) -> Effective:
    """What a recorded kernel showed of a container."""
    return effective(recorded.kernel(), recorded.running())[recorded.containers()[name].id]


def case(check: str, subject: Container, view: Effective, expected: Outcome, note: str) -> Case:
    """A case with the kernel's view of its subject."""
    severity = HIGH if expected is FAIL else None
    return Case(check, subject, expected, severity, others=(ENGINE, host(subject, view)), note=note)


def _without_apparmor(name: str, value: object, expected: Outcome, note: str) -> Case:
    """A container with a profile of which the kernel says nothing, on a host with these security modules."""
    return Case("RUN-054", _confined, expected, others=(ENGINE, host(_confined, sees(), **{name: value})), note=note)


_weaker: tuple[tuple[str, Container, Effective], ...] = (
    ("writable root", GOOD, sees(read_only_root=False)),
    ("no memory limit", GOOD, sees(memory_max=0)),
    ("a greater memory limit", GOOD, sees(memory_max=GOOD.memory * 2)),
    ("no pids limit", GOOD, sees(pids_max=0)),
    ("nothing masked", GOOD, sees(masked=())),
    ("the host's network", GOOD, sees(host_namespaces=("net", "user"))),
    ("the host's processes", GOOD, sees(host_namespaces=("pid",))),
)
CASES = [
    case("RUN-054", GOOD, sees(), PASS, "everything as declared"),
    *(case("RUN-054", subject, view, FAIL, note) for note, subject, view in _weaker),
    case("RUN-054", _confined, sees(apparmor="unconfined"), FAIL, "AppArmor unconfined"),
    case("RUN-054", _confined, sees(apparmor="docker-default (complain)"), FAIL, "AppArmor only complains"),
    case("RUN-054", _confined, sees(apparmor="docker-default (enforce)"), PASS, "AppArmor enforces"),
    case("RUN-054", _confined, sees(apparmor=None), UNKNOWN, "AppArmor not told, nor whether there is any"),
    _without_apparmor("lsm", ("capability", "yama", "apparmor"), UNKNOWN, "AppArmor not told"),
    _without_apparmor("lsm", ("capability", "selinux"), PASS, "a kernel without AppArmor"),
    case("RUN-054", GOOD, sees(memory_max=4096, pids_max=10), PASS, "smaller limits"),
    *(
        case(check, GOOD, sees(**{name: None}), UNKNOWN, f"{name} not told")
        for check in ("RUN-054", "CMB-006")
        for name in ("memory_max", "pids_max", "read_only_root", "masked", "host_namespaces")
    ),
    case("RUN-054", GOOD, sees(masked=None, read_only_root=False), FAIL, "one weaker, one not told"),
    case(
        "RUN-054", container(memory=0, pids_limit=0, readonly_rootfs=False, masked_paths=(), network_mode="host",
                             pid_mode="host", ipc_mode="host", cgroupns_mode="host"),
        kernel(2, 1, 0, 0, 10001), PASS, "not told, and nothing of it promised",
    ),
    case("RUN-054", container(network_mode="host"), sees(host_namespaces=("net", "uts")), PASS, "as declared: host"),
    case(
        "RUN-054", container(network_mode="container:" + "a" * 64), sees(host_namespaces=("net",)), PASS,
        "another container's network",
    ),
    case("RUN-054", GOOD, real("paths-unmasked"), FAIL, "recorded without masks"),
    case("RUN-054", container(memory=32 << 20, pids_limit=32), real("hardened"), PASS, "recorded"),
    case("RUN-054", container(state="restarting"), sees(), NA, "between two starts"),
    *(
        case("CMB-006", GOOD, view, FAIL, note)
        for note, view in (
            ("writable root", sees(read_only_root=False)), ("no memory limit", sees(memory_max=0)),
            ("nothing masked", sees(masked=())),
        )
    ),
    case("CMB-006", _confined, sees(apparmor="docker-default (enforce)"), PASS, "everything as declared"),
    case("CMB-006", docker("plain"), told(kernel(seccomp=0)), PASS, "its own check fails too"),
    case("CMB-006", docker("plain"), kernel(seccomp=0), UNKNOWN, "its own check fails too, the rest not told"),
    case("CMB-006", docker("exited-zero"), kernel(), NA, "does not run"),
    Case("CMB-006", GOOD, UNKNOWN, note="remote engine"),
    Case("CMB-006", GOOD, UNKNOWN, others=(ENGINE, host()), note="process not readable"),
]  # fmt: skip
