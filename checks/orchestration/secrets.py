"""Secrets of a swarm: passed where everybody reads them, or kept and forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from checks.check import Domain, check
from checks.images.scan import scan
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.model import Config, Secret, SecretReference, Service
from inventory.secrets import SecretMatch, assignments, mask

_DAY = 86400.0
_UNUSED, _OLD = 30, 365
Hit = tuple[Evidence, SecretMatch]


@check(
    "ORC-014",
    "Secret passed as env or in a config object",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Service,
    why="Every reader of the manager's API sees it, and it lies unencrypted in the raft log of an unlocked manager.",
    remediation="`docker secret create NAME FILE`, add it to the service (`--secret-add NAME`) and let the program "
    "read /run/secrets/NAME (NAME_FILE). Change the value: it counts as known.",
    references=("CIS-Docker-1.6:7.4", "NIST-800-190:4.1.4", "OWASP-Docker:D06", "ATT&CK:T1552.007", "CWE-312"),
)
def secret_in_spec(service: Service, view: View) -> Verdict:
    """Judges `ContainerSpec.Env`, arguments, and the data of the configs that the service mounts.

    F: a value has the shape of a secret (high), or its key asks for one (medium). P: none. U: the spec, or a config
    that it mounts, was not read. Values are shown masked. Source: CIS Docker 7.4.
    """
    found = [*_in_env(service), *_in_arguments(service), *_in_configs(service, view)]
    if not found:
        return passed()
    found.sort(key=lambda hit: hit[1].kind == "name")
    severity = Severity.HIGH if found[0][1].kind == "value" else Severity.MEDIUM
    return failed(f"{len(found)} secret(s) readable in the spec", *(hit[0] for hit in found[:SHOWN]), severity=severity)


@check(
    "ORC-015",
    "Secrets unused, stale or over-shared",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Secret,
    why="A forgotten credential still opens its door.",
    remediation="`docker secret rm NAME` where unused; otherwise create a new version and `docker service update "
    "--secret-rm OLD --secret-add source=NEW,target=NAME,mode=0400 SERVICE`, which restarts its tasks.",
    references=("CIS-Docker-1.6:7.4", "NIST-800-190:4.1.4", "CWE-324"),
)
def stale_secret(secret: Secret, view: View) -> Verdict:
    """Judges age and references; the data is never read.

    F: no service uses it and it is older than 30 days; or it is older than 365 days. M: services of more than one stack
    use it, or its file is readable by group or others in the container. P: none of these. U: services were not listed.
    Source: CIS Docker 7.4.
    """
    users = [(service, ref) for service in view.all(Service) for ref in service.secrets if ref.secret_id == secret.id]
    age = int((view.now - secret.created) / _DAY)
    created = Evidence("CreatedAt", f"{age} days ago")
    if not users and age > _UNUSED:
        return failed("no service uses it", created)
    shown = [_use(service, reference) for service, reference in users[:SHOWN]]
    if age > _OLD:
        return failed(f"not changed for {age} days", created, *shown)
    stacks = {service.stack for service, _reference in users}
    if len(stacks) > 1:
        return manual(f"shared by {len(stacks)} stacks", *shown)
    if any(reference.mode & 0o077 for _service, reference in users):
        return manual("readable by every user in the container", *shown)
    return passed("", created)


def _in_env(service: Service) -> Iterator[Hit]:
    for variable in service.env:
        key, _, value = variable.partition("=")
        match = scan(key, value)
        if match:
            path = f"Spec.TaskTemplate.ContainerSpec.Env: {key}"
            yield Evidence(path, f"{mask(value)} [{match.rule}]"), match


def _in_arguments(service: Service) -> Iterator[Hit]:
    for key, value in assignments(" ".join((*service.command, *service.args))):
        match = scan(key, value)
        if match:
            path = f"Spec.TaskTemplate.ContainerSpec.Args: {key}"
            yield Evidence(path, f"{mask(value)} [{match.rule}]"), match


def _in_configs(service: Service, view: View) -> Iterator[Hit]:
    if not service.config_ids:
        return
    for config in view.all(Config):
        if config.id not in service.config_ids:
            continue
        for line in config.data.splitlines():
            for key, value in _pairs(line):
                match = scan(key, value)
                if match:
                    path = f"config {config.name}: {key or 'text'}"
                    yield Evidence(path, f"{mask(value)} [{match.rule}]", config.key), match
                    break


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    yield from assignments(line)
    key, colon, value = line.partition(":")
    if colon and value.startswith(" "):
        yield key.strip(), value.strip().strip("\"'")
    yield "", line


def _use(service: Service, reference: SecretReference) -> Evidence:
    path = f"{service.name}: Spec.TaskTemplate.ContainerSpec.Secrets"
    return Evidence(path, f"{reference.name} mode {reference.mode:04o}", service.key)
