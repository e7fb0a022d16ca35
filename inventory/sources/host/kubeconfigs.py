"""kubeconfigs that lie on this machine: who may read them and what is in them, without any of their secrets.

Source: kubernetes, client-go/tools/clientcmd/api/v1 (Config, Cluster, AuthInfo).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from inventory.gap import Gap, Reason
from inventory.host import FileFacts
from inventory.machine import Examined, KubeConfig
from inventory.sources.host.examine import examined, sorted_out
from inventory.sources.host.files import Accounts
from inventory.sources.host.homes import Homes, bounded
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader, Stat

_IN_HOME = ".kube/config"
_CLUSTER = "/etc/kubernetes"
_FIXED = (
    "/etc/rancher/k3s/k3s.yaml", "/etc/rancher/rke2/rke2.yaml", "/var/lib/k0s/pki/admin.conf",
    "/var/lib/kubelet/kubeconfig", "/var/snap/microk8s/current/credentials/client.config",
)  # fmt: skip
_PEOPLE = range(1000, 60_000)  # login.defs(5): UID_MIN to UID_MAX
LARGEST = 256 << 10
"""Bytes; a file that is larger is not parsed."""
_DEEPEST = 20
_NONE = "no kubeconfig"
_STATIC = ("password", "token")
_KEPT = frozenset({"insecure-skip-tls-verify"})


def facts(reader: HostReader, accounts: Accounts | Gap) -> dict[str, Any]:
    """The fields `kubeconfigs` and `kubeconfigs_unread`."""
    if isinstance(accounts, Gap):
        return {"kubeconfigs": accounts, "kubeconfigs_unread": accounts}
    homes = Homes(reader)
    people = list(bounded(home for uid, home in sorted(accounts.homes.items()) if uid == 0 or uid in _PEOPLE))
    own = sorted_out(_in_homes(homes, people), accounts)
    system, unlisted = _systems(reader, homes)
    files = examined(reader, (path for path in system if homes.away(path) is None), accounts)
    away = (gap for path in system if (gap := homes.away(path)) is not None)
    read = [
        *(_read(one, homes.read(one.path.removesuffix(f"/{_IN_HOME}"), _IN_HOME)) for one in _files(own)),
        *(_read(one, told(partial(reader.read, one.path), one.path)) for one in _files(files)),
    ]
    cut = (gap for gap in people if isinstance(gap, Gap))
    return {
        "kubeconfigs": tuple(read),
        "kubeconfigs_unread": (*unlisted, *own.unread.values(), *files.unread.values(), *away, *cut),
    }


def _in_homes(homes: Homes, people: Iterable[str | Gap]) -> Iterator[tuple[str, Stat | Gap]]:
    for home in people:
        if isinstance(home, str):
            yield f"{home}/{_IN_HOME}", homes.stat(home, _IN_HOME)


def _systems(reader: HostReader, homes: Homes) -> tuple[list[str], list[Gap]]:
    """The paths outside of homes, and why there may be more of them."""
    away = homes.away(_CLUSTER)
    names = told(lambda: reader.names(_CLUSTER), _CLUSTER) if away is None else away
    if isinstance(names, Gap):
        return [*_FIXED], [] if names.reason is Reason.UNSUPPORTED else [names]
    return [*(f"{_CLUSTER}/{name}" for name in names if name.endswith(".conf")), *_FIXED], []


def _files(seen: Examined) -> Iterator[FileFacts]:
    return (one for one in seen.found.values() if one.kind == "file")


def is_kubeconfig(path: str) -> bool:
    """Whether a path that was read is one of those that hold a cluster's credentials."""
    own = path.endswith(f"/{_IN_HOME}")
    return own or path in _FIXED or (path.startswith(f"{_CLUSTER}/") and path.endswith(".conf"))


def _read(file: FileFacts, text: bytes | Gap) -> KubeConfig:
    document = text if isinstance(text, Gap) else parsed(text, file.path)
    if isinstance(document, Gap):
        return KubeConfig(file, unread=document)
    return KubeConfig(
        file,
        tuple(name for name, _ in _entries(document, "contexts", "context")),
        tuple(name for name, one in _entries(document, "clusters", "cluster") if one.get("insecure-skip-tls-verify")),
        tuple(
            f"{name}: {key}" for name, user in _entries(document, "users", "user") for key in _STATIC if user.get(key)
        ),
    )


def parsed(text: bytes, path: str) -> Mapping[str, Any] | Gap:
    """The document, or a gap; never one that refers to itself or grows while it is read."""
    if len(text) > LARGEST:
        return Gap(Reason.MALFORMED, path, f"larger than {LARGEST >> 10} KiB")
    import yaml  # late: most hosts have no kubeconfig

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if not _plain(type(event).__name__ for event in yaml.parse(text, Loader=loader)):
            return Gap(Reason.MALFORMED, path, _NONE)
        document = yaml.load(text, Loader=loader)  # noqa: S506 - either of them is a safe one
    except (yaml.YAMLError, ValueError, RecursionError):
        return Gap(Reason.MALFORMED, path, _NONE)  # the parser's own words quote the line
    if not isinstance(document, Mapping):
        return Gap(Reason.MALFORMED, path, _NONE)
    return document


def _plain(events: Iterable[str]) -> bool:
    """Whether a document neither grows by references nor is so deep that a parser could run out of stack."""
    depth = 0
    for event in events:
        depth += event.endswith("StartEvent")
        depth -= event.endswith("EndEvent")
        if event == "AliasEvent" or depth > _DEEPEST:
            return False
    return True


def _entries(document: Mapping[str, Any], family: str, inner: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """`[{name: ..., cluster: {...}}]`; an entry of another shape is left out."""
    entries = document.get(family)
    for entry in entries if isinstance(entries, list) else ():
        content = entry.get(inner) if isinstance(entry, Mapping) else None
        if isinstance(content, Mapping):
            yield str(entry.get("name", "")), content


def skeleton(text: bytes) -> bytes:
    """The document with nothing in it but what `KubeConfig` holds; what cannot be parsed stays unparsable."""
    document = parsed(text, "")
    if isinstance(document, Gap):
        return b"#" * (LARGEST + 1) if len(text) > LARGEST else b"[ not kept"
    families = (("contexts", "context"), ("clusters", "cluster"), ("users", "user"))
    kept = {
        family: [{"name": name, inner: _outline(one)} for name, one in _entries(document, family, inner)]
        for family, inner in families
    }
    return json.dumps(kept).encode()


def _outline(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Which of the fields that matter are set."""
    return {key: True if key in _KEPT else "not kept" for key in (*_KEPT, *_STATIC) if entry.get(key)}
