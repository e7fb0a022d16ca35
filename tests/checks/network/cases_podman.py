"""Cases of Podman's network stack: its default network is called podman, and every bridge is the mode bridge."""

from __future__ import annotations

from checks.verdict import Outcome
from inventory.container import Attachment
from inventory.sources.docker import translate
from tests.checks.builders import NOW, SOURCE, captured, changed, engine, podman, podman_engine
from tests.checks.cases import Case

PODMAN = podman_engine()
_default = translate.network(captured("podman-api/network-podman.json"), SOURCE, NOW)
_plain = podman("plain")
_own = changed(_plain, networks=(Attachment("front", "x"),), network_mode="bridge")

CASES = [
    Case("NET-005", _plain, Outcome.FAIL, others=(PODMAN, _default), note="podman's default"),
    Case("NET-005", _own, Outcome.PASS, others=(PODMAN, _default), note="the mode bridge of podman"),
    Case("NET-006", _default, Outcome.NOT_APPLICABLE, others=(PODMAN, _plain), note="podman's default"),
    Case("NET-006", _default, Outcome.PASS, others=(engine(), _plain), note="a network of that name on docker"),
    Case("DMN-002", PODMAN, Outcome.FAIL, others=(_default, _plain), note="podman's default"),
]
