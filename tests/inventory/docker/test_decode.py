"""Answers that are not what the API documents: one wrong type costs one field, never the object, never a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.sources.decode import AnswerError, items, member
from inventory.sources.docker import translate
from tests.hostile import HOSTILE
from tests.inventory.docker.captured import AT, docker, edited, gap, raw

HEALTHY = "docker-api/inspect-healthy.json"
Path = tuple[str | int, ...]


def paths(document: Any, before: Path = ()) -> list[Path]:
    """Every place in a JSON document."""
    children = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    found = [before] if before else []
    for key, value in children:
        found += paths(value, (*before, key))
    return found


PLACES = paths(json.loads(raw(HEALTHY)))
WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 10**30, 1.5, "text", "", [], [1], [None], {}, {"a": 1}, {"a": None}, [[[]]]]
)


def put(document: Any, place: Path, value: Any) -> None:
    for key in place[:-1]:
        document = document[key]
    document[place[-1]] = value


def test_one_wrong_type_costs_one_field() -> None:
    container = translate.container(
        edited(HEALTHY, lambda document: document["HostConfig"].update(Memory="lots")), "docker", AT
    )
    assert set(container.gaps) == {"memory"}
    found = gap(container, "memory")
    assert (found.reason, found.path) == (Reason.MALFORMED, "HostConfig.Memory")
    assert "a string" in str(found)
    assert container.cap_drop == docker("healthy").cap_drop


def test_a_wrong_type_inside_a_list_costs_the_list() -> None:
    def spoil(document: dict[str, Any]) -> None:
        document["Mounts"][0]["RW"] = "yes"
        document["HostConfig"]["PortBindings"] = []

    container = translate.container(edited(HEALTHY, spoil), "docker", AT)
    assert set(container.gaps) == {"mounts", "ports"}
    assert "$[0].RW" in str(gap(container, "mounts"))


def test_labels_keep_what_is_right_of_them() -> None:
    def spoil(document: dict[str, Any]) -> None:
        document["Config"]["Labels"]["number"] = 5

    container = translate.container(edited(HEALTHY, spoil), "docker", AT)
    assert container.labels["maintainer"] == "ops@lab.example"
    assert gap(container, "labels").path == "Config.Labels"
    assert gap(container, "project").reason is Reason.MALFORMED


def test_a_wrong_type_of_a_part_costs_the_part() -> None:
    container = translate.container(edited(HEALTHY, lambda document: document.update(HostConfig=[])), "docker", AT)
    assert gap(container, "privileged").reason is Reason.MALFORMED
    assert gap(container, "masked_paths").reason is Reason.MALFORMED
    assert container.env == docker("healthy").env


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=WRONG)
def test_whatever_stands_anywhere_the_rest_is_read(place: Path, value: Any) -> None:
    body = edited(HEALTHY, lambda document: put(document, place, value))
    container = translate.container(body, "docker", AT, known_id="known")
    whole = docker("healthy")
    if place[:2] != ("HostConfig", "CapAdd") and place != ("HostConfig",):
        assert container.cap_add == whole.cap_add
    if place[0] != "Config":
        assert container.env == whole.env
        assert container.labels == whole.labels
    for field, found in container.gaps.items():
        assert isinstance(found, Gap)
        assert found.reason in {Reason.MALFORMED, Reason.ABSENT}, field


@settings(max_examples=100, deadline=None)
@given(end=st.integers(0, len(raw(HEALTHY).rstrip()) - 1))
def test_a_truncated_answer_is_a_clear_error(end: int) -> None:
    with pytest.raises(AnswerError) as caught:
        translate.container(raw(HEALTHY)[:end], "docker", AT, known_id="known")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b" ", b"null", b"[]", b'"text"', b"5", b"{", b"\xff\xfe", b"[" * 100_000, b"<html>"]
)
def test_what_is_no_object_is_a_clear_error(body: bytes) -> None:
    makers = (translate.container, translate.container_from_list, translate.network, translate.volume, translate.swarm)
    for make in (*makers, translate.service, translate.task, translate.node, translate.secret, translate.config):
        with pytest.raises(AnswerError):
            make(body, "docker", AT)


def test_invalid_utf8_and_lone_surrogates_are_read() -> None:
    body = raw(HEALTHY).replace(b"ops@lab.example", b"ops@\xff\xfelab", 1)
    assert "ops@��lab" in translate.container(body, "docker", AT).labels["maintainer"]
    body = raw(HEALTHY).replace(b"ops@lab.example", b"\\ud800", 1)
    assert translate.container(body, "docker", AT).labels["maintainer"] == "\ud800"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_strings_are_kept_exactly(text: str) -> None:
    def plant(document: dict[str, Any]) -> None:
        document["Name"] = f"/{text}"
        document["Config"]["Labels"] = {text: text}
        document["Config"]["Env"] = [f"A={text}"]

    container = translate.container(edited(HEALTHY, plant), "docker", AT)
    assert container.labels == {text: text}
    assert container.env == (f"A={text}",)
    assert isinstance(container, Container)


def test_lists_of_answers() -> None:
    assert items(b"null") == []
    assert items(b'[{"a": 1}, 2]') == [b'{"a": 1}', b"2"]
    assert member(b'{"Volumes": [1]}', "Volumes") == b"[1]"
    for body in (b"{}", b"[1", b"", b"5"):
        with pytest.raises(AnswerError):
            items(body)
