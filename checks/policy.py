"""What the site decided: trusted registries, severities, accepted risks, thresholds. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from types import MappingProxyType

import msgspec

from checks import selectors
from checks.data.updates import SHIPPED, Tables
from checks.news import News
from checks.verdict import Severity, Verdict
from inventory.resource import Resource
from inventory.signatures.policy import NO_TRUST_POLICY, TrustPolicy


class Waiver(msgspec.Struct, frozen=True):
    """A risk that somebody accepted; without `expires` it holds for ever, else up to and including that day.

    `check` and the selectors from `resource` (name) on are globs, but for `kind`. All that are given ("" is not) must
    fit. `label` is `key` or `key=value`. `value` holds globs that together name every fault in the verdict.
    """

    check: str
    resource: str
    reason: str
    owner: str = ""
    expires: date | None = None
    kind: str = ""
    image: str = ""
    label: str = ""
    project: str = ""
    namespace: str = ""
    source: str = ""
    value: tuple[str, ...] = ()

    def expired(self, today: date) -> bool:
        """Whether its last day has passed (days are UTC)."""
        return self.expires is not None and self.expires < today

    def selects(self, resource: Resource, verdict: Verdict, behind: Resource | None = None) -> bool:
        """Whether it is about this verdict on this resource; `behind` lends its image, labels and project.

        A selector on something that was not read does not fit: what is not known is not waived.
        """
        bearer = behind or resource
        return (
            fnmatchcase(resource.name, self.resource)
            and (not self.kind or self.kind == resource.key.kind.value)
            and (not self.source or fnmatchcase(resource.key.source, self.source))
            and (not self.image or any(fnmatchcase(name, self.image) for name in selectors.image_names(bearer)))
            and (not self.label or selectors.has_label(bearer, self.label))
            and (not self.project or _named(selectors.project(bearer), self.project))
            and (not self.namespace or _named(selectors.namespace(bearer), self.namespace))
            and (not self.value or selectors.names_every_fault(verdict, self.value))
        )


def _named(text: str, pattern: str) -> bool:
    """`*` means any project, not none."""
    return bool(text) and fnmatchcase(text, pattern)


class Policy(msgspec.Struct, frozen=True):
    """Defaults are what the check catalogue says. Ages in days."""

    registries: tuple[str, ...] = ()  # globs of "registry/namespace" that images may come from; () = nobody decided
    trusted_docker_group: tuple[str, ...] = ()
    edge_proxies: tuple[str, ...] = ()  # container-name globs that may publish 80 and 443
    untrusted: tuple[str, ...] = ()  # label selectors of pods whose code nobody trusts
    max_image_age: int = 180
    require_rootless: bool = False
    swarm_keys_rotated: date | None = None  # the day on which the swarm's unlock key and join tokens were changed last
    max_key_age: int = 90
    severity: Mapping[str, Severity] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    waivers: tuple[Waiver, ...] = ()
    require_owner: bool = False  # of every waiver
    trust: TrustPolicy = NO_TRUST_POLICY
    max_report_age: int = 7  # days after which a look for vulnerabilities, or the data behind it, is too old
    allowed_set_id: tuple[str, ...] = ()  # globs of paths of set-id programs that are wanted, besides the usual ones
    bad_hashes: str = ""  # the name of the list of digests of bad programs; "" = there is none
    tables: Tables = SHIPPED  # what was fetched since this version was made
    news: Mapping[str, News] | None = None  # what a baseline did not hold, by source; None: there is no baseline

    def about(self, check_id: str) -> tuple[Waiver, ...]:
        """The waivers that name this check, in the order of the file: the first that covers a result counts."""
        return tuple(waiver for waiver in self.waivers if fnmatchcase(check_id, waiver.check))
