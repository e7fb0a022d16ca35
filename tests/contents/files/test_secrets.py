"""Secrets in files: what is found, what is only a name, what must stay quiet, and what hostile files may cost."""

from __future__ import annotations

import base64
import json
import time
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from inventory.contents.files.secrets import NAMED, SMALL, Secrets
from tests.contents.files.entries import entry, secrets

FINDER = Secrets()
OPEN, LOCKED = NoEncryption(), BestAvailableEncryption(b"hunter22")
TOKEN = "ghp_" + "a1B2c3D4e5" * 4
HASH = "$6$rounds=5000$saltsalt$" + "ab/." * 20


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


def key(form: PrivateFormat = PrivateFormat.PKCS8, lock: KeySerializationEncryption = OPEN) -> str:
    """A private key in PEM."""
    return _key().private_bytes(Encoding.PEM, form, lock).decode()


def der(form: PrivateFormat = PrivateFormat.PKCS8, lock: KeySerializationEncryption = OPEN) -> bytes:
    """The same in DER."""
    return _key().private_bytes(Encoding.DER, form, lock)


def openssh(cipher: bytes) -> str:
    """The beginning of an OpenSSH key, as much of it as tells how it is encrypted."""
    start = b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher + bytes(200)
    body = base64.b64encode(start).decode()
    lines = "\n".join(body[at : at + 70] for at in range(0, len(body), 70))
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}\n-----END OPENSSH PRIVATE KEY-----\n"


def docker_login(user: str = "ci:s3cr3tpw9") -> str:
    """A client's configuration with a login."""
    return json.dumps({"auths": {"registry.example": {"auth": base64.b64encode(user.encode()).decode()}}})


HELD = [
    ("root/.ssh/id_rsa", key(PrivateFormat.TraditionalOpenSSL), "private-key"),
    ("root/.ssh/deploy", key(PrivateFormat.OpenSSH), "private-key"),
    ("etc/ssl/private/server.key", key(), "private-key"),
    ("etc/haproxy/site.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" + key(), "private-key"),
    ("usr/share/nginx/html/key.txt", key(), "private-key"),
    ("usr/local/lib/python3.11/site-packages/app/server.key", key(), "private-key"),
    ("app/keys.js", "const k = " + json.dumps(key()), "private-key"),
    ("etc/app/server.der", der(), "private-key"),
    ("etc/app/server.key", der(PrivateFormat.TraditionalOpenSSL), "private-key"),
    ("root/.ssh/id_rsa", key(lock=LOCKED), "encrypted-private-key"),
    ("root/.ssh/id_rsa", key(PrivateFormat.TraditionalOpenSSL, LOCKED), "encrypted-private-key"),
    ("root/.ssh/id_ed25519", openssh(b"aes256-ctr"), "encrypted-private-key"),
    ("root/.ssh/id_ed25519", openssh(b"none"), "private-key"),
    ("app/account.json", json.dumps({"type": "service_account", "private_key": key()}), "private-key"),
    ("app/.env", "PORT=80\nexport DB_PASSWORD='hunter22-x'\n", "key-name"),
    ("app/.env.production", "SECRET_KEY=abcdefghijkl # of the app\n", "key-name"),
    ("app/config.yml", "db:\n  password: tr0ub4dor&3\n", "key-name"),
    ("app/settings.ini", "[db]\nPassword = tr0ub4dor\n", "key-name"),
    ("etc/app/app.properties", "spring.datasource.password=tr0ub4dor3\n", "key-name"),
    ("var/www/wp-config.php", "<?php define( 'DB_PASSWORD', 'tr0ub4dor' );\n", "key-name"),
    ("srv/run.sh", f"curl -H 'Authorization: token {TOKEN}' https://x\n", "github-token"),
    ("app/.git/config", "[remote]\n\turl = https://ci:s3cr3tpw9@git.example/x\n", "url-password"),
    ("root/.git-credentials", "https://ci:s3cr3tpw9@git.example\n", "url-password"),
    ("root/.netrc", "machine a.example login ci password s3cr3tpw9\n", "login"),
    ("root/.pgpass", "db.example:5432:*:app:s3cr3tpw9\n", "login"),
    ("root/.npmrc", "//registry.npmjs.org/:_authToken=0a1b2c3d-4e5f-6789\n", "key-name"),
    ("root/.pypirc", "[pypi]\nusername = __token__\npassword = s3cr3tpw9\n", "key-name"),
    ("root/.docker/config.json", docker_login(), "registry-login"),
    (
        "root/.aws/credentials",
        "[default]\naws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCY0123456789ab\n",
        "key-name",
    ),
    ("root/.kube/config", "  client-key-data: " + base64.b64encode(key().encode()).decode() + "\n", "private-key"),
    ("etc/shadow-", f"root:{HASH}:19000:0:99999:7:::\n", "password-hash"),
    ("srv/.htpasswd", "ci:$apr1$abcdefgh$abcdefghijklmnopqrstu/\n", "password-hash"),
    ("root/.bash_history", f"ls\nexport X={TOKEN}\n", "github-token"),
    ("app/terraform.tfstate", '{\n  "password": "tr0ub4dor&3",\n}\n', "key-name"),
    ("app/utf16.txt", f"token {TOKEN}".encode("utf-16"), "github-token"),
]
NAMED_ONLY = [
    ("app/.env", "PORT=80\n", "env-file"),
    ("root/.netrc", "machine a.example\n", "credentials-file"),
    ("root/.aws/credentials", "[default]\n", "credentials-file"),
    ("root/.bash_history", "ls\n", "shell-history"),
    ("app/terraform.tfstate", "{}", "terraform-state"),
    ("root/.kube/config", "clusters: []\n", "kubeconfig"),
    ("app/truststore.jks", b"\xfe\xed\xfe\xed\0\0", "key-store"),
    ("home/a/vault.kdbx", b"\x03\xd9\xa2\x9a", "key-store"),
    ("srv/site/.git/HEAD", "ref: refs/heads/main\n", "git-repository"),
    ("usr/share/nginx/html/.env", "A=b\n", "env-file"),
    ("etc/ssl/private/ssl-cert-snakeoil.key", key(), "snakeoil-key"),
]
QUIET = [
    ("root/.ssh/id_rsa.pub", "ssh-rsa AAAAB3NzaC1yc2E root@a\n"),
    ("root/.ssh/id_rsa", ""),
    ("root/.ssh/id_rsa", "not a key\n"),
    ("root/.npmrc", "registry=https://registry.example\n//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n"),
    ("root/.docker/config.json", '{"auths": {"registry.example": {}}, "credsStore": "pass"}'),
    ("root/.docker/config.json", docker_login("user:")),
    ("app/.env.example", "DB_PASSWORD=hunter22-x\n"),
    ("app/.env.sample", "DB_PASSWORD=hunter22-x\n"),
    ("app/config.yml", "password: ${DB_PASSWORD}\ntoken: changeme\nsecret: /run/secrets/x\npassword_file: /x/y1\n"),
    ("app/config.yml", "# password: tr0ub4dor&3\n"),
    ("app/de.json", '{"password": "Passwort", "token": "Kennzeichen"}\n'),
    ("app/package.json", '{\n  "jsonwebtoken": "^9.0.2",\n  "token-x": "1.2.3-beta.1"\n}\n'),
    ("etc/x.conf", "secret = testing123\nprivate_key = server.key\nmod_post_auth = mod_some_auth\n"),
    ("app/schema.json", '{"password": {"type": "string"}}'),
    ("app/settings.py", "PASSWORD_VALIDATORS = []\n"),
    ("app/password_validation.py", "def password(x):\n    return token\n"),
    (
        "app/README.md",
        "Uses basic authentication with bearer tokens; http://user:password@host, http://user:pass@host\n",
    ),
    ("app/key.py", 'if "-----BEGIN PRIVATE KEY-----" in text:\n    raise ValueError("-----END PRIVATE KEY-----")\n'),
    ("etc/ssl/certs/ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
    ("app/ca.pem", "-----BEGIN CERTIFICATE-----\n" + "QUJD" * 9000 + "\n-----END CERTIFICATE-----\n"),
    ("usr/share/doc/x/examples/key.pem", key()),
    ("usr/lib/python3.11/test/certdata/keycert.pem", key()),
    ("usr/local/lib/python3.11/site-packages/tornado/test/test.key", key()),
    ("app/node_modules/agent/test/key.pem", key()),
    ("usr/local/go/src/crypto/tls/testdata/example-key.pem", key()),
    ("usr/lib/python3/dist-packages/x/settings.py", f"TOKEN = '{TOKEN}'\n"),
    ("app/.git/objects/ab/cdef", TOKEN),
    ("etc/app/public.der", _key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
    ("etc/app/locked.der", der(lock=LOCKED)),
    ("app/.env.d.ts", "declare const TOKEN: string\n"),
    ("etc/shadow-", "root:*:19000:0:99999:7:::\n"),
    ("usr/bin/htpasswd", b"\x7fELF\0\0\0"),
    ("etc/ssl/openssl.cnf", "secret = insta:1234567\n"),
    ("app/image.png", TOKEN),
    ("app/library.so", TOKEN),
]


def _ids(case: tuple[object, ...]) -> str:
    return f"{case[0]}-{case[2]}" if len(case) > 2 else str(case[0])


@pytest.mark.parametrize("case", HELD, ids=_ids)
def test_it_is_found_by_what_is_in_it(case: tuple[str, str | bytes, str]) -> None:
    path, content, rule = case
    found = secrets(FINDER, path, content)
    assert [(one.path, one.rule, one.kind) for one in found] == [("/" + path, rule, "content")]
    assert "***" in found[0].masked
    text = content if isinstance(content, str) else content.decode("utf-16", "replace")
    assert found[0].masked.replace("***", "").split(" (")[0] not in {line.strip() for line in text.splitlines()}


@pytest.mark.parametrize("case", NAMED_ONLY, ids=_ids)
def test_it_is_only_a_name(case: tuple[str, str | bytes, str]) -> None:
    path, content, rule = case
    assert [(one.rule, one.kind) for one in secrets(FINDER, path, content)] == [(rule, "name")]


@pytest.mark.parametrize("case", QUIET, ids=_ids)
def test_it_is_none(case: tuple[str, str | bytes]) -> None:
    assert secrets(FINDER, *case) == []


def test_only_what_nobody_can_guess_has_a_digest() -> None:
    (token,) = secrets(FINDER, "srv/run.sh", f"X={TOKEN}")
    (same,) = secrets(FINDER, "app/other.txt", f"hidden {TOKEN} there")
    (password,) = secrets(FINDER, "app/.env", "DB_PASSWORD=hunter22-x")
    assert len(token.digest) == 12
    assert token.digest == same.digest
    assert password.digest == ""


def test_the_same_key_has_one_digest_however_its_lines_end() -> None:
    (one,) = secrets(FINDER, "a/x.key", key())
    (other,) = secrets(FINDER, "a/x.json", json.dumps({"k": key().replace("\n", "\r\n")}))
    assert one.digest == other.digest


def test_several_in_one_file_are_told_apart() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, OPEN).decode()
    found = secrets(FINDER, "app/all.txt", f"{key()}\n{other}\n{key()}\nX={TOKEN}\n{TOKEN}\n")
    assert [one.rule for one in found] == ["private-key", "private-key", "github-token"]


def test_a_key_that_is_cut_off_is_one() -> None:
    assert [one.rule for one in secrets(FINDER, "a/x.key", key()[:200])] == ["private-key"]


def test_a_file_that_was_not_read_whole_is_not_cleared() -> None:
    assert FINDER.wants(entry("root/.npmrc", size=10**10)) == NAMED
    (find,) = FINDER.look(entry("root/.npmrc", size=10**10), b"registry=x\n" * 100)
    assert find.secrets[0].kind == "name"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "path", ["usr/lib/x.py", "usr/share/x.txt", "app/node_modules/x/index.js", "app/x.png", "lib64/x", "var/cache/x"]
)
def test_packages_and_data_are_not_read(path: str) -> None:
    assert FINDER.wants(entry(path)) == 0


def test_only_small_texts_are_read_for_no_reason() -> None:
    assert FINDER.wants(entry("app/x.yml", size=SMALL)) == SMALL
    assert FINDER.wants(entry("app/x.yml", size=SMALL + 1)) == 0


@given(st.binary(max_size=2000), st.sampled_from([path for path, *_ in (*HELD, *NAMED_ONLY)]))
def test_anything_may_be_in_a_file(content: bytes, path: str) -> None:
    for one in secrets(FINDER, path, content):
        assert one.path == "/" + path


@pytest.mark.parametrize(
    "piece",
    [
        "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----" + "A" * 40, "password=", "://a:", "a:" * 3,
        "define('", "token: x", '"auth": "', "eyJ", "x" * 90 + "=", "password = xxxxxxxxxxxxxxxxxxxxxxxxxxxx!!!",
        "machine password ", "export ", "-----BEGIN A A A A ", "client-key-data: LS0tLS1CRUdJTi", '"token":"foo',
        "host= password", "\n\n:", " ",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["app/.env", "root/.netrc", "srv/.htpasswd"])
def test_a_hostile_text_takes_no_longer_than_another(piece: str, path: str) -> None:
    content = (piece * (NAMED // len(piece) + 1))[:NAMED].encode()
    begin = time.process_time()
    list(FINDER.look(entry(path, size=len(content)), content))
    assert time.process_time() - begin < 2.0
