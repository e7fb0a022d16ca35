"""Bills of materials: the structure that their schemas ask for, the same bytes every time, and what is missing said."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from inventory.contents.model import Contents, Distribution, Layer, Package
from inventory.contents.sbom import as_cyclonedx, as_spdx
from inventory.contents.sbom.described import Described, Tool

LAYER = "sha256:" + "b" * 64
TOOL = Tool("deckwatch", "1.0")
IMAGE = Described("app:1", 1_700_000_000.5, "amd64", "linux", ("reg.example/app@sha256:" + "c" * 64,))
CONTENTS = Contents(
    "sha256:" + "a" * 64,
    "overlay",
    1,
    distribution=Distribution("debian", "12", "Debian 12"),
    layers=(Layer(LAYER),),
    packages=(
        Package("npm", "@s/x", "1", "/app/node_modules/@s/x/package.json", LAYER, licenses=("MIT",)),
        Package("maven", "org.a:b", "1", "/a.jar", LAYER, licenses=("Apache 2",)),
        Package("deb", "libssl3", "3.0-1", "/var/lib/dpkg/status", LAYER, "openssl", "3.0-1", "amd64"),
        Package("pypi", "requests", "2", "/usr/lib/x/METADATA", LAYER, owner="python3-requests"),
        Package("pypi", "requests", "2", "/opt/x/METADATA", LAYER, licenses=("MIT or ISC",)),
        Package("pypi", "requests", "2", "/opt/x/METADATA", LAYER, licenses=("MIT or ISC",)),
        Package("rpm", "perl", "1-1", "/rpmdb", LAYER, module="perl:5.30:1:x", licenses=("GPL-2.0-only", "MIT OR ISC")),
    ),
)
PART = msgspec.structs.replace(CONTENTS, complete=False, problems=("/x is damaged", "\x1b[2J\u202e"))


def cyclonedx(contents: Contents = CONTENTS, image: Described = IMAGE) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(as_cyclonedx.render(contents, image, TOOL))
    return document


def spdx(contents: Contents = CONTENTS, image: Described = IMAGE) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(as_spdx.render(contents, image, TOOL))
    return document


def test_cyclonedx_structure() -> None:
    document = cyclonedx()
    assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document["serialNumber"])
    assert document["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    image = document["metadata"]["component"]
    assert (image["type"], image["name"], image["version"]) == ("container", "app:1", CONTENTS.digest)
    assert image["purl"].startswith("pkg:oci/app@sha256:cc")
    named = [each["bom-ref"] for each in document["components"]]
    assert len(set(named)) == len(named) == 7, "one system, six records of packages"
    (dependencies,) = document["dependencies"]
    assert dependencies == {"ref": image["bom-ref"], "dependsOn": named}
    assert all(each["type"] in ("library", "operating-system") for each in document["components"])


def test_cyclonedx_packages() -> None:
    found = {each["name"]: each for each in cyclonedx()["components"]}
    assert (found["x"]["group"], found["x"]["licenses"]) == ("@s", [{"expression": "MIT"}])
    assert (found["b"]["group"], found["b"]["licenses"]) == ("org.a", [{"license": {"name": "Apache 2"}}])
    requests = [each for each in cyclonedx()["components"] if each["name"] == "requests"]
    assert [each.get("licenses") for each in requests] == [[{"expression": "MIT OR ISC"}], None]
    assert found["perl"]["licenses"] == [{"expression": "GPL-2.0-only AND (MIT OR ISC)"}]
    assert found["perl"]["properties"][-1] == {"name": "deckwatch:rpm:modularitylabel", "value": "perl:5.30:1:x"}
    ssl = found["libssl3"]
    assert ssl["evidence"] == {"occurrences": [{"location": "/var/lib/dpkg/status"}]}
    assert ssl["purl"] == "pkg:deb/debian/libssl3@3.0-1?arch=amd64&distro=debian-12&upstream=openssl"
    assert {"name": "deckwatch:layer:diffID", "value": LAYER} in ssl["properties"]
    assert {"name": "deckwatch:source:name", "value": "openssl"} in ssl["properties"]
    assert [each["version"] for each in cyclonedx()["components"] if each["type"] == "operating-system"] == ["12"]


def test_spdx_structure() -> None:
    document = spdx()
    assert (document["spdxVersion"], document["dataLicense"]) == ("SPDX-2.3", "CC0-1.0")
    assert document["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    assert document["creationInfo"]["creators"] == ["Tool: deckwatch-1.0"]
    named = [each["SPDXID"] for each in document["packages"]]
    assert len(set(named)) == len(named) == 8
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", each) for each in named)
    assert document["relationships"][0] == {
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relationshipType": "DESCRIBES",
        "relatedSpdxElement": "SPDXRef-image",
    }
    assert [each["relatedSpdxElement"] for each in document["relationships"]] == named
    found = {each["name"]: each for each in document["packages"]}
    assert found["@s/x"]["licenseDeclared"] == "MIT"
    assert found["org.a:b"]["licenseDeclared"] == "NOASSERTION"
    assert found["org.a:b"]["licenseComments"] == "declared: Apache 2"
    assert found["libssl3"]["externalRefs"][0]["referenceLocator"].startswith("pkg:deb/debian/libssl3@")
    assert LAYER in found["libssl3"]["sourceInfo"]
    assert found["app:1"]["checksums"] == [{"algorithm": "SHA256", "checksumValue": "a" * 64}]


@pytest.mark.parametrize("render", [as_cyclonedx.render, as_spdx.render])
def test_the_same_image_gives_the_same_bytes(render: Any) -> None:
    later = msgspec.structs.replace(CONTENTS, packages=CONTENTS.packages[::-1], read_at=5.0)
    assert render(CONTENTS, IMAGE, TOOL) == render(later, IMAGE, TOOL)
    assert render(CONTENTS, IMAGE, TOOL) != render(PART, IMAGE, TOOL)


def test_what_is_missing_is_said() -> None:
    whole, part = cyclonedx(), cyclonedx(PART)
    assert whole["compositions"][0] == {"aggregate": "complete", "assemblies": ["image"]}
    assert part["compositions"][0] == {"aggregate": "incomplete", "assemblies": ["image"]}
    assert whole["serialNumber"] != part["serialNumber"]
    said = [each["value"] for each in part["metadata"]["component"]["properties"] if "incomplete" in each["name"]]
    assert said == ["/x is damaged", "\ufffd[2J\ufffd"]
    assert "comment" not in spdx()
    assert spdx(PART)["comment"].startswith("This list is incomplete: /x is damaged; ")
    assert spdx(PART)["relationships"][-1]["relatedSpdxElement"] == "NOASSERTION"


@pytest.mark.parametrize("created", [0.0, -1.0, 1e18])
def test_an_image_without_a_time(created: float) -> None:
    image = Described("", created)
    assert "timestamp" not in cyclonedx(image=image)["metadata"]
    assert cyclonedx(image=image)["metadata"]["component"]["name"] == CONTENTS.digest
    assert spdx(image=image)["creationInfo"]["created"] == "1970-01-01T00:00:00Z"


def test_nothing_reaches_a_terminal() -> None:
    evil = "\x1b]0;x\x07\u202e\ud800\x7f"
    contents = msgspec.structs.replace(
        CONTENTS,
        digest=evil,
        distribution=Distribution(evil, evil, evil),
        packages=(Package("deb", evil, evil, evil, evil, evil, evil, evil, (evil,), evil, evil),),
        problems=(evil,),
    )
    for render in (as_cyclonedx.render, as_spdx.render):
        text = render(contents, Described(evil, 1.0, evil, evil, (evil,)), TOOL)
        assert all(" " <= sign <= "~" or sign == "\n" for sign in text)
        json.loads(text)
