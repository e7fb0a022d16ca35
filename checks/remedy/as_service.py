"""The plan for the service that a Swarm task belongs to: one `docker service update`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from checks.check import REGISTRY
from checks.remedy.changes import Changes
from checks.remedy.option import quoted
from checks.remedy.plan import Plan, Unfixed
from checks.remedy.told import head, tail
from inventory.container import Container
from inventory.text import is_safe

_SERVICE = "com.docker.swarm.service.name"
_NONE = Changes((), {}, (), (), ())
_FIELDS = frozenset({
    "image_ref", "user", "cap_drop", "cap_add", "readonly_rootfs", "tmpfs", "mounts", "memory", "nano_cpus",
    "pids_limit", "ulimits", "sysctls", "restart_policy", "log_config",
})  # fmt: skip
_REASONS = {"RUN-021": "an option of the engine for services: no-new-privileges in daemon.json"}


def service_of(container: Container) -> str:
    """The service's name, or "" for a container that is no task."""
    name = container.labels.get(_SERVICE, "")
    return name if is_safe(name) and not name.startswith("-") else ""


def lines(plan: Plan) -> Iterator[str]:
    """Comments and one command. What services have no option for is not fixed, and said to be so."""
    able = _able(plan)
    yield from head(able, owner=False)
    rows = [
        f"{plan.program} service update",
        *(quoted(words) for words in _flags(able)),
        quoted((service_of(plan.before),)),
    ]
    if len(rows) > 2:
        for index, row in enumerate(rows):
            yield f"{'  ' * (index > 0)}{row}{chr(32) + chr(92) if index < len(rows) - 1 else ''}"
    else:
        yield "# no option of the service would change anything"
    yield from tail(able, _NONE)


def _able(plan: Plan) -> Plan:
    """Of the plan, what a service can be told."""
    gone = {mount.destination for mount in plan.before.mounts} - {mount.destination for mount in plan.after.mounts}
    known = _FIELDS if gone else _FIELDS - {"mounts"}
    told = [(fix, fix.changes.keys() - {"memory_swap"}) for fix in plan.fixes]
    fixes = tuple(fix for fix, fields in told if fields and fields <= known)
    done = {name for fix in fixes for name in fix.checks}
    titles = {check.id: check.title for check in REGISTRY.values()}
    left = tuple(
        Unfixed(name, titles.get(name, ""), _REASONS.get(name, "a service has no option for it"))
        for name in plan.fixed
        if name not in done
    )
    return structs.replace(plan, fixes=fixes, unfixed=(*left, *plan.unfixed))


def _flags(plan: Plan) -> Iterator[tuple[str, ...]]:
    touched = {field for fix in plan.fixes for field in fix.changes}
    for field, words in _options(plan.before, plan.after):
        if field in touched and all(is_safe(word) for word in words):
            yield words


def _options(before: Container, after: Container) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "image_ref", ("--image", after.image_ref)
    yield "user", ("--user", after.user)
    yield from (("cap_drop", ("--cap-drop", name)) for name in after.cap_drop)
    yield from (("cap_add", ("--cap-add", name)) for name in after.cap_add)
    yield "readonly_rootfs", ("--read-only",)
    new = (target for target in after.tmpfs if target not in before.tmpfs)
    yield from (("tmpfs", ("--mount-add", f"type=tmpfs,target={target}")) for target in new)
    gone = {mount.destination for mount in before.mounts} - {mount.destination for mount in after.mounts}
    yield from (("mounts", ("--mount-rm", target)) for target in sorted(gone))
    yield "memory", ("--limit-memory", str(after.memory))
    yield "nano_cpus", ("--limit-cpu", f"{after.nano_cpus / 1e9:g}")
    yield "pids_limit", ("--limit-pids", str(after.pids_limit))
    yield from (("ulimits", ("--ulimit-add", f"{each.name}={each.soft}:{each.hard}")) for each in after.ulimits)
    lost = before.sysctls.keys() - after.sysctls.keys()
    yield from (("sysctls", ("--sysctl-rm", name)) for name in sorted(lost))
    yield "restart_policy", ("--restart-condition", after.restart_policy.name)
    yield "restart_policy", ("--restart-max-attempts", str(after.restart_policy.maximum_retry_count))
    yield "log_config", ("--log-driver", after.log_config.driver)
    rotation = ((name, value) for name, value in after.log_config.options.items() if name in {"max-size", "max-file"})
    yield from (("log_config", ("--log-opt", f"{name}={value}")) for name, value in rotation)
