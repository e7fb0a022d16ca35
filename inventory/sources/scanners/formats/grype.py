"""`grype IMAGE -o json`."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.sources.scanners.report import Report, named
from inventory.sources.scanners.tree import Node, at, moment, nodes, number, rating, text, texts
from inventory.vulnerabilities.model import Said, Vulnerability

_TYPES = {"python": "pypi", "go-module": "golang", "java-archive": "maven", "rust-crate": "cargo", "rpmdb": "rpm"}


def parse(document: Node, path: str) -> Report | None:
    """The report, None where the document is another. Shape: `matches[].{vulnerability,artifact}`, `source.target`."""
    if text(document, "descriptor", "name") != "grype" or not isinstance(at(document, "matches"), list):
        return None
    when = moment(text(document, "descriptor", "timestamp"))
    built = text(document, "descriptor", "db", "built") or text(document, "descriptor", "db", "status", "built")
    said = Said("grype", text(document, "descriptor", "version"), path, moment(built), when)
    target = at(document, "source", "target")
    ids, names = named((*texts(target, "repoDigests"), *texts(target, "tags"), text(target, "userInput")))
    ids |= {text(target, "imageID"), text(target, "manifestDigest")} - {""}
    found = tuple(_matches(document, "matches", ""))
    ignored = tuple(_matches(document, "ignoredMatches", "grype was told to ignore it"))
    return Report(said, (*found, *ignored), ids, names)


def _matches(document: Node, name: str, excused: str) -> Iterator[Vulnerability]:
    for match in nodes(document, name):
        one, artifact = at(match, "vulnerability"), at(match, "artifact")
        identity, package = text(one, "id"), text(artifact, "name")
        if not identity or not package:
            continue
        related = tuple(text(other, "id") for other in nodes(match, "relatedVulnerabilities"))
        kind = text(artifact, "type")
        upstream = next(nodes(artifact, "upstreams"), {}) if kind in {"deb", "apk"} else {}
        place = next(nodes(artifact, "locations"), {})
        scores = [number(cvss, "metrics", "baseScore") for cvss in nodes(one, "cvss")]
        vectors = [text(cvss, "vector") for cvss in nodes(one, "cvss")]
        yield Vulnerability(
            id=identity,
            package=text(upstream, "name") or package,
            installed=text(artifact, "version"),
            type=_TYPES.get(kind, kind),
            fixed=next(iter(texts(one, "fix", "versions")), ""),
            rating=rating(text(one, "severity")),
            score=next((score for score in scores if score is not None), None),
            vector=next(iter(vectors), ""),
            summary=text(one, "description")[:200],
            url=text(one, "dataSource"),
            aliases=tuple(other for other in related if other and other != identity),
            path=text(place, "path"),
            layer=text(place, "layerID"),
            said_by=("grype",),
            excused=excused and (_reason(match) or excused),
            exploited=bool(at(one, "knownExploited")),
            epss=next((number(item, "epss") for item in nodes(one, "epss")), None),
        )


def _reason(match: Node) -> str:
    """VEX documents that were given to it show as rules that were applied."""
    for rule in nodes(match, "appliedIgnoreRules"):
        status = text(rule, "vex-status")
        if status:
            return f"VEX: {', '.join(filter(None, (status, text(rule, 'vex-justification'))))}"
    return ""
