"""From a repository and a digest to the image that runs, and to everything that was ever attached to either."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from inventory.signatures.model import Attestation, Material
from inventory.signatures.policy import Rule
from inventory.sources.registry.access import Access, Stopped
from inventory.sources.registry.faults import Cause, RegistryError
from inventory.sources.registry.gather import Gathered, built_in, gather
from inventory.sources.registry.layout import Layout, is_layout
from inventory.sources.registry.lookaside import look_beside, look_in
from inventory.sources.registry.names import INDEXES, Descriptor, descriptor, descriptors, document
from inventory.sources.registry.platforms import ANY, Platform, fits, the_only_one
from inventory.sources.registry.repository import Way

_CHILDREN = 32


class Lookup(msgspec.Struct, frozen=True):
    """`digests` may be signed, the most general first; `leads_here`: whether they lead to the image that was named.

    `parts` are statements within an index, with its digest. `causes` are of what is in `missed`. `insecure`: how the
    registry was asked, where not by verified TLS.
    """

    materials: tuple[Material, ...] = ()
    digests: tuple[str, ...] = ()
    platform_digest: str = ""
    config_digest: str = ""
    leads_here: bool | None = None
    claims: tuple[Attestation, ...] = ()
    parts: tuple[tuple[str, Attestation], ...] = ()
    looked: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    insecure: str = ""


class _Trail(msgspec.Struct):
    """Where one digest led."""

    digests: list[str]
    platform: str = ""
    config: str = ""
    index: str = ""
    leads: bool | None = None


def look_up(
    repository: str,
    digest: str | Sequence[str],
    access: Access,
    *,
    image_id: str = "",
    platform: Platform = ANY,
    rule: Rule | None = None,
    directories: Sequence[str] = (),
    layout: Layout | None = None,
    stopped: Stopped | None = None,
) -> Lookup:
    """Everything about an image in a repository. Never raises: what could not be looked at is in `missed`.

    Args:
        repository: with its registry, in full.
        digest: what the image was pulled by; Podman may know it by several.
        access: how registries may be asked.
        image_id: the image that the digest should lead to, "" where there is none.
        platform: the one to choose from an index where no image says it.
        rule: of the policy, for the places that it names.
        directories: the site's own directories of signatures.
        layout: ask this instead of the registry.
        stopped: whether nobody wants it any more.
    """
    until = time.monotonic() + access.limits.total
    digests = (digest,) if isinstance(digest, str) else tuple(digest)
    found = Gathered()
    trails: list[_Trail] = []
    insecure = ""
    try:
        way: Way = layout or access.client.repository(
            repository, until=until, plain_http=rule is not None and rule.plain_http, stopped=stopped
        )
    except RegistryError as error:
        found.fail(error)
    else:
        trails = _ask(way, digests, image_id, platform, access, found)
        insecure = getattr(way, "insecure", "")
    named = _named(trails) or digests
    path = repository.partition("/")[2]
    for directory in directories:
        place = Path(directory)
        if is_layout(place):
            kept = Layout(place, access.limits)
            for one in named:
                gather(kept, one, access.limits, found)
        near = look_in(place, path, named)
        _merge(found, near.materials, near.looked, near.missed)
    if repository:
        beside = look_beside(repository, named, access, rule, until)
        _merge(found, beside.materials, beside.looked, beside.missed)
    best = next((trail for trail in trails if trail.leads), trails[0] if trails else _Trail([]))
    return Lookup(
        tuple(found.materials), named, best.platform, best.config, _leads(trails),
        tuple(found.claims), tuple(found.parts), tuple(dict.fromkeys(found.looked)), tuple(dict.fromkeys(found.missed)),
        tuple(found.causes), insecure,
    )  # fmt: skip


def _merge(found: Gathered, materials: list[Material], looked: list[str], missed: list[str]) -> None:
    found.materials += materials
    found.looked += looked
    found.missed += missed
    found.causes += [Cause.UNREACHABLE] * len(missed)


def _ask(
    way: Way, digests: Sequence[str], image_id: str, platform: Platform, access: Access, found: Gathered
) -> list[_Trail]:
    trails: list[_Trail] = []
    answers = True
    for digest in digests:
        trail = _Trail([digest])
        trails.append(trail)
        if answers:
            answers = _trace(way, trail, image_id, platform, access, found)
        elif image_id == digest:
            trail.leads = True
    for one in _named(trails):
        answers = answers and gather(way, one, access.limits, found)
    return trails


def _named(trails: Sequence[_Trail]) -> tuple[str, ...]:
    """Indexes before manifests. What leads elsewhere is not signed for this image; nor what may, if another leads."""
    fit = [trail for trail in trails if trail.leads] or [trail for trail in trails if trail.leads is not False]
    first = [trail.index for trail in fit if trail.index]
    return tuple(dict.fromkeys((*first, *(digest for trail in fit for digest in trail.digests))))


def _leads(trails: Sequence[_Trail]) -> bool | None:
    said = [trail.leads for trail in trails]
    if any(said):
        return True
    return None if None in said or not said else False


def _trace(way: Way, trail: _Trail, image_id: str, platform: Platform, access: Access, found: Gathered) -> bool:
    """Follow a digest to the configuration of an image; False where the place does not answer any more."""
    digest = trail.digests[0]
    if image_id == digest:  # a store of manifests: the id is the digest
        trail.leads = True
    try:
        manifest = way.manifest(digest)
        content = document(manifest.content, "a manifest")
    except RegistryError as error:
        if error.cause is Cause.ABSENT:
            error = RegistryError(Cause.ABSENT, f"{error.message} any more")
        return not found.fail(error)
    found.looked.append(f"{way.name}@{digest[:19]}: there")
    if manifest.media_type not in INDEXES:
        trail.platform, trail.config = digest, _config(content)
        trail.leads = trail.leads or (trail.config == image_id if image_id else None)
        return True
    trail.index = digest
    children = [one for one in descriptors(content, "manifests") if not _is_attestation(one)]
    if image_id in {"", digest}:
        return _choose(way, trail, content, children, platform, access, found)
    fit = [one for one in children if fits(one.platform, platform)]
    others = [one for one in children if not fits(one.platform, platform)]
    whole = len(children) <= _CHILDREN
    for child in (*fit, *others)[:_CHILDREN]:
        try:
            config = _config(document(way.manifest(child.digest).content, "a manifest"))
        except RegistryError as error:
            whole = False
            if found.fail(error):
                return False
            continue
        if image_id in {config, child.digest}:
            trail.leads = True
            _take(way, trail, content, child.digest, config, access, found)
            return True
    if whole:
        trail.leads = False
    return True


def _choose(
    way: Way, trail: _Trail, index: dict[str, object], children: list[Descriptor], platform: Platform, access: Access,
    found: Gathered,
) -> bool:  # fmt: skip
    """Where no configuration says which manifest runs: the one of the platform, if that can be no other."""
    child = the_only_one(index, platform)
    if child is None:
        if any(fits(one.platform, platform) for one in children):
            said = "/".join(filter(None, platform)) or "any platform"
            words = f"{way.name}@{trail.index[:19]}: which of its manifests is the one for {said} is not certain"
            found.fail(RegistryError(Cause.MALFORMED, words))
        return True
    try:
        config = _config(document(way.manifest(child.digest).content, "a manifest"))
    except RegistryError as error:
        return not found.fail(error)
    _take(way, trail, index, child.digest, config, access, found)
    return True


def _take(
    way: Way, trail: _Trail, index: dict[str, object], child: str, config: str, access: Access, found: Gathered
) -> None:
    trail.platform, trail.config = child, config
    trail.digests.append(child)
    built_in(way, index, trail.index, child, access.limits, found)


def _config(manifest: dict[str, object]) -> str:
    found = descriptor(manifest.get("config"))
    return found.digest if found is not None else ""


def _is_attestation(one: Descriptor) -> bool:
    return "vnd.docker.reference.type" in one.annotations
