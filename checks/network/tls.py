"""How published ports speak TLS: protocol, suites, certificate. Judged only where somebody asked for a look."""

from __future__ import annotations

from collections.abc import Iterator

from checks.check import Domain, check
from checks.network.certificates import OLD_DIGESTS, judge_dates, valid, weak_key
from checks.network.exposure import loopback
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.endpoint import PeerCertificate, TlsEndpoint
from inventory.gap import Gap

_BROKEN = ("NULL", "EXP", "RC4", "ADH", "AECDH", "MD5")
_NO_TLS = "does not speak TLS"


@check(
    "NET-016",
    "TLS endpoint accepts an old protocol",
    domain=Domain.NETWORK,
    severity=Severity.HIGH,
    subject=TlsEndpoint,
    why="TLS 1.0 and 1.1 can be broken by whoever is on the path, and a client can be talked down to them.",
    remediation="Set the lowest protocol to TLS 1.2 (nginx: `ssl_protocols TLSv1.2 TLSv1.3;`). Clients older than ten "
    "years or so cannot connect any more.",
    references=("NIST-800-52r2:3.1", "OWASP-Docker:D03", "ATT&CK:T1557", "CWE-326", "CWE-327"),
)
def old_protocol(endpoint: TlsEndpoint, view: View) -> Verdict:
    """Judges one handshake for each old protocol (SSLv3 cannot be offered by a current library).

    F: a handshake with TLS 1.0 or 1.1 succeeds. M: TLS 1.3 is not negotiated. P: 1.2 and newer only. NA: no TLS. U: no
    answer, or this machine's own library cannot offer the old protocols. Source: NIST SP 800-52r2.
    """
    if endpoint.speaks != "tls":
        return _without(endpoint)
    evidence = Evidence("negotiated", f"{endpoint.version} {endpoint.cipher}")
    if endpoint.accepts:
        return failed(
            f"accepts {', '.join(endpoint.accepts)}", evidence, Evidence("accepts", ", ".join(endpoint.accepts))
        )
    missing = [protocol for protocol in endpoint.not_offered if protocol.startswith("TLS")]
    if missing:
        return unknown(f"{', '.join(missing)} cannot be offered from this machine", evidence)
    if endpoint.version != "TLSv1.3":
        return manual("does not speak TLS 1.3", evidence)
    return passed("", evidence)


@check(
    "NET-017",
    "TLS endpoint negotiates a weak cipher",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=TlsEndpoint,
    why="What is sent can be decrypted, now or once the server's key is stolen.",
    remediation="Allow suites with ECDHE and AEAD only (nginx: `ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;`). Very old "
    "clients cannot connect any more.",
    references=("NIST-800-52r2:3.3", "CIS-Kubernetes-1.12:1.2.29", "ATT&CK:T1557", "CWE-327"),
)
def weak_cipher(endpoint: TlsEndpoint, view: View) -> Verdict:
    """Judges what the server chooses when only suites are offered that nobody should choose (TLS 1.2 and older).

    F: without encryption or authentication, EXPORT, RC4 or MD5 (critical); 3DES, or RSA key transport, which has no
    forward secrecy (medium). P: it chooses none. NA: no TLS. U: no answer, or some families (current libraries have no
    RC4 and no EXPORT any more) cannot be offered from this machine. Source: NIST SP 800-52r2.
    """
    if endpoint.speaks != "tls":
        return _without(endpoint)
    evidence = Evidence("negotiated", f"{endpoint.version} {endpoint.cipher}")
    if endpoint.weak:
        broken = [suite for suite in endpoint.weak if any(word in suite for word in _BROKEN)]
        said = f"chooses {', '.join(broken or endpoint.weak)}"
        chosen = Evidence("chosen when only weak suites were offered", ", ".join(endpoint.weak))
        return failed(said, evidence, chosen, severity=Severity.CRITICAL if broken else None)
    missing = [group for group in endpoint.not_offered if not group.startswith("TLS")]
    if missing:
        return unknown(f"suites that this machine cannot offer were not tried: {', '.join(missing)}", evidence)
    return passed("", evidence)


@check(
    "NET-018",
    "Certificate expired or about to",
    domain=Domain.NETWORK,
    severity=Severity.HIGH,
    subject=TlsEndpoint,
    why="Clients stop, or learn to click the warning away.",
    remediation="Renew the certificate and let a client do it from now on (ACME: certbot, Caddy, Traefik). The server "
    "has to load the new one: most need a reload.",
    references=("NIST-800-52r2:3.2", "CWE-298"),
)
def certificate_dates(endpoint: TlsEndpoint, view: View) -> Verdict:
    """Judges the dates of the server's own certificate against the clock of this machine (MON-043 judges the clock).

    F: expired, not valid yet, or less than 14 days left (high); less than 30 days (medium). M: it lasts longer than 398
    days. P: none of these. NA: no TLS. U: no answer, or the certificate could not be understood.
    """
    if endpoint.speaks != "tls":
        return _without(endpoint)
    if not endpoint.certificates:
        return unknown("the server sent no certificate")
    leaf = endpoint.certificates[0]
    return judge_dates(leaf.not_before, leaf.not_after, view.now, *_described(leaf))


@check(
    "NET-019",
    "Certificate does not match the name",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=TlsEndpoint,
    why="A client that accepts this accepts any certificate.",
    remediation="Order a certificate whose subject alternative names hold the name that clients use. The name that is "
    "expected here comes from `[probe.names]` in the configuration.",
    references=("RFC-6125:6", "CWE-297"),
)
def certificate_name(endpoint: TlsEndpoint, view: View) -> Verdict:
    """Judges the subject alternative names, by OpenSSL's own comparison; the common name does not count.

    F: no alternative name at all, or none that fits the expected one. P: one fits. NA: no TLS, or no name is expected
    of a bare address. U: no answer, or OpenSSL does not say. Source: RFC 6125.
    """
    if endpoint.speaks != "tls":
        return _without(endpoint)
    if not endpoint.certificates:
        return unknown("the server sent no certificate")
    leaf = endpoint.certificates[0]
    names = Evidence("subjectAltName", ", ".join(leaf.names) or "none")
    if not leaf.names:
        return failed("has no subject alternative name", names, Evidence("subject", leaf.subject))
    if not endpoint.server_name:
        return not_applicable("no name is expected of this address; [probe.names] would say it")
    expected = Evidence("expected", endpoint.server_name)
    return (
        passed("", names, expected) if endpoint.named else failed(f"is not for {endpoint.server_name}", names, expected)
    )


@check(
    "NET-020",
    "Self-signed, unknown issuer or broken chain",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=TlsEndpoint,
    why="Clients have to switch their check off to connect, and then anybody may answer.",
    remediation="Serve the whole chain (certificate, then intermediates), from an issuer that clients trust; for an "
    "internal issuer, install its root on the clients and on this machine.",
    references=("NIST-800-52r2:3.2", "ATT&CK:T1557", "CWE-295"),
)
def untrusted_chain(endpoint: TlsEndpoint, view: View) -> Verdict:
    """Judges OpenSSL's verification of the certificates that were sent, against those that this machine trusts.

    F: it cannot be verified (low where the port is bound to loopback). P: verified. NA: no TLS. U: no answer. Names are
    judged by NET-019; an internal issuer that this machine does not know counts as unknown issuer.
    """
    if endpoint.speaks != "tls":
        return _without(endpoint)
    chain = [Evidence("sent", f"{one.subject} (issued by {one.issuer})") for one in _sent(endpoint)]
    if endpoint.trusted:
        return passed("", *chain)
    severity = Severity.LOW if loopback(endpoint.host_ip) else None
    return failed(endpoint.distrust, Evidence("OpenSSL", endpoint.distrust), *chain, severity=severity)


@check(
    "NET-021",
    "Weak certificate key or signature",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=TlsEndpoint,
    why="Somebody with means can forge the certificate or work out its key.",
    remediation="Order a new certificate with a new key: EC P-256 or RSA 2048 and longer, signed with SHA-256.",
    references=("NIST-800-131A:3", "CWE-326"),
)
def weak_certificate(endpoint: TlsEndpoint, view: View) -> Verdict:
    """Judges the key of the server's certificate and the signatures of all that were sent, roots apart.

    F: RSA or DSA shorter than 2048 bits, an elliptic curve below 224, or a signature by MD5 or SHA-1. P: none of
    these. NA: no TLS. U: no answer, or a certificate could not be understood. Source: NIST SP 800-131A.
    """
    if endpoint.speaks != "tls":
        return _without(endpoint)
    if not endpoint.certificates:
        return unknown("the server sent no certificate")
    leaf = endpoint.certificates[0]
    weak = [*weak_key(leaf.key, leaf.bits), *_weak_signatures(endpoint)]
    if weak:
        return failed(", ".join(weak), *_described(leaf), Evidence("weak", ", ".join(weak)))
    return passed()


def _without(endpoint: TlsEndpoint) -> Verdict:
    """A server that hangs up, or refuses the handshake, may well speak TLS: after a command, or with a client's
    certificate."""
    if endpoint.speaks == "plain":
        return not_applicable(_NO_TLS)
    return unknown(f"no handshake succeeds: {endpoint.said or endpoint.speaks}")


def _weak_signatures(endpoint: TlsEndpoint) -> Iterator[str]:
    for one in endpoint.certificates:
        if one.signature in OLD_DIGESTS and not one.self_issued:
            yield f"{one.subject} is signed with {one.signature}"


def _sent(endpoint: TlsEndpoint) -> tuple[PeerCertificate, ...]:
    found = endpoint.peek("certificates")
    return () if isinstance(found, Gap) else found


def _described(leaf: PeerCertificate) -> tuple[Evidence, ...]:
    return (
        Evidence("subject", leaf.subject),
        Evidence("issuer", leaf.issuer),
        Evidence("serial", leaf.serial),
        valid(leaf.not_before, leaf.not_after),
        Evidence("key", f"{leaf.key} {leaf.bits or ''}".strip()),
    )
