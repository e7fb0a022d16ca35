"""Logging in: with what the clients keep, to whom, and that no secret is ever told to anybody else or repeated."""

from __future__ import annotations

import base64
import json
import logging
import ssl
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from inventory.signatures.model import Mark
from inventory.sources.registry import tokens
from inventory.sources.registry.access import Access
from inventory.sources.registry.credentials import Credentials, look_for
from inventory.sources.registry.faults import Cause, RegistryError
from inventory.sources.registry.http import Tls
from inventory.sources.registry.provenance import of_digest
from tests.registry.conftest import MakeAccess
from tests.registry.fake import PASSWORD, REFRESH, TOKEN, USER, Registry, always, registry
from tests.registry.signing import policy

SECRETS = (PASSWORD, REFRESH, TOKEN, base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())


def basic(user: str = USER, password: str = PASSWORD) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def keep(access: Access, document: object, file: int = 0) -> None:
    access.credentials[file].write_text(json.dumps(document))


def helper(access: Access, name: str, script: str) -> None:
    program = Path(access.environ["PATH"]) / f"docker-credential-{name}"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def signed(made: Registry) -> str:
    digest, _ = made.store().image("app", "1")
    made.store().sign(made.repository(), digest)
    return digest


def mark(made: Registry, access: Access, digest: str) -> Mark:
    found = of_digest(made.repository(), (digest,), policy(), access, time.time())
    told = repr(found) + repr(access) + repr(access.client.credentials(made.host, "team/app"))
    assert not any(secret in told for secret in SECRETS)
    return found.mark


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> object:
    """Nothing secret in any log, whatever the level."""
    caplog.set_level(logging.DEBUG)
    yield
    assert not any(secret in caplog.text for secret in SECRETS)


@pytest.mark.parametrize("login", ["basic", "bearer"])
def test_without_and_with_credentials(access: MakeAccess, login: str) -> None:
    with registry(login=login) as made:
        digest = signed(made)
        found = of_digest(made.repository(), (digest,), policy(), access(), time.time())
        assert (found.mark, found.reason) == (Mark.UNKNOWN, "denied")
        assert "no credentials" in found.detail
        one = access()
        keep(one, {"auths": {made.host: basic()}})
        assert mark(made, one, digest) is Mark.VERIFIED
        wrong = access()
        keep(wrong, {"auths": {made.host: basic(password="wrong")}})
        assert mark(made, wrong, digest) is Mark.UNKNOWN


def test_the_token_is_asked_for_once(access: MakeAccess) -> None:
    with registry(login="bearer") as made:
        digest = signed(made)
        one = access()
        keep(one, {"auths": {f"https://{made.host}/v1/": basic()}})
        assert mark(made, one, digest) is Mark.VERIFIED
        assert mark(made, one, digest) is Mark.VERIFIED
        assert sum("/token" in path for path in made.paths()) == 1
        wanted = next(path for path in made.paths() if "/token" in path)
        assert wanted == "/token?service=the+registry&scope=repository%3Ateam%2Fapp%3Apull"


def test_an_identity_token_is_exchanged_by_post(access: MakeAccess) -> None:
    with registry(login="bearer") as made:
        digest = signed(made)
        one = access()
        keep(one, {"auths": {made.host: {"identitytoken": REFRESH}}})
        assert mark(made, one, digest) is Mark.VERIFIED
        posts = [seen for seen in made.seen if seen.method == "POST"]
        assert [seen.path for seen in posts] == ["/token"]
        assert f"refresh_token={REFRESH}" in posts[0].body and "grant_type=refresh_token" in posts[0].body


def test_helpers(access: MakeAccess) -> None:
    with registry(login="bearer") as made:
        digest = signed(made)
        for document in ({"credHelpers": {made.host: "right"}}, {"credsStore": "right"}):
            one = access()
            said = json.dumps({"ServerURL": "x", "Username": USER, "Secret": PASSWORD})
            helper(one, "right", f'read server; test "$1" = get -a "$server" = {made.host} && echo \'{said}\'')
            keep(one, document)
            assert mark(made, one, digest) is Mark.VERIFIED
        one = access()
        helper(one, "token", "echo '" + json.dumps({"Username": "<token>", "Secret": REFRESH}) + "'")
        keep(one, {"credHelpers": {made.host: "token"}})
        assert mark(made, one, digest) is Mark.VERIFIED


@pytest.mark.parametrize(
    ("name", "script", "said"),
    [
        ("absent", None, "is not installed"),
        ("../../bin/sh", None, "a credential helper's name"),
        ("-x; reboot", None, "a credential helper's name"),
        ("slow", "sleep 20", "did not answer within"),
        ("fails", f"echo {PASSWORD} >&2; exit 3", "failed with status 3"),
        ("odd", f"echo '{PASSWORD}'", "something else than credentials"),
        ("none", "echo 'credentials not found in native keychain'; exit 1", ""),
    ],
)
def test_helpers_that_do_not_help(access: MakeAccess, name: str, script: str | None, said: str) -> None:
    one = access({"helper": 0.3})
    if script is not None:
        helper(one, name, f"PATH=/usr/bin:/bin\n{script}")
    keep(one, {"credHelpers": {"registry.example": name}})
    keep(one, {"auths": {"registry.example": basic()}}, file=1)
    found = look_for("registry.example", "app", one.credentials, one.environ, one.limits.helper)
    assert found.credentials is not None, "the next file has some"
    assert said in "".join(found.problems) and bool(found.problems) is bool(said)
    assert not any(secret in repr(found) for secret in SECRETS)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"auths": 3}',
        '{"auths": {"registry.example": 3}, "credHelpers": [1], "credsStore": {}}',
        '{"auths": {"registry.example": {"auth": "!!"}}}',
        "[" * 100_000,
        '{"auths": null}',
    ],
    ids=lambda content: str(len(content)),
)
def test_files_that_hold_something_else(access: MakeAccess, content: str) -> None:
    one = access()
    one.credentials[0].write_text(content)
    assert look_for("registry.example", "app", one.credentials, one.environ, 1).credentials is None


def test_podman_may_name_a_namespace(access: MakeAccess) -> None:
    one = access()
    entries = {"r.example/team/app": basic("app"), "r.example/team": basic("team"), "r.example": basic("all")}
    keep(one, {"auths": entries}, file=1)

    def user(path: str) -> str:
        found = look_for("r.example", path, one.credentials, one.environ, 1).credentials
        return found.user if found else ""

    assert [user("team/app"), user("team/other"), user("else")] == ["app", "team", "all"]


def test_the_hub_has_old_names(access: MakeAccess) -> None:
    one = access()
    keep(one, {"auths": {"https://index.docker.io/v1/": basic()}})
    assert look_for("docker.io", "library/x", one.credentials, one.environ, 1).credentials is not None
    assert look_for("other.example", "x", one.credentials, one.environ, 1).credentials is None


def test_nothing_secret_is_shown() -> None:
    secret = Credentials(USER, PASSWORD, REFRESH)
    assert not any(word in f"{secret!r}{secret}" for word in SECRETS)


# -- to whom ------------------------------------------------------------------------------------------------------


def test_a_redirect_elsewhere_gets_no_credentials(access: MakeAccess) -> None:
    with registry() as storage, registry(login="basic") as made:
        digest = signed(made)
        storage.stores = made.stores

        def odd(request: BaseHTTPRequestHandler) -> bool:
            place = f"http://localhost:{storage.host.partition(':')[2]}{request.path}"
            return "/blobs/" in request.path and always(307, Location=place)(request)

        made.odd = odd
        one = access()
        keep(one, {"auths": {made.host: basic()}})
        assert mark(made, one, digest) is Mark.VERIFIED
        assert storage.seen and not any(seen.authorization for seen in storage.seen)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(made)
    return made


@pytest.fixture
def far(access: MakeAccess, monkeypatch: pytest.MonkeyPatch) -> MakeAccess:
    """Loopback is treated as any other network."""
    for module in ("access", "client", "repository", "tokens", "http"):
        monkeypatch.setattr(f"inventory.sources.registry.{module}.is_loopback", lambda _host: False)
    return access


def test_own_authorities_of_a_registry(
    far: MakeAccess, authority: trustme.CA, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with registry(tls=context, login="basic") as made:
        digest = signed(made)
        one = far()
        found = of_digest(made.repository(), (digest,), policy(), one, time.time())
        assert (found.mark, found.reason) == (Mark.UNKNOWN, "tls")
        assert "certificate is not trusted" in found.detail
        # What the environment says of CAs and logins neither helps nor hurts.
        everything = tmp_path / "all.pem"
        authority.cert_pem.write_to_path(everything)
        (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(everything))
        assert mark(made, far(), digest) is Mark.UNKNOWN
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/hostname")
        place = one.certificates[0] / made.host
        place.mkdir(parents=True)
        authority.cert_pem.write_to_path(place / "ca.crt")
        assert mark(made, far(), digest) is Mark.UNKNOWN, "no credentials yet"
        keep(one, {"auths": {made.host: basic()}})
        assert mark(made, far(), digest) is Mark.VERIFIED


def test_plain_http_only_where_it_is_allowed(far: MakeAccess) -> None:
    with registry() as made:
        digest = signed(made)
        assert mark(made, far(), digest) is Mark.UNKNOWN
        assert not made.seen
        assert mark(made, far(insecure=frozenset({made.host})), digest) is Mark.VERIFIED
        assert mark(made, far(insecure_networks=("127.0.0.0/8", "nonsense")), digest) is Mark.VERIFIED
        found = of_digest(made.repository(), (digest,), policy(plain_http=True), far(), time.time())
        assert found.mark is Mark.VERIFIED
        assert any("plain HTTP" in one for one in found.looked)


@pytest.mark.parametrize("login", ["basic", "bearer"])
def test_credentials_do_not_go_over_plain_http_unless_the_rule_says_so(far: MakeAccess, login: str) -> None:
    with registry(login=login) as made:
        digest = signed(made)
        one = far(insecure=frozenset({made.host}))
        keep(one, {"auths": {made.host: basic()}})
        assert mark(made, one, digest) is Mark.UNKNOWN
        assert not any(secret in f"{seen.authorization}{seen.body}" for seen in made.seen for secret in SECRETS[:2])
        assert all(not seen.authorization.startswith("Basic") for seen in made.seen)
        said = of_digest(made.repository(), (digest,), policy(), one, time.time()).detail
        assert "credentials are not sent" in said
        found = of_digest(made.repository(), (digest,), policy(plain_http=True), one, time.time())
        assert found.mark is Mark.VERIFIED


def test_nor_over_tls_that_is_not_verified(far: MakeAccess, context: ssl.SSLContext) -> None:
    with registry(tls=context, login="basic") as made:
        digest = signed(made)
        one = far(insecure=frozenset({made.host}))
        keep(one, {"auths": {made.host: basic()}})
        assert mark(made, one, digest) is Mark.UNKNOWN
        assert not any(seen.authorization for seen in made.seen)


def test_a_redirect_from_tls_to_plain_http_is_not_followed(
    far: MakeAccess, authority: trustme.CA, context: ssl.SSLContext
) -> None:
    with registry() as plain, registry(tls=context) as made:
        made.odd = always(302, Location=f"{plain.url}/x")
        one = far()
        place = one.certificates[0] / made.host
        place.mkdir(parents=True)
        authority.cert_pem.write_to_path(place / "ca.crt")
        found = of_digest(made.repository(), (f"sha256:{'1' * 64}",), policy(), one, time.time())
        assert (found.mark, found.reason) == (Mark.UNKNOWN, "refused")
        assert not plain.seen


def test_mirrors_of_the_hub(access: MakeAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.sources.registry.client.HUB_ENDPOINT", "127.0.0.1:1")
    with registry() as mirror:
        digest, _ = mirror.store("library/app").image("app")
        mirror.store("library/app").sign("docker.io/library/app", digest)
        one = access(mirrors=(f"http://user:secret@{mirror.host}/", "nonsense", "ftp://x/"))
        found = of_digest("docker.io/library/app", (digest,), policy(), one, time.time())
        assert found.mark is Mark.VERIFIED
        unsigned, _ = mirror.store("library/app").image("other")
        found = of_digest("docker.io/library/app", (unsigned,), policy(), one, time.time())
        assert found.mark is Mark.UNKNOWN, "that a mirror has none says nothing"


# -- challenges ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "scheme", "realm"),
    [
        ('Bearer realm="https://a.example/t",service="s"', "bearer", "https://a.example/t"),
        ('Basic realm="x", Bearer realm="https://a.example/t"', "bearer", "https://a.example/t"),
        ("bearer Realm = https://a.example/t , service=s", "bearer", "https://a.example/t"),
        ('Basic realm="a, b \\" c"', "basic", 'a, b " c'),
        ("Basic", "basic", ""),
        ("Negotiate", "", ""),
        ("", "", ""),
        ('Bearer realm="' + "x" * 20_000, "bearer", ""),
    ],
    ids=map(str, range(8)),
)
def test_challenges(header: str, scheme: str, realm: str) -> None:
    found = tokens.challenge(header)
    assert (found.scheme if found else "") == scheme
    assert (found.parameters.get("realm", "") if found else "") == realm


@pytest.mark.parametrize(
    ("realm", "trusted", "plain", "outcome"),
    [
        ("https://auth.example/t", True, False, "sent"),
        ("https://auth.example/t", False, False, "withheld"),
        ("http://auth.example/t", True, False, "refused"),
        ("http://r.example/t", True, False, "refused"),
        ("http://r.example/t", True, True, "sent"),
        ("http://r.example:81/t", False, True, "withheld"),
        ("http://evil.example/t", True, True, "refused"),
        ("https://evil.example/t", True, True, "withheld"),
        ("https://user:pass@r.example/t", True, False, "refused"),
        ("//r.example/t", True, False, "refused"),
        ("", True, False, "refused"),
    ],
)
def test_where_credentials_may_go(realm: str, trusted: bool, plain: bool, outcome: str) -> None:
    asked = tokens.Challenge("bearer", {"realm": realm})
    try:
        found = tokens.request(asked, "r.example:5000", "app", trusted=trusted, plain=plain)
    except RegistryError as error:
        assert outcome == "refused" and error.cause in {Cause.REFUSED, Cause.MALFORMED}
    else:
        assert outcome == ("withheld" if found.withheld else "sent")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"token": 3}', b'{"token": ""}', b'{"token": "a\\r\\nX: y"}', b'{"token": "a b"}']
)
def test_tokens_that_are_none(body: bytes) -> None:
    with pytest.raises(RegistryError):
        tokens.token(body, "auth.example")


def test_a_proxy_of_the_environment(access: MakeAccess) -> None:
    """It is used but for loopback and `no_proxy`, may itself be on this machine, and its password is not told."""
    around = {"no_proxy": "skip.example", "HTTPS_PROXY": f"http://{USER}:{PASSWORD}@127.0.0.1:1"}
    with registry(odd=always(200, b"ok")) as proxy, registry() as made:
        around["http_proxy"] = f"http://{USER}:{PASSWORD}@{proxy.host}"
        http = access(environ=around).client._http
        plain = Tls(verify=False)
        said = http.send("GET", "http://r.example/v2/", {}, tls=plain, seconds=2, limit=9, inward=False)
        assert (said.body, proxy.paths()) == (b"ok", ["http://r.example/v2/"])
        assert http.send("GET", f"{made.url}/v2/", {}, tls=plain, seconds=2, limit=99).status == 404
        with pytest.raises(RegistryError) as caught:
            http.send("GET", "https://r.example/v2/", {}, tls=plain, seconds=2, limit=9)
        assert not any(secret in f"{caught.value!r}{caught.value.message}" for secret in SECRETS)
        assert http._proxies("http://a.skip.example/") == http._proxies("http://skip.example/") == {}
