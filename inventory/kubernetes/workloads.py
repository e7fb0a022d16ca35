"""Pods, and what makes pods from a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from inventory.kubernetes.part import Condition, LabelSelector, Part
from inventory.kubernetes.podspec import PodSpec
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind


class Waiting(Part, frozen=True):
    """Why a container does not run yet, or again: `CrashLoopBackOff`, `ImagePullBackOff`, ..."""

    reason: str = ""
    message: str = ""


class Running(Part, frozen=True):
    """Since when (RFC 3339)."""

    started_at: str = ""


class Terminated(Part, frozen=True):
    """How a container ended: `reason` OOMKilled, Error, Completed, ..."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: str = ""
    finished_at: str = ""


class ContainerState(Part, frozen=True):
    """One of three, or none at all."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Part, frozen=True):
    """`image_id` is what the runtime runs, with the digest; "" before it was pulled."""

    name: str = ""
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    image: str = ""
    image_id: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodIp(Part, frozen=True):
    """One address of a pod or node."""

    ip: str = ""


class PodStatus(Part, frozen=True):
    """`phase`: Pending, Running, Succeeded, Failed, Unknown; what goes wrong is in the containers and conditions."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    qos_class: str = ""
    host_ip: str = ""
    pod_ip: str = ""
    pod_ips: tuple[PodIp, ...] = ()
    nominated_node_name: str = ""
    start_time: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    ephemeral_container_statuses: tuple[ContainerStatus, ...] = ()


class PodBearer(KubeResource):
    """Whatever has a pod spec: a pod itself, or what makes pods from its template."""

    noun: ClassVar[str] = "pod or pod template"
    spec_path: ClassVar[str]  # of the pod spec, as evidence names it
    meta_path: ClassVar[str]  # of the pod's metadata

    pod_spec: PodSpec
    pod_labels: Mapping[str, str]
    pod_annotations: Mapping[str, str]


class Pod(PodBearer):
    """A pod. `node_name` is "" until it is scheduled."""

    kind: ClassVar[Kind] = Kind.POD
    api_kind: ClassVar[str] = "Pod"
    spec_path: ClassVar[str] = "spec"
    meta_path: ClassVar[str] = "metadata"

    node_name: str
    status: PodStatus


class WorkloadSpec(Part, frozen=True):
    """What the specs of all pod makers have between them; a member that a kind does not have is not set.

    `replicas` None: the API's default of 1, or a kind without (DaemonSet).
    """

    replicas: int | None = None
    selector: LabelSelector | None = None
    paused: bool = False
    service_name: str = ""
    schedule: str = ""
    suspend: bool = False
    concurrency_policy: str = ""
    completions: int | None = None
    parallelism: int | None = None
    backoff_limit: int | None = None
    min_ready_seconds: int = 0
    revision_history_limit: int | None = None
    progress_deadline_seconds: int | None = None


class WorkloadStatus(Part, frozen=True):
    """What the statuses of all pod makers have between them; times are RFC 3339."""

    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    updated_replicas: int = 0
    unavailable_replicas: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    number_misscheduled: int = 0
    active: int | tuple[dict[str, str], ...] = 0
    succeeded: int = 0
    failed: int = 0
    ready: int = 0
    start_time: str = ""
    completion_time: str = ""
    last_schedule_time: str = ""
    last_successful_time: str = ""
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


class Workload(PodBearer):
    """What makes pods from a template."""

    spec_path: ClassVar[str] = "spec.template.spec"
    meta_path: ClassVar[str] = "spec.template.metadata"

    spec: WorkloadSpec
    status: WorkloadStatus


class Deployment(Workload):
    """`apps/v1` Deployment."""

    kind: ClassVar[Kind] = Kind.DEPLOYMENT
    api_kind: ClassVar[str] = "Deployment"


class ReplicaSet(Workload):
    """`apps/v1` ReplicaSet, most often a Deployment's."""

    kind: ClassVar[Kind] = Kind.REPLICASET
    api_kind: ClassVar[str] = "ReplicaSet"


class StatefulSet(Workload):
    """`apps/v1` StatefulSet."""

    kind: ClassVar[Kind] = Kind.STATEFULSET
    api_kind: ClassVar[str] = "StatefulSet"


class DaemonSet(Workload):
    """`apps/v1` DaemonSet."""

    kind: ClassVar[Kind] = Kind.DAEMONSET
    api_kind: ClassVar[str] = "DaemonSet"


class Job(Workload):
    """`batch/v1` Job."""

    kind: ClassVar[Kind] = Kind.JOB
    api_kind: ClassVar[str] = "Job"


class CronJob(Workload):
    """`batch/v1` CronJob; its template is that of its jobs."""

    kind: ClassVar[Kind] = Kind.CRONJOB
    api_kind: ClassVar[str] = "CronJob"
    spec_path: ClassVar[str] = "spec.jobTemplate.spec.template.spec"
    meta_path: ClassVar[str] = "spec.jobTemplate.spec.template.metadata"


class ReplicationController(Workload):
    """`v1` ReplicationController."""

    kind: ClassVar[Kind] = Kind.REPLICATIONCONTROLLER
    api_kind: ClassVar[str] = "ReplicationController"


class PodTemplate(Workload):
    """`v1` PodTemplate: nothing makes pods of it by itself."""

    kind: ClassVar[Kind] = Kind.PODTEMPLATE
    api_kind: ClassVar[str] = "PodTemplate"
    spec_path: ClassVar[str] = "template.spec"
    meta_path: ClassVar[str] = "template.metadata"
