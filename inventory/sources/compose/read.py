"""A Compose file to containers and networks: written as the engine would answer, and read as its answers are."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from inventory.compose import ComposeService
from inventory.gap import Gap, Reason
from inventory.kubernetes.resource import Manifest
from inventory.network import Member, Network, Subnet
from inventory.resource import ENGINE_KINDS, Kind, Resource, ResourceKey
from inventory.sources.compose import parts
from inventory.sources.compose.interpolate import interpolated, unresolved
from inventory.sources.compose.settings import OF_THE_IMAGE, SETTINGS, Setting, at
from inventory.sources.decode import AnswerError
from inventory.sources.docker.containers import container
from inventory.sources.manifests.builder import Skeleton, line_of
from inventory.sources.manifests.lines import Lines
from inventory.sources.manifests.note import Note

SOURCE = "compose"
Values = dict[str, Any]
RUNNING = "only a running container shows it"
IMAGE = "the image decides"
_EXTENDS_DEPTH = 8
_FIRST_NAMES = ("version", "name", "services", "networks", "volumes", "secrets", "configs", "include", "x-")
_ALWAYS = frozenset({"key", "id", "name", "names", "labels", "project", "state", "status", "service_id", "task_id",
                     "pod", "infra", "raw", "observed_at", "gaps", "manifest", "words", "upper_dir", "lower_dirs",
                     "exec_ids", "log_path"})  # fmt: skip


class Composed(msgspec.Struct, frozen=True):
    """What a Compose file asks for, and what has to be said of it."""

    resources: tuple[Resource, ...]
    notes: tuple[Note, ...]


def is_compose(value: Any) -> bool:
    """Whether a document is one: services by their names, and nothing that Kubernetes would want."""
    if not isinstance(value, dict) or "apiVersion" in value or "kind" in value:
        return False
    services = value.get("services")
    return isinstance(services, dict) and all(str(name).startswith(_FIRST_NAMES) for name in value)


def compose(value: Values, lines: Skeleton, file: str, path: Path, at_: float) -> Composed:
    """The services and networks of a file."""
    reader = _File(interpolated(value), lines, file, path, at_)
    services = list(reader.services())
    resources = (*services, *reader.networks(services))
    return Composed(resources, tuple(reader.notes))


def untold() -> dict[Kind, Gap]:
    """What such a file cannot tell at all."""
    told = (Kind.CONTAINER, Kind.NETWORK)
    return {
        kind: Gap(Reason.UNSUPPORTED, kind.plural, "a Compose file does not tell")
        for kind in ENGINE_KINDS
        if kind not in told
    }


class _File:
    """One file; `notes` grow while it is read."""

    def __init__(self, value: Values, lines: Skeleton, file: str, path: Path, at_: float) -> None:
        self.notes: list[Note] = []
        self._value = value
        self._lines = lines
        self._file = file
        self._at = at_
        self._folder = Path.cwd() if str(path) == "-" else Path(os.path.abspath(path)).parent
        self._project = parts.text(value.get("name")) if isinstance(value.get("name"), str) else ""
        self._project = self._project or re.sub(r"[^a-z0-9_-]", "", self._folder.name.lower()) or "compose"
        if value.get("include"):
            self._note(line_of(lines.get("include", lines[""])), "include: the files are not read", broken=True)

    def services(self) -> Iterator[ComposeService]:
        """Each service that can be read."""
        for name, written in self._value["services"].items():
            lines = self._lines["services"][name]
            if not isinstance(written, dict):
                self._note(line_of(lines), f"service {name} is no object", broken=True)
                continue
            service, elsewhere = self._extended(name, written, lines)
            if profiles := service.get("profiles"):
                said = ", ".join(map(str, profiles)) if isinstance(profiles, list) else str(profiles)
                self._note(
                    line_of(lines),
                    f"service {name} is started with profile {said} only; judged all the same",
                    judged=True,
                )
            try:
                yield self._service(
                    name, service, lines if isinstance(lines, dict) else {"": line_of(lines)}, elsewhere
                )
            except (AnswerError, msgspec.MsgspecError, ValueError, TypeError, AttributeError, KeyError) as error:
                self._note(line_of(lines), f"service {name}: {error}", broken=True)

    def networks(self, services: list[ComposeService]) -> Iterator[Network]:
        """Those that the file makes or names, with the services on them."""
        found = self._value.get("networks")
        declared = dict(found) if isinstance(found, dict) else {}
        used = {one.network for service in services if (all_ := service.peek("networks")) and isinstance(all_, tuple)
                for one in all_}  # fmt: skip
        if f"{self._project}_default" in used:
            declared.setdefault("default", None)
        for name, written in declared.items():
            told = written if isinstance(written, dict) else {}
            yield self._network(self._network_name(name), told, services)

    # -- one service ---------------------------------------------------------------------------------------------

    def _extended(self, name: str, service: Values, lines: Skeleton, depth: int = 0) -> tuple[Values, str]:
        """The service with what it extends in this file; and what it extends elsewhere, "" if nothing."""
        extends = service.get("extends")
        if extends is None:
            return service, ""
        told = extends if isinstance(extends, dict) else {"service": extends}
        named = told.get("service")
        other = self._value["services"].get(named) if isinstance(named, str) else None
        if told.get("file") or not isinstance(other, dict) or depth >= _EXTENDS_DEPTH:
            named = named if isinstance(named, str) else "something"
            said = f"service {name} extends {named} of {told.get('file') or 'no file'}, which is not read"
            self._note(line_of(lines), said, broken=True)
            return service, "extends"
        base, elsewhere = self._extended(name, other, lines, depth + 1)
        base = {key: value for key, value in base.items() if key not in ("depends_on", "extends")}
        return _merged(base, service), elsewhere

    def _service(self, name: str, service: Values, lines: Skeleton, elsewhere: str) -> ComposeService:
        gaps: dict[str, Gap] = {}
        document: Values = {"Config": {}, "HostConfig": {}, "NetworkSettings": {"Ports": {}, "Networks": {}}}
        for setting in SETTINGS:
            made = self._made(setting, service, elsewhere)
            if isinstance(made, Gap):
                gaps[setting.field] = made
            else:
                _put(document, setting.path, made)
        if service.get("env_file") is not None:
            gaps["env"] = Gap(Reason.UNSUPPORTED, "Config.Env", "env_file is not read")
        own = parts.text(service.get("container_name")) if isinstance(service.get("container_name"), str) else ""
        labels = self._tried("labels", ("labels",), lambda: _given(service.get("labels")), service)
        labels = {} if isinstance(labels, Gap) else labels
        labels |= {"com.docker.compose.project": self._project, "com.docker.compose.service": name}
        for field, keys, make in (
            ("image_ref", ("image", "build"), lambda: self._image(service)),
            ("ports", ("ports",), lambda: parts.ports(service.get("ports"))),
            ("networks", ("networks", "network_mode"), lambda: self._attachments(service)),
            ("network_mode", ("network_mode", "networks"), lambda: self._mode(service)),
            ("mounts", ("volumes",), lambda: self._mounts(service)),
            ("exposed_ports", ("expose",), lambda: _exposed(service)),
        ):
            made = self._tried(_PATHS[field], keys, make, service) if not _absent(keys, service, elsewhere) else (
                Gap(Reason.UNSUPPORTED, _PATHS[field], "the service extends another, which is not read")
            )  # fmt: skip
            if isinstance(made, Gap):
                gaps[field] = made
            else:
                _put(document, _PUT.get(field, _PATHS[field]), made)
        document["Config"]["Labels"] = labels
        document["State"] = {"Status": "running", "Running": True}
        document |= {"Id": f"{self._project}/{name}", "Name": f"/{own or name}"}
        _bind(document)
        return self._built(name, document, gaps, lines)

    def _built(self, name: str, document: Values, gaps: Mapping[str, Gap], lines: Skeleton) -> ComposeService:
        found = container(msgspec.json.encode(document), SOURCE, self._at)
        values: Values = {field: found.peek(field) for field in found.field_names if field != "gaps"}
        for field, value in values.items():
            if field in _UNTOLD or (isinstance(value, Gap) and value.reason is Reason.ABSENT):
                path = value.path if isinstance(value, Gap) else _UNTOLD[field]
                why = IMAGE if field in OF_THE_IMAGE else RUNNING
                values[field] = Gap(Reason.UNSUPPORTED, path, why)
        values |= gaps
        places, words = _places(name, lines)
        manifest = Manifest(self._file, line_of(lines), Lines(places))
        return ComposeService.build(**values, manifest=manifest, words=words)

    def _made(self, setting: Setting, service: Values, elsewhere: str) -> Any:
        if setting.keys and _absent(setting.keys, service, elsewhere):
            return Gap(Reason.UNSUPPORTED, setting.path, "the service extends another, which is not read")
        made = self._tried(setting.path, setting.keys, lambda: setting.make(service), service)
        if made is None and setting.field not in ("masked_paths", "readonly_paths"):
            return Gap(Reason.UNSUPPORTED, setting.path, IMAGE if setting.field in OF_THE_IMAGE else RUNNING)
        return made

    def _tried(self, path: str, keys: tuple[str, ...], make: Callable[[], Any], service: Values) -> Any:
        """What the file says, or the gap where it needs a variable or makes no sense."""
        for key in keys:
            missing = unresolved(at(service, key)) if path != "Config.Env" else None
            if missing is not None:
                said = f"{key} needs {', '.join(missing.names)}, which the file does not set"
                return Gap(Reason.UNSUPPORTED, path, said)
        try:
            return make()
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
            return Gap(Reason.MALFORMED, path, f"{'/'.join(keys)}: {error}"[:200])

    def _image(self, service: Values) -> Any:
        if service.get("image") is None or service.get("build") is not None:
            return Gap(Reason.UNSUPPORTED, "Config.Image", "Compose builds it")
        return parts.text(service["image"])

    def _attachments(self, service: Values) -> Values:
        if service.get("network_mode") is not None:
            return {}
        written = service.get("networks")
        names = list(written) if isinstance(written, dict | list) and written else ["default"]
        return {
            self._network_name(parts.text(name)): {"NetworkID": self._network_name(parts.text(name))} for name in names
        }

    def _mode(self, service: Values) -> str:
        said = service.get("network_mode")
        if said is None:
            return next(iter(self._attachments(service)))
        mode = parts.text(said)
        return f"container:{mode.removeprefix('service:')}" if mode.startswith("service:") else mode

    def _mounts(self, service: Values) -> list[Values]:
        volumes = self._value.get("volumes")
        named = volumes if isinstance(volumes, dict) else {}
        found = [parts.mount(entry, self._project, named) for entry in service.get("volumes") or []]
        for one in found:
            if one["Type"] == "bind" and one["Source"].startswith("."):
                one["Source"] = os.path.normpath(self._folder / one["Source"])
        return found

    # -- networks ------------------------------------------------------------------------------------------------

    def _network_name(self, name: str) -> str:
        declared = self._value.get("networks")
        told = declared.get(name) if isinstance(declared, dict) else None
        own = told if isinstance(told, dict) else {}
        if isinstance(own.get("name"), str):
            return str(own["name"])
        return name if own.get("external") else f"{self._project}_{name}"

    def _network(self, name: str, told: Values, services: list[ComposeService]) -> Network:
        values: Values = {"key": ResourceKey(Kind.NETWORK, SOURCE, name), "id": name, "name": name}
        values |= {"observed_at": self._at, "scope": "local", "ingress": False}
        on_it = [one for one in services if isinstance(one.peek("networks"), tuple)]
        values["members"] = tuple(
            Member(one.id, one.name) for one in on_it if any(each.network == name for each in one.networks)
        )
        values["created"] = Gap(Reason.UNSUPPORTED, "Created", RUNNING)
        external = bool(told.get("external"))
        for field, path, make in (
            ("driver", "Driver", lambda: parts.text(told.get("driver")) or "bridge"),
            ("internal", "Internal", lambda: parts.flag(told.get("internal", False))),
            ("attachable", "Attachable", lambda: parts.flag(told.get("attachable", False))),
            ("enable_ipv6", "EnableIPv6", lambda: parts.flag(told.get("enable_ipv6", False))),
            ("options", "Options", lambda: _given(told.get("driver_opts"))),
            ("subnets", "IPAM.Config", lambda: _subnets(told)),
        ):  # fmt: skip
            values[field] = self._tried(path, (), make, {})
            if external:
                values[field] = Gap(Reason.UNSUPPORTED, path, "the network is external to the file")
            elif missing := unresolved(told):
                values[field] = Gap(Reason.UNSUPPORTED, path, f"needs {', '.join(missing.names)}")
        return Network.build(**values)

    def _note(self, line: int, message: str, *, broken: bool = False, judged: bool = False) -> None:
        self.notes.append(Note(self._file, line, message, broken=broken, kinds=frozenset(), judged=judged))


_PATHS = {
    "image_ref": "Config.Image", "ports": "NetworkSettings.Ports", "networks": "NetworkSettings.Networks",
    "network_mode": "HostConfig.NetworkMode", "mounts": "Mounts", "exposed_ports": "Config.ExposedPorts",
}  # fmt: skip
_PUT = {"ports": "HostConfig.PortBindings"}
_UNTOLD = {
    "upper_dir": "GraphDriver.Data", "lower_dirs": "GraphDriver.Data", "exec_ids": "ExecIDs", "log_path": "LogPath",
    "health": "State.Health", "error": "State.Error", "image_id": "Image",
}  # fmt: skip


def _absent(keys: tuple[str, ...], service: Values, elsewhere: str) -> bool:
    return bool(elsewhere) and all(at(service, key) is None for key in keys)


def _merged(base: Values, over: Values) -> Values:
    """As Compose extends: objects are merged, lists joined, anything else replaced."""
    found = dict(base)
    for key, value in over.items():
        before = found.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            found[key] = _merged(before, value)
        elif isinstance(before, list) and isinstance(value, list) and key not in ("command", "entrypoint"):
            found[key] = [*before, *value]
        else:
            found[key] = value
    return found


def _put(document: Values, path: str, value: Any) -> None:
    *above, last = path.split(".")
    place = document
    for name in above:
        place = place.setdefault(name, {})
    place[last] = value


def _bind(document: Values) -> None:
    """A running container tells its ports in NetworkSettings; on another network than its own it has none."""
    bindings = document["HostConfig"].get("PortBindings")
    mode = document["HostConfig"].get("NetworkMode")
    if isinstance(bindings, dict) and isinstance(mode, str) and not mode.startswith(("host", "container:", "none")):
        document["NetworkSettings"]["Ports"] = bindings


def _given(value: Any) -> dict[str, str]:
    return {name: one or "" for name, one in parts.pairs(value or {}).items()}


def _exposed(service: Values) -> Any:
    if service.get("expose") is None:
        return Gap(Reason.UNSUPPORTED, "Config.ExposedPorts", IMAGE)
    return {one if "/" in one else f"{one}/tcp": {} for one in parts.words(service["expose"])}


def _subnets(told: Values) -> tuple[Subnet, ...]:
    listed = at(told, "ipam.config") or []
    return tuple(Subnet(parts.text(one.get("subnet")), parts.text(one.get("gateway"))) for one in listed)


def _places(name: str, lines: Skeleton) -> tuple[Skeleton, dict[str, str]]:
    """The line of everything by the engine's paths, and what the file calls it."""
    found: dict[str, Any] = {"": line_of(lines)}
    words: dict[str, str] = {}
    own = (("", _PATHS[field], (key,)) for field, key in _KEYS.items())
    for _, path, keys in (*((one.field, one.path, one.keys) for one in SETTINGS), *own):
        for key in keys:
            where = _line(lines, key)
            if where is not None and path not in words:
                _put(found, path, where)
                words[path] = f"services.{name}.{key}"
    return _rooted(found, line_of(lines)), words


_KEYS = {"image_ref": "image", "ports": "ports", "networks": "networks", "network_mode": "network_mode",
         "mounts": "volumes", "exposed_ports": "expose"}  # fmt: skip


def _line(lines: Skeleton, path: str) -> Skeleton | None:
    found = lines
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def _rooted(found: Skeleton, line: int) -> Skeleton:
    """Objects that only group paths have the line of the service."""
    if isinstance(found, dict):
        found.setdefault("", line)
        for name in ("Config", "HostConfig", "NetworkSettings"):
            if name in found:
                found[name] = {"": line, **found[name]}
    return found
