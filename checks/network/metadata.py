"""Whether containers get to the cloud's instance metadata. Nothing is ever asked there."""

from __future__ import annotations

from collections.abc import Mapping

from checks.check import Domain, check
from checks.evidence import capped
from checks.images.usage import SHOWN
from checks.machine import machine_fact
from checks.network.egress import ways_out
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.model import Container, Engine

_AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"  # the same in every Azure machine; its vendor is Hyper-V's too
# (field of /sys/class/dmi/id, what its value holds, cloud)
_SIGNS = (
    ("sys_vendor", "Amazon EC2", "AWS"),
    ("bios_vendor", "Amazon EC2", "AWS"),
    ("bios_version", ".amazon", "AWS"),
    ("product_name", "Google Compute Engine", "Google Cloud"),
    ("chassis_asset_tag", _AZURE_TAG, "Azure"),
    ("chassis_asset_tag", "OracleCloud.com", "Oracle Cloud"),
    ("sys_vendor", "Alibaba Cloud", "Alibaba Cloud"),
    ("sys_vendor", "Tencent Cloud", "Tencent Cloud"),
    ("sys_vendor", "DigitalOcean", "DigitalOcean"),
    ("sys_vendor", "Hetzner", "Hetzner"),
    ("sys_vendor", "Vultr", "Vultr"),
    ("sys_vendor", "Scaleway", "Scaleway"),
    ("sys_vendor", "Linode", "Linode"),
    ("sys_vendor", "Akamai", "Linode"),
    ("sys_vendor", "UpCloud", "UpCloud"),
    ("sys_vendor", "Exoscale", "Exoscale"),
    ("chassis_asset_tag", "ibmcloud", "IBM Cloud"),
    ("sys_vendor", "OpenStack Foundation", "OpenStack"),
    ("product_name", "OpenStack", "OpenStack"),
)


@check(
    "NET-024",
    "Instance metadata reachable from containers",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="The metadata service hands out tokens of the host's role in the cloud to whoever asks.",
    remediation="`iptables -I DOCKER-USER -d 169.254.169.254 -j DROP` (100.100.100.200 at Alibaba, fd00:ec2::254 with "
    "ip6tables), demand session tokens with a hop limit of 1 (IMDSv2), or attach the container to an internal network. "
    "On the host's own network neither helps, because nothing is forwarded: give the container a network of its own, "
    "or let it run as another user than root behind `iptables -I OUTPUT -d 169.254.169.254 -m owner ! --uid-owner root "
    "-j DROP`. Agents that need the host's role lose it.",
    references=("NSA:network separation", "OWASP-K8S:K08", "ATT&CK:T1552.005", "CWE-918"),
)
def metadata_reachable(engine: Engine, view: View) -> Verdict:
    """Judges /sys/class/dmi/id of the host and the networks of all running containers, once for the engine: it is the
    same rule in the same firewall that would help each of them.

    F: containers have the host's own network on a machine of a cloud. M: networks that reach outside: whether a rule
    stops 169.254.169.254 is in no file; rootless Podman's pasta and slirp4netns reach it too. P: no network, or
    internal ones only. NA: not a cloud's machine, or nothing runs. U: the engine is remote, the machine has no DMI, or
    how a container is connected is not told, and no other reaches outside. The metadata service itself is never asked.
    """
    cloud = cloud_of(machine_fact(view, "dmi"))
    if cloud is None:
        return not_applicable("not a machine of a cloud that is known here")
    running = [container for container in view.all(Container) if container.running]
    if not running:
        return not_applicable("no container runs")
    inside = [container for container in running if container.network_mode == "host"]
    if inside:
        modes = (Evidence(f"{one.name}: HostConfig.NetworkMode", "host", one.key) for one in inside)
        message = f"{len(inside)} container(s) share the host's network on {cloud.value}"
        return failed(message, *capped(modes, SHOWN), cloud)
    outside, unread = ways_out(running, view)
    if not outside:
        if unread is not None:
            raise unread
        return passed("no container reaches outside", cloud)
    shown = capped((way for _, way in outside), SHOWN)
    said = f"{len(outside)} container(s) can route to 169.254.169.254 on {cloud.value}; rules are in no file"
    return manual(said, *shown, cloud)


def cloud_of(dmi: Mapping[str, str]) -> Evidence | None:
    """The sign that the machine is a cloud's: its value is the cloud's name; raises `Unread` where nothing was told."""
    if not any(dmi.values()):
        raise Unread(Gap(Reason.UNSUPPORTED, "/sys/class/dmi/id", "the machine does not say who made it"))
    for field, word, cloud in _SIGNS:
        if word.lower() in dmi.get(field, "").lower():
            return Evidence(f"/sys/class/dmi/id/{field}", cloud)
    return None
