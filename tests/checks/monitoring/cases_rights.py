"""Cases of what the containers of monitoring components may do."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.container import Container
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import GAP, SOURCE, changed, container, host
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import component

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN


def _case(product: str, expected: Outcome, severity: Severity | None = None, note: str = "", **changes: Any) -> Case:
    carrier: Container = changed(container(), **changes)
    subject = component(product, "exporter", carrier)
    return Case("MON-033", subject, expected, severity, others=(ENGINE, carrier), note=f"{product} {note}".strip())


_process = changed(component("node_exporter", "exporter", container()), carrier=ResourceKey(Kind.HOST, SOURCE, SOURCE))
CASES = [
    _case("node_exporter", MANUAL, pid_mode="host", note="needs the processes of the host"),
    _case("node_exporter", FAIL, Severity.CRITICAL, privileged=True, note="privileged"),
    _case("Prometheus", FAIL, pid_mode="host", note="sees the processes of the host"),
    _case("node_exporter", PASS),
    _case("node_exporter", UNKNOWN, mounts=GAP, note="mounts unread"),
    Case("MON-033", _process, NA, others=(ENGINE, host()), note="on the host"),
]
