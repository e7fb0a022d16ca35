"""What extends the engine: authorization plugins, and managed plugins with their rights."""

from __future__ import annotations

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Engine, Plugin


@check(
    "DMN-012",
    "No authorization plugin",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="Whoever may use the socket may do everything: there is no user who may look but not touch.",
    remediation='Install an authorization plugin and set `"authorization-plugins": ["NAME"]` in daemon.json, or keep '
    "the socket to one administrator. A plugin that does not answer stops every request.",
    references=("CIS-Docker-1.6:2.12", "NIST-800-190:4.3.1", "CWE-862"),
)
def no_authorization(engine: Engine, view: View) -> Verdict:
    """Judges `Plugins.Authorization` of the engine's info.

    F: none. P: at least one. NA: Podman, whose service acts as the user who started it. U: the info was not read.
    Source: CIS Docker 2.12.
    """
    if engine.flavour == "podman":
        return not_applicable("Podman has no authorization plugins; its service has the rights of its user")
    found = ", ".join(engine.authorization_plugins)
    evidence = Evidence("Plugins.Authorization", found or "none")
    return passed("", evidence) if found else failed("every user of the socket may do everything", evidence)


@check(
    "DMN-029",
    "Engine plugins with wide rights",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Plugins run as root on the host, with what they were granted once.",
    remediation="`docker plugin ls` and `docker plugin inspect NAME`: `docker plugin disable NAME` what is not used. "
    "Volumes and networks of that driver stop working.",
    references=("NIST-800-190:4.4.3", "ATT&CK:T1543", "CVE-2026-33997", "CWE-250"),
)
def plugins(engine: Engine, view: View) -> Verdict:
    """Judges the enabled plugins of `GET /plugins`.

    F: one may use all devices, or has SYS_ADMIN and a directory of the host. M: others are enabled. P: none is. NA:
    Podman, which has no managed plugins. U: they could not be listed.
    """
    if engine.flavour == "podman":
        return not_applicable("Podman has no managed plugins")
    enabled = [plugin for plugin in engine.plugins if plugin.enabled]
    wide = [plugin for plugin in enabled if _wide(plugin)]
    if wide:
        return failed(f"{len(wide)} plugin(s) could take over the host", *map(_evidence, wide))
    if enabled:
        return manual(f"{len(enabled)} plugin(s) run as root", *map(_evidence, enabled))
    return passed("", Evidence("GET /plugins", f"{len(engine.plugins)} installed, none enabled"))


def _wide(plugin: Plugin) -> bool:
    return plugin.allow_all_devices or bool({"SYS_ADMIN", "ALL"}.intersection(plugin.capabilities) and _binds(plugin))


def _binds(plugin: Plugin) -> list[str]:
    return [mount.source for mount in plugin.mounts if mount.source.startswith("/")]


def _evidence(plugin: Plugin) -> Evidence:
    rights = [
        f"capabilities {', '.join(plugin.capabilities)}" if plugin.capabilities else "",
        "all devices" if plugin.allow_all_devices else f"devices {', '.join(plugin.devices)}" * bool(plugin.devices),
        f"mounts {', '.join(_binds(plugin))}" if _binds(plugin) else "",
        f"{plugin.network} network" if plugin.network else "",
        "the host's IPC" if plugin.ipc_host else "",
        "the host's processes" if plugin.pid_host else "",
    ]
    return Evidence(f"plugin {plugin.name}", "; ".join(filter(None, rights)) or "no special rights")
