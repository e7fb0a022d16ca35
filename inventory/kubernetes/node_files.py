"""The files of a machine that is a Kubernetes node: who owns them, who may read them."""

from __future__ import annotations

from typing import ClassVar

from inventory.gap import Gap, Unread
from inventory.host import FileFacts
from inventory.machine import Examined
from inventory.resource import Kind, Resource


class KubeHost(Resource):
    """A machine with a kubelet or a control plane, as its own files show it.

    `files` holds the facts of every path named here. `manifests` are the static pods, `cni` configuration and programs
    of the network plugin, `pki` certificates, keys and their directories, `units` the kubelet's unit with its drop-ins,
    `proxy_configs` kubeconfigs of kube-proxy. `client_ca` is the file that the kubelet checks clients with and
    `etcd_data` etcd's data directory, both "" where there is none; `kubelet_configs` are its configuration files.
    """

    kind: ClassVar[Kind] = Kind.KUBE_HOST

    files: Examined
    manifests: tuple[str, ...]
    cni: tuple[str, ...]
    pki: tuple[str, ...]
    units: tuple[str, ...]
    proxy_configs: tuple[str, ...]
    kubelet_configs: tuple[str, ...]
    client_ca: str
    etcd_data: str

    def facts(self, *paths: str) -> list[FileFacts]:
        """Those of the paths that exist; raises `Unread` when one of them may not be looked at."""
        for path in paths:
            for hidden, gap in self.files.unread.items():
                if path == hidden or path.startswith(f"{hidden}/"):
                    raise Unread(Gap(gap.reason, path, gap.detail))
        return [self.files.found[path] for path in paths if path in self.files.found]
