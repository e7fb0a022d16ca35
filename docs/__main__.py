"""Write the generated documents anew: python -m docs [--check]."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from docs import catalogue, mapping

HERE = Path(__file__).parent
DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "checks.md": catalogue.document,
    "cis-docker.md": mapping.docker,
    "cis-kubernetes.md": mapping.kubernetes,
}


def stale() -> list[str]:
    """The documents that are not as the program would write them."""
    return [name for name, write in DOCUMENTS.items() if _read(HERE / name) != write()]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main() -> int:
    """Write all documents, or only say which of them are not current."""
    parser = argparse.ArgumentParser(prog="python -m docs", description="Write the generated documents anew.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if one is not current")
    if parser.parse_args().check:
        print("\n".join(f"docs/{name} is not current: make docs" for name in stale()) or "all current")
        return int(bool(stale()))
    for name, write in DOCUMENTS.items():
        (HERE / name).write_text(write(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
