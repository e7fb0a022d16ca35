"""Makes the recording of a lab one of the lab alone: whatever else ran on the machine is left out.

`python -m lab exec deckwatch capture --deep all -o RAW`, then `python -m lab tidy RAW FILE`.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any

from inventory.sources.bundle.analyses import ANALYSIS
from inventory.sources.bundle.archive import Bundle, named
from inventory.sources.bundle.masking import HOST
from tui.data_home import vulnerabilities_file

DATABASE = vulnerabilities_file({"HOME": "/root"})
_PROCESS = re.compile(r"^\w+ /proc/(\d+)(?:/|$)")
_CONTAINER = re.compile(rb"[0-9a-f]{64}")
_ENGINE = re.compile(rb"dockerd|containerd(?:-shim.*)?|docker-proxy|runc")
_INIT = "1"
_SYSTEM = re.compile(rb"^\S+ \S+ \S+ \S+ /(?:\s|(?:proc|sys|dev|run|etc|usr|boot|srv|var/(?:lib|log|run))(?:/|\s))")
_GROUP = re.compile(rb"^(\d+:[^:\n]*:)/(?!.*[0-9a-f]{64}).*$", re.MULTILINE)  # of no container
_FIRST_PERSON = 1000
_PEOPLE = ("/etc/passwd", "/etc/group")
Heard = dict[str, Any]


def tidy(bundle: Bundle) -> Bundle:
    """The same bundle; of the host only what belongs to its engine and to containers, and nobody's home.

    What was found in images comes from a database in the place where root has it.
    """
    bodies = dict(bundle.bodies)
    members = list(bundle.manifest.members)
    for place, member in enumerate(members):
        if not member.name:
            continue
        body = bodies[member.name]
        if member.request == HOST:
            body = json.dumps(of_the_lab(json.loads(body)), sort_keys=True).encode()
        elif member.request.startswith(ANALYSIS):
            body = of_roots_database(body)
        if body != bodies[member.name]:
            number = int(member.name.rpartition("/")[2])
            bodies[member.name] = body
            members[place] = named(member, number, body)
    return Bundle(replace(bundle.manifest, members=tuple(members)), bodies)


def of_roots_database(body: bytes) -> bytes:
    """An analysis, with the database where it is if root says nothing else."""
    document = json.loads(body)
    for said in document["vulnerabilities"].get("found", {}).get("said", ()):
        if said.get("path", "").endswith(f"/{DATABASE.name}"):
            said["path"] = str(DATABASE)
    return json.dumps(document).encode()


def of_the_lab(heard: Heard) -> Heard:
    """The answers of a host's recording that are about the lab."""
    pids = {found[1] for question in heard if (found := _PROCESS.match(question))}
    strangers = {pid for pid in pids if pid != _INIT and not _belongs(heard, pid)}
    kept = {question: answer for question, answer in heard.items() if not _about(question, strangers)}
    names = kept.get("names /proc")
    if isinstance(names, list):
        kept["names /proc"] = [name for name in names if name not in strangers]
    if "names /home" in kept:
        kept["names /home"] = []
    for question in [question for question in kept if question.endswith("/mountinfo")]:
        _filter(kept, question, lambda line: _SYSTEM.match(line) is not None)
    for question in [question for question in kept if question.endswith("/cgroup")]:
        _replace(kept, question, _GROUP.sub(rb"\1/", _text(kept, question)))
    for path in _PEOPLE:
        _filter(kept, f"read {path}", lambda line: not _person(line))
    _replace(kept, f"read /proc/{_INIT}/comm", b"systemd\n")
    return kept


def _belongs(heard: Heard, pid: str) -> bool:
    """Whether a process is of a container, or of the engine."""
    group, comm = _text(heard, f"read /proc/{pid}/cgroup"), _text(heard, f"read /proc/{pid}/comm")
    return _CONTAINER.search(group) is not None or _ENGINE.fullmatch(comm.strip()) is not None


def _about(question: str, strangers: set[str]) -> bool:
    found = _PROCESS.match(question)
    return (found is not None and found[1] in strangers) or " /home/" in question


def _person(line: bytes) -> bool:
    """Whether a line of passwd(5) or group(5) is about somebody who logs in; nobody is 65534."""
    fields = line.split(b":")
    return len(fields) > 2 and fields[2].isdigit() and _FIRST_PERSON <= int(fields[2]) < 60_000


def _text(heard: Heard, question: str) -> bytes:
    answer = heard.get(question)
    return base64.b64decode(answer) if isinstance(answer, str) else b""


def _filter(heard: Heard, question: str, wanted: Any) -> None:
    if isinstance(heard.get(question), str):
        lines = _text(heard, question).splitlines(keepends=True)
        _replace(heard, question, b"".join(line for line in lines if wanted(line)))


def _replace(heard: Heard, question: str, body: bytes) -> None:
    if isinstance(heard.get(question), str):
        heard[question] = base64.b64encode(body).decode()
