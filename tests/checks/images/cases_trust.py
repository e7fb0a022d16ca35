"""Cases of where images come from by the site's rules, of their signatures, and of the host's own policy."""

from __future__ import annotations

from typing import Any

from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.image import Image
from inventory.image_analysis import ImageAnalysis
from inventory.resource import Kind, Resource, ResourceKey
from inventory.signatures.host_policy import NO_HOST_POLICY, HostPolicy, KeyFile, Registry, Requirement
from inventory.signatures.model import Attestation, Layout, Mark, Provenance, Signature
from inventory.signatures.policy import PublicKey, Rule, TrustPolicy
from tests.checks.builders import GAP, NOW, SOURCE, captured, changed, docker, engine, host, podman_engine
from tests.checks.cases import Case
from tests.checks.facts import built, made_from

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
DAY = 86400.0
QUIET = engine("info-noswarm")
DIGEST = "sha256:" + "a" * 64
KEY = PublicKey("release.pub", captured("trust/p256.pub"))
OTHER = PublicKey("other.pub", captured("trust/rsa2048.pub"))

_busybox, _app = built("busybox_1.35"), built()
_plain = docker("plain")
_pulled = changed(
    _app,
    repo_tags=("registry.example.com/prod/app:1",),
    repo_digests=(f"registry.example.com/prod/app@{DIGEST}",),
    labels={},
)
_claimed = changed(_pulled, repo_digests=())
_stopped = made_from(_pulled, docker("exited-zero"), image_ref="registry.example.com/prod/app:1")
_running = made_from(_pulled, _plain, image_ref="registry.example.com/prod/app:1")
_pinned = made_from(_pulled, _plain, image_ref=f"registry.example.com/prod/app:1@{DIGEST}")


def _trust(*require: str, **changes: Any) -> Policy:
    """A policy with one rule, by which a signature of KEY counts."""
    values = {"number": 1, "line": 3, "require": require, "signed_by": (KEY,), **changes}
    rule = Rule(values.pop("match", ("registry.example.com/prod/**",)), **values)
    return Policy(trust=TrustPolicy((rule,)))


SIGNED, LOOSE = _trust("signature"), _trust()
_LAX = Rule(("lax.example/**",), number=2, signed_by=(OTHER,))
TWO = Policy(trust=TrustPolicy((*_trust("signature", "sbom").trust.rules, _LAX)))
_renamed = changed(_pulled, repo_digests=(f"lax.example/app@{DIGEST}",))


def _known(image: Image = _pulled, **values: Any) -> ImageAnalysis:
    found = {
        "repository": "registry.example.com/prod/app",
        "rule": "rule 1",
        "looked": ("registry.example.com",),
        **values,
    }
    key = ResourceKey(Kind.IMAGE_ANALYSIS, SOURCE, image.id)
    return ImageAnalysis.build(key=key, name="", provenance=Provenance(DIGEST, **found))


def _marked(mark: Mark, reason: str = "", demanded: bool = True, **values: Any) -> ImageAnalysis:
    one = Signature(Layout.COSIGN_TAG, "sha256-aa.sig, layer 1", mark, reason, signer="release.pub", at=NOW - 10 * DAY)
    signatures = () if mark in {Mark.UNSIGNED, Mark.UNKNOWN} else (one,)
    return _known(
        mark=mark,
        reason=reason,
        demanded=demanded,
        by="release.pub",
        signatures=signatures,
        **{"leads_here": True, **values},
    )


def _stated(kind: str, mark: Mark = Mark.VERIFIED) -> Attestation:
    return Attestation(kind, "referrer 1", mark, signer="release.pub", at=NOW)


SBOM, SLSA = "https://cyclonedx.org/bom", "https://slsa.dev/provenance/v1"
SOURCES = [
    Case("IMG-004", _pulled, PASS, others=(QUIET,), policy=LOOSE, note="by a rule"),
    Case("IMG-004", _pulled, FAIL, HIGH, others=(QUIET,), policy=_trust(trusted=False), note="by a rule against it"),
    Case("IMG-004", _app, FAIL, HIGH, others=(QUIET,), policy=LOOSE, note="no rule names it"),
    Case(
        "IMG-004",
        _app,
        PASS,
        others=(QUIET,),
        policy=Policy(trust=TrustPolicy(unlisted="allowed")),
        note="all others are allowed",
    ),
    Case(
        "IMG-004",
        _pulled,
        FAIL,
        others=(QUIET,),
        policy=Policy(
            registries=("registry.example.com",),
            trust=TrustPolicy((Rule(("registry.example.com/prod/*",), trusted=False),)),
        ),
        note="a rule before the list",
    ),
    Case("IMG-006", _pulled, FAIL, HIGH, others=(QUIET,), policy=_trust(plain_http=True), note="plain http by a rule"),
    Case("IMG-041", _claimed, FAIL, MEDIUM, others=(QUIET,), policy=LOOSE, note="only a tag"),
    Case("IMG-041", _claimed, FAIL, HIGH, others=(QUIET, _running), policy=SIGNED, note="runs, and must be signed"),
    Case(
        "IMG-041",
        changed(_claimed, repo_digests=(f"mirror.example/app@{DIGEST}",)),
        FAIL,
        others=(QUIET,),
        policy=LOOSE,
        note="from elsewhere",
    ),
    Case("IMG-041", _pulled, PASS, others=(QUIET,), policy=LOOSE),
    Case("IMG-041", _busybox, FAIL, others=(QUIET,), policy=Policy(registries=("docker.io/library",)), note="retagged"),
    Case("IMG-041", _busybox, PASS, others=(QUIET,), policy=Policy(registries=("127.0.0.1:5000",)), note="pushed"),
    Case("IMG-041", _claimed, NA, others=(QUIET,), note="no policy"),
    Case(
        "IMG-046", _pulled, FAIL, MEDIUM, others=(QUIET, _running), now=NOW + 40 * DAY, policy=_trust(max_age_days=30)
    ),
    Case(
        "IMG-046",
        _pulled,
        FAIL,
        LOW,
        others=(QUIET,),
        now=NOW + 40 * DAY,
        policy=_trust(max_age_days=30),
        note="unused",
    ),
    Case(
        "IMG-046",
        _pulled,
        FAIL,
        others=(QUIET, _running, _marked(Mark.VERIFIED)),
        policy=_trust(max_age_days=9),
        note="signed ten days ago",
    ),
    Case("IMG-046", changed(_pulled, created=0.0), MANUAL, others=(QUIET,), policy=_trust(max_age_days=30)),
    Case("IMG-046", _pulled, PASS, others=(QUIET,), policy=_trust(max_age_days=30)),
    Case("IMG-046", _pulled, NA, others=(QUIET,), policy=LOOSE),
    Case("IMG-047", _pulled, FAIL, MEDIUM, others=(QUIET, _running), policy=_trust("digest")),
    Case("IMG-047", _pulled, PASS, others=(QUIET, _pinned), policy=_trust("digest")),
    Case("IMG-047", _pulled, PASS, others=(QUIET, _running), policy=_trust("immutable-tag"), note="a version"),
    Case(
        "IMG-047",
        _pulled,
        FAIL,
        others=(QUIET, changed(_running, image_ref="registry.example.com/prod/app:latest")),
        policy=_trust("immutable-tag"),
        note="latest",
    ),
    Case("IMG-047", _pulled, NA, others=(QUIET, _running), policy=LOOSE),
    Case("IMG-047", _pulled, NA, others=(QUIET,), policy=_trust("digest"), note="unused"),
]
SIGNATURES = [
    Case("IMG-008", _pulled, PASS, others=(QUIET, _running, _marked(Mark.VERIFIED)), policy=SIGNED),
    *(
        Case(
            "IMG-008",
            _pulled,
            FAIL,
            severity,
            others=(QUIET, user, _marked(Mark.FAILED, reason)),
            policy=SIGNED,
            note=note,
        )
        for reason, user, severity, note in (
            ("no_matching_key", _running, CRITICAL, "another key, runs"),
            ("digest_mismatch", _stopped, HIGH, "another image's"),
            ("expired_signature", _running, HIGH, "expired, runs"),
            ("expired_signature", _stopped, MEDIUM, "expired"),
        )
    ),
    Case(
        "IMG-008",
        _pulled,
        FAIL,
        HIGH,
        others=(QUIET, _running, _marked(Mark.FAILED, "bad_signature", demanded=False)),
        policy=LOOSE,
        note="tampered, not demanded",
    ),
    Case(
        "IMG-008", _pulled, FAIL, HIGH, others=(QUIET, _running, _marked(Mark.UNSIGNED)), policy=SIGNED, note="unsigned"
    ),
    Case(
        "IMG-008", _pulled, FAIL, MEDIUM, others=(QUIET, _marked(Mark.UNSIGNED)), policy=SIGNED, note="unsigned, unused"
    ),
    Case(
        "IMG-008", _pulled, MANUAL, others=(QUIET, _marked(Mark.UNSIGNED, demanded=False)), policy=LOOSE, note="may be"
    ),
    Case("IMG-008", _pulled, UNKNOWN, others=(QUIET, _marked(Mark.UNSUPPORTED, "unsupported_key")), policy=SIGNED),
    Case(
        "IMG-008",
        _pulled,
        UNKNOWN,
        others=(QUIET, _marked(Mark.UNKNOWN, missed=("registry.example.com: connection refused",))),
        policy=SIGNED,
        note="unreachable",
    ),
    Case(
        "IMG-008",
        changed(_pulled, repo_digests=(f"evil.example/app@{DIGEST}",)),
        FAIL,
        HIGH,
        others=(QUIET, _running, _marked(Mark.UNSIGNED, demanded=False, repository="evil.example/app", rule="")),
        policy=SIGNED,
        note="from where no rule demands one, under a name for which a rule does",
    ),
    Case(
        "IMG-008",
        _renamed,
        UNKNOWN,
        others=(QUIET, _marked(Mark.VERIFIED, repository="lax.example/app")),
        policy=TWO,
        note="by whom the rule about another of its names trusts",
    ),
    Case("IMG-008", _pulled, UNKNOWN, others=(QUIET,), policy=SIGNED, note="nobody has looked"),
    Case("IMG-008", _claimed, UNKNOWN, others=(QUIET,), policy=SIGNED, note="built here"),
    Case("IMG-008", _pulled, NA, others=(QUIET,), note="no policy"),
    Case("IMG-008", _pulled, NA, others=(QUIET,), policy=_trust(signed_by=()), note="nobody's counts"),
    Case(
        "IMG-008",
        _pulled,
        MANUAL,
        others=(QUIET, _marked(Mark.FAILED, "no_matching_key", rule="")),
        note="whose counts?",
    ),
    Case("IMG-008", _pulled, PASS, others=(QUIET, _marked(Mark.VERIFIED)), note="recorded where a rule held"),
    Case("IMG-008", _pulled, FAIL, others=(QUIET, _marked(Mark.UNSIGNED)), note="recorded where a rule demanded it"),
    Case("IMG-008", _pulled, NA, others=(QUIET, _marked(Mark.UNSIGNED, demanded=False)), note="recorded, not demanded"),
    Case(
        "IMG-008",
        _pulled,
        FAIL,
        HIGH,
        others=(QUIET, _marked(Mark.VERIFIED, leads_here=False)),
        policy=SIGNED,
        note="a good signature of another image",
    ),
    Case("IMG-042", _pulled, FAIL, HIGH, others=(QUIET, _known(leads_here=False))),
    Case("IMG-042", _pulled, FAIL, CRITICAL, others=(QUIET, _running, _known(leads_here=False)), note="runs"),
    Case("IMG-042", _pulled, PASS, others=(QUIET, _known(leads_here=True))),
    Case("IMG-042", _pulled, UNKNOWN, others=(QUIET, _known(missed=("registry.example.com: 401",)))),
    Case("IMG-042", _pulled, UNKNOWN, others=(QUIET,), note="nobody has looked"),
    Case("IMG-042", _claimed, NA, others=(QUIET,)),
]
STATED = [
    Case("IMG-022", _pulled, PASS, others=(QUIET, _known(attestations=(_stated(SLSA),))), note="by an attestation"),
    Case(
        "IMG-022",
        _pulled,
        FAIL,
        others=(QUIET, _known(attestations=(_stated(SLSA, Mark.FAILED),))),
        note="by a false one",
    ),
    Case("IMG-023", _pulled, FAIL, LOW, others=(QUIET, _running, _known())),
    Case("IMG-023", _pulled, PASS, others=(QUIET, _running, _known(attestations=(_stated(SBOM, Mark.UNKNOWN),)))),
    Case(
        "IMG-023",
        _pulled,
        MANUAL,
        others=(QUIET, _running, _known(attestations=(_stated(SBOM, Mark.FAILED),))),
        note="about something else",
    ),
    Case("IMG-023", _pulled, UNKNOWN, others=(QUIET, _running, _known(missed=("registry.example.com: 403",)))),
    Case("IMG-023", _pulled, UNKNOWN, others=(QUIET, _running), note="nobody has looked"),
    Case("IMG-023", _pulled, NA, others=(QUIET,), note="unused"),
    Case("IMG-023", _claimed, NA, others=(QUIET,), note="built here"),
    Case("IMG-048", _pulled, FAIL, MEDIUM, others=(QUIET, _known()), policy=_trust("sbom")),
    Case(
        "IMG-048",
        _pulled,
        FAIL,
        others=(QUIET, _known(attestations=(_stated(SBOM, Mark.FAILED),))),
        policy=_trust("sbom"),
        note="by somebody else",
    ),
    Case(
        "IMG-048",
        _pulled,
        FAIL,
        others=(QUIET, _known(attestations=(_stated(SBOM),))),
        policy=_trust("sbom", "provenance"),
        note="one of two",
    ),
    Case("IMG-048", _pulled, PASS, others=(QUIET, _known(attestations=(_stated(SBOM),))), policy=_trust("sbom")),
    Case(
        "IMG-048",
        _pulled,
        PASS,
        others=(QUIET, _known(attestations=(_stated(SLSA, Mark.UNKNOWN),))),
        policy=_trust("provenance", signed_by=()),
        note="whoever signed it",
    ),
    Case(
        "IMG-048",
        _pulled,
        UNKNOWN,
        others=(QUIET, _known(attestations=(_stated(SBOM, Mark.UNSUPPORTED),))),
        policy=_trust("sbom"),
    ),
    Case(
        "IMG-048",
        _pulled,
        UNKNOWN,
        others=(QUIET, _known(missed=("x: timeout",))),
        policy=_trust("sbom"),
        note="not asked",
    ),
    Case(
        "IMG-048",
        _renamed,
        UNKNOWN,
        others=(QUIET, _known(attestations=(_stated(SBOM),), repository="lax.example/app")),
        policy=TWO,
        note="by whom the rule about another of its names trusts",
    ),
    Case("IMG-048", _claimed, UNKNOWN, others=(QUIET,), policy=_trust("sbom"), note="built here"),
    Case("IMG-048", _pulled, NA, others=(QUIET,), policy=LOOSE),
]
_based = changed(
    _app,
    labels={
        "org.opencontainers.image.base.name": "docker.io/library/busybox:1.35",
        "org.opencontainers.image.base.digest": DIGEST,
    },
)
_newer = changed(_busybox, created=_app.created + DAY, layers=("sha256:" + "b" * 64,))
LABELS = [
    Case("IMG-038", changed(_app, repo_tags=("postgers/ngimx:1",)), MANUAL, MEDIUM, note="a letter"),
    Case("IMG-038", changed(_app, repo_tags=("someone/ngnix:1",)), MANUAL, note="swapped"),
    Case("IMG-038", changed(_app, repo_tags=("grafanna/grafana:1",)), MANUAL, note="a publisher's"),
    Case("IMG-038", changed(_app, repo_tags=("bitnami/postgresq:1",)), PASS, note="somebody known"),
    Case("IMG-038", changed(_app, repo_tags=("someone/nginx:1",)), PASS, note="the very name"),
    Case("IMG-038", changed(_app, repo_tags=("team/cody:1",)), PASS, note="short names are like many"),
    Case("IMG-038", changed(_app, repo_tags=("team/miner:1",)), PASS, note="adminer, were both long"),
    Case("IMG-038", _app, PASS),
    Case(
        "IMG-038",
        changed(_app, repo_tags=("someone/ngnix:1",)),
        PASS,
        policy=_trust(match=("someone/*",)),
        note="by a rule",
    ),
    Case("IMG-038", _busybox, NA),
    Case(
        "IMG-039",
        changed(_app, labels={"containerd.io/restart.loguri": "binary:///bin/sh?-c=id"}),
        FAIL,
        CRITICAL,
        note="CVE-2026-53488",
    ),
    Case("IMG-039", changed(_app, labels={"io.kubernetes.cri.container-type": "sandbox"}), MANUAL, note="another"),
    Case("IMG-039", changed(_app, labels={"containerd.io/restart.loguri": "file:///var/log/x"}), MANUAL, note="a file"),
    Case("IMG-039", _app, PASS),
    Case("IMG-040", _based, FAIL, LOW, others=(QUIET, _newer)),
    Case(
        "IMG-040",
        _based,
        PASS,
        others=(QUIET, changed(_newer, repo_digests=(f"busybox@{DIGEST}",))),
        note="same digest",
    ),
    Case("IMG-040", _based, PASS, others=(QUIET, changed(_newer, layers=_app.layers[:1])), note="same layers"),
    Case("IMG-040", _based, UNKNOWN, others=(QUIET, changed(_newer, created=_app.created - DAY)), note="an older copy"),
    Case("IMG-040", _based, UNKNOWN, others=(QUIET,), note="not here"),
    Case("IMG-040", _based, UNKNOWN, others=(QUIET,), gaps={(SOURCE, Kind.IMAGE): GAP}, note="images not listed"),
    Case("IMG-040", _app, NA, others=(QUIET, _newer)),
]
ANYTHING, REJECT = (Requirement("insecureAcceptAnything"),), (Requirement("reject"),)
BY_KEY = (Requirement("sigstoreSigned", ("/etc/keys/release.pub",)),)
PATH = "/etc/containers/policy.json"
_keys = {"/etc/keys/release.pub": KeyFile("/etc/keys/release.pub", OTHER.pem, mode=0o644)}
DEBIAN = HostPolicy(PATH, 0o644, ANYTHING)  # as it is shipped
STRICT = HostPolicy(
    PATH, 0o644, REJECT, {"registry.example.com/prod": BY_KEY}, keys=_keys, registries={"": Registry("", True)}
)
PODMAN = podman_engine()
BY_HOST = Policy(trust=TrustPolicy(host_policy="keys"))


def _host(policy: object) -> Resource:
    return host(image_policy=policy)


def _beside(
    check: str, below: Resource, expected: Outcome, severity: Severity | None = None, *, others: Any, **rest: Any
) -> Case:
    """The case of an engine, the first of the others, on this machine."""
    judged, *more = others
    return Case(check, judged, expected, severity, others=(below, *more), **rest)


HOSTS = [
    Case(
        "IMG-008",
        _pulled,
        PASS,
        others=(QUIET, _host(STRICT), _marked(Mark.VERIFIED)),
        policy=BY_HOST,
        note="by a key of the host's",
    ),
    Case("IMG-008", _pulled, UNKNOWN, others=(QUIET, _host(GAP)), policy=BY_HOST, note="the host's were not read"),
    Case("IMG-008", _pulled, NA, others=(QUIET, _host(DEBIAN)), policy=BY_HOST, note="the host's accepts anything"),
    _beside("IMG-043", _host(STRICT), FAIL, MEDIUM, others=(QUIET, _pulled), policy=SIGNED, note="different keys"),
    _beside(
        "IMG-043",
        _host(HostPolicy(PATH, 0o644, REJECT)),
        FAIL,
        MEDIUM,
        others=(QUIET, _pulled),
        policy=SIGNED,
        note="rejected and trusted",
    ),
    _beside(
        "IMG-043",
        _host(STRICT),
        FAIL,
        MEDIUM,
        others=(PODMAN, _pulled),
        policy=_trust(trusted=False),
        note="not trusted",
    ),
    _beside(
        "IMG-043", _host(STRICT), FAIL, INFO, others=(QUIET, _pulled), policy=_trust(signed_by=()), note="stricter"
    ),
    _beside("IMG-043", _host(STRICT), PASS, others=(QUIET, _pulled), policy=_trust(signed_by=(KEY, OTHER))),
    _beside("IMG-043", _host(DEBIAN), PASS, others=(QUIET, _pulled), policy=SIGNED, note="accepts anything: IMG-044"),
    _beside("IMG-043", _host(STRICT), NA, others=(QUIET, _pulled), note="no rules"),
    _beside("IMG-043", _host(NO_HOST_POLICY), NA, others=(QUIET,), policy=SIGNED, note="no file"),
    _beside(
        "IMG-043",
        _host(STRICT),
        NA,
        others=(QUIET, _pulled),
        policy=Policy(trust=TrustPolicy(SIGNED.trust.rules, host_policy="")),
        note="left out",
    ),
    _beside(
        "IMG-043", _host(HostPolicy(PATH, mistakes=("is no JSON object",))), UNKNOWN, others=(QUIET,), policy=SIGNED
    ),
    _beside("IMG-043", _host(GAP), UNKNOWN, others=(QUIET,), policy=SIGNED, note="not read"),
    _beside("IMG-044", _host(DEBIAN), FAIL, LOW, others=(QUIET,), note="as Debian ships it"),
    _beside(
        "IMG-044", _host(DEBIAN), FAIL, MEDIUM, others=(PODMAN, _pulled), policy=SIGNED, note="a rule demands more"
    ),
    _beside("IMG-044", _host(DEBIAN), NA, others=(PODMAN,), note="IMG-007"),
    _beside("IMG-044", _host(STRICT), PASS, others=(QUIET, _pulled), policy=SIGNED),
    _beside("IMG-044", _host(NO_HOST_POLICY), NA, others=(QUIET,), note="no file"),
    _beside("IMG-044", _host(GAP), UNKNOWN, others=(QUIET,), note="not read"),
    _beside("IMG-045", _host(HostPolicy(PATH, 0o644, mistakes=("has no default",))), FAIL, MEDIUM, others=(QUIET,)),
    _beside(
        "IMG-045",
        _host(HostPolicy(PATH, 0o644, REJECT, {"quay.io": BY_KEY}, keys=_keys)),
        FAIL,
        MEDIUM,
        others=(QUIET,),
        note="attachments off",
    ),
    *(
        _beside(
            "IMG-045",
            _host(
                HostPolicy(
                    PATH, mode, REJECT, {"quay.io": BY_KEY}, keys={"/k": key}, registries={"": Registry("", True)}
                )
            ),
            outcome,
            severity,
            others=(QUIET,),
            note=note,
        )
        for mode, key, outcome, severity, note in (
            (0o644, KeyFile("/k", mistake="does not exist"), FAIL, MEDIUM, "no key"),
            (0o644, KeyFile("/k", KEY.pem, mode=0o666), FAIL, HIGH, "a key that anybody replaces"),
            (0o666, KeyFile("/k", KEY.pem, mode=0o644), FAIL, HIGH, "a policy that anybody replaces"),
            (0o644, KeyFile("/k", unread=GAP), UNKNOWN, None, "a key that was not read"),
        )
    ),
    _beside("IMG-045", _host(STRICT), PASS, others=(QUIET,)),
    _beside("IMG-045", _host(DEBIAN), PASS, others=(QUIET,), note="as Debian ships it"),
    _beside("IMG-045", _host(NO_HOST_POLICY), NA, others=(QUIET,), note="no file"),
    _beside("IMG-045", _host(GAP), UNKNOWN, others=(QUIET,), note="not read"),
    Case(
        "IMG-007",
        QUIET,
        MANUAL,
        others=(host(content_trust={}),),
        policy=SIGNED,
        note="the policy demands signatures",
    ),
]
CASES = [*SOURCES, *SIGNATURES, *STATED, *LABELS, *HOSTS]
