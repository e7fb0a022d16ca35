"""What takes privileges away: capabilities, security options, user, devices, namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from checks.capabilities import DEFAULT, normalise
from checks.remedy.fix import Fix, Wanted
from checks.securityopts import option
from checks.users import Identity, parse_user
from inventory.container import Container
from inventory.image import Image

USER = "10001:10001"
_LOW_PORT = 1024
_MASKED = ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware")  # what an engine masks, in part
_READONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_RISKY_GROUPS = frozenset(
    {"root", "disk", "adm", "kmem", "shadow", "systemd-journal", "docker", "0", "6", "4", "15", "42"}
)


def privileged(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """`--privileged` goes, whatever it was for."""
    if "RUN-001" in wanted and container.privileged:
        yield Fix(
            ("RUN-001",),
            "without --privileged",
            {"privileged": False, "masked_paths": _MASKED, "readonly_paths": _READONLY},
            "What needs raw devices, mounts or kernel settings stops working; give such a program the one device or "
            "capability that it asks for.",
        )


def capabilities(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """All are dropped; those of the default set that were asked for by name come back, but NET_RAW."""
    checks = wanted.any("RUN-013", "RUN-014", "RUN-015", "RUN-016")
    if not checks:
        return
    asked = {normalise(name) for name in container.cap_add}
    kept = (asked & DEFAULT) - {"NET_RAW"}
    if any(port.container_port < _LOW_PORT for port in container.ports):
        kept.add("NET_BIND_SERVICE")
    yield Fix(
        checks,
        "no capabilities but those that are needed",
        {"cap_drop": ("ALL",), "cap_add": tuple(sorted(kept))},
        "A program that changes owners (CHOWN, FOWNER), takes another user (SETUID, SETGID) or sends raw packets "
        "(NET_RAW) needs that capability back by name.",
    )


def security_options(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Each option that switches something off goes; no-new-privileges comes."""
    removals = {
        "RUN-017": ("seccomp", "unconfined"),
        "RUN-019": ("apparmor", "unconfined"),
        "RUN-020": ("label", "disable"),
    }
    options = tuple(container.security_opt)
    done = []
    for check, (name, value) in removals.items():
        # A privileged container carries label=disable whether or not anybody asked for it.
        if (check in wanted or "RUN-001" in wanted) and option(options, name) is not None:
            left = tuple(each for each in options if each.replace(":", "=", 1) != f"{name}={value}")
            done += [check if check in wanted else "RUN-001"] * (left != options)
            options = left
    if "RUN-021" in wanted:
        done.append("RUN-021")
        options = (*(each for each in options if not each.startswith("no-new-privileges")), "no-new-privileges:true")
    paths: dict[str, object] = {}
    if "RUN-022" in wanted and not container.privileged:
        done.append("RUN-022")
        paths = {"masked_paths": _MASKED, "readonly_paths": _READONLY}
    if done:
        yield Fix(
            tuple(dict.fromkeys(done)),
            "kernel protection on",
            {"security_opt": options, **paths},
            "setuid programs (sudo, su, ping) gain nothing; system calls that the profile forbids fail with EPERM.",
        )


def user(container: Container, wanted: Wanted, image: Image | None) -> Iterator[Fix]:
    """The image's own user where that is not root, else a number that nobody has."""
    if "RUN-023" in wanted and parse_user(container.user).identity is Identity.ROOT:
        own = image.peek("user") if image is not None else ""
        own = own if isinstance(own, str) and parse_user(own).identity is not Identity.ROOT else ""
        yield Fix(
            wanted.any("RUN-023", "RUN-024"),
            "not as root",
            {"user": own or USER},
            "Files and volumes that belong to root cannot be written: chown them once to the new user. Below port 1024 "
            "only Docker 20.10 and newer let it listen.",
        )
    if "RUN-025" in wanted:
        groups = tuple(group for group in container.group_add if group not in _RISKY_GROUPS)
        name, _, group = container.user.partition(":")
        changes: dict[str, object] = {"group_add": groups}
        if group in {"0", "root"} and name not in {"", "0", "root"}:
            changes["user"] = f"{name}:{name}" if name.isdigit() else name
        yield Fix(
            ("RUN-025",), "without host groups", changes, "What those groups could read or write it no longer can."
        )


def devices(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Devices that the check names; all of them where it is folded into privileged."""
    if "RUN-040" not in wanted:
        return
    gone = wanted.indexes("HostConfig.Devices", "RUN-040")
    rules = wanted.indexes("HostConfig.DeviceCgroupRules", "RUN-040")
    left = tuple(device for index, device in enumerate(container.devices) if index not in gone)
    kept = tuple(rule for index, rule in enumerate(container.device_cgroup_rules) if index not in rules)
    if left != container.devices or kept != container.device_cgroup_rules:
        yield Fix(
            ("RUN-040",),
            "without host devices",
            {"devices": left, "device_cgroup_rules": kept},
            "A program that drives the device itself cannot any more.",
        )


_NAMESPACES = (
    ("RUN-007", "pid_mode", "", "It no longer sees processes other than its own."),
    ("RUN-008", "ipc_mode", "private", "Shared memory with the host or other containers is gone."),
    ("RUN-009", "uts_mode", "", "It has a host name of its own."),
    ("RUN-010", "userns_mode", "", "Files that belong to the host's root appear as nobody's."),
    ("RUN-012", "cgroupns_mode", "private", "It sees its own control group only."),
)


def namespaces(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Namespaces of its own, but for the network, which is in `reach`."""
    for check, field, value, breaks in _NAMESPACES:
        if check in wanted and container.peek(field) not in ("", value):
            yield Fix((check,), f"{field.removesuffix('_mode')} namespace of its own", {field: value}, breaks)
