"""Whether the kernel enforces what the engine declares."""

from __future__ import annotations

from checks.check import Domain, check
from checks.processes import lives
from checks.runtime.declared import Comparison, compare
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, not_applicable, passed, unknown
from checks.view import View
from inventory.container import Container


@check(
    "RUN-054",
    "Effective protection weaker than declared",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="What is set is not what runs: every verdict that trusts the declaration is wrong.",
    remediation=(
        "Recreate the container (docker compose up -d --force-recreate NAME), then compare again. Where it stays: the "
        "runtime or the kernel lacks the feature (docker info, SecurityOptions and warnings)."
    ),
    references=("NIST-800-190:4.4.3", "ATT&CK:T1562.001", "CWE-693"),
)
def weaker_than_declared(container: Container, view: View) -> Verdict:
    """Fail: the kernel shows less protection for the first process than is declared: no seccomp filter though one is in
    force, NoNewPrivs 0 though asked for, capabilities beyond the granted set, uid 0 though the user is another number
    (only where the uid map is the identity), AppArmor unconfined or complaining though a profile is declared, a
    writable root though read-only is, no or a greater limit of memory or processes, nothing masked though paths are
    to be, or a namespace of the host though it is to have its own.

    Pass: equal or stronger. Not applicable: it does not run. Unknown: the engine is not on this machine, the process
    cannot be looked at, or nothing is weaker as far as it is told, but not all that is promised is (a reader who may
    not trace the process sees neither its namespaces nor its mounts). Sources: proc(5), cgroups(7), namespaces(7).
    """
    if not lives(container):
        return not_applicable("it does not run")
    kernel = view.effective(container.id)
    if kernel is None:
        return unknown("/proc/PID/status of its first process could not be read (run as root on the engine's host)")
    found = compare(container, view, kernel)
    if not found.weaker:
        return _nothing_weaker(found)
    names = ", ".join(side.name for side in found.weaker)
    evidence = (column for side in found.weaker for column in (side.declared, side.found))
    return failed(f"weaker than declared: {names}", *evidence, salient=names)


@check(
    "CMB-006",
    "Declared safe, effectively unsafe",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="The configuration reads as safe, and checks of it pass, while the kernel does not enforce it.",
    remediation="Trust RUN-054, not the checks named here, until both sides agree: recreate the container, or move it "
    "to a host whose kernel and runtime have the feature (docker info shows warnings).",
    references=("ATT&CK:T1562.001", "CWE-693"),
    derived=True,
)
def declared_safe(container: Container, view: View) -> Verdict:
    """Combines RUN-054 with the checks that judge the same properties by the declaration.

    F: RUN-054 fails for a property, and a check of that property passes. P: RUN-054 passes, or nothing that it doubts
    is called safe elsewhere (checks that see the kernel's side themselves fail with it). NA: as RUN-054. U: as RUN-054,
    also where it fails for another property and not all was told.
    """
    outcome = view.outcome("RUN-054", container.key)
    if outcome is Outcome.NOT_APPLICABLE:
        return not_applicable("it does not run")
    if outcome is Outcome.PASS:
        return passed()
    kernel = view.effective(container.id) if outcome is Outcome.FAIL else None
    if kernel is None:
        return unknown("RUN-054 could not be judged")
    table: list[Evidence] = []
    names: list[str] = []
    found = compare(container, view, kernel)
    for side in found.weaker:
        safe = [rule for rule in side.checks if view.outcome(rule, container.key) is Outcome.PASS]
        if safe:
            names.append(side.name)
            table += [*(Evidence("passes", rule, container.key) for rule in safe), side.declared, side.found]
    if not names:
        return _nothing_weaker(found)
    return failed(f"safe by declaration only: {', '.join(names)}", *table, salient=", ".join(names))


def _nothing_weaker(found: Comparison) -> Verdict:
    """Of what was told."""
    return unknown(f"the kernel's side was not told of: {', '.join(found.untold)}") if found.untold else passed()
