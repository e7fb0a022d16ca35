"""How the machine is kept, put together: auditing, kernel, other runtimes, kubeconfigs, logs, networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap
from inventory.sources.host import auditing, kernel, kubeconfigs, logs, networks, runtimes
from inventory.sources.host.daemon import Daemon
from inventory.sources.host.files import Accounts
from inventory.sources.host.reader import HostReader


class Below(NamedTuple):
    """What is already known of the machine: the engine's process, local accounts, and the processes that run."""

    reader: HostReader
    daemon: Daemon
    engine: Engine | None
    containers: tuple[Container, ...]
    accounts: Accounts | Gap
    commands: Mapping[int, str] | Gap

    def about(self, field: str) -> Any:
        """A field of the engine, None where it was not read."""
        value = self.engine.peek(field) if self.engine is not None else None
        return None if isinstance(value, Gap) else value


def upkeep(below: Below) -> dict[str, Any]:
    """Fields of `Host`, each a value or a gap.

    Each part asks all that it can before it judges an answer: over SSH, answers come with the next go.
    """
    reader, daemon, accounts = below.reader, below.daemon, below.accounts
    swarm = below.about("swarm")
    return {
        **auditing.facts(reader, daemon, accounts, below.commands),
        **kernel.facts(reader, accounts),
        **runtimes.facts(reader, accounts, below.commands),
        **kubeconfigs.facts(reader, accounts),
        **logs.facts(reader, daemon.root, _log_paths(below.containers), accounts),
        **networks.facts(
            reader,
            "self" if below.about("rootless") else str(daemon.pid),
            _swarm_directory(daemon, below.about("root_dir")) if swarm and swarm.state not in {"", "inactive"} else "",
        ),
    }


def _log_paths(containers: tuple[Container, ...]) -> list[str]:
    paths = (container.peek("log_path") for container in containers)
    return [path for path in paths if isinstance(path, str) and path]


def _swarm_directory(daemon: Daemon, root_dir: Any) -> str:
    return f"{daemon.root}{root_dir or '/var/lib/docker'}/swarm"
