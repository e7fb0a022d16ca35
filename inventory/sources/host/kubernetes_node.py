"""This machine as a Kubernetes node: its files, its kubelet, and the control plane's programs that run on it.

Layout: kubeadm's, which the CIS Kubernetes Benchmark describes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from inventory.gap import Gap, Reason
from inventory.kubernetes.components import (
    ETCD,
    PROGRAMS,
    PROXY,
    ControlPlaneComponent,
    component,
    flags_of,
    program_in,
)
from inventory.kubernetes.kubelet import Kubelet, KubeletConfiguration
from inventory.kubernetes.node_files import KubeHost
from inventory.machine import Examined
from inventory.resource import Kind, Resource, ResourceKey
from inventory.sources.decode import AnswerError, convert, plain
from inventory.sources.host import files, processes
from inventory.sources.host.daemon import arguments
from inventory.sources.host.examine import examined
from inventory.sources.host.kubeconfigs import parsed
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

MARKS = ("/var/lib/kubelet", "/etc/kubernetes")
"""Directories that a machine has if it is a node."""
_KUBELET = "kubelet"
_COMM = 15  # bytes that the kernel keeps of a process name
_NAMES = {name[:_COMM]: name for name in (*PROGRAMS, PROXY, _KUBELET)}
_DOCUMENTS = ("encryption-provider-config", "authorization-config", "authentication-config", "config")
_CONFIGS = ("admin", "super-admin", "scheduler", "controller-manager", "kubelet")
_UNITS = ("/etc/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service")
_PROXY_CONFIGS = (
    "/var/lib/kube-proxy/kubeconfig",
    "/var/lib/kube-proxy/kubeconfig.conf",
    "/etc/kubernetes/kube-proxy.conf",
)
KUBELET_CONFIG = "/var/lib/kubelet/config.yaml"
_DEEPEST = 3
_UNLISTED = "/*"
_MOST = 2000


def is_node(reader: HostReader) -> bool:
    """Whether the machine is, or was made to be, a node of a cluster."""
    return any(not isinstance(told(partial(reader.stat, mark), mark), Gap) for mark in MARKS)


def kubernetes_node(reader: HostReader, source: str, at: float) -> Iterator[Resource]:
    """The machine's files, its kubelet if one runs, and the programs of the control plane and kube-proxy that do."""
    node = _hostname(reader)
    seen = processes.commands(reader)
    running = [] if isinstance(seen, Gap) else list(_running(reader, seen))
    programs = [
        _component(reader, pid, name, words, source, at, node) for pid, name, words in running if name != _KUBELET
    ]
    kubelets = [_kubelet(reader, pid, words, source, at, node) for pid, name, words in running if name == _KUBELET]
    yield from {one.key: one for one in programs}.values()
    yield from kubelets[:1]
    yield _files(reader, source, at, node, programs, kubelets)


def configz(node: str, raw: bytes, source: str, at: float) -> Kubelet:
    """A kubelet by its own answer to `GET /api/v1/nodes/NODE/proxy/configz`. Raises `AnswerError`."""
    document = plain(raw)
    held = document.get("kubeletconfig") if isinstance(document, dict) else None
    if not isinstance(held, dict):
        raise AnswerError("no kubeletconfig in the answer")
    return Kubelet.build(
        key=ResourceKey(Kind.KUBELET, source, node),
        name=node,
        observed_at=at,
        node=node,
        origin=f"/api/v1/nodes/{node}/proxy/configz",
        effective=True,
        config=_configuration(held, "kubeletconfig"),
        flags={},  # configz tells what counts in the end
    )


def _hostname(reader: HostReader) -> str:
    name = told(partial(reader.read, "/proc/sys/kernel/hostname"), "hostname")
    return "" if isinstance(name, Gap) else name.decode("utf-8", "replace").strip()


def _running(reader: HostReader, seen: Mapping[int, str]) -> Iterator[tuple[int, str, list[str]]]:
    """Process id, program and arguments of what belongs to Kubernetes."""
    for pid, comm in sorted(seen.items()):
        if comm not in _NAMES or not _trusted(reader, pid, comm):
            continue
        line = told(partial(reader.read, f"/proc/{pid}/cmdline"), "cmdline")
        found = None if isinstance(line, Gap) else program_in(arguments(line), _NAMES.values())
        if found is not None:
            yield pid, *found


def _trusted(reader: HostReader, pid: int, comm: str) -> bool:
    """Any user may call a program of theirs kubelet, and so choose which files are opened here; etcd names none."""
    owner = told(partial(reader.stat, f"/proc/{pid}"), "owner")
    return comm == ETCD or (not isinstance(owner, Gap) and owner.uid == 0)


def _component(
    reader: HostReader, pid: int, name: str, words: list[str], source: str, at: float, node: str
) -> ControlPlaneComponent:
    flags = flags_of(words)
    documents = {flag: _document(reader, pid, flags[flag][-1], flag) for flag in _DOCUMENTS if flag in flags}
    return component(
        name, words, source=source, at=at, node=node, image="", origin=f"process {pid}", documents=documents
    )  # fmt: skip


def _document(reader: HostReader, pid: int, path: str, flag: str) -> Mapping[str, Any] | Gap:
    """A configuration file as the process sees it, without the keys that it may hold."""
    text = told(partial(reader.read, f"/proc/{pid}/root{path}"), path)
    document = text if isinstance(text, Gap) else parsed(text, path)
    if isinstance(document, Gap) or flag != "encryption-provider-config":
        return document
    kept: list[dict[str, Any]] = []
    found = document.get("resources")
    for one in found if isinstance(found, list) else [None]:  # which is malformed
        each_of: Mapping[str, Any] = one if isinstance(one, Mapping) else {}
        providers = each_of.get("providers")
        if not isinstance(providers, list) or not all(isinstance(each, Mapping) and each for each in providers):
            return Gap(Reason.MALFORMED, path, "resources[].providers is not a list of providers")
        named = each_of.get("resources", [])
        kept.append({"resources": named, "providers": [next(iter(each)) for each in providers]})
    return {"resources": kept}


def _kubelet(reader: HostReader, pid: int, words: list[str], source: str, at: float, node: str) -> Kubelet:
    flags = flags_of(words)
    path = flags.get("config", ("",))[-1]
    config: KubeletConfiguration | Gap = KubeletConfiguration()
    if path:
        text = told(partial(reader.read, path), path)
        document = text if isinstance(text, Gap) else parsed(text, path)
        config = document if isinstance(document, Gap) else _configuration(document, path)
    return Kubelet.build(
        key=ResourceKey(Kind.KUBELET, source, node),
        name=node,
        observed_at=at,
        node=node,
        origin=path,
        effective=False,
        config=config,
        flags=flags,
    )


def _configuration(document: Mapping[str, Any], path: str) -> KubeletConfiguration | Gap:
    try:  # by way of JSON, so that a file's dates and the like become what the API knows
        held = json.loads(json.dumps({str(key): value for key, value in document.items()}, default=str))
        config, malformed = convert(held, KubeletConfiguration)
    except (AnswerError, TypeError, ValueError, RecursionError) as error:
        return Gap(Reason.MALFORMED, path, str(error)[:200])
    for where, detail in malformed.items():
        return Gap(Reason.MALFORMED, f"{path}: {where}", detail)
    return config


def _files(
    reader: HostReader,
    source: str,
    at: float,
    node: str,
    programs: Iterable[ControlPlaneComponent],
    kubelets: list[Kubelet],
) -> KubeHost:
    accounts = files.accounts(reader)
    manifests = [
        path for path in _below(reader, "/etc/kubernetes/manifests", 0) if path.endswith((".yaml", ".yml", ".json"))
    ]
    cni = [*_below(reader, "/etc/cni/net.d", 0), *_below(reader, "/opt/cni/bin", 0)]
    pki = ["/etc/kubernetes/pki", *_below(reader, "/etc/kubernetes/pki", _DEEPEST)]
    units = [path for unit in _UNITS for path in (unit, *_below(reader, f"{unit}.d", 0))]
    configs = [KUBELET_CONFIG, *(one.origin for one in kubelets if one.origin)]
    client_ca = next((_client_ca(one) for one in kubelets), "")
    data = next((one.flag("data-dir") or "" for one in programs if one.component == "etcd"), "")
    fixed = [f"/etc/kubernetes/{name}.conf" for name in _CONFIGS]
    parents = ["/etc/cni/net.d", "/opt/cni/bin", "/etc/kubernetes/manifests", "/etc/kubernetes"]
    every = [
        *manifests,
        *cni,
        *pki,
        *units,
        *configs,
        *fixed,
        *_PROXY_CONFIGS,
        *parents,
        *filter(None, (client_ca, data)),
    ]
    seen = examined(reader, (path for path in every if not path.endswith(_UNLISTED)), accounts)
    unlisted = {path: Gap(Reason.DENIED, path) for path in every if path.endswith(_UNLISTED)}
    return KubeHost.build(
        key=ResourceKey(Kind.KUBE_HOST, source, node),
        name=node or "this machine",
        observed_at=at,
        files=Examined(seen.found, {**seen.unread, **unlisted}),
        manifests=tuple(manifests),
        cni=tuple(cni),
        pki=tuple(pki),
        units=tuple(units),
        proxy_configs=_PROXY_CONFIGS,
        kubelet_configs=tuple(dict.fromkeys(configs)),
        client_ca=client_ca,
        etcd_data=data,
    )


def _client_ca(kubelet: Kubelet) -> str:
    flag = kubelet.flags.get("client-ca-file")
    if flag:
        return flag[-1]
    config = kubelet.peek("config")
    return "" if isinstance(config, Gap) else config.authentication.x509.client_ca_file


def _below(reader: HostReader, directory: str, deep: int) -> list[str]:
    """The paths in a directory and, so many levels deep, below it; one that may not be listed gives a path `/*`.

    Nobody can say what stands for that, so whoever asks for these paths learns that they are not known.
    """
    names = told(partial(reader.names, directory), directory)
    if isinstance(names, Gap):
        return [] if names.reason is Reason.UNSUPPORTED else [f"{directory}{_UNLISTED}"]
    found: list[str] = []
    for name in names[:_MOST]:
        path = f"{directory}/{name}"
        found.append(path)
        if deep and "." not in name:
            found += _below(reader, path, deep - 1)
    return found[:_MOST]
