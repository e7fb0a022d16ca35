"""TLS handshakes that only look: what a server chooses and sends. Nothing is asked once the handshake is over.

Old protocols and suites are offered on purpose (security level 0), each on a connection of its own that is closed at
once. Whether to trust a chain, and which names a certificate is good for, is for OpenSSL to say.
"""

from __future__ import annotations

import socket
import ssl
import warnings
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec

DEADLINE = 3.0
"""Seconds for one connection."""
# Groups of suites that nobody should choose, offered together; then those without forward secrecy.
NO_FORWARD_SECRECY = "kRSA:!NULL:!RC4:!3DES:!EXPORT:!aNULL"
FAMILIES = ("NULL", "RC4", "3DES", "EXPORT", "aNULL")
BROKEN = ":".join(FAMILIES)
_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_TEXT = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
_CLOSED = "UNEXPECTED_EOF_WHILE_READING"
_WRONG_NAME = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_WRONG_TIME = frozenset({9, 10})  # found after the name was: then the name fits


class NotOfferedError(Exception):
    """This machine's own TLS library does not know the protocol or the suites."""


class Outcome(msgspec.Struct, frozen=True):
    """One handshake; `reason` in OpenSSL's or the system's words.

    `speaks` is tls, plain (it answered with something else), closed (it hung up: no TLS at once, maybe after a command
    of its own), refused (TLS, but this handshake does not succeed), silent or away.

    `code` is OpenSSL's verification error (0: none); `chain` the certificates as sent, DER.
    """

    speaks: str
    reason: str = ""
    version: str = ""
    cipher: str = ""
    chain: tuple[bytes, ...] = ()
    code: int = 0


def first(address: str, port: int, name: str) -> Outcome:
    """With everything offered and nothing verified: what is negotiated, and the certificates that were sent."""
    found = _shake(address, port, name, _context())
    if found.speaks == "refused":  # a server that speaks old protocols only looks like one that refuses
        with suppress(NotOfferedError):
            old = _shake(address, port, name, _context("TLSv1", "TLSv1.1"))
            return old if old.speaks == "tls" else found
    return found


def accepts(address: str, port: int, name: str, protocol: str) -> bool:
    """Whether a handshake with exactly this protocol succeeds. Raises `NotOfferedError`."""
    return _shake(address, port, name, _context(protocol, protocol)).speaks == "tls"


def chosen(address: str, port: int, name: str, suites: str) -> str:
    """The suite that is chosen of these, with TLS 1.2 or older, or "". Raises `NotOfferedError`."""
    found = _shake(address, port, name, _context("TLSv1", "TLSv1.2", suites))
    return found.cipher if found.speaks == "tls" else ""


@cache
def unknown_families() -> tuple[str, ...]:
    """The families of broken suites that this machine's own library does not have, and so cannot offer."""
    return tuple(family for family in FAMILIES if not _known(family))


def _known(family: str) -> bool:
    try:
        offered = _context("TLSv1", "TLSv1.2", family).get_ciphers()
    except NotOfferedError:
        return False
    return any("TLSv1.3" not in str(suite.get("protocol")) for suite in offered)


def distrust(address: str, port: int, name: str) -> str | None:
    """Why OpenSSL would not trust the chain by the certificates of this machine, "" if it would; names do not count.

    None where the handshake failed for another reason, so that it does not say.
    """
    context = _context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_default_certs()
    found = _shake(address, port, name, context)
    return found.reason if found.code else "" if found.speaks == "tls" else None


def named(address: str, port: int, name: str, chain: tuple[bytes, ...]) -> bool | None:
    """Whether the server's own certificate is good for a name or an IP address; None where OpenSSL does not say.

    The certificate is trusted for this one handshake, so that little but the name can be wrong with it. The common name
    does not count (RFC 6125, and browsers).
    """
    context = _context()
    context.load_verify_locations(cadata=chain[0])
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.hostname_checks_common_name = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    found = _shake(address, port, name, context)
    if found.speaks == "tls" or found.code in _WRONG_TIME:
        return True
    return False if found.code in _WRONG_NAME else None


def _context(minimum: str = "", maximum: str = "", suites: str = "DEFAULT") -> ssl.SSLContext:
    """Without a minimum everything that this machine's library still speaks is offered."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        context.set_ciphers(f"{suites}:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that is what they are offered for
            if minimum:
                context.minimum_version = _VERSIONS[minimum]
            if maximum:
                context.maximum_version = _VERSIONS[maximum]
    except (ssl.SSLError, ValueError) as error:
        raise NotOfferedError(str(error)) from None
    return context


def _shake(address: str, port: int, name: str, context: ssl.SSLContext) -> Outcome:
    try:
        plain = socket.create_connection((address, port), timeout=DEADLINE)
    except OSError as error:
        return Outcome("away", error.strerror or str(error) or type(error).__name__)
    try:
        with context.wrap_socket(plain, server_hostname=name or None) as secured:
            cipher = secured.cipher()
            return Outcome("tls", "", secured.version() or "", cipher[0] if cipher else "", _chain(secured))
    except ssl.SSLCertVerificationError as error:
        return Outcome("refused", error.verify_message, code=error.verify_code)
    except ssl.SSLError as error:
        reason = error.reason or str(error)
        return Outcome("plain" if reason in _TEXT else "closed" if reason == _CLOSED else "refused", reason)
    except TimeoutError:
        return Outcome("silent", "no answer to the first message of a handshake")
    except OSError as error:
        return Outcome("closed", error.strerror or str(error))
    except ValueError as error:  # a name that cannot be asked for
        return Outcome("refused", str(error))
    finally:
        plain.close()


def _chain(secured: ssl.SSLSocket) -> tuple[bytes, ...]:
    """What the server sent. Before Python 3.13 the interpreter keeps the method for itself."""
    known: Any = getattr(secured, "get_unverified_chain", None) or getattr(secured, "_sslobj").get_unverified_chain  # noqa: B009
    certificates = known() or ()
    encoded = tuple(one if isinstance(one, bytes) else one.public_bytes(2) for one in certificates)  # 2: DER
    return encoded or tuple(filter(None, (secured.getpeercert(binary_form=True),)))
