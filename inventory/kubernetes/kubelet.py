"""What a node's kubelet is configured to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from inventory.kubernetes.part import Part
from inventory.resource import Kind, Resource


class KubeletAnonymous(Part, frozen=True):
    """`authentication.anonymous`."""

    enabled: bool | None = None


class KubeletX509(Part, frozen=True):
    """`authentication.x509`."""

    client_ca_file: str = msgspec.field(default="", name="clientCAFile")


class KubeletAuthentication(Part, frozen=True):
    """`authentication`."""

    anonymous: KubeletAnonymous = KubeletAnonymous()
    x509: KubeletX509 = KubeletX509()


class KubeletAuthorization(Part, frozen=True):
    """`authorization`: mode AlwaysAllow or Webhook, "" where not set."""

    mode: str = ""


class KubeletConfiguration(Part, frozen=True):
    """`kubelet.config.k8s.io/v1beta1` KubeletConfiguration: what rules look at; None or "" is *not set*."""

    authentication: KubeletAuthentication = KubeletAuthentication()
    authorization: KubeletAuthorization = KubeletAuthorization()
    read_only_port: int | None = None
    streaming_connection_idle_timeout: str | None = None
    make_ip_tables_util_chains: bool | None = msgspec.field(default=None, name="makeIPTablesUtilChains")
    event_record_qps: int | None = msgspec.field(default=None, name="eventRecordQPS")
    tls_cert_file: str = ""
    tls_private_key_file: str = ""
    server_tls_bootstrap: bool | None = msgspec.field(default=None, name="serverTLSBootstrap")
    rotate_certificates: bool | None = None
    tls_cipher_suites: tuple[str, ...] = ()
    tls_min_version: str = ""
    pod_pids_limit: int | None = None
    seccomp_default: bool | None = None
    protect_kernel_defaults: bool | None = None
    feature_gates: dict[str, bool] = {}


class Kubelet(Resource):
    """A kubelet. `effective`: the configuration holds every default (configz), not only what a file sets.

    `flags` is its command line, a gap where that cannot be seen; a flag goes before the configuration. `origin` says
    where the configuration was read, "" where the kubelet runs without a file and flags alone count.
    """

    kind: ClassVar[Kind] = Kind.KUBELET

    node: str
    origin: str
    effective: bool
    config: KubeletConfiguration
    flags: Mapping[str, tuple[str, ...]]
