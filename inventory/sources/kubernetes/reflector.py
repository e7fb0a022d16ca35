"""Keeps what is known of one kind in one place equal to what the server has: list, watch, and all that comes between.

A watch may end at any time, in the middle of a line or with word that its position is too old. It goes on from the
last position that was told, or lists anew; nothing is lost and nothing counts twice. Only the server's positions are
compared, never clocks.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from http import HTTPStatus

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.resource import KubeResource
from inventory.resource import ResourceKey
from inventory.sources.kubernetes.answers import MALFORMED, Reading, page
from inventory.sources.kubernetes.errors import FORBIDDEN, GONE, NOT_FOUND, ApiError, status_error
from inventory.sources.kubernetes.greeting import allowed
from inventory.sources.kubernetes.shelf import Shelf
from inventory.sources.kubernetes.transport import Api, Stream

PAGE = 500
CHUNK = 250
"""Objects that are put into the store at once: soon on the screen, and the interpreter is free in between."""
HASTE = 0.25
"""Seconds after which a smaller number goes too."""
DEADLINE = 30.0
STALLED = 20.0
"""Seconds without a byte that end a stream which should tell what there is."""
LONG = 270.0
RESYNC = 1800.0
"""Seconds after which everything is listed anew: a server restored from a backup counts its positions anew."""
RESUMES = 3
"""Refusals in a row to go on from a position, after which it is given up."""
LONGEST_LINE = 64 << 20
MOST_PAGES = 2000
"""Pages of one list: a million objects. Only a server that turns in circles has more."""
_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})
_STALLED = "stalled"
_NO_WATCH_LIST = frozenset({400, 405, 406, 415, 422, 501})


class Reflector:
    """For one thread at a time. `turn` is held while everything is told, so that not all kinds do it at once."""

    def __init__(
        self,
        api: Api,
        reading: Reading,
        shelf: Shelf,
        namespace: str = "",
        turn: AbstractContextManager[object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.reading = reading
        self.path = reading.served.path(reading.version, namespace)
        self.shelf = shelf
        self._namespace = namespace
        self.denied = False
        self.absent = False
        self._api = api
        self._turn: AbstractContextManager[object] = turn or nullcontext()
        self._clock = clock
        self._version = ""
        self._listed = 0.0
        self._refused = 0
        self._streams = not reading.secret  # whether the server tells by one watch what there is, and goes on with it
        self._watches = True
        self._table = reading.secret
        self._stream: Stream | None = None
        self._ended = False

    def follow(self, seconds: float = LONG) -> None:
        """List if nothing is known, then watch for some time or until the stream ends. Raises `ApiError`.

        What it raises has been noted where it says something about the kind; the caller decides when to go on.
        """
        try:
            self._follow(seconds)
            self._refused = 0
        except ApiError as error:
            self._note(error)
            raise
        except MALFORMED as error:
            self._version = ""
            problem = ApiError(Reason.MALFORMED, 0, f"an answer that is not JSON: {type(error).__name__}")
            self._note(problem)
            raise problem from error
        finally:
            self._stream = None

    def read(self) -> None:
        """List once. Raises `ApiError`."""
        try:
            with self._turn:
                self._list()
        except ApiError as error:
            self._note(error)
            raise
        except MALFORMED as error:
            problem = ApiError(Reason.MALFORMED, 0, f"an answer that is not JSON: {type(error).__name__}")
            self._note(problem)
            raise problem from error

    @property
    def known(self) -> bool:
        """Whether it has been listed, so that a watch can go on from there."""
        return bool(self._version)

    @property
    def polled(self) -> bool:
        """Whether watching is not allowed, so that it has to be listed again and again."""
        return not self._watches

    def stop(self) -> None:
        """End; from any thread."""
        self._ended = True
        self.cut()

    def cut(self) -> None:
        """End the present stream; from any thread."""
        if self._stream is not None:
            self._stream.close()

    def again(self) -> None:
        """Everything anew: what was forbidden may be allowed by now."""
        self.denied = self.absent = False
        self._watches, self._streams, self._table = True, not self.reading.secret, self.reading.secret
        self._version = ""

    # -- what there is --------------------------------------------------------------------------------------------

    def _follow(self, seconds: float) -> None:
        if self._version and self._clock() - self._listed > RESYNC:
            self._version = ""
        if not self._version and self._streams and self._watches and seconds >= LONG:
            try:
                self._watch(seconds, initial=True)
                return
            except ApiError as error:
                if not self._without_stream(error):
                    raise
        if not self._version or not self._watches:
            with self._turn:
                self._list()
        if self._watches and not self._ended:
            try:
                self._watch(seconds, initial=False)
            except ApiError as error:
                if error.status not in {FORBIDDEN, 405}:
                    raise
                self._watches = False  # listing went well before; so it is listed again and again

    def _without_stream(self, error: ApiError) -> bool:
        """Whether the server does not know this way, so that a list may do better."""
        if error.status in _NO_WATCH_LIST or (error.status == 0 and error.cause == _STALLED):
            self._streams = False
            return True
        return error.status == FORBIDDEN and self._may_list()

    def _may_list(self) -> bool:
        """Watching is forbidden. Whether listing is, is asked, not tried: nobody likes refusals in the audit log."""
        served = self.reading.served
        wish = {"verb": "list", "group": served.group, "resource": served.resource, "namespace": self._namespace}
        self._watches = False
        return allowed(self._api, wish) is not False

    def _list(self) -> None:
        """All pages, of one moment. Raises `ApiError`."""
        self.shelf.begin()
        token, version, skipped, expired, pages = "", "", 0, 0, 0
        while not self._ended:
            pages += 1
            if pages > MOST_PAGES:
                raise ApiError(Reason.ERROR, 0, f"the list does not end within {MOST_PAGES} pages")
            # Of a cluster that changes faster than it can be listed, everything at once is the last resort.
            query = {} if expired > 1 else {"limit": str(PAGE)}
            if token:
                query["continue"] = token
            if self._table:
                query["includeObject"] = "Metadata"
            try:
                raw = self._api.get(self.path, query, accept=self.reading.accept(table=self._table), deadline=DEADLINE)
            except ApiError as error:
                if error.status == GONE and token:
                    expired, token, version, skipped = expired + 1, "", "", 0
                    self.shelf.begin()
                    continue
                if error.status == HTTPStatus.NOT_ACCEPTABLE and self._table:
                    self._table = False
                    continue
                raise
            found = page(raw)
            if found.items is None and found.rows is None and not found.kind.endswith(("List", "Table")):
                raise ApiError(Reason.MALFORMED, 0, "the answer is no list")  # and not an empty one
            self._table = self._table and found.kind == "Table"
            resources = self.reading.resources(found)
            skipped += len(found.items or found.rows or ()) - len(resources)
            del raw
            version = version or found.metadata.resource_version
            for at in range(0, len(resources), CHUNK):
                self.shelf.change({one.key: one for one in resources[at : at + CHUNK]})
            if found.metadata.continue_ and found.metadata.continue_ == token:
                raise ApiError(Reason.ERROR, 0, "the server tells the same page again and again")
            token = found.metadata.continue_
            if not token:
                self._complete(version, skipped)
                return

    def _complete(self, version: str, skipped: int) -> None:
        self._version, self._listed = version, self._clock()
        odd = Gap(Reason.MALFORMED, f"GET {self.path}", f"{skipped} objects could not be read") if skipped else None
        self.shelf.complete(odd)

    # -- what happens ---------------------------------------------------------------------------------------------

    def _watch(self, seconds: float, *, initial: bool) -> None:
        seconds *= random.uniform(0.9, 1.1) if seconds >= LONG else 1.0  # noqa: S311 - spreads ends, guards nothing
        query = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(max(1, round(seconds)))}
        if initial:
            query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        else:
            query["resourceVersion"] = self._version
        if self._table:
            query["includeObject"] = "Metadata"
        accept = self.reading.accept(table=self._table).replace("MetadataList", "Metadata")
        with ExitStack() as held:
            if initial:
                held.enter_context(self._turn)
                self.shelf.begin()
            silence = STALLED if initial else seconds + STALLED
            stream = self._api.stream(self.path, query, accept=accept, deadline=DEADLINE, silence=silence)
            self._stream = stream
            if self._ended:
                stream.close()
            self._take(stream, held, seconds, initial)

    def _take(self, stream: Stream, held: ExitStack, seconds: float, initial: bool) -> None:
        changes: dict[ResourceKey, KubeResource | None] = {}
        version, skipped, due = self._version, 0, self._clock() + HASTE
        try:
            for lines in _lines(stream):
                for line in lines:
                    kind, found, raw = self.reading.event(line)
                    if kind == "BOOKMARK":
                        mark = self.reading.bookmark(raw)
                        version = mark.version or version
                        if initial and mark.initial:
                            self.shelf.change(changes)
                            changes, initial = {}, False
                            self._complete(version, skipped)
                            held.close()
                            stream.within(seconds + STALLED)  # silence is no fault any more
                    elif kind == "ERROR":
                        raise status_error(bytes(raw))
                    elif kind in _CHANGES:
                        told = self._note_event(kind, self._told(raw) if found is None else found, changes)
                        skipped += not told
                        version = told or version
                        if not told and not initial:  # what is known of it is not true any more
                            self._version = ""
                            raise ApiError(Reason.MALFORMED, 0, "a change could not be read")
                    if len(changes) >= CHUNK:
                        self.shelf.change(changes)
                        changes = {}
                        self._version = version if not initial else ""
                now = self._clock()
                if changes and (not initial or now >= due):
                    self.shelf.change(changes)
                    changes, due = {}, now + HASTE
                if not initial:
                    self._version = version
        except ApiError as error:
            if initial and error.reason is Reason.TIMEOUT:
                raise ApiError(error.reason, 0, error.message, cause=_STALLED) from error
            raise
        finally:
            self.shelf.change(changes)
            if not initial and self._version:
                self._version = version
        if initial and not self._ended:
            raise ApiError(Reason.ERROR, 0, "the watch ended before everything was told", cause=_STALLED)

    def _told(self, raw: msgspec.Raw) -> list[KubeResource]:
        """The event's object, or nothing when it cannot be read."""
        try:
            return self.reading.told(raw)
        except MALFORMED:
            return []

    def _note_event(self, kind: str, found: list[KubeResource], changes: dict[ResourceKey, KubeResource | None]) -> str:
        """Add the event's object to the changes; its version, "" when it could not be read."""
        version = ""
        for resource in found:
            changes[resource.key] = resource if kind != "DELETED" else None
            version = resource.resource_version
        return version

    # -- what goes wrong ------------------------------------------------------------------------------------------

    def _note(self, error: ApiError) -> None:
        path = f"GET {self.path}"
        if error.status == GONE:
            self._version = ""
        elif error.status == FORBIDDEN:
            self.denied, self._version = True, ""
            self.shelf.clear(error.gap(path))
        elif error.status == NOT_FOUND:
            self.absent, self._version = True, ""
            optional = self.reading.served.optional
            self.shelf.clear(None if optional else Gap(Reason.UNSUPPORTED, path, "not served by this cluster"))
        else:
            if error.status not in {0, 401, 429}:
                self._refused += 1
                if self._refused >= RESUMES:
                    self._refused, self._version = 0, ""
            self.shelf.missing(error.gap(path))


def _lines(stream: Stream) -> Iterator[list[bytes]]:
    """Whole lines, as many as have arrived; what is left of one at the end was never told."""
    parts: list[bytes] = []
    size = 0
    for piece in stream:
        end = piece.rfind(b"\n")
        if end < 0:
            parts.append(piece)
            size += len(piece)
            if size > LONGEST_LINE:
                raise ApiError(Reason.MALFORMED, 0, f"a line is longer than {LONGEST_LINE} bytes")
            continue
        whole = b"".join((*parts, piece[:end])) if parts else piece[:end]
        rest = piece[end + 1 :]
        parts, size = ([rest] if rest else []), len(rest)
        yield [line for line in whole.split(b"\n") if line.strip()]
