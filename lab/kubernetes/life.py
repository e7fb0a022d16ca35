"""What goes on in a cluster, so that there is something to see: a crash and a recovery, a new version rolled out."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Iterator
from typing import Any

from lab.kubernetes.cluster import Cluster, stamp

_NAMESPACE = "prod"
_CRASHING = "checkout-api"
_ROLLED = "storefront"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def steps(cluster: Cluster) -> Iterator[str]:
    """One change for each item, which says what was done; without end."""
    while True:
        yield from _crash(cluster)
        yield from _rollout(cluster)


def chatter(cluster: Cluster) -> None:
    """A line in the log of every pod that runs in one namespace."""
    for key in cluster.names("pods"):
        if key.startswith(f"{_NAMESPACE}/"):
            pod = cluster.get("pods", key)
            for one in pod["status"].get("containerStatuses") or ():
                if "running" in (one.get("state") or {}):
                    turn = random.randint(1, 900)
                    cluster.log(_NAMESPACE, pod["metadata"]["name"], one["name"], f"level=info request took={turn}ms")


def _crash(cluster: Cluster) -> Iterator[str]:
    key = _pods_of(cluster, _CRASHING)[0]

    def crash(pod: dict[str, Any]) -> None:
        one = pod["status"]["containerStatuses"][0]
        ended = {"exitCode": 137, "reason": "OOMKilled", "startedAt": stamp(time.time() - 60), "finishedAt": stamp()}
        words = f"back-off 10s restarting failed container={one['name']} pod={pod['metadata']['name']}_{_NAMESPACE}"
        one["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": words}}
        one["lastState"] = {"terminated": {**ended, "containerID": one.get("containerID", "")}}
        one["restartCount"] += 1
        _ready(pod, False)

    def recover(pod: dict[str, Any]) -> None:
        pod["status"]["containerStatuses"][0]["state"] = {"running": {"startedAt": stamp()}}
        _ready(pod, True)

    cluster.edit("pods", key, crash)
    _event(cluster, "Pod", key, "BackOff", "Back-off restarting failed container", "Warning")
    yield f"{key} was killed, out of memory"
    cluster.edit("pods", key, recover)
    _event(cluster, "Pod", key, "Started", "Started container", "Normal")
    yield f"{key} runs again"


def _rollout(cluster: Cluster) -> Iterator[str]:
    deployment = f"{_NAMESPACE}/{_ROLLED}"
    old_pods = _pods_of(cluster, _ROLLED)
    old = cluster.get("pods", old_pods[0])["metadata"]["ownerReferences"][0]["name"]
    fresh = f"{_ROLLED}-{_word(10)}"
    template = cluster.get("replicasets", f"{_NAMESPACE}/{old}")
    made = _renamed(template, old, fresh)
    made["spec"]["replicas"] = made["status"]["replicas"] = 0
    cluster.put("replicasets", made)
    _event(
        cluster, "Deployment", deployment, "ScalingReplicaSet", f"Scaled up replica set {fresh} from 0 to 1", "Normal"
    )
    yield f"{deployment} rolls out as {fresh}"
    owner = cluster.get("replicasets", f"{_NAMESPACE}/{fresh}")["metadata"]["uid"]
    for number, key in enumerate(old_pods, 1):
        pod = _renamed(cluster.get("pods", key), old, fresh)
        pod["metadata"]["name"] = f"{fresh}-{_word(5)}"
        pod["metadata"]["ownerReferences"][0]["uid"] = owner
        cluster.put("pods", pod)
        yield f"{_NAMESPACE}/{pod['metadata']['name']} was made"
        cluster.delete("pods", key)
        _scaled(cluster, f"{_NAMESPACE}/{fresh}", number)
        _scaled(cluster, f"{_NAMESPACE}/{old}", len(old_pods) - number)
        yield f"{key} was deleted"
    cluster.delete("replicasets", f"{_NAMESPACE}/{old}")


def _pods_of(cluster: Cluster, name: str) -> list[str]:
    return [key for key in cluster.names("pods") if key.startswith(f"{_NAMESPACE}/{name}-")]


def _scaled(cluster: Cluster, key: str, count: int) -> None:
    def scale(thing: dict[str, Any]) -> None:
        thing["spec"]["replicas"] = count
        thing["status"] |= {"replicas": count, "readyReplicas": count, "availableReplicas": count}

    cluster.edit("replicasets", key, scale)


def _renamed(thing: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """Another object like this one: named and labelled anew, made now."""
    made = copy.deepcopy(thing)
    meta, hash_of = made["metadata"], new.rpartition("-")[2]
    meta["name"] = meta["name"].replace(old, new)
    meta.pop("uid", None)
    meta["creationTimestamp"] = stamp()
    for labels in (meta.get("labels"), (made["spec"].get("selector") or {}).get("matchLabels")):
        if labels and "pod-template-hash" in labels:
            labels["pod-template-hash"] = hash_of
    for owner in meta.get("ownerReferences", ()):
        owner["name"] = owner["name"].replace(old, new)
    return made


def _ready(pod: dict[str, Any], now: bool) -> None:
    pod["status"]["containerStatuses"][0]["ready"] = now
    for one in pod["status"]["conditions"]:
        if one["type"] in ("Ready", "ContainersReady"):
            one |= {"status": str(now), "lastTransitionTime": stamp()}


def _event(cluster: Cluster, kind: str, key: str, reason: str, message: str, word: str) -> None:
    namespace, _, name = key.rpartition("/")
    version = "apps/v1" if kind == "Deployment" else "v1"
    about = {"kind": kind, "namespace": namespace, "name": name, "apiVersion": version}
    meta = {"name": f"{name}.{_word(16)}", "namespace": namespace}
    times = {"firstTimestamp": stamp(), "lastTimestamp": stamp(), "count": 1, "type": word}
    source = {"source": {"component": "kubelet"}, "reportingComponent": "kubelet", "reportingInstance": ""}
    document = {"metadata": meta, "involvedObject": about, "reason": reason, "message": message}
    cluster.put("events", {**document, **source, **times, "eventTime": None})


def _word(length: int) -> str:
    return "".join(random.choice(_LETTERS) for _ in range(length))
