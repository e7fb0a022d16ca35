"""Credential plugins that work, lie, hang, ask, and fail."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from inventory.sources.kubernetes.kubeconfig import KubeconfigError
from inventory.sources.kubernetes.plugin import end_all, run

V1 = "client.authentication.k8s.io/v1"
GIVEN = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "t-1"}}


def script(tmp_path: Path, body: str) -> dict[str, Any]:
    path = tmp_path / "plugin"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o700)
    return {"apiVersion": V1, "command": str(path)}


def test_a_token(tmp_path: Path) -> None:
    entry = script(tmp_path, f"echo '{json.dumps(GIVEN)}'")
    assert run(entry, {}).token == "t-1"


def test_a_certificate(tmp_path: Path) -> None:
    given = {**GIVEN, "status": {"clientCertificateData": "CERT", "clientKeyData": "KEY"}}
    found = run(script(tmp_path, f"echo '{json.dumps(given)}'"), {})
    assert (found.token, found.certificate, found.key) == ("", "CERT", "KEY")


def test_arguments_environment_and_what_it_is_told(tmp_path: Path) -> None:
    body = 'echo "$1 $EXTRA" > "$OUT"; printf %s "$KUBERNETES_EXEC_INFO" >> "$OUT"; echo \'' + json.dumps(GIVEN) + "'"
    out = tmp_path / "out"
    entry = script(tmp_path, body) | {
        "args": ["get-token"],
        "env": [{"name": "EXTRA", "value": "x"}, {"name": "OUT", "value": str(out)}],
        "provideClusterInfo": True,
    }
    cluster = {
        "server": "https://c", "certificate-authority-data": "Q0E=",
        "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "a"}}],
    }  # fmt: skip
    run(entry, cluster)
    first, _, rest = out.read_text(encoding="utf-8").partition("\n")
    assert first == "get-token x"
    spec = json.loads(rest)["spec"]
    assert spec["interactive"] is False
    assert spec["cluster"] == {"server": "https://c", "certificate-authority-data": "Q0E=", "config": {"audience": "a"}}


def test_it_has_neither_input_nor_terminal(tmp_path: Path) -> None:
    body = (
        'read answer && exit 3; (: < /dev/tty) 2>/dev/null && exit 4; echo "please log in at https://idp" >&2; exit 5'
    )
    with pytest.raises(KubeconfigError, match="ended with 5: please log in at https://idp"):
        run(script(tmp_path, body), {})


def test_one_that_hangs_is_ended_with_all_its_helpers(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    began = time.monotonic()
    with pytest.raises(KubeconfigError, match="not answered within 0 s"):
        run(script(tmp_path, f"sleep 60 & echo $! > {mark}; wait"), {}, limit=0.4)
    assert time.monotonic() - began < 5
    helper = int(mark.read_text(encoding="utf-8"))
    for _ in range(100):
        state = Path(f"/proc/{helper}/stat")
        if not state.exists() or state.read_text(encoding="utf-8").split()[2] == "Z":
            break
        time.sleep(0.02)
    else:
        os.kill(helper, 9)
        pytest.fail("the helper still runs")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("exit 1", "ended with 1$"),
        ("kill -9 $$", "killed by signal 9"),
        ("echo TOKEN-SECRET", "wrote no ExecCredential$"),
        ("echo '{}'", "answered as ''"),
        (f"echo '{json.dumps({**GIVEN, 'status': {}})}'", "neither a token nor a client certificate"),
        (f"echo '{json.dumps({**GIVEN, 'status': {'token': 5}})}'", "wrote no ExecCredential"),
        (f"echo '{json.dumps({**GIVEN, 'apiVersion': 'client.authentication.k8s.io/v1beta1'})}'", "answered as"),
    ],
)
def test_failures_are_sentences_without_secrets(tmp_path: Path, body: str, sentence: str) -> None:
    with pytest.raises(KubeconfigError, match=sentence) as caught:
        run(script(tmp_path, body), {})
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"apiVersion": V1, "command": "no-such-plugin-anywhere"}, "no-such-plugin-anywhere is not installed"),
        ({"apiVersion": V1}, "without a command"),
        ({"apiVersion": "client.authentication.k8s.io/v1alpha1", "command": "x"}, "v1alpha1.* is not supported"),
        ({"apiVersion": V1, "command": "x", "interactiveMode": "Always"}, "insists on a terminal"),
        ({"apiVersion": V1, "command": "/etc/passwd"}, "cannot be run"),
    ],
)
def test_entries_that_cannot_run(entry: dict[str, Any], sentence: str) -> None:
    with pytest.raises(KubeconfigError, match=sentence):
        run(entry, {})


def test_one_that_writes_without_end_is_ended_before_it_fills_the_memory(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(KubeconfigError, match="wrote more than 1 MiB"):
        run(script(tmp_path, "exec cat /dev/zero"), {}, limit=20)
    assert time.monotonic() - began < 5


def test_of_endless_complaints_the_last_are_kept(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=r"ended with 3: .*the end$"):
        run(script(tmp_path, "head -c 5000000 /dev/zero >&2; echo the end >&2; exit 3"), {}, limit=20)


def test_a_helper_that_stays_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    entry = script(tmp_path, f"echo '{json.dumps(GIVEN)}'; sleep 20 &")
    assert run(entry, {}, limit=15).token == "t-1"
    assert time.monotonic() - began < 5


def test_what_it_complains_of_holds_no_token(tmp_path: Path) -> None:
    body = "echo 'bad header Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsYWIifQ.c2lnbmF0dXJl' >&2; exit 1"
    with pytest.raises(KubeconfigError, match="bad header") as caught:
        run(script(tmp_path, body), {})
    assert "eyJ" not in str(caught.value)


def test_leaving_ends_what_still_runs(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    entry = script(tmp_path, f"echo $$ > {mark}; exec sleep 60")

    def start() -> None:
        with pytest.raises(KubeconfigError, match="killed by signal 9"):
            run(entry, {})

    waiting = threading.Thread(target=start)
    waiting.start()
    while not mark.exists() or not mark.read_text(encoding="utf-8").strip():
        time.sleep(0.01)
    end_all()
    waiting.join(5)
    assert not waiting.is_alive()


def test_a_certificate_authority_that_is_a_pipe_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ca")
    entry = script(tmp_path, f"echo '{json.dumps(GIVEN)}'") | {"provideClusterInfo": True}
    assert run(entry, {"certificate-authority": str(tmp_path / "ca")}).token == "t-1"
