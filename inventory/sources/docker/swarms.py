"""From the swarm's answers to `Service`, `Task`, `Node`, `Secret`, `Config` and `Swarm`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from inventory.gap import Gap, Reason
from inventory.resource import Kind, ResourceKey
from inventory.sources.decode import AnswerError, decode, plain
from inventory.sources.docker import wire_swarm as wire
from inventory.sources.docker.facts import finish, moment, seconds, texts
from inventory.swarm import Config, Node, Secret, Swarm, Task

_DATES = {"id": "ID", "created": "CreatedAt", "updated": "UpdatedAt"}
_TASK = _DATES | {
    "service_id": "ServiceID", "node_id": "NodeID", "slot": "Slot", "state": "Status.State",
    "desired_state": "DesiredState", "message": "Status.Message", "error": "Status.Err",
    "container_id": "Status.ContainerStatus.ContainerID", "exit_code": "Status.ContainerStatus.ExitCode",
    "image_ref": "Spec.ContainerSpec.Image",
}  # fmt: skip
_NODE = {
    "id": "ID", "created": "CreatedAt", "role": "Spec.Role", "availability": "Spec.Availability",
    "state": "Status.State", "address": "Status.Addr", "engine_version": "Description.Engine.EngineVersion",
    "os": "Description.Platform.OS", "leader": "ManagerStatus.Leader", "reachability": "ManagerStatus.Reachability",
    "trust_root": "Description.TLSInfo.TrustRoot",
}  # fmt: skip
_SECRET = _DATES | {"driver": "Spec.Driver"}
_CONFIG = _DATES | {"data": "Spec.Data"}
_SWARM = _DATES | {
    "autolock_managers": "Spec.EncryptionConfig.AutoLockManagers", "node_cert_expiry": "Spec.CAConfig.NodeCertExpiry",
    "root_rotation_in_progress": "RootRotationInProgress", "trust_root": "TLSInfo.TrustRoot",
    "data_path_port": "DataPathPort", "spec_labels": "Spec.Labels",
}  # fmt: skip
SECRET_KEYS = frozenset({"JoinTokens", "UnlockKey", "SigningCAKey"})
"""Members of the API's answers that give the swarm away; they are dropped before anything is kept."""


def scrub(raw: bytes) -> bytes:
    """The answer without join tokens, unlock key and CA signing key, at any depth. Raises `AnswerError`."""
    return json.dumps(_without_secrets(plain(raw)), ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def _without_secrets(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _without_secrets(value) for key, value in document.items() if key not in SECRET_KEYS}
    if isinstance(document, list):
        return [_without_secrets(value) for value in document]
    return document


def task(raw: bytes, source: str, at: float, names: Mapping[str, str] | None = None) -> Task:
    """A task. `names` (service id -> name) makes it `web.1`, as the command line calls it."""
    answer, malformed = decode(raw, wire.Task)
    status = answer.status or wire.TaskStatus()
    inside = status.container_status or wire.ContainerStatus()
    spec = answer.spec.container_spec if answer.spec else None
    service = (names or {}).get(answer.service_id or "", answer.service_id or "")
    place = answer.slot or answer.node_id or ""
    values = identity(Kind.TASK, answer.id, f"{service}.{place}" if service else answer.id or "", source, at, raw)
    values |= dates(answer)
    values |= {
        "labels": texts(answer.labels),
        "service_id": answer.service_id,
        "node_id": answer.node_id or "",
        "slot": answer.slot or 0,
        "state": status.state,
        "desired_state": answer.desired_state,
        "message": status.message or "",
        "error": status.err or "",
        "container_id": inside.container_id or "",
        "exit_code": inside.exit_code or 0,
        "image_ref": (spec.image if spec else None) or "",
    }
    return finish(Task, values, _TASK, malformed)


def node(raw: bytes, source: str, at: float) -> Node:
    """A node of the swarm."""
    answer, malformed = decode(raw, wire.Node)
    spec, status = answer.spec or wire.NodeSpec(), answer.status or wire.NodeStatus()
    about, manager = answer.description or wire.Description(), answer.manager_status or wire.ManagerStatus()
    values = identity(Kind.NODE, answer.id, about.hostname or answer.id or "", source, at, raw)
    values |= {
        "created": when(answer.created_at, "CreatedAt"),
        "labels": texts(spec.labels),
        "role": spec.role,
        "availability": spec.availability,
        "state": status.state,
        "address": status.addr or "",
        "engine_version": about.engine.engine_version if about.engine else None,
        "os": (about.platform.os if about.platform else None) or "",
        "leader": bool(manager.leader),
        "reachability": manager.reachability or "",
        "trust_root": about.tls_info.trust_root if about.tls_info else None,
    }
    return finish(Node, values, _NODE, malformed)


def secret(raw: bytes, source: str, at: float) -> Secret:
    """A secret's description; data, should an answer ever carry any, is dropped."""
    answer, malformed = decode(raw, wire.StoredObject)
    if answer.spec is not None and answer.spec.data is not None:
        document = plain(raw)
        del document["Spec"]["Data"]
        raw = json.dumps(document).encode()
    values = _stored(Kind.SECRET, answer, source, at, raw)
    driver = answer.spec.driver if answer.spec else None
    values["driver"] = (driver.name if driver else None) or ""
    return finish(Secret, values, _SECRET, malformed)


def config(raw: bytes, source: str, at: float) -> Config:
    """A config with its data decoded from base64; bytes that are no UTF-8 are replaced."""
    answer, malformed = decode(raw, wire.StoredObject)
    values = _stored(Kind.CONFIG, answer, source, at, raw)
    values["data"] = _unpack((answer.spec.data if answer.spec else None) or "")
    return finish(Config, values, _CONFIG, malformed)


def swarm(raw: bytes, source: str, at: float) -> Swarm:
    """The swarm; its tokens and keys are gone from `raw` too."""
    raw = scrub(raw)
    answer, malformed = decode(raw, wire.Swarm)
    spec = answer.spec or wire.SwarmSpec()
    authority, encryption = spec.ca_config or wire.CaConfig(), spec.encryption_config or wire.EncryptionConfig()
    values = identity(Kind.SWARM, answer.id, spec.name or answer.id or "", source, at, raw)
    expiry = authority.node_cert_expiry
    values |= dates(answer)
    values |= {
        "labels": texts(spec.labels),
        "autolock_managers": encryption.auto_lock_managers,
        "node_cert_expiry": None if expiry is None else seconds(expiry),
        "root_rotation_in_progress": answer.root_rotation_in_progress,
        "trust_root": answer.tls_info.trust_root if answer.tls_info else None,
        "data_path_port": answer.data_path_port or 4789,
        "spec_labels": texts(spec.labels),
    }
    return finish(Swarm, values, _SWARM, malformed)


def identity(kind: Kind, found: str | None, name: str, source: str, at: float, raw: bytes) -> dict[str, Any]:
    """What every swarm object has. Raises `AnswerError` without an id."""
    if not found:
        raise AnswerError(f"{kind.value} without ID")
    return {"key": ResourceKey(kind, source, found), "id": found, "name": name, "observed_at": at, "raw": raw}


def dates(answer: Any) -> dict[str, float | Gap | None]:
    """`CreatedAt` and `UpdatedAt`."""
    return {"created": when(answer.created_at, "CreatedAt"), "updated": when(answer.updated_at, "UpdatedAt")}


def when(text: str | None, path: str) -> float | Gap | None:
    """A time of the answer, with its path if it is none."""
    found = moment(text)
    return Gap(Reason.MALFORMED, path, found.detail) if isinstance(found, Gap) else found


def _stored(kind: Kind, answer: wire.StoredObject, source: str, at: float, raw: bytes) -> dict[str, Any]:
    name = (answer.spec.name if answer.spec else None) or answer.id or ""
    labels = texts(answer.spec.labels if answer.spec else None)
    return identity(kind, answer.id, name, source, at, raw) | dates(answer) | {"labels": labels}


def _unpack(data: str) -> str | Gap:
    try:
        return base64.b64decode(data, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return Gap(Reason.MALFORMED, "Spec.Data", "not base64")
