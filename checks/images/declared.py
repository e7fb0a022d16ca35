"""What an image declares for its containers: health check, ports, volumes, working directory."""

from __future__ import annotations

from checks.check import Domain, check
from checks.data.ports import ADMINISTRATION, SENSITIVE
from checks.hostpaths import inside, normalise
from checks.images.usage import container_uses
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed
from checks.view import View
from inventory.model import Container, Healthcheck, Image

_SYSTEM = frozenset({"/", "/proc", "/sys", "/dev", "/boot", "/lib", "/etc", "/usr", "/bin", "/sbin"})
_SERIOUS_PORTS = frozenset({22, 23, 2375})


@check(
    "IMG-011",
    "No HEALTHCHECK in image",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Image,
    why="A dead service stays in rotation, because nobody asks whether it still answers.",
    remediation="Add `HEALTHCHECK --interval=30s --timeout=3s CMD wget -qO- http://127.0.0.1:8080/health || exit 1`. "
    "Every probe is a process in the container: keep it cheap.",
    references=("CIS-Docker-1.6:4.6", "OWASP-Docker:D10"),
)
def no_healthcheck(image: Image, view: View) -> Verdict:
    """Judges `Config.Healthcheck` of the image.

    F: absent, empty or NONE. P: CMD or CMD-SHELL. NA: used only by containers that bring their own health check.
    U: the image could not be inspected, or its containers not listed. Source: CIS Docker 4.6.
    """
    declared = image.healthcheck
    if declared is not None and declared.enabled:
        return passed("", Evidence("Config.Healthcheck.Test", " ".join(declared.test)))
    takers = [use.user for use in container_uses(image, view) if isinstance(use.user, Container)]
    own = [taker for taker in takers if _probed(taker)]
    if takers and len(own) == len(takers):
        return not_applicable("every container of this image brings its own health check")
    test = " ".join(declared.test) if declared is not None else "none"
    return failed("declares no health check", Evidence("Config.Healthcheck.Test", test))


@check(
    "IMG-026",
    "Image declares an admin port",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Image,
    why="A remote administration service inside a container is a second way in.",
    remediation="Remove the service and its EXPOSE from the image; use `docker exec` for maintenance.",
    references=("CIS-Docker-1.6:5.7", "CIS-Docker-1.6:5.9", "ATT&CK:T1021.004"),
)
def admin_port(image: Image, view: View) -> Verdict:
    """Judges `Config.ExposedPorts`.

    F: one of 21, 22, 23, 111, 135, 139, 445, 512-514, 873, 2049, 2375, 2376, 3389, 5900-5910 (22, 23 and 2375: medium).
    P: none. U: the image could not be inspected.
    """
    ports = {_number(exposed) for exposed in image.exposed_ports} & ADMINISTRATION
    if not ports:
        return passed()
    names = ", ".join(f"{port} ({SENSITIVE[port].name})" if port in SENSITIVE else str(port) for port in sorted(ports))
    severity = Severity.MEDIUM if ports & _SERIOUS_PORTS else Severity.LOW
    return failed(
        f"declares {names}", Evidence("Config.ExposedPorts", ", ".join(image.exposed_ports)), severity=severity
    )


@check(
    "IMG-032",
    "System path as VOLUME or WORKDIR",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="A volume over a system directory hides or exposes it; a working directory below /proc has led to the host.",
    remediation="Declare a directory of the application's own (`VOLUME /data`, `WORKDIR /app`). Containers that "
    "relied on the old path need their mounts changed.",
    references=("ATT&CK:T1611", "CVE-2024-21626", "CWE-668"),
)
def system_path(image: Image, view: View) -> Verdict:
    """Judges `Config.Volumes` and `Config.WorkingDir`.

    F: a volume at, or a working directory in, /proc or /sys or at another system directory; a working directory below
    /proc/self/fd is critical (CVE-2024-21626). The working directory "/" alone is the engine's default and no fault.
    P: none. U: the image could not be inspected.
    """
    found = [Evidence("Config.Volumes", path) for path in image.volumes if _system(path)]
    working_dir = image.working_dir
    severity = Severity.MEDIUM
    if working_dir and working_dir != "/" and _system(working_dir):
        found.append(Evidence("Config.WorkingDir", working_dir))
        severity = Severity.CRITICAL if inside(normalise(working_dir), "/proc/self/fd") else severity
    return failed("uses a system path", *found, severity=severity) if found else passed()


def _system(path: str) -> bool:
    clean = normalise(path)
    return clean in _SYSTEM or inside(clean, "/proc") or inside(clean, "/sys")


def _number(exposed: str) -> int:
    digits = exposed.partition("/")[0]
    return int(digits) if digits.isdecimal() else 0


def _probed(container: Container) -> bool:
    declared = container.peek("healthcheck")
    return isinstance(declared, Healthcheck) and declared.enabled
