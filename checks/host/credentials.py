"""Passwords of registries that clients keep on this machine."""

from __future__ import annotations

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed
from checks.view import View
from inventory.gap import Unread
from inventory.model import ClientCredentials, Engine

_SHOWN = 5


@check(
    "DMN-033",
    "Registry credentials stored in clear",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Base64 is no encryption: whoever reads the file, or a backup of it, may push images in its owner's name.",
    remediation='Install a credential helper (docker-credential-pass, -secretservice), set `"credsStore"` in '
    "config.json, then `docker logout REGISTRY; docker login REGISTRY`. `chmod 600` the file. On servers use a token "
    "that can only pull.",
    references=("NIST-800-190:4.2.3", "OWASP-Docker:D06", "ATT&CK:T1552.001", "CWE-522"),
)
def clear_credentials(engine: Engine, view: View) -> Verdict:
    """Judges ~/.docker/config.json and the auth.json of Podman in all homes that may be looked at.

    F: a registry's password or token stands in the file, whatever helper is configured beside it (medium); high where
    others may use the file. P: every registry is left to a helper. NA: no registry is known to any client. U: the
    engine is remote, or a place was not looked at (denied, a link, a network file system, more homes than are looked
    at) and no other has a finding. The credentials are never read into
    this program's model. Source: docker login, containers-auth.json(5).
    """
    host = view.host()
    clear = [one for one in host.credentials if one.clear]
    if clear:
        open_ = any(one.exposed for one in clear)
        count = sum(len(one.clear) for one in clear)
        severity = Severity.HIGH if open_ else Severity.MEDIUM
        return failed(f"{count} registry credential(s) in clear", *map(_evidence, clear), severity=severity)
    unread = next((one.unread for one in host.credentials if one.unread is not None), None)
    if unread is not None:
        raise Unread(unread)
    for gap in host.credentials_unread:
        raise Unread(gap)
    helped = [one for one in host.credentials if one.registries]
    return passed("", *map(_evidence, helped)) if helped else not_applicable("no client is logged in to a registry")


def _evidence(found: ClientCredentials) -> Evidence:
    names = found.clear or tuple(found.registries)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    kept = "in clear" if found.clear else "in a helper"
    return Evidence(
        found.path, f"{', '.join(names[:_SHOWN])}{more}: {kept}; {found.owner or found.uid} {found.mode:04o}"
    )
