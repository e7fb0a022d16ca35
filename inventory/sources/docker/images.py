"""From the list, the inspect and the history of images to `Image`."""

from __future__ import annotations

from typing import Any

import msgspec

from inventory.gap import Gap, Reason
from inventory.image import HistoryEntry, Image
from inventory.resource import Kind, ResourceKey
from inventory.sources.decode import AnswerError, decode, items
from inventory.sources.docker import wire
from inventory.sources.docker.containers import healthcheck
from inventory.sources.docker.facts import PENDING, finish, moment, or_none, texts, words

_CONFIG = {
    "user": "Config.User", "env": "Config.Env", "entrypoint": "Config.Entrypoint", "command": "Config.Cmd",
    "working_dir": "Config.WorkingDir", "exposed_ports": "Config.ExposedPorts", "volumes": "Config.Volumes",
    "on_build": "Config.OnBuild",
}  # fmt: skip
_PATHS = _CONFIG | {
    "id": "Id", "repo_tags": "RepoTags", "repo_digests": "RepoDigests", "created": "Created", "size": "Size",
    "comment": "Comment", "architecture": "Architecture", "os": "Os", "layers": "RootFS.Layers",
    "metadata": "Metadata", "history": "GET /images/{name}/history",
}  # fmt: skip
_HEALTHCHECK = {"healthcheck": "Config.Healthcheck"}
_HISTORY_PENDING = Gap(Reason.PENDING, _PATHS["history"])
_NONE = "<none>"


def image(raw: bytes, history_raw: bytes | Gap | None, source: str, at: float, known_id: str = "") -> Image:
    """An image from its inspect and history answers; a gap (or None: not read yet) stands for a missing history.

    Raises `AnswerError` when the inspect is no object or has no id.
    """
    answer, malformed = decode(raw, wire.Image)
    key = answer.id or known_id
    if not key:
        raise AnswerError("image without Id")
    values = _top(answer) | _config(answer.config)
    values |= _identity(source, key, at, raw, values["repo_tags"], values["repo_digests"])
    values["labels"] = texts(or_none(answer.config.labels) if answer.config else None)
    values["history"] = history(history_raw)
    if answer.config is None:
        values["healthcheck"] = Gap(Reason.ABSENT, "Config.Healthcheck")
    return finish(Image, values, _PATHS, malformed, optional=_HEALTHCHECK)


def image_from_list(raw: bytes, source: str, at: float, unread: Gap = PENDING) -> Image:
    """An image as the list tells it; the rest is a gap for the reason of `unread`."""
    answer, malformed = decode(raw, wire.ListedImage)
    if not answer.id:
        raise AnswerError("image without Id")
    values: dict[str, Any] = {
        "repo_tags": _named(answer.repo_tags),
        "repo_digests": _named(answer.repo_digests),
        "created": float(max(answer.created or 0, 0)),
        "size": answer.size,
        "labels": texts(answer.labels),
    }
    values |= _identity(source, answer.id, at, raw, values["repo_tags"], values["repo_digests"])
    return finish(Image, values, _PATHS | _HEALTHCHECK, malformed, unread)


def image_unread(key: str, source: str, at: float, unread: Gap) -> Image:
    """An image of which only the id is known, because a container uses it: everything else is a gap."""
    values = _identity(source, key, at, b"", (), ())
    return finish(Image, values, _PATHS | _HEALTHCHECK, {}, unread)


def history(raw: bytes | Gap | None) -> tuple[HistoryEntry, ...] | Gap:
    """The build steps, newest first, or why they are missing."""
    if raw is None:
        return _HISTORY_PENDING
    if isinstance(raw, Gap):
        return raw
    try:
        return tuple(_entry(item) for item in _history_items(raw))
    except AnswerError as error:
        return error.gap(_PATHS["history"])


def _history_items(raw: bytes) -> list[wire.HistoryEntry]:
    try:
        return _HISTORY.decode(raw) or []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [decode(item, wire.HistoryEntry)[0] for item in items(raw)]


def _entry(found: wire.HistoryEntry) -> HistoryEntry:
    return HistoryEntry(
        float(max(found.created or 0, 0)),
        found.created_by or "",
        found.size or 0,
        found.comment or "",
        tuple(found.tags or ()),
    )


def _identity(
    source: str, key: str, at: float, raw: bytes, tags: tuple[str, ...], digests: tuple[str, ...]
) -> dict[str, Any]:
    """The name its user knows it by: the first tag, else the first digest reference, else the short id."""
    name = (*tags, *digests, key.removeprefix("sha256:")[:12])[0]
    return {"key": ResourceKey(Kind.IMAGE, source, key), "id": key, "name": name, "observed_at": at, "raw": raw}


def _named(references: list[str] | None) -> tuple[str, ...]:
    """References without the `<none>:<none>` that stood for "no tag" before API 1.43."""
    return tuple(reference for reference in references or () if _NONE not in reference)


def _top(answer: wire.Image) -> dict[str, Any]:
    created = moment(answer.created, 0.0)
    return {
        "repo_tags": _named(answer.repo_tags),
        "repo_digests": _named(answer.repo_digests),
        "created": Gap(Reason.MALFORMED, "Created", created.detail) if isinstance(created, Gap) else created,
        "size": answer.size,
        "comment": answer.comment or "",
        "architecture": answer.architecture or "",
        "os": answer.os or "",
        "layers": words(answer.root_fs.layers) if answer.root_fs else None,
        "metadata": texts(answer.metadata),
    }


def _config(config: wire.Config | None) -> dict[str, Any]:
    """API 1.50 and later leave out of `Config` what is empty."""
    if config is None:
        return {}
    return {
        "user": config.user or "",
        "env": words(or_none(config.env)),
        "entrypoint": words(or_none(config.entrypoint)),
        "command": words(or_none(config.cmd)),
        "working_dir": config.working_dir or "",
        "exposed_ports": tuple(config.exposed_ports or ()),
        "volumes": tuple(config.volumes or ()),
        "on_build": words(config.on_build),
        "healthcheck": healthcheck(config.healthcheck),
    }


_HISTORY = msgspec.json.Decoder(list[wire.HistoryEntry] | None)
