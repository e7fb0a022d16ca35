"""Looking into images: at once for a scan, in the background for the explorer; what is known already comes first."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from inventory.container import Container
from inventory.gap import Gap
from inventory.image import Image
from inventory.image_analysis import PARTS
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot
from inventory.store import Store
from tui.analysing import Analyst
from tui.data_home import cache_home, vulnerabilities_file

if TYPE_CHECKING:
    from checks.policy import Policy
    from inventory.sources.analysis.examine import Examiner
    from inventory.sources.docker.endpoint import Endpoint
    from tui.options import AnalysisOptions

PAUSE = 2.0
"""Seconds between two looks at which images there are."""
Narrate = Callable[[str], None]
Tell = Callable[[str, float], None]
Endpoints = Callable[[str], "Endpoint | None"]


def worthwhile(options: AnalysisOptions) -> bool:
    """Whether there is anything to do: somebody asked, gave reports, or an earlier look left something behind."""
    return bool(options.deep or options.reports) or os.path.isdir(cache_home(os.environ))


def examiner(options: AnalysisOptions, policy: Policy, store: Store, endpoints: Endpoints) -> Examiner:
    """What looks into images, as the options and the policy say."""

    from inventory.sources.analysis.examine import Examiner, Settings

    settings = Settings(
        cache=cache_home(os.environ),
        database=vulnerabilities_file(os.environ),
        trust=policy.trust,
        bad_hashes=_bad_hashes(policy.bad_hashes),
        registries=options.registries,
        reports=options.reports,
        engines=options.engines,
    )
    return Examiner(settings, store, endpoints)


def _bad_hashes(path: str) -> frozenset[str]:
    """The digests of the site's list of bad programs; the configuration has said already what is wrong with it."""
    from inventory.contents.files.hash_list import LARGEST, parse

    try:
        with open(path, "rb") as file:
            return parse(file.read(LARGEST).decode("utf-8", "replace")).digests
    except OSError:
        return frozenset()


def look_into(options: AnalysisOptions, policy: Policy, store: Store, endpoints: Endpoints, narrate: Narrate) -> None:
    """For a scan: everything that is known already, then whatever the options ask for. Returns when it is all there."""
    work = examiner(options, policy, store, endpoints)
    for problem in work.unread_reports:
        narrate(f"report left out: {problem}")
    analyst = Analyst(store, work)
    known = recall(work, analyst, store.snapshot().of(Image))
    chosen = [key for key in wanted(store.snapshot(), options.deep) if key not in known]
    for number, key in enumerate(chosen, 1):
        image = store.snapshot().get(key)
        if not isinstance(image, Image):
            continue
        narrate(f"looking into {number} of {len(chosen)}: {image.name}")
        for part in PARTS:
            analyst.note(key, image.name, part, attempt(work, image, part, _programs(image, narrate)))


def _programs(image: Image, narrate: Narrate) -> Tell:
    """Says that another program is waited for: that may take minutes, and it may be that one that hangs."""

    def tell(doing: str, _share: float) -> None:
        if doing.startswith("running "):
            narrate(f"{doing} on {image.name}")

    return tell


def attempt(work: Examiner, image: Image, part: str, tell: Tell = lambda _doing, _share: None) -> object:
    """One part of one image, or the gap that says why there is none: one image must not end a scan."""
    from inventory.gap import Reason

    try:
        return work(image, part, tell, lambda: False)
    except Exception as error:
        return Gap(Reason.ERROR, f"{part} of the image", f"{type(error).__name__}: {error}")


def recall(work: Examiner, analyst: Analyst, images: Iterable[Image]) -> set[ResourceKey]:
    """Put into the store what earlier looks found; the images of which all parts are known that way."""
    state = work.state
    found = [(image.key, image.name, _recalled(work, image, state)) for image in images]
    analyst.recalled(found)
    return {key for key, _name, parts in found if work.enough(parts)}


def _recalled(work: Examiner, image: Image, state: str) -> Mapping[str, object]:
    """What earlier looks found of one image, and why no more; nothing where that fails, which must not end a scan."""
    try:
        found = work.recall(image, state)
        return {**work.why(image, found), **found}
    except Exception:
        return {}


def wanted(snapshot: Snapshot, deep: str) -> list[ResourceKey]:
    """The images that the options mean, those of running containers first."""
    running = {
        (container.key.source, container.peek("image_id"))
        for container in snapshot.of(Container)
        if container.peek("state") == "running"
    }
    images = sorted(snapshot.of(Image), key=lambda image: ((image.key.source, image.key.id) not in running, image.name))
    if deep == "all":
        return [image.key for image in images]
    return [image.key for image in images if deep and (image.key.source, image.key.id) in running]


def follow(options: AnalysisOptions, work: Examiner, analyst: Analyst, store: Store) -> None:
    """For the explorer: recall what is known of each image, look into those that the options mean. Never returns."""
    seen: set[ResourceKey] = set()
    asked: set[ResourceKey] = set()
    state: object = None
    while True:
        snapshot = store.snapshot()
        if work.state != state:  # other data: what was found with the old ones is found again
            state = work.state
            seen.clear()
        there = snapshot.by_kind.get(Kind.IMAGE, {})
        fresh = [image for key, image in there.items() if key not in seen and isinstance(image, Image)]
        recall(work, analyst, fresh)
        seen.update(image.key for image in fresh)
        gone = seen - there.keys()
        if gone:
            seen -= gone
            store.remove([key._replace(kind=Kind.IMAGE_ANALYSIS) for key in gone])
        more = [key for key in wanted(snapshot, options.deep) if key not in asked]
        asked.update(more)
        missing = [key for key in more if not _complete(snapshot, key, work)]
        analyst.ask(missing)
        time.sleep(PAUSE)


def _complete(snapshot: Snapshot, image: ResourceKey, work: Examiner) -> bool:
    found = snapshot.get(image._replace(kind=Kind.IMAGE_ANALYSIS))
    return found is not None and work.enough({part: found.peek(part) for part in PARTS})
