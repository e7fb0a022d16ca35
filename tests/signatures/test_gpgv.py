"""gpgv as a subprocess: what its status lines mean, and that nothing that it does or that is given to it gets out."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

import msgspec
import pytest

from inventory.signatures.gpg import Answer, Checked
from inventory.signatures.judge import judge
from inventory.signatures.model import Mark
from inventory.signatures.policy import GpgKeys
from inventory.sources import gpgv
from tests.signatures.vectors import FOLDER, case

needs_gpgv = pytest.mark.skipif(shutil.which("gpgv") is None, reason="gpgv is not installed")
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg, which makes signatures, is not installed")
RELEASE, OTHER = ((FOLDER / "keys" / name).read_bytes() for name in ("gpg-release.gpg", "gpg-other.gpg"))
VALID = "VALIDSIG AB 2026-11-23 1795434502 0 4 0 {key} {hash} {kind} CD"


def said(*lines: str) -> Checked:
    return gpgv.judged([line.split(" ") for line in lines], b"payload")


def test_status_lines() -> None:
    good = ("NEWSIG", "GOODSIG 12 Somebody", VALID.format(key=1, hash=10, kind="00"))
    assert said(*good) == Checked(Answer.GOOD, b"payload", "CD", "OpenPGP RSA SHA-512", 1795434502.0)
    assert said(*good, "BADSIG 12 Somebody").answer is Answer.BAD
    assert said(*good, "REVKEYSIG 12 x").answer is Answer.KEY_REVOKED
    assert said("EXPKEYSIG 12 x", good[2]).answer is Answer.KEY_EXPIRED
    assert said("EXPSIG 12 x", good[2]).answer is Answer.EXPIRED
    assert said("ERRSIG 12 1 10 00 1795434502 9 AB", "NO_PUBKEY 12").answer is Answer.NO_KEY
    assert said("ERRSIG 12 99 10 00 1795434502 4 AB").answer is Answer.UNSUPPORTED
    assert said("ERRSIG 12 1 2 00 1795434502 5 AB").answer is Answer.WEAK
    assert said(*good, good[2]).answer is Answer.NO_MESSAGE
    assert said("PLAINTEXT 62 0", *good, "PLAINTEXT 62 0").answer is Answer.NO_MESSAGE
    assert said("PLAINTEXT 62 0", "NEWSIG").answer is Answer.FAILED
    for bad in ((), ("NODATA 4",), ("GOODSIG 12 x",), (good[2],), ("", "VALIDSIG"), ("GOODSIG", "VALIDSIG AB")):
        assert said(*bad).answer in {Answer.NO_MESSAGE, Answer.FAILED}, bad
    for weak in ("1", "2", "3"):
        assert said(good[1], VALID.format(key=1, hash=weak, kind="00")).answer is Answer.WEAK
    assert said(good[1], VALID.format(key=1, hash=10, kind="13")).answer is Answer.NO_MESSAGE
    assert said(good[1], VALID.format(key=777, hash=778, kind="01")).algorithm == "OpenPGP 777 778"


@needs_gpgv
def test_nothing_is_left_behind(tmp_path: Path) -> None:
    verifier = gpgv.find(tmp_path / "cache" / "deckwatch")
    assert verifier is not None
    message = case("gs-01-ok").materials[0].content
    for keyring, content, answer in (
        (RELEASE, message, Answer.GOOD),
        (OTHER, message, Answer.NO_KEY),
        (b"", message, Answer.NO_KEY),
        (b"\xff" * 5000, message, Answer.FAILED),
        (RELEASE, b"\x00" * 5000, Answer.NO_MESSAGE),
        (RELEASE, b"-----BEGIN PGP SIGNED MESSAGE-----\n\n", Answer.NO_MESSAGE),
        (RELEASE, b"", Answer.NO_MESSAGE),
    ):
        found = verifier(keyring, content)
        assert found.answer is answer, found
        assert bool(found.payload) == (answer is Answer.GOOD)
    assert list((tmp_path / "cache" / "deckwatch").iterdir()) == []
    assert stat.S_IMODE((tmp_path / "cache" / "deckwatch").stat().st_mode) == 0o700


@needs_gpgv
def test_a_text_that_nobody_signed_is_not_handed_over(tmp_path: Path) -> None:
    """Before or behind the signed one: refused, or passed over."""
    verifier = gpgv.find(tmp_path)
    assert verifier is not None
    message, foreign = case("gs-01-ok").materials[0].content, literal(b'{"critical":{}}')
    good = verifier(RELEASE, message)
    assert good.answer is Answer.GOOD
    other = case("gs-04-replayed").materials[0].content
    for content in (
        foreign + message,
        message + foreign,
        foreign + foreign + message,
        message + message,
        message + other,
    ):
        found = verifier(RELEASE, content)
        assert found == good or (found.answer is not Answer.GOOD and not found.payload)


@needs_gpgv
@pytest.mark.parametrize("size", [*range(40), *range(40, 588, 29)])
def test_truncated_messages(size: int, tmp_path: Path) -> None:
    verifier = gpgv.find(tmp_path)
    assert verifier is not None
    assert verifier(RELEASE, case("gs-01-ok").materials[0].content[:size]).answer is not Answer.GOOD


def literal(text: bytes) -> bytes:
    """A text that nobody signed, as an OpenPGP packet of its own."""
    body = b"b\x00" + bytes(4) + text
    return bytes([0xCB, len(body)]) + body


def program(folder: Path, script: str) -> str:
    path = folder / "gpgv"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "detail"),
    [
        ("sleep 60", "no answer within 0 s"),
        ("sleep 60 &\nexit 0", "no answer within 0 s"),
        ("exec head -c 3000000 /dev/zero", "the message holds more than 1 MiB"),
        ("exec head -c 3000000 /dev/zero >&5", ""),
        ("exec >&- 2>&-; sleep 60", "no answer within 0 s"),
    ],
)
def test_a_sick_program(script: str, detail: str, tmp_path: Path) -> None:
    started = time.monotonic()
    found = gpgv.check(program(tmp_path, script), tmp_path / "cache", b"", b"", 0.4)
    assert found.answer in {Answer.FAILED, Answer.NO_MESSAGE} and found.detail == (detail or found.detail)
    assert time.monotonic() - started < 5
    assert list((tmp_path / "cache").iterdir()) == []


def test_many_signatures_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(program(tmp_path, 'sleep 60')).parent}:{os.environ['PATH']}")
    verifier = gpgv.find(tmp_path / "cache", 0.3, 0.5)
    assert verifier is not None
    started = time.monotonic()
    found = [verifier(b"", b"") for _ in range(64)]
    assert time.monotonic() - started < 5
    assert {one.answer for one in found} == {Answer.FAILED}, "unknown, not bad"
    assert "before it" in found[-1].detail


def test_what_the_program_is_given(tmp_path: Path) -> None:
    """A home of its own, no terminal, a private directory, and no descriptors but its own."""
    script = 'env > "$HOME/../seen"; ls -ld "$PWD" >> "$HOME/../seen"; ls /proc/self/fd | wc -l >> "$HOME/../seen"'
    (tmp_path / "cache").mkdir()
    with (tmp_path / "open").open("wb"):
        gpgv.check(program(tmp_path, script), tmp_path / "cache", b"k", b"m", 5)
    seen = (tmp_path / "cache" / "seen").read_text()
    assert f"GNUPGHOME={tmp_path}/cache/gpgv-" in seen and "drwx------" in seen
    assert f"HOME={os.environ.get('HOME', '?')}\n" not in seen


def test_a_program_or_a_place_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gpgv.check(str(tmp_path / "none"), tmp_path, b"", b"").answer is Answer.FAILED
    (tmp_path / "file").touch()
    assert gpgv.check("/bin/true", tmp_path / "file" / "cache", b"", b"").answer is Answer.FAILED
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpgv.find(tmp_path) is None


def test_without_gpgv_it_is_unknown() -> None:
    one = case("gs-01-ok")
    found = judge(one.subject, one.materials, one.rule, one.policy, one.now, None)
    assert found.mark is Mark.UNKNOWN and "gpgv is not installed" in found.detail
    sick = Checked(Answer.FAILED, detail="x")
    found = judge(one.subject, one.materials, one.rule, one.policy, one.now, lambda *_: sick)
    assert (found.mark, found.detail) == (Mark.UNKNOWN, "gpgv could not judge it: x")
    for answer in set(Answer) - {Answer.GOOD, Answer.FAILED}:
        found = judge(one.subject, one.materials, one.rule, one.policy, one.now, lambda *_, said=answer: Checked(said))
        assert found.mark in {Mark.FAILED, Mark.UNSUPPORTED} and found.detail


@needs_gpgv
def test_any_of_several_keyrings(tmp_path: Path) -> None:
    one = case("gs-01-ok")
    rule = msgspec.structs.replace(one.rule, signed_by=(GpgKeys("other", OTHER), GpgKeys("release", RELEASE)))
    found = judge(one.subject, one.materials, rule, one.policy, one.now, gpgv.find(tmp_path))
    assert (found.mark, found.by) == (Mark.VERIFIED, "release")


@needs_gpg
@needs_gpgv
def test_a_message_that_grows(tmp_path: Path) -> None:
    """64 MiB of zeros in some 70 kB, signed by a key of the keyring: stopped at 1 MiB, in memory and on disk."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    base = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback"]
    try:
        subprocess.run(
            [*base, "--quick-gen-key", "lab@lab.test", "ed25519", "sign", "never"], check=True, capture_output=True
        )
        keyring = subprocess.run([*base, "--export"], check=True, capture_output=True).stdout
        bomb = subprocess.run([*base, "--sign"], input=bytes(64 << 20), check=True, capture_output=True).stdout
        small = subprocess.run([*base, "--sign"], input=b"{}", check=True, capture_output=True).stdout
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
    verifier = gpgv.find(tmp_path / "cache")
    assert verifier is not None and len(bomb) < 1 << 20
    assert verifier(keyring, bomb).answer is Answer.FAILED
    good = verifier(keyring, small)
    assert (good.answer, good.payload) == (Answer.GOOD, b"{}")
    assert good.algorithm.startswith("OpenPGP EdDSA SHA-")
    assert verifier(keyring, case("gs-01-ok").materials[0].content + small).answer is not Answer.GOOD
