"""What is stated about how an image was made: labels, statements of its build and of its parts, its base."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.check import Domain, check
from checks.data.tables import day
from checks.images.reference import parse, tagged
from checks.images.signatures import looked_at, same_signers
from checks.images.trust import pulled, rules
from checks.images.usage import SHOWN, uses
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.model import Image
from inventory.signatures.model import Attestation, Mark, Provenance

_LABEL = "org.opencontainers.image."
_SBOM = ("https://spdx.dev/", "https://cyclonedx.org/", "cosign.sigstore.dev/attestation/sbom", "https://syft.dev/")
_BUILD = ("https://slsa.dev/provenance", "https://slsa.dev/verification_summary", "https://in-toto.io/provenance")
_LAST = 253_402_300_800.0  # the year 10000: a stranger wrote the time
SORTS: Mapping[str, tuple[str, ...]] = {"sbom": _SBOM, "provenance": _BUILD}
"""What a rule requires, and how the types of statements begin that are of this sort."""


@check(
    "IMG-022",
    "No provenance labels",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Image,
    why="Nobody can tell which source the image was built from.",
    remediation="Build with `--label org.opencontainers.image.source=URL` and "
    "`--label org.opencontainers.image.revision=COMMIT`.",
    references=("NIST-800-190:4.1.5", "SLSA:build provenance", "CWE-1357"),
)
def no_provenance(image: Image, view: View) -> Verdict:
    """Judges the labels org.opencontainers.image.source and .revision.

    F: both are missing. M: one is missing. P: both are there, or a statement about the build that is signed by somebody
    trusted was found in the registry. U: the image could not be inspected. Source: the OCI image specification,
    pre-defined annotation keys.
    """
    present = {name: image.labels.get(_LABEL + name, "") for name in ("source", "revision")}
    evidence = tuple(Evidence(f"Config.Labels: {_LABEL}{name}", value or "none") for name, value in present.items())
    missing = [name for name, value in present.items() if not value]
    if not missing:
        return passed("", *evidence)
    known = looked_at(image, view)
    stated = [one for one in _of("provenance", known) if one.mark is Mark.VERIFIED]
    if stated:
        return passed(f"its build is stated by {stated[0].signer}", _shown(stated[0]))
    if len(missing) == 1:
        return manual(f"the label {_LABEL}{missing[0]} is missing", *evidence)
    return failed("says neither its source nor its revision", *evidence)


@check(
    "IMG-023",
    "No SBOM or build attestation",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Image,
    why="When the next hole is published, a list of its parts tells at once whether the image is affected.",
    remediation="Build with `docker buildx build --sbom=true --provenance=true`, or attach them: `cosign attest --type "
    "cyclonedx --predicate sbom.json REPOSITORY@DIGEST`. `deckwatch sbom IMAGE` writes one for an image that has none.",
    references=("NIST-800-190:4.1.5", "SLSA:build provenance", "EO-14028:4(e)(vii)", "CWE-1357"),
    implied_by=("IMG-048",),
)
def no_attestation(image: Image, view: View) -> Verdict:
    """Judges the statements (in-toto) that the registry, or a signature directory, has about the image's digest.

    F: a list of parts (SPDX, CycloneDX) and a statement about the build (SLSA) are both missing, and something uses the
    image. M: what there is does not verify: broken, about something else, or by nobody whom a rule trusts. P: there is
    one of them, also where nobody said whose signature counts. NA: nothing uses the image, or it was built or loaded
    here. U: nobody has looked, a place could not be asked, or users could not be listed.
    """
    if not pulled(image):
        return not_applicable("built or loaded here: no registry could have a statement about it")
    users = uses(image, view)
    if not users:
        return not_applicable("nothing uses the image")
    known = view.analysis(image.id).provenance
    found = [one for sort in SORTS for one in _of(sort, known)]
    usable = [one for one in found if one.mark is not Mark.FAILED]
    if usable:
        return passed("", *map(_shown, usable[:SHOWN]))
    if found and not known.missed:
        return manual(
            f"what is stated does not verify: {found[0].detail or 'it is not good'}", *map(_shown, found[:SHOWN])
        )
    if known.missed or not known.looked:
        return unknown("; ".join(known.missed[:SHOWN]) or known.detail or "no place was asked")
    return failed("nothing states what is in it or how it was built", *_looked(known))


@check(
    "IMG-048",
    "Required attestation missing",
    domain=Domain.IMAGES,
    severity=Severity.MEDIUM,
    subject=Image,
    why="The site demands a statement about the image from somebody it trusts, and has none.",
    remediation="Have whoever builds the image attach what the rule requires and sign it with a key of `signed_by`: "
    "`cosign attest --key KEY --type slsaprovenance --predicate FILE REPOSITORY@DIGEST` (`--type cyclonedx` for sbom).",
    references=("NIST-800-190:4.1.5", "SLSA:build provenance", "CWE-345"),
)
def attestation_missing(image: Image, view: View) -> Verdict:
    """Judges the statements about the image's digest by `require` of the most specific `[[trust.rule]]`.

    F: one that it requires (sbom, provenance) was not found, or is signed by nobody whom the rule trusts. P: all are
    there and verified; where the rule has no `signed_by`, there. NA: no rule requires one. U: nobody has looked, a
    place could not be asked, it cannot be verified here, it is verified as another of its names only, whose rule trusts
    others, or the image was built or loaded here.
    """
    wanted = [(rule, sort) for _, rule in rules(image, view.policy) for sort in SORTS if sort in rule.require]
    if not wanted:
        return not_applicable("no rule requires an attestation")
    if not pulled(image):
        return unknown("built or loaded here: no registry could have a statement about it")
    known = view.analysis(image.id).provenance
    faults, open_, good = [], [], []
    for rule, sort in wanted:
        found = _of(sort, known)
        best = next((one for one in found if one.mark is Mark.VERIFIED), found[0] if found else None)
        others = bool(rule.signed_by) and not same_signers(known, rule, view.policy)
        if best is not None and best.mark is Mark.VERIFIED and others:
            open_.append(f"{sort}: by {best.signer} about {known.repository}; not looked for by whom {rule} names")
        elif best is not None and (best.mark is Mark.VERIFIED or not rule.signed_by):
            good.append(_shown(best))
        elif best is not None and best.mark is not Mark.FAILED:
            open_.append(f"{sort}: {best.detail or 'could not be verified'}")
        elif best is None and (known.missed or not known.looked):
            open_.append(f"{sort}: {'; '.join(known.missed[:SHOWN]) or known.detail or 'no place was asked'}")
        else:
            faults.append((sort, rule, best))
    if faults:
        evidence = [Evidence("policy", f"{rule}: require {sort}") for sort, rule, _ in faults]
        evidence += [_shown(best) for _, _, best in faults if best is not None]
        words = [f"{sort} {'is not by anybody trusted' if best else 'is missing'}" for sort, _, best in faults]
        return failed(", ".join(words), *evidence, *_looked(known), salient=",".join(sort for sort, _, _ in faults))
    return unknown("; ".join(open_), *good) if open_ else passed("", *good)


def _of(sort: str, known: Provenance | None) -> list[Attestation]:
    return [one for one in known.attestations if one.predicate_type.startswith(SORTS[sort])] if known else []


def _shown(one: Attestation) -> Evidence:
    by = f" by {one.signer}" if one.signer else ""
    when = f", {day(one.at)}" if 0 < one.at < _LAST else ""
    return Evidence(one.predicate_type, f"{one.mark.value}{by}{when}: {one.place}")


def _looked(known: Provenance) -> Iterable[Evidence]:
    return [Evidence("looked", place) for place in known.looked[:SHOWN]] or [Evidence("digest", known.digest)]


@check(
    "IMG-040",
    "Base image has moved on",
    domain=Domain.IMAGES,
    severity=Severity.LOW,
    subject=Image,
    why="What was fixed in the base since is not in the image.",
    remediation="Build the image anew on what its base is now (`docker build --pull`) and re-create its containers.",
    references=("CIS-Docker-1.6:4.4", "NIST-800-190:4.2.2", "CWE-1104"),
)
def base_moved(image: Image, view: View) -> Verdict:
    """Compares the label org.opencontainers.image.base.digest with what base.name means on this engine.

    F: the engine has an image by that name with another digest, built after this image was. P: the digest is the same,
    or the image begins with exactly its layers. NA: a label is missing. U: the engine has no image by that name with a
    digest, or it is older, or another copy; no registry is asked. Source: the OCI image specification, annotations.
    """
    name, digest = (image.labels.get(f"{_LABEL}base.{part}", "") for part in ("name", "digest"))
    reference = parse(name)
    if not name or not digest or reference is None:
        return not_applicable("its labels do not say which base it was built on")
    said = Evidence(f"Config.Labels: {_LABEL}base.digest", f"{name}@{digest}")
    base = view.index_of(Image, _by_tag, tagged(reference))
    if base is None:
        return unknown(f"this engine has no image {tagged(reference)} to compare with", said)
    digests = {each.partition("@")[2] for each in base.repo_digests}
    if digest in digests or (base.layers and image.layers[: len(base.layers)] == base.layers):
        return passed("", said)
    if not digests or base.created <= image.created or image.created <= 0:
        return unknown(f"{tagged(reference)} on this engine may be older than the base", said)
    now = Evidence(f"{tagged(reference)}: RepoDigests", ", ".join(sorted(digests)[:SHOWN]), base.key)
    built = Evidence(f"{tagged(reference)}: Created", str(day(base.created)), base.key)
    return failed(f"{tagged(reference)} was built anew since", said, now, built)


def _by_tag(images: tuple[Image, ...]) -> Mapping[str, Image]:
    found = {}
    for image in images:
        for tag in image.repo_tags:
            reference = parse(tag)
            if reference:
                found[tagged(reference)] = image
    return found
