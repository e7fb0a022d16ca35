"""Build steps out of an image's history, as the classic builder and BuildKit write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from checks.verdict import Evidence
from inventory.image import Image
from inventory.secrets import mask_text

_NOP = re.compile(r"^/bin/sh -c #\(nop\)\s+(?P<instruction>[A-Z]+)\s?(?P<rest>.*)$", re.DOTALL)
_PLAIN = re.compile(r"^(?P<instruction>[A-Z]+) (?P<rest>.*)$", re.DOTALL)
_BUILDKIT = re.compile(r" ?# buildkit$")
_ARGUMENTS = re.compile(
    r"^\|\d+ (?P<arguments>.*?)\s?(?P<command>(?:/\S+/|/)?(?:sh|bash|ash|dash|busybox|pwsh|cmd)\b.*)$", re.DOTALL
)
_SHELL = re.compile(r"^(?:/\S+/)?(?:sh|bash|ash|dash)(?: -\S+(?: pipefail)?)* -\w*c\w* ", re.DOTALL)
LONGEST = 160
MASKED = 2000  # enough to hold any secret that begins in what is shown
JUDGED = 100_000  # characters of one step; no builder's command is as long, only a hostile one is


class Step(msgspec.Struct, frozen=True):
    """One step: `index` in the history answer (0 is the newest), the instruction, its text without the shell.

    `arguments` are the build arguments that the step was run with, as written (`TOKEN=x LEVEL=2`).
    """

    index: int
    instruction: str
    text: str
    size: int
    arguments: str = ""

    @property
    def evidence(self) -> Evidence:
        """The step with everything masked that might be a secret."""
        shown = mask_text(f"{self.instruction} {self.text[:MASKED]}")
        return Evidence(f"history[{self.index}].CreatedBy", shown if len(shown) <= LONGEST else shown[:LONGEST] + "...")


def steps(image: Image) -> tuple[Step, ...]:
    """The steps that say what they did, newest first; none for an imported image."""
    return tuple(_steps(image))


def runs(image: Image) -> Iterator[Step]:
    """The steps that ran a command."""
    return (step for step in steps(image) if step.instruction == "RUN")


def step(created_by: str, index: int = 0, size: int = 0) -> Step | None:
    """What a build step did, None where its text says nothing."""
    text = _BUILDKIT.sub("", created_by[:JUDGED])
    if not text.strip():
        return None
    match = _NOP.match(text) or _PLAIN.match(text)
    instruction = match["instruction"] if match else "RUN"
    rest = match["rest"].strip() if match else text
    if instruction != "RUN":
        return Step(index, instruction, rest, size)
    with_arguments = _ARGUMENTS.match(rest)
    command = with_arguments["command"] if with_arguments else rest
    arguments = with_arguments["arguments"] if with_arguments else ""
    return Step(index, "RUN", _SHELL.sub("", command).strip(), size, arguments)


def _steps(image: Image) -> Iterator[Step]:
    for index, entry in enumerate(image.history):
        found = step(entry.created_by, index, entry.size)
        if found is not None:
            yield found
