"""Cases of images that Podman made or named itself."""

from __future__ import annotations

from checks.verdict import Outcome
from inventory.sources.docker import translate
from tests.checks.builders import NOW, SOURCE, captured, changed, podman_engine
from tests.checks.cases import Case

PODMAN = podman_engine()
_app = translate.image(captured("podman-api/image-inspect-app.json"), None, SOURCE, NOW)
_pause = changed(_app, name="localhost/podman-pause:4.3.1-0", repo_tags=("localhost/podman-pause:4.3.1-0",), user="")
_both = changed(_app, repo_tags=("localhost/app:1", "quay.io/team/app:1"))
_pulled = changed(_app, repo_digests=(f"quay.io/team/app@sha256:{'a' * 64}",))
_loaded = changed(_app, repo_tags=("localhost/app:1",), repo_digests=(f"localhost/app@sha256:{'a' * 64}",), labels={})

CASES = [
    Case("IMG-004", _loaded, Outcome.NOT_APPLICABLE, others=(PODMAN,), note="built here"),
    Case("IMG-004", _both, Outcome.MANUAL, others=(PODMAN,), note="built here and named for a registry"),
    Case("IMG-005", _loaded, Outcome.MANUAL, others=(PODMAN,), note="a digest of Podman's own"),
    Case("IMG-005", _pulled, Outcome.PASS, others=(PODMAN,), note="a registry's digest"),
    *(
        Case(check, _pause, Outcome.NOT_APPLICABLE, others=(PODMAN,), note="Podman builds it")
        for check in ("IMG-001", "IMG-003", "IMG-004", "IMG-005", "IMG-011", "IMG-022")
    ),
    Case(
        "IMG-001",
        changed(_pause, repo_tags=("localhost/podman-pause:1", "app:1")),
        Outcome.FAIL,
        others=(PODMAN,),
        note="another name of it is somebody's",
    ),
]
