"""Cases of what is otherwise on Podman: fields that its API does not tell, and pods."""

from __future__ import annotations

import msgspec

from checks.verdict import Outcome, Severity
from inventory.container import Container, Mount
from inventory.sources.docker import libpod, translate
from tests.checks.builders import (
    DEFAULT_MASK,
    NOW,
    SOURCE,
    captured,
    changed,
    host,
    kernel,
    podman,
    podman_engine,
    told,
)
from tests.checks.cases import Case

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
PODMAN = podman_engine()
PODS = libpod.pod_names(captured("podman-api/libpod-pods.json"))
ROOTLESS = podman_engine(rootless=True)
ADMIN = kernel(cap_eff=DEFAULT_MASK | 1 << 21, cap_bnd=DEFAULT_MASK | 1 << 21)  # CAP_SYS_ADMIN, linux/capability.h
MAPPED = msgspec.structs.replace(ADMIN, identity_uid_map=False)
OWN, HOSTS = kernel(), msgspec.structs.replace(kernel(), host_namespaces=("user", "ipc"), masked=())
_told = told(kernel(), pids_max=podman("plain").pids_limit)
SEPARATE = msgspec.structs.replace(OWN, host_namespaces=("user",), masked=("/proc/kcore", "/sys/firmware"))


def lab(name: str) -> Container:
    """A container of the lab, from both answers of Podman."""
    native = captured(f"podman-api/libpod-inspect-{name}.json")
    body = captured(f"podman-api/inspect-lab-{name}.json")
    return translate.container(body, SOURCE, NOW, libpod=native, pods=PODS)


_plain, _hardened, _web, _infra, _typed = (
    podman("plain"),
    lab("hardened"),
    lab("pod-web"),
    lab("infra"),
    lab("sysctl-unsafe"),
)
_admin = changed(_plain, cap_add=("SYS_ADMIN",))
_etc = changed(_plain, mounts=(Mount("bind", "/etc", "/host/etc", True, "rprivate"),))
_stranger = changed(_infra, pod="", infra=False)
_weak = changed(_infra, network_mode="host")

CASES = [
    Case("RUN-008", _plain, FAIL, Severity.HIGH, others=(PODMAN, host(_plain, HOSTS)), note="podman, the host's"),
    Case("RUN-008", _plain, PASS, others=(PODMAN, host(_plain, SEPARATE)), note="podman, its own"),
    Case("RUN-008", _plain, UNKNOWN, others=(PODMAN, host(_plain, OWN)), note="podman, not told"),
    Case("RUN-008", changed(_plain, state="exited"), UNKNOWN, others=(PODMAN, host()), note="podman, no process"),
    Case("RUN-008", _web, PASS, others=(PODMAN, _infra), note="the ipc namespace of its own pod"),
    Case("RUN-008", _web, MANUAL, others=(PODMAN, _stranger), note="that of another container"),
    Case("RUN-022", _plain, FAIL, Severity.MEDIUM, others=(PODMAN, host(_plain, HOSTS)), note="podman, nothing hidden"),
    Case("RUN-022", _plain, PASS, others=(PODMAN, host(_plain, SEPARATE)), note="podman, hidden"),
    Case("RUN-054", _plain, PASS, others=(PODMAN, host(_plain, _told)), note="podman promises no ipc namespace"),
    Case("RUN-012", _hardened, PASS, others=(PODMAN,), note="podman, by its own API"),
    Case("RUN-043", _typed, FAIL, Severity.MEDIUM, others=(PODMAN,), note="podman, typed"),
    Case("RUN-043", _hardened, UNKNOWN, others=(PODMAN,), note="podman, over the API"),
    Case("RUN-001", podman("privileged"), FAIL, Severity.HIGH, others=(ROOTLESS,), note="rootless"),
    Case("RUN-013", _admin, FAIL, Severity.HIGH, others=(ROOTLESS,), note="rootless"),
    Case("RUN-013", _admin, FAIL, Severity.CRITICAL, others=(PODMAN, host(_admin, ADMIN)), note="not remapped"),
    Case("RUN-013", _admin, FAIL, Severity.HIGH, others=(PODMAN, host(_admin, MAPPED)), note="--userns=auto"),
    Case("RUN-003", _etc, FAIL, Severity.HIGH, others=(ROOTLESS,), note="rootless"),
    Case("RUN-003", _etc, FAIL, Severity.CRITICAL, others=(PODMAN,), note="rootful"),
    Case("RUN-051", _web, PASS, others=(PODMAN, _infra), note="a pod"),
    Case("RUN-051", _web, FAIL, Severity.MEDIUM, others=(PODMAN, _weak), note="a pod in the host's network"),
    Case("RUN-051", _web, MANUAL, others=(PODMAN, _stranger), note="not its pod's own"),
    Case(
        "RUN-006", changed(_infra, network_mode="host"), FAIL, Severity.HIGH, others=(PODMAN,), note="the pod decided"
    ),
    *(
        Case(check, _infra, NA, others=(PODMAN,), note="it holds namespaces")
        for check in ("RUN-021", "RUN-023", "RUN-026", "RUN-028", "RUN-031", "RUN-034", "RUN-039", "RUN-043")
    ),
]
