"""An image's archive as it streams by: what `docker save` writes, and OCI layouts in a tar, in whatever order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from inventory.contents.guard import Problems, TooMuchError
from inventory.contents.layer import CutError, LayerFacts
from inventory.contents.paths import RefusedError, normalised
from inventory.gap import Gap, Reason
from inventory.sources.layers.manifest import MalformedError, Plan, digest_of, plan
from inventory.sources.layers.reading import Found, Reading
from inventory.sources.layers.stream import PIECE, Hashed, Source
from inventory.sources.layers.tar import BLOCK, TarBody, is_tar, raw_members

WHAT = "contents of the image"
_DOCUMENTS = 24 << 20
_MEMBERS = 20_000
PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"\x04\x22\x4d\x18")
_BLOBS = "blobs/sha256/"
WRONG = "a blob does not have the digest that it is named after"


class Archive:
    """What has gone by: layers looked through, documents kept, links noted."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._room = _DOCUMENTS
        self.documents: dict[str, bytes] = {}
        self.layers: dict[str, LayerFacts] = {}
        self.links: dict[str, str] = {}
        self.problems = Problems()
        self.cut = False

    def read(self, source: Source) -> None:
        """Go through the archive to its end or to where it breaks off. Raises `StoppedError`."""
        try:
            self._members(source)
        except (CutError, TooMuchError) as error:
            self.problems.note(f"the image's archive was not read to its end: {error}")
            self.cut = True

    def _members(self, source: Source) -> None:
        for count, raw in enumerate(raw_members(source)):
            if count > _MEMBERS:
                raise TooMuchError(f"more than {_MEMBERS} members")
            self._reading.guard.alive()
            try:
                name = normalised(raw.name)
            except RefusedError as error:
                self.problems.note(f"refused in the image's archive: {error}")
                continue
            if raw.kind in {"symlink", "hardlink"}:
                link = raw.link.decode("utf-8", "backslashreplace")
                self.links[name] = link if raw.kind == "symlink" else "/" + link
            elif raw.body is not None:
                self._file(name, raw.body)

    def _file(self, name: str, body: TarBody) -> None:
        named = "sha256:" + name[len(_BLOBS) :] if name.startswith(_BLOBS) else ""
        source = Source(body.some)
        begin = source.peek(BLOCK)
        if begin.startswith(PACKED) or is_tar(begin):
            facts, digest = digested(self._reading, source, self._layer)
            if named and digest != named:
                self.problems.note(WRONG, name)
                facts = facts.as_layer("")
            self.layers[name] = facts
        elif begin[:1] in b"{[" and begin and body.left + len(begin) <= self._reading.guard.limits.document:
            data = source.read(self._reading.guard.limits.document)
            if named and digest_of(data) != named:
                self.problems.note(WRONG, name)
            else:
                self._document(name, data)
        elif name.endswith("/layer.tar") or (named and begin):
            self.problems.note("a layer of the image is no archive", name)

    def _layer(self, source: Source) -> LayerFacts:
        if len(self.layers) >= self._reading.guard.limits.layers:
            raise TooMuchError(f"more than {self._reading.guard.limits.layers} layers")
        return self._reading.layer_of(source)

    def _document(self, name: str, data: bytes) -> None:
        self._room -= len(data)
        if self._room >= 0:
            self.documents[name] = data


def digested(reading: Reading, source: Source, layer: Callable[[Source], LayerFacts]) -> tuple[LayerFacts, str]:
    """What is in a layer, and the digest of the blob that it comes in: of one that is not packed, the layer's own."""
    if not source.peek(BLOCK).startswith(PACKED):
        facts = layer(source)
        return facts, facts.diff_id
    hashed = Hashed(lambda: source.some(PIECE))
    packed = Source(hashed)
    facts = layer(packed)
    while packed.some(PIECE):
        reading.guard.alive()
    return facts, hashed.digest


def conclude(archive: Archive, reading: Reading, how: str) -> Found | Gap:
    """The image that the archive holds, or why it cannot be told which one."""
    try:
        chosen = plan(archive.documents.get, archive.links, reading.image_id)
    except MalformedError as error:
        why = "; ".join((*archive.problems.said(), str(error)))
        return Gap(Reason.ERROR if archive.cut else Reason.MALFORMED, WHAT, why)
    return assembled(chosen, archive.layers, reading, archive.problems.said(), lasting=not archive.cut)


def assembled(
    chosen: Plan, layers: Mapping[str, LayerFacts], reading: Reading, problems: Sequence[str], *, lasting: bool
) -> Found:
    """The layers in order, each compared with the digest that the configuration has for it."""
    said = list(problems)
    if reading.image_id and reading.image_id not in chosen.digests:
        said.append("this is not the image that was asked for: its configuration has another digest")
        lasting = False
    found: list[LayerFacts] = []
    for number, (name, diff_id) in enumerate(zip(chosen.names, chosen.diff_ids, strict=True), 1):
        facts = layers.get(name)
        if facts is None:
            said.append(f"layer {number} is missing")
            lasting = False
            facts = LayerFacts(diff_id, reading.identity, whole=False)
        elif facts.diff_id != diff_id:
            wrong = f"layer {number} does not have the digest that the image's configuration names: it is not trusted"
            facts = facts.as_layer(diff_id, [wrong])
        lasting = lasting and facts.whole
        found.append(facts)
    return Found(
        chosen.digests[0] if not reading.image_id else reading.image_id,
        tuple(found),
        chosen.created_by,
        tuple(said),
        lasting,
        chosen.about,
    )
