"""Finds each part of an image's analysis with what there is: layers, registries, vulnerability database, reports."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from inventory.contents.model import SCHEMA, Contents
from inventory.engine import Engine
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.image import Image
from inventory.image_analysis import ASK, PARTS, ImageAnalysis
from inventory.resource import Kind
from inventory.signatures.host_policy import HostPolicy, with_host
from inventory.signatures.model import Mark, Provenance
from inventory.signatures.policy import NO_TRUST_POLICY, TrustPolicy
from inventory.sources.analysis.kept import Shelf, fingerprint
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.layers.reading import Way
from inventory.sources.scanners import reports
from inventory.sources.scanners.report import digests
from inventory.store import Store
from inventory.vulnerabilities.model import Vulnerabilities

if TYPE_CHECKING:
    from inventory.sources.vulndb.database import Database

LASTS = 86400.0
"""Seconds for which a look at registries is good enough to begin with."""
LARGEST_AWAY = 4 << 30
"""Bytes of an image that are fetched from an engine on another machine."""
Tell = Callable[[str, float], None]
Stopped = Callable[[], bool]
NO_DATABASE = "no vulnerability database: deckwatch vulndb update, or vulndb import PATH where there is no network"


class Settings(msgspec.Struct, frozen=True):
    """What a person decided. `bad_hashes` are SHA-256 digests of programs that no image may hold."""

    cache: Path
    database: Path
    trust: TrustPolicy = NO_TRUST_POLICY
    bad_hashes: frozenset[str] = frozenset()
    registries: bool = True
    reports: tuple[Path, ...] = ()
    engines: tuple[str, ...] = ()


class Examiner:
    """Called with an image and the name of a part; from any thread. `endpoints` finds an image's engine."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        endpoints: Callable[[str], Endpoint | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._store = store
        self._endpoints = endpoints
        self._clock = clock
        self._reports = reports.Shelf(settings.reports)
        self._vulnerabilities = Shelf(settings.cache / "vulnerabilities", Vulnerabilities)
        self._provenance = Shelf(settings.cache / "provenance", Provenance)
        self._database: tuple[object, Database] | None = None
        self._matching = threading.RLock()  # nobody closes a database that somebody else reads
        self._trusts: dict[str, tuple[object, TrustPolicy, str]] = {}

    def __call__(self, image: Image, part: str, tell: Tell, stopped: Stopped) -> Any:
        """That part, or the gap that says why there is none."""
        if part == "contents":
            return self._contents(image, tell, stopped)
        if part == "provenance":
            return self._signatures(image, tell, stopped)
        return self._matched(image, tell, stopped)

    @property
    def unread_reports(self) -> tuple[str, ...]:
        """A sentence for each report that could not be read; which images it was about nobody can tell."""
        with self._matching:
            return self._reports.reports()[1]

    @property
    def state(self) -> str:
        """Differs once what vulnerabilities are matched with has changed."""
        return self._data()

    def recall(self, image: Image, state: str = "") -> dict[str, Any]:
        """The parts that earlier looks found and that still hold, at little cost: nobody is asked, no layer is read.

        Whoever recalls many gives the `state` that he has just looked up.
        """
        found: dict[str, Any] = {}
        contents = self._kept_contents(image)
        if contents is not None:
            found["contents"] = contents
        signed = self._provenance.get(image.id, self._asked_with(image), self._clock() - LASTS)
        if signed is not None:
            found["provenance"] = signed
        vulnerabilities = self._vulnerabilities.get(image.id, state or self._data())
        alone = not self._settings.engines  # else it takes more than what is here
        if vulnerabilities is None and alone and (contents is not None or self._settings.reports):
            vulnerabilities = self._match(image, contents)
        if vulnerabilities is not None and (vulnerabilities.said or contents is not None):
            found["vulnerabilities"] = vulnerabilities
        return found

    def enough(self, found: Mapping[str, Any]) -> bool:
        """Whether these parts are all that a look would find: none is missing, none was made without what is asked."""
        contents = found.get("contents")
        compared = not isinstance(contents, Contents) or contents.hashes_checked or not self._settings.bad_hashes
        return bool(compared) and all(part in found and not isinstance(found[part], Gap) for part in PARTS)

    def why(self, image: Image, found: Mapping[str, Any]) -> dict[str, Gap]:
        """Why parts that were looked at before are not among those that `recall` found."""
        said = {}
        if "provenance" not in found:
            before = self._provenance.made_with(image.id)
            if before is not None:
                how = "the last look is more than a day old"
                if before != self._asked_with(image):
                    how = "not since the trust policy, the image's names or the tools here changed"
                said["provenance"] = Gap(Reason.PENDING, "signatures of the image", f"{how}: {ASK}")
        if "contents" in found and "vulnerabilities" not in found and self._settings.engines:
            detail = f"not all of {', '.join(self._settings.engines)} asked: {ASK}"
            said["vulnerabilities"] = Gap(Reason.PENDING, "vulnerabilities of the image", detail)
        return said

    # -- contents ------------------------------------------------------------------------------------------------

    def _contents(self, image: Image, tell: Tell, stopped: Stopped) -> Contents | Gap:
        from inventory.sources.layers.read import read

        size = image.peek("size")
        found = read(
            image.id,
            list(self._ways(image)),
            self._finders,
            self._cache,
            tell,
            stopped,
            size=0 if isinstance(size, Gap) else size,
            hashes_checked=len(self._settings.bad_hashes),
        )
        if isinstance(found, Contents) and self._settings.bad_hashes:
            self._keep_unlisted(found)
        return found

    def _keep_unlisted(self, contents: Contents) -> None:
        """Keep what does not depend on the list of bad programs for the day on which that is another one."""
        if self._cache.contents(contents.digest, self._looked) is None:  # it does not last
            return
        if self._cache.contents(contents.digest, self._unlisted) is None:
            named = tuple(one for one in contents.suspicious if not one.sha256)
            plain = msgspec.structs.replace(contents, suspicious=named, hashes_checked=0)
            self._cache.keep_contents(plain, self._unlisted)

    def _ways(self, image: Image) -> Iterator[Way]:
        """The directories of an engine on this machine, then its export stream."""
        from inventory.sources.layers.export import Export
        from inventory.sources.layers.overlay import Overlay

        endpoint = self._endpoints(image.key.source)
        if endpoint is None:
            return
        engine, history = self._engine(image), image.peek("history")
        root = engine.peek("root_dir") if engine is not None else None
        if endpoint.local and isinstance(root, str):
            yield Overlay(image, root, () if isinstance(history, Gap) else history)
        size = image.peek("size")
        largest = 0 if endpoint.local else LARGEST_AWAY
        yield Export(transport(endpoint), 0 if isinstance(size, Gap) else size, largest)

    def _kept_contents(self, image: Image) -> Contents | None:
        """What was found with the list of bad programs as it is now, else without any."""
        found: Contents | None = self._cache.contents(image.id, self._looked)
        if found is None and self._settings.bad_hashes:
            found = self._cache.contents(image.id, self._unlisted)
        return found

    @cached_property
    def _looked(self) -> str:
        from inventory.contents.layer import identity

        return identity(self._finders)

    @cached_property
    def _unlisted(self) -> str:
        from inventory.contents import packages
        from inventory.contents.files import finders
        from inventory.contents.layer import identity

        return identity((*packages.FINDERS, *finders()))

    @cached_property
    def _packages(self) -> str:
        from inventory.contents.layer import identity
        from inventory.contents.packages import FINDERS

        return identity(FINDERS)

    @cached_property
    def _finders(self) -> Sequence[Any]:
        from inventory.contents import packages
        from inventory.contents.files import finders

        return (*packages.FINDERS, *finders(self._settings.bad_hashes))

    @cached_property
    def _cache(self) -> Any:
        from inventory.sources.layers.cache import Cache

        return Cache(self._settings.cache / "contents")

    def _engine(self, image: Image) -> Engine | None:
        return next(self._store.snapshot().of(Engine, image.key.source), None)

    # -- signatures ----------------------------------------------------------------------------------------------

    def _signatures(self, image: Image, tell: Tell, stopped: Stopped) -> Provenance | Gap:
        if not self._settings.registries:
            said = "registries are not asked ([scanner] registries)"
            return Gap(Reason.UNSUPPORTED, "signatures of the image", said)
        from inventory.sources import gpgv
        from inventory.sources.registry.access import Access
        from inventory.sources.registry.provenance import provenance

        tell("asking its registry for signatures", -1.0)
        access = Access.here(self._engine(image), fresh=True)
        now = self._clock()
        trust = self._trust(image.key.source)[0]
        found = provenance(image, trust, access, now, stopped, gpgv.find(self._settings.cache))
        # What could not be asked is asked again soon; but what was found to be wrong replaces what was good before.
        if not stopped() and (not found.missed or found.mark is Mark.FAILED):
            self._provenance.put(image.id, self._asked_with(image), found, now)
        return found

    def _asked_with(self, image: Image) -> str:
        """A name for what its signatures depend on besides its id: the policy, the digests it came by, the tools."""
        digests = image.peek("repo_digests")
        came_by = "" if isinstance(digests, Gap) else sorted(digests)
        return fingerprint(self._trust(image.key.source)[1], came_by, self._tools)

    @cached_property
    def _tools(self) -> tuple[object, ...]:
        """What verifies besides us: without it a signature is one that cannot be judged."""
        from inventory.signatures import extra

        return shutil.which("gpgv") is not None, extra.installed()

    def _trust(self, source: str) -> tuple[TrustPolicy, str]:
        """The policy that holds on a host, with whom its own policy.json trusts where it says so, and a name for it."""
        site = self._settings.trust
        host = next(self._store.snapshot().of(Host, source), None) if site.host_policy == "keys" else None
        policy = host.peek("image_policy") if host is not None else None
        kept = self._trusts.get(source)
        if kept is None or kept[0] != policy:
            whole = with_host(site, policy) if isinstance(policy, HostPolicy) else site
            kept = policy, whole, fingerprint("provenance 1", whole, self._settings.registries)
            self._trusts[source] = kept
        return kept[1], kept[2]

    # -- vulnerabilities -----------------------------------------------------------------------------------------

    def _matched(self, image: Image, tell: Tell, stopped: Stopped) -> Vulnerabilities | Gap:
        known = self._store.snapshot().get(image.key._replace(kind=Kind.IMAGE_ANALYSIS))
        contents = known.peek("contents") if isinstance(known, ImageAnalysis) else None
        if not isinstance(contents, Contents):
            contents = self._kept_contents(image) or contents
        tell("looking up vulnerabilities", -1.0)
        answers = [self._ask(name, image, tell, stopped) for name in self._settings.engines]
        return self._match(image, contents if isinstance(contents, Contents) else None, answers, contents)

    def _match(
        self,
        image: Image,
        contents: Contents | None,
        answers: Sequence[Vulnerabilities] = (),
        unread: object = None,
    ) -> Vulnerabilities:
        from inventory.vulnerabilities.combine import combine

        with self._matching:
            data = self._data()
            own = self._own(image, contents, unread)
            found = self._marked(combine(image.id, [own, *answers, *self._reported(image)]))
        asked = len(answers) == len(self._settings.engines) and all(one.said for one in answers)
        if own.said and asked:  # what failed is tried again
            self._vulnerabilities.put(image.id, data, found, self._clock())
        return found

    def _own(self, image: Image, contents: Contents | None, unread: object) -> Vulnerabilities:
        """Our own matching."""
        if contents is None:
            why = str(unread) if isinstance(unread, Gap) else "its packages are not known"
            return Vulnerabilities(image.id, unmatched=(why,))
        from inventory.vulnerabilities.match import match
        from inventory.vulnerabilities.records import RecordsError

        try:
            return match(contents, self._records(), self._clock())
        except RecordsError as error:
            absent = self._file() is None and not _barred(self._settings.database)
            return Vulnerabilities(image.id, unmatched=(NO_DATABASE if absent else str(error),))

    def _marked(self, found: Vulnerabilities) -> Vulnerabilities:
        """With what the imported lists say of those that only others found: exploited, and how likely that is."""
        from inventory.vulnerabilities.fold import listed
        from inventory.vulnerabilities.records import RecordsError

        if not any("osv" not in one.said_by for one in found.found):
            return found
        try:
            return msgspec.structs.replace(found, found=listed(found.found, self._records()))
        except RecordsError:
            return found  # that there is no database our own matching has said already

    def _records(self) -> Database:
        """The database, opened anew once it is another file. Raises `RecordsError`."""
        from inventory.sources.vulndb.database import Database

        state = self._file()
        if self._database is None or self._database[0] != state:
            if self._database is not None:
                self._database[1].close()
            self._database = None
            self._database = (state, Database.open(self._settings.database))
        return self._database[1]

    def _ask(self, name: str, image: Image, tell: Tell, stopped: Stopped) -> Vulnerabilities:
        """Another scanner."""
        from inventory.sources.scanners.engines import run

        tell(f"running {name}", -1.0)
        endpoint = self._endpoints(image.key.source)
        found = run(name, image.id, endpoint.url if endpoint else "", stopped)
        if isinstance(found, Gap):
            return Vulnerabilities(image.id, unmatched=(str(found),))
        return found.answer(image.id, digests(image))

    def _reported(self, image: Image) -> Iterator[Vulnerabilities]:
        """Reports of the configuration that are about this image."""
        for report in self._reports.reports()[0]:
            if report.about(image):
                yield report.answer(image.id, digests(image))

    def _data(self) -> str:
        """A name for what vulnerabilities are matched with now: packages as they are found today, and data."""
        return fingerprint(
            "vulnerabilities 2", SCHEMA, self._packages, self._file(), self._reports.state, self._settings.engines
        )

    def _file(self) -> object:
        """Differs once the database is another file."""
        try:
            about = os.stat(self._settings.database)
        except OSError:
            return None
        return about.st_mtime_ns, about.st_size, about.st_ino


def _barred(path: Path) -> bool:
    """Whether it is not for us to see if there is such a file."""
    try:
        os.stat(path)
    except PermissionError:
        return True
    except OSError:
        return False
    return False
