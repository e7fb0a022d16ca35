"""Signatures of what runs: a real engine that pulled from real registries, plain and with TLS and a login."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from lab import images, plan
from lab.engine import Lab
from tests.cli.running import process
from tests.lab.engines import private_engine
from tests.registry.real import NAME, WORD, Served, needs_registry, serving
from tests.registry.signing import Store, digest, public

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300), needs_registry]

PLAIN, SECURE = 5600, 5601
AUTH = base64.b64encode(json.dumps({"username": NAME, "password": WORD}).encode()).decode()


@dataclass(frozen=True)
class Host:
    """An engine with a container from each registry, the digests that these came by, and a home to ask from."""

    lab: Lab
    plain: Served
    secure: Served
    digests: dict[str, str]
    home: Path

    def verify(self, *words: str) -> tuple[int, str, str]:
        """The program, in a process of its own."""
        engine = ("--host", f"unix://{self.lab.paths.socket}")
        ran = process("verify", *engine, "--key", str(self.home / "release.pub"), *words, cwd=self.home)
        return ran.status, ran.out, ran.err


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("registry")
    authority = trustme.CA()
    with private_engine(images=True) as lab, pytest.MonkeyPatch.context() as patch:
        address = lab.address
        assert address is not None
        inside = lab.inside()
        plain = serving(folder / "plain", address, port=PLAIN, inside=inside)
        secure = serving(folder / "secure", address, port=SECURE, inside=inside, authority=authority, users=True)
        with plain as open_one, secure as closed_one:
            (lab.paths.root / "daemon.json").write_text(json.dumps({"insecure-registries": [open_one.host]}))
            patch.setenv("SSL_CERT_FILE", str(closed_one.ca))  # the engine's own way to know the authority
            lab.restart_daemon()
            home = folder / "home"
            home.mkdir()
            (home / "release.pub").write_bytes(public())
            digests = {
                "plain": _pushed(lab, f"{open_one.host}/team/plain"),
                "secure": _pushed(lab, f"{closed_one.host}/team/secure"),
            }
            yield Host(lab, open_one, closed_one, digests, home)


def _pushed(lab: Lab, repository: str) -> str:
    """An image pushed there, and a container of it; the digest that the engine then says it came by."""
    default = [
        replace(image, config={**image.config, "Env": [f"FROM={repository}"]})  # or both may be one image
        for image in plan.images()
        if image.name == plan.DEFAULT_IMAGE
    ]
    headers = {"Content-Type": "application/x-tar"}
    lab.client.raw("POST", "/images/load?quiet=1", images.archive(default, datetime.now(UTC)), headers)
    lab.client.post(f"/images/{plan.DEFAULT_IMAGE}/tag", repo=repository, tag="1.0")
    status, said = lab.client.raw("POST", f"/images/{repository}/push?tag=1.0", b"", {"X-Registry-Auth": AUTH})
    assert status == 200 and b"errorDetail" not in said, said
    name = repository.rpartition("/")[2]
    lab.client.post(f"/containers/{lab.client.create_container(name, {'Image': f'{repository}:1.0'})}/start")
    known = lab.client.get(f"/images/{repository}:1.0/json")["RepoDigests"]
    return str(next(one for one in known if one.startswith(f"{repository}@"))).partition("@")[2]


def _sign(served: Served, path: str, subject: str, *names: str) -> None:
    store = Store()
    store.sign(f"{served.host}/{path}", subject, *names)
    store.blob(b"{}")
    tag = f"{subject.replace(':', '-')}.sig"
    served.push(path, store, tag)


def test_a_plain_registry_that_the_engine_lists_as_insecure(host: Host) -> None:
    """Unsigned, then signed by somebody, then by the key: of the digest that the container runs."""
    wanted = host.digests["plain"]
    status, out, _ = host.verify("plain")
    assert (status, "UNSIGNED" in out) == (1, True), out
    assert "plain HTTP" in out
    _sign(host.plain, "team/plain", wanted, "somebody")
    status, out, _ = host.verify("plain")
    assert (status, "no_matching_key" in out) == (1, True), out
    _sign(host.plain, "team/plain", wanted, "somebody", "release")
    status, out, err = host.verify("plain")
    assert (status, err) == (0, ""), out + err
    assert f"{host.plain.host}/team/plain@{wanted} leads to this image" in out
    assert "container plain is of" in out


def test_tls_with_a_login(host: Host) -> None:
    """What is missing is said in turn: the authority, the credentials; then it is verified."""
    wanted = host.digests["secure"]
    _sign(host.secure, "team/secure", wanted)
    status, out, _ = host.verify("secure")
    assert status in {1, 3} and "certificate is not trusted" in out, out
    place = host.home / ".docker/certs.d" / host.secure.host
    place.mkdir(parents=True)
    (place / "ca.crt").write_text(Path(str(host.secure.ca)).read_text())
    status, out, _ = host.verify("secure")
    assert status in {1, 3} and "denies access" in out, out
    encoded = base64.b64encode(f"{NAME}:{WORD}".encode()).decode()
    (host.home / ".docker/config.json").write_text(json.dumps({"auths": {host.secure.host: {"auth": encoded}}}))
    status, out, err = host.verify(
        "secure", f"{host.secure.host}/team/secure:1.0", f"{host.secure.host}/team/secure@{wanted}"
    )
    assert status == 0, out + err
    assert out.count("VERIFIED: signed by") == 3
    assert not any(secret in out + err for secret in (WORD, encoded))


def test_an_image_that_only_took_the_name(host: Host) -> None:
    """Somebody tags another image with the trusted name: it has no digest of that registry."""
    other = images.ImageSpec(
        name=f"{host.plain.host}/team/plain:2.0", about="not pushed", config={"Labels": {"odd": "1"}}
    )
    headers = {"Content-Type": "application/x-tar"}
    archive = images.archive([other], datetime.now(UTC))
    host.lab.client.raw("POST", "/images/load?quiet=1", archive, headers)
    status, out, _ = host.verify(other.name)
    assert status == 3
    assert "UNKNOWN: built, loaded or imported here" in out
    assert digest(archive) not in out
