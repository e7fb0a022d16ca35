"""Labels that runtimes and orchestrators take for their own."""

from __future__ import annotations

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.model import Image
from inventory.secrets import mask_text

_RESERVED = ("containerd.io/restart.", "io.kubernetes.cri.", "io.containerd.", "com.docker.swarm.")
_LOG_URI = "containerd.io/restart.loguri"
_PROGRAM = "binary:"
_LONGEST = 300


@check(
    "IMG-039",
    "Labels in runtime-reserved namespaces",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="Runtimes act on labels of containers, and a container inherits its image's: one of them names a program of "
    "the host that runs as root.",
    remediation="Do not run the image until somebody has explained the label. Build it without, or override it where "
    "it is used (`--label KEY=`), and keep containerd at a version that ignores labels of images.",
    references=("CVE-2026-53488", "ATT&CK:T1611", "ATT&CK:T1525", "CWE-94"),
)
def reserved_labels(image: Image, view: View) -> Verdict:
    """Judges `Config.Labels` of the image.

    F: containerd.io/restart.loguri begins with binary: (critical). M: another label below containerd.io/restart.,
    io.kubernetes.cri., io.containerd. or com.docker.swarm. P: none. U: the image could not be inspected. Source:
    CVE-2026-53488.
    """
    found = {name: value for name, value in image.labels.items() if name.lower().startswith(_RESERVED)}
    if not found:
        return passed()
    evidence = [
        Evidence(f"Config.Labels: {name}", mask_text(value[:_LONGEST])) for name, value in list(found.items())[:SHOWN]
    ]
    programs = [name for name, value in found.items() if name.lower() == _LOG_URI and _names_program(value)]
    if programs:
        said = Evidence(f"Config.Labels: {programs[0]}", mask_text(found[programs[0]][:_LONGEST]))
        rest = [one for one in evidence if one != said]
        message = "has the runtime start a program of the host for its log"
        return failed(message, said, *rest, severity=Severity.CRITICAL)
    return manual(f"sets labels that belong to runtimes: {', '.join(list(found)[:SHOWN])}", *evidence)


def _names_program(value: str) -> bool:
    return value.strip().lower().startswith(_PROGRAM)
