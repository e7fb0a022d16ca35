"""The configuration that kubelets run with (`configz`), asked through the API server where the policy allows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.kubelet import Kubelet, KubeletConfiguration
from inventory.resource import Kind, Resource, ResourceKey
from inventory.sources.decode import AnswerError, convert
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.greeting import allowed
from inventory.sources.kubernetes.transport import Api

AT_ONCE = 4
DEADLINE = 10.0
_LIMIT = 1 << 20
NOT_ASKED = Gap(
    Reason.UNSUPPORTED,
    "GET /api/v1/nodes/{name}/proxy/configz",
    "kubelets are asked only with read_kubelet_config = true in [kubernetes]",
)
MakeKubelet = Callable[[str, bytes, str, float], Resource]
"""From a node's name, the answer, the source and the time."""


class _Configz(msgspec.Struct, frozen=True):
    kubeletconfig: dict[str, Any] = {}


_configz = msgspec.json.Decoder(_Configz).decode


def path_of(node: str) -> str:
    """Where a kubelet tells its configuration."""
    return f"/api/v1/nodes/{node}/proxy/configz"


def permitted(api: Api) -> Gap | None:
    """None when we may ask, by the server's word; else why not."""
    answer = allowed(api, {"verb": "get", "resource": "nodes", "subresource": "proxy"})
    if isinstance(answer, Gap):
        return answer
    return None if answer else Gap(Reason.DENIED, NOT_ASKED.path, "get of nodes/proxy is not allowed")


def kubelet(node: str, raw: bytes, source: str, at: float) -> Kubelet:
    """The kubelet of a node; nothing is known of its command line, but configz holds what came of it."""
    path = path_of(node)
    config: KubeletConfiguration | Gap
    try:
        config, malformed = convert(_configz(raw).kubeletconfig, KubeletConfiguration)
        for where, detail in malformed.items():
            config = Gap(Reason.MALFORMED, f"{path}: {where}", detail)
            break
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, AnswerError):
        config = Gap(Reason.MALFORMED, path)
    return _built(node, config, source, at)


def read(
    api: Api, nodes: Iterable[str], source: str, make: MakeKubelet = kubelet, within: float = 30.0
) -> list[Resource]:
    """All kubelets, a few at a time; one that does not answer is there without its configuration."""
    until = time.monotonic() + within

    def one(node: str) -> Resource:
        left = min(DEADLINE, until - time.monotonic())
        if left <= 0:
            return _built(node, Gap(Reason.TIMEOUT, path_of(node), "not asked in time"), source, time.time())
        try:
            return make(node, api.get(path_of(node), deadline=left, limit=_LIMIT), source, time.time())
        except ApiError as error:
            return _built(node, error.gap(f"GET {path_of(node)}"), source, time.time())

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="kubelets") as pool:
        return list(pool.map(one, nodes))


def _built(node: str, config: KubeletConfiguration | Gap, source: str, at: float) -> Kubelet:
    return Kubelet.build(
        key=ResourceKey(Kind.KUBELET, source, node),
        name=node,
        observed_at=at,
        node=node,
        origin=path_of(node),
        effective=True,
        config=config,
        flags=Gap(Reason.UNSUPPORTED, "kubelet's command line", "seen only on the node itself"),
    )
