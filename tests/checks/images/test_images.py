"""The image checks: single cases, and what their evidence may show."""

from __future__ import annotations

import pytest

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.images.scan import scan
from checks.images.steps import steps
from checks.verdict import Outcome
from inventory.store import Changes
from inventory.vulnerabilities.model import Rating, Said, Vulnerability
from tests.checks.builders import NOW, changed, docker
from tests.checks.cases import Case, judge, results, snapshot
from tests.checks.facts import built, made_from, with_steps
from tests.checks.images.cases import QUIET
from tests.checks.images.cases_vulnerabilities import BUSYBOX, DAY, USED, told

IMAGES = tuple(check for check in catalogue() if check.id.startswith("IMG-"))


@pytest.mark.parametrize("name", ["lab_app_2.0.1", "lab_rootapp_latest", "busybox_1.35", "mc_debtools_1"])
def test_no_secret_is_shown(name: str) -> None:
    found = results(IMAGES, Case("IMG-012", built(name), Outcome.FAIL, others=(QUIET,)))
    shown = " ".join(f"{result.message} {result.evidence}" for result in found.values())
    assert "hunter2-lab" not in shown
    assert "tok-lab-" not in shown


@pytest.mark.parametrize(
    ("created_by", "instruction", "text", "arguments"),
    [
        ("/bin/sh -c #(nop)  ENV A=b", "ENV", "A=b", ""),
        ("/bin/sh -c apk add x", "RUN", "apk add x", ""),
        ("|1 T=x /bin/sh -c make all", "RUN", "make all", "T=x"),
        ("RUN |2 T=x U=y z /bin/sh -c make all # buildkit", "RUN", "make all", "T=x U=y z"),
        ("RUN /bin/bash -o pipefail -c curl x | sh # buildkit", "RUN", "curl x | sh", ""),
        ("COPY file:x in / ", "COPY", "file:x in /", ""),
    ],
)
def test_build_steps(created_by: str, instruction: str, text: str, arguments: str) -> None:
    (step,) = steps(with_steps(created_by))
    assert (step.instruction, step.text, step.arguments) == (instruction, text, arguments)


def test_an_image_is_judged_again_when_its_last_container_goes() -> None:
    image = changed(built(), repo_tags=(), repo_digests=())
    container = made_from(image, docker("plain"))
    engine = Engine(IMAGES)
    before = engine.evaluate(snapshot((QUIET, image, container))).of(image.key)
    after = engine.update(snapshot((QUIET, image)), Changes(frozenset({container.key}), frozenset())).of(image.key)
    assert before is not None
    assert after is not None
    assert "IMG-021" in {result.check.id for result in before.passed}
    assert "IMG-021" in {result.check.id for result in after.results}


@pytest.mark.parametrize("before", [0, 1, 3000, 4090, 9000])
def test_a_secret_far_into_a_text_is_found(before: int) -> None:
    text = "x " * (before // 2) + "https://ci:s3cr3tpw9@git.example/x"
    assert scan("", text) is not None
    assert scan("", text[: before // 2 * 2]) is None


def test_what_is_bad_is_counted_out_of_what_is_known() -> None:
    known = told(_vulnerability("A", Rating.HIGH), _vulnerability("B", Rating.CRITICAL), *map(_vulnerability, "CD"))
    message = judge(Case("IMG-009", BUSYBOX, Outcome.FAIL, others=(known,))).message
    assert message == "2 of 4 known vulnerabilities are critical or high with a fix"
    one = told(_vulnerability("A", Rating.HIGH))
    message = judge(Case("IMG-009", BUSYBOX, Outcome.FAIL, others=(one,))).message
    assert message == "1 of 1 known vulnerability is critical or high with a fix"


def _vulnerability(name: str, rating: Rating = Rating.LOW) -> Vulnerability:
    return Vulnerability(name, "openssl", "1", fixed="2", rating=rating)


def test_data_of_several_dates_are_called_by_the_oldest() -> None:
    old = told(said=(Said("osv", data_at=NOW - 327 * DAY, at=NOW),))
    message = judge(Case("IMG-010", BUSYBOX, Outcome.FAIL, others=(*USED, old))).message
    assert message == "data of the newest look are up to 327 days old, more than 7"
