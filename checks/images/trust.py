"""Whether a repository is trusted, by the site's rules, its list of registries, or what it says of all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import msgspec

from checks.images.reference import complete, parse
from checks.images.usage import container_uses, names
from checks.policy import Policy
from checks.view import View
from inventory.model import Container, Image
from inventory.reference import Reference
from inventory.signatures.policy import Rule
from inventory.signatures.rules import normalised, rule_for

LIST = "trust.registries"


class Judged(msgspec.Struct, frozen=True):
    """`trusted` None: nobody said. `by` is who did, in the words of the configuration."""

    trusted: bool | None
    by: str = ""
    named: bool = True  # by a rule or a list; False: by what is said of everything that is not named


def judged(reference: Reference, policy: Policy) -> Judged:
    """A rule about the repository decides, else the list of registries, else `unlisted`."""
    repository = complete(reference)
    rule = rule_for(policy.trust, normalised(repository))
    if rule is not None:
        return Judged(rule.trusted, str(rule))
    if policy.registries:
        return Judged(allowed(repository, policy.registries), LIST)
    if policy.trust.rules or policy.trust.unlisted == "allowed":
        return Judged(policy.trust.unlisted == "allowed", f"trust.unlisted = {policy.trust.unlisted}", named=False)
    return Judged(None)


def allowed(repository: str, patterns: Iterable[str]) -> bool:
    """Whether a repository, or anything above it, fits one of the patterns."""
    return any(
        fnmatchcase(repository, pattern) or fnmatchcase(repository, f"{pattern.rstrip('/')}/*") for pattern in patterns
    )


def made_here(name: Reference) -> bool:
    """Podman names what no registry gave it localhost/NAME, without a port (containers-registries.conf(5))."""
    return name.registry == "localhost"


def repositories(image: Image) -> tuple[str, ...]:
    """Every repository that a name of the image leads to, in full, but those that Podman makes up."""
    found = filter(None, map(parse, names(image)))
    return tuple(dict.fromkeys(filter(None, (normalised(complete(one)) for one in found if not made_here(one)))))


def pulled(image: Image) -> tuple[str, ...]:
    """The repositories that a registry's digest of the image leads to; none for what was built or loaded here."""
    found = filter(None, map(parse, image.repo_digests))
    return tuple(dict.fromkeys(filter(None, (normalised(complete(one)) for one in found if not made_here(one)))))


def rules(image: Image, policy: Policy) -> Iterator[tuple[str, Rule]]:
    """Each repository of the image about which there is a rule."""
    for repository in repositories(image):
        rule = rule_for(policy.trust, repository)
        if rule is not None:
            yield repository, rule


def runs(image: Image, view: View) -> tuple[Container, ...]:
    """The containers of the image that run."""
    users = (use.user for use in container_uses(image, view))
    return tuple(user for user in users if isinstance(user, Container) and user.running)
