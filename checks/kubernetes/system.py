"""Which workloads are parts of a cluster itself: its control plane, network, storage and node agents."""

from __future__ import annotations

import re

from checks.images.reference import complete, parse
from inventory.kubernetes.workloads import PodBearer

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})

# Where the parts of distributions, network and storage plug-ins are published. `library/` and the like are nobody's.
_REPOSITORIES = re.compile(
    r"registry\.k8s\.io/|k8s\.gcr\.io/|(?:[a-z0-9-]+\.)?gcr\.io/(?:gke-release|gke-on-prem|k8s-minikube|google-containers)/"
    r"|gke\.gcr\.io/|[a-z0-9-]+-docker\.pkg\.dev/gke-release/|mcr\.microsoft\.com/(?:oss|aks|azure-policy|azuremonitor|azuredefender|containernetworking)/"
    r"|[0-9]+\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/(?:eks|amazon|amazon-k8s-cni)[/:-]|public\.ecr\.aws/(?:eks|eks-distro|karpenter)/"
    r"|(?:docker|quay)\.io/(?:calico|tigera|cilium|coreos|kindest|weaveworks|metallb|k3s|rancher|flannel|longhornio|openebs)/"
    r"|docker\.io/(?:rancher|kindest)/|ghcr\.io/(?:flannel-io|kube-vip|k3s-io|antrea-io|siderolabs|spidernet-io)/"
    r"|quay\.io/(?:cephcsi|metallb|openshift|openshift-release-dev|tigera|k8scsi)/|docker\.io/antrea/|docker\.io/kubeovn/"
    r"|ghcr\.io/k8snetworkplumbingwg/|nvcr\.io/nvidia/|docker\.io/linode/"
    r"|docker\.io/cloudnativelabs/|docker\.io/digitalocean/|docker\.io/hetznercloud/|icr\.io/(?:ext|ibm)/"
)
_NAMES = re.compile(
    r"(?:kube-(?:apiserver|controller-manager|scheduler|proxy|flannel|router|vip|ovn|multus|state-metrics)|etcd|coredns"
    r"|kube-dns|calico|canal|cilium|hubble|flannel|weave-net|antrea|aws-node|azure-(?:cni|cns|ip-masq|npm)|csi-|ebs-csi"
    r"|efs-csi|gke-|netd|fluentbit-gke|konnectivity|metrics-server|local-path-provisioner|storage-provisioner|kindnet"
    r"|cloud-(?:controller|node)-manager|cluster-autoscaler|node-local-dns|nodelocaldns|snapshot-controller|svclb-|traefik"
    r"|helm-install-traefik|ip-masq-agent|tigera-operator|metallb|speaker|node-problem-detector|descheduler)(?:-|$)|csi-"
)
_LABELS = ("k8s-app", "component", "app.kubernetes.io/name", "app", "name")


def component(bearer: PodBearer) -> tuple[bool, bool]:
    """Whether its name or a label says that it is a part of the cluster, and whether all its images are of one.

    Anybody can give a name or a label; an image says more of what runs. Raises `Unread` where labels were not read.
    """
    names = (bearer.name, *(bearer.pod_labels.get(label, "") for label in _LABELS))
    named = any(_NAMES.match(name) for name in names)
    return named, known_images(bearer)


_AGENTS = re.compile(
    r"quay\.io/(?:prometheus/node-exporter|brancz/kube-rbac-proxy|prometheuscommunity/windows-exporter)$"
    r"|(?:docker\.io|cr\.fluentbit\.io)/fluent/(?:fluent-bit|fluentd|fluentd-kubernetes-daemonset)$"
    r"|docker\.io/(?:prom/node-exporter|grafana/(?:promtail|alloy|agent)|timberio/vector|datadog/agent)$"
    r"|(?:docker\.io|ghcr\.io)/(?:otel|open-telemetry/[a-z0-9./-]+)/opentelemetry-collector(?:-contrib|-k8s)?$"
    r"|docker\.elastic\.co/(?:beats/(?:file|metric|audit|packet)beat|elastic-agent/elastic-agent)$"
    r"|(?:gcr\.io/datadoghq|public\.ecr\.aws/datadog)/agent$|registry\.k8s\.io/node-problem-detector/"
)


def agent(bearer: PodBearer) -> bool:
    """Whether all of it, by its images, is a collector of metrics or logs that many run on every node."""
    references = [parse(one.image) for _, one in bearer.pod_spec.all_containers()]
    return bool(references) and all(one is not None and _AGENTS.match(complete(one)) for one in references)


def known_images(bearer: PodBearer) -> bool:
    """Whether every container's image comes from where parts of clusters are published."""
    references = [parse(one.image) for _, one in bearer.pod_spec.all_containers()]
    return bool(references) and all(one is not None and _REPOSITORIES.match(complete(one)) for one in references)
