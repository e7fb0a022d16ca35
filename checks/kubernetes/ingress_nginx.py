"""The ingress-nginx controller: its version, and annotations that become its configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping

from checks.check import Domain, check
from checks.data.advisories import affecting
from checks.data.ingress_nginx import ADVISORIES, RETIRED, SNIPPETS_OFF_SINCE, TABLE_DATE
from checks.data.tables import day, outdated
from checks.evidence import capped, seen
from checks.kubernetes.proven import if_read
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.versions import Version, parse_version
from checks.view import View
from inventory.kubernetes.exposure import Ingress
from inventory.kubernetes.podspec import PodContainer
from inventory.kubernetes.workloads import PodBearer
from inventory.resource import ResourceKey

_OURS = re.compile(r"(^|/)(ingress-nginx/controller(-chroot)?|nginx-ingress-controller|ingress-nginx-controller)$")
_OTHERS = re.compile(
    r"(^|/)(nginx/nginx-ingress|traefik|haproxy-ingress|kubernetes-ingress|contour|kong/kubernetes-ingress-controller"
    r"|envoyproxy/gateway|nginx-gateway-fabric|aws-load-balancer-controller|apisix-ingress-controller)$"
)
_PREFIX = "nginx.ingress.kubernetes.io/"


def snippets(ingresses: tuple[Ingress, ...]) -> Mapping[str, tuple[tuple[ResourceKey, str], ...]]:
    """Under "", the Ingresses that bring configuration of their own, and in which annotation."""
    found = [
        (one.key, name)
        for one in ingresses
        if "annotations" not in one.gaps
        for name in sorted(one.annotations)
        if name.startswith(_PREFIX) and name.endswith("-snippet")
    ]
    return {"": tuple(sorted(found))}


@check(
    "NET-048",
    "Ingress controller with a known flaw or settings that run code",
    domain=Domain.NETWORK,
    severity=Severity.HIGH,
    subject=PodBearer,
    why="ingress-nginx may read the Secrets of all namespaces, and annotations of any Ingress become configuration.",
    remediation="Move to a controller that is maintained (Gateway API, Traefik, F5 NGINX, ...); until then the last "
    "release, and allow-snippet-annotations: 'false' in its ConfigMap. Side effect: what snippets did has to be said "
    "otherwise.",
    references=("CVE-2021-25742", "CVE-2025-1974", "ATT&CK:T1190", "CWE-94"),
)
def flawed_controller(bearer: PodBearer, view: View) -> Verdict:
    """F: an ingress-nginx image whose tag lies in the range of a published vulnerability (as severe as the worst), or
    Ingresses use *-snippet annotations, or the project has ended (2026-03-31; medium). M: its tag tells no version, or
    a distribution's. P: another controller, or patched while there were patches. NA: no ingress controller. U: nothing
    else fails, and Ingresses could not be read.
    """
    for at, container in enumerate(bearer.pod_spec.containers):
        name, tag = _image(container)
        if _OURS.search(name):
            return _judged(f"{bearer.spec_path}.containers[{at}].image", container, tag, view)
        if _OTHERS.search(name):
            return passed("another controller", seen(f"{bearer.spec_path}.containers[{at}].image", container.image))
    return not_applicable("no ingress controller")


def _judged(path: str, container: PodContainer, tag: str, view: View) -> Verdict:
    today = day(view.now)
    version = parse_version(tag.removeprefix("nginx-").replace("-chroot", ""))
    evidence = [seen(path, container.image)]
    found = affecting(version, ADVISORIES) if version is not None and not version.distribution else []
    retired = today > RETIRED
    used = if_read(lambda: _used(view), ()) if found or retired else _used(view)
    evidence += capped((Evidence(f"Ingress {key.id}: metadata.annotations", name, key) for key, name in used), 10)
    if retired:
        evidence.append(Evidence("ingress-nginx", f"no releases after {RETIRED}"))
    if version is None or version.distribution:
        told = "ingress-nginx whose tag tells no version" if version is None else "a distribution's ingress-nginx"
        return manual(f"{told}{'; the project has ended' if retired else ''}", *evidence)
    evidence += [Evidence(one.id, f"{one.what}; fixed in {one.fixed_in} (table of {TABLE_DATE})") for one in found]
    severities = [one.severity for one in found]
    words = []
    if found:
        words.append(f"ingress-nginx {tag} has {len(found)} published vulnerabilities")
    if used:
        severities.append(Severity.HIGH)
        words.append("Ingresses bring configuration of their own")
    if retired:
        severities.append(Severity.MEDIUM)
        words.append("the project has ended")
    if words:
        return failed("; ".join(words), *capped(evidence, 30), severity=max(severities), salient=tag)
    if outdated(TABLE_DATE, today):
        return manual(f"the table of vulnerabilities is of {TABLE_DATE}", *evidence)
    return passed(_snippets_by_default(version), *evidence)


def _used(view: View) -> tuple[tuple[ResourceKey, str], ...]:
    return view.index_of(Ingress, snippets, "") or ()


def _snippets_by_default(version: Version) -> str:
    first = parse_version(SNIPPETS_OFF_SINCE)
    return "no published vulnerability" if first is None or version >= first else "snippets are on by default"


def _image(container: PodContainer) -> tuple[str, str]:
    name, _, _ = container.image.partition("@")
    before, colon, tag = name.rpartition(":")
    return (before, tag) if colon and "/" not in tag else (name, "")
