"""The base of every resource: identity, when it was seen, the raw answer, and what is missing of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, dataclass_transform

from inventory.gap import Gap, Reason, Unread


class Kind(StrEnum):
    """What a resource is; the value is the word that the JSON output and filters use."""

    CONTAINER = "container"
    IMAGE = "image"
    NETWORK = "network"
    VOLUME = "volume"
    SERVICE = "service"
    TASK = "task"
    NODE = "node"
    SECRET = "secret"  # noqa: S105 - the kind of a Swarm object
    CONFIG = "config"
    SWARM = "swarm"
    ENGINE = "engine"
    HOST = "host"
    COMPONENT = "component"
    ACTIVITY = "activity"
    ENDPOINT = "endpoint"
    IMAGE_ANALYSIS = "image-analysis"
    CLUSTER = "cluster"
    NAMESPACE = "namespace"
    KUBE_NODE = "kube-node"
    POD = "pod"
    DEPLOYMENT = "deployment"
    REPLICASET = "replicaset"
    STATEFULSET = "statefulset"
    DAEMONSET = "daemonset"
    JOB = "job"
    CRONJOB = "cronjob"
    REPLICATIONCONTROLLER = "replicationcontroller"
    PODTEMPLATE = "podtemplate"
    KUBE_SERVICE = "kube-service"
    ENDPOINTSLICE = "endpointslice"
    INGRESS = "ingress"
    GATEWAY = "gateway"
    HTTPROUTE = "httproute"
    NETWORKPOLICY = "networkpolicy"
    SERVICEACCOUNT = "serviceaccount"
    ROLE = "role"
    CLUSTERROLE = "clusterrole"
    ROLEBINDING = "rolebinding"
    CLUSTERROLEBINDING = "clusterrolebinding"
    SUBJECT = "subject"
    KUBE_SECRET = "kube-secret"  # noqa: S105 - the kind of a Kubernetes object
    CONFIGMAP = "configmap"
    PODDISRUPTIONBUDGET = "poddisruptionbudget"
    HORIZONTALPODAUTOSCALER = "horizontalpodautoscaler"
    PERSISTENTVOLUME = "persistentvolume"
    PERSISTENTVOLUMECLAIM = "persistentvolumeclaim"
    LIMITRANGE = "limitrange"
    RESOURCEQUOTA = "resourcequota"
    VALIDATINGWEBHOOKCONFIGURATION = "validatingwebhookconfiguration"
    MUTATINGWEBHOOKCONFIGURATION = "mutatingwebhookconfiguration"
    VALIDATINGADMISSIONPOLICY = "validatingadmissionpolicy"
    VALIDATINGADMISSIONPOLICYBINDING = "validatingadmissionpolicybinding"
    APISERVICE = "apiservice"
    CUSTOM = "custom-resource"
    CONTROL_PLANE = "control-plane-component"
    KUBELET = "kubelet"
    KUBE_HOST = "kubernetes-host"
    OPENING = "opening"
    EVENT = "event"

    @property
    def plural(self) -> str:
        """The word for several."""
        if self.value.endswith("y") and not self.value.endswith("ay"):
            return f"{self.value[:-1]}ies"
        return f"{self.value}es" if self.value.endswith("ss") else f"{self.value}s"


NOT_OBJECTS = frozenset({Kind.ACTIVITY, Kind.IMAGE_ANALYSIS, Kind.EVENT})
OBJECTS = tuple(kind for kind in Kind if kind not in NOT_OBJECTS)
"""Kinds that stand for something of their own; the others only say more about another, and are no rows."""

_FIRST_OF_A_CLUSTER = list(Kind).index(Kind.CLUSTER)
ENGINE_KINDS = tuple(Kind)[:_FIRST_OF_A_CLUSTER]
"""What a container engine and the machine below it have."""
CLUSTER_KINDS = tuple(Kind)[_FIRST_OF_A_CLUSTER:]
"""What a Kubernetes cluster has."""


class ResourceKey(NamedTuple):
    """Identity of a resource: its kind, the source that reported it, and its id there."""

    kind: Kind
    source: str
    id: str


EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass_transform(eq_default=False, kw_only_default=True, frozen_default=True)
class _Family(type):
    """Gives each field that a class declares a slot, as a data class would, without generating code for every one."""

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _Family:
        declared: Mapping[str, str] = body.get("__annotations__", EMPTY)
        own = tuple(field for field, kind in declared.items() if not kind.startswith("ClassVar"))
        inherited = tuple(field for base in bases for field in base.field_names) if bases else ()  # type: ignore[attr-defined]
        return super().__new__(mcs, name, bases, {**body, "__slots__": own, "field_names": (*inherited, *own)})


class Resource(metaclass=_Family):
    """Common part of all resources; made by `build`, there is no constructor.

    Strings are exact, as the source sent them: make them safe before showing them. `name` is what its user calls it;
    `observed_at` and all times are seconds since the epoch (UTC); `raw` is the answer it came from, undecoded. A field
    that could not be read is not set: reading it raises `Unread`, so that a check which needs it ends as *unknown*
    without any code of its own; `peek` returns the `Gap` instead.
    """

    kind: ClassVar[Kind]
    noun: ClassVar[str]  # what people call any of an abstract class's families
    field_names: ClassVar[tuple[str, ...]]  # of all facts, the common ones first
    key: ResourceKey
    name: str
    labels: Mapping[str, str]
    observed_at: float
    raw: bytes
    gaps: Mapping[str, Gap]

    @classmethod
    def build(cls, **values: Any) -> Self:
        """Make a resource from field values, any of which may be a `Gap`; a field that is not given is a gap too."""
        resource = object.__new__(cls)
        gaps: dict[str, Gap] = dict(values.pop("gaps", ()))
        for name, default in _fields(cls):
            value = values.pop(name, default)
            if value is _UNSET:
                value = gaps.get(name) or Gap(Reason.ABSENT, name)
            if isinstance(value, Gap):
                gaps[name] = value
            elif name != "gaps":
                object.__setattr__(resource, name, value)
        if values:
            raise TypeError(f"{cls.__name__} has no field {sorted(values)}")
        object.__setattr__(resource, "gaps", gaps or EMPTY)
        return resource

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __repr__(self) -> str:
        """Never the fields: some may be unread, others secret."""
        return f"<{self.key.kind} {self.name!r}>"

    @property
    def called(self) -> str:
        """What people call it where things of several namespaces stand together: its name, or `shop/cart`."""
        return self.name

    def same_as(self, other: Resource) -> bool:
        """Whether the other tells the same, so that nothing has to be judged or drawn again."""
        if not self.raw or self.raw != other.raw or self.gaps != other.gaps:
            return False
        # The same answer may mean something else: ids and names from other answers complete it.
        return all(self.peek(name) == other.peek(name) for name in self.field_names if name not in _NOTED)

    def peek(self, name: str) -> Any:
        """The field's value, or the `Gap` that says why it has none."""
        gap = self.gaps.get(name)
        return gap if gap is not None else getattr(self, name)

    if not TYPE_CHECKING:  # the type checker must keep complaining about misspelt fields

        def __getattr__(self, name: str) -> Any:
            if name in {"gaps", "key"} or name.startswith("__"):
                raise AttributeError(name)
            gap = self.gaps.get(name)
            if gap is None:
                raise AttributeError(f"{type(self).__name__} has no field {name!r}")
            raise Unread(gap)


_NOTED = frozenset({"raw", "gaps", "observed_at"})


class _Unset:
    pass


_UNSET = _Unset()


_FIELDS: dict[type[Resource], tuple[tuple[str, Any], ...]] = {}
_DEFAULTS: Mapping[str, Any] = {"labels": EMPTY, "observed_at": 0.0, "raw": b"", "gaps": EMPTY}


def _fields(cls: type[Resource]) -> tuple[tuple[str, Any], ...]:
    found = _FIELDS.get(cls)
    if found is None:
        found = _FIELDS[cls] = tuple((name, _DEFAULTS.get(name, _UNSET)) for name in cls.field_names)
    return found
