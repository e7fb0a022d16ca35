"""Asking published ports for TLS: only on request, and only what the inventory shows."""

from __future__ import annotations

import pytest
import trustme

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.policy import Policy
from checks.verdict import Outcome
from inventory.container import Container, Port
from inventory.endpoint import TlsEndpoint
from inventory.resource import Kind
from inventory.store import Store
from tests.checks.builders import changed, docker, engine
from tests.cli.running import Cli
from tests.inventory.tls.test_probe import context, issuer, listening, tls
from tui.probing import look

__all__ = ["issuer"]


def _published(port: int) -> Container:
    return changed(docker("plain"), name="web", ports=(Port(443, "tcp", "0.0.0.0", port),), state="running")


def test_what_answers_is_judged_with_everything_else(issuer: trustme.CA) -> None:
    store = Store()
    with listening(tls(context(issuer, "other.example", minimum="TLSv1"))) as port:
        store.replace("docker", Kind.ENGINE, [engine()])
        store.replace("docker", Kind.CONTAINER, [_published(port)])
        look(store, "docker", "unix:///run/docker.sock", {"web": "shop.example"})
    snapshot = store.snapshot()
    (found,) = snapshot.of(TlsEndpoint)
    judgement = Engine(catalogue(), Policy()).evaluate(snapshot).of(found.key)
    assert judgement is not None
    failing = {result.check.id for result in judgement.results if result.outcome is Outcome.FAIL}
    assert {"NET-016", "NET-019", "NET-020"} <= failing


def test_nothing_is_asked_unless_it_is_asked_for(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("a port was asked")

    monkeypatch.setattr("tui.probing.look", forbidden)
    assert cli("scan", "--demo", "--fail-on", "none", "-o", "report").status == 0


@pytest.mark.parametrize("command", [("fix", "plain"), ("capture", "-o", "x.bundle"), ("init",)], ids=lambda it: it[0])
def test_what_does_not_probe_does_not_say_that_it_could(cli: Cli, command: tuple[str, ...]) -> None:
    ran = cli(*command, "--demo", "--probe")
    assert ran.status == 2
    assert "--probe" in ran.line
    assert "--probe" not in cli(command[0], "--help").out


def test_a_recording_cannot_be_probed(cli: Cli) -> None:
    ran = cli("scan", "--demo", "--probe")
    assert ran.status == 2
    assert "--probe" in ran.line
