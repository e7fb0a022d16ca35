"""How the waivers of a policy stand: which cover something, which cover nothing, which are over or soon will be."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import msgspec

from checks.policy import Policy, Waiver
from checks.result import Evaluation, Result

SOON = timedelta(days=14)
STATES = ("expired", "expires soon", "unused", "used")  # what asks for attention first


class Standing(msgspec.Struct, frozen=True):
    """A waiver and how it stands.

    `state` is used, unused, expired or "expires soon" (used, and over within two weeks). `covers` counts results: of an
    expired one those that it covered and that count again. A result counts for the first waiver that covers it.
    """

    waiver: Waiver
    state: str
    covers: int


def standing(policy: Policy, evaluation: Evaluation, today: date) -> tuple[Standing, ...]:
    """All waivers in the order of the file."""
    covers = Counter(waiver for result in evaluation.results() if (waiver := result.waiver or result.lapsed))
    return tuple(Standing(waiver, _state(waiver, covers[waiver], today), covers[waiver]) for waiver in policy.waivers)


def covered(waiver: Waiver, evaluation: Evaluation) -> tuple[Result, ...]:
    """The results that it covers, or did until it expired."""
    return tuple(result for result in evaluation.results() if waiver in (result.waiver, result.lapsed))


def scope(waiver: Waiver) -> str:
    """The selectors in one line, as the file has them; "every object" if there is none."""
    words = {"name": waiver.resource if waiver.resource != "*" else "", "kind": waiver.kind, "image": waiver.image}
    words |= {"label": waiver.label, "project": waiver.project, "namespace": waiver.namespace, "source": waiver.source}
    words["value"] = " | ".join(waiver.value)
    return " ".join(f"{name}:{said}" for name, said in words.items() if said) or "every object"


def _state(waiver: Waiver, covers: int, today: date) -> str:
    if waiver.expired(today):
        return "expired"
    if not covers:
        return "unused"
    return "expires soon" if waiver.expires is not None and waiver.expires - today <= SOON else "used"
