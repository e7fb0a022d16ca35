"""CycloneDX JSON with `vulnerabilities`, and CycloneDX VEX: their `analysis` says what does not count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from inventory.sources.scanners.formats.purls import named as package_of
from inventory.sources.scanners.report import Report, named
from inventory.sources.scanners.tree import Node, at, moment, nodes, number, rated, rating, text
from inventory.vulnerabilities.model import Rating, Said, Vulnerability

_EXCUSED = frozenset({"not_affected", "false_positive", "resolved", "resolved_with_pedigree"})
_IMAGE_ID = frozenset({"aquasecurity:trivy:ImageID", "syft:image:id", "docker:image:id"})
_NAMES = frozenset({"aquasecurity:trivy:RepoDigest", "aquasecurity:trivy:RepoTag", "aquasecurity:trivy:Reference"})
_LAYER = frozenset({"aquasecurity:trivy:LayerDiffID", "syft:location:0:layerID"})
_PATH = frozenset({"aquasecurity:trivy:FilePath", "syft:location:0:path"})


def parse(document: Node, path: str) -> Report | None:
    """The report, None where the document is another. A list of components alone says nothing of vulnerabilities."""
    if text(document, "bomFormat") != "CycloneDX":
        return None
    # Trivy writes an empty list even where it had no data to look with.
    told = bool(at(document, "vulnerabilities")) and isinstance(at(document, "vulnerabilities"), list)
    components = {text(one, "bom-ref"): one for one in _components(document) if text(one, "bom-ref")}
    about = at(document, "metadata", "component")
    whole = text(about, "bom-ref")
    found = tuple(one for entry in nodes(document, "vulnerabilities") for one in _of(entry, components, whole))
    when = moment(text(document, "metadata", "timestamp"))
    by, version = _tool(document)
    entries = list(nodes(document, "vulnerabilities"))
    statements = bool(entries) and all(text(entry, "analysis", "state") for entry in entries)
    said = Said(by, version, path, when, when, "" if told else "a list of components only")
    properties = _properties(about)
    ids, names = named(
        (*(value for name, value in properties if name in _NAMES), _called(about), _digest(text(about, "purl")))
    )
    ids |= {value for name, value in properties if name in _IMAGE_ID and value}
    version_ = text(about, "version")
    ids |= {version_} if version_.startswith("sha256:") else set()
    unmatched = () if told else (f"{by} lists components and says nothing of vulnerabilities",)
    return Report(said, found, ids, names, unmatched, statements or not told)


def _called(about: object) -> str:
    """The image's name. What is no image is called so that no image's name is the same."""
    name, version, kind = text(about, "name"), text(about, "version"), text(about, "type")
    if kind not in ("container", ""):
        return f"{kind} {name}"
    tagged = not version or version.startswith("sha256:") or ":" in name.rpartition("/")[2] or "@" in name
    return name if tagged or not name else f"{name}:{version}"


def _components(document: Node) -> Iterator[Node]:
    """All of them, also those inside others, to a depth that nobody needs."""
    level = list(nodes(document, "components"))
    for _depth in range(8):
        yield from level
        level = [inner for one in level for inner in nodes(one, "components")]


def _of(entry: Node, components: Mapping[str, Node], whole: str) -> Iterator[Vulnerability]:
    identity = text(entry, "id")
    if not identity:
        return
    words, scores = [], []
    for one in nodes(entry, "ratings"):
        words.append(rating(text(one, "severity")))
        scores.append((number(one, "score"), text(one, "vector"), text(one, "method")))
    by_cvss = [(score, vector) for score, vector, method in scores if score is not None and method.startswith("CVSS")]
    score, vector = by_cvss[0] if by_cvss else (None, "")
    worst = max(words, default=Rating.UNKNOWN)
    if worst is Rating.UNKNOWN and score is not None:
        worst = rated(score)
    excused = _excuse(at(entry, "analysis"))
    aliases = tuple(text(one, "id") for one in nodes(entry, "references") if text(one, "id") not in {"", identity})
    affected = [text(one, "ref") for one in nodes(entry, "affects")]
    known: list[Node] = [components[ref] for ref in affected if ref in components]
    known += [found for ref in affected if ref not in components and (found := _linked(ref))]
    if excused and (not affected or (whole and whole in affected)):
        known.append({})  # about all of the image
    for component in known:
        properties = _properties(component)
        yield Vulnerability(
            id=identity,
            package=_name(component),
            installed=text(component, "version"),
            type=text(component, "purl").removeprefix("pkg:").partition("/")[0],
            fixed=_fixed(text(entry, "recommendation")),
            rating=worst,
            score=score,
            vector=vector,
            summary=text(entry, "description")[:200],
            url=text(entry, "source", "url"),
            aliases=aliases,
            path=_path(next((value for name, value in properties if name in _PATH), "")),
            layer=next((value for name, value in properties if name in _LAYER), ""),
            said_by=("cyclonedx",),
            excused=excused,
        )


def _linked(ref: str) -> Node:
    """A component of another document, where the link (`urn:cdx:SERIAL/VERSION#REF`) says which package it is."""
    purl = unquote(ref.rpartition("#")[2])
    found = package_of(purl)
    return {"name": found[0], "version": found[1], "purl": purl} if found else {}


def _excuse(analysis: object) -> str:
    state = text(analysis, "state")
    if state not in _EXCUSED:
        return ""
    words = (state, text(analysis, "justification"), text(analysis, "detail")[:200])
    return f"VEX: {', '.join(filter(None, words))}"


def _name(component: Node) -> str:
    group, name = text(component, "group"), text(component, "name")
    if not group or text(component, "purl").startswith(("pkg:deb", "pkg:apk", "pkg:rpm")):
        return name
    return f"{group}{':' if text(component, 'purl').startswith('pkg:maven') else '/'}{name}"


def _path(path: str) -> str:
    return f"/{path.lstrip('/')}" if path else ""


def _fixed(recommendation: str) -> str:
    """Trivy writes `Upgrade tar to version 4.4.15, 5.0.7`."""
    return recommendation.partition("to version ")[2].partition(",")[0].strip()


def _tool(document: Node) -> tuple[str, str]:
    tools = at(document, "metadata", "tools")
    listed = (
        list(nodes(tools, "components")) if isinstance(tools, Mapping) else list(nodes(document, "metadata", "tools"))
    )
    first = next(iter(listed), {})
    return text(first, "name") or "cyclonedx", text(first, "version")


def _properties(node: object) -> list[tuple[str, str]]:
    return [(text(one, "name"), text(one, "value")) for one in nodes(node, "properties")]


def _digest(purl: str) -> str:
    """`pkg:oci/app@sha256%3A...`: the digest of a manifest, as a reference."""
    version = unquote(purl.partition("?")[0].rpartition("@")[2]) if purl.startswith("pkg:oci/") else ""
    return f"@{version}" if version.startswith("sha256:") else ""
