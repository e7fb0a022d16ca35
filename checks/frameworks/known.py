"""The frameworks that are known, in the order in which they are offered."""

from __future__ import annotations

from functools import cache

from checks.catalogue import catalogue
from checks.frameworks import cis_docker, cis_kubernetes, domains, nist_800_190, owasp_docker, pod_security
from checks.frameworks.framework import Framework, items
from inventory.snapshot import Snapshot


@cache
def frameworks() -> tuple[Framework, ...]:
    """Those of Docker, those of Kubernetes, NIST SP 800-190, and the domains of the catalogue."""
    checks = catalogue()
    published = (
        (cis_docker, "CIS Docker", False),
        (cis_kubernetes, "CIS Kubernetes", True),
        (pod_security, "Pod Security", True),
        (nist_800_190, "NIST 800-190", None),
        (owasp_docker, "OWASP Docker", False),
    )
    found = (
        Framework(each.ID, each.TITLE, each.VERSION, tuple(items(each.ID, each.SECTIONS, checks)), short, of_clusters)
        for each, short, of_clusters in published
    )
    return (*found, Framework(domains.ID, domains.TITLE, "", tuple(domains.items(checks)), "Domains"))


def relevant(snapshot: Snapshot) -> tuple[Framework, ...]:
    """Those that say something of what is looked at: of Kubernetes where there is a cluster, of Docker for engines."""
    clusters = snapshot.has_kubernetes
    engines = snapshot.has_engines or not clusters
    absent = {True} - {clusters} | ({False} if not engines else set())
    return tuple(each for each in frameworks() if each.of_clusters is None or each.of_clusters not in absent)
