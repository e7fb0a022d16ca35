"""All checks, found by walking the domain packages: adding a check touches the file it is written in and no list."""

from __future__ import annotations

import importlib
from functools import cache

from checks.check import REGISTRY, Check
from checks.modules import modules

DOMAINS = ("images", "runtime", "network", "orchestration", "monitoring", "host")


@cache
def catalogue() -> tuple[Check, ...]:
    """Every registered check, by id."""
    for domain in DOMAINS:
        package = importlib.import_module(f"checks.{domain}")
        for name in modules(package):
            importlib.import_module(f"checks.{domain}.{name}")
    return tuple(REGISTRY[name] for name in sorted(REGISTRY))
