"""Published vulnerabilities of what builds images."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.check import Domain, check
from checks.data import buildkit
from checks.data.advisories import affecting
from checks.data.tables import day, outdated
from checks.evidence import seen
from checks.runtime.versions import judge_version
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, not_applicable, passed
from checks.versions import parse_version
from checks.view import View
from inventory.container import Container
from inventory.engine import Engine

_BUILDER = re.compile(r"(?:^|/)moby/buildkit:(?P<version>v?\d+\.\d+\.\d+\S*?)(?:-rootless)?(?:@.*)?$")
_SHOWN = 6


@check(
    "RUN-066",
    "BuildKit with known vulnerability",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Whoever has an image built, or writes what is built, reads or changes files of the host.",
    remediation=(
        "Upgrade the engine, which carries BuildKit, and make buildx builders anew (`docker buildx rm`, `create`). "
        "Until then build only what you trust, and name no foreign frontend in `# syntax=`. The daemon restarts."
    ),
    references=(
        "NIST-800-190:4.4.1", "CVE-2024-23651", "CVE-2024-23652", "CVE-2024-23653", "CVE-2026-33747", "CVE-2026-33748",
        "CWE-1395",
    ),
)  # fmt: skip
def vulnerable_buildkit(engine: Engine, view: View) -> Verdict:
    """Fail: the engine's version is one that carries a BuildKit in the range of a published vulnerability, or a running
    builder container (`moby/buildkit:vX.Y.Z`) is; severity of the worst. The API names no BuildKit version itself.

    Manual, pass: as RUN-063; manual also where it is only inferred which release first carried the fix. Not applicable:
    not a Docker engine and no builder runs. Source: moby/buildkit's advisories and the engine's release notes.
    """
    builders = list(_builders(view))
    own = None
    if engine.flavour == "docker":
        own = judge_version("Version", engine.version, buildkit.ENGINES, buildkit.TABLE_DATE, view)
    elif not builders:
        return not_applicable(f"the engine is {engine.flavour}, and no BuildKit builder runs")
    return _together(own, builders, view)


def _builders(view: View) -> Iterator[tuple[Evidence, list[str], Severity | None]]:
    """Running builder containers: what to show, what they are open to, and how bad that is."""
    for container in view.all(Container):
        found = _BUILDER.search(container.image_ref) if container.running else None
        version = parse_version(found["version"]) if found else None
        if version is None:
            continue
        known = affecting(version, buildkit.ADVISORIES)
        names = [entry.id for entry in known]
        said = f"{container.image_ref}: {', '.join(names) or 'none known'}"
        worst = max((entry.severity for entry in known), default=None)
        yield seen(f"{container.name}: Config.Image", said, container.key), names, worst


def _together(own: Verdict | None, builders: list[tuple[Evidence, list[str], Severity | None]], view: View) -> Verdict:
    open_ = [(evidence, names, worst) for evidence, names, worst in builders if worst is not None]
    shown = tuple(evidence for evidence, _, _ in open_[:_SHOWN])
    if open_ and (own is None or own.outcome is not Outcome.FAIL):
        names = ", ".join(dict.fromkeys(name for _, found, _ in open_ for name in found[:3]))
        worst = max(severity for _, _, severity in open_ if severity is not None)
        return failed(f"a builder is open to {names}", *shown, *(own.evidence if own else ()), severity=worst)
    if own is not None and own.outcome is Outcome.FAIL:
        return failed(own.message, *own.evidence, *shown, severity=own.severity)
    if own is not None:
        return own
    if outdated(buildkit.TABLE_DATE, day(view.now)):
        return manual("fixed as far as a table of this age can tell", seen("table", buildkit.TABLE_DATE.isoformat()))
    return passed("", *(evidence for evidence, _, _ in builders[:_SHOWN]))
