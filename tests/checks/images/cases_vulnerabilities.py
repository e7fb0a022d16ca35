"""Cases of what is known to be wrong with an image's packages."""

from __future__ import annotations

from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.image_analysis import ImageAnalysis
from inventory.model import Image
from inventory.resource import Kind, ResourceKey
from inventory.signatures.policy import Rule, TrustPolicy
from inventory.vulnerabilities.model import Rating, Said, Vulnerabilities, Vulnerability
from tests.checks.builders import NOW, SOURCE, docker, engine
from tests.checks.cases import Case
from tests.checks.facts import built, made_from

FAIL, PASS, NA, UNKNOWN = Outcome.FAIL, Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
DAY = 86400.0

BUSYBOX = built("busybox_1.35")
USED = (engine("info-noswarm"), made_from(BUSYBOX, docker("plain"), image_ref="busybox:1.35"))
_OSV = Said("osv", "", "", NOW - DAY, NOW - DAY)
# As told by the records DSA-5343-1 and PYSEC-2018-28 of one image of Debian 12 with Python packages.
_OPENSSL = Vulnerability(
    "CVE-2022-4450", "openssl", "1.1.1n-0+deb11u3", "deb", "1.1.1n-0+deb11u4", Rating.HIGH, said_by=("osv",)
)
_REQUESTS = Vulnerability("CVE-2018-18074", "requests", "2.19.0", "pypi", "2.20.0", Rating.CRITICAL, 9.8)
_NO_FIX = Vulnerability("CVE-2005-2541", "tar", "1.34+dfsg-1.2", "deb", "", Rating.HIGH)
_LOW = Vulnerability("CVE-2011-3374", "apt", "2.6.1", "deb", "", Rating.LOW)


def told(*found: Vulnerability, said: tuple[Said, ...] = (_OSV,), unmatched: tuple[str, ...] = ()) -> ImageAnalysis:
    """An analysis of the image with these vulnerabilities."""
    return _analysis(Vulnerabilities(BUSYBOX.id, found, said, unmatched))


def _analysis(vulnerabilities: Vulnerabilities | Gap, image: Image = BUSYBOX) -> ImageAnalysis:
    return ImageAnalysis.build(
        key=ResourceKey(Kind.IMAGE_ANALYSIS, SOURCE, image.id), name=image.name, vulnerabilities=vulnerabilities
    )


def _excused(one: Vulnerability) -> Vulnerability:
    return Vulnerability(
        one.id, one.package, one.installed, one.type, one.fixed, one.rating, excused="VEX: not_affected"
    )


_RULE = Policy(trust=TrustPolicy((Rule(("busybox",), 1, max_severity="low"),)))
_OLD = Said("trivy", "0.76.0", "report.json", NOW - 40 * DAY, NOW - DAY)

_UNRATED = Vulnerability("CVE-2024-1000", "curl", "7", "deb", "8")
_MALICIOUS = Vulnerability("MAL-2024-1", "reqeusts", "1", "pypi")

CASES = [
    Case("IMG-009", BUSYBOX, UNKNOWN, others=(told(_UNRATED, _LOW),), note="one with a fix that nobody rated"),
    Case("IMG-009", BUSYBOX, PASS, others=(told(_excused(_UNRATED)),), note="not rated, but excused"),
    Case(
        "IMG-009",
        BUSYBOX,
        UNKNOWN,
        others=(told(Vulnerability("CVE-2024-1000", "curl", "7")),),
        policy=_RULE,
        note="not rated, where the rule counts all",
    ),
    Case("IMG-009", BUSYBOX, FAIL, CRITICAL, others=(told(_MALICIOUS),), note="malware"),
    Case("IMG-009", BUSYBOX, FAIL, HIGH, others=(told(_OPENSSL, _LOW),), note="a high one with a fix"),
    Case("IMG-009", BUSYBOX, FAIL, CRITICAL, others=(told(_REQUESTS),), note="a critical one"),
    Case(
        "IMG-009",
        BUSYBOX,
        FAIL,
        CRITICAL,
        others=(told(Vulnerability("CVE-2021-44228", "tar", "1", exploited=True)),),
        note="known to be exploited, not rated, no fix",
    ),
    Case("IMG-009", BUSYBOX, FAIL, HIGH, others=(told(_NO_FIX),), policy=_RULE, note="above what the rule tolerates"),
    Case("IMG-009", BUSYBOX, PASS, others=(told(_LOW),), policy=_RULE, note="at what the rule tolerates"),
    Case("IMG-009", BUSYBOX, PASS, others=(told(_NO_FIX, _LOW),), note="no fix"),
    Case("IMG-009", BUSYBOX, PASS, others=(told(_excused(_OPENSSL)),), note="excused"),
    Case("IMG-009", BUSYBOX, UNKNOWN, note="nobody looked"),
    Case("IMG-009", BUSYBOX, UNKNOWN, others=(told(said=()),), note="no data"),
    Case("IMG-009", BUSYBOX, UNKNOWN, others=(told(unmatched=("no data for Go",)),), note="not all"),
    Case(
        "IMG-009",
        BUSYBOX,
        FAIL,
        others=(told(_OPENSSL, unmatched=("no data for Go",)),),
        note="not all, and some are bad",
    ),
    Case("IMG-010", BUSYBOX, FAIL, LOW, others=USED, note="nobody looked"),
    Case("IMG-010", BUSYBOX, FAIL, LOW, others=(*USED, told(said=())), note="no data"),
    Case("IMG-010", BUSYBOX, FAIL, LOW, others=(*USED, told(said=(_OLD,))), note="a new look at old data"),
    Case(
        "IMG-010",
        BUSYBOX,
        FAIL,
        LOW,
        others=(*USED, told(said=(Said("trivy", data_at=NOW + 900 * DAY, at=NOW + 900 * DAY),))),
        note="a report of the future",
    ),
    Case("IMG-010", BUSYBOX, PASS, others=(*USED, told(said=(_OLD, _OSV))), note="the newest counts"),
    Case("IMG-010", BUSYBOX, PASS, others=(engine("info-noswarm"),), note="unused"),
    Case(
        "IMG-010",
        BUSYBOX,
        UNKNOWN,
        others=(*USED, _analysis(Gap(Reason.DENIED, "contents of the image"))),
        note="not permitted",
    ),
]
