"""Java archives: what Maven wrote into them (pom.properties), else what the manifest and the file's name say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from inventory.contents.finding import STREAM, AnyFind, Entry, Watcher
from inventory.contents.model import Package
from inventory.contents.packages.reading import MAX_PACKAGES, licenses, lines_of, recorded, text_of, word
from inventory.contents.packages.zip_stream import Budget, ZipStream

_ARCHIVES = (".jar", ".war", ".ear")
_POM = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties$")
_MANIFEST = "META-INF/MANIFEST.MF"
_NAMED = re.compile(r"(?P<name>[A-Za-z][\w.-]*?)-(?P<version>\d[\w.+-]*)\.[jwe]ar$", re.IGNORECASE)
_GROUP = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*")
_DEPTH = 3
_MAX_TEXT = 256 << 10
_MAX_POM = 16 << 10
_UNPACKED = 1 << 30
_MEMBERS = 500_000
_MAX_POMS = 5000


class JavaFinder:
    """Looks through archives, and archives inside them, while they go by."""

    name: ClassVar[str] = "java"

    def notice(self, entry: Entry) -> AnyFind | None:
        """Nothing: another name of an archive adds no package."""
        return None

    def wants(self, entry: Entry) -> int:
        """All of an archive."""
        return STREAM if entry.path[-4:].lower() in _ARCHIVES else 0

    def look(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        """Never asked for: archives go by in pieces."""
        return ()

    def watch(self, entry: Entry) -> Watcher:
        """An archive of the file system."""
        return _Archive(entry)


class _Archive:
    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._problems: list[str] = []
        self._jar = _Jar(f"/{entry.path}", Budget(_UNPACKED, _MEMBERS), self._problems, 1)

    def feed(self, piece: bytes) -> None:
        self._jar.feed(piece)

    def end(self) -> Iterable[AnyFind]:
        self._jar.close()
        return recorded(self._entry, dict.fromkeys(self._jar.packages), self._problems)


class _Text:
    """A member that is read as text."""

    def __init__(self, limit: int = _MAX_TEXT) -> None:
        self.data = b""
        self._limit = limit

    def feed(self, piece: bytes) -> None:
        self.data += piece[: self._limit - len(self.data)]

    def close(self) -> None:
        pass


class _Pom(_Text):
    """A properties file: only the package that it names is kept, as an archive may have very many."""

    def __init__(self, path: str, found: list[Package]) -> None:
        super().__init__(_MAX_POM)
        self._path = path
        self._found = found

    def close(self) -> None:
        package = _from_pom(self._path, text_of(self.data))
        if package:
            self._found.append(package)
        self.data = b""


class _Jar:
    """One archive: a sink, as it may be a member itself. `packages` are complete once it is closed."""

    def __init__(self, path: str, budget: Budget, problems: list[str], depth: int) -> None:
        self.packages: list[Package] = []
        self._path = path
        self._budget = budget
        self._problems = problems
        self._depth = depth
        self._poms = 0
        self._own: list[Package] = []
        self._manifest: _Text | None = None
        self._inner: list[_Jar] = []
        self._zip = ZipStream(self._open, budget)
        self._closed = False

    def feed(self, piece: bytes) -> None:
        self._zip.feed(piece)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._zip.close()
        if self._zip.problem:
            self._problems.append(f"{self._path.rpartition('/')[2]!r} is an archive that is {self._zip.problem}")
        if not self._own and (guessed := self._from_manifest()):
            self._own = [guessed]
        self.packages += self._own
        for inner in self._inner:
            inner.close()
            self.packages += inner.packages[: MAX_PACKAGES + 1 - len(self.packages)]
            inner.packages = []
        self._own, self._inner, self._manifest = [], [], None

    def _open(self, name: str) -> _Text | _Jar | None:
        if _POM.search(name):
            self._poms += 1
            if self._poms <= _MAX_POMS:
                return _Pom(self._path, self._own)
            if self._poms == _MAX_POMS + 1:
                self._problems.append(f"{self._path.rpartition('/')[2]!r} names more than {_MAX_POMS} packages")
            return None
        if name == _MANIFEST:
            self._manifest = _Text()
            return self._manifest
        if name[-4:].lower() in _ARCHIVES:
            inside = word(name)
            if self._depth >= _DEPTH or not inside:
                self._problems.append(f"{self._path.rpartition('/')[2]!r} has archives too deep inside it")
                return None
            self._inner.append(_Jar(f"{self._path}!/{inside}", self._budget, self._problems, self._depth + 1))
            return self._inner[-1]
        return None

    def _from_manifest(self) -> Package | None:
        """By the usual attributes; a group only where one is told, as a name alone may mean several things."""
        said = _attributes(text_of(self._manifest.data)) if self._manifest else {}
        named = _NAMED.fullmatch(self._path.rpartition("/")[2])
        bundle = said.get("bundle-symbolicname", "").partition(";")[0].strip()
        version = named["version"] if named else ""
        for key in ("implementation-version", "bundle-version", "specification-version"):
            version = version or word(said.get(key))
        artifact = (named["name"] if named else "") or word(said.get("implementation-title")) or bundle
        if not version or not artifact or " " in version or not re.fullmatch(r"[\w.-]+", artifact):
            return None
        group = _group(said.get("implementation-vendor-id", ""), bundle, artifact)
        name = f"{group}:{artifact}" if group else artifact
        return Package("maven", name, version, self._path, licenses=licenses((said.get("bundle-license"),)))


def _group(vendor: str, bundle: str, artifact: str) -> str:
    """The vendor's id where it is one, else a bundle's name without the artifact at its end."""
    if "." in vendor and _GROUP.fullmatch(vendor):
        return vendor
    if bundle.endswith(f".{artifact}") and _GROUP.fullmatch(bundle):
        return bundle[: -len(artifact) - 1]
    return ""


def _from_pom(path: str, text: str) -> Package | None:
    """groupId, artifactId and version of a properties file."""
    said: dict[str, str] = {}
    for line in lines_of(text):
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", "!")):
            said[key.strip()] = word(value)
    group, artifact, version = (said.get(key, "") for key in ("groupId", "artifactId", "version"))
    if not group or not artifact or not version or "${" in version:
        return None
    return Package("maven", f"{group}:{artifact}", version, path)


def _attributes(text: str) -> dict[str, str]:
    """The main section of a manifest; a line that begins with a space goes on with the one before."""
    found: dict[str, str] = {}
    last = ""
    for line in lines_of(text):
        if not line:
            break
        if line[0] == " " and last:
            found[last] += line[1:]
        else:
            name, _, value = line.partition(": ")
            last = name.lower()
            found[last] = value.strip()
    return found
