"""The vulnerability database: import, opening, looking up, matching images."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure
from benchmarks.hosts import DECKWATCH, ROOT
from benchmarks.osv_records import archives

MINUTES = 5 * 60.0


def measure(plan: Plan) -> list[Figure]:
    """As the program does it: an import in a process of its own, then reading in another."""
    section = f"Vulnerability database, {plan.records:,} records"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan.say(f"making {plan.records:,} records")
        made = archives(folder / "osv", plan.records)
        size = sum(path.stat().st_size for path in made)
        plan.say(f"importing {size / 1e6:,.0f} MB of archives")
        environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "XDG_CACHE_HOME": str(folder / "cache")}
        before = time.perf_counter()
        importing = subprocess.Popen(
            [DECKWATCH, "vulndb", "import", str(folder / "osv")], env=environment, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(importing.pid, 0)
        took = time.perf_counter() - before
        if status:
            raise subprocess.CalledProcessError(status, "deckwatch vulndb import")
        database = folder / "data" / "deckwatch" / "vulnerabilities.sqlite"
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.matching", str(database)], cwd=ROOT, check=True, capture_output=True
        )
        found = json.loads(done.stdout)
        return [
            Figure(section, "import", took, "s", MINUTES, f"{size / 1e6:,.0f} MB of archives"),
            Figure(section, "import, CPU", usage.ru_utime + usage.ru_stime, "s"),
            Figure(section, "import, peak memory", usage.ru_maxrss / 1024, "MB", 120.0),
            Figure(section, "the file", database.stat().st_size / 1e6, "MB"),
            Figure(section, "open", found["open"] * 1e3, "ms", 50.0),
            Figure(section, "look up a package, first time", found["first"] * 1e6, "µs", None, found["rows"]),
            Figure(section, "look up a package that no record names", found["absent"] * 1e6, "µs"),
            Figure(section, "match 163 packages, first time", found["image"] * 1e3, "ms", 100.0),
            Figure(section, "match 100 images", found["images"] * 1e3, "ms", None, found["matched"]),
            Figure(section, "match 100 images again", found["again"] * 1e3, "ms"),
            Figure(section, "matching, peak memory", found["memory"], "MB"),
        ]
