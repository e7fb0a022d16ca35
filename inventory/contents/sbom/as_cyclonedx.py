"""CycloneDX 1.6, JSON."""

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

_IMAGE = "image"
_SYSTEM = "distribution"


def render(contents: Contents, image: Described, tool: Tool) -> str:
    """The document. A list that is not complete says so in `compositions`, and why in the image's properties."""
    packages = ordered(contents.packages)
    components = [*_system(contents), *(_component(package, contents) for package in packages)]
    metadata: dict[str, Any] = {
        "tools": {"components": [{"type": "application", "name": tool.name, "version": tool.version}]},
        "component": _image(contents, image),
    }
    made = instant(image.created)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{identifier(contents, 'cyclonedx')}",
        "version": 1,
        "metadata": ({"timestamp": made} if made else {}) | metadata,
        "components": components,
        "dependencies": [{"ref": _IMAGE, "dependsOn": [each["bom-ref"] for each in components]}],
        "compositions": [
            {"aggregate": "incomplete" if gaps(contents) else "complete", "assemblies": [_IMAGE]},
            {"aggregate": "unknown", "dependencies": [_IMAGE]},
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def _image(contents: Contents, image: Described) -> dict[str, Any]:
    said = [("deckwatch:image:id", contents.digest), ("deckwatch:image:os", image.os)]
    said += [("deckwatch:image:architecture", image.architecture)]
    said += [("deckwatch:image:repoDigest", digest) for digest in image.repo_digests]
    said += [("deckwatch:layer:diffID", layer.diff_id) for layer in contents.layers]
    said += [("deckwatch:incomplete", problem) for problem in gaps(contents)]
    component = {
        "type": "container",
        "bom-ref": _IMAGE,
        "name": clean(image.name) or clean(contents.digest),
        "version": clean(contents.digest),
    }
    name = image.purl()
    return component | ({"purl": name} if name else {}) | _properties(said)


def _system(contents: Contents) -> list[dict[str, Any]]:
    distribution = contents.distribution
    if not distribution.id:
        return []
    component = {"type": "operating-system", "bom-ref": _SYSTEM, "name": clean(distribution.id)}
    if distribution.version_id or distribution.codename:
        component["version"] = clean(distribution.version_id or distribution.codename)
    if distribution.pretty_name:
        component["description"] = clean(distribution.pretty_name)
    return [component]


def _component(package: Package, contents: Contents) -> dict[str, Any]:
    component: dict[str, Any] = {"type": "library", "bom-ref": reference(package)}
    group, name = _named(package)
    if group:
        component["group"] = clean(group)
    component["name"] = clean(name)
    component["version"] = clean(package.version)
    licensed = _licenses(package)
    if licensed:
        component["licenses"] = licensed
    component["purl"] = purl(package, contents.distribution)
    component["evidence"] = {"occurrences": [{"location": clean(package.path)}]}
    said = [("deckwatch:layer:diffID", package.layer), ("deckwatch:owner", package.owner)]
    said += [("deckwatch:source:name", package.source), ("deckwatch:source:version", package.source_version)]
    said += [("deckwatch:rpm:modularitylabel", package.module)]
    return component | _properties(said)


def _named(package: Package) -> tuple[str, str]:
    """Group and name, where the ecosystem has groups: npm's scope, Maven's group."""
    if package.type == "npm" and package.name.startswith("@") and "/" in package.name:
        scope, _, name = package.name.partition("/")
        return scope, name
    if package.type == "maven":
        group, _, name = package.name.rpartition(":")
        return group, name
    return "", package.name


def _licenses(package: Package) -> list[dict[str, Any]]:
    expression = license_expression(package.licenses)
    if expression:
        return [{"expression": expression}]
    return [{"license": {"name": clean(each)}} for each in package.licenses]


def _properties(said: list[tuple[str, str]]) -> dict[str, Any]:
    found = [{"name": name, "value": clean(value)} for name, value in said if value]
    return {"properties": found} if found else {}
