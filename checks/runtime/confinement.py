"""AppArmor, SELinux, no-new-privileges and the protected parts of /proc and /sys."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import seen
from checks.runtime.kernel import kernel_view
from checks.securityopts import no_new_privileges, option, selinux_labels
from checks.verdict import Severity, Verdict, failed, not_applicable, passed, unknown
from checks.versions import parse_version
from checks.view import View
from inventory.container import Container

_NEVER_STARTED = 0.0


@check(
    "RUN-019",
    "AppArmor off",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="The mandatory access control that survives a compromised root user is gone.",
    remediation=(
        "Drop --security-opt apparmor=unconfined to get docker-default back, or name a profile of your own "
        "(apparmor=PROFILE). Mounts and ptrace inside may be denied again."
    ),
    references=("CIS-Docker-1.6:5.2", "PSS:baseline:AppArmor", "OWASP-Docker:RULE-6", "CWE-693"),
    implied_by=("RUN-001",),
)
def apparmor_off(container: Container, view: View) -> Verdict:
    """Fail: AppArmor unconfined by option, or `AppArmorProfile` empty or unconfined once the container has started.

    Not applicable: the engine lists no AppArmor (SecurityOptions name=apparmor), so the host has none. Pass: a named
    profile; or never started (the engine names the profile at start) and not unconfined. Source: CIS Docker 5.2.
    """
    if view.engine().security_option("apparmor") is None:
        return not_applicable("the host has no AppArmor")
    declared = option(container.security_opt, "apparmor")
    profile = container.apparmor_profile
    if declared == "unconfined":
        return failed("switched off for this container", seen("HostConfig.SecurityOpt", container.security_opt))
    if container.privileged:
        return failed("privileged containers are unconfined", seen("HostConfig.Privileged", True))
    if profile == "unconfined" or (not profile and container.started_at > _NEVER_STARTED):
        return failed("runs without a profile", seen("AppArmorProfile", profile))
    return passed()


_UNCONFINED_TYPES = ("spc_t", "unconfined_t")


@check(
    "RUN-020",
    "SELinux separation off",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="The mandatory access control that keeps containers apart from the host and each other is gone.",
    remediation=(
        "Drop --security-opt label=disable and label=type:spc_t; give volumes the right label with :z or :Z. "
        "Host paths that were never labelled become unreadable until then."
    ),
    references=("CIS-Docker-1.6:5.3", "PSS:baseline:SELinux", "CWE-693"),
    implied_by=("RUN-001",),
)
def selinux_off(container: Container, view: View) -> Verdict:
    """Fail: label=disable or an unconfined type in `HostConfig.SecurityOpt`, or spc_t or unconfined_t in
    `ProcessLabel`, or no label at all on a container that has started.

    Not applicable: the engine does not use SELinux (SecurityOptions name=selinux). Pass: a confined label.
    Source: CIS Docker 5.3.
    """
    if view.engine().security_option("selinux") is None:
        return not_applicable("the engine does not use SELinux")
    label = container.process_label
    for asked in selinux_labels(container.security_opt):
        if asked == "disable" or asked.removeprefix("type:") in _UNCONFINED_TYPES:
            return failed("switched off for this container", seen("HostConfig.SecurityOpt", container.security_opt))
    if any(word in label.split(":") for word in _UNCONFINED_TYPES):
        return failed("runs with an unconfined type", seen("ProcessLabel", label))
    if not label and container.started_at > _NEVER_STARTED:
        return failed("runs without a label", seen("ProcessLabel", label))
    return passed()


@check(
    "RUN-021",
    "no-new-privileges missing",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Set-id binaries and file capabilities raise a process's privileges.",
    remediation=(
        "--security-opt no-new-privileges (Compose: `security_opt: [no-new-privileges:true]`), or daemon.json "
        '`"no-new-privileges": true` for all. sudo, su and ping with file capabilities stop working inside.'
    ),
    references=(
        "CIS-Docker-1.6:5.26", "PSS:restricted:Privilege Escalation", "OWASP-Docker:RULE-4", "ATT&CK:T1548.001",
        "CWE-250",
    ),
)  # fmt: skip
def new_privileges(container: Container, view: View) -> Verdict:
    """Fail: the kernel shows NoNewPrivs 0; or, where it cannot be read, the container does not ask for it (or refuses)
    and neither does the engine by default.

    Pass: NoNewPrivs 1, or asked for by container or engine. Unknown: the container leaves it to the engine, and
    neither SecurityOptions (Docker 23 and newer) nor the daemon's options tell. Source: CIS Docker 5.26.
    """
    asked = no_new_privileges(container.security_opt)
    declared = seen("HostConfig.SecurityOpt", container.security_opt)
    kernel = kernel_view(container, view)
    if kernel is not None:
        in_effect = seen("/proc/PID/status: NoNewPrivs", kernel.no_new_privs)
        if kernel.no_new_privs:
            return passed("", declared, in_effect)
        return failed(_refusal(asked), declared, in_effect)
    if asked is True or (asked is None and _engine_default(view)):
        return passed()
    return failed(_refusal(asked), declared)


def _refusal(asked: bool | None) -> str:
    return "explicitly switched off, whatever the engine's default" if asked is False else "processes may gain rights"


def _engine_default(view: View) -> bool:
    engine = view.engine()
    if engine.security_option("no-new-privileges") is not None:
        return True
    version = parse_version(engine.version)
    if engine.flavour == "podman" or (version is not None and version.release >= (23,)):
        return False
    return str(view.host().daemon_option("no-new-privileges")).lower() == "true"


@check(
    "RUN-022",
    "System paths unmasked",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="The parts of /proc and /sys that show or change the host are open.",
    remediation=(
        "Drop --security-opt systempaths=unconfined. Nested containers and some debuggers need it; give them a "
        "user namespace instead."
    ),
    references=("PSS:baseline:/proc Mount Type", "ATT&CK:T1611", "CWE-693"),
)
def unmasked_paths(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.MaskedPaths` or `ReadonlyPaths` is an empty list. Pass: both list something.

    Podman lists neither: there the paths that /proc/PID/mountinfo shows hidden decide, so a container without a
    process is unknown. Not applicable: privileged (null there). Source: Pod Security Standards (baseline).
    """
    if container.privileged:
        return not_applicable("privileged: RUN-001")
    lists = {"HostConfig.MaskedPaths": container.masked_paths, "HostConfig.ReadonlyPaths": container.readonly_paths}
    empty = [seen(path, found) for path, found in lists.items() if found is not None and not found]
    if empty:
        return failed("nothing protects /proc and /sys", *empty)
    missing = [path for path, found in lists.items() if found is None]
    if not missing:
        return passed()
    kernel = kernel_view(container, view)
    if kernel is None or kernel.masked is None:
        return unknown(f"{' and '.join(missing)} is null: this engine does not list it; a running process would tell")
    hidden = seen("/proc/PID/mountinfo: hidden below /proc and /sys", list(kernel.masked) or "nothing")
    return passed("", hidden) if kernel.masked else failed("nothing protects /proc and /sys", hidden)
