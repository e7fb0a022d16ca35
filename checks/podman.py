"""What to do about a finding on Podman, where that is not what it would be on Docker.

Podman has no daemon.json: containers.conf(5), containers-registries.conf(5), containers-storage.conf(5) and
containers-policy.json(5) take its place, below /etc/containers, for a rootless engine below ~/.config/containers.
"""

from __future__ import annotations

from collections.abc import Mapping

from checks.check import Check
from inventory.engine import Engine
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot

_REMEDIES: Mapping[str, str] = {
    "DMN-002": "Podman cannot keep the containers of one network apart: give those that do not talk to each other "
    "networks of their own (`podman network create --opt isolate=true NAME`), which are apart from all others. "
    "Containers have to be created again.",
    "DMN-005": "Remove `insecure = true` from /etc/containers/registries.conf and its drop-ins and put the registry's "
    "CA into /etc/containers/certs.d/HOST/ca.crt. Pulls fail until the certificate is trusted.",
    "DMN-006": 'Set `driver = "overlay"` in /etc/containers/storage.conf. Save what is needed first: '
    "`podman system reset`, which the change needs, removes all images and containers.",
    "DMN-007": "Serve the API on a unix socket only (`systemctl enable --now podman.socket`, no `tcp:` argument) and "
    "reach it over SSH: `podman system connection add NAME ssh://user@host`. Other clients are cut off.",
    "DMN-008": 'Set `default_ulimits = ["nofile=1024:65536", "nproc=4096:4096"]` under `[containers]` in '
    "/etc/containers/containers.conf. Programs that need more have to ask for it (`--ulimit`).",
    "DMN-009": "Run containers with `--userns=auto` (a range of ids for the user `containers` in /etc/subuid and "
    "/etc/subgid), or Podman as an unprivileged user. Volumes need other owners (`:U` on the mount changes them).",
    "DMN-016": "Remove `seccomp_profile` from containers.conf to get the built-in profile, and run a kernel with "
    "CONFIG_SECCOMP_FILTER. Give the one container that needs more a profile of its own.",
    "IMG-004": "Mirror the image into a registry that you trust and use it from there, let policy.json reject all "
    "others, or add the registry to `[trust] registries` in deckwatch.toml.",
    "IMG-006": "Give the registry a certificate, put its CA into /etc/containers/certs.d/HOST/ca.crt, and remove "
    "`insecure = true` from registries.conf. Pulls fail until the certificate is trusted.",
    "IMG-007": "Demand signatures in /etc/containers/policy.json: `podman image trust set --type signedBy "
    "--pubkeysfile KEY REGISTRY` and `podman image trust set --type reject default`. Images without one are refused.",
    "MON-020": "Run a log collector on the host, or send the logs to the journal, which forwards them "
    '(`log_driver = "journald"` in containers.conf, or `--log-driver journald`). Containers have to be created again.',
    "MON-021": "Drop `--log-driver none` and create the container again; `--log-driver journald`, or `--log-opt "
    "max-size=10m` where disk space was the reason.",
    "MON-022": "Set `log_size_max = 10485760` under `[containers]` in containers.conf, or `--log-opt max-size=10m`, "
    "and create the container again. Older lines are dropped.",
    "NET-005": "`podman network create APP` and attach only the containers that talk to each other (`--network APP`). "
    "Fixed 10.88.0.x addresses stop working; names start to.",
    "NET-024": "`iptables -I FORWARD -d 169.254.169.254 -j DROP` (100.100.100.200 at Alibaba), session tokens with a "
    "hop limit of 1 (IMDSv2), or `podman network create --internal NAME`. What rootless containers and those on the "
    "host's network send is not forwarded: `iptables -I OUTPUT -d 169.254.169.254 -m owner --uid-owner USER -j DROP` "
    "for the user that runs Podman. Agents that need the host's role lose it.",
    "NET-029": "`podman network create --internal NAME` where nobody needs to call out, and rules in the chain FORWARD "
    "or on the router for the others; what rootless containers send passes OUTPUT as their user's. Package mirrors, "
    "webhooks and time servers have to be let through.",
    "NET-030": "Serve the API on a unix socket only (`systemctl enable --now podman.socket`, no `tcp:` argument) and "
    "reach it over SSH: `podman system connection add NAME ssh://user@host`. Clients of the port are cut off.",
    "RUN-012": "`--cgroupns private`, the default on cgroup v2 (`cgroupns` in containers.conf). Agents that read other "
    "containers' cgroups need the tree mounted read-only instead.",
    "RUN-021": "Add `--security-opt no-new-privileges`. Programs that become another user (sudo, ping as a set-id "
    "program) then fail; Podman has no default that would set it for all.",
    "RUN-031": "Drop `--pids-limit 0` (or -1) to get Podman's default of 2048, or set a lower one: `--pids-limit 200`. "
    "Programs with many threads need more.",
    "RUN-038": "`podman inspect NAME` shows the last probes under State.Health. Probes are started by systemd timers "
    "(`systemctl list-timers`): where there is no systemd nothing probes, and the state stays as it is.",
}


def remediation(check: Check, flavour: str) -> str:
    """What to do on an engine of this flavour."""
    return _REMEDIES.get(check.id, check.remediation) if flavour == "podman" else check.remediation


def flavour_of(snapshot: Snapshot, source: str) -> str:
    """The flavour of a source's engine, docker while it is not known."""
    engine = snapshot.get(ResourceKey(Kind.ENGINE, source, source))
    found = engine.peek("flavour") if isinstance(engine, Engine) else ""
    return found if found == "podman" else "docker"
