"""All checks, found by walking the domain packages: adding a check touches the file it is written in and no list."""

from __future__ import annotations

import importlib
from functools import cache

from checks.check import REGISTRY, Check
from checks.modules import modules

DOMAINS = ("images", "runtime", "network", "orchestration", "monitoring", "host")


PACKAGES = (*DOMAINS, "kubernetes")
"""Where checks are found. Those of a cluster have a package of their own, which is loaded only where there is one."""


@cache
def catalogue() -> tuple[Check, ...]:
    """Every registered check, by id."""
    return _found(PACKAGES)


@cache
def without_clusters() -> tuple[Check, ...]:
    """The checks of a container engine and its host, by id: what is needed where no cluster is looked at."""
    found = _found(DOMAINS)
    return tuple(check for check in found if not check.judge.__module__.startswith("checks.kubernetes."))


def _found(packages: tuple[str, ...]) -> tuple[Check, ...]:
    for domain in packages:
        package = importlib.import_module(f"checks.{domain}")
        for name in modules(package):
            importlib.import_module(f"checks.{domain}.{name}")
    return tuple(REGISTRY[name] for name in sorted(REGISTRY))
