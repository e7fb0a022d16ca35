"""Each vector gives its expected verdict and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.signatures.judge import judge
from inventory.signatures.model import Mark
from inventory.sources import gpgv
from tests.signatures.vectors import CASES, case


@pytest.mark.parametrize("name", CASES)
def test_a_vector_gives_its_verdict(name: str, tmp_path: Path) -> None:
    one = case(name)
    verifier = gpgv.find(tmp_path / "cache")
    if name.startswith("gs-") and one.materials and verifier is None:
        pytest.skip("gpgv is not installed")
    found = judge(one.subject, one.materials, one.rule, one.policy, one.now, verifier)
    assert (found.mark.value, found.reason) == (one.verdict, one.reason), found.detail
    assert found.detail
    for signature in found.signatures:
        assert signature.detail and signature.steps
        broken = [step for step in signature.steps if step.holds is False]
        assert bool(broken) == (signature.mark is Mark.FAILED), signature.steps
        if signature.mark is Mark.VERIFIED:
            assert found.by == found.signatures[-1].signer == signature.signer
            assert signature.algorithm and signature.key_id and signature.digest == one.subject.digests[0]


def test_all_vectors_are_there() -> None:
    assert len(CASES) == 63
