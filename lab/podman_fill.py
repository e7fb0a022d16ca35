"""Fills an empty Podman with what of the inventory exists there, and with pods."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab import plan
from lab.client import EngineClient, EngineError
from lab.engine import LabError
from lab.images import archive
from lab.podman import PodmanLab
from lab.podman_spec import specification
from lab.populate import bring_to_state
from lab.rootfs import find

WORKERS = 4
PROBED = ("hardened-web", "hardened-internal", "unhealthy")
"""Probed once, since Podman leaves the probing to systemd, which a lab has not."""
BY_HAND = "sysctl-unsafe"
"""Made on the command line, of which Podman keeps the words: its API does not tell kernel settings."""
LOOP = "crash-loop"
SOCKET = "/run/podman/podman.sock"
POD = "frontdoor"
POD_MEMBERS = ("pod-web", "pod-cache")
HOST_POD = "hostnet-pod"
Say = Callable[[str], None]


def wanted(*, rootless: bool = False) -> list[plan.ContainerSpec]:
    """The containers of the inventory that are made here, those that the host lacks something for included."""
    names = plan.podman_names(rootless=rootless)
    return [spec for spec in plan.containers() if spec.name in names]


def fill(lab: PodmanLab, say: Say = lambda line: None) -> list[str]:
    """Create all objects; returns the names that were left out because the host lacks what they need."""
    specs = wanted(rootless=lab.rootless)
    _images(lab, {str(spec.body["Image"]) for spec in specs})
    for network in plan.networks():
        if network.body.get("Driver") != "overlay" and network.name.isprintable() and network.name.isascii():
            lab.client.post("/networks/create", {"Name": network.name, **network.body})
    for volume in plan.volumes():
        lab.client.post("/volumes/create", {"Name": volume.name, **volume.body})
    possible = [spec for spec in specs if _possible(spec.needs)]
    for number in sorted({spec.round for spec in possible}):
        _create(lab, [spec for spec in possible if spec.round == number])
    say(f"containers: {len(possible)}")
    if not lab.rootless:
        pods(lab.client)
        _replace(lab)
    for name in PROBED:
        lab.client.get(f"/libpod/containers/{name}/healthcheck")
    return [spec.name for spec in specs if spec not in possible]


def _possible(needs: str) -> bool:
    return Path(needs).exists() if needs.startswith("/") else not needs or find(needs) is not None


def _images(lab: PodmanLab, used: Iterable[str]) -> None:
    """Those of the first round that something here uses, or nothing anywhere; a rootless lab gets what it uses."""
    others = {str(spec.body["Image"]) for spec in plan.containers()} - set(used)
    specs = [image for image in plan.images() if image.round == 1 and not image.push and image.name not in others]
    if lab.rootless:
        specs = [image for image in specs if image.name in used]
    _load(lab.client, specs)
    for image in specs:
        if image.dangling:
            repository, _, tag = image.name.rpartition(":")
            lab.client.post(f"/libpod/images/{local(image.name)}/untag", repo=f"localhost/{repository}", tag=tag)


def _replace(lab: PodmanLab) -> None:
    _load(lab.client, [image for image in plan.images() if image.round > 1])


def _load(client: EngineClient, specs: list[Any]) -> None:
    headers = {"Content-Type": "application/x-tar"}
    status, answer = client.raw("POST", "/images/load?quiet=1", archive(specs, datetime.now(UTC)), headers)
    if status != 200 or b'"error"' in answer:
        raise LabError(f"cannot load images: {answer.decode(errors='replace').strip()[-300:]}")


def local(image: str) -> str:
    """The name that Podman gives to an image that was loaded under this one."""
    return f"localhost/{image}"


def _create(lab: PodmanLab, specs: list[plan.ContainerSpec]) -> None:
    places = {"root": str(lab.paths.root), "data": str(lab.paths.data), "cgroup": "/libpod_parent"}

    def create(spec: plan.ContainerSpec) -> None:
        body = _for_podman(plan.filled(spec.body, places), lab)
        if spec.name == LOOP:  # Podman starts again at once and for ever, several times a second
            body["Cmd"] = ["sh", "-c", f"sleep 4; {body['Cmd'][-1]}"]
        if spec.name == BY_HAND:
            lab.podman("create", *_words(spec.name, body))
        else:
            lab.client.post("/libpod/containers/create", specification(spec.name, body, local(body["Image"])))
        try:
            bring_to_state(lab.client, spec.name, spec.state)
        except EngineError as error:
            raise LabError(f"{spec.name}: {error}") from error

    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(create, specs):
            pass


def _for_podman(body: dict[str, Any], lab: PodmanLab) -> dict[str, Any]:
    """The same with Podman's socket and directory of logs instead of Docker's."""
    socket = f"{lab.owner.runtime}/podman/podman.sock" if lab.rootless else SOCKET
    data = str(lab.paths.data)
    binds = [
        bind.replace("/var/run/docker.sock", socket).replace(f"{data}/containers:", f"{data}/overlay-containers:")
        for bind in body["HostConfig"].get("Binds", ())
    ]
    return {**body, "HostConfig": {**body["HostConfig"], "Binds": binds}}


def _words(name: str, body: dict[str, Any]) -> list[str]:
    """A hardened container with kernel settings, as somebody types it."""
    host = body["HostConfig"]
    settings = [f"--sysctl={key}={value}" for key, value in host["Sysctls"].items()]
    return [
        *(f"--name={name}", f"--user={body['User']}", "--read-only", "--cap-drop=ALL"),
        *("--security-opt=no-new-privileges", f"--memory={host['Memory']}", f"--memory-swap={host['MemorySwap']}"),
        *("--cpus=0.2", f"--pids-limit={host['PidsLimit']}", "--restart=on-failure:3", "--cgroupns=private"),
        *("--log-driver=k8s-file", "--log-opt=max-size=1m", f"--network={host['NetworkMode']}"),
        *(*settings, local(body["Image"]), *body["Cmd"]),
    ]


def pods(client: EngineClient) -> None:
    """A pod of two hardened containers that publishes on loopback, and one in the host's network."""
    ports = [{"container_port": 8080, "host_port": 18190, "host_ip": "127.0.0.1", "protocol": "tcp"}]
    front = {"name": POD, "portmappings": ports, "netns": {"nsmode": "bridge"}, "Networks": {"lab_quiet": {}}}
    client.post("/libpod/pods/create", front)
    client.post("/libpod/pods/create", {"name": HOST_POD, "netns": {"nsmode": "host"}})
    hardened = next(spec for spec in plan.containers() if spec.name == "hardened")
    body = plan.filled(hardened.body, {})
    for name, pod in (*((name, POD) for name in POD_MEMBERS), ("pod-agent", HOST_POD)):
        found = specification(name, {**body, "Env": []}, local(body["Image"]))
        kept = {key: value for key, value in found.items() if key not in ("netns", "Networks", "portmappings")}
        client.post("/libpod/containers/create", {**kept, "pod": pod})
        client.post(f"/containers/{name}/start")
