"""All checks, found by walking the domain packages: adding a check touches the file it is written in and no list."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from checks.check import REGISTRY, Check

DOMAINS = ("images", "runtime", "network", "orchestration", "monitoring", "host")


@cache
def catalogue() -> tuple[Check, ...]:
    """Every registered check, by id."""
    for domain in DOMAINS:
        package = importlib.import_module(f"checks.{domain}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"checks.{domain}.{module.name}")
    return tuple(REGISTRY[name] for name in sorted(REGISTRY))
