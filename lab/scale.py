"""Many plain containers for measurements: sleeping, without network, created and removed side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from lab import plan
from lab.client import EngineClient, EngineError

LABEL = "deckwatch.lab.scale"
WORKERS = 6


def scaled(client: EngineClient) -> list[str]:
    """Ids of the containers that `scale` made."""
    found = client.get("/containers/json", all=1, filters=f'{{"label":["{LABEL}"]}}'.replace(" ", ""))
    return [entry["Id"] for entry in found]


def scale(client: EngineClient, count: int) -> None:
    """Make `count` such containers exist: create what is missing, remove what is too many (0 removes all)."""
    existing = scaled(client)
    with ThreadPoolExecutor(WORKERS) as pool:
        if count < len(existing):
            jobs = [pool.submit(_remove, client, identity) for identity in existing[count:]]
        else:
            used = {entry["Names"][0].lstrip("/") for entry in client.get("/containers/json", all=1) if entry["Names"]}
            free = (name for name in (f"scale-{n:05}" for n in range(100_000)) if name not in used)
            jobs = [pool.submit(_create, client, next(free)) for _ in range(count - len(existing))]
        for job in jobs:
            job.result()


def _create(client: EngineClient, name: str) -> None:
    body = {
        "Image": plan.DEFAULT_IMAGE,
        "User": "10001:10001",
        "Cmd": ["sleep", "86400000"],
        "Labels": {LABEL: "1"},
        "StopTimeout": 1,
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {"NetworkMode": "none", "Memory": 8388608, "PidsLimit": 8},
    }
    client.create_container(name, body)
    client.post(f"/containers/{name}/start")


def _remove(client: EngineClient, identity: str) -> None:
    with suppress(EngineError):
        client.delete(f"/containers/{identity}", force=1, v=1)
