"""Matching what somebody types against the labels of a menu."""

from __future__ import annotations

from collections.abc import Iterable


def score(typed: str, label: str) -> int | None:
    """How well `label` fits what was typed: lower is better, None is not at all. Case does not count.

    All words must fit: at the start of the label, at the start of a word, anywhere, or as letters in their order.
    """
    text = label.casefold()
    worst = 0
    for word in typed.casefold().split():
        found = _word(word, text)
        if found is None:
            return None
        worst = max(worst, found)
    return worst


def _word(word: str, text: str) -> int | None:
    place = text.find(word)
    if place == 0:
        return 0
    if place > 0:
        return 1 if f" {word}" in text else 2
    letters = iter(text)
    return 3 if len(word) > 1 and all(char in letters for char in word) else None


def best(typed: str, labels: Iterable[str]) -> list[int]:
    """Numbers of the labels that fit, the best first, otherwise in their order."""
    scored = ((score(typed, label), index) for index, label in enumerate(labels))
    return [index for _, index in sorted((found, index) for found, index in scored if found is not None)]
