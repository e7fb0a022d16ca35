"""`deckwatch sbom`: what an image holds, as a bill of materials in CycloneDX or SPDX."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tui.cli.lean import load_msgspec
from tui.cli.output import emit, narrate
from tui.cli.parser import one_of
from tui.cli.problem import Exit, Problem
from tui.cli.sources import add_sources, load_settings, source_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from inventory.contents.model import Contents
    from inventory.contents.sbom.described import Described
    from inventory.gap import Gap
    from inventory.image import Image
    from inventory.snapshot import Snapshot
    from inventory.store import Store
    from tui.collect import Target

    Look = Callable[[Image], object]

T = TypeVar("T")
_CYCLONEDX, _SPDX = "cyclonedx", "spdx"
_LAYOUT = ("oci-layout", "index.json", "manifest.json")
_SHOWN = 5


def add_arguments(parser: ArgumentParser) -> None:
    """The image, SOURCES and the format."""
    parser.add_argument(
        "image",
        metavar="IMAGE|FILE",
        help="name, digest or id of an image of the engine; or a file of 'docker save', an OCI archive or layout",
    )
    add_sources(parser, probe=False)
    parser.add_argument(
        "--format",
        type=one_of(_CYCLONEDX, _SPDX),
        default=_CYCLONEDX,
        metavar="F",
        help="cyclonedx (default, 1.6 JSON) or spdx (2.3 JSON)",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to standard output")


def run(args: Namespace) -> int:
    """Read the image and print; nothing is run or pulled."""
    load_msgspec()
    from inventory.contents.model import Contents
    from inventory.contents.sbom import as_cyclonedx, as_spdx
    from inventory.contents.sbom.described import Tool, gaps
    from tui.version import NAME, VERSION

    path = Path(args.image)
    if _is_image(path):
        found, described = _from_file(path)
    else:
        found, described = _from_engine(args)
    if not isinstance(found, Contents):
        raise Problem(f"{args.image}: {found}", Exit.NO_SOURCE)
    said = gaps(found)
    for problem in said[:_SHOWN]:
        narrate(f"incomplete: {problem}")
    if len(said) > _SHOWN:
        narrate(f"incomplete: and {len(said) - _SHOWN} more")
    render = as_cyclonedx.render if args.format == _CYCLONEDX else as_spdx.render
    emit((render(found, described, Tool(NAME, VERSION)),), args.output)
    return Exit.OK


def _is_image(path: Path) -> bool:
    """A file, or a directory that is a layout: any other directory may be called as an image is."""
    try:
        return path.is_file() or (path.is_dir() and any((path / name).is_file() for name in _LAYOUT))
    except (OSError, ValueError):
        return False


def _from_file(path: Path) -> tuple[Contents | Gap, Described]:
    from inventory.contents.packages import FINDERS
    from inventory.contents.sbom.described import Described
    from inventory.gap import Gap
    from inventory.sources.layers.layout import Layout
    from inventory.sources.layers.read import read

    found = read("", (Layout(path),), FINDERS)
    if isinstance(found, Gap):
        return found, Described(path.name)
    return found, Described(path.name, found.created, found.architecture, found.os)


def _from_engine(args: Namespace) -> tuple[Contents | Gap, Described]:
    from inventory.contents.sbom.described import Described
    from tui.collect import collect

    settings = load_settings(args)
    options = source_options(args)._replace(kubernetes=False, analysis=settings.analysis)
    if options.manifests:
        raise Problem("--manifests name images, but hold none; name the image's engine or file")
    looks: list[Look] = []

    def live(found: list[Target], store: Store) -> None:
        from tui.deep import attempt, examiner

        endpoints = {target.name: target.endpoint for target in found}
        work = examiner(options.analysis, settings.policy, store, endpoints.get)
        looks.append(lambda image: attempt(work, image, "contents"))

    snapshot = collect(options, narrate, live).snapshot()
    image = _find(args.image, snapshot)
    described = Described(
        name=_asked(args.image, image),
        created=_or(image.peek("created"), 0.0),
        architecture=_or(image.peek("architecture"), ""),
        os=_or(image.peek("os"), ""),
        repo_digests=_asked_first(args.image, _texts(image.peek("repo_digests"))),
    )
    return _contents(image, snapshot, looks), described


def _or(value: object, default: T) -> T:
    """The value, or what stands for one that could not be read."""
    return value if isinstance(value, type(default)) else default


def _texts(value: object) -> tuple[str, ...]:
    """Names that could be read."""
    return value if isinstance(value, tuple) else ()


def _contents(image: Image, snapshot: Snapshot, looks: list[Look]) -> Contents | Gap:
    """Of a recording what it has, else by looking now."""
    from inventory.gap import Gap, Reason
    from inventory.image_analysis import ImageAnalysis
    from inventory.resource import Kind

    known = snapshot.get(image.key._replace(kind=Kind.IMAGE_ANALYSIS))
    found: object = known.peek("contents") if isinstance(known, ImageAnalysis) else None
    if looks and (found is None or isinstance(found, Gap)):
        narrate(f"looking into {image.name}")
        found = looks[0](image)
    if found is None:
        return Gap(Reason.ABSENT, "contents of the image", "the recording was made without looking into it")
    return found  # type: ignore[return-value]  # the part's own type, or a gap


def _find(name: str, snapshot: Snapshot) -> Image:
    """The image of this name, digest or id; raises `Problem` if there is none, or more than one."""
    from inventory.image import Image
    from inventory.text import safe
    from tui.near import hint

    everything = list(snapshot.of(Image))
    found = [image for image in everything if _is_called(image, name)]
    if not found and len(name) >= 4:
        begin = name.removeprefix("sha256:")
        found = [image for image in everything if image.key.id.removeprefix("sha256:").startswith(begin)]
    if not found:
        names = [tag for image in everything for tag in _texts(image.peek("repo_tags"))]
        raise Problem(safe(f"no image is called {name!r}, nor is an image's file at that path{hint(name, names)}"))
    if len({image.key.id for image in found}) > 1:
        told = ", ".join(f"{image.name} ({image.key.source}, {image.key.id[:19]})" for image in found[:5])
        raise Problem(safe(f"{name!r} is not one image: {told}"))
    return found[0]


def _asked(name: str, image: Image) -> str:
    """The one of an image's names that was asked for; the first where that was an id."""
    from inventory.reference import parse

    wanted = parse(name if "@" in name or parse(name).tag else f"{name}:latest")
    if wanted.digest:  # the tag beside a digest says nothing
        names = [each for each in _texts(image.peek("repo_digests")) if parse(each).digest == wanted.digest]
    else:
        names = [each for each in _texts(image.peek("repo_tags")) if parse(each).tag == wanted.tag]
    place = wanted.registry, wanted.repository
    found = (each for each in names if (parse(each).registry, parse(each).repository) == place)
    return next(found, image.name)


def _asked_first(name: str, digests: tuple[str, ...]) -> tuple[str, ...]:
    """The digests in registries, those of the repository that was asked for first."""
    from inventory.reference import parse

    wanted = parse(name)
    place = wanted.registry, wanted.repository
    return tuple(sorted(digests, key=lambda each: (parse(each).registry, parse(each).repository) != place))


def _is_called(image: Image, name: str) -> bool:
    from inventory.reference import parse

    if name in (image.key.id, image.key.id.removeprefix("sha256:"), image.name):
        return True
    wanted = parse(name)
    if wanted.digest:
        return any(
            (each.registry, each.repository, each.digest) == (wanted.registry, wanted.repository, wanted.digest)
            for each in map(parse, _texts(image.peek("repo_digests")))
        )
    tag = wanted.tag or "latest"
    return any(
        (each.registry, each.repository, each.tag) == (wanted.registry, wanted.repository, tag)
        for each in map(parse, _texts(image.peek("repo_tags")))
    )
