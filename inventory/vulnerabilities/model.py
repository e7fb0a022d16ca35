"""A vulnerability of an installed package, whoever says so, in the words of the OSV schema."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import msgspec


class Rating(IntEnum):
    """A vulnerability's qualitative severity (CVSS v3.1 section 5); `UNKNOWN` where nobody rated it, never guessed."""

    UNKNOWN = 0
    NEGLIGIBLE = 1  # Debian: unimportant
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """The word that people use."""
        return self.name.lower()


class Vulnerability(msgspec.Struct, frozen=True):
    """One vulnerability of one package of an image.

    `id` is the CVE where there is one, else the record's own; `aliases` are all other names. `type`, `package`,
    `installed`, `path`, `layer` are those of `inventory.contents.model.Package`. `fixed` is the smallest version that
    fixes it, "" where none is known. `score` and `vector` are CVSS, None and "" where there is none. `said_by` names
    who found it (osv, trivy, grype, scout, a file's name). `excused` says why it does not count (VEX justification,
    distribution says unimportant), "" where it counts. `exploited` is set by an imported list of known exploited
    vulnerabilities (CISA KEV), `epss` is the probability of exploitation in the next 30 days (FIRST), None unless
    imported.
    """

    id: str
    package: str
    installed: str
    type: str = ""
    fixed: str = ""
    rating: Rating = Rating.UNKNOWN
    score: float | None = None
    vector: str = ""
    summary: str = ""
    url: str = ""
    aliases: tuple[str, ...] = ()
    path: str = ""
    layer: str = ""
    said_by: tuple[str, ...] = ()
    excused: str = ""
    exploited: bool = False
    epss: float | None = None

    @property
    def counts(self) -> bool:
        """Whether it counts against the image."""
        return not self.excused


class Said(msgspec.Struct, frozen=True):
    """Who looked: an engine or a file. `data_at` dates its data, `at` is when it looked; 0.0 where it is not known.

    `path` is the imported file or the database. `note` is what it could not do, "" if nothing.
    """

    by: str
    version: str = ""
    path: str = ""
    data_at: float = 0.0
    at: float = 0.0
    note: str = ""


class Vulnerabilities(msgspec.Struct, frozen=True):
    """What is known of one image, worst first. `unmatched`: packages nothing could be said of, a sentence each.

    Nothing may be concluded from an empty list unless `said` names somebody.
    """

    digest: str
    found: tuple[Vulnerability, ...] = ()
    said: tuple[Said, ...] = ()
    unmatched: tuple[str, ...] = ()

    def count(self, rating: Rating) -> int:
        """How many different vulnerabilities of this rating count; one that several packages have is one."""
        return len({one.id for one in self.found if one.counts and one.rating is rating})


def ordered(found: Iterable[Vulnerability]) -> tuple[Vulnerability, ...]:
    """Worst first: exploited ones, then by rating, score, with a fix, id and package."""
    return tuple(
        sorted(
            found,
            key=lambda one: (
                not one.counts, not one.exploited, -one.rating, -(one.score or 0.0), not one.fixed, one.id, one.package,
                one.path,
            ),
        )
    )  # fmt: skip
