"""`trivy image --format json` (SchemaVersion 2)."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.sources.scanners.report import Report, named
from inventory.sources.scanners.tree import Node, at, moment, nodes, number, rating, text, texts
from inventory.vulnerabilities.model import Said, Vulnerability

# Trivy's words for what packages are of, as package URLs have them.
_TYPES = {
    "debian": "deb", "ubuntu": "deb", "alpine": "apk", "wolfi": "apk", "chainguard": "apk", "redhat": "rpm",
    "centos": "rpm", "rocky": "rpm", "alma": "rpm", "fedora": "rpm", "amazon": "rpm", "oracle": "rpm", "suse": "rpm",
    "photon": "rpm", "node-pkg": "npm", "npm": "npm", "yarn": "npm", "python-pkg": "pypi", "pip": "pypi",
    "gobinary": "golang", "gomod": "golang", "jar": "maven", "pom": "maven", "gemspec": "gem", "bundler": "gem",
    "rustbinary": "cargo", "cargo": "cargo",
}  # fmt: skip


def parse(document: Node, path: str) -> Report | None:
    """The report, None where the document is another. Shape: `Results[].Vulnerabilities[]`, `Metadata.ImageID`."""
    if number(document, "SchemaVersion") is None or not isinstance(at(document, "ArtifactName"), str):
        return None
    at_time = moment(text(document, "CreatedAt"))
    said = Said("trivy", text(document, "Trivy", "Version"), path, at_time, at_time)
    results = list(nodes(document, "Results"))
    found = tuple(one for result in results for one in _of(result))
    known = [*texts(document, "Metadata", "RepoDigests"), *texts(document, "Metadata", "RepoTags")]
    if text(document, "ArtifactType") in ("container_image", ""):  # a directory may be called as an image is
        known.append(text(document, "ArtifactName"))
    ids, names = named(known)
    ids |= {text(document, "Metadata", "ImageID")} - {""}
    unmatched: tuple[str, ...] = ()
    if at(document, "ArtifactType") == "container_image" and not any(r.get("Class") == "os-pkgs" for r in results):
        unmatched = ("trivy recognised no distribution in the image, so it says nothing of its packages",)
    return Report(said, found, ids, names, unmatched)


def _of(result: Node) -> Iterator[Vulnerability]:
    kind = _TYPES.get(text(result, "Type"), text(result, "Type"))
    sources = {text(package, "ID"): text(package, "SrcName") for package in nodes(result, "Packages")}
    for one in nodes(result, "Vulnerabilities"):
        name, version = text(one, "PkgName"), text(one, "InstalledVersion")
        identity = text(one, "VulnerabilityID")
        if not identity or not name:
            continue
        score, vector = _cvss(one)
        path = text(one, "PkgPath")
        yield Vulnerability(
            id=identity,
            package=(sources.get(text(one, "PkgID")) or name) if kind in {"deb", "apk"} else name,
            installed=version,
            type=kind,
            fixed=text(one, "FixedVersion").partition(",")[0].strip(),
            rating=rating(text(one, "Severity")),
            score=score,
            vector=vector,
            summary=text(one, "Title")[:200],
            url=text(one, "PrimaryURL"),
            # An advisory of the vendor (VendorIDs) covers several vulnerabilities: it is no name of one of them.
            path=f"/{path.lstrip('/')}" if path else "",
            layer=text(one, "Layer", "DiffID"),
            said_by=("trivy",),
        )


def _cvss(one: Node) -> tuple[float | None, str]:
    """By the source that rated it, else by any; the newest version of CVSS first."""
    told = at(one, "CVSS")
    if not isinstance(told, dict):
        return None, ""
    first = text(one, "SeveritySource")
    for name in (first, "nvd", *sorted(map(str, told))):
        for version in ("V40", "V3", "V2"):
            score = number(told, name, f"{version}Score")
            if score is not None:
                return score, text(told, name, f"{version}Vector")
    return None, ""
