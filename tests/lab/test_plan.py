"""The inventory and the truth file agree with each other and with what they promise."""

from __future__ import annotations

import json
import re

import pytest

from lab import plan
from lab.truth import Facts, Subject, facts, subject, subjects

CHECK_ID = re.compile(r"(IMG|RUN|NET|DMN|HOST|ORC|MON|CMB)-\d{3}")
BUILT_IN_NETWORKS = {"bridge", "host", "none", "ingress", "docker_gwbridge"}


def _names(table: str) -> set[str]:
    listed = {
        "container": {spec.name for spec in plan.containers()},
        "network": {spec.name for spec in plan.networks()} | BUILT_IN_NETWORKS,
        "volume": {spec.name for spec in plan.volumes()},
        "service": {spec.name for spec in plan.services()},
        "task": {spec.name for spec in plan.services()},
        "config": set(plan.swarm_values("config")),
        "secret": set(plan.swarm_values("secret")),
        "host": {"host"},
    }
    labels = (dict(spec.config.get("Labels", {})) for spec in plan.images())
    listed["image"] = {spec.name for spec in plan.images()} | {label.get("deckwatch.lab.name", "") for label in labels}
    return listed[table]


@pytest.mark.parametrize("about", sorted(subjects(), key=str), ids=lambda about: f"{about.table}-{about.name}")
def test_every_subject_of_the_truth_file_is_in_the_inventory(about: Subject) -> None:
    assert about.name in _names(about.table)


@pytest.mark.parametrize("about", sorted(subjects(), key=str), ids=lambda about: f"{about.table}-{about.name}")
def test_facts_are_check_ids_and_stand_in_one_list_only(about: Subject) -> None:
    found = facts(about)
    lists = [found.fail, found.low, found.manual, found.may]
    assert all(CHECK_ID.fullmatch(check) for ids in lists for check in ids)
    assert sum(len(ids) for ids in lists) == len(frozenset().union(*lists))


def test_every_container_has_an_entry_in_the_truth_file() -> None:
    known = {about.name for about in subjects() if about.table == "container"}
    assert {spec.name for spec in plan.containers()} <= known


def test_the_mix_is_large_enough_and_has_hardened_ones() -> None:
    clean = [spec.name for spec in plan.containers() if facts(Subject("container", spec.name)).fail == frozenset()]
    assert len(plan.containers()) >= 34
    assert len([name for name in clean if name.startswith("hardened")]) >= 4


def test_names_are_unique() -> None:
    names = [spec.name for spec in plan.containers()]
    assert len(names) == len(set(names))


def test_every_image_of_a_container_is_made_by_the_lab() -> None:
    made = {spec.name for spec in plan.images()}
    assert {spec.body["Image"] for spec in plan.containers()} <= made


def test_merging_keeps_the_profile_and_replaces_decisions_as_a_whole() -> None:
    base = {"User": "1", "HostConfig": {"Memory": 1, "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}}
    over = {"HostConfig": {"Memory": 2, "RestartPolicy": {"Name": "no"}}}
    assert plan.merged(base, over) == {"User": "1", "HostConfig": {"Memory": 2, "RestartPolicy": {"Name": "no"}}}
    assert base["HostConfig"] == {"Memory": 1, "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}


def test_placeholders_are_filled_and_other_braces_left_alone() -> None:
    assert plan.filled({"a": ["{root}/x", "${HOME}{b}"], "n": 1}, {"root": "/r"}) == {
        "a": ["/r/x", "${HOME}{b}"],
        "n": 1,
    }


def test_a_label_of_four_kilobytes_is_among_the_hostile_ones() -> None:
    hostile = next(spec for spec in plan.containers() if spec.name == "hostile")
    labels = plan.filled(hostile.body, {})["Labels"]
    assert len(labels["long"]) >= 4096
    assert "\x1b" in json.loads(json.dumps(labels))["ansi"]


@pytest.mark.parametrize(
    ("kind", "name", "labels", "check", "expected"),
    [
        ("container", "hardened", {}, "RUN-001", Subject("container", "hardened")),
        ("component", "prometheus", {}, "MON-027", Subject("container", "prometheus")),
        ("container", "edge_web.1.x", {"com.docker.swarm.service.name": "edge_web"}, "", Subject("task", "edge_web")),
        ("network", "bridge", {}, "DMN-002", Subject("host", "host")),
        ("node", "vm", {}, "ORC-002", Subject("host", "host")),
        ("image", "sha256:1", {"deckwatch.lab.name": "dangling"}, "IMG-021", Subject("image", "dangling")),
    ],
)
def test_a_result_is_looked_up_where_the_truth_file_says(
    kind: str, name: str, labels: dict[str, str], check: str, expected: Subject
) -> None:
    assert subject(kind, name, labels, check) == expected


def test_facts_of_a_kind_are_added_to_those_of_the_object() -> None:
    assert "IMG-004" in facts(Subject("image", "lab/root:1.0")).manual
    assert facts(Subject("volume", "no-entry")) == Facts()
