"""Secrets in values of ConfigMaps: found setting by setting, masked, in a time that the length bounds."""

from __future__ import annotations

import json
import time

import pytest

from inventory.kubernetes.configuration import ConfigMap, SecretFinding
from inventory.sources.kubernetes.objects import translate
from inventory.sources.kubernetes.values import LARGEST, MOST, suspicious

SECRET = "hunter2-Hunter2"


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("DB_PASSWORD", SECRET, ["DB_PASSWORD"]),
        ("app.ini", f"[db]\nuser=root\npassword={SECRET}\n", ["app.ini: password"]),
        ("app.ini", f"[db]\nuser = root\npassword = {SECRET}\n", ["app.ini: password"]),
        ("app.yaml", f"db:\n  user: root\n  password: '{SECRET}'  # ours\n", ["app.yaml: password"]),
        ("list.yaml", f"- name: a\n- password: {SECRET}\n", ["list.yaml: password"]),
        (".env", f"A=1\nexport API_TOKEN='{SECRET}'\n", [".env: API_TOKEN"]),
        ("a.properties", f"x=1\nspring.datasource.password={SECRET}\n", ["a.properties: spring.datasource.password"]),
        ("a.json", json.dumps({"db": {"password": SECRET}}), ["a.json: password"]),
        ("a.json", json.dumps({"db": {"password": SECRET}}, indent=1), ["a.json: password"]),
        ("a.hcl", f'x = 1\ntoken := "{SECRET}"\n', ["a.hcl: token"]),
        ("url", f"postgres://root:{SECRET}@db/x", ["url"]),
        ("app.yaml", f"a: 1\nurl: postgres://root:{SECRET}@db/x\n", ["app.yaml: url"]),
        ("k.pem", "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n", ["k.pem"]),
        ("run.sh", f"#!/bin/sh\nserve --password {SECRET} --port 80\n", ["run.sh: password"]),
    ],
)
def test_each_setting_is_found_and_masked(key: str, value: str, named: list[str]) -> None:
    found = suspicious(key, value)
    assert [one.key for one in found] == named
    assert not any(SECRET in one.masked or "MHcCAQEE" in one.masked for one in found)


@pytest.mark.parametrize(
    "value",
    [
        "password: ${DB_PASSWORD}\nx: 1\n",
        "passwordFile: /run/secrets/db\nsecretName: db\n",
        "# password: hunter2-Hunter2\n; token = hunter2-Hunter2\nx = 1\n",
        "authentication:\n  enabled: true\ntoken_ttl: 24h\n",
        "password:\nother: 1\n",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "log_format: 'user=%{user} password=***'\n",
        "",
    ],
)
def test_names_alone_are_none(value: str) -> None:
    assert suspicious("settings", value) == []


@pytest.mark.parametrize(
    "value",
    [
        '"a":"' * 20_000, "password = " * 9_000, "a" * LARGEST, "a:" * 50_000, "=\t" * 50_000, "'" * LARGEST,
        "\n".join(["token: " + "x" * 20] * 3_000), "\n" * LARGEST, "export " * 14_000, "- " * 50_000,
        ("host=" + "a " * 50) * 900, "\\" * LARGEST, "eyJ" * 33_000, "-----BEGIN " * 9_000, "\x1b]0;" * 20_000,
    ],
    ids=lambda value: ascii(value[:6]),
)  # fmt: skip
def test_a_hostile_value_takes_no_time(value: str) -> None:
    began = time.perf_counter()
    found = suspicious("k", value[:LARGEST])
    assert time.perf_counter() - began < 2.0
    assert len(found) <= MOST


def translated(data: dict[str, str], binary: dict[str, str]) -> ConfigMap:
    document = {"metadata": {"name": "a", "namespace": "b"}, "data": data, "binaryData": binary}
    return translate(ConfigMap, json.dumps(document).encode(), "k", 0.0)


def test_what_is_too_large_or_no_text_is_said() -> None:
    found = translated({"big": "x" * (LARGEST + 1), "small": "x"}, {"bad": "%%%", "store": "/u3+7QAA", "ok": "eD0x"})
    assert set(found.skipped) == {"big", "bad", "store"}
    assert found.sizes["big"] == LARGEST + 1


def test_of_many_values_some_are_said_not_to_be_looked_through() -> None:
    found = translated({f"k{number}": "x" * 90_000 for number in range(10)}, {})
    assert len(found.skipped) == 6


def test_values_go_no_further() -> None:
    found = translated({"DB_PASSWORD": SECRET, "app.yaml": f"password: {SECRET}\na: 1\n"}, {})
    assert len(found.suspicious) == 2
    assert all(isinstance(one, SecretFinding) for one in found.suspicious)
    assert SECRET not in repr([found.peek(name) for name in found.field_names])
