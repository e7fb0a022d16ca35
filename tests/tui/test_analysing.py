"""The thread that looks into images: what is cancelled ends, what is asked for afterwards does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from inventory.gap import Gap, Reason
from inventory.image import Image
from inventory.image_analysis import PARTS, ImageAnalysis
from inventory.resource import Kind, ResourceKey
from inventory.sources.analysis.examine import Examiner
from inventory.store import Store
from tui.analysing import Analyst
from tui.deep import recall


def _store(*names: str) -> tuple[Store, list[Image]]:
    store = Store()
    images = [Image.build(key=ResourceKey(Kind.IMAGE, "d", name), name=name, id=name) for name in names]
    store.put(images)
    return store, images


def test_what_was_cancelled_ends_although_more_is_asked_for_at_once() -> None:
    store, (first, second) = _store("first", "second")
    begun, ended = threading.Event(), threading.Event()
    seen: list[tuple[str, bool]] = []

    def examine(image: Image, _part: str, _tell: object, stopped: Callable[[], bool]) -> Any:
        begun.set()
        until = time.monotonic() + (5 if not seen else 0)
        while not stopped() and time.monotonic() < until:
            time.sleep(0.02)
        seen.append((image.id, stopped()))
        if len(seen) == 3:
            ended.set()
        return "found"

    analyst = Analyst(store, examine)
    analyst.ask([first.key], ("contents",))
    assert begun.wait(5)
    assert analyst.cancel()
    assert analyst.ask([second.key, first.key], ("contents",)) == 2, "also the one that is just being stopped"
    assert ended.wait(2), seen
    assert seen == [("first", True), ("second", False), ("first", False)]


def test_parts_that_two_threads_find_are_both_kept() -> None:
    store, (image,) = _store("app")
    analyst = Analyst(store, lambda *_: None)
    for number in range(50):
        threads = [
            threading.Thread(target=analyst.note, args=(image.key, "app", part, f"{part} {number}")) for part in PARTS
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        found = next(store.snapshot().of(ImageAnalysis))
        assert [found.peek(part) for part in PARTS] == [f"{part} {number}" for part in PARTS]


def test_what_was_kept_does_not_replace_what_was_found_since() -> None:
    store, images = _store("app")
    analyst = Analyst(store, lambda *_: None)

    class Kept:
        """Remembers yesterday."""

        state = "data"

        def recall(self, _image: Image, state: str) -> dict[str, str]:
            assert state == self.state
            return dict.fromkeys(PARTS, "yesterday")

        def why(self, _image: Image, _found: object) -> dict[str, Gap]:
            return {}

        def enough(self, found: Mapping[str, str]) -> bool:
            return len(found) == len(PARTS)

    key = images[0].key
    analyst.note(key, "app", "provenance", "today")
    assert isinstance(analyst.known(key, "contents"), Gap)
    assert recall(cast(Examiner, Kept()), analyst, images) == {key}
    assert [analyst.known(key, part) for part in PARTS] == ["yesterday", "today", "yesterday"]


def test_what_cannot_be_recalled_ends_nothing() -> None:
    store, images = _store("bad", "good")
    analyst = Analyst(store, lambda *_: None)

    class Kept:
        """Cannot cope with one."""

        state = "data"

        def recall(self, image: Image, _state: str) -> dict[str, str]:
            if image.name == "bad":
                raise ValueError(image.name)
            return dict.fromkeys(PARTS, "yesterday")

        def why(self, _image: Image, _found: object) -> dict[str, Gap]:
            return {}

        def enough(self, found: Mapping[str, str]) -> bool:
            return len(found) == len(PARTS)

    assert recall(cast(Examiner, Kept()), analyst, images) == {images[1].key}
    assert [one.name for one in store.snapshot().of(ImageAnalysis)] == ["good"]


def test_why_nothing_is_recalled_replaces_nothing_that_was_found_since() -> None:
    store, images = _store("app")
    analyst = Analyst(store, lambda *_: None)
    key = images[0].key
    why = Gap(Reason.PENDING, "signatures of the image", "looked at by another policy before")
    failed = Gap(Reason.ERROR, "vulnerabilities of the image", "trivy ended with 1")
    analyst.note(key, "app", "vulnerabilities", failed)
    analyst.note(key, "app", "contents", "today")
    analyst.recalled([(key, "app", dict.fromkeys(PARTS, why))])
    assert [analyst.known(key, part) for part in PARTS] == ["today", why, failed]
    analyst.note(key, "app", "vulnerabilities", "today")
    analyst.recalled([(key, "app", dict.fromkeys(PARTS, why))])
    assert [analyst.known(key, part) for part in PARTS] == ["today", why, "today"]
