"""Against a real registry: plain, TLS, users, tokens; signed by the tools where they are, else by this test."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from msgspec.structs import replace

from inventory.signatures.model import Layout, Mark
from inventory.signatures.policy import NotationTrust, PublicKey, Rule, TrustPolicy
from inventory.sources.registry.provenance import of_digest
from tests.registry.conftest import MakeAccess
from tests.registry.real import NAME, WORD, Served, TokenServer, index_and_image, needs_registry, serving, tool
from tests.registry.signing import Store, policy
from tests.registry.test_login import keep

pytestmark = needs_registry
BASIC = {"auth": base64.b64encode(f"{NAME}:{WORD}".encode()).decode()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registries")


@pytest.fixture(scope="module")
def plain(folder: Path) -> Iterator[Served]:
    with serving(folder / "plain") as served:
        yield served


def test_plain(plain: Served, access: MakeAccess) -> None:
    store, index, amd = index_and_image(f"{plain.host}/team/app")
    store.refer(amd, "somebody", api=False)
    plain.push("team/app", store)
    found = of_digest(f"{plain.host}/team/app", (index,), policy(), access(), time.time())
    assert (found.mark, found.platform_digest) == (Mark.VERIFIED, amd), found
    assert {one.layout for one in found.signatures} == {Layout.COSIGN_TAG, Layout.SIGSTORE_BUNDLE}
    assert not found.missed
    store = Store()
    unsigned, _ = store.image("other", "1")
    plain.push("team/other", store)
    assert of_digest(f"{plain.host}/team/other", (unsigned,), policy(), access(), time.time()).mark is Mark.UNSIGNED


def test_tls_and_users(folder: Path, access: MakeAccess) -> None:
    authority = trustme.CA()
    with serving(folder / "tls", authority=authority, users=True) as served:
        store, index, _ = index_and_image(f"{served.host}/team/app")
        served.push("team/app", store)
        one = access()
        found = of_digest(f"{served.host}/team/app", (index,), policy(), one, time.time())
        assert (found.mark, found.reason) == (Mark.UNKNOWN, "denied")
        one = access()
        keep(one, {"auths": {served.host: BASIC}})
        place = one.certificates[0] / served.host
        place.mkdir(parents=True)
        authority.cert_pem.write_to_path(place / "ca.crt")
        found = of_digest(f"{served.host}/team/app", (index,), policy(), one, time.time())
        assert found.mark is Mark.VERIFIED, found


def test_a_token_server(folder: Path, access: MakeAccess) -> None:
    tokens = TokenServer(folder / "tokens")
    with serving(folder / "token", token=tokens.settings) as served:
        store, index, _ = index_and_image(f"{served.host}/team/app")
        pushing = {"Authorization": f"Bearer {tokens.token('repository:team/app:pull,push')}"}
        Served(served.host, served.url, headers=pushing).push("team/app", store)
        found = of_digest(f"{served.host}/team/app", (index,), policy(), access(), time.time())
        assert (found.mark, found.reason) == (Mark.UNKNOWN, "denied")
        one = access()
        keep(one, {"auths": {served.host: BASIC}})
        tokens.asked.clear()
        found = of_digest(f"{served.host}/team/app", (index,), policy(), one, time.time())
        assert found.mark is Mark.VERIFIED, found
        assert tokens.asked == ["/token?service=the+registry&scope=repository%3Ateam%2Fapp%3Apull"]
        other = of_digest(f"{served.host}/team/none", (index,), policy(), one, time.time())
        assert other.mark is Mark.UNKNOWN, "a repository that is not there"
    tokens.stop()


def run(program: str, *words: str, home: Path) -> str:
    """A tool with a home of its own and no network but loopback to ask."""
    around = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "COSIGN_PASSWORD": "word"}
    done = subprocess.run(
        [program, *words], cwd=home, env=around, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.skipif(tool("cosign") is None, reason="cosign is neither on PATH nor in DECKWATCH_TOOLS")
@pytest.mark.parametrize("form", ["tag", "bundle"])
def test_signed_by_cosign(plain: Served, access: MakeAccess, tmp_path: Path, form: str) -> None:
    cosign = tool("cosign") or ""
    store = Store()
    wanted, _ = store.image(form, "1")
    path = f"cosign/{form}"
    plain.push(path, store)
    run(cosign, "generate-key-pair", home=tmp_path)
    (tmp_path / "none.json").write_text(
        json.dumps({"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"})
    )
    words = ["sign", "-y", "--allow-insecure-registry", "--key", "cosign.key", "-a", "env=prod"]
    newer = "--signing-config" in run(cosign, "sign", "--help", home=tmp_path)
    if form == "bundle" and not newer:
        pytest.skip("this cosign makes no bundles by itself")
    if newer:
        words += ["--signing-config", "none.json"] if form == "bundle" else [
            "--use-signing-config=false", "--new-bundle-format=false", "--tlog-upload=false",
        ]  # fmt: skip
    else:
        words.append("--tlog-upload=false")
    run(cosign, *words, f"{plain.host}/{path}@{wanted}", home=tmp_path)
    key = PublicKey("cosign.pub", (tmp_path / "cosign.pub").read_bytes())
    rule = Rule(("**",), signed_by=(key,), require=("signature",), annotations=(("env", "prod"),))
    found = of_digest(f"{plain.host}/{path}", (wanted,), TrustPolicy(rules=(rule,)), access(), time.time())
    assert (found.mark, found.by) == (Mark.VERIFIED, "cosign.pub"), found
    assert found.signatures[0].layout == (Layout.COSIGN_TAG if form == "tag" else Layout.SIGSTORE_BUNDLE)
    stage = TrustPolicy(rules=(replace(rule, annotations=(("env", "stage"),)),))
    assert of_digest(f"{plain.host}/{path}", (wanted,), stage, access(), time.time()).reason == "annotation_mismatch"
    assert of_digest(f"{plain.host}/{path}", (wanted,), policy(), access(), time.time()).reason == "no_matching_key"


@pytest.mark.skipif(tool("notation") is None, reason="notation is neither on PATH nor in DECKWATCH_TOOLS")
@pytest.mark.parametrize("form", ["jws", "cose"])
def test_signed_by_notation(plain: Served, access: MakeAccess, tmp_path: Path, form: str) -> None:
    notation = tool("notation") or ""
    store = Store()
    wanted, _ = store.image(form, "1")
    path = f"notation/{form}"
    plain.push(path, store)
    run(notation, "cert", "generate-test", "--default", "lab.example", home=tmp_path)
    words = ["sign", "--insecure-registry", "--force-referrers-tag", "--signature-format", form]
    run(notation, *words, f"{plain.host}/{path}@{wanted}", home=tmp_path)
    root = next((tmp_path / ".config/notation/truststore").rglob("*.crt")).read_bytes()
    rule = Rule(("**",), signed_by=(NotationTrust("lab", (root,)),), require=("signature",))
    found = of_digest(f"{plain.host}/{path}", (wanted,), TrustPolicy(rules=(rule,)), access(), time.time())
    assert (found.mark, found.signatures[0].layout) == (Mark.VERIFIED, Layout.NOTATION), found
