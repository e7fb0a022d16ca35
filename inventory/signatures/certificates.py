"""X.509 certificates of signers: who they name, when they are good, and whether a chain leads to a root.

Whatever cannot be understood counts as absent, so that a check that needs it fails.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.certificate_transparency import LogEntryType, SignedCertificateTimestamp, Version
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from inventory.signatures.keys import BAD, Key, key_bytes, made_by, unusable
from inventory.signatures.parsing import from_base64

# A stranger's odd certificate is no news, and nothing may be written over the screen.
warnings.filterwarnings("ignore", category=CryptographyDeprecationWarning)
warnings.filterwarnings("ignore", message="Attribute's length must be")

_FAILS = (*BAD, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.InvalidVersion)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)\r?\n-----END CERTIFICATE-----(?:\r?\n)*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 64 * 1024
_LONGEST_CHAIN = 8
_SOUND = frozenset({"sha256", "sha384", "sha512"})
_LOOKED_AT = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_OLD_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_OTHER_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7")


def from_der(raw: bytes) -> x509.Certificate | None:
    """A certificate, None for what is none."""
    if len(raw) > _LARGEST:
        return None
    try:
        found = x509.load_der_x509_certificate(raw)
        _ = (found.extensions, found.subject, found.issuer, found.not_valid_before_utc, found.not_valid_after_utc)
        found.public_key()
        signature = found.signature
    except _FAILS:
        return None
    whole = len(raw) > len(signature) and raw.endswith(b"\x00" + signature)  # no loose bits: one spelling only
    return found if whole else None


def from_pem(text: str) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text that holds nothing else, none where one is broken."""
    if len(text) > _LARGEST * _LONGEST_CHAIN:
        return ()
    found: list[x509.Certificate] = []
    at = 0
    while at < len(text):
        block = _PEM.match(text, at)
        raw = from_base64(re.sub(r"\r?\n", "", block[1])) if block else None
        one = from_der(raw) if raw is not None else None
        if block is None or one is None or len(found) >= _LONGEST_CHAIN:
            return ()
        found.append(one)
        at = block.end()
    return tuple(found)


def loose_pem(raw: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates in a file of the site's own, whatever text stands between them."""
    try:
        return tuple(one for one in x509.load_pem_x509_certificates(raw) if from_der(der(one)) is not None)
    except _FAILS:
        return ()


def der(found: x509.Certificate) -> bytes:
    """The certificate as it is signed."""
    return found.public_bytes(serialization.Encoding.DER)


def fingerprint(found: x509.Certificate) -> str:
    """Sha256 of the certificate."""
    return hashlib.sha256(der(found)).hexdigest()


def key_of(found: x509.Certificate) -> Key | None:
    """Its key, None for kinds that are not supported or too weak."""
    try:
        key = found.public_key()
    except _FAILS:
        return None
    return key if isinstance(key, Key) and not unusable(key) else None


def subject(found: x509.Certificate) -> str:
    """Its subject in RFC 4514's form."""
    try:
        return found.subject.rfc4514_string()
    except _FAILS:
        return ""


def identities(found: x509.Certificate) -> tuple[str, ...]:
    """Whom a keyless certificate names: e-mail addresses, URIs, and the user names of Fulcio."""
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        plain = (
            *names.get_values_for_type(x509.RFC822Name),
            *names.get_values_for_type(x509.UniformResourceIdentifier),
        )
        other = [one for one in names.get_values_for_type(x509.OtherName) if one.type_id == _OTHER_NAME]
    except _FAILS:
        return ()
    return (*plain, *filter(None, (_utf8_string(one.value) for one in other)))


def token_issuer(found: x509.Certificate) -> str:
    """Who vouched for that identity: the OpenID Connect issuer that Fulcio wrote down."""
    new, old = _extension(found, _ISSUER), _extension(found, _OLD_ISSUER)
    if new is not None:
        return _utf8_string(new)
    try:
        return old.decode() if old is not None else ""
    except UnicodeDecodeError:
        return ""


def _extension(found: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes | None:
    try:
        value = found.extensions.get_extension_for_oid(oid).value
    except _FAILS:
        return None
    return value.value if isinstance(value, x509.UnrecognizedExtension) else None


def _utf8_string(raw: bytes) -> str:
    """One DER UTF8String and nothing behind it."""
    if len(raw) < 2 or raw[0] != 0x0C:
        return ""
    size, start = raw[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(raw[2:start])
        if start > 4 or size < 0x80:
            return ""
    if len(raw) != start + size:
        return ""
    try:
        return raw[start:].decode()
    except UnicodeDecodeError:
        return ""


def signs_code(found: x509.Certificate, *, must_say: bool = True) -> bool:
    """Whether it is a leaf for signing code. What says nothing of that is one only where `must_say` is false."""
    try:
        if is_authority(found) or not found.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
            return False
    except _FAILS:
        return False
    try:
        return ExtendedKeyUsageOID.CODE_SIGNING in found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return not must_say
    except _FAILS:
        return False


def is_authority(found: x509.Certificate) -> bool:
    """Whether it may issue others."""
    try:
        return bool(found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except _FAILS:
        return False


def good_at(found: x509.Certificate, when: float) -> bool:
    """Whether a moment lies in its validity."""
    return found.not_valid_before_utc.timestamp() <= when <= found.not_valid_after_utc.timestamp()


def issued(found: x509.Certificate, by: x509.Certificate, below: int) -> bool:
    """Whether one issued the other and may: a certificate authority with at most `below` more of them under it."""
    try:
        constraints = by.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not constraints.ca or (constraints.path_length is not None and constraints.path_length < below):
            return False
        if not _may_issue(by) or not (_understood(found) and _understood(by)) or unusable(by.public_key()):
            return False
        kind = found.signature_hash_algorithm
        if kind is not None and kind.name not in _SOUND:
            return False
        found.verify_directly_issued_by(by)
    except (InvalidSignature, *_FAILS):
        return False
    return True


def _may_issue(found: x509.Certificate) -> bool:
    """Whether its uses, where it names them, include issuing certificates for code."""
    try:
        if not found.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign:
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        uses = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.CODE_SIGNING in uses or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in uses


def _understood(found: x509.Certificate) -> bool:
    """Whether it has no critical extension that nothing here looks at, such as a limit on names."""
    return all(one.oid in _LOOKED_AT for one in found.extensions if one.critical)


def leads_to(leaf: x509.Certificate, chain: Sequence[x509.Certificate], when: float | None) -> bool:
    """Whether each certificate of a chain (leaf side first) issued the one before, all being good at that moment."""
    if not chain or len(chain) > _LONGEST_CHAIN:
        return False
    below = leaf
    for depth, one in enumerate(chain):
        if not issued(below, one, depth) or (when is not None and not good_at(one, when)):
            return False
        below = one
    return True


def logged(leaf: x509.Certificate, issuer: x509.Certificate, logs: Iterable[tuple[bytes, Key, float, float]]) -> str:
    """What is wrong with its embedded certificate timestamps, "" if one is by a trusted log.

    A log is its id, its key, and from when to when it counts.
    """
    known = {log_id: (key, start, end) for log_id, key, start, end in logs}
    try:
        stamps = list(leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value)
    except _FAILS:
        return "the certificate has no proof that it was logged"
    trouble = "the certificate was logged by none of the trusted logs"
    for stamp in stamps[:_LONGEST_CHAIN]:
        log = known.get(stamp.log_id)
        if log is None:
            continue
        key, start, end = log
        if stamp.entry_type is not LogEntryType.PRE_CERTIFICATE or stamp.version is not Version.v1:
            continue
        signed = _precertificate(leaf, issuer, stamp)
        when = int.from_bytes(signed[2:10]) / 1000 if signed else -1.0
        if start <= when <= end and made_by(key, stamp.signature, signed):
            return ""
        trouble = "the proof that the certificate was logged is not good"
    return trouble


def _precertificate(leaf: x509.Certificate, issuer: x509.Certificate, stamp: SignedCertificateTimestamp) -> bytes:
    """What a certificate timestamp signs (RFC 6962, 3.2)."""
    try:
        body = leaf.tbs_precertificate_bytes
        moment = (stamp.timestamp.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)  # it says UTC, naively
        extensions = stamp.extension_bytes
    except _FAILS:
        return b""
    issuer_hash = hashlib.sha256(key_bytes(issuer.public_key())).digest()
    return (
        b"\x00\x00"
        + moment.to_bytes(8)
        + b"\x00\x01"
        + issuer_hash
        + len(body).to_bytes(3)
        + body
        + len(extensions).to_bytes(2)
        + extensions
    )
