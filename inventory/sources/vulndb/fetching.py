"""Fetches the archives that the OSV project publishes, one per family of ecosystems, and goes on where it broke off."""

from __future__ import annotations

import contextlib
import ipaddress
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from inventory.sources.vulndb.building import Builder, BuildError, Stopped, Tell
from inventory.sources.vulndb.database import Database
from inventory.sources.vulndb.importing import take_archive
from inventory.vulnerabilities.records import RecordsError

if TYPE_CHECKING:
    from requests import Response, Session

PUBLISHED: Final = "https://osv-vulnerabilities.storage.googleapis.com"
"""The OSV project's public bucket: `FAMILY/all.zip` below it."""

MAX_ARCHIVE: Final = 4 << 30
_TIMEOUT: Final = (10.0, 30.0)
_ATTEMPTS: Final = 3
_REDIRECTS: Final = 5
_CHUNK: Final = 1 << 16
"""What breaks off in the middle of one is lost."""
_EVERY: Final = 2.0


class FetchError(Exception):
    """One archive could not be fetched; says why, and what helps. `final`: neither can the others."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class _Partly(msgspec.Struct):
    """What is known of a download that broke off."""

    url: str
    etag: str


def update(
    families: Sequence[str],
    target: Path,
    cache: Path,
    tell: Tell,
    stopped: Callable[[], bool] = lambda: False,
    *,
    base: str = "",
    accept_fewer: bool = False,
) -> tuple[int, tuple[str, ...]]:
    """Fetch and take in these families; returns how many came, and a sentence for each that could not be had.

    Those that came are taken in all the same. Raises `BuildError` or `Stopped`; then nothing is changed.
    """
    base = (base or PUBLISHED).rstrip("/")
    _check(base)
    problems: list[str] = []
    etags = _etags(target, base)
    fetched = 0
    with Builder(target, tell, stopped, accept_fewer=accept_fewer) as builder:
        for family in families:
            url = f"{base}/{quote(family)}/all.zip"
            try:
                asked = time.time()
                got = _download(url, family, etags.get(family, ""), cache, tell, stopped)
                if got is None:
                    builder.confirm(family, asked)
                    tell(f"{family}: nothing newer")
                else:
                    path, etag = got
                    try:
                        take_archive(builder, path, family, tell, source=url, at=asked, etag=etag)
                    finally:
                        path.unlink(missing_ok=True)
                fetched += 1
            except (FetchError, BuildError) as error:
                problems.append(str(error))
                if isinstance(error, FetchError) and error.final:
                    others = families[families.index(family) + 1 :]
                    if others:
                        tell(f"not asked for after that: {', '.join(others)}")
                    break
            except OSError as error:
                raise BuildError(f"cannot write to {cache}: {error.strerror}") from None
        if fetched:
            builder.finish()
    return fetched, tuple(problems)


def _etags(target: Path, base: str) -> dict[str, str]:
    """The server's names for what there is, where it is from the same server."""
    try:
        database = Database.open(target)
    except RecordsError:
        return {}
    try:
        return {one.family: one.etag for one in database.archives() if one.source.startswith(f"{base}/") and one.whole}
    except RecordsError:
        return {}
    finally:
        database.close()


def _check(url: str) -> None:
    """Https only: what is fetched decides what counts as vulnerable. Plain http from this very machine alone."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise FetchError(f"not an address: {url[:200]!r}") from None
    if parts.scheme == "https" and host:
        return
    local = host == "localhost"
    with contextlib.suppress(ValueError):
        local = local or ipaddress.ip_address(host).is_loopback
    if parts.scheme != "http" or not local:
        raise FetchError(f"{url[:200]}: only https:// (http:// only from this machine)")


def _download(
    url: str, family: str, etag: str, cache: Path, tell: Tell, stopped: Callable[[], bool]
) -> tuple[Path, str] | None:
    """The whole archive as a file and its ETag; None where there is nothing newer than `etag`."""
    from requests import RequestException, Session

    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    part, note = cache / f"{family}.zip.part", cache / f"{family}.json"
    for attempt in range(1, _ATTEMPTS + 1):
        if stopped():
            raise Stopped
        had = part.stat().st_size if part.exists() else 0
        try:
            with Session() as session:
                return _attempt(session, url, family, etag, part, note, tell, stopped)
        except RequestException as error:
            have = part.stat().st_size if part.exists() else 0
            if attempt == _ATTEMPTS or (have <= had and not have):
                kept = f"; {have:,} bytes are kept, the next update goes on from there" if have else ""
                final, words = _words(error, url)
                raise FetchError(f"{family}: {words}{kept}", final=final) from None
            tell(f"{family}: the connection broke after {have:,} bytes, going on")
    raise FetchError(f"{family}: {url} keeps breaking off")


def _attempt(
    session: Session, url: str, family: str, etag: str, part: Path, note: Path, tell: Tell, stopped: Callable[[], bool]
) -> tuple[Path, str] | None:
    have, known = _begun(part, note, url)
    tell(f"{family}: asking {urlsplit(url).hostname}" + (f", going on after {have:,} bytes" if have else ""))
    headers = {"Accept-Encoding": "identity", "User-Agent": "deckwatch"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": known}
    elif etag:
        headers["If-None-Match"] = etag
    with _get(session, url, headers) as answer:
        if answer.status_code == 304:
            return None
        if answer.status_code == 416:
            part.unlink(missing_ok=True)
            raise FetchError(f"{family}: the server has less than what was fetched before; update again")
        if answer.status_code not in (200, 206):
            hint = ": not published there" if answer.status_code in (403, 404) else ""
            raise FetchError(f"{family}: {url} answered {answer.status_code}{hint}")
        if answer.status_code == 200 or not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            if answer.status_code == 206:
                part.unlink(missing_ok=True)
                raise FetchError(f"{family}: the server sent another part than asked for; update again")
            have = 0
        fresh = answer.headers.get("ETag", "")
        total = have + _length(answer)
        if total > MAX_ARCHIVE:
            raise FetchError(f"{family}: {total:,} bytes: refused")
        strong = fresh if fresh.startswith('"') else ""
        note.write_bytes(msgspec.json.encode(_Partly(url, strong)))
        size = _store(answer, part, have, total, family, tell, stopped)
    if total > have and size != total:
        from requests import ConnectionError as Broken

        raise Broken(f"{size:,} of {total:,} bytes came")
    note.unlink(missing_ok=True)
    return part.rename(part.with_suffix("")), fresh


def _begun(part: Path, note: Path, url: str) -> tuple[int, str]:
    """How much there is of a download that can be gone on with, and its ETag."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        known = msgspec.json.decode(note.read_bytes(), type=_Partly)
        if known.url == url and known.etag and part.is_file() and not part.is_symlink():
            return part.stat().st_size, known.etag
    part.unlink(missing_ok=True)
    return 0, ""


def _get(session: Session, url: str, headers: dict[str, str]) -> Response:
    """Redirects are followed by hand, so that none leads away from https."""
    for _ in range(_REDIRECTS):
        _check(url)
        answer = session.get(url, headers=headers, stream=True, timeout=_TIMEOUT, allow_redirects=False)
        if answer.status_code not in (301, 302, 303, 307, 308):
            return answer
        url = urljoin(url, answer.headers.get("Location", ""))
        answer.close()
    raise FetchError(f"{url[:200]}: redirects without end")


def _length(answer: Response) -> int:
    text = answer.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _store(
    answer: Response, part: Path, have: int, total: int, family: str, tell: Tell, stopped: Callable[[], bool]
) -> int:
    told, size = time.monotonic(), have
    with part.open("ab" if have else "wb") as file:
        for chunk in answer.iter_content(_CHUNK):
            if stopped():
                raise Stopped
            size += len(chunk)
            if size > MAX_ARCHIVE:
                raise FetchError(f"{family}: more than {MAX_ARCHIVE:,} bytes: refused")
            file.write(chunk)
            if (now := time.monotonic()) - told >= _EVERY:
                told = now
                of = f" of {total / 1e6:,.1f}" if total > have else ""
                tell(f"{family}: {size / 1e6:,.1f}{of} MB")
    return size


def _words(error: Exception, url: str) -> tuple[bool, str]:
    """Whether the network itself is missing, and what went wrong without the library's own nested names."""
    host = urlsplit(url).hostname
    text = str(error)
    low = text.casefold()
    elsewhere = f"fetch {url} elsewhere, then: deckwatch vulndb import FILE"
    if "nameresolution" in low or "name or service not known" in low or "temporary failure in name" in low:
        return True, f"no network: the name {host} cannot be resolved; {elsewhere}"
    if "unreachable" in low or "no route to host" in low:
        return True, f"no network: {host} cannot be reached; {elsewhere}"
    if "refused" in low:
        return False, f"{host} refuses the connection"
    if "timed out" in low:
        return True, f"{host} does not answer in time"
    return False, f"{host}: {text[:200]}"
