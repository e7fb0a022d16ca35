"""A real Podman, rootful and rootless: everything that the truth files say of it is found, and nothing else."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.verdict import Outcome, Severity
from inventory import model
from inventory.gap import Gap
from inventory.model import Container
from inventory.resource import Resource
from inventory.snapshot import Snapshot, SourceHealth, Status
from inventory.sources.docker import details
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.read import read
from inventory.sources.docker.stats import Sample
from inventory.sources.host.activity import look_below
from inventory.sources.host.host import host_below
from inventory.store import Store
from lab import podman, podman_fill, truth
from lab.podman import PodmanLab
from lab.rootfs import find
from lab.truth import Subject
from tests.engine.said import Said, said_of
from tests.engine.watching import Watch
from tests.lab.engines import REQUIRED
from tui.picture import Picture
from tui.talk import Talk

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

SETTLING = 60.0
ENDED = ("migrate", "exited-error", "exited-crash")
IMPLEMENTED = frozenset(check.id for check in catalogue())
# What Podman's API does not tell: kernel settings, and of what does not run the ipc namespace and the masked paths.
UNTOLD = frozenset({"RUN-008", "RUN-022", "RUN-043"})
_SLOW = "GET /containers/{id}/top"  # a tenth of a second each, which a loaded machine need not have for all of them
OTHERS = frozenset({"CMB-007", "NET-012", "NET-024"})  # need firewall rules or a cloud


@dataclass(frozen=True, slots=True)
class Read:
    """One reading of a lab and what the checks say of it."""

    lab: PodmanLab
    left_out: frozenset[str]
    health: SourceHealth
    snapshot: Snapshot
    said: tuple[Said, ...]

    @property
    def engine(self) -> str:
        return "podman-rootless" if self.lab.rootless else "podman"

    def of(self, about: Subject) -> list[Said]:
        return [said for said in self.said if said.about == about]

    @property
    def subjects(self) -> list[Subject]:
        """The objects of the truth files that this lab is to have."""
        names = {spec.name for spec in podman_fill.wanted(rootless=self.lab.rootless)} - self.left_out
        if not self.lab.rootless:
            names |= {*podman_fill.POD_MEMBERS, "pod-agent", "frontdoor-infra", "hostnet-pod-infra"}
        images = {one.name for one in self.snapshot if one.kind == "image"}
        return [
            about
            for about in sorted(truth.subjects(self.engine), key=str)
            if about.table in ("host", "volume")
            or (about.table == "container" and about.name in names)
            or (about.table == "image" and f"localhost/{about.name}" in images)
        ]


@pytest.fixture(scope="module", params=["rootful", "rootless"])
def found(request: pytest.FixtureRequest) -> Iterator[Read]:
    """A filled lab, read once; nothing of it is left behind."""
    rootless = request.param == "rootless"
    _need(rootless=rootless)
    lab = PodmanLab(Path(tempfile.mkdtemp(prefix="dwp-", dir="/tmp")), rootless=rootless)
    try:
        lab.start()
        left_out = frozenset(podman_fill.fill(lab))
        yield _read(lab, left_out)
    finally:
        lab.stop()
        assert not lab.paths.root.exists()
        assert not (rootless and lab.owner.processes())


def _need(*, rootless: bool) -> None:
    """Skip where no private Podman can run, and say why; fail where an engine is required."""
    reason = podman.available(rootless=rootless)
    if reason is None and find("busybox") is None:
        reason = "busybox is not installed (Debian: apt-get install busybox-static)"
    if reason and os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{REQUIRED}=1, but {reason}")
    if reason:
        pytest.skip(reason)


def _read(lab: PodmanLab, left_out: frozenset[str]) -> Read:
    deadline = time.monotonic() + SETTLING
    while pending := [name for name in ENDED if _state(lab, name) != "exited"]:
        assert time.monotonic() < deadline, f"the lab has not settled: {', '.join(pending)}"
        time.sleep(0.2)
    endpoint = Endpoint(lab.docker_host, "test")
    store = Store()
    health = read(endpoint, store, host=host_below(endpoint), look=look_below(endpoint))
    snapshot = store.snapshot()
    evaluation = Engine(catalogue()).evaluate(snapshot)
    said = [
        one
        for key, judgement in evaluation.judgements.items()
        if (resource := snapshot.get(key)) is not None
        for result in judgement.results
        for one in said_of(result, resource, _subject(resource, result.check.id, snapshot))
    ]
    return Read(lab, left_out, health, snapshot, tuple(said))


def _state(lab: PodmanLab, name: str) -> str:
    return str(lab.client.get(f"/containers/{name}/json")["State"]["Status"])


def _subject(resource: Resource, check: str, snapshot: Snapshot) -> Subject:
    """A pod's own container is called after its pod: its real name has the pod's id in it."""
    if isinstance(resource, Container) and resource.infra:
        return Subject("container", f"{resource.pod}-infra")
    if resource.name.startswith("localhost/podman-pause:"):
        return Subject("image", "podman-pause")
    return truth.subject(resource.kind.value, resource.name, resource.labels, check)


def test_all_of_it_was_read_as_podman(found: Read) -> None:
    assert (found.health.kind, found.health.status, found.health.detail) == ("podman", Status.OK, "")
    assert not found.snapshot.gaps
    expected = podman_fill.wanted(rootless=found.lab.rootless)
    assert len(list(found.snapshot.of(Container))) >= len(expected) - len(found.left_out)


def test_every_required_fact_is_found_at_its_weight(found: Read) -> None:
    missing: dict[Subject, set[str]] = {}
    for about in found.subjects:
        said, facts = found.of(about), truth.facts(about, found.engine)
        loud = {one.check for one in said if one.fails and one.severity >= Severity.MEDIUM}
        quiet = {one.check for one in said if one.fails and one.severity < Severity.MEDIUM}
        manual = {one.check for one in said if one.outcome is Outcome.MANUAL}
        wanted = IMPLEMENTED - facts.never
        lacking = (facts.fail & wanted) - loud | (facts.low & wanted) - quiet | (facts.manual & wanted) - manual
        if lacking:
            missing[about] = set(lacking)
    assert not missing, missing
    assert len(found.subjects) >= (20 if found.lab.rootless else 80)


def test_nothing_above_low_is_said_that_the_truth_files_do_not_allow(found: Read) -> None:
    false = [one for one in found.said if one.loud and one.check not in truth.facts(one.about, found.engine).allowed]
    assert not false, [one.text for one in false]


def test_nothing_is_said_that_must_never_be(found: Read) -> None:
    """But not applicable."""
    told = (Outcome.FAIL, Outcome.MANUAL, Outcome.UNKNOWN)
    wrong = [
        one for one in found.said if one.outcome in told and one.check in truth.facts(one.about, found.engine).never
    ]
    assert not wrong, [one.text for one in wrong]


def test_hardened_containers_fail_no_check_above_low(found: Read) -> None:
    """But for limits, which a rootless engine on cgroup v1 does not have to give."""
    limits = {"RUN-028", "RUN-031", "MON-020"} if found.lab.rootless else set()
    hardened = [one for one in found.said if one.about.name.startswith("hardened") and one.about.table == "container"]
    assert {one.about.name for one in hardened} >= {"hardened", "hardened-web", "hardened-internal"}
    assert not [one.text for one in hardened if one.fails and one.loud and one.check not in limits]


def test_only_what_podman_does_not_tell_is_unknown(found: Read) -> None:
    unknown = [
        one
        for one in found.said
        if one.outcome is Outcome.UNKNOWN and one.about.table != "host" and _SLOW not in one.text and not one.unasked
    ]
    assert not [one.text for one in unknown if one.check not in UNTOLD | OTHERS and one.about.name != "crash-loop"]
    running = {one.name for one in found.snapshot.of(Container) if one.state == "running"} - {"crash-loop"}
    told = [one.text for one in unknown if one.check in UNTOLD - {"RUN-043"} and one.about.name in running]
    assert not told


def test_members_of_a_pod_know_it(found: Read) -> None:
    if found.lab.rootless:
        pytest.skip("the rootless lab has no pods")
    pods: dict[str, set[str]] = {}
    for one in found.snapshot.of(Container):
        if one.pod:
            pods.setdefault(one.pod, set()).add("infra" if one.infra else one.name)
            assert one.project == one.pod
    assert pods == {"frontdoor": {"infra", "pod-web", "pod-cache"}, "hostnet-pod": {"infra", "pod-agent"}}


def test_what_is_read_on_demand_and_what_happens(found: Read) -> None:
    """Logs, processes, figures and changes of a container; what happens to it is seen by itself."""
    known = next(one for one in found.snapshot.of(Container) if one.name == "restart-always")
    watch = Watch(found.lab.docker_host)
    try:
        watch.until("everything is listed", lambda picture: _seen(picture, known.id) != "", bound=SETTLING)
        talk = watch.session.reader("docker")
        assert isinstance(talk, Talk)
        one = next(one for one in watch.snapshot.of(Container) if one.name == "restart-always")
        top = details.top(talk.session, one.id)
        assert not isinstance(top, Gap)
        assert any("sleep" in word for row in top.rows for word in row)
        sample = details.stats(talk.session, one.id)
        # An unprivileged user's containers have no control group on cgroup v1: no figure is better than the machine's.
        counted = not found.lab.rootless or _engine(watch).cgroup_version == "2"
        assert isinstance(sample, Sample if counted else Gap), sample
        changed = details.changes(talk.session, one.id)
        assert not isinstance(changed, Gap), changed
        ended = next(one for one in watch.snapshot.of(Container) if one.name == "exited-error")
        lines = details.logs(talk.session, ended.id, tty=False, tail=5)
        assert not isinstance(lines, Gap)
        assert [line.text for line in lines] == ["error: migration 17 failed"]

        found.lab.client.post(f"/containers/{one.id}/stop", t=0)
        watch.until("stopped", lambda picture: _seen(picture, one.id) == "exited")
        found.lab.client.post(f"/containers/{one.id}/start")
        watch.until("runs again", lambda picture: _seen(picture, one.id) == "running")
        found.lab.client.post("/networks/lab_open/connect", {"Container": one.id})
        watch.until("joined a network", lambda picture: one.id in _members(picture, "lab_open"))
        found.lab.client.post("/networks/lab_open/disconnect", {"Container": one.id})
        watch.until("left it", lambda picture: one.id not in _members(picture, "lab_open"))
        found.lab.client.delete(f"/containers/{one.id}", force=1)
        watch.until("gone", lambda picture: _seen(picture, one.id) == "")
    finally:
        watch.stop()


def _members(picture: Picture, name: str) -> set[str]:
    """Ids of the containers that a network says are on it."""
    found = (one for one in picture.snapshot.of(model.Network) if one.name == name)
    members = next((one.peek("members") for one in found), ())
    return set() if isinstance(members, Gap) else {member.container_id for member in members}


def _engine(watch: Watch) -> model.Engine:
    return next(watch.snapshot.of(model.Engine))


def _seen(picture: Picture, identity: str) -> str:
    found = (one for one in picture.snapshot.of(Container) if one.id == identity)
    return next((one.state for one in found), "")
