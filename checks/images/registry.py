"""Where an image comes from: which registry, over which connection, or from nowhere that can be asked."""

from __future__ import annotations

import ipaddress

from checks.check import Domain, check
from checks.images.reference import complete, host, parse
from checks.images.trust import LIST, judged, made_here, pulled, rules, runs
from checks.images.usage import SHOWN, names, uses
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Engine, Image
from inventory.reference import Reference
from inventory.signatures.rules import normalised


@check(
    "IMG-004",
    "Registry not on the allow-list",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="Images from anywhere are code from anywhere.",
    remediation="Mirror the image into a registry that you trust and use it from there, or say in deckwatch.toml that "
    'it is trusted: in `[trust] registries`, or by a `[[trust.rule]]` with `match = ["registry.example.com/team/**"]`.',
    references=("CIS-Docker-1.6:4.2", "NIST-800-190:4.1.5", "OWASP-Docker:D08", "ATT&CK:T1204.003", "CWE-829"),
)
def registry_not_allowed(image: Image, view: View) -> Verdict:
    """Judges registry and path of every tag and digest reference of the image, and of references that use it.

    F: one of them is not trusted: by the most specific `[[trust.rule]]` that names it, else because `trust.registries`
    lists others, else because there are rules and `trust.unlisted` is not allowed. M: nobody said who is trusted. P:
    all are. NA: no name leads to the image, or only Podman's localhost/, which it gives to what was built or loaded
    here. U: users could not be listed. A name without a host belongs to docker.io, one without a namespace to
    docker.io/library. Source: CIS Docker 4.2.
    """
    written = (*names(image), *(use.reference for use in uses(image, view)))
    found_names = tuple(dict.fromkeys(filter(None, map(parse, written))))
    references = {complete(name): name for name in found_names if not made_here(name)}
    if found_names and not references:
        return not_applicable("built or loaded here: its only name is Podman's localhost/")
    if not references:
        return not_applicable("no name leads to the image, so nothing says where it came from")
    repositories = sorted(references)
    verdicts = {repository: judged(references[repository], view.policy) for repository in repositories}
    strange = [repository for repository, one in verdicts.items() if one.trusted is False]
    if strange:
        found = [Evidence("RepoTags, RepoDigests", repository) for repository in strange[:SHOWN]]
        by = dict.fromkeys(verdicts[repository].by for repository in strange)
        said = [Evidence("policy", text) for text in by if text != LIST][:SHOWN]
        word = "not trusted" if said else "not on the list"
        return failed(f"{word}: {', '.join(strange[:SHOWN])}", *found, *said, salient=strange[0])
    evidence = tuple(Evidence("RepoTags, RepoDigests", repository) for repository in repositories[:SHOWN])
    if any(one.trusted is None for one in verdicts.values()):
        registries = sorted({reference.registry for reference in references.values()})
        rule = f'[[trust.rule]] with match = ["{repositories[0].rpartition("/")[0]}/**"]'
        message = f"from {', '.join(registries)}: nobody said who is trusted; list it, or write a {rule}"
        return manual(message, *evidence, policy="trust.registries")
    by = dict.fromkeys(one.by for one in verdicts.values())
    return passed("", *evidence, *(Evidence("policy", text) for text in by if text != LIST))


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

    F: the registry is listed with `Secure` false, or its literal address lies in `InsecureRegistryCIDRs`, or the rule
    about the repository says `plain_http`; loopback does not count. Names are not resolved. P: otherwise. NA: no name
    leads to the image. U: the engine's info was not read. Source: CIS Docker 2.5.
    """
    references = tuple(filter(None, map(parse, names(image))))
    if not references:
        return not_applicable("no name leads to the image")
    engine = view.engine()
    found = [(reference, rule) for reference in references if (rule := insecure_rule(reference, engine))]
    plain = [(repository, rule) for repository, rule in rules(image, view.policy) if rule.plain_http]
    plain = [(repository, rule) for repository, rule in plain if not _loopback(repository.partition("/")[0])]
    if plain and not found:
        said = [Evidence("policy", f"{rule}: plain_http") for _, rule in plain[:SHOWN]]
        message = f"the policy lets {', '.join(repository for repository, _ in plain[:SHOWN])} be asked without TLS"
        return failed(message, *said)
    if not found:
        return passed()
    registries = sorted({reference.registry for reference, _rule in found})
    evidence = [Evidence("RepoTags, RepoDigests", f"{complete(ref)}:{ref.tag}".rstrip(":")) for ref, _rule in found]
    settings = dict.fromkeys(Evidence("RegistryConfig", rule, engine.key) for _reference, rule in found)
    message = f"from {', '.join(registries)}, which the engine asks without verified TLS"
    return failed(message, *evidence[:SHOWN], *settings)


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
    implied_by=("IMG-041",),
)
def unknown_origin(image: Image, view: View) -> Verdict:
    """Judges `RepoDigests`, which only pulled or pushed images have, and the source label.

    F: no repository digest, no label org.opencontainers.image.source, and something uses the image. M: the same, with
    the label, or unused. P: it has a repository digest; the one below localhost/ that Podman gives every image says
    nothing. NA: untagged (IMG-021). U: users could not be listed. Source: NIST SP 800-190 4.1.5.
    """
    if any(name is not None and not made_here(name) for name in map(parse, image.repo_digests)):
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


@check(
    "IMG-041",
    "Tag claims a trusted registry",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="Anybody who may build or load images here can give one any name: the name proves nothing.",
    remediation="If it was built here, push it and pull it from there, or give it a name of its own (`docker tag`, "
    "then `docker rmi` the old name). Otherwise pull the name anew, compare the ids, and find out who loaded this one.",
    references=("CIS-Docker-1.6:4.2", "NIST-800-190:4.1.5", "ATT&CK:T1036.005", "ATT&CK:T1612", "CWE-345"),
)
def claims_registry(image: Image, view: View) -> Verdict:
    """Judges `RepoTags` against `RepoDigests`, which only a pull from a registry, or a push to it, gives an image.

    F: a tag is of a repository that a `[[trust.rule]]` or `trust.registries` trusts, and no digest is of that
    repository (high where the rule requires a digest or a signature and a container runs). P: each such tag has one.
    NA: no tag is of a repository that is named as trusted. U: the image could not be inspected, or users not be listed.
    """
    tags = {tag: name for tag in image.repo_tags if (name := parse(tag)) is not None and not made_here(name)}
    claimed = {tag: name for tag, name in tags.items() if (one := judged(name, view.policy)).trusted and one.named}
    if not claimed:
        return not_applicable("no tag of it is of a repository that is named as trusted")
    digests = pulled(image)
    empty = [tag for tag, name in claimed.items() if normalised(complete(name)) not in digests]
    if not empty:
        return passed()
    found = [Evidence("RepoTags", tag) for tag in empty[:SHOWN]]
    found += [Evidence("RepoDigests", ", ".join(image.repo_digests[:SHOWN]) or "none")]
    found += list(dict.fromkeys(Evidence("policy", judged(claimed[tag], view.policy).by) for tag in empty[:SHOWN]))
    strict = [rule for _, rule in rules(image, view.policy) if {"digest", "signature"} & set(rule.require)]
    severity = Severity.HIGH if strict and runs(image, view) else None
    message = f"nothing shows that it came from where its name says: {', '.join(empty[:SHOWN])}"
    return failed(message, *found, severity=severity, salient=empty[0])


def insecure_rule(reference: Reference, engine: Engine) -> str:
    """The engine's setting that lets it skip TLS for the reference's registry, or ""."""
    if _loopback(reference.registry):
        return ""
    address = _address(host(reference.registry))
    if reference.registry in engine.insecure_registries:
        return f"IndexConfigs[{reference.registry}].Secure=false"
    if address is None:
        return ""
    return next((f"InsecureRegistryCIDRs: {cidr}" for cidr in engine.insecure_registry_cidrs if _in(address, cidr)), "")


def _loopback(registry: str) -> bool:
    address = _address(host(registry))
    return host(registry) == "localhost" or (address is not None and address.is_loopback)


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
