"""What is said of many containers at once says how many it does not show."""

from __future__ import annotations

from checks.images.usage import SHOWN
from checks.verdict import Outcome
from inventory.container import Attachment, Container
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import SOURCE, changed, docker, host
from tests.checks.cases import ENGINE, Case, judge
from tests.checks.facts import component, network

_EC2 = host(dmi={"sys_vendor": "Amazon EC2"})


def _many(attached: str, **changes: object) -> list[Container]:
    found = []
    for number in range(SHOWN + 2):
        name = f"c{number}"
        key = ResourceKey(Kind.CONTAINER, SOURCE, name)
        found.append(
            changed(docker("plain"), key=key, id=name, name=name, networks=(Attachment(attached, ""),), **changes)
        )
    return found


def test_ways_to_the_metadata_service() -> None:
    result = judge(Case("NET-024", ENGINE, Outcome.MANUAL, others=(*_many("bridge"), network("bridge"), _EC2)))
    assert ("and", "2 more") in [(each.path, each.value) for each in result.evidence]
    inside = judge(Case("NET-024", ENGINE, Outcome.FAIL, others=(*_many("host", network_mode="host"), _EC2)))
    assert ("and", "2 more") in [(each.path, each.value) for each in inside.evidence]


def test_containers_that_nobody_collects() -> None:
    blind = changed(docker("hardened"), mounts=())
    others = (*_many("bridge"), blind, component("Fluent Bit", "log shipper", blind))
    result = judge(Case("MON-007", ENGINE, Outcome.FAIL, others=others))
    assert ("and", "3 more") in [(each.path, each.value) for each in result.evidence]


def test_ways_out_are_counted_by_network() -> None:
    result = judge(Case("NET-029", ENGINE, Outcome.MANUAL, others=(*_many("bridge"), network("bridge"))))
    assert [(each.path, each.value) for each in result.evidence] == [("bridge: containers", str(SHOWN + 2))]
    assert result.message.startswith(f"{SHOWN + 2} container(s)")
