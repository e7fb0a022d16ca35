"""Bundles of Sigstore's public and staging instances, from its conformance suite. They sign plain files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inventory.signatures import bundle, extra, trusted_root
from inventory.signatures.judge import judge
from inventory.signatures.model import Layout, Mark, Material, Signature
from inventory.signatures.policy import Identity, PublicKey, Rule, TrustPolicy
from inventory.signatures.signer import authenticate, conclude, trust_of
from inventory.signatures.story import Story
from tests.signatures.vectors import FOLDER, NOW, case

REAL = FOLDER / "real-bundles"
NAMES = sorted(path.parent.name for path in REAL.glob("*/bundle.sigstore.json"))
BEACON = Identity(
    "https://token.actions.githubusercontent.com",
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
    "extremely-dangerous-oidc-beacon.yml@refs/heads/main",
)
REASONS = {
    "checkpoint-wrong-roothash_fail": "log_entry_mismatch",
    "dsse-mismatch-sig_fail": "log_entry_mismatch",
    "inclusion-proof-corrupted-hash_fail": "log_entry_mismatch",
    "intoto-expired-certificate_fail": "expired_certificate",
    "managed-key-wrong-key_fail": "unsupported_key",  # its key.pub is no point of any curve, nor even base64
    "rekor2-no-timestamp_fail": "no_timestamp",
    "set-invalid-signature_fail": "set_invalid",
    "wrong-hashedrekord-artifact_fail": "log_entry_mismatch",
}
BY_PACKAGE = {"rekor2-dsse-happy-path", "rekor2-happy-path"}
needs_package = pytest.mark.skipif(not extra.installed(), reason="the optional package sigstore is not installed")


def root_of(folder: Path) -> bytes:
    own = folder / "trusted_root.json"
    return (own if own.exists() else REAL / "root" / "trusted_root-public-good.json").read_bytes()


def judged(name: str, raw: bytes | None = None, identity: Identity = BEACON) -> Signature:
    folder = REAL / name
    raw = (folder / "bundle.sigstore.json").read_bytes() if raw is None else raw
    artifact = folder / "artifact"
    data = (artifact if artifact.exists() else REAL / "a.txt").read_bytes()
    story = Story(Material(layout=Layout.SIGSTORE_BUNDLE, place=name, content=raw))
    found = bundle.read(raw)
    if isinstance(found, str):
        return story.failed("malformed", found, "payload")
    key = folder / "key.pub"
    authority = PublicKey("key.pub", key.read_bytes()) if key.exists() else identity
    trust = trust_of(Rule(match=("**",), signed_by=(authority,)), root_of(folder), NOW)
    message, payload = (found.envelope.message, found.envelope.payload) if found.envelope else (data, data)
    return authenticate(story, found.signed(message, payload, raw), trust) or conclude(story, trust)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BY_PACKAGE])
def test_a_bundle_is_accepted_or_refused(name: str) -> None:
    found = judged(name)
    assert found.reason == REASONS.get(name, ""), found.detail
    broken = Mark.UNSUPPORTED if found.reason == "unsupported_key" else Mark.FAILED
    assert found.mark is (broken if name.endswith("_fail") else Mark.VERIFIED)


@needs_package
@pytest.mark.parametrize("name", sorted(BY_PACKAGE))
def test_the_second_log_version_is_left_to_the_package(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    found = judged(name)
    assert capfd.readouterr() == ("", "")
    assert found.mark is Mark.VERIFIED, found.detail
    assert found.at > 1.7e9 and any("sigstore package" in step.value for step in found.steps)
    assert judged(name, identity=Identity(BEACON.issuer, "somebody else")).reason == "identity_mismatch"


@needs_package
def test_what_the_package_refuses_is_refused() -> None:
    name = "rekor2-dsse-happy-path"
    body = json.loads((REAL / name / "bundle.sigstore.json").read_bytes())
    proof = body["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
    proof["hashes"][0], proof["hashes"][1] = proof["hashes"][1], proof["hashes"][0]
    found = judged(name, json.dumps(body).encode())
    assert found.mark is Mark.FAILED and "sigstore package refuses" in found.detail


@pytest.mark.parametrize("name", sorted(BY_PACKAGE))
def test_without_the_package_it_is_said_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "installed", lambda: "")
    found = judged(name)
    assert (found.mark, found.reason, found.detail) == (Mark.UNSUPPORTED, "unsupported_format", extra.ADVICE)


@needs_package
@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("managed-key")])
def test_the_package_agrees(name: str) -> None:
    folder = REAL / name
    data = (folder / "artifact" if (folder / "artifact").exists() else REAL / "a.txt").read_bytes()
    said = extra.verify((folder / "bundle.sigstore.json").read_bytes(), data, root_of(folder))
    assert isinstance(said, str) == name.endswith("_fail"), said


@needs_package
def test_the_public_root_comes_with_the_package() -> None:
    assert isinstance(trusted_root.read(extra.shipped_root()), trusted_root.TrustedRoot)
    one = case("kl-01-legacy-ok")  # of a laboratory, which the public instance does not know
    found = judge(one.subject, one.materials, one.rule, TrustPolicy(), one.now)
    assert (found.mark, found.reason) == (Mark.FAILED, "untrusted_log")
