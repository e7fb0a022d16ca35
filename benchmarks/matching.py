"""`python -m benchmarks.matching FILE`: times of reading a database and matching images with it, as JSON."""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from pathlib import Path

from inventory.contents.model import Contents, Distribution, Package
from inventory.sources.vulndb.database import Database
from inventory.vulnerabilities.match import match

IMAGES, PACKAGES, NAMES = 100, 163, 30_000


def main(path: Path) -> None:
    """One JSON object on standard output; times in seconds."""
    started = time.perf_counter()
    database = Database.open(path)
    opened = time.perf_counter() - started
    names = [f"package-{number}" for number in range(2, 2_002)]
    started = time.perf_counter()
    rows = sum(len(database.affected("Debian:12", name)) for name in names)
    first = (time.perf_counter() - started) / len(names)
    started = time.perf_counter()
    for number in range(5_000):
        database.affected("Debian:12", f"nothing-{number}")
    absent = (time.perf_counter() - started) / 5_000
    images = [_image(number) for number in range(IMAGES)]
    database = Database.open(path)
    started = time.perf_counter()
    match(images[0], database)
    image = time.perf_counter() - started
    started = time.perf_counter()
    found = sum(len(match(one, database).found) for one in images)
    hundred = time.perf_counter() - started
    started = time.perf_counter()
    for one in images:
        match(one, database)
    again = time.perf_counter() - started
    json.dump(
        {
            "open": opened,
            "first": first,
            "rows": f"{rows / len(names):.1f} records each",
            "absent": absent,
            "image": image,
            "images": hundred,
            "matched": f"{found:,} vulnerabilities",
            "again": again,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        },
        sys.stdout,
    )


def _image(number: int) -> Contents:
    """Two thirds of its packages are in every image."""
    shared, own = random.Random("base"), random.Random(number)
    packages = []
    for place in range(PACKAGES):
        chance = shared if place < PACKAGES * 2 // 3 else own
        kind = chance.choice(("deb", "deb", "deb", "npm", "pypi"))
        version = f"{chance.randint(3, 9)}.{chance.randint(0, 20)}.{chance.randint(0, 20)}"
        name = f"package-{chance.randint(20, NAMES)}"
        packages.append(Package(kind, name, version + ("-1+deb12u1" if kind == "deb" else ""), "/"))
    return Contents(f"sha256:{number}", "overlay", 1, Distribution("debian", "12"), tuple(packages))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
