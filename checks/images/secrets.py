"""Secrets that everybody who can pull the image can read: its environment, its labels, its build steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.check import Domain, check
from checks.images.scan import scan
from checks.images.steps import Step, steps
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Image
from inventory.secrets import SecretMatch, assignments, mask, weak_default

_SEVERITY = {"value": Severity.HIGH, "name": Severity.MEDIUM}
Found = tuple[str, str, SecretMatch]  # where, masked value, match


@check(
    "IMG-012",
    "Secret in image environment or labels",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="Everybody who can pull the image, or inspect it, reads its environment and labels.",
    remediation="Remove the variable from the Dockerfile and give the value at run time as a file (`secrets:` in "
    "Compose and Swarm, then NAME_FILE). Change the secret: what was in an image counts as known.",
    references=(
        "CIS-Docker-1.6:4.10", "NIST-800-190:4.1.4", "OWASP-Docker:D06", "ATT&CK:T1552.001", "CWE-526", "CWE-798",
    ),
)  # fmt: skip
def secret_in_config(image: Image, view: View) -> Verdict:
    """Judges every `Config.Env` variable and every label.

    F: a value has the shape of a secret (high), or the key asks for a secret and the value is none of path, template,
    switch, number, public key (medium). M: such a key holds a well-known placeholder such as "changeme". P: none.
    U: the image could not be inspected. Values are shown masked. Source: CIS Docker 4.10.
    """
    pairs = [("Config.Env", *variable.partition("=")[::2]) for variable in image.env]
    pairs += [("Config.Labels", key, value) for key, value in image.labels.items()]
    found = [(f"{path}: {key}", mask(value), match) for path, key, value in pairs if (match := scan(key, value))]
    if found:
        return _failure(found, "readable by everybody who can pull the image")
    weak = [Evidence(f"{path}: {key}", mask(value)) for path, key, value in pairs if weak_default(key, value)]
    return manual("holds a well-known placeholder where a secret belongs", *weak) if weak else passed()


@check(
    "IMG-013",
    "Secret in build history",
    domain=Domain.IMAGES,
    severity=Severity.HIGH,
    subject=Image,
    why="Build steps stay readable for ever, also when a later step removes the file.",
    remediation="Rebuild with `RUN --mount=type=secret,id=NAME` instead of ARG or ENV, and change the secret: every "
    "copy of the old image still shows it.",
    references=("CIS-Docker-1.6:4.10", "NIST-800-190:4.1.4", "ATT&CK:T1552.001", "CWE-522", "CWE-798"),
)
def secret_in_history(image: Image, view: View) -> Verdict:
    """Judges build arguments, ARG, ENV and LABEL assignments and the text of RUN steps in the image's history.

    F: a value has the shape of a secret (high), or its key asks for one (medium). P: none. NA: the history says nothing
    (imported image). U: the history could not be read. Values are shown masked. Source: CIS Docker 4.10.
    """
    described = steps(image)
    if not described:
        return not_applicable("the history holds no build step (imported image)")
    found = [hit for step in described for hit in _in_step(step)]
    return _failure(found, "written into the build history") if found else passed()


def _in_step(step: Step) -> Iterator[Found]:
    path = f"history[{step.index}].CreatedBy: {step.instruction}"
    seen = set()
    for key, value in (*assignments(step.arguments), *assignments(step.text)):
        match = scan(key, value)
        if match and (key, value) not in seen:
            seen.add((key, value))
            yield f"{path} {key}", mask(value), match
    if not seen:
        match = scan("", step.text)
        if match:
            yield path, f"{match.rule} in a command of {len(step.text)} characters", match


def _failure(found: Iterable[Found], where: str) -> Verdict:
    hits = sorted(found, key=lambda hit: hit[2].kind == "name")
    severity = max(_SEVERITY[match.kind] for _path, _value, match in hits)
    evidence = (Evidence(path, f"{value} [{match.rule}]") for path, value, match in hits[: 2 * SHOWN])
    return failed(f"{len(hits)} secret(s) {where}", *evidence, severity=severity, salient=hits[0][0])
