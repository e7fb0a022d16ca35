"""Re-evaluation after one event."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure, Spread, scaled
from benchmarks.hosts import ROOT

_NAMES = {
    "full": ("everything, once", None),
    "container": ("one container changed", 12.0),
    "image": ("one image changed", 12.0),
    "nothing": ("nothing changed", 12.0),
}


def measure(plan: Plan) -> list[Figure]:
    """The check engine alone, with every check of the catalogue."""
    figures = []
    for count in plan.judged:
        plan.say(f"judging {count} containers")
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.judging", str(count)], cwd=ROOT, check=True, capture_output=True
        )
        found = json.loads(done.stdout)
        section = f"Judging {count:,} containers and {found['images']} images with {found['checks']} checks"
        for key, (name, bar) in _NAMES.items():
            spread = Spread.of(found[key])
            value = scaled(spread.median, 1000)
            figures.append(Figure(section, name, value, "ms", bar, spread.words("ms", 1000)))
    return figures
