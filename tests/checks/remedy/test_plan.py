"""A plan keeps its word: judged anew, the container no longer fails what the plan says is fixed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec import structs

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.policy import Waiver
from checks.remedy.plan import Plan, plan
from checks.result import Judgement
from checks.verdict import Outcome
from inventory.container import Container, Mount, RestartPolicy
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.image import Image
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.store import Changes
from tests.checks.builders import changed, docker, podman
from tests.checks.frameworks.lab import lab

BAD = (Outcome.FAIL, Outcome.MANUAL)
# These look at the processes that run now, which a plan cannot change.
LIVE = {"RUN-024", "RUN-045", "RUN-054", "CMB-006", "NET-027", "NET-028"}


def containers() -> list[Container]:
    return list(lab()[0].of(Container))


def image_of(container: Container) -> Image | None:
    found = lab()[0].get(ResourceKey(Kind.IMAGE, container.key.source, container.image_id))
    return found if isinstance(found, Image) else None


def plan_of(container: Container) -> Plan:
    judgement = lab()[1].of(container.key)
    assert judgement is not None
    return plan(container, image_of(container), judgement.results)


def named(name: str) -> Container:
    return next(each for each in containers() if each.name == name)


def with_changed(snapshot: Snapshot, container: Container) -> Snapshot:
    """The snapshot with this container, and without the kernel's view of the one that runs."""
    hosts: dict[ResourceKey, Resource] = {}
    for host in snapshot.of(Host):
        views = host.peek("effective")
        kept = {k: v for k, v in views.items() if k != container.id} if isinstance(views, Mapping) else views
        hosts[host.key] = changed(host, effective=kept)
    own = {**snapshot.by_kind[Kind.CONTAINER], container.key: container}
    return structs.replace(snapshot, by_kind={**snapshot.by_kind, Kind.CONTAINER: own, Kind.HOST: hosts})


def test_what_is_fixed_fails_no_more_and_nothing_else_begins_to() -> None:
    snapshot, before = lab()
    engine = Engine(catalogue())
    engine.evaluate(snapshot)
    hosts = {host.key for host in snapshot.of(Host)}
    broken = []
    for container in containers():
        found = plan_of(container)
        touched = Changes(frozenset({container.key, *hosts}), frozenset())
        after = engine.update(with_changed(snapshot, found.after), touched).of(container.key)
        engine.update(snapshot, touched)
        assert after is not None
        broken += [(container.name, *why) for why in _broken(found, before.judgements[container.key], after)]
    assert not broken


def _broken(found: Plan, before: Judgement, after: Judgement) -> list[tuple[str, str]]:
    known = {result.check.id for result in before.results} | {n for each in before.results for n in each.implies}
    failing = {result.check.id: result for result in after.results if result.outcome in BAD}
    still = [(name, "still fails") for name in found.fixed if name in failing and name not in LIVE]
    return still + [(name, "fails now") for name in failing if name not in known | LIVE]


def test_everything_that_fails_is_fixed_or_has_a_reason() -> None:
    for container in containers():
        found = plan_of(container)
        left = {each.check: each.why for each in found.unfixed}
        assert all(left.values())
        for result in lab()[1].judgements[container.key].results:
            if result.outcome in BAD:
                assert result.check.id in left or result.check.id in found.fixed


def test_a_hardened_container_stays_as_it_is() -> None:
    found = plan_of(named("hardened"))
    fields = {field for fix in found.fixes for field in fix.changes}
    assert fields <= {"ulimits", "image_ref"}  # CIS Docker 5.19 is a question, not a failure


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("privileged-created", "privileged", False),
        ("host-pid", "pid_mode", ""),
        ("host-ipc", "ipc_mode", "private"),
        ("host-uts", "uts_mode", ""),
        ("caps-kept", "cap_drop", ("ALL",)),
        ("cap-net-admin", "cap_add", ()),
        ("root-user", "user", "10001:10001"),
        ("writable-rootfs", "readonly_rootfs", True),
        ("no-pids-limit", "pids_limit", 200),
        ("restart-always", "restart_policy", RestartPolicy("on-failure", 5)),
        ("device-fuse", "devices", ()),
        ("cgroup-parent", "cgroup_parent", ""),
        ("sysctl-unsafe", "sysctls", {}),
    ],
)
def test_what_becomes_of_a_fault(name: str, field: str, value: object) -> None:
    found = plan_of(named(name))
    assert found.before.peek(field) != value
    assert found.after.peek(field) == value


def test_only_the_mount_that_fails_goes() -> None:
    found = plan_of(named("sock-rw"))
    assert all("docker.sock" not in mount.source for mount in found.after.mounts)
    harmless = Mount("volume", "/v", "/data", True, name="data")
    mixed = changed(named("sock-rw"), mounts=(*named("sock-rw").mounts, harmless))
    kept = plan(mixed, None, lab()[1].judgements[named("sock-rw").key].results)
    assert [mount for mount in kept.after.mounts if mount.type != "tmpfs"] == [harmless]


def test_a_waived_finding_is_left_alone() -> None:
    container = named("host-pid")
    waiver = Waiver("RUN-007", "*", "the agent needs it", "ops", None)
    results = [
        structs.replace(result, outcome=Outcome.WAIVED, waiver=waiver) if result.check.id == "RUN-007" else result
        for result in lab()[1].judgements[container.key].results
    ]
    found = plan(container, None, results)
    assert found.after.pid_mode == "host"
    assert ("RUN-007", "accepted: the agent needs it") in {(each.check, each.why) for each in found.unfixed}


def test_what_was_not_read_is_not_changed_and_said() -> None:
    gap = Gap(Reason.DENIED, "GET /containers/x/json")
    container = named("writable-rootfs")
    found = plan(changed(container, tmpfs=gap), None, lab()[1].judgements[container.key].results)
    assert any("GET /containers/x/json" in why for why in found.unread)
    assert not found.after.readonly_rootfs
    assert isinstance(found.after.peek("tmpfs"), Gap)


@pytest.mark.parametrize("container", [docker("plain"), docker("privileged"), podman("plain")], ids=str)
def test_without_findings_nothing_changes(container: Container) -> None:
    found = plan(container, None, ())
    assert found.after is container
    assert not found.fixes and not found.unfixed


def test_the_image_is_pinned_to_what_was_pulled() -> None:
    container = changed(named("hardened"), image_ref="registry:5000/team/app:1")
    own = image_of(named("hardened"))
    assert own is not None
    digest = f"sha256:{'ab' * 32}"
    pulled = changed(own, repo_digests=(f"other@{digest[:-1]}c", f"registry:5000/team/app@{digest}"))
    every = (judgement.results for judgement in lab()[1].judgements.values())
    unpinned = next(results for results in every if "IMG-003" in {result.check.id for result in results})
    assert plan(container, pulled, unpinned).after.image_ref == f"registry:5000/team/app:1@{digest}"
    assert plan(container, changed(own, repo_digests=()), unpinned).after.image_ref == container.image_ref
    assert plan(container, pulled, ()).after.image_ref == container.image_ref
