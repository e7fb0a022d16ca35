"""Runs `gpgv`, GnuPG's verifier, for OpenPGP signatures: what does a keyring say of a message?

It gets two files in a private directory that is gone afterwards, no terminal, no home of the user's and no shell, and
a few seconds. What it says is read from its status lines alone, which are made for programs
(https://github.com/gpg/gnupg/blob/master/doc/DETAILS); what it writes for people is thrown away.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from inventory.signatures.gpg import Answer, Checked, Gpgv

LIMIT = 10.0
"""Seconds for one signature; half a minute of computing would be an attack."""
TOTAL = 30.0
"""Seconds for all signatures of one image: a stranger may have put many there, and nobody can stop one at a time."""
_LARGEST = 1 << 20
_STATUS = b"[GNUPG:] "
_WEAK = {"1": "MD5", "2": "SHA-1", "3": "RIPEMD-160"}
_HASHES = {"8": "SHA-256", "9": "SHA-384", "10": "SHA-512", "11": "SHA-224"}
_KEYS = {"1": "RSA", "3": "RSA", "17": "DSA", "19": "ECDSA", "22": "EdDSA"}
_GARBLED = "it gave no verdict, the keyring or the signature is garbled"
_MESSAGES = frozenset({"00", "01"})  # signature classes: of a document, binary or text


class _Ended(msgspec.Struct, frozen=True):
    output: bytes
    status: bytes
    trouble: str = ""


def find(cache: Path, limit: float = LIMIT, total: float = TOTAL) -> Gpgv | None:
    """What judges signed messages of one image, None where gpgv is not installed. Works below the directory `cache`."""
    program = shutil.which("gpgv")
    if program is None:
        return None
    spent = 0.0

    def judge(keyring: bytes, message: bytes) -> Checked:
        nonlocal spent
        left = total - spent
        if left <= 0:
            return Checked(Answer.FAILED, detail=f"the signatures before it took {total:.0f} s")
        began = time.monotonic()
        try:
            return check(program, cache, keyring, message, min(limit, left))
        finally:
            spent += time.monotonic() - began

    return judge


def check(program: str, cache: Path, keyring: bytes, message: bytes, limit: float = LIMIT) -> Checked:
    """What a keyring says of one signed message."""
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="gpgv-", dir=cache, ignore_cleanup_errors=True) as private:
            place = Path(private)
            (place / "keyring.gpg").write_bytes(keyring)
            (place / "message").write_bytes(message)
            ended = _run(program, place, limit)
    except OSError as error:
        return Checked(Answer.FAILED, detail=error.strerror or type(error).__name__)
    if ended.trouble:
        return Checked(Answer.FAILED, detail=ended.trouble)
    return judged(_lines(ended.status), ended.output)


def _run(program: str, place: Path, limit: float) -> _Ended:
    """Runs it to its end or to the limit. Its output goes through a pipe, so that no message grows on the disk."""
    reading, writing = os.pipe()
    try:
        arguments = (
            *(program, "--homedir", str(place), "--keyring", str(place / "keyring.gpg")),
            *("--status-fd", str(writing), "--output", "-", str(place / "message")),
        )
        process = subprocess.Popen(  # noqa: S603 - gpgv by its full path, arguments of our own, no shell
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=place,
            env={"LC_ALL": "C", "HOME": str(place), "GNUPGHOME": str(place), "PATH": "/usr/bin:/bin"},
            pass_fds=(writing,),
            start_new_session=True,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    try:
        return _collected(process, reading, limit)
    finally:
        if process.poll() is None:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(reading)
        if process.stdout is not None:
            process.stdout.close()


def _collected(process: subprocess.Popen[bytes], reading: int, limit: float) -> _Ended:
    until = time.monotonic() + limit
    output, status = bytearray(), bytearray()
    with selectors.DefaultSelector() as pipes:
        if process.stdout is not None:
            pipes.register(process.stdout.fileno(), selectors.EVENT_READ, output)
        pipes.register(reading, selectors.EVENT_READ, status)
        while pipes.get_map():
            left = until - time.monotonic()
            if left <= 0:
                return _Ended(b"", b"", f"no answer within {limit:.0f} s")
            for ready, _ in pipes.select(left):
                piece = os.read(ready.fd, 1 << 16)
                if not piece:
                    pipes.unregister(ready.fd)
                ready.data.extend(piece)
            if len(output) > _LARGEST or len(status) > _LARGEST:
                return _Ended(b"", b"", f"the message holds more than {_LARGEST >> 20} MiB")
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return _Ended(b"", b"", f"no end within {limit:.0f} s")
    return _Ended(bytes(output), bytes(status))


def _lines(status: bytes) -> list[list[str]]:
    lines = [line.removeprefix(_STATUS) for line in status.split(b"\n") if line.startswith(_STATUS)]
    return [line.decode("utf-8", "replace").split(" ") for line in lines]


def judged(lines: Sequence[Sequence[str]], output: bytes) -> Checked:
    """What the status lines say. Good is one signature that is good and valid, and nothing said against it."""
    said = {line[0] for line in lines if line}
    if "BADSIG" in said:
        return Checked(Answer.BAD)
    if "REVKEYSIG" in said:
        return Checked(Answer.KEY_REVOKED)
    if "EXPSIG" in said:
        return Checked(Answer.EXPIRED)
    if "EXPKEYSIG" in said:
        return Checked(Answer.KEY_EXPIRED)
    if "NO_PUBKEY" in said:
        return Checked(Answer.NO_KEY)
    if "ERRSIG" in said:
        return Checked(Answer.WEAK if _weak(lines) else Answer.UNSUPPORTED)
    valid = [line for line in lines if line and line[0] == "VALIDSIG"]
    if not valid or "GOODSIG" not in said:
        nothing = "NEWSIG" in said and not valid
        return Checked(Answer.FAILED, detail=_GARBLED) if nothing else Checked(Answer.NO_MESSAGE)
    texts = sum(line[0] == "PLAINTEXT" for line in lines if line)
    if len(valid) > 1 or texts > 1 or len(valid[0]) < 10:  # which of them is signed by which is not for us to guess
        return Checked(Answer.NO_MESSAGE)
    return _good(valid[0], output)


def _weak(lines: Sequence[Sequence[str]]) -> bool:
    """By ERRSIG: key, algorithm of the key, hash."""
    return any(line[0] == "ERRSIG" and len(line) > 3 and line[3] in _WEAK for line in lines if line)


def _good(valid: Sequence[str], output: bytes) -> Checked:
    """By VALIDSIG: fingerprint, day, time, expiry, version, -, algorithm of the key, hash, class, primary key."""
    key, kind, of = valid[7], valid[8], valid[9]
    if kind in _WEAK:
        return Checked(Answer.WEAK, detail=_WEAK[kind])
    if of not in _MESSAGES:
        return Checked(Answer.NO_MESSAGE)
    fingerprint = valid[10] if len(valid) > 10 else valid[1]
    made = float(valid[3]) if valid[3].isdecimal() else 0.0
    algorithm = f"OpenPGP {_KEYS.get(key, key)} {_HASHES.get(kind, kind)}"
    return Checked(Answer.GOOD, output, fingerprint, algorithm, made)
