"""Records in the proportions and shapes of the OSV project's archives, made up."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHARES = {"Debian": 0.25, "Ubuntu": 0.2, "npm": 0.35, "PyPI": 0.1, "Go": 0.04, "Alpine": 0.03, "Red Hat": 0.03}
"""Of all records: distributions have one for each CVE, npm one for each malicious package."""

_TEXT = "buffer overflow in the parser allows remote attackers to read memory through a crafted request"


def archives(folder: Path, count: int) -> list[Path]:
    """One `FAMILY/all.zip` for each family below `folder`."""
    made = []
    for family, share in SHARES.items():
        path = folder / family / "all.zip"
        path.parent.mkdir(parents=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for record in _records(family, int(count * share)):
                archive.writestr(f"{record['id']}.json", json.dumps(record))
        made.append(path)
    return made


def _records(family: str, count: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(family)
    for number in range(count):
        cve = f"CVE-{2005 + number % 21}-{10000 + number}"
        record: dict[str, Any] = {
            "schema_version": "1.7.3",
            "id": cve,
            "published": "2024-01-01T00:00:00Z",
            "modified": "2026-01-01T00:00:00Z",
            "details": " ".join(chance.choices(_TEXT.split(), k=60)),
            "references": [{"type": "ADVISORY", "url": f"https://security.example.org/{cve}/{n}"} for n in range(4)],
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
        }
        yield record | _shape(family, number, cve, chance)


def _shape(family: str, number: int, cve: str, chance: random.Random) -> dict[str, Any]:
    package = f"package-{min(int(chance.paretovariate(0.6)), 30_000)}"
    if family == "Debian":
        places = [
            _entry(f"Debian:{n}", package, _deb(chance, n), [_deb(chance, n) for _ in range(12)]) for n in (11, 12, 13)
        ]
        return {"id": f"DEBIAN-{cve}", "upstream": [cve], "affected": places}
    if family == "Ubuntu":
        names = ("Ubuntu:Pro:18.04:LTS", "Ubuntu:20.04:LTS", "Ubuntu:22.04:LTS", "Ubuntu:24.04:LTS")
        places = [_entry(name, package, _deb(chance, 1), [_deb(chance, 1) for _ in range(20)]) for name in names]
        return {"id": f"UBUNTU-{cve}", "upstream": [cve], "affected": places}
    if family == "Alpine":
        places = [_entry(f"Alpine:v3.{n}", package, f"{_dots(chance)}-r{n % 5}", []) for n in range(15, 23)]
        return {"id": f"ALPINE-{cve}", "upstream": [cve], "affected": places}
    if family == "Red Hat":
        fixed = f"0:{_dots(chance)}-1.el9"
        binaries = [f"{package}{suffix}" for suffix in ("", "-devel", "-libs", "-debuginfo")]
        places = [
            _entry(f"Red Hat:enterprise_linux:9::{repo}", name, fixed, [])
            for repo in ("baseos", "appstream")
            for name in binaries
        ]
        return {"id": f"RHSA-2024:{number}", "upstream": [cve], "affected": places}
    if family == "npm" and number % 10:
        return {
            "id": f"MAL-2025-{number}",
            "severity": [],
            "affected": [_entry("npm", f"evil-{number}", "", ["1.0.0"])],
        }
    versions = [_dots(chance) for _ in range(60 if family == "PyPI" else 0)]
    kind = "ECOSYSTEM" if family == "PyPI" else "SEMVER"
    return {
        "id": f"GHSA-{number % 9999:04}-{family.lower()[:4]:x<4}-{number:06}",
        "aliases": [cve],
        "affected": [_entry(family, package, _dots(chance), versions, kind)],
    }


def _entry(ecosystem: str, name: str, fixed: str, versions: list[str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": fixed}] if fixed else [{"introduced": "0"}]
    ranges = [{"type": kind, "events": events}] if fixed else []
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, "versions": versions}


def _dots(chance: random.Random) -> str:
    return f"{chance.randint(0, 9)}.{chance.randint(0, 20)}.{chance.randint(0, 20)}"


def _deb(chance: random.Random, release: int) -> str:
    return f"{_dots(chance)}-{chance.randint(1, 9)}+deb{release}u{chance.randint(1, 5)}"
