"""Every signature vector, served by a registry and found there: the verdict is the one that is written beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from inventory.signatures.judge import judge
from inventory.signatures.model import Layout, Subject
from inventory.sources.gpgv import find
from inventory.sources.registry.lookup import look_up
from tests.registry.conftest import MakeAccess
from tests.registry.fake import Registry, registry
from tests.registry.signing import Store
from tests.signatures.vectors import CASES, Case, case


def served(one: Case) -> Store:
    """The folder of a case as a repository; manifests are known by what they are, not by the name of their file."""
    store = Store()
    place = one.folder / "registry"
    raw = [path.read_bytes() for path in place.glob("manifest-*.json")]
    known = {f"sha256:{hashlib.sha256(each).hexdigest()}": each for each in raw}
    store.manifests.update(known)
    for reference, entry in json.loads((place / "index.json").read_bytes())["manifests"].items():
        if entry["digest"] in known:
            store.manifests[reference] = known[entry["digest"]]
    for path in (place / "blobs").glob("*") if (place / "blobs").is_dir() else ():
        store.blobs[path.name.replace("-", ":", 1)] = path.read_bytes()
    return store


@pytest.fixture(scope="module")
def running() -> object:
    with registry(referrers_api=False) as made:
        yield made


@pytest.mark.parametrize("name", CASES)
def test_vector(running: Registry, access: MakeAccess, tmp_path: Path, name: str) -> None:
    one = case(name)
    running.stores = {"vec/case": served(one)}
    host, _, path = one.subject.repository.partition("/")
    assert host
    running.stores = {path: served(one)}
    repository = f"{running.host}/{path}"
    rule = one.rule if one.rule.signed_as != "repository" else replace(one.rule, signed_as=one.subject.repository)
    lookaside = one.folder / "lookaside"
    seen = look_up(repository, one.subject.digests, access(), rule=rule, directories=(str(lookaside),))
    gpgv = find(tmp_path)
    if any(found.layout is Layout.GPG_SIMPLE for found in seen.materials) and gpgv is None:
        pytest.skip("gpgv is not installed")
    found = judge(Subject(repository, seen.digests), seen.materials, rule, one.policy, one.now, gpgv)
    assert len(seen.materials) == len(one.materials)
    assert (found.mark.value, found.reason) == (one.verdict, one.reason), found
