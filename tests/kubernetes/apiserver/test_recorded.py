"""Asked what the real server was asked, this one answers what the real one answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.kubernetes.catalogue import DATA
from tests.kubernetes.apiserver import ApiServer
from tests.kubernetes.apiserver.client import ask

LATER = ("creationTimestamp", "remainingItemCount", "managedFields", "uid", "extra", "resourceVersion", "continue")
"""What differs for good reasons: times, the version of a list, tokens (they name it), the reviews' own metadata."""
OTHERWISE = ("daemonsets.PartialObjectMetadataList", "expired")
"""The real one added an annotation between two requests; a history that the recording does not have."""
INDEX = [
    one for one in json.loads((DATA / "index.json").read_bytes())
    if one["scheme"] == "https" and "watch=1" not in one["path"] and not any(word in one["file"] for word in OTHERWISE)
]  # fmt: skip
_AGE = 4


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with ApiServer() as running:
        yield running


@pytest.mark.parametrize("one", INDEX, ids=[one["file"] for one in INDEX])
def test_status_and_body_are_those_of_the_real_server(server: ApiServer, one: dict[str, Any]) -> None:
    extra = {name: value for name, value in one["requestHeaders"].items() if name != "Accept"}
    accept = one["requestHeaders"].get("Accept", "*/*")
    status, headers, body = ask(
        server, one["path"], one["account"], accept=accept, method=one["method"], body=one["requestBody"], extra=extra
    )
    recorded = (DATA / one["file"]).read_bytes()
    assert status == one["status"], body[:300]
    kind = next((value for name, value in one["responseHeaders"] if name.lower() == "content-type"), "")
    if kind:
        assert (headers.get("Content-Type") or "").partition(";")[0] == kind.partition(";")[0]
    for name, value in one["responseHeaders"]:
        if name.lower() in ("retry-after", "warning"):
            assert headers.get(name) == value
    if "/log" in one["path"] and status == 200:
        assert body.count(b"\n") == recorded.count(b"\n")
    elif one["file"].endswith(".json"):
        assert _bare(json.loads(body), one) == _bare(json.loads(recorded), one)
    else:
        assert body == recorded


def test_objects_are_byte_by_byte_those_of_the_real_server(server: ApiServer) -> None:
    for kind in ("pods", "secrets", "nodes"):
        _, _, body = ask(server, f"/api/v1/{kind}")
        recorded = (DATA / f"GET_api_v1_{kind}.json").read_bytes()
        assert body.partition(b'"items"')[2].strip() == recorded.partition(b'"items"')[2].strip()


def _bare(value: Any, one: dict[str, Any]) -> Any:
    """Without what differs for good reasons."""
    if "Table" in one["requestHeaders"].get("Accept", ""):
        return [[cell.partition(" ")[0] for at, cell in enumerate(row["cells"]) if at != _AGE] for row in value["rows"]]
    if one["path"].endswith("rulesreviews"):
        return sorted(json.dumps(rule, sort_keys=True) for rule in value["status"]["resourceRules"])
    if isinstance(value, dict):
        top = {key: found for key, found in value.items() if key not in LATER}
        bare = {key: _bare(found, one) for key, found in top.items()}
        return {key: found for key, found in bare.items() if found not in ({}, None)}
    return [_bare(item, one) for item in value] if isinstance(value, list) else value
