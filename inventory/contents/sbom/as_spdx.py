"""SPDX 2.3, JSON."""

from __future__ import annotations

import json
from typing import Any

from inventory.contents.model import Contents, Package
from inventory.contents.purl import purl
from inventory.contents.sbom.described import (
    Described,
    Tool,
    clean,
    gaps,
    identifier,
    instant,
    license_expression,
    ordered,
    reference,
)

_DOCUMENT = "SPDXRef-DOCUMENT"
_IMAGE = "SPDXRef-image"
_SYSTEM = "SPDXRef-distribution"
_NONE = "NOASSERTION"
_NO_TIME = "1970-01-01T00:00:00Z"


def render(contents: Contents, image: Described, tool: Tool) -> str:
    """The document. A list that is not complete says so in its comment, and that it holds more than it names."""
    packages = ordered(contents.packages)
    listed = [_image(contents, image), *_system(contents), *(_package(each, contents) for each in packages)]
    relations = [_relation(_DOCUMENT, "DESCRIBES", _IMAGE)]
    relations += [_relation(_IMAGE, "CONTAINS", each["SPDXID"]) for each in listed[1:]]
    reasons = "; ".join(map(clean, gaps(contents)))
    if reasons:
        relations.append(_relation(_IMAGE, "CONTAINS", _NONE))
    document: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": clean(image.name) or clean(contents.digest),
        "documentNamespace": f"https://deckwatch.invalid/spdx/{identifier(contents, 'spdx')}",
        "creationInfo": {
            "created": instant(image.created) or _NO_TIME,
            "creators": [f"Tool: {tool.name}-{tool.version}"],
            "comment": "The time is that of the image, not of this document."
            if instant(image.created)
            else "The image does not say when it was made.",
        },
        "packages": listed,
        "relationships": relations,
    }
    if reasons:
        document["comment"] = f"This list is incomplete: {reasons}"
    return json.dumps(document, indent=1) + "\n"


def _relation(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _made(identity: str, name: str, version: str, purpose: str, declared: str = _NONE) -> dict[str, Any]:
    found: dict[str, Any] = {"SPDXID": identity, "name": clean(name)}
    if version:
        found["versionInfo"] = clean(version)
    return found | {
        "downloadLocation": _NONE,
        "filesAnalyzed": False,
        "licenseConcluded": _NONE,
        "licenseDeclared": declared,
        "copyrightText": _NONE,
        "primaryPackagePurpose": purpose,
    }


def _named_by(url: str) -> dict[str, Any]:
    if not url:
        return {}
    reference_ = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": url}
    return {"externalRefs": [reference_]}


def _image(contents: Contents, image: Described) -> dict[str, Any]:
    found = _made(_IMAGE, image.name or contents.digest, contents.digest, "CONTAINER") | _named_by(image.purl())
    algorithm, _, value = contents.digest.partition(":")
    if algorithm == "sha256" and len(value) == 64 and set(value) <= set("0123456789abcdef"):
        found["checksums"] = [{"algorithm": "SHA256", "checksumValue": value}]
    layers = [f"layer {number}: {clean(layer.diff_id)}" for number, layer in enumerate(contents.layers, 1)]
    if layers:
        found["comment"] = "\n".join(layers)
    return found


def _system(contents: Contents) -> list[dict[str, Any]]:
    distribution = contents.distribution
    if not distribution.id:
        return []
    version = distribution.version_id or distribution.codename
    return [_made(_SYSTEM, distribution.id, version, "OPERATING-SYSTEM")]


def _package(package: Package, contents: Contents) -> dict[str, Any]:
    declared = license_expression(package.licenses)
    found = _made(f"SPDXRef-{reference(package)}", package.name, package.version, "LIBRARY", declared or _NONE)
    if package.licenses and not declared:
        found["licenseComments"] = f"declared: {'; '.join(map(clean, package.licenses))}"
    said = [f"recorded in {clean(package.path)}"]
    if package.layer:
        said.append(f"layer {clean(package.layer)}")
    if package.source:
        said.append(f"source package {clean(package.source)} {clean(package.source_version)}".rstrip())
    if package.owner:
        said.append(f"of the distribution's package {clean(package.owner)}")
    if package.module:
        said.append(f"module {clean(package.module)}")
    found["sourceInfo"] = "; ".join(said)
    return found | _named_by(purl(package, contents.distribution))
