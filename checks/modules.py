"""Which modules a package holds, without importing them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import ModuleType


def modules(package: ModuleType) -> Iterator[str]:
    """The names of its modules. In a directory that is a look at the file names; `pkgutil` would load `inspect`."""
    for place in package.__path__:
        names = os.listdir(place) if os.path.isdir(place) else ()
        found = [name[:-3] for name in names if name.endswith(".py") and name != "__init__.py"]
        yield from sorted(found) or _elsewhere(place)


def _elsewhere(place: str) -> Iterator[str]:
    """In a zip file, or compiled only."""
    import pkgutil

    return (module.name for module in pkgutil.iter_modules([place]))
