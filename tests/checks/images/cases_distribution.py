"""Cases of an image's distribution and its end of life."""

from __future__ import annotations

from datetime import date
from typing import Any

from checks.data.updates import Ending, Tables
from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.contents.model import Contents, Distribution, Package
from inventory.image_analysis import ImageAnalysis
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import GAP, SOURCE, changed
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import built

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
BASE = "org.opencontainers.image.base.name"
_app = built()
_key = ResourceKey(Kind.IMAGE_ANALYSIS, SOURCE, _app.id)
LATER = Policy(
    tables=Tables(dates={"Alpine": date(2026, 11, 1)}, endings={"Alpine": {"3.24": Ending(date(2028, 5, 1))}})
)
OLD = 1_803_900_000.0  # 2027-03-01: the shipped table is too old by then


def _of(system: tuple[str, ...], expected: Outcome, severity: Severity | None = None, **more: Any) -> Case:
    """An image with this ID, VERSION_ID and whatever else of os-release; `found` is what else was found in it."""
    names = ("id", "version_id", "codename", "support_end")
    distribution = Distribution(**dict(zip(names, system, strict=False)))
    contents = Contents(_app.id, "overlay", 1, distribution=distribution, **more.pop("found", {}))
    analysis = ImageAnalysis.build(key=_key, name="app", contents=contents, provenance=GAP, vulnerabilities=GAP)
    return Case(
        "IMG-020", more.pop("subject", _app), expected, severity, (ENGINE, analysis), note=more.pop("note"), **more
    )


def _labelled(base: str) -> Any:
    return changed(_app, labels={BASE: base})


_ESM = Package("deb", "openssl", "1.1.1f-1ubuntu2.24+esm1", "/var/lib/dpkg/status")
_DEB = Package("deb", "bash", "5.2.15-2", "/var/lib/dpkg/status")

CASES = [
    _of(("debian", "11"), FAIL, Severity.HIGH, note="LTS is over"),
    _of(("debian", "12"), PASS, note="LTS"),
    _of(("debian", "", "jessie"), FAIL, note="by codename"),
    _of(("debian", "", "forky/sid"), MANUAL, note="no release"),
    _of(("debian", "99"), MANUAL, note="a release nobody knows"),
    _of(("ubuntu", "20.04"), FAIL, note="free fixes are over"),
    _of(("ubuntu", "20.04"), MANUAL, note="paid fixes", found={"packages": (_ESM,)}),
    _of(("ubuntu", "14.04"), FAIL, note="paid fixes are over", found={"packages": (_ESM,)}),
    _of(("alpine", "3.21.3"), FAIL, note="three weeks ago"),
    _of(("alpine", "3.22.0"), PASS, note="patch release"),
    _of(("alpine", "3.24.0"), MANUAL, note="newer than the table"),
    _of(("alpine", "3.24.0"), PASS, note="fetched table", policy=LATER),
    _of(("alpine", "3.23.0_alpha20250612"), MANUAL, note="edge"),
    _of(("fedora", "43"), MANUAL, note="nine days left"),
    _of(("amzn", "2018.03"), FAIL, note="Amazon Linux 1"),
    _of(("opensuse-leap", "15.6"), FAIL, note="Leap"),
    _of(("rhel", "9.4"), PASS, note="minor release"),
    _of(("rocky", "9.3"), PASS, note="rebuild"),
    _of(("wolfi", "20230201"), PASS, note="without releases"),
    _of(("somethingelse", "1"), MANUAL, note="a distribution nobody knows"),
    _of(("somethingelse", "1", "", "2025-01-01"), FAIL, note="says so itself"),
    _of(("debian", "11", "", "2030-01-01"), PASS, note="says that it lives on"),
    _of(("debian", "12", "", "soon"), PASS, note="says nonsense"),
    _of(("debian", "12"), MANUAL, note="table too old", now=OLD),
    _of((), NA, note="nothing but programs"),
    _of((), MANUAL, note="packages, but no name", found={"packages": (_DEB,)}),
    _of((), UNKNOWN, note="not all read", found={"complete": False, "problems": ("cut off",)}),
    Case("IMG-020", _app, UNKNOWN, note="nobody looked"),
    Case("IMG-020", _labelled("docker.io/library/debian:buster-slim"), FAIL, note="label, codename"),
    Case("IMG-020", _labelled("alpine:3.18"), FAIL, note="label, version"),
    Case("IMG-020", _labelled("amazonlinux:2"), FAIL, note="label, other name"),
    Case("IMG-020", _labelled("docker.io/library/debian:12"), UNKNOWN, note="label proves nothing good"),
    Case("IMG-020", _labelled("registry.example/library/debian:8"), UNKNOWN, note="label of another registry"),
    Case("IMG-020", _labelled("::@//"), UNKNOWN, note="label of nonsense"),
    _of(("debian", "12"), PASS, note="contents before label", subject=_labelled("docker.io/library/debian:8")),
]
