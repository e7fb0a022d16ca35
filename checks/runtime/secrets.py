"""Secrets where everybody who may inspect a container, or list processes, reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.check import Domain, check
from checks.evidence import seen
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.container import Container
from inventory.secrets import SecretMatch, arguments, find, mask, weak_default

Found = tuple[str, str, SecretMatch]  # path, value, match


@check(
    "RUN-044",
    "Secret in container environment",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="The environment leaks through inspect, /proc, crash dumps, logs and every child process.",
    remediation=(
        "Pass a file: Compose or Swarm `secrets`, and the NAME_FILE variable that most images understand. Rotate what "
        "was here: it stands in the history of whoever could inspect. Programs that read only variables need a wrapper."
    ),
    references=(
        "CIS-Docker-1.6:4.10", "NIST-800-190:4.1.4", "OWASP-Docker:D06", "ATT&CK:T1552.007", "CWE-526",
    ),
)  # fmt: skip
def secret_in_environment(container: Container, view: View) -> Verdict:
    """Fail: a variable that the container adds to its image's environment has a secret's shape (high) or only a
    secret's name (medium). NAME_FILE variables, paths, templates, switches and public keys are none.

    Manual: only well-known placeholders (changeme). Pass: none. Unknown: the environment was not read, or something
    was found and the image's own environment cannot be read. Values are never shown. Source: CIS Docker 4.10.
    """
    candidates = [variable for variable in container.env if _match(variable) or weak_default(*_pair(variable))]
    if not candidates:
        return passed()
    written = "manifest" in container.field_names  # a Compose file has only what the service adds itself
    image = None if written else view.image(container.image_id)
    inherited = frozenset(image.env) if image is not None else frozenset()
    added = [variable for variable in candidates if variable not in inherited]
    found = [(f"Config.Env: {_pair(text)[0]}", _pair(text)[1], match) for text in added if (match := _match(text))]
    if found:
        return _verdict(f"{len(found)} secret(s) in the environment", found, Severity.MEDIUM)
    if not added:
        return passed("what looks like a secret comes from the image")
    names = [seen(f"Config.Env: {_pair(text)[0]}", mask(_pair(text)[1])) for text in added]
    return manual("a well-known placeholder is set as a secret", *names)


@check(
    "RUN-050",
    "Secret in command line",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Every user of the host reads command lines in the process list.",
    remediation=(
        "Let the program read the secret from a file (--password-file, a mounted secret) and rotate what was here. "
        "Programs without such an option need a wrapper script."
    ),
    references=("CIS-Docker-1.6:4.10", "ATT&CK:T1552.001", "CWE-214"),
)
def secret_in_command(container: Container, view: View) -> Verdict:
    """Fail: an argument of `Path`/`Args`, `Config.Cmd`, `Config.Entrypoint` or `Config.Healthcheck.Test` has a secret's
    shape or is given to an option with a secret's name (--password=..., mysql's -p...). Pass: none.

    Values are never shown. Source: CIS Docker 4.10.
    """
    lines = {
        "Args": (container.path, *container.args),
        "Config.Cmd": container.command,
        "Config.Entrypoint": container.entrypoint,
        "Config.Healthcheck.Test": container.healthcheck.test if container.healthcheck else (),
    }
    found: dict[str, Found] = {}
    for path, words in lines.items():
        for hit in in_command(path, words):
            found.setdefault(hit[1], hit)
    if not found:
        return passed()
    return _verdict(f"{len(found)} secret(s) on the command line", list(found.values()), None)


def _verdict(message: str, found: list[Found], weaker: Severity | None) -> Verdict:
    evidence = [Evidence(path, f"{mask(value)}, rule {match.rule}") for path, value, match in found]
    by_name_only = all(match.kind == "name" for _, _, match in found)
    return failed(message, *evidence, severity=weaker if by_name_only else None)


def _pair(variable: str) -> tuple[str, str]:
    name, _, value = variable.partition("=")
    return name, value


def _match(variable: str) -> SecretMatch | None:
    return find(*_pair(variable))


_MYSQL = ("mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "mariadb-admin", "mysqlcheck")


def in_command(path: str, words: tuple[str, ...]) -> Iterator[Found]:
    """What looks like a secret on a command line: as an option's or variable's value, by itself, as mysql's `-p...`."""
    for name, value in arguments(words):
        match = find(name, value)
        if match:
            yield f"{path}: {name}", value, match
    for index, word in enumerate(words):
        match = find("", word)
        if match:
            yield f"{path}[{index}]", word, match
    yield from _mysql_passwords(path, words)


def _mysql_passwords(path: str, words: Iterable[str]) -> Iterator[Found]:
    """mysql's `-pPASSWORD`, glued to its letter, in a command line or in a shell's one argument."""
    line = " ".join(words).split()
    if not any(word.rpartition("/")[2] in _MYSQL for word in line):
        return
    for word in line:
        if word.startswith("-p") and len(word) > 2:
            match = find("password", word[2:])
            if match:
                yield f"{path}: -p", word[2:], match
