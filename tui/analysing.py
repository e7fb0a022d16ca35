"""Looks into images in the background, one at a time, because somebody asked or the configuration says so.

One daemon thread takes images from a queue, does the parts that were asked for, and puts each result into the store as
soon as it is there. A person sees how far it is and can stop it. Nothing here is waited for when the program ends.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from inventory.gap import Gap, Reason
from inventory.image import Image
from inventory.image_analysis import NOT_ANALYSED, PARTS, ImageAnalysis
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot
from inventory.store import Store

Tell = Callable[[str, float], None]
"""Called with what is being done and how much of it is done (0 to 1, negative where nobody can tell)."""
Stopped = Callable[[], bool]
NOBODY_ASKED = {part: NOT_ANALYSED.peek(part) for part in PARTS}
Examine = Callable[[Image, str, Tell, Stopped], Any]
"""Finds one part (of `PARTS`) of one image's analysis, or the `Gap` that says why not. Runs in the thread."""


class Progress(NamedTuple):
    """How far it is: `done` of `total` images since the queue was last empty; what is being done to which image."""

    done: int
    total: int
    image: ResourceKey
    doing: str
    share: float  # of this step, 0 to 1; negative where nobody can tell
    since: float  # epoch seconds at which the first of them was begun


class _CancelledError(Exception):
    """The person does not want it any more."""


class Analyst:
    """The queue and its thread. `examine` does the work; results go to the store under `Kind.IMAGE_ANALYSIS`."""

    def __init__(self, store: Store, examine: Examine, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._examine = examine
        self._clock = clock
        self._queue: deque[tuple[ResourceKey, tuple[str, ...]]] = deque()
        self._wake = threading.Condition()
        self._cancelled = threading.Event()  # of the image in work; each has its own
        self._noting = threading.Lock()
        self._current: ResourceKey | None = None
        self._progress: Progress | None = None
        self._thread: threading.Thread | None = None

    def ask(self, images: Iterable[ResourceKey], parts: tuple[str, ...] = PARTS) -> int:
        """Queue images that are not queued yet; how many these are. Returns at once."""
        with self._wake:
            queued = {key for key, _parts in self._queue}
            busy = None if self._cancelled.is_set() else self._current
            fresh = [key for key in dict.fromkeys(images) if key not in queued and key != busy]
            self._queue.extend((key, parts) for key in fresh)
            if fresh:
                before = self._progress
                total = len(fresh) + (before.total if before else 0)
                self._progress = (
                    before._replace(total=total) if before else Progress(0, total, fresh[0], "", -1.0, self._clock())
                )
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="analyst", daemon=True)
                    self._thread.start()
                self._wake.notify_all()
        if fresh:
            self._store.nudge()
        return len(fresh)

    def cancel(self) -> bool:
        """Stop the image in work and forget the queue; whether there was anything to stop."""
        with self._wake:
            busy = self._progress is not None
            self._queue.clear()
            self._cancelled.set()
        self._store.nudge()
        return busy

    @property
    def progress(self) -> Progress | None:
        """How far it is, None where there is nothing to do."""
        return self._progress

    def waits(self, image: ResourceKey) -> bool:
        """Whether the image is queued or in work."""
        return image in self.waiting

    @property
    def waiting(self) -> frozenset[ResourceKey]:
        """The images that are queued or in work."""
        with self._wake:
            found = [key for key, _parts in self._queue]
            return frozenset(found if self._current is None else [*found, self._current])

    def note(self, image: ResourceKey, name: str, part: str, value: Any) -> None:
        """Put one part of one image's analysis into the store."""
        with self._noting:  # two threads may find two parts of one image
            self._store.put([self._built(self._store.snapshot(), image, name, {part: value})])

    def recalled(self, images: Iterable[tuple[ResourceKey, str, Mapping[str, Any]]]) -> None:
        """Put what is known of many images into the store at once: key, name, and parts of each.

        What is there already was found since; only vulnerabilities are matched anew, with other data.
        """
        with self._noting:
            snapshot = self._store.snapshot()
            self._store.put(
                [self._built(snapshot, image, name, found, of_old=True) for image, name, found in images if found]
            )

    def known(self, image: ResourceKey, part: str) -> Any:
        """What the store holds of a part, or the gap that says that nobody asked."""
        found = self._store.snapshot().get(image._replace(kind=Kind.IMAGE_ANALYSIS))
        return NOBODY_ASKED[part] if found is None else found.peek(part)

    def _built(
        self, snapshot: Snapshot, image: ResourceKey, name: str, found: Mapping[str, Any], *, of_old: bool = False
    ) -> ImageAnalysis:
        key = ResourceKey(Kind.IMAGE_ANALYSIS, image.source, image.id)
        there = snapshot.get(key)
        values = {part: NOBODY_ASKED[part] if there is None else there.peek(part) for part in PARTS}
        for part, value in found.items():
            if of_old and isinstance(value, Gap):  # what somebody found since says more, even if it is a failure
                fits = values[part] == NOBODY_ASKED[part]
            else:
                fits = not of_old or part == "vulnerabilities" or isinstance(values[part], Gap)
            if fits:
                values[part] = value
        return ImageAnalysis.build(key=key, name=name, observed_at=self._clock(), **values)

    # -- the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._queue:
                    self._progress = None
                    self._wake.wait()
                key, parts = self._queue.popleft()
                self._current = key
                cancelled = self._cancelled = threading.Event()
                if self._progress is not None:
                    self._progress = self._progress._replace(image=key, doing="", share=-1.0)
            with suppress(_CancelledError):
                self._one(key, parts, cancelled)
            with self._wake:
                self._current = None
                if self._progress is not None:
                    self._progress = self._progress._replace(done=self._progress.done + 1) if self._queue else None
            self._store.nudge()  # after that, so that nobody sees an image in work that no longer is

    def _one(self, key: ResourceKey, parts: tuple[str, ...], cancelled: threading.Event) -> None:
        image = self._store.snapshot().get(key)
        if not isinstance(image, Image):
            return
        for part in parts:
            try:
                found = self._examine(image, part, partial(self._tell, cancelled), cancelled.is_set)
            except _CancelledError:
                raise
            except Exception as error:  # one image must not end the queue
                found = Gap(Reason.ERROR, f"{part} of the image", f"{type(error).__name__}: {error}")
            if cancelled.is_set():
                raise _CancelledError
            self.note(key, image.name, part, found)

    def _tell(self, cancelled: threading.Event, doing: str, share: float) -> None:
        if cancelled.is_set():
            raise _CancelledError
        with self._wake:
            if self._progress is not None:
                self._progress = self._progress._replace(doing=doing, share=share)
