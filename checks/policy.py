"""What the site decided: trusted registries, severities, accepted risks, thresholds. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from types import MappingProxyType

import msgspec

from checks.verdict import Severity
from inventory.resource import Resource


class Waiver(msgspec.Struct, frozen=True):
    """A risk that somebody accepted: `check` and `resource` (name) are globs; without `expires` it holds for ever."""

    check: str
    resource: str
    reason: str
    owner: str = ""
    expires: date | None = None

    def covers(self, check_id: str, resource: Resource, today: date) -> bool:
        """Whether it applies to this check on this resource today."""
        if self.expires is not None and self.expires < today:
            return False
        return fnmatchcase(check_id, self.check) and fnmatchcase(resource.name, self.resource)


class Policy(msgspec.Struct, frozen=True):
    """Defaults are what the check catalogue says. Ages in days."""

    registries: tuple[str, ...] = ()  # globs of "registry/namespace" that images may come from; () = nobody decided
    trusted_docker_group: tuple[str, ...] = ()
    edge_proxies: tuple[str, ...] = ()  # container-name globs that may publish 80 and 443
    max_image_age: int = 180
    require_rootless: bool = False
    severity: Mapping[str, Severity] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    waivers: tuple[Waiver, ...] = ()

    def waiver(self, check_id: str, resource: Resource, today: date) -> Waiver | None:
        """The first waiver that covers this check on this resource."""
        return next((waiver for waiver in self.waivers if waiver.covers(check_id, resource, today)), None)
