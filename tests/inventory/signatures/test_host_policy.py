"""What policy.json and registries.d mean, in any form they may have."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.signatures.host_policy import (
    HostPolicy,
    KeyFile,
    Registry,
    accepts_anything,
    authorities,
    demands_signature,
    namespaces,
    parse,
    registries,
    rejects,
    scope_repository,
    with_host,
)
from inventory.signatures.policy import GpgKeys, PublicKey, Rule, TrustPolicy
from inventory.signatures.rules import rule_for

PEM = (Path(__file__).parents[2] / "data" / "trust" / "p256.pub").read_bytes()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["default", "transports", "docker", "type", "keyPath", "keyPaths", "keyData", "signedIdentity", ""]
            ),
            inner | st.sampled_from(["reject", "signedBy", "sigstoreSigned", "insecureAcceptAnything"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


def policy(docker: dict[str, Any] | None = None, default: str = "reject") -> HostPolicy:
    return parse(
        {"default": [{"type": default}], "transports": {"docker": docker or {}, "docker-daemon": {}}}, "/p.json"
    )


def test_the_most_specific_scope_alone_counts() -> None:
    scopes = ["quay.io/acme/app:1", "quay.io/acme/app", "quay.io/acme", "quay.io", "*.io", ""]
    found = policy({scope: [{"type": "insecureAcceptAnything"}] for scope in scopes})
    assert found.mistakes == ()
    assert found.others == ("docker-daemon",)
    for repository, tag, scope in (
        ("quay.io/acme/app", "1", "quay.io/acme/app:1"),
        ("quay.io/acme/app", "2", "quay.io/acme/app"),
        ("quay.io/acme/application", "", "quay.io/acme"),
        ("quay.io/other/app", "", "quay.io"),
        ("ghcr.io:443/x", "", "*.io"),
        ("localhost/x", "", "docker"),
    ):
        assert found.applies(repository, tag)[0] == scope
    assert policy().applies("localhost/x") == ("default", policy().default)


def test_scopes_of_a_repository() -> None:
    assert list(namespaces("r.example.com:5000/a/b", "1")) == [
        "r.example.com:5000/a/b:1", "r.example.com:5000/a/b", "r.example.com:5000/a", "r.example.com:5000",
        "*.example.com", "*.com", "",
    ]  # fmt: skip
    assert [scope_repository(scope) for scope in ("quay.io/a", "quay.io", "*.io", "quay.io/a:1", "", "q.io:1/a")] == [
        "quay.io/a", "", "", "", "", "q.io:1/a",
    ]  # fmt: skip


def test_what_requirements_say() -> None:
    found = policy(
        {
            "a.b/gpg": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k.gpg"}],
            "a.b/key": [{"type": "sigstoreSigned", "keyPaths": ["/k.pub", "/l.pub"],
                         "signedIdentity": {"type": "exactRepository", "dockerRepository": "a.b/other"}}],
            "a.b/data": [{"type": "sigstoreSigned", "keyData": base64.b64encode(PEM).decode()}],
            "a.b/who": [{"type": "sigstoreSigned", "fulcio": {"caPath": "/ca", "oidcIssuer": "i"}}],
        }
    )  # fmt: skip
    assert found.mistakes == ()
    shown = {scope: ", ".join(map(str, each)) for scope, each in found.lists}
    assert shown == {
        "a.b/gpg": "signedBy by /k.gpg",
        "a.b/key": "sigstoreSigned by /k.pub or /l.pub",
        "a.b/data": "sigstoreSigned by a key in the file",
        "a.b/who": "sigstoreSigned by certificates",
        "default": "reject",
    }
    assert found.scopes["a.b/key"][0].other == "a.b/other"
    assert demands_signature(found.scopes["a.b/key"])
    assert rejects(found.default)
    assert not accepts_anything(())


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ({"type": "sigstoreSigned"}, "names no key"),
        ({"type": "signedBy", "keyPath": "/k"}, "unknown keyType"),
        ({"type": "sigstoreSigned", "keyPath": 7}, "neither a path nor base64"),
        ({"type": "sigstoreSigned", "keyPath": "/k", "keyData": "AAAA"}, "keyPath and keyData stand together"),
        (
            {"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "exactRepository"}},
            "no dockerRepository",
        ),
        ({"type": "reject", "x": 1}, "unknown member 'x'"),
        ({"type": "sigstoreSigned", "keyData": "?"}, "neither a path nor base64"),
        ({"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "x"}}, "unknown signedIdentity"),
        ({"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": []}}, "unknown signedIdentity"),
        ({"type": ["reject"]}, "unknown type"),
        ({"type": "acceptAll"}, "unknown type 'acceptAll'"),
        (7, "unknown type"),
    ],
)
def test_mistakes_make_the_file_unusable(requirement: object, said: str) -> None:
    found = policy({"a.b": [requirement]})
    assert any(said in mistake and "docker.a.b" in mistake for mistake in found.mistakes)
    assert authorities(found, "a.b/c") == ()


def test_a_file_without_a_default() -> None:
    assert parse({"transport": {}}, "/p").mistakes == (
        "unknown member 'transport'", "has no default", "default is no list of requirements",
    )  # fmt: skip


@given(JSON)
def test_no_document_is_too_odd(document: object) -> None:
    found = parse(document, "/p")
    registries([("/r.yaml", document)])
    for repository in ("a.b/c", "docker.io/library/x"):
        found.applies(repository)
        authorities(found, repository)
    if not found.mistakes:
        assert found.default


def test_each_property_of_registries_by_itself() -> None:
    found = registries(
        [
            ("/a.yaml", {"docker": {"a.b/c": {"lookaside": "file:///c"}, "a.b": {"use-sigstore-attachments": True}}}),
            ("/b.yaml", {"docker": {"a.b": {"lookaside": "x"}, 7: 8}, "default-docker": {"sigstore": "file:///old"}}),
            ("/c.yaml", {"docker": [], "default-docker": 7}),
        ]
    )
    assert found["a.b"] == Registry("", True, "/a.yaml")
    host = HostPolicy("/p", registries=found)
    assert (host.lookaside("a.b/c"), host.sigstore_attachments("a.b/c")) == ("file:///c", True)
    assert (host.lookaside("x.y/c"), host.sigstore_attachments("x.y/c")) == ("file:///old", False)


def test_its_keys_count_where_the_site_says_so() -> None:
    document = {
        "default": [{"type": "reject"}],
        "transports": {"docker": {
            "a.b": [{"type": "sigstoreSigned", "keyPath": "/k.pub"}],
            "a.b/gpg": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k.gpg"}],
            "a.b/two": [{"type": "sigstoreSigned", "keyPath": "/k.pub"}, {"type": "reject"}],
            "a.b/bad": [{"type": "sigstoreSigned", "keyPath": "/bad.pub"}],
        }},
    }  # fmt: skip
    host = HostPolicy(
        "/p",
        default=parse(document, "/p").default,
        scopes=parse(document, "/p").scopes,
        registries={"a.b/gpg": Registry("file:///sigs")},
        keys={
            "/k.pub": KeyFile("/k.pub", PEM),
            "/k.gpg": KeyFile("/k.gpg", b"\x99"),
            "/bad.pub": KeyFile("/bad.pub", mistake="x"),
        },
    )
    assert authorities(host, "a.b/c") == (PublicKey("/k.pub", PEM),)
    assert authorities(host, "a.b/gpg") == (GpgKeys("/k.gpg", b"\x99", "file:///sigs"),)
    assert authorities(host, "a.b/two") == authorities(host, "a.b/bad") == authorities(host, "x.y/z") == ()
    own = Rule(("a.b/c",), 1, signed_by=(PublicKey("own", PEM),))
    assert with_host(TrustPolicy((own,)), host).host_rules == ()
    assert with_host(TrustPolicy((own,), host_policy="keys"), HostPolicy("/p", mistakes=("x",))).host_rules == ()
    counting = with_host(TrustPolicy((own,), host_policy="keys"), host)
    with_it = rule_for(counting, "a.b/c")
    assert with_it is not None
    assert [each.name for each in with_it.signed_by if isinstance(each, PublicKey)] == ["own", "/k.pub"]
    assert str(with_it) == "rule 1 a.b/c"
    alone = rule_for(counting, "a.b/d")
    assert alone is not None
    assert (str(alone), alone.require, len(alone.signed_by)) == ("/p: a.b/**", ("signature",), 1)
    for nobody in ("a.b/two", "a.b/two/deeper", "a.b/bad", "x.y/z"):
        assert rule_for(counting, nobody) is None


@given(st.lists(st.sampled_from(["a.b", "a.b/c", "a.b/c/d", "*.b", "*.x.b", "a.b:5/c", "", "a.b/c:1"]), unique=True))
def test_its_scopes_as_rules_find_what_its_scopes_find(scopes: list[str]) -> None:
    keys = {scope: base64.b64encode(b"%d" % number).decode() for number, scope in enumerate(scopes)}
    listed = {scope: [{"type": "sigstoreSigned", "keyData": key}] for scope, key in keys.items()}
    host = parse({"default": [{"type": "reject"}], "transports": {"docker": listed}}, "/p")
    counting = with_host(TrustPolicy(host_policy="keys"), host)
    for repository in ("a.b/c", "a.b/c/d", "a.b/cd", "a.b/e", "y.x.b/c", "z.b/c", "a.b:5/c", "q.w/e"):
        found = rule_for(counting, repository)
        assert (found.signed_by if found else ()) == authorities(host, repository)


def test_a_namespace_of_docker_hub_is_no_official_image() -> None:
    """What the host rejects below it must not be found under what the host trusts above it."""
    trusted, rejected = [{"type": "sigstoreSigned", "keyData": base64.b64encode(PEM).decode()}], [{"type": "reject"}]
    for below in ("docker.io/library", "docker.io/evil"):
        listed = {"docker.io": trusted, below: rejected}
        host = parse({"default": rejected, "transports": {"docker": listed}}, "/p")
        counting = with_host(TrustPolicy(host_policy="keys"), host)
        for repository in ("docker.io/library/app", "docker.io/evil/app", "docker.io/other/app"):
            found = rule_for(counting, repository)
            assert (found.signed_by if found else ()) == authorities(host, repository), (below, repository)


def test_a_key_alone_is_not_enough_where_the_host_wants_a_log_too() -> None:
    wanted = {"type": "sigstoreSigned", "keyData": base64.b64encode(PEM).decode(), "rekorPublicKeyPath": "/log.pub"}
    host = parse({"default": [wanted]}, "/p")
    assert not host.mistakes
    assert authorities(host, "a.b/c") == ()
    assert rule_for(with_host(TrustPolicy(host_policy="keys"), host), "a.b/c") is None


@pytest.mark.parametrize(
    ("identity", "counts"),
    [
        ({"type": "matchRepository"}, True),
        ({"type": "matchRepoDigestOrExact"}, True),
        ({"type": "matchExact"}, False),
        ({"type": "exactRepository", "dockerRepository": "other.b/c"}, False),
        ({"type": "exactReference", "dockerReference": "other.b/c:1"}, False),
        ({"type": "remapIdentity", "prefix": "a.b", "signedPrefix": "other.b"}, False),
    ],
)
def test_a_key_counts_only_for_the_name_that_is_compared_here(identity: dict[str, str], counts: bool) -> None:
    wanted = {"type": "sigstoreSigned", "keyData": base64.b64encode(PEM).decode(), "signedIdentity": identity}
    host = parse({"default": [wanted]}, "/p")
    assert not host.mistakes
    assert bool(authorities(host, "a.b/c")) is counts
