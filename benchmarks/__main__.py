"""`python -m benchmarks`: measure, print and keep the figures. Nothing here fails because a machine is slow."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks.cases.opening import NotShownError
from benchmarks.cases.plan import Case, Plan, quick
from benchmarks.figures import Figure
from benchmarks.hosts import DECKWATCH
from benchmarks.report import as_text, summary, write
from lab.client import EngineError
from lab.engine import LabError

CASES = {
    "start": "first paint against a bare Textual app, full list, all judged",
    "keys": "key to screen: latency, bytes, lost presses",
    "idle": "CPU, bytes, requests and memory while nothing happens",
    "events": "engine event to screen",
    "silence": "an engine that never answers: STALE, LOST, quitting",
    "judge": "re-evaluation after one change",
    "scan": "deckwatch scan against the floor",
    "contents": "an image of a gigabyte looked through: time and memory against only reading it",
    "vulndb": "the vulnerability database: import, opening, looking up, matching images",
    "kubernetes": "all pods of a cluster: read, judged, changed; against the floor and other ways",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when everything asked for could be measured, whatever the figures are."""
    options = _parser().parse_args(arguments)
    if not DECKWATCH.exists():
        print(f"benchmarks: {DECKWATCH} is missing; run 'make bench', which installs the program", file=sys.stderr)
        return 2
    plan = quick(_say) if options.quick else Plan(_say)
    if options.no_lab:
        plan = replace(plan, lab=False)
    facts = _facts(options.quick)
    print("\n".join(f"{name}: {value}" for name, value in facts.items()), end="\n\n", flush=True)
    figures: list[Figure] = []
    for name in options.only or CASES:
        figures += _measure(name, plan)
    facts["finished"] = f"load average {_load()}"
    print(summary(figures))
    if not options.only:
        print(f"kept in {os.path.relpath(write(figures, facts))}")
    return int(any(figure.value is None for figure in figures))


def _measure(name: str, plan: Plan) -> list[Figure]:
    """One case, printed as soon as it is done."""
    case: Case = importlib.import_module(f"benchmarks.cases.{name}").measure
    before, started = _load(), time.monotonic()
    try:
        found = case(plan)
    except (NotShownError, LabError, EngineError, OSError, subprocess.CalledProcessError) as error:
        found = [Figure(name, CASES[name], None, "", None, f"{type(error).__name__}: {error}"[:300])]
    _say("")
    print(as_text(found))
    print(f"\n  {time.monotonic() - started:.0f} s, load average {before} before, {_load()} after\n", flush=True)
    return found


def _facts(quickly: bool) -> dict[str, str]:
    facts: Mapping[str, str] = {
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, load average {_load()}",
        "software": f"Python {platform.python_version()}, Textual {version('textual')}",
        "run": "quick" if quickly else "full",
    }
    return dict(facts)


def _load() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def _say(words: str) -> None:
    """What is going on, for somebody who waits; a line that is overwritten."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    cases = "\n".join(f"  {name:<11}{text}" for name, text in CASES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measure Deckwatch and compare with what it promises.", epilog=f"cases:\n{cases}",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="about a minute: fewer runs, no real engine")
    parser.add_argument("--only", action="append", choices=tuple(CASES), metavar="CASE", help="this one; repeatable")
    parser.add_argument("--no-lab", action="store_true", help="start no real engine")
    return parser


if __name__ == "__main__":
    sys.exit(main())
