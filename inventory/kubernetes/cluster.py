"""The cluster itself, its namespaces, nodes, storage and what it serves."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from inventory.kubernetes.part import Condition, LabelSelector, ObjectReference, Part
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind, Resource


class ApiResource(msgspec.Struct, frozen=True):
    """One kind that the server serves: `resource` is its plural, `versions` the preferred first."""

    group: str
    versions: tuple[str, ...]
    kind: str
    resource: str
    namespaced: bool
    verbs: tuple[str, ...]

    @property
    def api_version(self) -> str:
        """The preferred one, as in `apiVersion`."""
        return f"{self.group}/{self.versions[0]}" if self.group else self.versions[0]


class ClientCertificate(msgspec.Struct, frozen=True):
    """What the kubeconfig's user proves with: times in epoch seconds."""

    common_name: str
    organizations: tuple[str, ...]
    not_before: float
    not_after: float


class Access(msgspec.Struct, frozen=True):
    """How this program reaches the cluster.

    `server` is the URL; `credential` is client-certificate, token, token-file, exec, auth-provider, basic, in-cluster
    or none. `server_certificate`: (subject, issuer, not_before, not_after) where the server's was seen.
    """

    context: str
    cluster: str
    user: str
    namespace: str
    server: str
    credential: str
    skip_tls_verify: bool = False
    proxy: str = ""
    client_certificate: ClientCertificate | None = None
    server_certificate: tuple[str, str, float, float] | None = None


class Cluster(Resource):
    """An API server as it answers us; `git_version` as told (`v1.32.4-eks-...`).

    `username` and `groups` are who we are there. `stale` names the API groups whose aggregated server is dead.
    `namespaces` is empty for all of them, else those that were asked for.
    """

    kind: ClassVar[Kind] = Kind.CLUSTER

    git_version: str
    platform: str
    access: Access
    username: str
    groups: tuple[str, ...]
    resources: tuple[ApiResource, ...]
    stale: tuple[str, ...]
    namespaces: tuple[str, ...]


class NamespaceStatus(Part, frozen=True):
    """`phase`: Active or Terminating, with the reasons in the conditions."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()


class Namespace(KubeResource):
    """`v1` Namespace."""

    kind: ClassVar[Kind] = Kind.NAMESPACE
    api_kind: ClassVar[str] = "Namespace"

    status: NamespaceStatus


class Taint(Part, frozen=True):
    """`effect`: NoSchedule, PreferNoSchedule, NoExecute."""

    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Part, frozen=True):
    """`unschedulable`: cordoned."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()
    pod_cidr: str = ""
    pod_cidrs: tuple[str, ...] = ()
    provider_id: str = ""


class NodeAddress(Part, frozen=True):
    """`type`: InternalIP, ExternalIP, Hostname, ..."""

    type: str = ""
    address: str = ""


class NodeInfo(Part, frozen=True):
    """`status.nodeInfo`: versions as told (`containerd://1.7.2`)."""

    kubelet_version: str = ""
    kube_proxy_version: str = ""
    kernel_version: str = ""
    os_image: str = ""
    container_runtime_version: str = ""
    operating_system: str = ""
    architecture: str = ""


class NodeStatus(Part, frozen=True):
    """Quantities by resource name, as written."""

    conditions: tuple[Condition, ...] = ()
    addresses: tuple[NodeAddress, ...] = ()
    node_info: NodeInfo = NodeInfo()
    capacity: dict[str, str | int | float] = {}
    allocatable: dict[str, str | int | float] = {}


class KubeNode(KubeResource):
    """`v1` Node."""

    kind: ClassVar[Kind] = Kind.KUBE_NODE
    api_kind: ClassVar[str] = "Node"

    spec: NodeSpec
    status: NodeStatus


class HostPathVolume(Part, frozen=True):
    """A path of a node."""

    path: str = ""


class CsiDriver(Part, frozen=True):
    """Whose volume it is."""

    driver: str = ""


class NfsVolume(Part, frozen=True):
    """A share."""

    server: str = ""
    path: str = ""


class PersistentVolumeSpec(Part, frozen=True):
    """The sources that a rule looks at."""

    capacity: dict[str, str | int | float] = {}
    access_modes: tuple[str, ...] = ()
    claim_ref: ObjectReference | None = None
    persistent_volume_reclaim_policy: str = ""
    storage_class_name: str = ""
    host_path: HostPathVolume | None = None
    local: HostPathVolume | None = None
    csi: CsiDriver | None = None
    nfs: NfsVolume | None = None


class StorageStatus(Part, frozen=True):
    """`phase`: Available, Bound, Released, Failed, Pending, Lost."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    capacity: dict[str, str | int | float] = {}


class PersistentVolume(KubeResource):
    """`v1` PersistentVolume."""

    kind: ClassVar[Kind] = Kind.PERSISTENTVOLUME
    api_kind: ClassVar[str] = "PersistentVolume"

    spec: PersistentVolumeSpec
    status: StorageStatus


class ClaimSpec(Part, frozen=True):
    """What is asked for."""

    access_modes: tuple[str, ...] = ()
    storage_class_name: str | None = None
    volume_name: str = ""
    volume_mode: str = ""


class PersistentVolumeClaim(KubeResource):
    """`v1` PersistentVolumeClaim."""

    kind: ClassVar[Kind] = Kind.PERSISTENTVOLUMECLAIM
    api_kind: ClassVar[str] = "PersistentVolumeClaim"

    spec: ClaimSpec
    status: StorageStatus


class ApiServiceSpec(Part, frozen=True):
    """`service` None: served by the API server itself."""

    group: str = ""
    version: str = ""
    service: ObjectReference | None = None
    insecure_skip_tls_verify: bool = msgspec.field(default=False, name="insecureSkipTLSVerify")


class ApiServiceStatus(Part, frozen=True):
    """`Available` says whether it answers."""

    conditions: tuple[Condition, ...] = ()


class ApiService(KubeResource):
    """`apiregistration.k8s.io/v1` APIService."""

    kind: ClassVar[Kind] = Kind.APISERVICE
    api_kind: ClassVar[str] = "APIService"

    spec: ApiServiceSpec
    status: ApiServiceStatus


class CustomResource(KubeResource):
    """An object of a kind that came with a CNI, a service mesh, a policy engine or a monitoring stack.

    `api_group` and `api_object` (its kind) say which; `spec` is plain JSON. The key's id starts with the kind:
    `CiliumNetworkPolicy.cilium.io/prod/deny`.
    """

    kind: ClassVar[Kind] = Kind.CUSTOM
    api_kind: ClassVar[str] = ""

    api_group: str
    api_object: str
    spec: dict[str, Any]


class MonitorSpec(Part, frozen=True):
    """ServiceMonitor and PodMonitor: which objects are scraped; namespaces None is the monitor's own."""

    selector: LabelSelector = LabelSelector()
    namespace_selector: dict[str, Any] | None = None
    endpoints: tuple[dict[str, Any], ...] = ()
    pod_metrics_endpoints: tuple[dict[str, Any], ...] = ()
