"""What a scan does not need to load."""

from __future__ import annotations

import sys
from typing import Any

_UNWANTED = "typing_extensions"


def load_msgspec() -> None:
    """Load msgspec as if `typing_extensions` were not installed.

    It asks that package for what the standard library has in every Python that this program runs on; the package, and
    the `inspect` that it brings along, take longer to load than fifty containers take to judge. Call it while there is
    one thread.
    """
    modules: dict[str, Any] = sys.modules
    if _UNWANTED in modules:
        return
    modules[_UNWANTED] = None  # the import system's way to say that there is no such module
    try:
        import msgspec  # noqa: F401 - to be found loaded by all who need it
    finally:
        del modules[_UNWANTED]
