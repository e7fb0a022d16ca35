"""What the kernel enforces for a container's first process."""

from __future__ import annotations

import errno

import pytest

from inventory.host import Effective
from inventory.sources.host import confinement
from inventory.sources.host.processes import effective
from tests.inventory.host.proc import Proc, denied, process
from tests.inventory.host.recorded import containers, kernel, running

KNOWN = containers()
C1 = "c" * 64


def real(name: str) -> Effective:
    return effective(kernel(), running())[KNOWN[name].id]


def test_a_real_hardened_container() -> None:
    found = real("hardened")
    assert (found.memory_max, found.pids_max, found.read_only_root) == (32 << 20, 32, True)
    assert found.masked is not None
    assert {"/proc/keys", "/sys/firmware"} <= set(found.masked)
    assert found.host_namespaces == ("user",)
    assert found.apparmor is None  # this kernel has no security module


@pytest.mark.parametrize(("name", "kind"), [("host-network", "net"), ("host-pid", "pid"), ("cgroupns-host", "cgroup")])
def test_real_containers_in_the_hosts_namespaces(name: str, kind: str) -> None:
    assert kind in (real(name).host_namespaces or ())


def test_real_containers_without_a_limit_masks_or_a_read_only_root() -> None:
    assert real("no-memory-limit").memory_max == 0
    assert real("paths-unmasked").masked == ()
    assert real("root").read_only_root is False


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ({"apparmor/current": b"docker-default (enforce)\n"}, "docker-default (enforce)"),
        ({"current": b"docker-default (enforce)\n"}, "docker-default (enforce)"),
        ({"current": b"unconfined\n"}, "unconfined"),
        ({"current": b"system_u:system_r:container_t:s0:c1,c2\0"}, None),
        ({"apparmor/current": b"", "current": OSError(errno.EINVAL, "Invalid argument")}, None),
        ({"apparmor/current": denied(), "current": denied()}, None),
        ({"current": b":lxd_root//&:x:y (enforce)\n"}, None),
    ],
)
def test_apparmor_is_told_apart_from_selinux(attribute: dict[str, bytes | OSError], expected: str | None) -> None:
    reader = Proc({f"/proc/7/attr/{name}": body for name, body in attribute.items()})
    assert confinement.apparmor(reader, 7) == expected


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        (f"0::/docker/{C1}", {f"docker/{C1}/memory.max": b"max\n", f"docker/{C1}/pids.max": b"100\n"}, (0, 100)),
        (f"0::/docker/{C1}/init", {f"docker/{C1}/memory.max": b"4096\n"}, (4096, None)),
        (
            f"0::/machine.slice/libpod-{C1}.scope/container",
            {f"machine.slice/libpod-{C1}.scope/memory.max": b"4096\n"},
            (4096, None),
        ),
        (
            f"5:pids:/docker/{C1}\n4:memory:/docker/{C1}\n0::/docker/{C1}",
            {
                f"memory/docker/{C1}/memory.limit_in_bytes": b"9223372036854771712\n",
                f"pids/docker/{C1}/pids.max": b"max\n",
            },
            (0, 0),
        ),
        ("0::/", {"memory.max": b"1\n"}, (None, None)),
        ("0::/../other", {"../other/memory.max": b"1\n"}, (None, None)),
        (f"0::/docker/{C1}", {f"docker/{C1}/memory.max": b"nonsense"}, (None, None)),
        (f"0::/docker/{C1}", {f"docker/{C1}/memory.max": denied()}, (None, None)),
        ("", {}, (None, None)),
        ("no colons at all", {}, (None, None)),
    ],
)
def test_limits_of_both_versions(
    groups: str, files: dict[str, bytes | OSError], expected: tuple[int | None, int | None]
) -> None:
    reader = Proc({f"/sys/fs/cgroup/{name}": body for name, body in files.items()})
    assert confinement.limits(reader, groups.encode(), C1) == expected


@pytest.mark.parametrize("groups", ["", "0::/", f"5:pids:/docker/{C1}", f"1:name=systemd:/docker/{C1}"])
def test_a_group_that_is_not_told_is_not_asked_for(groups: str) -> None:
    reader = Proc()
    assert confinement.limits(reader, groups.encode(), C1) == (None, None)
    assert not [path for path in reader.asked if "None" in path]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (b"1 2 0:1 / / ro,relatime - overlay overlay rw\n", (True, ())),
        (b"1 2 0:1 / / rw,relatime - overlay overlay ro\n", (False, ())),
        (b"1 2 0:1 / / ro - x x ro\n3 1 0:1 / / rw - x x rw\n", (False, ())),
        (b"1 2 0:1 / /proc rw - proc proc rw\n2 2 0:2 /null /proc/kcore rw - tmpfs t rw\n", (None, ("/proc/kcore",))),
        (b"1 2 0:1 /sys /proc/sys ro - proc proc rw\n", (None, ())),
        (b"", (None, ())),
        (b"1 2\n\xff\xfe\n", (None, ())),
    ],
)
def test_mounts(table: bytes, expected: tuple[bool | None, tuple[str, ...]]) -> None:
    found = confinement.mounts(Proc({"/proc/7/mountinfo": table}), 7)
    assert found is not None
    assert (found.read_only_root, found.masked) == expected


def test_what_may_not_be_read_is_not_told() -> None:
    status = "Uid:\t0\t0\t0\t0\nNoNewPrivs:\t0\nSeccomp:\t2\nCapBnd:\tff\nCapEff:\t0f\n"
    files = process(7, f"0::/docker/{C1}") | {"/proc/7/status": status.encode()}
    found = effective(Proc(files), [(C1, 7)])[C1]
    assert found == Effective(2, 0, 0x0F, 0xFF, 0, True)
    assert (found.apparmor, found.memory_max, found.read_only_root, found.host_namespaces) == (None,) * 4


def test_namespaces_are_the_hosts_or_not() -> None:
    reader = Proc(process(7, f"0::/docker/{C1}", ppid=5))
    reader.files["/proc/7/status"] = b"Uid: 0 0\nNoNewPrivs: 0\nSeccomp: 0\nCapBnd: 0\nCapEff: 0\n"
    for kind in ("net", "pid", "ipc", "uts", "user", "cgroup"):
        reader.links |= {f"/proc/1/ns/{kind}": "1", f"/proc/5/ns/{kind}": "5", f"/proc/7/ns/{kind}": "7"}
    reader.links["/proc/7/ns/ipc"] = "1"
    reader.links["/proc/7/ns/net"] = "5"  # the engine's own, and the container was given it
    reader.links["/proc/7/ns/user"] = "5"  # a rootless engine's: not the host's
    assert effective(reader, [(C1, 7)])[C1].host_namespaces == ("net", "ipc")
