"""The remedy for a container of a picture, as lines: what the Fix tab shows, the menus copy and the command prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from checks.remedy import as_compose, as_run, as_service
from checks.remedy.plan import Plan, plan
from checks.result import Evaluation
from inventory.container import Container
from inventory.engine import Engine
from inventory.image import Image
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot
from tui.format import known

FORMS: Mapping[str, tuple[str, str, Callable[[Plan], Iterator[str]]]] = {
    "run": ("sh", "as a command line", as_run.lines),
    "compose": ("yaml", "as a Compose service", as_compose.lines),
    "service": ("sh", "as an update of its Swarm service", as_service.lines),
}
"""Name of the form: the file's ending, what it is, and what writes it."""


def plan_for(container: Container, snapshot: Snapshot, evaluation: Evaluation) -> Plan | None:
    """What to change; None while the container has not been judged. Raises `Unread` where too little was read."""
    judgement = evaluation.of(container.key)
    if judgement is None:
        return None
    image = snapshot.get(ResourceKey(Kind.IMAGE, container.key.source, known(container, "image_id", "")))
    inherited = evaluation.of(image.key) if image is not None else None
    results = (*judgement.results, *(inherited.results if inherited is not None else ()))
    engines = [known(engine, "flavour", "") for engine in snapshot.of(Engine, container.key.source)]
    program = "podman" if "podman" in engines else "docker"
    return plan(container, image if isinstance(image, Image) else None, results, program)


def forms(found: Plan) -> tuple[str, ...]:
    """The forms that make sense for it: a task of a service is changed where its service is."""
    return ("service", "run", "compose") if as_service.service_of(found.before) else ("run", "compose")


def text(found: Plan, form: str) -> str:
    """The whole text, ending with a newline; raises `Unread`."""
    return "\n".join(FORMS[form][2](found)) + "\n"
