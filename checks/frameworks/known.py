"""The frameworks that are known, in the order in which they are offered."""

from __future__ import annotations

from functools import cache

from checks.catalogue import catalogue
from checks.frameworks import cis_docker, domains, nist_800_190, owasp_docker
from checks.frameworks.framework import Framework, items


@cache
def frameworks() -> tuple[Framework, ...]:
    """CIS Docker, NIST SP 800-190, OWASP Docker Top 10, and the domains of the catalogue."""
    checks = catalogue()
    published = ((cis_docker, "CIS Docker"), (nist_800_190, "NIST 800-190"), (owasp_docker, "OWASP Docker"))
    found = (
        Framework(each.ID, each.TITLE, each.VERSION, tuple(items(each.ID, each.SECTIONS, checks)), short)
        for each, short in published
    )
    return (*found, Framework(domains.ID, domains.TITLE, "", tuple(domains.items(checks)), "Domains"))
