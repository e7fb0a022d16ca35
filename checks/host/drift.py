"""The daemon's configuration file against the daemon that runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.model import Engine, Host
from inventory.secrets import mask_pair

_CLOCK = 2.0
"""Seconds: the kernel tells when a process was started to one second."""
# dockerd accepts these on its command line and in its file at once.
_BOTH_ALLOWED = frozenset({"runtimes", "features", "builder"})
# With containerd's image store the engine calls its overlay2 by the snapshotter's name.
_ONE_DRIVER = ("overlay2", "overlayfs")
_TEXTS: Mapping[str, Callable[[Engine], object]] = {
    "debug": lambda engine: engine.debug,
    "experimental": lambda engine: engine.experimental,
    "live-restore": lambda engine: engine.live_restore,
    "log-driver": lambda engine: engine.logging_driver,
    "storage-driver": lambda engine: engine.driver,
    "default-runtime": lambda engine: engine.default_runtime,
}
_LISTS: Mapping[str, Callable[[Engine], tuple[str, ...]]] = {
    "authorization-plugins": lambda engine: engine.authorization_plugins,
    "insecure-registries": lambda engine: (*engine.insecure_registries, *engine.insecure_registry_cidrs),
    "labels": lambda engine: tuple(f"{name}={value}" for name, value in engine.labels.items()),
    "registry-mirrors": lambda engine: engine.mirrors,
    "runtimes": lambda engine: tuple(engine.runtimes),
}


@check(
    "DMN-028",
    "Daemon configuration differs from the running daemon",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="What was changed is not in force, or the daemon will not start again.",
    remediation="`dockerd --validate --config-file FILE` says whether the file is right; take out what the command "
    "line says too; then `systemctl restart docker`, in a maintenance window unless live-restore is on.",
    references=("OWASP-Docker:D09", "Docker:dockerd --config-file", "CWE-16"),
)
def differs(engine: Engine, view: View) -> Verdict:
    """Judges daemon.json, the daemon's command line and start, and what the engine says of itself.

    F: the file is no JSON object; an option stands in it and on the command line, with which no daemon starts; a value
    is not the running one; or the file is newer than the daemon. M: it is newer and the daemon has read it since
    (SIGHUP), which puts some options into force only. P: neither. NA: there is no file; Podman. U: the engine is
    remote, or the file, its time or the daemon's start could not be read.
    """
    if engine.flavour == "podman":
        return not_applicable("Podman has no daemon to configure")
    host = view.host()
    path = host.daemon_config_path
    unread = host.peek("daemon_config")
    if isinstance(unread, Gap) and unread.reason is Reason.MALFORMED:
        return failed("the file is no JSON object: the daemon does not start with it", Evidence(path, unread.detail))
    options = host.daemon_config
    file = host.file(path)
    if file is None:
        return not_applicable("there is no configuration file")
    twice = [key for key in options if key not in _BOTH_ALLOWED and host.daemon_flag(key)]
    if twice:
        evidence = (Evidence(f"{path}: {key}", f"{_shown(key, options[key])}, and a flag") for key in twice)
        return failed(f"the daemon will not start again: {', '.join(twice)} given twice", *evidence)
    different = list(_different(options, engine, path))
    if different:
        return failed(f"{len(different)} option(s) of the file are not in force", *different)
    return _by_time(host, path, file.modified, view)


def _by_time(host: Host, path: str, modified: float, view: View) -> Verdict:
    if not modified:
        raise Unread(Gap(Reason.ABSENT, f"stat {path}", "when it was changed was not recorded"))
    times = (Evidence(f"{path}: changed", _moment(modified)), Evidence("daemon started", _moment(host.daemon_started)))
    if modified <= host.daemon_started + _CLOCK:
        return passed("", *times)
    reloads = (event.time for event in view.events() if (event.kind, event.action) == ("daemon", "reload"))
    read_at = max(reloads, default=0.0)
    if read_at + _CLOCK >= modified:
        seen = Evidence("daemon read it again", _moment(read_at))
        return manual("changed and read again; some options need a restart", *times, seen)
    return failed("changed since the daemon started", *times)


def _different(options: Mapping[str, object], engine: Engine, path: str) -> Iterator[Evidence]:
    for key, running in _TEXTS.items():
        if key in options and options[key] != running(engine) and (options[key], running(engine)) != _ONE_DRIVER:
            yield Evidence(f"{path}: {key}", f"{_shown(key, options[key])}, running {_shown(key, running(engine))}")
    for key, listed in _LISTS.items():
        wanted = _words(options.get(key))
        known = {_same(word) for word in listed(engine)} if wanted else set()
        missing = [word for word in wanted if _same(word) not in known]
        if missing:
            yield Evidence(f"{path}: {key}", f"{', '.join(_shown(key, word) for word in missing)} not running")
    root = options.get("data-root")
    if isinstance(root, str) and not f"{engine.root_dir}/".startswith(f"{root.rstrip('/')}/"):
        yield Evidence(f"{path}: data-root", f"{root}, running {engine.root_dir}")


def _words(value: object) -> list[str]:
    """A list, or the names of an object."""
    return [str(word) for word in value] if isinstance(value, list | dict) else []


def _same(word: str) -> str:
    """The engine adds a slash to a mirror and takes the scheme off an insecure registry."""
    return word.removeprefix("http://").removeprefix("https://").rstrip("/")


def _shown(key: str, value: Any) -> str:
    return mask_pair(key, value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False))


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
