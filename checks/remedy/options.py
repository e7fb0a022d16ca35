"""All options that make a container what it is, but for what its image gives anyway."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from checks.answer import answer, part
from checks.remedy.attached import endpoint
from checks.remedy.extras import extras
from checks.remedy.option import PLACEHOLDER, Option
from inventory.container import Container, Healthcheck, Mount, Port
from inventory.gap import Unread
from inventory.image import Image
from inventory.secrets import mask_pair

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNMASKED = "systempaths=unconfined"
_MANAGED = ("com.docker.", "io.podman.", "io.kubernetes.")
_OF_IMAGES = "org.opencontainers.image."
BRIDGES = frozenset({"", "default", "bridge"})
_MODES = ("host", "none", "container:", "ns:", "slirp4netns", "pasta", "private")


def options(container: Container, image: Image | None, unread: list[str]) -> Iterator[Option]:
    """In the order of the command line; what could not be read is left out and its reason added to `unread`."""
    for each in _PARTS:
        try:
            yield from each(container, image)
        except Unread as missing:
            unread.append(str(missing.gap))


def _value(field: str, flag: str, key: str, value: Any, compose: Any = None) -> Option:
    return Option(field, (flag, str(value)), key, "value", value if compose is None else compose)


def _switch(field: str, flag: str, key: str) -> Option:
    return Option(field, (flag,), key, "value", True)


def _items(field: str, flag: str, key: str, values: Iterable[str]) -> Iterator[Option]:
    return (Option(field, (flag, value), key, "item", value) for value in values)


def _identity(container: Container, image: Image | None) -> Iterator[Option]:
    yield _value("name", "--name", "container_name", container.name)
    if container.hostname and not container.id.startswith(container.hostname) and container.network_mode != "host":
        yield _value("hostname", "--hostname", "hostname", container.hostname)
    if container.user and container.user != _of(image, "user"):
        yield _value("user", "--user", "user", container.user)
    yield from _items("group_add", "--group-add", "group_add", container.group_add)
    if container.working_dir and container.working_dir != _of(image, "working_dir"):
        yield _value("working_dir", "--workdir", "working_dir", container.working_dir)
    for field, flag, key in (("tty", "--tty", "tty"), ("open_stdin", "--interactive", "stdin_open")):
        if getattr(container, field):
            yield _switch(field, flag, key)


def _environment(container: Container, image: Image | None) -> Iterator[Option]:
    """By name alone: the values stay where they are."""
    given = set(_of(image, "env") or ())
    for variable in container.env:
        name = variable.partition("=")[0]
        if variable not in given and name:
            # Compose replaces names that a shell could have; null is the value that it finds under any other.
            entry = f"${{{name}}}" if exportable(name) else None
            yield Option("env", ("--env", name), "environment", "pair", entry, name)


def exportable(name: str) -> bool:
    """Whether a shell can have a variable of this name (POSIX, 3.230)."""
    return _NAME.fullmatch(name) is not None


def _labels(container: Container, image: Image | None) -> Iterator[Option]:
    given = image.labels if image is not None else {}
    for name, value in sorted(container.labels.items()):
        if given.get(name) != value and not name.startswith(own_labels(image)):
            shown = value if mask_pair(name, value) == value else PLACEHOLDER
            yield Option("labels", ("--label", f"{name}={shown}"), "labels", "pair", shown, name)


def own_labels(image: Image | None) -> tuple[str, ...]:
    """How labels begin that are not its user's: of what manages it, and while the image is not known, of that."""
    return _MANAGED if image is not None else (*_MANAGED, _OF_IMAGES)


def _rights(container: Container, image: Image | None) -> Iterator[Option]:
    if container.privileged:
        yield _switch("privileged", "--privileged", "privileged")
    yield from _items("cap_drop", "--cap-drop", "cap_drop", container.cap_drop)
    yield from _items("cap_add", "--cap-add", "cap_add", container.cap_add)
    for each in container.security_opt:
        inline = each.startswith("seccomp") and "{" in each
        yield from _items(
            "security_opt", "--security-opt", "security_opt", (f"seccomp={PLACEHOLDER}" if inline else each,)
        )
    if not container.privileged and container.masked_paths == () and container.readonly_paths == ():
        # The client turns this option into two empty lists; the engine never sees it.
        yield Option("masked_paths", ("--security-opt", _UNMASKED), "security_opt", "item", _UNMASKED)
    for device in container.devices:
        text = f"{device.path_on_host}:{device.path_in_container}:{device.permissions or 'rwm'}"
        yield from _items("devices", "--device", "devices", (text,))
    rules = container.device_cgroup_rules
    yield from _items("device_cgroup_rules", "--device-cgroup-rule", "device_cgroup_rules", rules)


def _namespaces(container: Container, image: Image | None) -> Iterator[Option]:
    given = (("pid_mode", "--pid", "pid"), ("uts_mode", "--uts", "uts"), ("userns_mode", "--userns", "userns_mode"))
    for field, flag, key in (*given, ("ipc_mode", "--ipc", "ipc"), ("cgroupns_mode", "--cgroupns", "cgroup")):
        value = getattr(container, field)
        if value and not (field == "pid_mode" and value == "private"):
            yield _value(field, flag, key, value)
    # Podman, which writes oci, takes no runtime here and has crun by itself; on Docker somebody chose it.
    podman = part(answer(container), "HostConfig").get("Runtime") == "oci"
    ordinary = {"runc", "oci", "crun"} if podman else {"runc"}
    for field, flag, key in (
        ("cgroup_parent", "--cgroup-parent", "cgroup_parent"),
        ("runtime", "--runtime", "runtime"),
        ("pod", "--pod", "x-pod"),
    ):
        value = getattr(container, field)
        if value and value not in ordinary:
            yield _value(field, flag, key, value)


def _network(container: Container, image: Image | None) -> Iterator[Option]:
    mode = container.network_mode
    if mode.startswith(_MODES):
        yield _value("network_mode", "--network", "network_mode", mode)
    else:
        names = attached(container)
        if not names:
            yield Option("network_mode", (), "network_mode", "value", "bridge")
        for index, name in enumerate(names):
            here = endpoint(container, name)
            words = ("--network", name, *here.words("--network-alias")) if not index else ()
            yield Option("networks", words, "networks", "pair", here.entry, name)
    for port in container.ports:
        if port.published:
            text = _published(port)
            yield from _items("ports", "--publish", "ports", (text,))
    if container.publish_all_ports:
        yield Option("publish_all_ports", ("--publish-all",), "x-publish-all", "value", True)
    yield from _items("links", "--link", "external_links", container.links)
    yield from _items("dns", "--dns", "dns", container.dns)
    yield from _items("dns_search", "--dns-search", "dns_search", container.dns_search)
    yield from _items("dns_options", "--dns-option", "dns_opt", container.dns_options)
    yield from _items("extra_hosts", "--add-host", "extra_hosts", container.extra_hosts)


def _exposed(container: Container, image: Image | None) -> Iterator[Option]:
    """Told by its user alone: neither published nor by the image."""
    known = {f"{port.container_port}/{port.protocol}" for port in container.ports if port.published}
    known |= set(_of(image, "exposed_ports") or ())
    return _items(
        "exposed_ports", "--expose", "expose", (each for each in container.exposed_ports if each not in known)
    )


def attached(container: Container) -> tuple[str, ...]:
    """The networks that it is attached to by name, the default bridge left out."""
    names = [entry.network for entry in container.networks if entry.network not in BRIDGES]
    mode = container.network_mode
    if not names and mode not in BRIDGES and not mode.startswith(_MODES):
        names = [mode]
    return tuple(dict.fromkeys(names))


def _published(port: Port) -> str:
    address = f"[{port.host_ip}]" if ":" in port.host_ip else port.host_ip
    start = f"{address}:" if address else ""
    return f"{start}{port.host_port or ''}:{port.container_port}/{port.protocol}"


def _storage(container: Container, image: Image | None) -> Iterator[Option]:
    if container.readonly_rootfs:
        yield _switch("readonly_rootfs", "--read-only", "read_only")
    for target, given in container.tmpfs.items():
        yield from _items("tmpfs", "--tmpfs", "tmpfs", (f"{target}:{given}" if given else target,))
    for mount in container.mounts:
        if mount.type in {"bind", "volume"}:
            words, entry = ("--mount", _mount(mount)), _mount_entry(mount)
            yield Option("mounts", words, "volumes", "item", entry, mount.name if mount.type == "volume" else "")
        elif mount.type == "tmpfs" and mount.destination not in container.tmpfs:
            text = ":".join(filter(None, (mount.destination, _tmpfs_options(container, mount))))
            yield from _items("mounts", "--tmpfs", "tmpfs", (text,))


def _tmpfs_options(container: Container, mount: Mount) -> str:
    """Of `--mount type=tmpfs`, which the list of mounts does not tell."""
    every = part(answer(container), "HostConfig").get("Mounts")
    asked = (each for each in every if isinstance(each, dict)) if isinstance(every, list) else ()
    found = next((part(each, "TmpfsOptions") for each in asked if each.get("Target") == mount.destination), {})
    size, mode = found.get("SizeBytes"), found.get("Mode")
    words = ["ro"] * (not mount.rw) + [f"size={size}"] * isinstance(size, int)
    return ",".join(words + ([f"mode={mode:o}"] if isinstance(mode, int) else []))


def _mount(mount: Mount) -> str:
    source = mount.name if mount.type == "volume" else mount.source
    fields = [f"type={mount.type}", f"source={source}", f"target={mount.destination}"]
    fields += ["readonly"] * (not mount.rw)
    if mount.type == "bind" and mount.propagation not in {"", "rprivate"}:
        fields.append(f"bind-propagation={mount.propagation}")
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)  # the client reads it as a line of CSV
    return line.getvalue()


def _mount_entry(mount: Mount) -> Mapping[str, Any]:
    source = mount.name if mount.type == "volume" else mount.source
    entry: dict[str, Any] = {"type": mount.type, "source": source, "target": mount.destination}
    if not mount.rw:
        entry["read_only"] = True
    if mount.type == "bind" and mount.propagation not in {"", "rprivate"}:
        entry["bind"] = {"propagation": mount.propagation}
    return entry


def _limits(container: Container, image: Image | None) -> Iterator[Option]:
    numbers = (
        ("memory", "--memory", "mem_limit"),
        ("memory_swap", "--memory-swap", "memswap_limit"),
        ("cpu_quota", "--cpu-quota", "cpu_quota"),
        ("cpu_shares", "--cpu-shares", "cpu_shares"),
        ("cpuset_cpus", "--cpuset-cpus", "cpuset"),
        ("pids_limit", "--pids-limit", "pids_limit"),
        ("oom_score_adj", "--oom-score-adj", "oom_score_adj"),
    )
    for field, flag, key in numbers:
        value = getattr(container, field)
        if value and not (field == "cpu_quota" and container.nano_cpus):
            yield _value(field, flag, key, value)
    if container.nano_cpus:
        yield _value("nano_cpus", "--cpus", "cpus", f"{container.nano_cpus / 1e9:g}", container.nano_cpus / 1e9)
    if container.oom_kill_disable:
        yield _switch("oom_kill_disable", "--oom-kill-disable", "oom_kill_disable")
    for limit in container.ulimits:
        entry = {"soft": limit.soft, "hard": limit.hard}
        words = ("--ulimit", f"{limit.name}={limit.soft}:{limit.hard}")
        yield Option("ulimits", words, "ulimits", "pair", entry, limit.name)
    for name, value in sorted(container.sysctls.items()):
        yield Option("sysctls", ("--sysctl", f"{name}={value}"), "sysctls", "pair", value, name)


def _life(container: Container, image: Image | None) -> Iterator[Option]:
    policy = container.restart_policy
    if policy.name not in {"", "no"}:
        count = f":{policy.maximum_retry_count}" if policy.maximum_retry_count else ""
        yield _value("restart_policy", "--restart", "restart", f"{policy.name}{count}")
    if container.healthcheck != _of(image, "healthcheck"):
        yield from _health(container.healthcheck)


def _health(check: Healthcheck | None) -> Iterator[Option]:
    if check is None:
        return
    if not check.enabled:
        yield Option("healthcheck", ("--no-healthcheck",), "healthcheck", "pair", True, "disable")
        return
    import shlex

    command = check.test[1] if check.test[0] == "CMD-SHELL" and len(check.test) > 1 else shlex.join(check.test[1:])
    if mask_pair("command", command) != command:
        command = PLACEHOLDER
        test: list[str] = ["CMD-SHELL", PLACEHOLDER]
    else:
        test = list(check.test)
    yield Option("healthcheck", ("--health-cmd", command), "healthcheck", "pair", test, "test")
    for flag, name, seconds in (
        ("--health-interval", "interval", check.interval),
        ("--health-timeout", "timeout", check.timeout),
        ("--health-start-period", "start_period", check.start_period),
    ):
        if seconds:
            yield Option("healthcheck", (flag, f"{seconds:g}s"), "healthcheck", "pair", f"{seconds:g}s", name)
    if check.retries:
        words = ("--health-retries", str(check.retries))
        yield Option("healthcheck", words, "healthcheck", "pair", check.retries, "retries")


def _logging(container: Container, image: Image | None) -> Iterator[Option]:
    config = container.log_config
    if config.driver:
        yield Option("log_config", ("--log-driver", config.driver), "logging", "pair", config.driver, "driver")
    for name, value in sorted(config.options.items()):
        shown = value if mask_pair(name, value) == value else PLACEHOLDER
        yield Option("log_config", ("--log-opt", f"{name}={shown}"), "logging", "pair", {name: shown}, "options")


def _of(image: Image | None, field: str) -> Any:
    """A field of the image where that is known."""
    value = image.peek(field) if image is not None else None
    return None if not isinstance(value, str | tuple | Healthcheck) else value


_PARTS: tuple[Callable[[Container, Image | None], Iterator[Option]], ...] = (
    _identity,
    _environment,
    _labels,
    _rights,
    _namespaces,
    _network,
    _exposed,
    _storage,
    _limits,
    _life,
    _logging,
    extras,
)
