"""YAML and JSON text: values as the API server sees them, the line of everything, and nothing that takes for ever."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.sources.manifests.documents import Document, documents
from inventory.sources.manifests.lines import Lines
from inventory.sources.manifests.note import Note
from tests.kubernetes.apiserver import ApiServer

SCALARS = {
    "on": True, "yes": True, "y": True, "TRUE": True, "n": False, "Off": False, "~": None, "Null": None, "''": "",
    "0o17": 15, "017": 15, "08": 8, "0o8": "0o8", "0x1F": 31, "0b11": 3, "1_000": 1000, "+5": 5, "-0": 0, "1e3": 1000,
    ".5": 0.5, ".5_0": 0.5, "1.0": 1, "1.5e3": 1500, "1e400": "1e400", "1:20:30": "1:20:30", "2024-01-01": "2024-01-01",
    "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00", "!!str 5": "5", "!!binary aGVsbG8=": "hello",
    '"on"': "on", "'1'": "1", "+": "+", "--": "--", "!foo bar": "bar"}  # fmt: skip
KEYS = {"1.50": "1.5", "1e3": "1000", "true": "true", "on": "true", "017": "15"}
HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nfoo:\n"


def text_of_all() -> str:
    scalars = "".join(f"  s{number}: {written}\n" for number, written in enumerate(SCALARS))
    return f"{HEAD}{scalars}bar:\n{''.join(f'  k{n}: {{{key}: 1}}{chr(10)}' for n, key in enumerate(KEYS))}"


def only(text: str | bytes, file: str = "x.yaml") -> Any:
    found = list(documents(text.encode() if isinstance(text, str) else text, file))
    assert len(found) == 1, found
    assert isinstance(found[0], Document), found
    return found[0].value


def broken(text: str | bytes, file: str = "x.yaml") -> Note:
    found = [one for one in documents(text.encode() if isinstance(text, str) else text, file) if isinstance(one, Note)]
    assert len(found) == 1, found
    return found[0]


def test_scalars() -> None:
    found = only(text_of_all())
    got = dict(zip(SCALARS, found["foo"].values(), strict=True))
    assert {key: (type(value), value) for key, value in got.items()} == {
        key: (type(value), value) for key, value in SCALARS.items()
    }
    assert isinstance(only("a: 12345678901234567890")["a"], float)
    assert [list(one) for one in found["bar"].values()] == [[name] for name in KEYS.values()]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_says_the_same(tmp_path: Path) -> None:
    with ApiServer() as server:
        config = server.kubeconfig(tmp_path / "config")
        words = [f"--kubeconfig={config}", f"--cache-dir={tmp_path}/cache", "create", "--dry-run=client"]
        done = subprocess.run(
            ["kubectl", *words, "--validate=false", "-o", "json", "-f", "-"],
            input=text_of_all(), capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
    theirs, ours = json.loads(done.stdout), only(text_of_all())
    assert theirs["foo"] == ours["foo"]
    assert theirs["bar"] == ours["bar"]


def test_anchors_merging_and_their_lines() -> None:
    text = "a: &x\n  b: 1\n  c: &y [1, 2]\nd:\n  <<: *x\n  b: 2\ne:\n  <<: [{f: 1}, *x]\n  b: 3\ng: *y\n"
    text += "h: {<<: {i: 1}, <<: {j: 2}}\n"
    (found,) = documents(text.encode(), "x")
    assert isinstance(found, Document)
    assert found.value["d"] == {"b": 2, "c": [1, 2]}
    assert found.value["e"] == {"b": 3, "f": 1, "c": [1, 2]}
    assert found.value["h"] == {"i": 1, "j": 2}
    lines = Lines(found.lines)
    assert (lines["d"], lines["d.b"], lines["d.c"], lines["d.c[1]"]) == (4, 6, 3, 3)
    assert (lines["e.f"], lines["g"], lines["g[0]"]) == (8, 10, 3)


def test_a_broken_document_costs_itself_alone() -> None:
    text = "a: 1\n---\nb: [\n--- # three\nc: 3\n---\nd: {e: 1, e: 2}\n---\n# nothing\n---\nf: 6\n...\n---\ng: \xff\n"
    found = list(documents(text.encode("latin-1"), "x.yaml"))
    assert [one.value for one in found if isinstance(one, Document)] == [{"a": 1}, {"c": 3}, {"f": 6}]
    assert [str(one) for one in found if isinstance(one, Note)] == [
        "x.yaml:3: is not YAML: did not find expected node content (while parsing a flow node)",
        "x.yaml:7: key 'e' already set in map at line 7",
        "x.yaml:14: is not UTF-8",
    ]


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_marks_line_ends_and_encodings(before: str, end: str, encoding: str) -> None:
    text = end.join(("%YAML 1.1", "---", "a: 1", "---", "b: ü", "c: |", "  x", ""))
    raw = ((before if encoding == "utf-8" else "") + text).encode(encoding)
    found = [one for one in documents(raw, "x") if isinstance(one, Document)]
    assert [one.value for one in found] == [{"a": 1}, {"b": "ü", "c": "x\n"}]
    assert Lines(found[1].lines)["c"] == 6


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
LONG = f"a: &a {'x' * 100_000}\nb: [{','.join(['*a'] * 2000)}]\n"
MERGED = (
    "a0: &a0 {"
    + ",".join(f"k{n}: 1" for n in range(1000))
    + "}\n"
    + "".join(f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}, z: {{<<: *a{n - 1}}}}}\n" for n in range(1, 40))
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "excessive aliasing"),
        (LONG, "excessive aliasing"),
        (MERGED, "excessive aliasing"),
        ("[" * 1_000_000, "deeper than 250"),
        ("a: " + "{a: " * 100_000, "deeper than 250"),
        ("- " * 100_000, "deeper than 250"),
        ('{"a":' * 100_000, "deeper than 250"),
        ("[" * 300 + "]" * 300, "deeper than 250"),
        ("a: &a\n  b: *a\n", "value contains itself"),
        ("a: *b", "unknown anchor 'b' referenced"),
        ("\ta: 1", "cannot start any token"),
        ("a: \0", "control characters are not allowed"),
        ("? [a]\n: 1", "a member's name is no text"),
        ("~: 1", "a member's name is empty"),
        ("a: .inf", "no number that an API takes"),
        ("a: !!int yes", "cannot decode 'yes' as !!int"),
        ("a: !!binary '?'", "invalid base64"),
        ("<<: 5", "map merge requires map or sequence of maps"),
        ("<<: [{a: 1}, 5]", "map merge requires map or sequence of maps"),
        ("a: b: c", "mapping values are not allowed"),
        ("{{ .Values.x }}: 1", "is a template that helm has to render"),
        ("a:\n{{- if .Values.x }}\n  b: 1\n{{- end }}\n", "is a template that helm has to render"),
    ],
)
def test_what_is_refused_and_how_soon(text: str, said: str) -> None:
    started = time.perf_counter()
    assert said in broken(text).message
    assert time.perf_counter() - started < 2.0


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ('{"a": 1,\n "a": 2}', "key 'a' already set in map at line 1", 2),
        ('{"a": 1}\n{"b":', "is not JSON", 2),
        ('{"a": NaN}', "no number that an API takes", 1),
        ('{"a": "\\ud800"}', "surrogate", 1),
        ('{"a": ' + "9" * 5000 + "}", "is not JSON", 1),
    ],
)  # fmt: skip
def test_json_that_is_refused(text: str, said: str, line: int) -> None:
    note = broken(text, "x.json")
    assert said in note.message
    assert note.line == line


def test_json_of_several_documents_and_yaml_that_begins_alike() -> None:
    text = '{"a": {"b": [1,\n 2.5, "\\u00fc"]}}\n\n{"c": null}\n'
    found = [one for one in documents(text.encode(), "x.json") if isinstance(one, Document)]
    assert [one.value for one in found] == [{"a": {"b": [1, 2.5, "ü"]}}, {"c": None}]
    assert dict(Lines(found[0].lines)) == {"a": 1, "a.b": 1, "a.b[0]": 1, "a.b[1]": 2, "a.b[2]": 2}
    assert Lines(found[1].lines)["c"] == 4
    assert only("{a: 1, b: [yes]}\n") == {"a": 1, "b": [True]}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=6), below, max_size=3),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(min_size=1, max_size=6), VALUES, min_size=1, max_size=4))
def test_json_as_it_was_written(value: dict[str, Any]) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=True)
    if "\\ud" in text:
        return
    (found,) = documents(text.encode(), "x.json")
    assert isinstance(found, Document)
    assert found.value == value


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200))
def test_any_bytes_are_documents_or_notes(raw: bytes) -> None:
    for one in documents(raw, "x"):
        assert isinstance(one, Document | Note)
        if isinstance(one, Document):
            Lines(one.lines)


def test_secrets_are_not_kept_with_the_lines() -> None:
    (found,) = documents(b"data:\n  password: aHVudGVyMg==\n", "x")
    assert isinstance(found, Document)
    lines = Lines(found.lines)
    assert lines["data.password"] == 2
    assert b"aHVudGVy" not in lines._packed
