"""Where an image comes from: which registry, over which connection, or from nowhere that can be asked."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from fnmatch import fnmatchcase

from checks.check import Domain, check
from checks.images.reference import complete, host, parse
from checks.images.usage import SHOWN, names, uses
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Engine, Image
from inventory.reference import Reference


@check(
    "IMG-004",
    "Registry not on the allow-list",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="Images from anywhere are code from anywhere.",
    remediation="Mirror the image into a registry that you trust and use it from there, or add the registry to "
    "`[trust] registries` in deckwatch.toml.",
    references=("CIS-Docker-1.6:4.2", "NIST-800-190:4.1.5", "OWASP-Docker:D08", "ATT&CK:T1204.003", "CWE-829"),
)
def registry_not_allowed(image: Image, view: View) -> Verdict:
    """Judges registry and path of every tag and digest reference of the image, and of references that use it.

    F: the policy lists registries and one name matches none of them. M: the policy lists none. P: all match.
    NA: no name leads to the image, or only Podman's localhost/, which it gives to what was built or loaded here. U:
    users could not be listed. A name without a host belongs to docker.io, one without a namespace to docker.io/library.
    Source: CIS Docker 4.2.
    """
    written = (*names(image), *(use.reference for use in uses(image, view)))
    found_names = tuple(dict.fromkeys(filter(None, map(parse, written))))
    references = tuple(name for name in found_names if not _made_here(name))
    if found_names and not references:
        return not_applicable("built or loaded here: its only name is Podman's localhost/")
    if not references:
        return not_applicable("no name leads to the image, so nothing says where it came from")
    repositories = sorted({complete(reference) for reference in references})
    evidence = tuple(Evidence("RepoTags, RepoDigests", repository) for repository in repositories[:SHOWN])
    if not view.policy.registries:
        registries = sorted({reference.registry for reference in references})
        return manual(f"from {', '.join(registries)}: nobody said who is trusted", *evidence, policy="trust.registries")
    strange = [repository for repository in repositories if not allowed(repository, view.policy.registries)]
    if not strange:
        return passed("", *evidence)
    found = tuple(Evidence("RepoTags, RepoDigests", repository) for repository in strange[:SHOWN])
    return failed(f"not on the list: {', '.join(strange[:SHOWN])}", *found, salient=strange[0])


@check(
    "IMG-006",
    "Image comes from a registry the daemon treats as insecure",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="A pull without verified TLS can be replaced on the wire.",
    remediation="Give the registry a certificate, put its CA into /etc/docker/certs.d/HOST/ca.crt, and remove the "
    "entry from `insecure-registries` in daemon.json. Pulls fail until the certificate is trusted.",
    references=("CIS-Docker-1.6:2.5", "NIST-800-190:4.2.1", "ATT&CK:T1557", "CWE-319"),
)
def insecure_registry(image: Image, view: View) -> Verdict:
    """Judges the registry of every tag and digest reference against `RegistryConfig` of the engine.

    F: the registry is listed with `Secure` false, or its literal address lies in `InsecureRegistryCIDRs`; loopback does
    not count. Names are not resolved. P: otherwise. NA: no name leads to the image. U: the engine's info was not read.
    Source: CIS Docker 2.5.
    """
    references = tuple(filter(None, map(parse, names(image))))
    if not references:
        return not_applicable("no name leads to the image")
    engine = view.engine()
    found = [(reference, rule) for reference in references if (rule := insecure_rule(reference, engine))]
    if not found:
        return passed()
    registries = sorted({reference.registry for reference, _rule in found})
    evidence = [Evidence("RepoTags, RepoDigests", f"{complete(ref)}:{ref.tag}".rstrip(":")) for ref, _rule in found]
    rules = dict.fromkeys(Evidence("RegistryConfig", rule, engine.key) for _reference, rule in found)
    message = f"from {', '.join(registries)}, which the engine asks without verified TLS"
    return failed(message, *evidence[:SHOWN], *rules)


@check(
    "IMG-005",
    "Image of unknown origin",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="Nobody can fetch it again or verify it.",
    remediation="Push it to a registry and run it from there, or rebuild it with "
    "`--label org.opencontainers.image.source=URL --label org.opencontainers.image.revision=COMMIT`.",
    references=("CIS-Docker-1.6:4.2", "NIST-800-190:4.1.5", "ATT&CK:T1612", "ATT&CK:T1525", "CWE-353"),
)
def unknown_origin(image: Image, view: View) -> Verdict:
    """Judges `RepoDigests`, which only pulled or pushed images have, and the source label.

    F: no repository digest, no label org.opencontainers.image.source, and something uses the image. M: the same, with
    the label, or unused. P: it has a repository digest; the one below localhost/ that Podman gives every image says
    nothing. NA: untagged (IMG-021). U: users could not be listed. Source: NIST SP 800-190 4.1.5.
    """
    if any(name is not None and not _made_here(name) for name in map(parse, image.repo_digests)):
        return passed()
    if image.dangling:
        return not_applicable("no tag leads to the image")
    evidence = [Evidence("RepoDigests", "none"), Evidence("RepoTags", ", ".join(image.repo_tags[:SHOWN]))]
    comment = image.peek("comment")
    if isinstance(comment, str) and comment:
        evidence.append(Evidence("Comment", comment))
    source = image.labels.get("org.opencontainers.image.source", "")
    if source:
        evidence.append(Evidence("Labels", source))
        return manual("built or loaded here, and says itself where its source is", *evidence)
    users = uses(image, view)
    if not users:
        return manual("built or loaded here, unused", *evidence)
    return failed(f"built or loaded here, used by {len(users)}", *evidence, *(use.evidence for use in users[:SHOWN]))


def _made_here(name: Reference) -> bool:
    """Podman names what no registry gave it localhost/NAME, without a port (containers-registries.conf(5))."""
    return name.registry == "localhost"


def insecure_rule(reference: Reference, engine: Engine) -> str:
    """The engine's setting that lets it skip TLS for the reference's registry, or ""."""
    address = _address(host(reference.registry))
    if host(reference.registry) == "localhost" or (address and address.is_loopback):
        return ""
    if reference.registry in engine.insecure_registries:
        return f"IndexConfigs[{reference.registry}].Secure=false"
    if address is None:
        return ""
    return next((f"InsecureRegistryCIDRs: {cidr}" for cidr in engine.insecure_registry_cidrs if _in(address, cidr)), "")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _in(address: ipaddress.IPv4Address | ipaddress.IPv6Address, cidr: str) -> bool:
    try:
        return address in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False


def allowed(repository: str, patterns: Iterable[str]) -> bool:
    """Whether a repository, or anything above it, fits one of the patterns."""
    return any(
        fnmatchcase(repository, pattern) or fnmatchcase(repository, f"{pattern.rstrip('/')}/*") for pattern in patterns
    )
