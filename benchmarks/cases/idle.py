"""What the explorer costs while nothing happens."""

from __future__ import annotations

from benchmarks.cases.opening import calm_containers
from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure
from benchmarks.hosts import Synthetic, deckwatch, synthetic
from benchmarks.processes import Usage, usage
from benchmarks.terminal import Terminal

ROWS = 500


def measure(plan: Plan) -> list[Figure]:
    """The list of containers is open, everything has been judged, nobody presses a key."""
    plan.say(f"idle: {ROWS} containers, {plan.idle:g} s")
    with synthetic(ROWS) as host, Terminal(deckwatch(host.url)) as terminal:
        calm_containers(terminal)
        terminal.watch(5.0)
        asked = _requests(host)
        before = usage(terminal.pid)
        sent = terminal.watch(plan.idle)
        after = usage(terminal.pid)
        return _figures(plan.idle, before, after, sent, _requests(host) - asked)


def _requests(host: Synthetic) -> int:
    return int(host.ask("counts")["requests"])


def _figures(seconds: float, before: Usage, after: Usage, sent: int, asked: int) -> list[Figure]:
    section = f"Idle for {seconds:g} s (200x50, {ROWS} containers)"
    share = after.share_since(before)
    return [
        Figure(section, "CPU of one core, children included", share, "%", 1.5, f"{after.cpu:.1f} s since the start"),
        Figure(section, "bytes to the terminal", sent / seconds, "B/s", 50.0, f"{sent} bytes in all"),
        Figure(section, "engine requests", asked / seconds, "/s", 1.0, f"{asked} in all"),
        Figure(section, "RSS", after.rss / 2**20, "MiB", 110.0),
        Figure(section, "open sockets", after.sockets, "", 25.0, f"{after.files} open files"),
        Figure(section, "threads", after.threads, ""),
        Figure(section, "child processes", after.children, "", 0.0),
    ]
