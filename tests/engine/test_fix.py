"""What `deckwatch fix` says, pasted into a shell: the engine takes it, and the container fails no more."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.remedy import as_run
from checks.remedy.options import attached
from checks.remedy.plan import Plan
from checks.result import Evaluation
from checks.verdict import Outcome
from inventory.container import Container
from inventory.snapshot import Snapshot
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.read import read
from inventory.sources.host.host import host_below
from inventory.store import Store
from lab.engine import Lab
from tests.checks.builders import changed
from tui.fixes import plan_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

CLIENT = shutil.which("docker")
FAULTS = (
    "privileged-created", "caps-kept", "cap-net-admin", "cap-sys-admin", "seccomp-off", "nnp-off", "paths-unmasked",
    "root-user", "writable-rootfs", "host-pid", "host-ipc", "host-uts", "host-network", "cgroupns-host", "sock-rw",
    "run-directory", "etc-rw", "root-ro", "shared-propagation", "device-fuse", "sysctl-unsafe", "cgroup-parent",
    "no-memory-limit", "no-cpu-limit", "no-pids-limit", "restart-always", "log-none", "log-unbounded", "default-bridge",
    "interactive", "web-public", "redis-public",
)  # fmt: skip
PREFIX = "fixed-"


@dataclass(frozen=True, slots=True)
class Pasted:
    """The plans by the name of the fault, how the shell ended, and the lab read and judged afterwards."""

    plans: dict[str, Plan]
    said: dict[str, str]
    snapshot: Snapshot
    evaluation: Evaluation


def look(lab: Lab) -> tuple[Snapshot, Evaluation]:
    endpoint = Endpoint(f"unix://{lab.paths.socket}", "the lab")
    store = Store()
    read(endpoint, store, name="docker", host=host_below(endpoint))
    snapshot = store.snapshot()
    return snapshot, Engine(catalogue()).evaluate(snapshot)


def shell(lab: Lab, text: str) -> str:
    """Run it as a person would paste it; what went wrong, or ""."""
    client = f'docker() {{ "{CLIENT}" --host "{lab.docker_host}" "$@"; }}\n'
    done = subprocess.run(["sh", "-e"], input=client + text, capture_output=True, text=True, check=False, timeout=60)
    return done.stderr.strip() if done.returncode else ""


def copy_of(container: Container) -> Container:
    """Under another name and on other ports, for the faulty one keeps its own."""
    ports = tuple(
        type(port)(port.container_port, port.protocol, port.host_ip, 0) if port.published else port
        for port in container.ports
    )
    return changed(container, name=f"{PREFIX}{container.name}", ports=ports, project="")


@pytest.fixture(scope="module")
def pasted(lab: Lab) -> Iterator[Pasted]:
    """Every fault fixed, all at once; removed again afterwards."""
    if CLIENT is None:
        pytest.skip("no docker client on the PATH")
    snapshot, evaluation = look(lab)
    plans, said = {}, {}
    for container in [each for each in snapshot.of(Container) if each.name in FAULTS]:
        judged = evaluation.judgements[container.key]
        copied = copy_of(container)
        own = Evaluation(judgements={copied.key: judged})
        found = plan_for(copied, snapshot, own)
        assert found is not None
        plans[container.name] = found
        said[container.name] = shell(lab, "\n".join(as_run.lines(found)) + "\n")
    try:
        yield Pasted(plans, said, *look(lab))
    finally:
        for found in plans.values():
            shell(lab, f"docker rm --force --volumes {found.after.name} >/dev/null")
            for network in set(attached(found.after)) - set(attached(found.before)):
                shell(lab, f"docker network rm {network} >/dev/null")


@pytest.mark.parametrize("name", FAULTS)
def test_the_engine_takes_it_and_the_fault_is_gone(pasted: Pasted, name: str) -> None:
    if name not in pasted.plans:
        pytest.skip("not in the lab on this host")
    assert not pasted.said[name]
    found = pasted.plans[name]
    made = next(each for each in pasted.snapshot.of(Container) if each.name == found.after.name)
    failing = {
        check: result
        for result in pasted.evaluation.judgements[made.key].results
        if result.outcome in (Outcome.FAIL, Outcome.MANUAL)
        for check in (result.check.id, *result.implies)
    }
    assert found.fixed
    assert not {check: failing[check].message for check in found.fixed if check in failing}


def test_most_faults_are_in_the_lab(pasted: Pasted) -> None:
    assert len(pasted.plans) > len(FAULTS) * 0.8
