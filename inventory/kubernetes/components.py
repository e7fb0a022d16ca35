"""The programs of a control plane: with which flags each one runs, wherever that can be seen."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.derivation import Derivation, Objects
from inventory.kubernetes.workloads import Pod
from inventory.resource import EMPTY, Kind, Resource, ResourceKey

API_SERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
ETCD = "etcd"
PROXY = "kube-proxy"
PROGRAMS = (API_SERVER, CONTROLLER_MANAGER, SCHEDULER, ETCD)
SYSTEM = "kube-system"
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_VERSION = re.compile(r":v?(\d+)\.(\d+)")


class ControlPlaneComponent(Resource):
    """One running program. `component` is its name (`kube-apiserver`), `origin` where the flags were read.

    `flags` has the values of each flag in the order given, without dashes; a bare flag is `true`. `documents` are the
    configuration files that flags name, decoded, by flag (`encryption-provider-config`), where they could be read: on
    the node itself.
    """

    kind: ClassVar[Kind] = Kind.CONTROL_PLANE

    component: str
    node: str
    image: str
    origin: str
    flags: Mapping[str, tuple[str, ...]]
    documents: Mapping[str, Mapping[str, Any] | Gap]

    def flag(self, name: str) -> str | None:
        """The value that counts, the last; None where the flag is not given."""
        values = self.flags.get(name)
        return values[-1] if values else None

    def words(self, name: str) -> tuple[str, ...]:
        """The values of a flag that takes a list."""
        return tuple(word.strip() for value in self.flags.get(name, ()) for word in value.split(",") if word.strip())

    def document(self, flag: str) -> Mapping[str, Any]:
        """The configuration file that the flag names; raises `Unread` where it could not be read."""
        found = self.documents.get(flag)
        if isinstance(found, Gap):
            raise Unread(found)
        if found is None:
            path = self.flag(flag) or f"--{flag}"
            raise Unread(Gap(Reason.UNSUPPORTED, path, "the file can be read on the node alone"))
        return found

    @property
    def version(self) -> tuple[int, int] | None:
        """Major and minor version by the image's tag, or None."""
        found = _VERSION.search(self.image.rpartition("/")[2])
        return (int(found[1]), int(found[2])) if found else None

    def same_as(self, other: Resource) -> bool:
        """Whether the other runs with the same flags; nothing else of it is looked at."""
        names = ("image", "origin", "flags", "documents")
        return self.gaps == other.gaps and all(self.peek(name) == other.peek(name) for name in names)


def flags_of(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The flags of a command line, as the programs read them: `--a=1`, `--a 1`, `-a 1`, `--a`; `--a_b` is `--a-b`."""
    found: dict[str, list[str]] = {}
    waiting = ""
    for word in words:
        if word == "--":
            break
        if word.startswith("-") and word.strip("-"):
            if waiting:
                found.setdefault(waiting, []).append("true")
            name, equals, value = word.lstrip("-").partition("=")
            name = name.replace("_", "-")
            waiting = "" if equals else name
            if equals:
                found.setdefault(name, []).append(value)
        elif waiting:
            found.setdefault(waiting, []).append(word)
            waiting = ""
    if waiting:
        found.setdefault(waiting, []).append("true")
    return {name: tuple(values) for name, values in found.items()}


def program_in(words: Sequence[str], wanted: Iterable[str] = PROGRAMS) -> tuple[str, list[str]] | None:
    """Which of the programs a command line starts, and its arguments; a shell's `-c` text is looked into."""
    wanted = frozenset(wanted)
    line = list(_unwrapped(words))
    for at, word in enumerate(line[:4]):
        name = word.rpartition("/")[2]
        if name in wanted:
            return name, line[at + 1 :]
    return None


def _unwrapped(words: Sequence[str]) -> Iterator[str]:
    if words and words[0].rpartition("/")[2] in _SHELLS:
        for flag, text in itertools.pairwise(words):
            if flag.startswith("-") and flag.endswith("c"):
                try:
                    yield from (word for word in shlex.split(text, comments=True) if word != "exec")
                except ValueError:
                    return
                return
    yield from words


def component(
    name: str,
    arguments: Iterable[str],
    *,
    source: str,
    at: float,
    node: str,
    image: str,
    origin: str,
    documents: Mapping[str, Mapping[str, Any] | Gap] = EMPTY,
) -> ControlPlaneComponent:
    """A program of the control plane that runs with these arguments."""
    return ControlPlaneComponent.build(
        key=ResourceKey(Kind.CONTROL_PLANE, source, f"{node}/{name}" if node else name),
        name=name,
        observed_at=at,
        component=name,
        node=node,
        image=image,
        origin=origin,
        flags=flags_of(arguments),
        documents=documents,
    )


def components_of(pods: Iterable[Pod], source: str) -> Iterator[ControlPlaneComponent]:
    """The programs that run as pods of kube-system, mirror pods of static ones most often.

    A managed control plane shows none.
    """
    for pod in pods:
        if pod.peek("namespace") != SYSTEM:
            continue
        spec, node = pod.peek("pod_spec"), pod.peek("node_name")
        if isinstance(spec, Gap):
            continue
        for container in spec.containers:
            found = program_in((*container.command, *container.args))
            if found is not None:
                yield component(
                    found[0],
                    found[1],
                    source=source,
                    at=pod.observed_at,
                    node="" if isinstance(node, Gap) else node,
                    image=container.image,
                    origin=f"pod {pod.key.id}",
                )


def _derived(objects: Objects, source: str) -> Iterator[ControlPlaneComponent]:
    return components_of(objects[Kind.POD], source)


DERIVATION = Derivation(frozenset({Kind.POD}), Kind.CONTROL_PLANE, _derived)
