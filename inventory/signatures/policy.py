"""Whom the site trusts, as plain data: `[trust]` of the configuration. Nothing here reads a file."""

from __future__ import annotations

from datetime import date

import msgspec


class PublicKey(msgspec.Struct, frozen=True):
    """A PEM public key; counts until `until` (inclusive, UTC) where that is given."""

    name: str
    pem: bytes
    until: date | None = None


class Identity(msgspec.Struct, frozen=True):
    """A keyless identity: `issuer` exact, `subject` (SAN) exact but for `*`."""

    issuer: str
    subject: str


class GpgKeys(msgspec.Struct, frozen=True):
    """A binary OpenPGP keyring for simple signing; `lookaside` is a URL or path, "" for what registries.d says."""

    name: str
    keyring: bytes
    lookaside: str = ""


class NotationTrust(msgspec.Struct, frozen=True):
    """Roots of a Notation trust store (PEM, several in one are fine); `subject` "" is any (`*`)."""

    name: str
    roots: tuple[bytes, ...]
    subject: str = ""


Authority = PublicKey | Identity | GpgKeys | NotationTrust


class Rule(msgspec.Struct, frozen=True):
    """One `[[trust.rule]]`. `line` is its line in the file, 0 where it did not come from one.

    `match` are patterns of "registry/repository": `*` within a path segment, `**` for any rest. `require` holds digest,
    immutable-tag, signature, sbom, provenance. `signed_as` is repository, any, or another repository's name. `of_host`
    is the policy.json that it was made of, "" for the site's own.
    """

    match: tuple[str, ...]
    number: int = 0
    line: int = 0
    trusted: bool = True
    require: tuple[str, ...] = ()
    signed_by: tuple[Authority, ...] = ()
    signed_as: str = "repository"
    annotations: tuple[tuple[str, str], ...] = ()
    max_age_days: int | None = None
    max_severity: str = ""
    plain_http: bool = False
    of_host: str = ""

    def __str__(self) -> str:
        """As people find it again."""
        if self.of_host:
            return f"{self.of_host}: {self.match[0]}"
        where = f" (line {self.line})" if self.line else ""
        return f"rule {self.number} {', '.join(self.match)}{where}"


class TrustPolicy(msgspec.Struct, frozen=True):
    """`unlisted`: whether repositories that no rule names are trusted, None where the file has no rules at all.

    `root` is a sigstore trusted_root.json, b"" for none. `host_policy` is evidence, keys or "" (not read).
    """

    rules: tuple[Rule, ...] = ()
    unlisted: str = "untrusted"
    root: bytes = b""
    root_name: str = ""
    host_policy: str = "evidence"
    signature_directories: tuple[str, ...] = ()
    host_rules: tuple[Rule, ...] = ()  # whom policy.json of the host trusts, where `host_policy` is keys


NO_TRUST_POLICY = TrustPolicy()
