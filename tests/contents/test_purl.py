"""Package URLs, as the specification's own reference implementation writes them."""

from __future__ import annotations

import pytest

from inventory.contents.model import Distribution, Package
from inventory.contents.purl import image_purl, purl

DEBIAN = Distribution("debian", "12", codename="bookworm")
EL = Distribution("rocky", "9.3")
ALPINE = Distribution("alpine", "3.18.4")


@pytest.mark.parametrize(
    ("package", "distribution", "expected"),
    [
        (
            Package("deb", "bsdutils", "1:2.36.1-8+deb11u1", "/x", "", "util-linux", "2.36.1-8+deb11u1", "amd64"),
            DEBIAN,
            "pkg:deb/debian/bsdutils@1:2.36.1-8%2Bdeb11u1"
            "?arch=amd64&distro=debian-12&upstream=util-linux%402.36.1-8%2Bdeb11u1",
        ),
        (Package("deb", "g++", "4:12.2.0-3", "/x"), Distribution(), "pkg:deb/debian/g%2B%2B@4:12.2.0-3"),
        (
            Package("deb", "bash", "5", "/x"),
            Distribution("debian", codename="sid"),
            "pkg:deb/debian/bash@5?distro=debian-sid",
        ),
        (
            Package("apk", "libcrypto3", "3.1.2-r0", "/x", "", "openssl", "3.1.2-r0", "x86_64"),
            ALPINE,
            "pkg:apk/alpine/libcrypto3@3.1.2-r0?arch=x86_64&distro=alpine-3.18.4&upstream=openssl",
        ),
        (
            Package("rpm", "openssl-libs", "1:3.0.7-24.el9", "/x", "", "openssl", "1:3.0.7-24.el9", "x86_64"),
            EL,
            "pkg:rpm/rocky/openssl-libs@3.0.7-24.el9"
            "?arch=x86_64&distro=rocky-9.3&epoch=1&upstream=openssl-3.0.7-24.el9.src.rpm",
        ),
        (Package("rpm", "x", "1~rc1^g-1", "/x"), Distribution(), "pkg:rpm/x@1~rc1%5Eg-1"),
        (Package("pypi", "Jaraco.Text_x", "1.0+l", "/x"), DEBIAN, "pkg:pypi/jaraco-text-x@1.0%2Bl"),
        (Package("npm", "@babel/code-frame", "7.0.0", "/x"), DEBIAN, "pkg:npm/%40babel/code-frame@7.0.0"),
        (
            Package("golang", "github.com/Azure/sdk/v2", "v1.2.3+incompatible", "/x"),
            DEBIAN,
            "pkg:golang/github.com/Azure/sdk/v2@v1.2.3%2Bincompatible",
        ),
        (Package("golang", "lab.test/mini", "(devel)", "/x"), DEBIAN, "pkg:golang/lab.test/mini"),
        (Package("golang", "stdlib", "1.22.1", "/x"), DEBIAN, "pkg:golang/stdlib@1.22.1"),
        (Package("maven", "org.a:b", "1", "/x"), DEBIAN, "pkg:maven/org.a/b@1"),
        (Package("maven", "b", "1", "/x"), DEBIAN, "pkg:generic/b@1"),
        (
            Package("gem", "nokogiri", "1.15.4", "/x", architecture="x86_64-linux"),
            DEBIAN,
            "pkg:gem/nokogiri@1.15.4?platform=x86_64-linux",
        ),
        (Package("cargo", "itoa", "1.0.1", "/x"), DEBIAN, "pkg:cargo/itoa@1.0.1"),
        (Package("deb", "x", "1", "/x"), Distribution("../evil?", "1"), "pkg:deb/debian/x@1?distro=debian-1"),
    ],
)
def test_purl(package: Package, distribution: Distribution, expected: str) -> None:
    assert purl(package, distribution) == expected


def test_of_images() -> None:
    digest = "sha256:" + "a" * 64
    assert image_purl(f"ghcr.io/Org/App@{digest}", "v1", "amd64") == (
        f"pkg:oci/app@{digest}?arch=amd64&repository_url=ghcr.io/org/app&tag=v1"
    )
    assert image_purl(f"debian@{digest}") == f"pkg:oci/debian@{digest}?repository_url=docker.io/library/debian"
    assert image_purl("debian:12") == ""
