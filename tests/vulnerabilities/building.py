"""Small databases and contents for tests."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from inventory.contents.model import Contents, Distribution, Package
from inventory.sources.vulndb.database import Database
from inventory.sources.vulndb.importing import take
from inventory.vulnerabilities.ecosystems import DISTRIBUTION_TYPES

DATA = Path(__file__).parents[1] / "data" / "osv"
DEBIAN = Distribution("debian", "12", "Debian GNU/Linux 12 (bookworm)")


def record(name: str, *affected: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A record in the OSV schema."""
    return {"schema_version": "1.7.0", "id": name, "modified": "2026-01-01T00:00:00Z", "affected": affected, **members}


def affects(ecosystem: str, name: str, *events: dict[str, str], **members: Any) -> dict[str, Any]:
    """An entry of `affected` with one range."""
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, **members}


def since(version: str = "0") -> dict[str, str]:
    """Introduced there."""
    return {"introduced": version}


def fixed(version: str) -> dict[str, str]:
    """Fixed there."""
    return {"fixed": version}


def archive(folder: Path, family: str, records: Iterable[Any]) -> Path:
    """`FAMILY/all.zip` below `folder`."""
    path = folder / family / "all.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for number, one in enumerate(records):
            raw = one if isinstance(one, bytes) else json.dumps(one).encode()
            name = one["id"] if isinstance(one, dict) and isinstance(one.get("id"), str) else str(number)
            made.writestr(f"{name}.json", raw)
    return path


def database(folder: Path, **families: Iterable[Any]) -> Database:
    """A database with these families as a whole; `_` in a name is a space."""
    paths = [archive(folder / "osv", family.replace("_", " "), records) for family, records in families.items()]
    return taken(folder, *paths)


def taken(folder: Path, *paths: Path, whole: bool = False, accept_fewer: bool = False) -> Database:
    """The database after one import more."""
    target = folder / "data" / "vulnerabilities.sqlite"
    take(paths, target, lambda _: None, whole=whole, accept_fewer=accept_fewer)
    return Database.open(target)


def contents(*packages: Package, distribution: Distribution | None = None, **members: Any) -> Contents:
    """What an image with these packages holds; without a distribution's packages it is of none."""
    if distribution is None:
        distribution = DEBIAN if any(one.type in DISTRIBUTION_TYPES for one in packages) else Distribution()
    return Contents("sha256:" + "1" * 64, "overlay", 1, distribution, packages, **members)


def sample(name: str) -> Contents:
    """The contents of an image of the sample."""
    found = json.loads((DATA / "images" / f"{name}.packages.json").read_bytes())
    system = found["os"]
    packages = tuple(
        Package(
            one["type"],
            one["name"],
            one["version"],
            f"/{one['path']}",
            source=one.get("source", ""),
            source_version=one.get("source_version", ""),
        )
        for one in found["packages"]
    )
    distribution = Distribution(system["ID"], system["VERSION_ID"], system["PRETTY_NAME"])
    return contents(*packages, distribution=distribution)
