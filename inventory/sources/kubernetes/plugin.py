"""Credential plugins of a kubeconfig (`users[].user.exec`): run apart from the terminal, within a time limit.

Source: https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from inventory.secrets import mask_text
from inventory.sources.kubernetes.kubeconfig import KubeconfigError, content

LIMIT = 30.0
"""Seconds that a plugin may take: those of the cloud providers ask their servers first."""
_LARGEST = 1 << 20
_TICK = 0.1
_running: set[subprocess.Popen[bytes]] = set()
_TOLD = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")
_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


class Credential(msgspec.Struct, frozen=True):
    """What a plugin gave: a token, a client certificate with its key (PEM), or both."""

    token: str = ""
    certificate: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return "Credential()"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class _Status(msgspec.Struct, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""


class _Answer(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: _Status | None = None


_ANSWER = msgspec.json.Decoder(_Answer)


def run(entry: Mapping[str, Any], cluster: Mapping[str, Any], limit: float = LIMIT) -> Credential:
    """Run the plugin. Raises `KubeconfigError` with what it said when it fails."""
    command, version = entry.get("command"), entry.get("apiVersion")
    if not isinstance(command, str) or not command:
        raise KubeconfigError("the kubeconfig names a credential plugin without a command")
    name = os.path.basename(command)
    if version not in _VERSIONS:
        raise KubeconfigError(f"credential plugin {name}: apiVersion {str(version)[:80]!r} is not supported")
    if entry.get("interactiveMode") == "Always":
        raise KubeconfigError(f"credential plugin {name} insists on a terminal; run `kubectl get ns` once to log in")
    output, errors, status = _output([command, *_strings(entry.get("args"))], _environment(entry, cluster), name, limit)
    if status != 0:
        said = mask_text(errors.decode("utf-8", "replace").strip()[-600:])
        how = f"ended with {status}" if status > 0 else f"was killed by signal {-status}"
        raise KubeconfigError(f"credential plugin {name} {how}" + (f": {said}" if said else ""))
    return _credential(output, version, name)


def _output(argv: list[str], environ: dict[str, str], name: str, limit: float) -> tuple[bytes, bytes, int]:
    """What the program wrote. It has no terminal and no input: it must not ask where the screen is ours."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own configuration names the program
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise KubeconfigError(f"credential plugin {argv[0]} is not installed") from None
    except (OSError, ValueError) as error:
        raise KubeconfigError(f"credential plugin {name} cannot be run: {error}") from None
    _running.add(process)
    try:
        output, errors = _said(process, name, limit)
    except subprocess.TimeoutExpired:
        raise KubeconfigError(f"credential plugin {name} has not answered within {limit:.0f} s") from None
    finally:
        if process.poll() is None:
            _end(process)
            process.wait()
        _running.discard(process)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    return output, errors, process.returncode


def _said(process: subprocess.Popen[bytes], name: str, limit: float) -> tuple[bytes, bytes]:
    """Both outputs until the program has ended. A helper that it leaves behind is not waited for."""
    until = time.monotonic() + limit
    output, errors = bytearray(), bytearray()
    with selectors.DefaultSelector() as open_:
        for pipe, kept in ((process.stdout, output), (process.stderr, errors)):
            if pipe is not None:
                open_.register(pipe, selectors.EVENT_READ, kept)
        while open_.get_map():
            ended = process.poll() is not None
            ready = open_.select(_TICK)
            if ended and not ready:
                break
            for one, _ in ready:
                piece = os.read(one.fd, 1 << 16)
                if not piece:
                    open_.unregister(one.fileobj)
                one.data.extend(piece)
            if len(output) > _LARGEST:
                raise KubeconfigError(f"credential plugin {name} wrote more than {_LARGEST >> 20} MiB")
            del errors[:-_LARGEST]
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(name, limit)
    process.wait(max(0.0, until - time.monotonic()))
    return bytes(output), bytes(errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    """With its helpers, which hold the pipes too."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)


def end_all() -> None:
    """Nobody waits for credentials any more: this program ends. Returns at once."""
    for process in tuple(_running):
        if process.returncode is None:
            _end(process)


atexit.register(end_all)


def _environment(entry: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, str]:
    spec: dict[str, Any] = {"interactive": False}
    if entry.get("provideClusterInfo"):
        spec["cluster"] = _cluster(cluster)
    told = {"apiVersion": entry["apiVersion"], "kind": "ExecCredential", "spec": spec}
    environ = {**os.environ, "KUBERNETES_EXEC_INFO": json.dumps(told)}
    for one in entry.get("env") or ():
        if isinstance(one, Mapping) and isinstance(one.get("name"), str):
            environ[one["name"]] = str(one.get("value") or "")
    return environ


def _cluster(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The cluster as a plugin is told of it."""
    told = {name: entry[name] for name in _TOLD if name in entry}
    authority = entry.get("certificate-authority")
    if isinstance(authority, str) and "certificate-authority-data" not in told:
        with suppress(OSError):
            told["certificate-authority-data"] = base64.b64encode(content(authority)).decode()
    for one in entry.get("extensions") or ():
        if isinstance(one, Mapping) and one.get("name") == "client.authentication.k8s.io/exec":
            told["config"] = one.get("extension")
    return told


def _credential(output: bytes, version: str, name: str) -> Credential:
    try:
        answer = _ANSWER.decode(output)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # the output may be a token: not quoted
        raise KubeconfigError(f"credential plugin {name} wrote no ExecCredential") from None
    if answer.kind != "ExecCredential" or answer.api_version != version:
        raise KubeconfigError(f"credential plugin {name} answered as {answer.api_version[:80]!r}, not {version}")
    status = answer.status
    if status is None or not (status.token or (status.client_certificate_data and status.client_key_data)):
        raise KubeconfigError(f"credential plugin {name} gave neither a token nor a client certificate")
    return Credential(status.token, status.client_certificate_data, status.client_key_data)


def _strings(found: Any) -> list[str]:
    return [str(one) for one in found] if isinstance(found, list) else []
