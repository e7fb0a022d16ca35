"""Cases of the swarm checks that need the host or a day from the policy."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec.structs import replace

from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.host import Host
from inventory.machine import Route, SwarmAddresses
from tests.checks.builders import GAP, changed, engine, host
from tests.checks.cases import Case
from tests.checks.facts import swarm

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity

_TODAY = date(2026, 11, 23)  # the captured swarm changed on that day too
ROTATION = [
    Case("ORC-005", swarm(), MANUAL, INFO),
    Case("ORC-005", swarm(), PASS, policy=Policy(swarm_keys_rotated=_TODAY)),
    Case("ORC-005", swarm(), FAIL, INFO, policy=Policy(swarm_keys_rotated=date(2026, 1, 1))),
    Case(
        "ORC-005",
        swarm(),
        PASS,
        policy=Policy(swarm_keys_rotated=date(2026, 1, 1), max_key_age=400),
        note="a longer age",
    ),
    Case(
        "ORC-005",
        swarm(updated=1790000000.0),
        MANUAL,
        policy=Policy(swarm_keys_rotated=_TODAY),
        note="unchanged since before",
    ),
    Case("ORC-005", swarm(updated=GAP), UNKNOWN, policy=Policy(swarm_keys_rotated=_TODAY)),
]

_one = engine()
_many = changed(_one, swarm=replace(_one.swarm, nodes=3, node_addr="10.0.0.5"))
_TWO = (Route("eth0", "0.0.0.0/0", "10.0.0.1"), Route("eth1", "10.9.0.0/24"), Route("docker0", "172.17.0.0/16"))


def _planes(data_path: str, routes: Any = _TWO) -> Host:
    return host(routes=routes, swarm_addresses=SwarmAddresses("0.0.0.0:2377", "10.0.0.5:2377", data_path))


PLANES = [
    Case("ORC-008", _many, MANUAL, others=(_planes(""),)),
    Case("ORC-008", _many, MANUAL, others=(_planes("10.0.0.5"),), note="the same"),
    Case("ORC-008", _many, PASS, others=(_planes("10.9.0.5"),)),
    Case("ORC-008", _many, NA, others=(_planes("", _TWO[::2]),), note="one interface"),
    Case("ORC-008", _one, NA, others=(), note="one node"),
    Case("ORC-008", engine("info-noswarm"), NA, others=(), note="no swarm"),
    Case("ORC-008", _many, UNKNOWN, others=(host(routes=_TWO, swarm_addresses=GAP),), note="closed file"),
    Case("ORC-008", _many, UNKNOWN, others=(_planes("", GAP),), note="routes"),
    Case("ORC-008", _many, UNKNOWN, others=(), note="remote"),
]
CASES = [*ROTATION, *PLANES]
