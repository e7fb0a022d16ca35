"""Nobody is taken for the image that runs but the image that runs: several digests, indexes with several meanings."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from inventory.signatures.model import Mark
from inventory.signatures.policy import PublicKey, Rule, TrustPolicy
from inventory.sources.registry.lookaside import look_in
from inventory.sources.registry.lookup import look_up
from inventory.sources.registry.provenance import of_digest, provenance
from lab import signing
from tests.registry.conftest import MakeAccess
from tests.registry.fake import registry
from tests.registry.signing import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Store, bundle, described, dump, policy, public
from tests.registry.test_lookup import image

AMD = {"os": "linux", "architecture": "amd64"}
PLATFORM = ("linux", "amd64", "")


def _entry(store: Store, child: str, **more: Any) -> dict[str, Any]:
    return described(store.manifests[child], OCI_MANIFEST, **more)


def _index(store: Store, *entries: Any, also: dict[str, Any] | None = None) -> str:
    return store.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries), **(also or {})})


def _misleading(store: Store, signed: str, evil: str) -> dict[str, str]:
    """Indexes of which an engine takes the second image, and a careless reader the signed one."""
    good = _entry(store, signed, platform=AMD)
    other = _entry(store, evil, platform=AMD)
    renamed = {("Digest" if name == "digest" else name): value for name, value in other.items()}
    return {
        "no platform": _index(store, _entry(store, signed), other),
        "the same twice": _index(store, good, other),
        "a variant": _index(store, good, _entry(store, evil, platform={**AMD, "variant": "v2"})),
        "an attestation": _index(
            store, _entry(store, evil, platform=AMD, annotations={"vnd.docker.reference.type": "x"}), good
        ),
        "another name of the architecture": _index(
            store, _entry(store, evil, platform={"os": "Linux", "architecture": "x86_64"}), good
        ),
        "Go reads names of members in any case": _index(store, renamed, good),
        "and the last of them counts": _index(
            store, _entry(store, evil, platform={"os": "windows", "OS": "linux", "architecture": "amd64"}), good
        ),
        "a long s": _index(store, good, also={"manife\u017fts": [other]}),
        "no descriptor": _index(store, "nonsense", good),
    }


CASES = (
    "no platform", "the same twice", "a variant", "an attestation", "another name of the architecture",
    "Go reads names of members in any case", "and the last of them counts", "a long s", "no descriptor",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_signed_manifest_in_an_unsigned_index_counts_only_where_nothing_else_can_be_meant(
    access: MakeAccess, case: str
) -> None:
    with registry() as made:
        store = made.store()
        signed, _ = store.image("good")
        evil, _ = store.image("evil")
        store.sign(made.repository(), signed)
        index = _misleading(store, signed, evil)[case]
        # By name, as nobody has it yet; and on an engine whose ids are digests of indexes.
        asked = of_digest(made.repository(), (index,), policy(), access(), time.time(), platform=PLATFORM)
        held = provenance(image(f"{made.repository()}@{index}", config=index), policy(), access(), time.time())
        for found in (asked, held):
            assert found.mark is Mark.UNKNOWN, found
            assert not found.by and not found.signatures
            assert any("not certain" in one for one in found.missed), found.missed
        store.sign(made.repository(), index)
        asked = of_digest(made.repository(), (index,), policy(), access(), time.time(), platform=PLATFORM)
        assert asked.mark is Mark.VERIFIED, "all of the index is signed"


def test_a_digest_of_which_nothing_is_known_is_not_signed_for_the_image_of_another(access: MakeAccess) -> None:
    """The registry has lost, or hides, the manifest of a digest that is signed; another one leads to what runs."""
    with registry() as made:
        store = made.store()
        old, _ = store.image("old")
        runs, config = store.image("evil")
        store.sign(made.repository(), old)
        del store.manifests[old]
        local = image(f"{made.repository()}@{old}", f"{made.repository()}@{runs}", config=config)
        found = provenance(local, policy(), access(), time.time())
    assert found.leads_here is True
    assert found.mark is Mark.UNKNOWN, found
    assert not found.by


def test_statements_of_an_index_are_signed_by_its_own_signature_alone(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        amd, config = store.image("app")
        statement = dump({
            "_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2",
            "subject": [{"digest": {"sha256": amd.partition(":")[2]}}],
            "predicate": {"builder": {"id": "https://forged.example"}},
        })  # fmt: skip
        store.blob(statement)
        layer = described(statement, "application/vnd.in-toto+json")
        claim = {"mediaType": OCI_MANIFEST, "config": described(b"{}", OCI_CONFIG), "layers": [layer]}
        store.manifest(claim)
        notes = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": amd}
        forged = store.index({"amd64": amd}, extra=(described(dump(claim), OCI_MANIFEST, annotations=notes),))
        signed = store.index({"amd64": amd})
        store.sign(made.repository(), signed)
        name = made.repository()
        found = provenance(image(f"{name}@{signed}", f"{name}@{forged}", config=config), policy(), access(), 1e9)
    assert found.mark is Mark.VERIFIED
    assert [(one.builder, one.mark) for one in found.attestations] == [("https://forged.example", Mark.UNSIGNED)]


def test_what_a_mirror_does_not_list_may_be_in_the_registry(access: MakeAccess) -> None:
    """A mirror that knows the API of referrers, and none of them, is no registry that has none."""
    with registry() as mirror, registry() as made:
        digest, _ = made.store("library/app").image("app")
        mirror.store("library/app").image("app")
        made.store("library/app").refer(digest)
        here = access(mirrors=(mirror.url,))
        found = _with_hub(made.host, here, digest)
    assert found.mark is Mark.VERIFIED, found


def _with_hub(host: str, here: Any, digest: str) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inventory.sources.registry.client.HUB_ENDPOINT", host)
        patch.setattr(type(here), "insecure_because", lambda _self, _host: "it is on this machine")
        return of_digest("docker.io/library/app", (digest,), policy(), here, time.time())


def test_a_registry_that_attaches_without_end_costs_little_memory(access: MakeAccess) -> None:
    with registry() as made:
        store = made.store()
        digest, _ = store.image("app")
        manifests = []
        for number in range(8):
            payloads = [dump({"n": [number, layer]}) for layer in range(64)]
            for one in payloads:
                store.blob(one)
            layers = [described(one, "application/vnd.dev.cosign.simplesigning.v1+json") for one in payloads]
            content = {"mediaType": OCI_MANIFEST, "config": described(b"{}", OCI_CONFIG), "layers": layers}
            store.manifest(content)
            manifests.append(described(dump(content), OCI_MANIFEST))
        store.referring(digest, manifests)
        found = look_up(made.repository(), digest, access())
    assert len(found.materials) <= 64
    assert any("too many" in one for one in found.missed)


def test_a_directory_of_signatures_that_is_gone_is_not_empty(access: MakeAccess, tmp_path: Path) -> None:
    rules = structs.replace(policy(), signature_directories=(str(tmp_path / "not-mounted"),))
    with registry() as made:
        digest, _ = made.store().image("app")
        found = of_digest(made.repository(), (digest,), rules, access(), time.time())
    assert found.mark is Mark.UNKNOWN
    assert any("not-mounted" in one for one in found.missed)


def test_repositories_that_were_not_asked_may_have_a_signature(access: MakeAccess) -> None:
    with registry() as made:
        names = [f"team/app{number}" for number in range(6)]
        for name in names:
            digest, config = made.store(name).image("app")
        made.store(names[-1]).sign(made.repository(names[-1]), digest)
        local = image(*(f"{made.repository(name)}@{digest}" for name in names), config=config)
        found = provenance(local, policy(), access(), time.time())
    assert found.mark is Mark.UNKNOWN, found
    assert any("2 more" in one for one in found.missed), found.missed


@pytest.mark.parametrize("there", [True, False])
def test_what_is_signed_of_another_image_is_good_for_nothing(
    access: MakeAccess, tmp_path: Path, there: bool
) -> None:  # fmt: skip
    """Neither for its age nor for what is stated of its build: checks look at each signature and each statement."""
    kept = tmp_path / "kept"
    kept.mkdir()
    with registry() as made:
        store = made.store()
        digest, _ = store.image("good")
        for number, predicate in enumerate((signing.SIGNED, "https://slsa.dev/provenance/v1")):
            name = f"{digest.replace(':', '-')}.{number}.sigstore.json"
            (kept / name).write_bytes(bundle(digest, predicate=predicate))
        local = image(f"{made.repository()}@{digest}", config=f"sha256:{'0' * 64}")
        if not there:
            del store.manifests[digest]
        rules = structs.replace(policy(), signature_directories=(str(kept),))
        found = provenance(local, rules, access(), time.time())
    expected = Mark.FAILED if there else Mark.UNKNOWN
    assert [one.mark for one in found.signatures] == [expected]
    assert [one.mark for one in found.attestations] == [expected]
    assert "this image" in found.attestations[0].detail


def test_a_rule_that_demands_less_does_not_make_up_for_one_that_demands_more(access: MakeAccess) -> None:
    """Podman lists a digest under every name that somebody gave the image here."""
    with registry() as strict, registry() as lax:
        digest, config = strict.store().image("app")
        lax.store().image("app")
        lax.store().sign(lax.repository(), digest, "somebody")
        local = image(f"{lax.repository()}@{digest}", f"{strict.repository()}@{digest}", config=config)
        own = PublicKey("somebody", public("somebody"))
        also = Rule((f"{lax.host}/**",), 2, signed_by=(own,))
        rules = policy(match=f"{strict.host}/**").rules
        found = provenance(local, TrustPolicy((*rules, also)), access(), time.time())
        assert (found.repository, found.mark, found.demanded) == (strict.repository(), Mark.UNSIGNED, True), found
        strict.store().sign(strict.repository(), digest)
        found = provenance(local, TrustPolicy((*rules, also)), access(), time.time())
        assert (found.mark, found.by) == (Mark.VERIFIED, "release")
        # The same signers are as good by either name.
        del strict.store().manifests[f"{digest.replace(':', '-')}.sig"]
        either = structs.replace(rules[0], match=("**",), signed_by=(own,))
        assert provenance(local, TrustPolicy((either,)), access(), time.time()).mark is Mark.VERIFIED


@pytest.mark.parametrize("bundles", [True, False])
def test_more_signatures_than_are_looked_at_are_not_all(tmp_path: Path, bundles: bool) -> None:
    digest = f"sha256:{'1' * 64}"
    place = tmp_path if bundles else tmp_path / f"team/app@{digest.replace(':', '=')}"
    place.mkdir(parents=True, exist_ok=True)

    def put(number: int) -> None:
        name = f"{digest.replace(':', '-')}.{number}.sigstore.json" if bundles else f"signature-{number}"
        (place / name).write_bytes(b"x")

    for number in range(1, 17):
        put(number)
    found = look_in(tmp_path, "team/app", (digest,))
    assert (len(found.materials), found.missed) == (16, [])
    put(17)
    found = look_in(tmp_path, "team/app", (digest,))
    assert len(found.materials) == 16
    assert "too many" in found.missed[0]


def test_a_name_that_a_rule_is_about_is_no_harmless_one_without_a_digest(access: MakeAccess) -> None:
    lax = Rule(("registry.example/**",), number=2)
    rules = TrustPolicy((*policy(match="registry.example/prod/**").rules, lax))
    claims = image(config=f"sha256:{'0' * 64}", repo_tags=("registry.example/dev:1", "registry.example/prod/app:1"))
    found = provenance(claims, rules, access(), time.time())
    assert (found.mark, found.repository, found.demanded) == (Mark.UNKNOWN, "", True)
    assert "registry.example/prod/**" in found.rule
    for tag in ("registry.example/dev:1", "elsewhere.example/app:1", "localhost/prod/app:1", "<none>:<none>"):
        found = provenance(image(config=claims.id, repo_tags=(tag,)), rules, access(), time.time())
        assert (found.rule, found.demanded) == ("", False), tag
