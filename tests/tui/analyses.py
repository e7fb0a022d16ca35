"""Made-up analyses of images, shaped as real ones: what a Debian image with an application on top of it gives."""

from __future__ import annotations

from typing import Any

from inventory.contents.model import (
    SCHEMA,
    Account,
    Cache,
    Contents,
    Distribution,
    FileFact,
    Layer,
    Package,
    SecretFile,
)
from inventory.gap import Gap, Reason
from inventory.image import Image
from inventory.image_analysis import ImageAnalysis
from inventory.resource import Kind, ResourceKey
from inventory.signatures.model import Attestation, Layout, Mark, Provenance, Signature, Step
from inventory.vulnerabilities.model import Rating, Said, Vulnerabilities, Vulnerability, ordered

DAY = 86400.0
PEM = "sha256:" + "ab" * 32
STEPS = (
    "/bin/sh -c #(nop) ADD file:8eaa4b2f7b in / ",
    "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends libssl3 curl # buildkit",
    "COPY requirements.txt /app/ # buildkit",
    "RUN /bin/sh -c pip install --no-cache-dir -r /app/requirements.txt # buildkit",
    "RUN |1 DB_PASSWORD=hunter2hunter2 /bin/sh -c ./configure # buildkit",
)


def diff_id(number: int) -> str:
    """The diffID of a layer."""
    return f"sha256:{number:064x}"


def contents(image: Image, now: float, **changes: Any) -> Contents:
    """A Debian 12 with Python on it; five layers, one of which hides something."""
    layers = tuple(
        Layer(
            diff_id(number), size, added, changed, removed, wasted, step,
            (FileFact(f"/usr/lib/x86_64-linux-gnu/lib{number}.so", 0o644, size=size // 3, layer=diff_id(number)),),
        )
        for number, (size, added, changed, removed, wasted, step) in enumerate(
            zip(
                (74_000_000, 18_000_000, 1_400, 41_000_000, 0), (3300, 412, 1, 2210, 0), (0, 61, 0, 12, 0),
                (0, 3, 0, 0, 1), (0, 2_400_000, 0, 310_000, 0), STEPS, strict=True,
            )
        )
    )  # fmt: skip
    values: dict[str, Any] = {
        "distribution": Distribution("debian", "12", "Debian GNU/Linux 12 (bookworm)", "bookworm"),
        "packages": packages(),
        "layers": layers,
        "set_id": (FileFact("/usr/bin/passwd", 0o4755, size=68_248, layer=diff_id(0)),),
        "accounts": (Account("root", 0, 0, "/root", "/bin/bash", "locked"),),
        "secrets": (
            SecretFile(
                "/app/.env", diff_id(2), 120, "aws-access-key", "content", "AKIA****", diff_id(4), "0123456789ab"
            ),
            SecretFile("/root/.ssh/id_rsa", diff_id(3), 2602, "private-key-name", "name"),
        ),
        "caches": (Cache("/var/lib/apt/lists", 18_000_000, 12, diff_id(1)),),
        "tools": {"shell": ("/bin/bash", "/bin/dash"), "package manager": ("/usr/bin/apt",)},
        "files": 6021,
        "size": 133_001_400,
        "read_at": now - 60,
    }
    return Contents(image.key.id, "overlay", SCHEMA, **values | changes)


def packages() -> tuple[Package, ...]:
    """Packages of a distribution and of a language."""
    told = (
        ("deb", "libssl3", "3.0.11-1~deb12u2", 1, "openssl"),
        ("deb", "openssl", "3.0.11-1~deb12u2", 1, ""),
        ("deb", "curl", "7.88.1-10+deb12u5", 1, ""),
        ("deb", "libc6", "2.36-9+deb12u4", 0, "glibc"),
        ("deb", "zlib1g", "1:1.2.13.dfsg-1", 0, "zlib"),
        ("pypi", "requests", "2.25.1", 3, ""),
        ("pypi", "Jinja2", "2.11.2", 3, ""),
        ("maven", "org.apache.logging.log4j:log4j-core", "2.14.1", 3, ""),
    )
    return tuple(
        Package(
            kind, name, version,
            "/var/lib/dpkg/status" if kind == "deb" else f"/usr/lib/python3/site-packages/{name}/METADATA",
            diff_id(layer), source,
        )
        for kind, name, version, layer, source in told
    )  # fmt: skip


def found() -> tuple[Vulnerability, ...]:
    """One that is exploited, some with a fix, one without, one that nobody rated, one that is excused."""

    def one(name: str, package: str, installed: str, rating: Rating, layer: int, **more: Any) -> Vulnerability:
        return Vulnerability(
            name, package, installed, rating=rating, layer=diff_id(layer), **{"said_by": ("osv",), **more}
        )

    log4j = "org.apache.logging.log4j:log4j-core"
    return ordered(
        (
            one(
                "CVE-2021-44228", log4j, "2.14.1", Rating.CRITICAL, 3, type="maven", fixed="2.15.0", score=10.0,
                exploited=True, epss=0.9736, said_by=("osv", "trivy"), aliases=("GHSA-jfh8-c2jp-5v3q",),
                summary="Remote code injection in Log4j",
            ),
            one("CVE-2023-5678", "libssl3", "3.0.11-1~deb12u2", Rating.MEDIUM, 1, type="deb", fixed="3.0.13-1~deb12u1",
                score=5.3, epss=0.0021, summary="Excessive time spent in DH check"),
            one("CVE-2023-38545", "curl", "7.88.1-10+deb12u5", Rating.CRITICAL, 1, type="deb", score=9.8,
                summary="SOCKS5 heap buffer overflow"),
            one("CVE-2024-35195", "requests", "2.25.1", Rating.MEDIUM, 3, type="pypi", fixed="2.32.0", score=5.6),
            one("CVE-2020-28493", "Jinja2", "2.11.2", Rating.HIGH, 3, type="pypi", fixed="2.11.3", score=7.5),
            one("GHSA-xxxx-yyyy-zzzz", "requests", "2.25.1", Rating.UNKNOWN, 3, type="pypi"),
            one("CVE-2010-4756", "libc6", "2.36-9+deb12u4", Rating.NEGLIGIBLE, 0, type="deb",
                excused="distribution says unimportant"),
        )
    )  # fmt: skip


def vulnerabilities(image: Image, now: float, **changes: Any) -> Vulnerabilities:
    """What our own matching and an engine say."""
    said = (
        Said("osv", "2026-11-20", "/home/ops/.local/share/deckwatch/vulndb", now - 3 * DAY, now - 60),
        Said("trivy", "0.51.1", "", now - 1 * DAY, now - 60),
    )
    return Vulnerabilities(image.key.id, **{"found": found(), "said": said, **changes})


def provenance(image: Image, now: float, **changes: Any) -> Provenance:
    """Signed by a key that the policy names, and by another."""
    digest = f"sha256:{'5f' * 32}"
    good = Signature(
        Layout.COSIGN_TAG, "registry.example/shop/web:sha256-5f5f.sig, layer 1", Mark.VERIFIED,
        signer="release-key", key_id="ab" * 32, algorithm="ecdsa-p256-sha256", digest=digest, at=now - 2 * DAY,
        annotations={"build": "1234"},
        steps=(
            Step("image", image.key.id),
            Step("manifest", digest),
            Step("payload", "critical.image.docker-manifest-digest is that digest"),
            Step("signature", "ECDSA P-256 with SHA-256"),
            Step("key", "release-key, sha256 ab..ab"),
            Step("transparency log", "no entry is attached", None),
            Step("policy", "rule 2 registry.example/** (line 14): signed_by release-key"),
        ),
    )  # fmt: skip
    other = Signature(
        Layout.NOTATION, "registry.example/shop/web@sha256:77.., layer 1", Mark.FAILED, "untrusted_certificate",
        "no root of the trust store issued CN=ci", "CN=ci", "CN=Somebody Else", "cd" * 32, "rsa-pss-sha384", digest,
        steps=(
            Step("payload", digest),
            Step("signature", "RSASSA-PSS with SHA-384"),
            Step("certificate", "CN=ci, issued by CN=Somebody Else", False),
            Step("policy", "not looked at", None),
        ),
    )  # fmt: skip
    values: dict[str, Any] = {
        "repository": "registry.example/shop/web",
        "mark": Mark.VERIFIED,
        "by": "release-key",
        "rule": "rule 2 registry.example/** (line 14)",
        "demanded": True,
        "leads_here": True,
        "signatures": (good, other),
        "attestations": (
            Attestation(
                "https://slsa.dev/provenance/v1", "referrers", Mark.VERIFIED, "release-key", "https://ci.example", now
            ),
            Attestation("https://cyclonedx.org/bom", "referrers", Mark.UNKNOWN, detail="not signed"),
        ),
        "looked": ("registry.example/shop/web:sha256-5f5f.sig", "referrers of sha256:5f5f.."),
        "missed": ("https://sigs.example/lookaside: timed out after 5 s",),
        "at": now - 60,
    }
    return Provenance(digest, **values | changes)


NAMES = (
    "registry.example/shop/web:1.25", "registry.example/shop/cart:2.4.1", "postgres:15", "registry.example/ci/runner",
    "redis:7.2", "alpine:3.20", "quay.io/team/tools:nightly", "registry.example/shop/gone:0.9", "local/build:dev",
)  # fmt: skip


def gallery(like: Image) -> list[Image]:
    """Images of different names, otherwise like this one, which is the first of them."""
    made = [like]
    for number, name in enumerate(NAMES[1:], 1):
        values = {field: like.peek(field) for field in like.field_names if field != "gaps"}
        digest = f"sha256:{number:02x}{'9c' * 31}"
        tagged = {"key": like.key._replace(id=digest), "id": digest, "name": name, "repo_tags": (name,)}
        made.append(Image.build(**values | tagged | {"size": (41 * number) << 20}))
    return made


def analysis(image: Image, now: float, **parts: Any) -> ImageAnalysis:
    """All of an image; parts that are given replace those made here."""
    values: dict[str, Any] = {
        "contents": contents(image, now),
        "provenance": provenance(image, now),
        "vulnerabilities": vulnerabilities(image, now),
    }
    key = ResourceKey(Kind.IMAGE_ANALYSIS, image.key.source, image.key.id)
    return ImageAnalysis.build(key=key, name=image.name, observed_at=now, **values | parts)


def in_every_state(image: Image, number: int, now: float) -> ImageAnalysis:
    """An analysis for the image of this number: one after the other in every state there is."""
    gap = Gap(Reason.TIMEOUT, "the registry", "no answer in 5 s")
    not_asked = Gap(Reason.PENDING, "contents of the image", "not asked for")
    old = (Said("osv", data_at=now - 40 * DAY, at=now - 39 * DAY),)
    few = tuple(one for one in found() if one.rating <= Rating.MEDIUM)
    states: tuple[dict[str, Any], ...] = (
        {},
        {"provenance": provenance(image, now, mark=Mark.FAILED, reason="digest_mismatch", by="")},
        {"provenance": provenance(image, now, mark=Mark.UNSIGNED, signatures=(), attestations=(), by="")},
        {
            "provenance": provenance(
                image, now, repository="", rule="", demanded=False, mark=Mark.UNKNOWN, by="", leads_here=None
            ),
            "vulnerabilities": vulnerabilities(image, now, found=few, said=old),
        },
        {
            "contents": contents(image, now, complete=False, problems=("layer 3: the stream ended early",)),
            "provenance": gap,
            "vulnerabilities": vulnerabilities(image, now, found=()),
        },
        {
            "contents": contents(image, now, distribution=Distribution("alpine", "3.20.3", "Alpine Linux v3.20")),
            "provenance": provenance(image, now, leads_here=None, missed=()),
            "vulnerabilities": vulnerabilities(image, now, found=()),
        },
        {
            "contents": not_asked,
            "vulnerabilities": Gap(Reason.UNSUPPORTED, "vulnerability database", "none was imported"),
        },
    )
    return analysis(image, now, **states[number % len(states)])
