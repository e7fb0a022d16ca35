"""What counts as a secret, what must stay quiet, and what is never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.secrets import (
    arguments,
    assignments,
    find,
    mask,
    mask_args,
    mask_document,
    mask_start,
    mask_text,
    weak_default,
)
from tests.inventory.docker.captured import raw

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4"


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("ANY", "AKIAABCDEFGHIJKLMNOP", "aws-access-key"),
        ("ANY", "ghp_" + "a" * 36, "github-token"),
        ("ANY", "glpat-abcdefghij0123456789", "gitlab-token"),
        ("ANY", "xoxb-123456789012-abcdef", "slack-token"),
        ("ANY", JWT, "jwt"),
        ("ANY", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "private-key"),
        ("ANY", '{"type": "service_account", "private_key": "abcdefghijk"}', "service-account"),
        ("ANY", "postgres://app:hunter2@db:5432/x", "url-password"),
        ("ANY", "redis://:hunter2@cache", "url-password"),
        ("ANY", "Authorization: Basic dXNlcjpwYXNzd29yZA==", "authorization"),
        ("ANY", "Server=db;User=sa;Password=hunter2;Database=x", "connection-string"),
        ("ANY", "host=db user=x password=hunter2", "connection-string"),
        ("SWARM", "SWMTKN-1-14uwdeh39pw91pxayqux6lu4l", "swarm-token"),
        ("DB_PASSWORD", "hunter2-lab", "key-name"),
        ("PGPASSWORD", "abcdef", "key-name"),
        ("dbPassword", "s3cr3tx", "key-name"),
        ("clientSecret", "abcdefg", "key-name"),
        ("REDIS_AUTH", "abcdefg", "key-name"),
        ("SENTRY_DSN", "abcdefg", "key-name"),
        ("splunk-token", "tok-lab-1", "key-name"),
        ("SECRET_KEY_BASE", "aaaaaabbb", "key-name"),
        ("API_KEY", "abcdefg", "key-name"),
    ],
)
def test_a_secret_is_found(key: str, value: str, rule: str) -> None:
    found = find(key, value)
    assert found is not None
    assert found.rule == rule
    assert found.kind == ("name" if rule == "key-name" else "value")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("API_TOKEN_FILE", "/run/secrets/t"),
        ("JWT_SECRET", "/run/secrets/jwt"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/var/run/key.json"),
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", "{{ vault.db }}"),
        ("DB_PASSWORD", "true"),
        ("DB_PASSWORD", "short"),
        ("TOKEN_TTL", "3600000"),
        ("TOKEN_URL", "https://idp.example/token"),
        ("PASSWORD_ENABLED", "whatever"),
        ("JWT_ALGORITHM", "RS256abc"),
        ("SECRET_TYPE", "kubernetes"),
        ("TOKENIZERS_PARALLELISM", "falsehood"),
        ("AUTHOR", "somebody here"),
        ("COMPASS", "northern"),
        ("PWD", "/srv/application"),
        ("KEYCLOAK_HOSTNAME", "something"),
        ("WORDPRESS_CLI_GPG_KEY", "63AF7AA15067C05616FDDD88A3A2E8F226F0BC06"),
        ("CA_SECRET", "-----BEGIN CERTIFICATE-----\nMIIB"),
        ("TOKEN", "TOKEN"),
        ("DATABASE_URL", "postgres://app:${PW}@db/x"),
        ("HOME_URL", "https://example.org/a:b"),
        ("GF_AUTH_ANONYMOUS_ORG_ROLE", "Viewer"),
        ("password_validation.py", "x = 1"),
        ("SecretName", "database"),
        ("", ""),
    ],
)
def test_what_is_no_secret_stays_quiet(key: str, value: str) -> None:
    assert find(key, value) is None


def test_a_placeholder_is_a_weak_default_and_no_secret() -> None:
    assert find("DB_PASSWORD", "changeme") is None
    assert weak_default("DB_PASSWORD", "changeme")
    assert weak_default("GF_SECURITY_ADMIN_PASSWORD", "admin")
    assert not weak_default("DB_PASSWORD", "hunter2-lab")
    assert not weak_default("GREETING", "changeme")


def test_a_mask_shows_little_and_the_length() -> None:
    assert mask("hunter2") == "*** (7 characters)"
    assert mask("AKIAABCDEFGHIJKLMNOP") == "AK***OP (20 characters)"


@pytest.mark.parametrize(
    "text",
    [
        "RUN |1 DB_PASS=hunter2-lab /bin/sh -c true",
        "ENV DB_PASSWORD=hunter2-lab",
        "curl --password hunter2-lab https://x",
        "mysql --password='hunter2-lab' db",
        "curl https://me:hunter2-lab@x/",
        '{"db": {"password": "hunter2-lab"}}',
        'export API_TOKEN="hunter2-lab"; run',
        "connect Server=a;Password=hunter2-lab;Database=b",
        "password: hunter2-lab",
        "password = hunter2-lab",
        "password:hunter2-lab",
        "  db.password= 'hunter2-lab'  # comment",
        'password = "correct hunter2-lab horse"',
        "{'password':'hunter2-lab'}",
        "level=info token: hunter2-lab user: app",
        r'msg="{\"password\": \"hunter2-lab\"}"',
        "\x1b[1mDB_PASSWORD=hunter2-lab\x1b[0m",
        "\x1b[1mpwd=hunter2-lab",
        "\x1b[36mpassword\x1b[0m=hunter2-lab",
        "\x1b[36mpassword=\x1b[0mhunter2-lab",
        "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES-256-CBC,A\n\nhunter2\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_free_text_is_masked_where_it_must(text: str) -> None:
    masked = mask_text(text)
    assert "hunter2" not in masked
    assert "***" in masked
    assert mask_text(masked) == masked


def test_a_setting_of_one_letter_is_hidden() -> None:
    for text in ('"password": "x"', "password = x", "password: x"):
        assert mask_text(text).strip('"').endswith("*** (1 characters)")


@pytest.mark.parametrize(
    "text",
    [
        "cesanta/docker_auth:1.0",
        "token:/data:ro",
        "auth: required",
        "password: ${DB_PASSWORD}",
        "note: x = 1, key_id: abc",
        "secret: /run/secrets/db",
    ],
)
def test_what_only_looks_like_a_setting_stays(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "a1", "k1.", "password:", 'password: "', 'password=\\"', "password = '", "password\x1b[", "\x1b[1m",
        "password ", "password\t\t", "key" * 40 + "=", "-----BEGIN PRIVATE KEY-----", "-----BEGIN A ", 'password:"\\',
        "--token ", "-----BEGIN PRIVATE KEY-----\n-", "=", ":", '"password"',
    ],
)  # fmt: skip
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    """A slower-than-linear rule needs minutes for this; the right ones less than a second."""
    hostile = "token " + piece * (200_000 // len(piece))
    assert isinstance(mask_text(hostile), str)


def test_the_start_of_a_text_is_masked_as_the_whole_would_be() -> None:
    text = "x" * 90 + " password: hunter2-lab " + "y" * 100_000
    for limit in range(80, 120):
        assert mask_start(text, limit) == mask_text(text)[:limit]
        assert "hun" not in mask_start(text, limit)


def test_the_rest_of_a_text_stays() -> None:
    assert mask_text("sh -c 'echo a=b; exec app --port=80'") == "sh -c 'echo a=b; exec app --port=80'"
    assert mask_args(["--password", "hunter2", "--port", "80"]) == ["--password", mask("hunter2"), "--port", "80"]


def walk(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in walk(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in walk(inner)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", ["envsecret", "healthy", "plain", "seccustom"])
def test_a_document_is_masked_and_otherwise_the_same(name: str) -> None:
    document = json.loads(raw(f"docker-api/inspect-{name}.json"))
    masked = mask_document(document)
    shown = " ".join(walk(masked))
    for secret in ("hunter2-lab", "s3cr3t-lab", "AKIAEXAMPLEKEYLAB"):
        assert secret not in shown
    assert masked["State"] == document["State"]
    assert masked["HostConfig"] == document["HostConfig"]
    assert [item.partition("=")[0] for item in masked["Config"]["Env"]] == [
        item.partition("=")[0] for item in document["Config"]["Env"]
    ]


def test_every_place_of_a_document_is_masked() -> None:
    document = {
        "Config": {
            "Env": ["TOKEN=abc", "PLAIN=x", "URL=amqp://u:hunter2@q/"],
            "Cmd": ["app", "--api-key=hunter2", "--password", "hunter2"],
            "Labels": {"com.example.password": "hunter2", "com.example.note": "hello"},
        },
        "HostConfig": {
            "LogConfig": {"Type": "splunk", "Config": {"splunk-token": "hunter2", "splunk-url": "https://s"}}
        },
        "Spec": {"Name": "cfg", "Data": "aHVudGVyMg=="},
        "History": [{"CreatedBy": "|1 ARG_TOKEN=hunter2 /bin/sh -c make"}],
    }
    shown = json.dumps(mask_document(document))
    assert "hunter2" not in shown
    assert "aHVudGVyMg" not in shown
    for kept in ("PLAIN=x", "hello", "https://s", "cfg"):
        assert kept in shown


def test_what_stands_on_a_command_line() -> None:
    words = ["app", "--password", "hunter2", "--token=abc", "KEY=v", "-x"]
    assert list(arguments(words)) == [("password", "hunter2"), ("token", "abc"), ("KEY", "v")]
    assert ("DB_PASS", "x") in list(assignments("|1 DB_PASS=x /bin/sh -c 'A=1 run'"))


@pytest.mark.parametrize(
    "text",
    ["a." * 100_000, "A" * 300_000, '"a":"' * 50_000, "a://b:c@ " * 20_000, "{{" * 50_000, "eyJ-" * 50_000,
     "-----BEGIN PRIVATE KEY-----" * 5000, "password = " * 20_000, "--a " * 50_000, 'q="' * 50_000],
    ids=range(10),
)  # fmt: skip
def test_hostile_text_does_not_take_for_ever(text: str) -> None:
    """A quadratic expression would take hours on these; the suite's own time limit ends it."""
    assert isinstance(mask_text(text), str)
    find("password", text)
