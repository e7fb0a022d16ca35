"""Everything that the truth file says of the lab is found, and nothing that it does not say."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.verdict import Outcome, Severity
from inventory.snapshot import Snapshot, SourceHealth, Status
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.read import read
from inventory.sources.host.activity import look_below
from inventory.sources.host.host import host_below
from inventory.store import Store
from lab import truth
from lab.client import EngineClient
from lab.engine import Lab
from lab.truth import Subject
from tests.engine.conftest import Populated
from tests.engine.said import Said, said_of

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

SETTLING = 150.0
ENDED = ("migrate", "oom-killed", "exited-error", "exited-crash")
GOOD = ("edge_web", "edge_internal", "edge_no_limits", "edge_env_secret", "edge_published", "edge_socket")
IMPLEMENTED = frozenset(check.id for check in catalogue())


@dataclass(frozen=True, slots=True)
class Read:
    """One reading of the lab and what the checks say of it."""

    health: SourceHealth
    snapshot: Snapshot
    said: tuple[Said, ...]

    def of(self, about: Subject) -> list[Said]:
        return [said for said in self.said if said.about == about]


@pytest.fixture(scope="module")
def found(lab: Lab) -> Read:
    _settle(lab.client)
    endpoint = Endpoint(lab.docker_host, "test")
    store = Store()
    health = read(endpoint, store, host=host_below(endpoint), look=look_below(endpoint))
    snapshot = store.snapshot()
    evaluation = Engine(catalogue()).evaluate(snapshot)
    said = [
        said
        for key, judgement in evaluation.judgements.items()
        if (resource := snapshot.get(key)) is not None
        for result in judgement.results
        for said in said_of(result, resource)
    ]
    return Read(health, snapshot, tuple(said))


def _settle(client: EngineClient) -> None:
    """Wait for what takes its time: probes that fail, restarts, and services of which a minute has to pass."""
    deadline = time.monotonic() + SETTLING
    while pending := list(_pending(client)):
        assert time.monotonic() < deadline, f"the lab has not settled: {', '.join(pending)}"
        time.sleep(0.5)


def _pending(client: EngineClient) -> Iterator[str]:
    states = {name: client.get(f"/containers/{name}/json") for name in (*ENDED, "unhealthy", "crash-loop")}
    yield from (name for name in ENDED if states[name]["State"]["Status"] != "exited")
    if states["unhealthy"]["State"]["Health"]["Status"] != "unhealthy":
        yield "unhealthy"
    if states["crash-loop"]["RestartCount"] < 5:
        yield "crash-loop"
    for service in client.get("/services", status=True):
        name, counts = service["Spec"]["Name"], service["ServiceStatus"]
        if name in GOOD and counts["RunningTasks"] < counts["DesiredTasks"]:
            yield name
        if name not in GOOD and _age(service["UpdatedAt"]) < 65:
            yield name


def _age(moment: str) -> float:
    """Seconds since a moment in the engine's notation, which has nanoseconds."""
    whole = time.strptime(moment.partition(".")[0].removesuffix("Z"), "%Y-%m-%dT%H:%M:%S")
    return time.time() - calendar.timegm(whole)


def test_all_of_it_was_read(found: Read) -> None:
    assert (found.health.status, found.health.detail) == (Status.OK, "")
    assert not found.snapshot.gaps


def test_every_subject_of_the_truth_file_was_seen(found: Read, populated: Populated) -> None:
    seen = {truth.subject(one.kind.value, one.name, one.labels) for one in found.snapshot}
    assert not {about for about in truth.subjects() if about not in seen and about.name not in populated.left_out}


@pytest.mark.parametrize("about", sorted(truth.subjects(), key=str), ids=lambda about: f"{about.table}-{about.name}")
def test_every_required_fact_is_found_at_its_weight(found: Read, populated: Populated, about: Subject) -> None:
    if about.name in populated.left_out:
        pytest.skip(f"this host lacks what {about.name} needs")
    said, facts = found.of(about), truth.facts(about)
    loud = {one.check for one in said if one.fails and one.severity >= Severity.MEDIUM}
    quiet = {one.check for one in said if one.fails and one.severity < Severity.MEDIUM}
    manual = {one.check for one in said if one.outcome is Outcome.MANUAL}
    wanted = IMPLEMENTED - facts.never
    missing = (facts.fail & wanted) - loud | (facts.low & wanted) - quiet | (facts.manual & wanted) - manual
    assert not missing, f"not found: {sorted(missing)}; said: {[one.text for one in said]}"


def test_what_is_required_of_every_object_of_a_kind_is_found(found: Read) -> None:
    for one in found.snapshot:
        about = truth.subject(one.kind.value, one.name, one.labels)
        required = truth.facts(about).required & IMPLEMENTED
        assert required <= {said.check for said in found.of(about)}, about


def test_nothing_above_low_is_said_that_the_truth_file_does_not_allow(found: Read) -> None:
    false = [said for said in found.said if said.loud and said.check not in truth.facts(said.about).allowed]
    assert not false, [said.text for said in false]


def test_nothing_is_said_that_must_never_be(found: Read) -> None:
    assert not [said.text for said in found.said if said.check in truth.facts(said.about).never]


def test_hardened_containers_fail_no_check_above_low(found: Read) -> None:
    hardened = {about for about in truth.subjects() if about.table == "container" and about.name.startswith("hardened")}
    assert len(hardened) >= 4
    assert not [one.text for one in found.said if one.about in hardened and one.fails and one.loud]


def test_only_what_cannot_be_read_is_unknown(found: Read) -> None:
    """A container has no process between two runs; what can be read of the host itself depends on the host.

    The rules of its firewall, which decide NET-012 before engine 28, are in no file. No image is looked into here.
    """
    moving = {Subject("container", "crash-loop"), Subject("task", "edge_failing"), Subject("host", "host")}
    unknown = [one for one in found.said if one.outcome is Outcome.UNKNOWN and one.about not in moving]
    unknown = [one for one in unknown if one.check != "NET-012" and not one.unasked]
    assert not unknown, [one.text for one in unknown]
