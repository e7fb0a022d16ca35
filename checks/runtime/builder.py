"""Published vulnerabilities of what builds images."""

from __future__ import annotations

import re

import msgspec

from checks.check import Domain, check
from checks.data import buildkit
from checks.data.advisories import affecting
from checks.data.tables import day, outdated
from checks.evidence import capped, seen
from checks.runtime.versions import judge_version
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.versions import parse_version
from checks.view import View
from inventory.components import repository
from inventory.container import Container
from inventory.engine import Engine

_BUILDER = "moby/buildkit"
_TAG = re.compile(r":(?P<version>v?\d+\.\d+\.\d+[^:/@]*?)(?:-rootless)?(?:@.*)?$")
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

    Manual, pass: as RUN-063; manual also where it is only inferred which release first carried the fix. Unknown: none
    of these, and a builder runs whose tag is no version: `buildx-stable-1`, which buildx takes by itself, moves. Not
    applicable: not a Docker engine and no builder runs. Source: moby/buildkit's advisories and the engine's release
    notes.
    """
    builders = [_builder(container) for container in view.all(Container) if _is_builder(container)]
    own = None
    if engine.flavour == "docker":
        own = judge_version("Version", engine.version, buildkit.ENGINES, buildkit.TABLE_DATE, view)
    elif not builders:
        return not_applicable(f"the engine is {engine.flavour}, and no BuildKit builder runs")
    return _together(own, builders, view)


class _Builder(msgspec.Struct, frozen=True):
    """A running builder container: what to show, whether its version is told, what it is open to, how bad that is."""

    name: str
    evidence: Evidence
    told: bool
    open_to: tuple[str, ...] = ()
    worst: Severity | None = None


def _is_builder(container: Container) -> bool:
    return container.running and f"/{repository(container.image_ref)}".endswith(f"/{_BUILDER}")


def _builder(container: Container) -> _Builder:
    found = _TAG.search(container.image_ref)
    version = parse_version(found["version"]) if found else None
    where = f"{container.name}: Config.Image"
    if version is None:
        return _Builder(container.name, seen(where, container.image_ref, container.key), False)
    known = affecting(version, buildkit.ADVISORIES)
    names = tuple(entry.id for entry in known)
    evidence = seen(where, f"{container.image_ref}: {', '.join(names) or 'none known'}", container.key)
    return _Builder(container.name, evidence, True, names, max((entry.severity for entry in known), default=None))


def _together(own: Verdict | None, builders: list[_Builder], view: View) -> Verdict:
    open_ = [(one, one.worst) for one in builders if one.worst is not None]
    shown = capped((one.evidence for one, _ in open_), _SHOWN)
    if open_ and (own is None or own.outcome is not Outcome.FAIL):
        names = ", ".join(dict.fromkeys(name for one, _ in open_ for name in one.open_to[:3]))
        worst = max(severity for _, severity in open_)
        return failed(f"a builder is open to {names}", *shown, *(own.evidence if own else ()), severity=worst)
    if own is not None and own.outcome is Outcome.FAIL:
        return failed(own.message, *own.evidence, *shown, severity=own.severity)
    untold = [one for one in builders if not one.told]
    if untold and (own is None or own.outcome is Outcome.PASS):
        names = ", ".join(one.name for one in untold[:_SHOWN])
        evidence = capped((one.evidence for one in untold), _SHOWN)
        return unknown(f"builder {names}: its version is not in its tag", *evidence)
    if own is not None:
        return own
    if outdated(buildkit.TABLE_DATE, day(view.now)):
        return manual("fixed as far as a table of this age can tell", seen("table", buildkit.TABLE_DATE.isoformat()))
    return passed("", *capped((one.evidence for one in builders), _SHOWN))
