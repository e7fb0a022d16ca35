"""`deckwatch verify`: what people type, whose signature counts, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.sources.registry.access import _here
from lab.fake_engine import Answer, FakeEngine
from tests.cli.running import Cli, Ran
from tests.registry.fake import PASSWORD, USER, Registry, always, registry
from tests.registry.signing import Store, bundle, public
from tests.registry.test_login import basic
from tests.registry.test_places import write_layout


@pytest.fixture(autouse=True)
def away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing outside this machine is asked, and nothing of its user is used."""
    monkeypatch.setattr("inventory.sources.registry.client.HUB_ENDPOINT", "127.0.0.1:1")
    for name in ("_LOOKASIDES", "_SIGNATURES"):
        monkeypatch.setattr(f"inventory.sources.registry.access.{name}", str(tmp_path / name))
    _here.cache_clear()
    for name in ("XDG_CACHE_HOME", "REGISTRY_AUTH_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def made() -> Iterator[Registry]:
    with registry() as running:
        yield running


@pytest.fixture
def key(cli: Cli) -> Path:
    path = cli.folder / "release.pub"
    path.write_bytes(public())
    return path


def signed(made: Registry, *names: str) -> tuple[str, str]:
    digest, config = made.store().image("app", "1.0")
    made.store().sign(made.repository(), digest, *names)
    return digest, config


def verify(cli: Cli, *words: str | Path) -> Ran:
    return cli("verify", "--no-docker", *words)


def engine(cli: Cli, config: str, *digests: str, container: str = "web") -> FakeEngine:
    """An engine with one image and a container of it."""
    image = Answer.json({
        "Id": config, "RepoTags": ["app:1.0"], "RepoDigests": list(digests), "Os": "linux", "Architecture": "amd64",
        "Created": "2026-01-01T00:00:00Z", "Size": 1, "Config": {}, "RootFS": {"Type": "layers", "Layers": []},
    })  # fmt: skip
    routes = {
        "/_ping": Answer(b"OK", 200, {"Api-Version": "1.41"}),
        "/version": Answer.json({"Version": "20.10.24", "ApiVersion": "1.41"}),
        "/info": Answer.json({"Name": "host", "RegistryConfig": {"IndexConfigs": {}, "InsecureRegistryCIDRs": []}}),
        "/images/app%3A1.0/json": image,
        f"/images/{config.replace(':', '%3A')}/json": image,
        f"/containers/{container}/json": Answer.json({"Id": "c" * 64, "Name": f"/{container}", "Image": config}),
    }
    return FakeEngine(cli.folder / "engine.sock", routes)


def test_by_tag_and_by_digest(cli: Cli, made: Registry, key: Path) -> None:
    digest, _ = signed(made)
    for name in (f"{made.repository()}:1.0", f"{made.repository()}@{digest}", f"{made.repository()}:9@{digest}"):
        ran = verify(cli, "--key", key, name)
        assert (ran.status, ran.err) == (0, ""), ran
        lines = ran.out.splitlines()
        assert lines[0] == name
        assert lines[1].startswith("  VERIFIED: signed by ")
        assert f"@{digest}" in ran.out
        assert f"policy    --key {key}" in ran.out
        assert "ok   signature" in ran.out


def test_by_what_runs(cli: Cli, made: Registry, key: Path) -> None:
    digest, config = signed(made)
    with engine(cli, config, f"{made.repository()}@{digest}") as host:
        for name in ("app:1.0", config, "web"):
            ran = cli("verify", "--host", f"unix://{host.path}", "--key", key, name)
            assert (ran.status, ran.err) == (0, ""), ran
            assert f"@{digest} leads to this image" in ran.out
        assert "container web is of app:1.0" in ran.out


def test_an_image_that_the_digest_does_not_lead_to(cli: Cli, made: Registry, key: Path) -> None:
    digest, _ = signed(made)
    with engine(cli, f"sha256:{'5' * 64}", f"{made.repository()}@{digest}") as host:
        ran = cli("verify", "--host", f"unix://{host.path}", "--key", key, "web")
    assert ran.status == 1
    assert "NOT VERIFIED: the registry's manifest of that digest does not lead to this image" in ran.out


def test_an_image_made_here(cli: Cli, key: Path) -> None:
    with engine(cli, f"sha256:{'5' * 64}") as host:
        ran = cli("verify", "--host", f"unix://{host.path}", "--key", key, "web")
    assert ran.status == 3
    assert "UNKNOWN: built, loaded or imported here" in ran.out


def test_the_status_of_several_is_that_of_the_worst(cli: Cli, made: Registry, key: Path) -> None:
    signed(made)
    made.store("team/plain").image("plain", "1")
    ran = verify(cli, "--key", key, f"{made.repository()}:1.0", f"{made.repository('team/plain')}:1")
    assert ran.status == 1
    assert "VERIFIED: signed" in ran.out and "UNSIGNED: no signature was found" in ran.out


def test_another_key(cli: Cli, made: Registry, key: Path) -> None:
    signed(made, "somebody")
    ran = verify(cli, "--key", key, f"{made.repository()}:1.0")
    assert ran.status == 1
    assert "NOT VERIFIED" in ran.out and "no_matching_key" in ran.out


def test_by_the_configuration(cli: Cli, made: Registry, key: Path) -> None:
    signed(made)
    rule = f'match = ["{made.host}/**"]\nrequire = ["signature"]\nsigned_by = [{{ key = "release.pub" }}]\n'
    (cli.folder / "deckwatch.toml").write_text(f"[[trust.rule]]\n{rule}")
    ran = verify(cli, f"{made.repository()}:1.0")
    assert ran.status == 0, ran
    assert f"rule 1 {made.host}/** (line 1)" in ran.out
    (cli.folder / "deckwatch.toml").write_text("")
    ran = verify(cli, f"{made.repository()}:1.0")
    assert ran.status == 3
    assert "UNKNOWN" in ran.out and "no rule of the configuration names it" in ran.out


def test_json(cli: Cli, made: Registry, key: Path) -> None:
    digest, _ = signed(made)
    ran = verify(cli, "--key", key, "--format", "json", f"{made.repository()}:1.0")
    told = json.loads(ran.out)
    assert told["schema"] == "deckwatch.verify/1"
    one = told["images"][0]
    assert (one["asked"], one["mark"], one["digest"], one["image"]) == (
        f"{made.repository()}:1.0", "verified", digest, None,
    )  # fmt: skip
    assert one["signatures"][0]["steps"][-1]["holds"] is True


def test_a_layout(cli: Cli, key: Path) -> None:
    store = Store()
    digest, _ = store.image("app", "1.0")
    store.sign("r.example/app", digest)
    write_layout(cli.folder / "kept", store)
    for name in ((), ("r.example/app:1.0",), (f"r.example/app@{digest}",), ("r.example/app",)):
        ran = cli("verify", "--layout", cli.folder / "kept", "--key", key, *name)
        assert ran.status == 0, ran
    assert cli("verify", "--layout", cli.folder / "kept", "--key", key, "r.example/other:1.0").status == 1
    assert cli("verify", "--layout", cli.folder / "kept", "--key", key, "r.example/app:9").status == 3
    assert cli("verify", "--layout", cli.folder, "--key", key).status == 2


def test_a_layout_that_names_nothing(cli: Cli, key: Path) -> None:
    """As `cosign save` writes it: the one image is what is asked for, and its signature says whose it is."""
    store = Store()
    digest, _ = store.image("app", "1.0")
    store.sign("r.example/app", digest)
    write_layout(cli.folder / "kept", store)
    index = cli.folder / "kept" / "index.json"
    document = json.loads(index.read_text())
    for entry in document["manifests"]:
        if entry["digest"] == digest:
            del entry["annotations"]["org.opencontainers.image.ref.name"]
    index.write_text(json.dumps(document))
    assert cli("verify", "--layout", cli.folder / "kept", "--key", key, "r.example/app:1.4").status == 0
    assert cli("verify", "--layout", cli.folder / "kept", "--key", key, "r.example/other:1.4").status == 1


def test_a_layouts_image_of_another_repository_is_not_taken(cli: Cli, key: Path) -> None:
    """Bundles name no repository: only the layout itself says what the image is called."""
    store = Store()
    digest, _ = store.image("other", "r.example/other:1.0")
    store.refer(digest, api=False)
    write_layout(cli.folder / "kept", store)
    assert cli("verify", "--layout", cli.folder / "kept", "--key", key, "r.example/other:1.0").status == 0
    for name in ("r.example/app:1.0", "r.example/app"):
        ran = cli("verify", "--layout", cli.folder / "kept", "--key", key, name)
        assert ran.status == 3 and "has no image" in ran.line, ran
        assert "it has r.example/other:1.0" in ran.line


def test_nothing_could_be_asked(cli: Cli, key: Path) -> None:
    ran = verify(cli, "--key", key, "127.0.0.1:1/app:1", "app")
    assert ran.status == 3
    assert ran.out.count("connection refused") >= 2


def test_it_was_asked_and_is_not_there(cli: Cli, made: Registry, key: Path) -> None:
    ran = verify(cli, "--key", key, f"{made.repository()}:1.0")
    assert ran.status == 3
    assert f"UNKNOWN: {made.repository()} has no tag 1.0" in ran.out


def test_credentials_of_the_user_and_none_on_the_screen(cli: Cli, key: Path) -> None:
    with registry(login="bearer") as made:
        signed(made)
        assert verify(cli, "--key", key, f"{made.repository()}:1.0").status == 3
        _here.cache_clear()  # credentials are looked for again after a minute
        (cli.folder / ".docker").mkdir()
        (cli.folder / ".docker/config.json").write_text(json.dumps({"auths": {made.host: basic()}}))
        for form in ("text", "json"):
            ran = verify(cli, "--key", key, "--format", form, f"{made.repository()}:1.0")
            assert ran.status == 0, ran
            assert not any(word in ran.out + ran.err for word in (USER, PASSWORD))


def test_hostile_text_is_written_out(cli: Cli, made: Registry, key: Path) -> None:
    digest, _ = made.store().image("app", "1.0")
    odd = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 1,
           "artifactType": "\x1b]0;gotcha\x07"}  # fmt: skip
    made.store().referring(digest, [odd])
    ran = verify(cli, "--key", key, f"{made.repository()}:1.0")
    assert "\\x1b]0;gotcha" in ran.out
    assert "\x1b" not in ran.out


def test_a_registry_that_fails(cli: Cli, key: Path) -> None:
    with registry(odd=always(500)) as made:
        ran = verify(cli, "--key", key, f"{made.repository()}:1.0")
    assert ran.status == 3
    assert "status 500" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which image?"),
        (("--certificate-identity", "x", "app"), "go together"),
        (("--certificate-oidc-issuer", "x", "app"), "go together"),
        (("--trusted-root", "x", "app"), "for keyless"),
        (("--key", "absent.pub", "app"), "cannot be read"),
        (("--key", "/etc/hostname", "app"), "is no public key"),
        (("--key", "/dev/null", "app"), "not a regular file"),
        (("-a", "env", "app"), "NAME=VALUE"),
        (("-a", "env=prod", "app"), "goes with --key"),
        (("--platform", "arm64", "app"), "expected OS/ARCH"),
        (("--layout", "absent", "app"), "is no directory"),
        (("--host", "unix:///x", "app"), "cannot be combined"),
        (("\x1b[31m",), "is not the name of an image"),
        ((" ",), "is not the name of an image"),
        (("sha256:" + "1" * 64,), "no name that a registry could know"),
        (("--keys", "x", "app"), "unknown option --keys"),
    ],
)
def test_wrong_usage(cli: Cli, words: tuple[str, ...], said: str) -> None:
    ran = verify(cli, *words)
    assert ran.status == 2
    assert said in ran.line and ran.line.isprintable()


def test_bundles_beside_the_registry(cli: Cli, made: Registry, key: Path) -> None:
    digest, _ = made.store().image("app", "1.0")
    folder = cli.folder / "signatures"
    folder.mkdir()
    (folder / f"{digest.replace(':', '-')}.sigstore.json").write_bytes(bundle(digest))
    (cli.folder / "deckwatch.toml").write_text(
        '[trust]\nsignature_directories = ["signatures"]\n[[trust.rule]]\nmatch = ["**"]\nrequire = ["signature"]\n'
        'signed_by = [{ key = "release.pub" }]\n'
    )
    ran = verify(cli, f"{made.repository()}:1.0")
    assert ran.status == 0, ran


def test_help_says_what_the_status_means(cli: Cli) -> None:
    ran = cli("verify", "--help")
    assert ran.status == 0
    for word in ("exit status", "--certificate-oidc-issuer", "--layout", "3  neither: at least one could not"):
        assert word in ran.out
