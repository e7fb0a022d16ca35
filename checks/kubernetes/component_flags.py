"""Checks of the flags that the control plane's programs run with: one declaration per flag."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed
from checks.view import View
from inventory.kubernetes.components import ControlPlaneComponent

Rule = Callable[[ControlPlaneComponent], Verdict]


def flag_check(
    id: str,  # noqa: A002 - as in `check`
    title: str,
    *,
    component: str,
    severity: Severity,
    condition: str,
    why: str,
    remediation: str,
    cis: str,
    references: Iterable[str] = (),
) -> Callable[[Rule], Rule]:
    """Register a check of one program's flags.

    `condition` states when it fails and when it passes; `cis` is the number in CIS Kubernetes 1.12, "" where it has
    none. The rule is asked about that program alone. A control plane that shows no such program is not judged.
    """

    def register(rule: Rule) -> Rule:
        def judge(program: ControlPlaneComponent, view: View) -> Verdict:
            if program.component != component:
                return not_applicable(f"not {component}")
            return rule(program)

        number = f" Source: CIS Kubernetes {cis}." if cis else ""
        judge.__doc__ = f"{condition} NA: another program than {component}.{number}"
        judge.__module__ = rule.__module__
        check(
            id,
            title,
            domain=Domain.ORCHESTRATION,
            severity=severity,
            subject=ControlPlaneComponent,
            why=why,
            remediation=remediation,
            references=(*((f"CIS-Kubernetes-1.12:{cis}",) if cis else ()), *references),
        )(judge)
        return rule

    return register


def shown(program: ControlPlaneComponent, name: str, unset: str = "not set") -> Evidence:
    """A flag as it was found, with where it was read."""
    values = program.flags.get(name)
    return Evidence(f"{program.origin}: --{name}", ",".join(values) if values else unset)


def must_set(program: ControlPlaneComponent, *names: str) -> Verdict:
    """Pass when every one of the flags has a value."""
    evidence = [shown(program, name) for name in names]
    if all(program.flag(name) for name in names):
        return passed("", *evidence)
    return failed(f"{' and '.join(f'--{name}' for name in names if not program.flag(name))} not set", *evidence)


def is_true(program: ControlPlaneComponent, name: str, default: bool) -> bool:
    """A switch as Go reads it; anything that is no boolean counts as the default, as the program would not start."""
    value = program.flag(name)
    if value is None:
        return default
    return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}.get(value.lower(), default)


def must_be(program: ControlPlaneComponent, name: str, wanted: bool, default: bool) -> Verdict:
    """Pass when a switch is as wanted, by its default where it is not given."""
    evidence = shown(program, name, f"not set, the default is {str(default).lower()}")
    if is_true(program, name, default) is wanted:
        return passed("", evidence)
    return failed(f"--{name} is {'off' if wanted else 'on'}", evidence)


def at_least(program: ControlPlaneComponent, name: str, least: int) -> Verdict:
    """Pass when a number is given and not smaller."""
    value, evidence = program.flag(name), shown(program, name)
    if value is not None and value.isdigit() and int(value) >= least:
        return passed("", evidence)
    return failed(f"--{name} is {'not set' if value is None else f'below {least}'}", evidence)


def only_local(program: ControlPlaneComponent, name: str, default: str) -> Verdict:
    """Pass when an address is the machine's own."""
    value = program.flag(name) or default
    evidence = shown(program, name, f"not set, the default is {default}")
    if value in ("127.0.0.1", "::1", "localhost") or value.startswith(("127.", "[::1]", "localhost:")):
        return passed("", evidence)
    return failed(f"listens on {value}", evidence)
