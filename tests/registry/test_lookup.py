"""What is attached to an image is found in each of the places where tools put it, and judged for this very image."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from inventory.gap import Gap, Reason
from inventory.image import Image
from inventory.resource import Kind, ResourceKey
from inventory.signatures.model import Mark, Provenance
from inventory.signatures.policy import TrustPolicy
from inventory.sources.registry.lookup import look_up
from inventory.sources.registry.provenance import of_digest, provenance
from tests.registry.conftest import MakeAccess
from tests.registry.fake import Registry, always, answer, registry
from tests.registry.signing import EMPTY, OCI_CONFIG, OCI_MANIFEST, described, dump, policy

APP = "team/app"


def image(*digests: str, config: str, **more: Any) -> Image:
    """An image of an engine."""
    key = ResourceKey(Kind.IMAGE, "docker", config)
    values = {"os": "linux", "architecture": "amd64", "repo_tags": (), **more}
    return Image.build(key=key, name="app", id=config, repo_digests=digests, **values)


def ask(made: Registry, access: MakeAccess, digest: str, rules: TrustPolicy | None = None, **more: Any) -> Provenance:
    """Of one digest."""
    return of_digest(made.repository(), (digest,), rules or policy(), access(), time.time(), **more)


@pytest.mark.parametrize("api", [True, False])
@pytest.mark.parametrize("form", ["tag", "referrer"])
def test_signatures_are_found(access: MakeAccess, form: str, api: bool) -> None:
    with registry(referrers_api=api) as made:
        store = made.store()
        digest, config = store.image("app", "1")
        if form == "tag":
            store.sign(made.repository(), digest)
        else:
            store.refer(digest, api=api)
        found = provenance(image(f"{made.repository()}@{digest}", config=config), policy(), access(), time.time())
    assert (found.mark, found.by) == (Mark.VERIFIED, "release"), found
    assert found.leads_here is True
    assert found.platform_digest == found.digest == digest
    assert found.demanded and found.rule.startswith("rule 1")
    assert [step.what for step in found.signatures[0].steps][:2] == ["image", "manifest"]
    assert all(step.holds is not False for step in found.signatures[0].steps)
    assert not found.missed


def test_none_is_unsigned(access: MakeAccess) -> None:
    with registry() as made:
        digest, config = made.store().image("app")
        found = provenance(image(f"{made.repository()}@{digest}", config=config), policy(), access(), time.time())
    assert found.mark is Mark.UNSIGNED
    assert found.leads_here is True
    assert len(found.looked) >= 3 and not found.missed


def test_another_key_fails(access: MakeAccess) -> None:
    with registry() as made:
        digest, _ = made.store().image("app")
        made.store().sign(made.repository(), digest, "somebody")
        found = ask(made, access, digest)
    assert (found.mark, found.reason) == (Mark.FAILED, "no_matching_key")


def test_one_of_several_is_enough(access: MakeAccess) -> None:
    with registry() as made:
        digest, _ = made.store().image("app")
        made.store().sign(made.repository(), digest, "somebody", "release")
        made.store().refer(digest, "somebody")
        found = ask(made, access, digest)
    assert found.mark is Mark.VERIFIED
    assert len(found.signatures) == 3


def test_a_signature_of_another_image_moved_here_fails(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        digest, _ = store.image("app")
        other, _ = store.image("other")
        store.sign(made.repository(), other)
        store.manifests[f"{digest.replace(':', '-')}.sig"] = store.manifests[f"{other.replace(':', '-')}.sig"]
        found = ask(made, access, digest)
    assert (found.mark, found.reason) == (Mark.FAILED, "digest_mismatch")


def test_the_index_is_asked_first_and_leads_to_the_platform(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        arm, _ = store.image("app", architecture="arm64")
        amd, config = store.image("app")
        index = store.index({"arm64": arm, "amd64": amd})
        store.sign(made.repository(), index)
        found = provenance(image(f"{made.repository()}@{index}", config=config), policy(), access(), time.time())
        assert (found.mark, found.leads_here) == (Mark.VERIFIED, True), found
        assert (found.digest, found.platform_digest) == (index, amd)
        assert not any(arm in path for path in made.paths()), "of another platform, not needed"
        # The engine may say another platform than the index does: then all are opened.
        strange = image(f"{made.repository()}@{index}", config=config, architecture="riscv64")
        assert provenance(strange, policy(), access(), time.time()).leads_here is True


def test_only_the_platform_is_signed(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        amd, config = store.image("app")
        index = store.index({"amd64": amd})
        store.sign(made.repository(), amd)
        found = provenance(image(f"{made.repository()}@{index}", config=config), policy(), access(), time.time())
    assert found.mark is Mark.VERIFIED


def test_a_digest_that_leads_to_another_image(access: MakeAccess) -> None:
    """The engine's store says it came by that digest; the registry's manifest says what that is."""
    with registry() as made:
        store = made.store()
        digest, _ = store.image("good")
        index = store.index({"amd64": digest})
        store.sign(made.repository(), digest)
        store.sign(made.repository(), index)
        for claimed in (digest, index):
            local = image(f"{made.repository()}@{claimed}", config=f"sha256:{'0' * 64}")
            found = provenance(local, policy(), access(), time.time())
            assert found.leads_here is False
            assert (found.mark, found.reason) == (Mark.FAILED, "digest_mismatch")
            assert not found.by


def test_a_store_of_manifests_has_the_digest_as_id(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        amd, _ = store.image("app")
        index = store.index({"amd64": amd})
        store.sign(made.repository(), index)
        for local in (index, amd):
            found = provenance(image(f"{made.repository()}@{index}", config=local), policy(), access(), time.time())
            assert (found.mark, found.leads_here) == (Mark.VERIFIED, True)


def test_podman_knows_one_image_by_several_digests(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        amd, config = store.image("app")
        index = store.index({"amd64": amd})
        store.sign(made.repository(), index)
        name = made.repository()
        local = image(f"localhost/app@{amd}", f"{name}@{amd}", f"{name}@{index}", config=config.removeprefix("sha256:"))
        found = provenance(local, policy(), access(), time.time())
    assert (found.mark, found.digest, found.platform_digest) == (Mark.VERIFIED, index, amd)


def test_an_image_of_no_registry_is_unknown(access: MakeAccess) -> None:
    for digests in ((), (f"localhost/app@sha256:{'1' * 64}",), ("nonsense", "a@b@c", f"UPPER/x y@sha256:{'1' * 64}")):
        found = provenance(image(*digests, config=f"sha256:{'2' * 64}"), policy(), access(), time.time())
        assert found.mark is Mark.UNKNOWN, digests
    assert provenance(image(config="x"), policy(), access(), 0.0).reason == "local"
    unread = image(config="x")
    values = {
        "os": "linux",
        "architecture": "amd64",
        "repo_tags": (),
        "repo_digests": Gap(Reason.DENIED, "RepoDigests"),
    }
    unread = Image.build(key=unread.key, name="x", id="x", **values)
    assert provenance(unread, policy(), access(), 0.0).mark is Mark.UNKNOWN


def test_the_repository_that_a_rule_names_is_asked_first(access: MakeAccess) -> None:
    with registry() as plain, registry() as named:
        digest, config = plain.store().image("app")
        named.store().image("app")
        named.store().sign(named.repository(), digest)
        local = image(f"{plain.repository()}@{digest}", f"{named.repository()}@{digest}", config=config)
        found = provenance(local, policy(match=f"{named.host}/**"), access(), time.time())
        assert found.mark is Mark.VERIFIED
        assert not plain.seen


def test_without_a_rule_it_is_unknown_and_the_signatures_are_told(access: MakeAccess) -> None:
    with registry() as made:
        digest, _ = made.store().image("app")
        made.store().sign(made.repository(), digest)
        found = ask(made, access, digest, TrustPolicy())
    assert found.mark is Mark.UNKNOWN
    assert len(found.signatures) == 1
    assert not found.rule and not found.demanded


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503, 418])
def test_what_cannot_be_asked_is_unknown(access: MakeAccess, status: int) -> None:
    with registry(odd=always(status)) as made:
        found = ask(made, access, f"sha256:{'1' * 64}", image_id=f"sha256:{'2' * 64}")
    assert found.mark is Mark.UNKNOWN
    assert found.missed and not found.signatures
    assert found.leads_here is None
    if status in {401, 403}:
        assert found.reason == "denied"


def test_a_place_that_fails_is_not_taken_for_an_empty_one(access: MakeAccess) -> None:
    """The tag says no, the referrers cannot be asked: there may be a signature."""

    def odd(request: Any) -> bool:
        if "/referrers/" in request.path:
            answer(request, 500)
            return True
        return False

    with registry(odd=odd) as made:
        digest, _ = made.store().image("app")
        assert ask(made, access, digest).mark is Mark.UNKNOWN
        made.store().sign(made.repository(), digest, "somebody")
        found = ask(made, access, digest)
        assert found.mark is Mark.UNKNOWN and len(found.signatures) == 1
        made.store().sign(made.repository(), digest, "release")
        assert ask(made, access, digest).mark is Mark.VERIFIED


def test_a_good_signature_of_a_manifest_that_is_gone_is_not_verified(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        digest, config = store.image("app")
        store.sign(made.repository(), digest)
        del store.manifests[digest]
        found = provenance(image(f"{made.repository()}@{digest}", config=config), policy(), access(), time.time())
    assert found.mark is Mark.UNKNOWN
    assert "any more" in found.detail


def test_blobs_that_are_not_what_their_digest_says(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        digest, _ = store.image("app")
        store.sign(made.repository(), digest)
        payload = next(one for one in store.blobs if b"docker-manifest-digest" in store.blobs[one])
        store.blobs[payload] = store.blobs[payload].replace(b"null", b"true")
        found = ask(made, access, digest)
        assert (found.mark, found.reason) == (Mark.FAILED, "blob_digest_mismatch")
        del store.blobs[payload]
        assert ask(made, access, digest).mark is Mark.UNKNOWN


def test_ten_thousand_referrers(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        digest, _ = store.image("app")
        junk = [described(b"%d" % number, OCI_MANIFEST, artifactType=EMPTY) for number in range(10_000)]
        store.referring(digest, junk)
        began = time.monotonic()
        found = ask(made, access, digest)
        assert time.monotonic() - began < 5
        assert found.mark is Mark.UNKNOWN, "not all were opened"
        assert len(made.seen) < 100
        assert any("too many" in one for one in found.missed)
        # What says that it is a signature is opened first.
        store.refer(digest)
        good = store.referrers[digest]
        import json

        store.referring(digest, [*junk, *json.loads(good)["manifests"]])
        assert ask(made, access, digest).mark is Mark.VERIFIED


def test_build_attestations_in_the_index(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        amd, config = store.image("app")
        statement = dump({
            "_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2",
            "subject": [{"name": "pkg:docker/app", "digest": {"sha256": amd.partition(":")[2]}}],
            "predicate": {"builder": {"id": "https://builder.example/1"}},
        })  # fmt: skip
        store.blob(statement)
        layer = described(statement, "application/vnd.in-toto+json",
                          annotations={"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"})  # fmt: skip
        made_by = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": described(b"{}", OCI_CONFIG),
            "layers": [layer],
        }
        store.manifest(made_by)
        notes = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": amd}
        extra = described(dump(made_by), OCI_MANIFEST, annotations=notes,
                          platform={"os": "unknown", "architecture": "unknown"})  # fmt: skip
        index = store.index({"amd64": amd}, extra=(extra,))
        local = image(f"{made.repository()}@{index}", config=config)
        found = provenance(local, policy(), access(), time.time())
        assert found.mark is Mark.UNSIGNED, "an attestation is no signature"
        assert [(one.predicate_type, one.mark, one.builder) for one in found.attestations] == [
            ("https://slsa.dev/provenance/v0.2", Mark.UNSIGNED, "https://builder.example/1")
        ]
        store.sign(made.repository(), index)
        found = provenance(local, policy(), access(), time.time())
        assert found.mark is Mark.VERIFIED
        assert found.attestations[0].mark is Mark.VERIFIED and found.attestations[0].signer == "release"


def test_a_bare_sbom_is_told(access: MakeAccess) -> None:
    with registry() as made:
        digest, _ = made.store().image("app")
        sbom = described(b"{}", OCI_MANIFEST, artifactType="application/vnd.cyclonedx+json")
        made.store().referring(digest, [sbom])
        found = ask(made, access, digest)
    assert found.mark is Mark.UNSIGNED
    assert [one.predicate_type for one in found.attestations] == ["application/vnd.cyclonedx+json"]


def test_stopped(access: MakeAccess) -> None:
    with registry() as made:
        digest, _ = made.store().image("app")
        found = look_up(made.repository(), digest, access(), stopped=lambda: True)
        assert not made.seen
    assert found.missed == ("stopped",)


def test_bundles_and_lookasides_in_a_directory(access: MakeAccess, tmp_path: Path) -> None:
    from msgspec.structs import replace

    from tests.registry.signing import bundle

    kept = tmp_path / "signatures"
    kept.mkdir()
    rules = replace(policy(), signature_directories=(str(kept), str(tmp_path / "none")))
    with registry() as made:
        digest, _ = made.store().image("app")
        (kept / f"{digest.replace(':', '-')}.sigstore.json").write_bytes(bundle(digest))
        found = ask(made, access, digest, rules)
    assert found.mark is Mark.VERIFIED
    # Also where the registry cannot be reached: the digest is what counts, where no image has to be led to.
    assert of_digest("127.0.0.1:1/team/app", (digest,), rules, access(), time.time()).mark is Mark.VERIFIED
    unproven = of_digest("127.0.0.1:1/team/app", (digest,), rules, access(), time.time(), image_id=f"sha256:{'0' * 64}")
    assert unproven.mark is Mark.UNKNOWN
