"""What was found in images goes into a recording and comes out of it as it was, less what could tell a secret."""

from __future__ import annotations

from inventory.contents.model import SCHEMA, Contents, Layer, SecretFile
from inventory.gap import Gap, Reason
from inventory.image_analysis import PARTS, ImageAnalysis
from inventory.resource import Kind, ResourceKey
from inventory.signatures.model import Layout, Mark, Provenance, Signature
from inventory.sources.bundle.analyses import document, read
from inventory.sources.bundle.manifest import SourceEntry
from inventory.sources.bundle.recorder import Recording
from inventory.sources.bundle.replay import Replay
from inventory.vulnerabilities.model import Rating, Vulnerabilities, Vulnerability

ID = "sha256:" + "a" * 64
STEP = "RUN curl -H 'Authorization: Bearer ghp_0123456789abcdefghijABCDEFGHIJ012345' https://example.com"


def analysis() -> ImageAnalysis:
    secret = SecretFile("/root/.netrc", "sha256:1", 40, "netrc", "content", "pa***rd", "", "0123456789ab")
    return ImageAnalysis.build(
        key=ResourceKey(Kind.IMAGE_ANALYSIS, "docker", ID),
        name="app:1",
        observed_at=5.0,
        contents=Contents(ID, "overlay", SCHEMA, layers=(Layer("sha256:1", 5, created_by=STEP),), secrets=(secret,)),
        provenance=Provenance(ID, mark=Mark.FAILED, signatures=(Signature(Layout.NOTATION, "x", Mark.FAILED),)),
        vulnerabilities=Vulnerabilities(ID, (Vulnerability("CVE-1", "tar", "1", rating=Rating.HIGH),)),
    )


def test_what_goes_in_comes_out() -> None:
    found = read(document(analysis()), ID, "docker")
    assert found is not None
    assert (found.key, found.name, found.observed_at) == (analysis().key, "app:1", 5.0)
    assert all(found.peek(part) == analysis().peek(part) for part in PARTS)


def test_a_gap_stays_a_gap_with_its_reason() -> None:
    gap = Gap(Reason.DENIED, "contents of the image", "not root")
    found = read(document(ImageAnalysis.build(key=analysis().key, name="app:1", contents=gap)), ID, "docker")
    assert found is not None
    assert found.peek("contents") == gap
    assert isinstance(found.peek("provenance"), Gap)


def test_what_is_damaged_is_no_analysis() -> None:
    whole = document(analysis())
    for end in range(0, len(whole) - 1, 7):
        assert read(whole[:end], ID, "docker") is None
    half = whole.replace(b'"mark":"failed"', b'"mark":"nonsense"')
    found = read(half, ID, "docker")
    assert found is not None
    assert isinstance(found.peek("provenance"), Gap)
    assert isinstance(found.peek("vulnerabilities"), Vulnerabilities)


def test_a_recording_holds_it_without_what_tells_a_secret() -> None:
    recording = Recording()
    recording.note_analysis(analysis())
    sources = (SourceEntry("docker", "docker", "unix:///run/docker.sock"),)
    for include in (True, False):
        bundle = recording.bundle("deckwatch", "host", sources, include_secrets=include)
        (found,) = Replay(bundle.manifest, bundle.bodies).analyses("docker")
        told = b"".join(bundle.bodies.values())
        assert (b"ghp_0123456789abcdefghijABCDEFGHIJ012345" in told) is include
        assert (b"0123456789ab" in told) is include
        assert found.contents.layers[0].created_by.startswith("RUN curl")
        assert found.provenance == analysis().provenance
        assert list(Replay(bundle.manifest, bundle.bodies).analyses("podman")) == []
