"""`[trust]` of the configuration: what it gives, and what each mistake says, with its line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.signatures.policy import (
    NO_TRUST_POLICY,
    GpgKeys,
    Identity,
    NotationTrust,
    PublicKey,
    TrustPolicy,
)
from tui.config import ConfigError, judge, load

KEYS = Path(__file__).parents[1] / "data" / "trust"
GOOD = """\
[trust]
registries = ["quay.io/acme"]
root = "keys/trusted_root.json"
use_host_policy = "keys"
signature_directories = ["signatures", "/srv/signatures"]

[[trust.rule]]
match = ["registry.example.com/prod/**", "registry.example.com/base/*"]
require = ["digest", "signature", "sbom"]
signed_by = [                     # any of
  { key = "keys/p256.pub" },
  { key = "keys/rsa2048.pub", until = 2027-01-01 },
  { issuer = "https://token.actions.example", subject = "https://git.example.com/org/*/build.yml@refs/heads/main" },
  { gpg = "keys/gpg-release.gpg", lookaside = "https://signatures.example.com/" },
  { gpg = "keys/gpg-release.gpg", lookaside = "lookaside" },
  { notation_roots = ["keys/notation-root.pem"], subject = "C=XX, O=Example, CN=release" },
]
signed_as = "registry.example.com/source/app"
annotations = { env = "prod" }
max_age_days = 90
max_severity = "high"

[[trust.rule]]
match = "localhost/**"
trusted = false
plain_http = true
"""
LINES = GOOD.splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(KEYS, tmp_path / "keys")
    return tmp_path


def trust(folder: Path, text: str) -> TrustPolicy:
    path = folder / "deckwatch.toml"
    path.write_text(text)
    return load(path).policy.trust


def mistakes(folder: Path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(ConfigError) as caught:
        trust(folder, text)
    return [(each.line, each.message) for each in (caught.value, *caught.value.more)]


def test_everything_that_can_be_said(folder: Path) -> None:
    found = trust(folder, GOOD)
    assert (found.host_policy, found.unlisted, found.root_name) == ("keys", "untrusted", "keys/trusted_root.json")
    assert found.root == (KEYS / "trusted_root.json").read_bytes()
    assert found.signature_directories == (str(folder / "signatures"), "/srv/signatures")
    first, second = found.rules
    assert (first.number, first.line, second.number, second.line) == (1, 7, 2, 23)
    assert str(first) == "rule 1 registry.example.com/prod/**, registry.example.com/base/* (line 7)"
    assert first.require == ("digest", "signature", "sbom")
    assert first.annotations == (("env", "prod"),)
    assert (first.max_age_days, first.max_severity, first.signed_as, first.trusted, first.plain_http) == (
        90, "high", "registry.example.com/source/app", True, False,
    )  # fmt: skip
    key, old, identity, gpg, near, notation = first.signed_by
    assert key == PublicKey("keys/p256.pub", (KEYS / "p256.pub").read_bytes())
    assert isinstance(old, PublicKey)
    assert old.until == date(2027, 1, 1)
    assert isinstance(identity, Identity)
    assert (identity.issuer, identity.subject[-15:]) == ("https://token.actions.example", "refs/heads/main")
    assert isinstance(gpg, GpgKeys)
    assert gpg.lookaside == "https://signatures.example.com"
    assert isinstance(near, GpgKeys)
    assert near.lookaside == str(folder / "lookaside")
    assert notation == NotationTrust(
        "keys/notation-root.pem", ((KEYS / "notation-root.pem").read_bytes(),), "C=XX, O=Example, CN=release"
    )
    assert (second.match, second.trusted, second.plain_http) == (("localhost/**",), False, True)


def test_nothing_said_is_no_policy(folder: Path) -> None:
    assert trust(folder, '[trust]\nregistries = ["a/*"]\n') is NO_TRUST_POLICY
    assert trust(folder, "[trust]\nuse_host_policy = false\n").host_policy == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"keys/p256.pub"', '"keys/none.pub"', "keys/none.pub cannot be read: No such file"),
        ('"keys/p256.pub"', '"keys"', "keys is no regular file"),
        ('"keys/p256.pub"', '"keys/pipe"', "keys/pipe is no regular file"),
        ('"keys/p256.pub"', '"keys/big.pub"', "keys/big.pub is larger than 64 KiB"),
        ('"keys/p256.pub"', '"keys/private.key"', "keys/private.key holds a private key"),
        ('"keys/p256.pub"', '"keys/text.pub"', "keys/text.pub is no public key"),
        (
            '"keys/p256.pub"',
            '"keys/notation-root.pem"',
            "holds a certificate, not a public key: Notation's are named by notation_roots",
        ),
        ('"keys/p256.pub"', '""', "'key' must be a path"),
        ('"keys/p256.pub"', '"a\\u0000b"', "'key' must be a path"),
        ('"keys/p256.pub"', "7", "'key' must be the path of a public key, not a number"),
        ('{ key = "keys/p256.pub" }', '{ kay = "keys/p256.pub" }', "unknown key 'kay'; did you mean key"),
        ('{ key = "keys/p256.pub" }', "{ }", "names nobody"),
        ('{ key = "keys/p256.pub" }', '"keys/p256.pub"', "'signed_by' holds tables"),
        ('{ key = "keys/p256.pub" }', '{ key = "keys/p256.pub", issuer = "x" }', "'key' and 'issuer' cannot stand"),
        ('{ key = "keys/p256.pub" }', '{ key = "keys/p256.pub", lookaside = "x" }', "'lookaside' belongs to 'gpg'"),
        ("2027-01-01", '"2027-01-01"', "'until' must be a date"),
        ('"https://token.actions.example"', '"https://*.example"', "'issuer' is compared as it stands"),
        (', subject = "https://git.example.com/org/*/build.yml@refs/heads/main"', "", "is an 'issuer' and a 'subject'"),
        ('gpg = "keys/gpg-release.gpg", lookaside = "https', 'gpg = "keys/p256.pub", lookaside = "https', "no OpenPGP"),
        ("https://signatures", "ftp://signatures", "must be a path or begin with https://"),
        ("https://signatures", "https://u:p@signatures", "credentials"),
        ('["keys/notation-root.pem"]', '["keys/p256.pub"]', "keys/p256.pub holds no certificate"),
        ('["keys/notation-root.pem"]', "[]", "names no certificate"),
        ("C=XX, O=Example", "release", "attributes such as C=XX"),
        ('"keys/trusted_root.json"', '"keys/p256.pub"', "no sigstore trusted_root.json"),
        ('use_host_policy = "keys"', 'use_host_policy = "kays"', "evidence, keys or false, not 'kays'; did you mean"),
        ('["signatures", "/srv/signatures"]', '"signatures"', "must be a list of strings"),
        ('"registry.example.com/base/*"', '"registry.example.com"', "everything there is 'registry.example.com/**'"),
        ('"registry.example.com/base/*"', '"registry.example.com/a:1"', "has a tag or digest"),
        ('"registry.example.com/base/*"', '"https://registry.example.com/*"', "begins with a scheme"),
        ('"registry.example.com/base/*"', '"registry.example.com/Base/*"', "capital letters in its path"),
        ('"localhost/**"', '"registry.example.com/base/*"', "stands in rule 1 too"),
        ('"localhost/**"', "[]", "names no repository"),
        ('match = "localhost/**"', 'macth = "localhost/**"', "unknown key 'macth'; did you mean match"),
        ('match = "localhost/**"', "", "a rule needs 'match'"),
        ('"digest", "signature"', '"digest", "signed"', "unknown requirement 'signed'"),
        ('"registry.example.com/source/app"', '"repo"', "'signed_as' must be repository, any or another"),
        ('{ env = "prod" }', "{ env = 1 }", "'env' must be a string, not a number"),
        ("max_age_days = 90", "max_age_days = 0", "at least one day"),
        ("max_age_days = 90", "max_age_days = true", "a whole number of days"),
        ('max_severity = "high"', 'max_severity = "hihg"', "did you mean high"),
        ("trusted = false", 'trusted = "no"', "'trusted' must be true or false"),
        ('registries = ["quay.io/acme"]', 'registries = ["a/b"]\nunlisted = "allowed"', "beside it"),
        ('registries = ["quay.io/acme"]', 'unlistet = "allowed"', "unknown key 'unlistet'; did you mean unlisted"),
        ("[[trust.rule]]", "[[trust.rules]]", "unknown key 'rules'; did you mean rule"),
    ],
)
def test_each_mistake_is_told_with_its_line(folder: Path, old: str, new: str, said: str) -> None:
    os.mkfifo(folder / "keys" / "pipe")
    (folder / "keys" / "big.pub").write_bytes(b"#" * (65 << 10))
    (folder / "keys" / "private.key").write_text("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n")
    (folder / "keys" / "text.pub").write_text("-----BEGIN PUBLIC KEY-----\naGVsbG8=\n-----END PUBLIC KEY-----\n")
    assert old in GOOD
    found = mistakes(folder, GOOD.replace(old, new))
    line = GOOD[: GOOD.index(old)].count("\n") + 1
    assert any(said in message for _, message in found), found
    if "\n" not in new and new:
        assert (line in {number for number, message in found if said in message}) or said == "stands in rule 1 too"


def test_a_key_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def denied(path: str, *rest: int) -> int:
        if str(path).endswith("p256.pub"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest)

    monkeypatch.setattr(os, "open", denied)
    assert mistakes(folder, GOOD) == [(11, "keys/p256.pub cannot be read: Permission denied")]


def test_a_signature_from_nobody(folder: Path) -> None:
    rule = '[[trust.rule]]\nmatch = "**"\nrequire = ["signature"]\n'
    assert mistakes(folder, rule)[0][0] == 3
    assert mistakes(folder, f"{rule}signed_by = []\n")[0][0] == 4


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    text = GOOD.replace("p256.pub", "no.pub").replace("90", "0").replace("trusted = false", "trusted = 1")
    assert [line for line, _ in mistakes(folder, text)] == [11, 20, 25]


@pytest.mark.parametrize("rule", ['"x"', "7", '["x"]', "[7]", "[[]]", "{ match = 'x' }"])
def test_rules_that_are_no_tables(folder: Path, rule: str) -> None:
    assert mistakes(folder, f"[trust]\nrule = {rule}\n")[0][0] == 2


def test_inline_rules_have_lines_too(folder: Path) -> None:
    text = '[trust]\nrule = [\n  { match = "a/*" },\n  { match = "b/*", max_age_days = 0 },\n]\n'
    assert mistakes(folder, text) == [(4, "'max_age_days' must be at least one day")]


@given(st.text(alphabet="[]{}=\"'\n,# \\abcmatch.", max_size=120))
def test_no_text_is_too_odd(text: str) -> None:
    try:
        judge(f"[trust]\n[[trust.rule]]\nmatch = {text}", Path("/nowhere/deckwatch.toml"))
    except ConfigError as mistake:
        assert 1 <= mistake.line <= text.count("\n") + 4


def test_no_rules_cost_no_import(folder: Path) -> None:
    (folder / "plain.toml").write_text('[trust]\nregistries = ["a/*"]\n')
    (folder / "rules.toml").write_text(GOOD)
    code = (
        "import sys; from pathlib import Path; from tui.config import load; load(Path(sys.argv[1]));"
        "print([name for name in ('cryptography', 'tui.trust_schema', 'yaml') if name in sys.modules])"
    )
    for name, loaded in (("plain.toml", "[]"), ("rules.toml", "['tui.trust_schema']")):
        said = subprocess.run(
            [sys.executable, "-c", code, str(folder / name)], capture_output=True, text=True, check=True
        ).stdout
        assert said.strip() == loaded
