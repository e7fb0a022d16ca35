"""A container's state in a word or two, with the colour it deserves."""

from __future__ import annotations

from inventory.container import Container
from inventory.gap import Gap
from tui.format import missing
from widgets.cells import Cell
from widgets.style import Role

_SIGNALS = {132: "ILL", 134: "ABRT", 137: "KILL", 139: "SEGV", 143: "TERM"}


def state_words(container: Container) -> tuple[str, Role]:
    """`running`, `unhealthy`, `restarting 4`, `exited 137 OOM`, ... as far as it is known."""
    state = container.peek("state")
    if isinstance(state, Gap):
        return missing(state), "unknown"
    if state == "running":
        return _running(container)
    if state == "restarting":
        return _restarting(container), "error"
    if state in {"exited", "dead"}:
        return _exited(container, state)
    return state, ("accent" if state == "paused" else "dim")


def _running(container: Container) -> tuple[str, Role]:
    health = container.peek("health")
    if health is None or isinstance(health, Gap):
        return "running", "normal"
    if health.status == "unhealthy":
        return "unhealthy", "error"
    return ("starting", "accent") if health.status == "starting" else ("healthy", "normal")


def _restarting(container: Container) -> str:
    count = container.peek("restart_count")
    return "restarting" if isinstance(count, Gap) else f"restarting {count}"


def _exited(container: Container, state: str) -> tuple[str, Role]:
    code = container.peek("exit_code")
    if isinstance(code, Gap):
        return f"{state} {missing(code)}", "dim"
    if container.peek("oom_killed") is True:
        return f"{state} {code} OOM", "error"
    words = f"{state} {code}" + (f" {_SIGNALS[code]}" if code in _SIGNALS else "")
    return words, ("dim" if code in {0, 143} else "error")


def state_cell(container: Container) -> Cell:
    """The STATE cell."""
    return Cell.of(*state_words(container))


def known_running(container: Container) -> bool:
    """Whether it is known to run, or to be about to again."""
    return not isinstance(container.peek("state"), Gap) and container.running
