"""API versions that servers stop serving: what an object is written with, and by whom."""

from __future__ import annotations

from checks.check import Domain, check
from checks.data.kubernetes import REMOVED, TABLE_DATE
from checks.evidence import capped, seen
from checks.verdict import Evidence, Severity, Verdict, manual, passed
from checks.view import View
from inventory.kubernetes.resource import FieldManager, KubeResource

_SHOWN = 10


@check(
    "ORC-245",
    "Deprecated API version in use",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=KubeResource,
    why="What writes it fails after an upgrade of the cluster, and beta code gets less care.",
    remediation="Write the object with the version that the deprecation guide names, in the manifest, the chart or the "
    "program that made it (`kubectl convert` does it for files). The stored object stays as it is.",
    references=("Kubernetes:Deprecated API Migration Guide", "CWE-477"),
)
def deprecated_version(thing: KubeResource, view: View) -> Verdict:
    """Judges the API version that the object is written with in a manifest, by `metadata.managedFields[].apiVersion`
    and by kubectl's annotation of what was applied last.

    M: one that the dated table of the deprecation guide has, with the release that no longer serves it. P: none.
    Programs that only read are not seen here: the server's metric `apiserver_requested_deprecated_apis` has them.
    """
    kind = thing.api_kind or thing.peek("api_object")
    found = [
        (path, version, removed)
        for path, version in _versions(thing)
        if (removed := REMOVED.get(version, {}).get(str(kind))) is not None
    ]
    if not found:
        return passed()
    first = min(removed for _, _, removed in found)
    evidence = capped(
        (seen(path, f"{version}, not served from 1.{removed} on") for path, version, removed in found), _SHOWN
    )
    versions = ", ".join(dict.fromkeys(version for _, version, _ in found))
    return manual(f"{versions} is not served from 1.{first} on", *evidence, Evidence("table of", str(TABLE_DATE)))


def _versions(thing: KubeResource) -> list[tuple[str, str]]:
    managers: tuple[FieldManager, ...] = thing.managers
    found = [("apiVersion", thing.api_version)] if thing.manifest is not None else []
    if not managers:
        return found
    return [*found, *((f"metadata.managedFields[{one.manager}].apiVersion", one.api_version) for one in managers)]
