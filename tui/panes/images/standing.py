"""What an image's analysis says in a few words: whether to trust it, what is known to be wrong with what it holds.

Nothing here is better than what was found: what nobody has looked at is `-`, what is being looked at `..`, what could
not be found out `?`; no number stands for what is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from checks.result import Judgement
from checks.verdict import Outcome
from inventory.contents.model import Contents
from inventory.gap import Gap, Reason
from inventory.image_analysis import ImageAnalysis, nothing_found
from inventory.resource import Kind, ResourceKey
from inventory.signatures.model import Mark, Provenance
from inventory.snapshot import Snapshot
from inventory.text import safe
from inventory.vulnerabilities.model import Rating, Vulnerabilities
from widgets.cells import Cell
from widgets.style import Role

DAY = 86400.0
END_OF_LIFE = "IMG-020"
NOT_LOOKED = Cell.of("-", "dim")
IN_WORK = Cell.of("..", "dim")
UNKNOWN = Cell.of("?", "unknown")
NO_DATABASE = Cell.of("no db", "unknown")

_WORDS: Mapping[Mark, str] = {
    Mark.VERIFIED: "ok verified signed",
    Mark.FAILED: "bad failed signed",
    Mark.UNSIGNED: "none unsigned",
    Mark.UNSUPPORTED: "n/a unsupported signed",
    Mark.UNKNOWN: "? unknown",
}


def analysis_of(snapshot: Snapshot, image: ResourceKey) -> ImageAnalysis:
    """What was found in an image, or what stands for an image that nobody has looked into."""
    found = snapshot.get(ResourceKey(Kind.IMAGE_ANALYSIS, image.source, image.id))
    return cast("ImageAnalysis", found) if found is not None else nothing_found(snapshot.sources.get(image.source))


def _gap_cell(gap: Gap, waiting: bool) -> Cell:
    if gap.reason is not Reason.PENDING:
        return UNKNOWN
    return IN_WORK if waiting else NOT_LOOKED


# -- trust --------------------------------------------------------------------------------------------------------


def bad(provenance: Provenance) -> bool:
    """Whether what was found speaks against the image: a signature that is not good, or a digest of another image."""
    return provenance.mark is Mark.FAILED or provenance.leads_here is False


def trust_cell(analysis: ImageAnalysis, waiting: bool) -> Cell:
    """`ok` verified for this very image, `ok?` for a digest that may be another's, `BAD`, `none`, `n/a`, `?`."""
    found = analysis.peek("provenance")
    if isinstance(found, Gap):
        return _gap_cell(found, waiting)
    provenance = cast("Provenance", found)
    if bad(provenance):
        return Cell.of("BAD", "critical")
    if provenance.mark is Mark.VERIFIED:
        return Cell.of("ok", "pass") if provenance.leads_here else Cell.of("ok?", "unknown")
    if provenance.mark is Mark.UNSIGNED:
        return Cell.of("none", "high" if provenance.demanded else "normal")
    if provenance.mark is Mark.UNSUPPORTED or not (provenance.repository or provenance.rule):
        return Cell.of("n/a", "dim")
    return UNKNOWN


def trust_words(analysis: ImageAnalysis, waiting: bool) -> str:
    """The same for filters, with the words of the signature's format and the reason of a failure."""
    found, shown = analysis.peek("provenance"), trust_cell(analysis, waiting).text
    if isinstance(found, Gap):
        return _unread_words(found, waiting)
    if bad(found):
        return f"{_WORDS[Mark.FAILED]} {found.reason}"
    words = _WORDS[found.mark] if shown != "n/a" else _WORDS[found.mark].removeprefix("? ")
    return " ".join(filter(None, ("" if shown in words.split() else shown, words, found.by)))


def _unread_words(gap: Gap, waiting: bool) -> str:
    return {"-": "- unread", "..": ".. reading"}.get(_gap_cell(gap, waiting).text, "? unknown")


_RANK = {"BAD": 6, "none": 5, "?": 4, "ok?": 3, "n/a": 2, "..": 1, "-": 0, "ok": -1}


def trust_rank(cell: Cell) -> int:
    """For sorting, the worst the greatest."""
    return _RANK.get(cell.text, 0)


# -- vulnerabilities ----------------------------------------------------------------------------------------------


class Counts(NamedTuple):
    """Different vulnerabilities of an image, or of many, that count; `images` says of how many."""

    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    unrated: int = 0
    exploited: int = 0
    fixable: int = 0
    data_at: float = 0.0  # of the oldest data; 0.0 where somebody does not say
    unsure: bool = False  # whether there may be more
    images: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.critical + self.high + self.medium + self.low + self.unrated


def counted(found: Vulnerabilities, contents: Contents | Gap) -> Counts:
    """Each vulnerability once, however many packages have it, by its worst rating."""
    worst: dict[str, Rating] = {}
    exploited, fixable = set[str](), set[str]()
    for one in found.found:
        if one.counts:
            worst[one.id] = max(one.rating, worst.get(one.id, Rating.UNKNOWN))
            if one.exploited:
                exploited.add(one.id)
            if one.fixed:
                fixable.add(one.id)
    by = [0] * len(Rating)
    for rating in worst.values():
        by[rating] += 1
    dates = [said.data_at or said.at for said in found.said if not said.note]
    dates = dates or [said.data_at or said.at for said in found.said]
    incomplete = bool(found.unmatched) or (isinstance(contents, Contents) and not contents.complete)
    unsure = incomplete or any(said.note for said in found.said)
    low = by[Rating.LOW] + by[Rating.NEGLIGIBLE]
    return Counts(
        by[Rating.CRITICAL], by[Rating.HIGH], by[Rating.MEDIUM], low, by[Rating.UNKNOWN], len(exploited), len(fixable),
        max(dates, default=0.0), unsure, 1,
    )  # fmt: skip


_COUNTED: dict[ResourceKey, tuple[Vulnerabilities, Contents | Gap, Counts]] = {}
_MOST = 20_000


def counts_of(analysis: ImageAnalysis) -> Counts | Gap:
    """The counts of an image, made once per state of its analysis; the gap where they are not known."""
    found, contents = analysis.peek("vulnerabilities"), analysis.peek("contents")
    if isinstance(found, Gap):
        return found
    if not found.said:
        return _unsaid(found)
    kept = _COUNTED.get(analysis.key)
    if kept is not None and kept[0] is found and kept[1] is contents:
        return kept[2]
    made = counted(found, contents)
    if len(_COUNTED) >= _MOST:
        _COUNTED.clear()
    _COUNTED[analysis.key] = (found, contents, made)
    return made


def _unsaid(found: Vulnerabilities) -> Gap:
    """Why nobody has said anything: there is no database to ask, or the packages are not known."""
    why = "; ".join(found.unmatched[:3])
    what = "vulnerabilities of the image" if why and "database" not in why else "vulnerability database"
    return Gap(Reason.UNSUPPORTED, what, why or "there are no data to match with")


def outdated(counts: Counts, days: int, now: float) -> bool:
    """Whether the data are older than the policy allows, or of no known age."""
    return not now - counts.data_at <= days * DAY


def counts_cell(counts: Counts, old: bool) -> Cell:
    """`!2/14/31?`: `!` some are exploited, `?` there may be more (old or incomplete), `+` more that nobody rated."""
    total = counts.critical + counts.high + counts.medium
    if not total and counts.unsure and not counts.exploited:
        return UNKNOWN
    words = f"{'!' * bool(counts.exploited)}{counts.critical}/{counts.high}/{counts.medium}"
    words += "+" * bool(counts.unrated) + "?" * (old or counts.unsure)
    return Cell.of(words, _role(counts, old))


def _role(counts: Counts, old: bool) -> Role:
    if counts.critical or counts.exploited:
        return "critical"
    if counts.high:
        return "high"
    if counts.medium:
        return "medium"
    return "unknown" if old or counts.unsure or counts.unrated else "pass"


def vulnerability_cell(analysis: ImageAnalysis, waiting: bool, days: int, now: float) -> Cell:
    """What the column says."""
    counts = counts_of(analysis)
    if isinstance(counts, Counts):
        return counts_cell(counts, outdated(counts, days, now))
    if counts.reason is not Reason.PENDING and "database" in counts.path:
        return NO_DATABASE
    return _gap_cell(counts, waiting)


def vulnerability_fields(analysis: ImageAnalysis, waiting: bool, shown: Cell) -> dict[str, str]:
    """What `vuln:`, `exploited:` and `fixed:` filter by; what the column says is part of it."""
    counts = counts_of(analysis)
    if isinstance(counts, Gap):
        words = "no db ? unknown" if shown == NO_DATABASE else _unread_words(counts, waiting)
        return {"vuln": words, "exploited": "?", "fixed": "?"}
    names = ("critical", "high", "medium", "low", "unrated")
    words = " ".join(name for name, number in zip(names, counts, strict=False) if number)
    unsure = "?" if counts.unsure else "no"
    words = words or ("unknown" if counts.unsure else "none")
    return {
        "vuln": f"{words} {shown.text}",
        "exploited": "yes" if counts.exploited else unsure,
        "fixed": "yes" if counts.fixable else unsure,
    }


def summed(found: Iterable[Counts]) -> Counts:
    """Many images together: their sums, the oldest data."""
    every = list(found)
    if not every:
        return Counts()
    sums = [sum(column) for column in zip(*(counts[:7] for counts in every), strict=True)]
    oldest, unsure = min(counts.data_at for counts in every), any(counts.unsure for counts in every)
    return Counts(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], oldest, unsure, len(every))


# -- distribution -------------------------------------------------------------------------------------------------


def ended(judgement: Judgement | None) -> bool:
    """Whether the distribution gets no more fixes; an accepted risk is still one."""
    results = judgement.results if judgement is not None else ()
    return any(one.check.id == END_OF_LIFE and one.outcome in (Outcome.FAIL, Outcome.WAIVED) for one in results)


def distribution_words(contents: Contents) -> str:
    """`debian 12`; "" where the image has no os-release."""
    release = contents.distribution
    return safe(f"{release.id} {release.version_id}".strip() or release.pretty_name, 60)


def distribution_cell(analysis: ImageAnalysis, waiting: bool, over: bool) -> Cell:
    """`debian 12`, `EOL debian 9`; `none` where the image says of no distribution."""
    found: Any = analysis.peek("contents")
    if isinstance(found, Gap):
        return _gap_cell(found, waiting)
    words = distribution_words(found)
    if not words:
        return Cell.of("none", "dim") if found.complete else UNKNOWN
    return Cell.join(("EOL ", "high"), (words, "high")) if over else Cell.of(words)


# -- what is filtered by, and takes long to write down ------------------------------------------------------------


class Fields(dict[str, str]):
    """Filter fields, of which `package` and `cve` are made when somebody asks, and are never part of a plain word."""

    def __init__(self, known: Mapping[str, str], analysis: ImageAnalysis) -> None:
        super().__init__(known)
        self._analysis = analysis
        self._made: dict[str, str] = {}
        self |= dict.fromkeys(_LATE, "")

    def get(self, key: str, default: Any = None) -> Any:
        """The field."""
        if key not in _LATE:
            return super().get(key, default)
        if key not in self._made:
            self._made[key] = _LATE[key](self._analysis)
        return self._made[key]


def _packages(analysis: ImageAnalysis) -> str:
    found = analysis.peek("contents")
    return "" if isinstance(found, Gap) else "\n".join(f"{one.name} {one.version}" for one in found.packages)


def _names(analysis: ImageAnalysis) -> str:
    found = analysis.peek("vulnerabilities")
    return "" if isinstance(found, Gap) else "\n".join(" ".join((one.id, *one.aliases)) for one in found.found)


_LATE = {"package": _packages, "cve": _names}
