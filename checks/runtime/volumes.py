"""Named volumes that are something else in disguise."""

from __future__ import annotations

import re
from collections.abc import Mapping

from checks.check import Domain, check
from checks.evidence import seen
from checks.hostpaths import normalise, sensitive
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.container import Container
from inventory.network import Volume
from inventory.secrets import mask_pair, mask_text

SHOWN = 10
_BINDS = frozenset({"bind", "rbind"})
_PASSWORD = re.compile(r"(?:^|,)\s*(?:password|pass|passwd)=([^,]+)", re.IGNORECASE)
_VERSION = re.compile(r"(?:^|,)\s*(?:nfs)?vers=([0-9.]+)")


@check(
    "RUN-052",
    "Volume that is a disguised host bind",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Volume,
    why="Mount rules see a named volume, the kernel sees a directory of the host.",
    remediation=(
        "Use a volume without options, or mount the one directory that is needed openly and read-only. A share's "
        "password belongs into a file on the host (`o=credentials=/etc/...`), not into the volume's options. Data at "
        "the old place has to be copied."
    ),
    references=("CIS-Docker-1.6:5.6", "ATT&CK:T1611", "CWE-668"),
)
def disguised_bind(volume: Volume, view: View) -> Verdict:
    """Fail: a volume of the local driver that binds a sensitive path of the host (RUN-003's list; critical where to
    write it is to be root, medium where it is mounted read-only), or whose options hold a share's password.

    Manual: a bind of another path; an NFS share below version 4, which knows no user. Pass: a plain volume. Not
    applicable: another driver's volume, whose options mean what it likes. Source: `Options` of `GET /volumes`
    (mount(8)'s type, o, device).
    """
    if volume.driver != "local":
        return not_applicable(f"the driver {volume.driver} keeps it")
    options = volume.options
    settings, device = options.get("o", ""), options.get("device", "")
    evidence = [seen(f"Options.{name}", _masked(name, value)) for name, value in sorted(options.items())]
    if _binds(options):
        return _bind(volume, settings, device, evidence, view)
    if _PASSWORD.search(settings):
        return failed("the password of a share is in its options", *evidence, *_users(volume, view))
    version = _VERSION.search(settings)
    if options.get("type") == "nfs" and version and version[1].startswith(("2", "3")):
        return manual(f"an NFS share of version {version[1]}, which does not know who asks", *evidence)
    return passed()


def _binds(options: Mapping[str, str]) -> bool:
    words = {word.strip() for word in options.get("o", "").split(",")}
    return options.get("device", "").startswith("/") and (bool(words & _BINDS) or options.get("type") == "none")


def _bind(volume: Volume, settings: str, device: str, evidence: list[Evidence], view: View) -> Verdict:
    rw = "ro" not in settings.split(",")
    found = sensitive(device, rw) or sensitive(device, rw, (view.engine().root_dir,))
    users = _users(volume, view)
    if found is None:
        return manual(f"is the directory {normalise(device)} of the host", *evidence, *users)
    if not rw:
        severity = Severity.HIGH if found.read_is_secrets else Severity.MEDIUM
    else:
        severity = Severity.CRITICAL if found.write_is_root else Severity.HIGH
    verb = "may write to" if rw else "may read"
    return failed(f"whoever mounts it {verb} {found.path} of the host", *evidence, *users, severity=severity)


def _masked(name: str, value: str) -> str:
    if name != "o":
        return mask_text(value)
    pairs = (word.partition("=") for word in value.split(","))
    return ",".join(f"{key}={mask_pair(key, text)}" if equals else key for key, equals, text in pairs)


def _users(volume: Volume, view: View) -> list[Evidence]:
    """Containers that mount it."""
    found = [
        seen(f"{container.name}: Mounts[{index}]", f"{mount.destination} ({'rw' if mount.rw else 'ro'})", container.key)
        for container in view.all(Container)
        if "mounts" not in container.gaps
        for index, mount in enumerate(container.mounts)
        if mount.type == "volume" and mount.name == volume.name
    ]
    return found[:SHOWN]
