"""Lines about what was found in images: for the line over the list, for previews, and for the overview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

from inventory.container import Container
from inventory.contents.model import Contents
from inventory.gap import Gap
from inventory.image import Image
from inventory.image_analysis import NOT_ANALYSED, NOT_RECORDED, ImageAnalysis
from inventory.resource import Kind, Resource, ResourceKey
from inventory.signatures.model import Mark, Provenance
from inventory.text import safe
from inventory.vulnerabilities.model import Vulnerability
from tui.format import image_reference, since
from tui.panes.images import standing
from tui.panes.images.standing import Counts
from tui.picture import Picture
from widgets.cells import Cell
from widgets.style import Role
from widgets.textview import TextLine, line

ASK = "v looks into it: signatures, contents, vulnerabilities"
_TRUST: tuple[tuple[str, str, Role], ...] = (
    ("BAD", "BAD", "critical"),
    ("none", "unsigned", "normal"),
    ("ok", "verified", "pass"),
    ("ok?", "verified for a digest", "unknown"),
    ("n/a", "not checkable", "dim"),
    ("?", "unknown", "unknown"),
    ("..", "being read", "dim"),
    ("-", "not looked at", "dim"),
)


def tally_words(analyses: Sequence[ImageAnalysis], now: float, days: int) -> Cell:
    """`BAD 1  none 8  ok 3  - 18   !2/14/31?  data 3d`: by the marks of the rows, for the line over them."""
    marks = _marks(analyses)
    parts = [Cell.join("  ", (f"{mark} {marks[mark]}", role)) for mark, _, role in _TRUST if marks[mark]]
    counts, _ = _added_up(analyses)
    if counts is not None:
        old = standing.outdated(counts, days, now)
        oldest = "oldest" if counts.images > 1 else "data"  # there is little room: of all images' data the oldest
        age = f" {oldest} {since(counts.data_at, now)}" if counts.data_at else " data undated"
        parts += [Cell.of(" "), standing.counts_cell(counts, old), Cell.of(age, "unknown" if old else "dim")]
    return Cell.join(*parts)


def image_words(analyses: Sequence[ImageAnalysis], now: float, days: int) -> list[Cell]:
    """`1 BAD`, `8 unsigned`, `2/14/31 added up, 1 exploited, data 3d old`; what nobody has looked at is counted too."""
    marks = _marks(analyses)
    parts = [Cell.of(f"{marks[mark]} {word}", role) for mark, word, role in _TRUST if marks[mark]]
    counts, many = _added_up(analyses)
    if counts is not None:
        parts.append(Cell.join("vulnerabilities ", vulnerability_words(counts, now, days)))
        if many < len(analyses):
            parts.append(Cell.of(f"(known of {many} of {len(analyses)})", "unknown"))
    return parts


def _marks(analyses: Sequence[ImageAnalysis]) -> Counter[str]:
    return Counter(standing.trust_cell(analysis, waiting=False).text for analysis in analyses)


def _added_up(analyses: Sequence[ImageAnalysis]) -> tuple[Counts | None, int]:
    """The counts of those of which they are known, and how many these are."""
    found = [counts for analysis in analyses if isinstance(counts := standing.counts_of(analysis), Counts)]
    return (standing.summed(found) if found else None), len(found)


def vulnerability_words(counts: Counts, now: float, days: int) -> Cell:
    """`!2/14/31, 1 exploited, data 3d old`."""
    old = standing.outdated(counts, days, now)
    parts: list[Cell | tuple[str, Role] | str] = [standing.counts_cell(counts, old)]
    if counts.exploited:
        parts.append((f", {counts.exploited} exploited", "critical"))
    age = f", data {since(counts.data_at, now)} old" if counts.data_at else ", data of no known age"
    parts.append((age, "unknown" if old else "dim"))
    return Cell.join(*parts)


def trust_sentence(provenance: Provenance) -> tuple[str, Role]:
    """What is known of where an image comes from, in one sentence."""
    told = provenance.detail and provenance.detail != f"signed by {provenance.by}"
    detail = f": {provenance.detail}" if told else ""
    if provenance.leads_here is False:
        return f"the manifest of the digest leads to another image{detail}", "critical"
    if provenance.mark is Mark.VERIFIED:
        whose = f"signed by {provenance.by or 'somebody the policy names'}"
        unsure = "" if provenance.leads_here else ", though nobody looked whether its digest leads to this very image"
        return f"{whose}{unsure}{detail}", "pass" if provenance.leads_here else "unknown"
    if provenance.mark is Mark.FAILED:
        return f"a signature is not good ({provenance.reason or 'no reason given'}){detail}", "critical"
    if provenance.mark is Mark.UNSIGNED:
        must = ", and the policy demands one" if provenance.demanded else ""
        return f"no signature was found{must}{detail}", "high" if provenance.demanded else "normal"
    if provenance.mark is Mark.UNSUPPORTED:
        return f"signed in a way that cannot be judged here{detail}", "unknown"
    if not provenance.repository:
        here = provenance.detail or "built or loaded here: no registry knows it"
        if not provenance.rule:
            return here, "dim"
        return f"{'a signature is demanded, and' if provenance.demanded else 'not known:'} {here}", "unknown"
    return f"not known{detail}", "unknown"


def standing_lines(
    analysis: ImageAnalysis, image: ResourceKey, picture: Picture, now: float, meta: ResourceKey | None = None
) -> Iterator[TextLine]:
    """Trust, vulnerabilities and distribution in a line each, or that nobody has looked; `meta` is where they lead."""
    waits = image in picture.waiting
    if analysis is NOT_ANALYSED and not waits:
        yield line(f" not looked into: {ASK}", "dim", meta)
        return
    if analysis is NOT_RECORDED:
        yield line(" what is in it is not in this recording", "dim", meta)
        return
    provenance, counts = analysis.peek("provenance"), standing.counts_of(analysis)
    if isinstance(provenance, Gap):
        yield TextLine(Cell.join(" trust ", gap_cell(provenance, waits)), meta)
    else:
        words, role = trust_sentence(provenance)
        mark = standing.trust_cell(analysis, waits)
        yield TextLine(Cell.join(" trust ", mark, "  ", (safe(words, 300), role)), meta)
    if isinstance(counts, Gap):
        yield TextLine(Cell.join(" vulnerabilities ", gap_cell(counts, waits)), meta)
    else:
        words_ = vulnerability_words(counts, now, picture.policy.max_report_age)
        more = f", {counts.fixable} with a fix" if counts.fixable else ""
        yield TextLine(Cell.join(" vulnerabilities ", words_, more), meta)
    yield TextLine(_contents_cell(analysis.peek("contents"), waits), meta)


def _contents_cell(contents: Contents | Gap, waits: bool) -> Cell:
    if isinstance(contents, Gap):
        return Cell.join(" contents ", gap_cell(contents, waits))
    words = standing.distribution_words(contents) or "no distribution named"
    whole = Cell() if contents.complete else Cell.of(", not all of it could be read", "unknown")
    return Cell.join(f" contents {words}, {len(contents.packages)} packages", whole)


def gap_cell(gap: Gap, waits: bool) -> Cell:
    """Why something is not known."""
    return Cell.of("..", "dim") if waits else Cell.of(safe(str(gap), 300), "unknown")


# -- what runs ------------------------------------------------------------------------------------------------------


def running_images(picture: Picture) -> dict[ResourceKey, list[Container]]:
    """The images of the containers that run, with these."""
    found: dict[ResourceKey, list[Container]] = {}
    for container in picture.snapshot.of(Container):
        image = container.peek("image_id")
        if container.peek("state") == "running" and not isinstance(image, Gap) and image:
            found.setdefault(ResourceKey(Kind.IMAGE, container.key.source, image), []).append(container)
    return found


class Exploited(NamedTuple):
    """A vulnerability that is exploited in the wild, in images that run."""

    one: Vulnerability
    images: tuple[ResourceKey, ...]
    containers: tuple[Container, ...]


class News:
    """What the overview says of images, made once per state of what it is made of."""

    def __init__(self) -> None:
        self._made: tuple[object, object, tuple[Exploited, ...]] | None = None

    def exploited(self, picture: Picture) -> tuple[Exploited, ...]:
        """Exploited vulnerabilities of what runs, those in most containers first."""
        analyses: Mapping[ResourceKey, Resource] = picture.snapshot.by_kind.get(Kind.IMAGE_ANALYSIS, {})
        containers = picture.snapshot.by_kind.get(Kind.CONTAINER)
        if not analyses:
            return ()
        made = self._made
        if made is None or made[0] is not analyses or made[1] is not containers:
            made = self._made = (analyses, containers, tuple(_exploited(picture)))
        return made[2]


def _exploited(picture: Picture) -> list[Exploited]:
    found: dict[str, tuple[Vulnerability, dict[ResourceKey, list[Container]]]] = {}
    for image, containers in running_images(picture).items():
        analysis = standing.analysis_of(picture.snapshot, image)
        counts = standing.counts_of(analysis)
        if isinstance(counts, Gap) or not counts.exploited:
            continue
        for one in analysis.vulnerabilities.found:
            if one.counts and one.exploited:
                found.setdefault(one.id, (one, {}))[1][image] = containers
    made = [
        Exploited(one, tuple(images), tuple(each for theirs in images.values() for each in theirs))
        for one, images in found.values()
    ]
    return sorted(made, key=lambda each: (-len(each.containers), each.one.id))


NEWS = News()


def exploited_words(found: Exploited, picture: Picture) -> tuple[str, str]:
    """What it is, and where: `exploited: CVE-2021-44228 log4j-core 2.14.1, fixed in 2.15.0`, `3 containers`."""
    one = found.one
    fix = f"fixed in {one.fixed}" if one.fixed else "no fix"
    more = f" in {len(found.images)} images" if len(found.images) > 1 else ""
    words = f"exploited: {one.id} {one.package.rpartition(':')[2]} {one.installed}, {fix}{more}"
    where = found.containers[0].name if len(found.containers) == 1 else f"{len(found.containers)} containers"
    return safe(words, 300), safe(where, 80)


def overview_words(picture: Picture) -> list[Cell]:
    """What is known of the images that run: signatures, vulnerabilities, how old; nothing while nobody has looked."""
    if not picture.snapshot.by_kind.get(Kind.IMAGE_ANALYSIS):
        return []
    running = running_images(picture)
    analyses = [standing.analysis_of(picture.snapshot, image) for image in running]
    if not analyses:
        return []
    words = image_words(analyses, picture.snapshot.taken_at, picture.policy.max_report_age)
    return [Cell.of(f"{len(analyses)} run:"), *words]


def total_size(images: Iterable[ResourceKey], picture: Picture) -> tuple[int, bool]:
    """Their bytes together, and whether the size of each is known."""
    total, known = 0, True
    for key in images:
        image = picture.snapshot.get(key)
        size = cast("Image", image).peek("size") if image is not None else None
        if isinstance(size, int):
            total += size
        else:
            known = False
    return total, known


def image_name(key: ResourceKey, picture: Picture) -> str:
    """An image as people call it."""
    image = picture.snapshot.get(key)
    return safe(image_reference(image.name), 200) if image is not None else key.id[:19]
