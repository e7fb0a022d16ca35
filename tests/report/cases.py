"""Reports to render: every verdict once, with ordinary or with hostile names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from checks.check import Check, Domain
from checks.engine import Engine
from checks.policy import Policy, Waiver
from checks.report.report import Filters, Report, Tool, report
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.gap import Gap, Reason
from inventory.model import Container, Image, Kind, Resource, ResourceKey
from inventory.snapshot import SourceHealth, Status
from inventory.store import Store

NOW = 1_800_000_000.0
Judge = Callable[[Resource, View], Verdict]


def a_check(
    number: int,
    judge: Judge,
    severity: Severity = Severity.HIGH,
    domain: Domain = Domain.RUNTIME,
    subject: type[Resource] = Container,
    implied_by: tuple[str, ...] = (),
) -> Check:
    return Check(
        id=f"RUN-9{number:02d}",
        title=f"Bad pattern {number}",
        domain=domain,
        severity=severity,
        subject=subject,
        why="An attacker gets {something} [here].",
        remediation="Run it without --bad; it may then lack what it used to have.",
        references=("CIS-Docker-1.6:5.4", "ATT&CK:T1611"),
        implied_by=implied_by,
        derived=False,
        doc="Fails where it is bad.",
        judge=judge,
    )


def _fails(resource: Resource, view: View) -> Verdict:
    return failed("is bad", Evidence("HostConfig.Bad", "true"), Evidence("Config.Env[0]", resource.name))


def _accepted(resource: Resource, view: View) -> Verdict:
    return failed("is bad but known", Evidence("HostConfig.Known", "true"), salient="x")


def checks() -> tuple[Check, ...]:
    return (
        a_check(1, _fails, Severity.CRITICAL),
        a_check(2, lambda resource, view: manual("is it wanted?", Evidence("Mounts[0]", "/srv"), policy="trust.x")),
        a_check(3, lambda resource, view: unknown("no permission to read /proc/1/status")),
        a_check(4, lambda resource, view: passed("fine")),
        a_check(5, lambda resource, view: not_applicable("no AppArmor here")),
        a_check(6, _accepted, Severity.MEDIUM),
        a_check(7, _fails, Severity.LOW, Domain.IMAGES, Image),
        a_check(8, _fails, Severity.HIGH, implied_by=("RUN-901",)),
    )


WAIVERS = (Waiver("RUN-906", "*", "we know", expires=date(2030, 1, 2)),)


def make(
    *names: str,
    filters: Filters | None = None,
    sources: tuple[SourceHealth, ...] = (),
    waivers: tuple[Waiver, ...] = WAIVERS,
    more: tuple[Check, ...] = (),
) -> Report:
    """A report about containers with these names and one image, by the checks above and more."""
    store = Store(clock=lambda: NOW)
    store.set_health("docker", SourceHealth("docker", "unix:///run/docker.sock", Status.OK, version="20.10.24"))
    for number, health in enumerate(sources):
        store.set_health(f"other{number}", health)
    containers = [
        Container.build(key=ResourceKey(Kind.CONTAINER, "docker", f"{number:064x}"), name=name, project="shop")
        for number, name in enumerate(names or ("web", "db"))
    ]
    store.replace("docker", Kind.CONTAINER, containers)
    image = Image.build(key=ResourceKey(Kind.IMAGE, "docker", "sha256:00"), name="app:1")
    store.replace("docker", Kind.IMAGE, [image])
    store.set_gap("docker", Kind.SECRET, Gap(Reason.UNSUPPORTED, "GET /secrets", "this node is no swarm manager"))
    snapshot = store.snapshot()
    policy = Policy(waivers=waivers)
    evaluation = Engine((*checks(), *more), policy).evaluate(snapshot)
    return report(Tool("deckwatch", "1.2.3"), NOW, 0.25, snapshot, evaluation, filters, policy)
