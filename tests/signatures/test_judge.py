"""What the vectors do not have: keys that end, no policy, several signatures, attestations, all kinds of keys."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from inventory.signatures import extra
from inventory.signatures.judge import MOST, judge
from inventory.signatures.keyless import fits
from inventory.signatures.model import REASONS, Mark, Material, Provenance, Subject
from inventory.signatures.notation import named_by
from inventory.signatures.policy import GpgKeys, Identity, NotationTrust, PublicKey, Rule, TrustPolicy
from tests.signatures import made
from tests.signatures.made import SUBJECT, payload, public, simple
from tests.signatures.vectors import NOW, case

OTHER = ec.generate_private_key(ec.SECP256R1())


def by_rule(materials: list[Material], found: Rule | None, subject: Subject = SUBJECT, now: float = NOW) -> Provenance:
    return judge(subject, materials, found, TrustPolicy(), now)


def signed_by(*authorities: PublicKey | Identity | GpgKeys | NotationTrust) -> Rule:
    return Rule(match=("registry.example/**",), number=3, line=12, require=("signature",), signed_by=authorities)


def test_the_chain_leads_from_the_image_to_the_rule() -> None:
    found = by_rule([simple()], signed_by(public()))
    assert (found.mark, found.by, found.detail) == (Mark.VERIFIED, "release.pub", "signed by release.pub")
    assert found.rule == "rule 3 registry.example/** (line 12)" and found.demanded and found.at == NOW
    (signature,) = found.signatures
    assert [step.what for step in signature.steps] == ["manifest", "signature", "key", "image", "identity", "policy"]
    assert all(step.holds for step in signature.steps)


@pytest.mark.parametrize(
    ("key", "pss", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), False, "ECDSA P-256 SHA-256"),
        (ec.generate_private_key(ec.SECP384R1()), False, "ECDSA P-384 SHA-256"),
        (ec.generate_private_key(ec.SECP521R1()), False, "ECDSA P-521 SHA-256"),
        (rsa.generate_private_key(65537, 2048), False, "RSA-2048 PKCS#1 v1.5 SHA-256"),
        (rsa.generate_private_key(65537, 2048), True, "RSA-2048 PSS SHA-256"),
        (ed25519.Ed25519PrivateKey.generate(), False, "Ed25519"),
    ],
    ids=["p256", "p384", "p521", "rsa", "rsa-pss", "ed25519"],
)
def test_kinds_of_keys(key: made.Private, pss: bool, algorithm: str) -> None:
    found = by_rule([simple(key=key, pss=pss)], signed_by(public(key)))
    assert found.mark is Mark.VERIFIED and found.signatures[0].algorithm == algorithm
    assert by_rule([simple(key=key, pss=pss)], signed_by(public())).reason == "no_matching_key"


def test_keys_that_cannot_be_used() -> None:
    short = rsa.generate_private_key(65537, 1024)
    found = by_rule([simple(key=short)], signed_by(public(short, "short.pub")))
    assert (found.mark, found.reason) == (Mark.UNSUPPORTED, "unsupported_key") and "too short" in found.detail
    odd = ec.generate_private_key(ec.SECP256K1())
    assert by_rule([simple(key=odd)], signed_by(public(odd))).mark is Mark.UNSUPPORTED
    for junk in (b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", b"\xff" * 100):
        assert by_rule([simple()], signed_by(PublicKey("junk", junk))).mark is Mark.UNSUPPORTED
        assert by_rule([simple()], signed_by(PublicKey("junk", junk), public())).mark is Mark.VERIFIED


def test_a_key_counts_until_its_last_day() -> None:
    last = msgspec.structs.replace(public(), until=date(2026, 11, 24))
    assert by_rule([simple()], signed_by(last), now=NOW + 86399).mark is Mark.VERIFIED
    found = by_rule([simple()], signed_by(last), now=NOW + 86400)
    assert (found.mark, found.reason) == (Mark.FAILED, "no_matching_key")
    assert found.detail == "made by the key release.pub, which counted until 2026-11-24 only"
    fresh = public(name="same key, renewed")
    assert by_rule([simple()], signed_by(last, fresh), now=NOW + 86400).mark is Mark.VERIFIED


@pytest.mark.parametrize("found", [None, Rule(match=("**",), require=())], ids=["no rule", "nobody named"])
def test_without_a_policy_signatures_are_listed(found: Rule | None) -> None:
    said = by_rule([simple()], found)
    assert (said.mark, said.detail) == (Mark.UNKNOWN, "no policy says whose signature counts")
    assert said.signatures[0].mark is Mark.UNKNOWN and said.signatures[0].digest == made.DIGEST
    replayed = by_rule([simple(payload(digest=f"sha256:{'6' * 64}"))], found)
    assert (replayed.mark, replayed.reason) == (Mark.FAILED, "digest_mismatch")
    assert by_rule([], found).mark is Mark.UNSIGNED


@pytest.mark.parametrize(
    "name", ["kl-01-legacy-ok", "kl-20-bundle-ok", "nt-01-rsa-jws-ok", "nt-04-ec-cose-ok", "gs-01-ok"]
)
def test_without_a_policy_nobody_is_believed(name: str) -> None:
    one = case(name)
    found = judge(one.subject, one.materials, None, one.policy, one.now)
    assert found.mark is Mark.UNKNOWN
    if not name.startswith("gs"):
        assert found.signatures[0].signer
        other = judge(Subject("x", (made.DIGEST,)), one.materials, None, one.policy, one.now)
        assert (other.mark, other.reason) == (Mark.FAILED, "digest_mismatch")


def test_the_wrong_kind_of_authority_is_no_match() -> None:
    everybody = (
        GpgKeys("gpg", b""),
        NotationTrust("roots", (b"",)),
        Identity("https://issuer.example", "somebody"),
    )
    for name in ("ct-01-p256-ok", "cb-01-p256-ok", "nt-01-rsa-jws-ok"):
        one = case(name)
        others = [found for found in everybody if name[:2] != "nt" or not isinstance(found, NotationTrust)]
        found = judge(one.subject, one.materials, signed_by(*others), one.policy, one.now)
        assert (found.mark, found.reason) == (Mark.FAILED, "no_matching_key"), found.detail


def test_the_most_telling_reason_wins() -> None:
    replayed, foreign = simple(payload(digest=f"sha256:{'6' * 64}")), simple(key=OTHER)
    broken = msgspec.structs.replace(simple(), annotations={})
    assert by_rule([broken, foreign], signed_by(public())).reason == "no_matching_key"
    assert by_rule([broken, foreign, replayed], signed_by(public())).reason == "digest_mismatch"
    assert by_rule([broken, foreign, replayed, simple()], signed_by(public())).mark is Mark.VERIFIED
    found = by_rule([broken, foreign, replayed, simple()], signed_by(public()))
    assert [one.reason for one in found.signatures] == ["malformed", "no_matching_key", "digest_mismatch", ""]
    assert all(one.reason in (*REASONS, "") for one in found.signatures)


def test_a_platforms_own_digest_may_be_what_is_signed() -> None:
    subject = Subject(SUBJECT.repository, (f"sha256:{'7' * 64}", made.DIGEST))
    found = by_rule([simple()], signed_by(public()), subject)
    assert found.mark is Mark.VERIFIED and found.platform_digest == made.DIGEST
    assert by_rule([simple()], signed_by(public()), Subject("x", ())).mark is Mark.UNKNOWN


@pytest.mark.parametrize(
    ("reference", "signed_as", "good"),
    [
        ("registry.example/team/app:1.2@sha256:55", "repository", True),
        ("REGISTRY.example/team/app", "repository", True),
        ("registry.example/team/App", "repository", False),
        ("registry.example/team/app2", "repository", False),
        ("registry.example/team/app", "registry.example/source/app", False),
        ("registry.example/source/app:2", "registry.example/source/app", True),
        ("anything at all", "any", True),
        ("", "any", False),
    ],
)
def test_names_under_which_an_image_is_signed(reference: str, signed_as: str, good: bool) -> None:
    wanted = msgspec.structs.replace(signed_by(public()), signed_as=signed_as)
    assert (by_rule([simple(payload(reference))], wanted).mark is Mark.VERIFIED) is good


def test_more_than_can_be_looked_at() -> None:
    foreign = simple(key=OTHER)
    found = by_rule([foreign] * MOST + [simple()], signed_by(public()))
    assert found.mark is Mark.UNKNOWN and f"only {MOST} of {MOST + 1}" in found.detail


def test_attestations_are_no_signatures() -> None:
    slsa = {"runDetails": {"builder": {"id": "https://builder.example/v1"}}}
    old = {"builder": {"id": "https://old.example"}}
    found = by_rule(
        [
            made.attested("https://slsa.dev/provenance/v1", slsa),
            made.attested("https://slsa.dev/provenance/v0.2", old),
            made.attested("https://cyclonedx.org/bom", {}, key=OTHER),
            made.attested("https://cyclonedx.org/bom", {}, digest=f"sha256:{'6' * 64}"),
        ],
        signed_by(public()),
    )
    assert (found.mark, found.reason, found.signatures) == (Mark.UNSIGNED, "no_signature", ())
    assert [one.mark for one in found.attestations] == [Mark.VERIFIED, Mark.VERIFIED, Mark.FAILED, Mark.FAILED]
    assert found.attestations[0].builder == "https://builder.example/v1"
    assert found.attestations[1].builder == "https://old.example"
    assert found.attestations[0].signer == "release.pub" and "made by none" in found.attestations[2].detail
    assert "another image" in found.attestations[3].detail


def test_a_signature_statement_as_an_attestation_layer_is_still_none() -> None:
    """Under `.att`, whatever the predicate type says."""
    found = by_rule([made.attested("https://sigstore.dev/cosign/sign/v1", {})], signed_by(public()))
    assert found.mark is Mark.UNSIGNED and found.attestations[0].mark is Mark.VERIFIED


def test_keyless_without_a_trust_root_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    one = case("kl-01-legacy-ok")
    monkeypatch.setattr(extra, "shipped_root", lambda: b"")
    found = judge(one.subject, one.materials, one.rule, TrustPolicy(), one.now)
    assert found.mark is Mark.UNKNOWN and "trust root" in found.detail
    for junk in (b"{}", b"[]", b"\x00", b'{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'):
        assert judge(one.subject, one.materials, one.rule, TrustPolicy(root=junk), one.now).mark is Mark.UNKNOWN


@pytest.mark.parametrize(
    ("pattern", "text", "good"),
    [
        ("ci@lab.test", "ci@lab.test", True),
        ("ci@lab.test", "ci@lab.test.evil", False),
        (
            "https://git.example/org/*/build.yml@refs/heads/main",
            "https://git.example/org/a/build.yml@refs/heads/main",
            True,
        ),
        ("https://git.example/org/*@main", "https://git.example.evil/org/a@main", False),
        ("https://git.example/org/*", "xhttps://git.example/org/a", False),
        ("a*b*c", "abbc", True),
        ("a*bb*c", "abc", False),
        ("ab*ba", "aba", False),
        ("*", "", True),
        ("**a**", "bab", True),
        ("a.c", "abc", False),
    ],
)
def test_subjects(pattern: str, text: str, good: bool) -> None:
    assert fits(pattern, text) is good


def test_trusted_identities_are_subsets_of_the_subject() -> None:
    from inventory.signatures.certificates import from_der
    from inventory.signatures.notation_envelope import Envelope, read

    envelope = read(case("nt-01-rsa-jws-ok").materials[0].content, "application/jose+json")
    assert isinstance(envelope, Envelope)
    leaf = from_der(envelope.chain[0])
    assert leaf is not None
    for good in ("", "*", "x509.subject: C=XX, ST=Lab, O=lab.test, CN=lab signer", "O=lab.test", "CN=lab signer,C=XX"):
        assert named_by(good, leaf), good
    for bad in ("CN=lab", "C=XX, XY=1", "C=XX,", "x509.subject: C=XX, O=lab.test, CN=lab signer, L=x", "lab signer"):
        assert not named_by(bad, leaf), bad
