"""A scan that tells how long it spent on what containers do: `python phases.py [--far] scan OPTIONS` prints JSON.

With `--far` the containers are read as if they ran on another machine.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from inventory.sources.docker import activity
from tui.cli import main

_spent: list[float] = []
_read_all = activity.read_all


def _timed(*arguments: Any, **options: Any) -> list[Any]:
    started = time.perf_counter()
    try:
        return _read_all(*arguments, **options)
    finally:
        _spent.append(time.perf_counter() - started)


def _from_afar(session: Any, source: Any, containers: Any, look: Any, *more: Any) -> list[Any]:
    return _timed(session, source, containers, None, *more)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--far"]
    setattr(activity, "read_all", _from_afar if len(words) < len(sys.argv) - 1 else _timed)  # noqa: B010 - for mypy
    status = main(words)
    print(json.dumps({"seconds": sum(_spent)}), flush=True)
    sys.exit(status)
