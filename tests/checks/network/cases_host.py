"""Cases of network checks that need the host: direct routing, IPv6, instance metadata, swarm ports."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.activity import Listener
from inventory.host import Host
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import GAP, SOURCE, changed, docker, engine, host, podman_engine
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import network, swarm

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity

_plain, _pub4, _hardened = docker("plain"), docker("pub4"), docker("hardened")
_bridge = network("bridge")
_debian = engine("info-noswarm")
_old, _new = changed(_debian, version="26.1.4"), changed(_debian, version="28.5.1")
_PREFIX = "com.docker.network.bridge"
_HOME = ("127.0.0.1", "192.168.1.5", "fd00::2", "::1")
_PUBLIC = (*_HOME, "5.9.0.7", "2a01:4f8::2")


def daemon(*flags: str, addresses: Any = _HOME, **values: Any) -> Host:
    fields = {"daemon_flags": flags, "daemon_config": {}, "daemon_config_path": "/etc/docker/daemon.json"}
    return host(**fields | {"addresses": addresses} | values)


def _mode(mode: str, family: str = "ipv4") -> Any:
    return changed(_bridge, options={**_bridge.options, f"{_PREFIX}.gateway_mode_{family}": mode})


_trusting = changed(_bridge, options={**_bridge.options, f"{_PREFIX}.trusted_host_interfaces": "vxlan.1"})
_v4, _v6 = changed(_bridge, enable_ipv6=False), changed(_bridge, enable_ipv6=True)
DIRECT = [
    Case("NET-012", _mode("nat-unprotected"), FAIL, MEDIUM, others=(_new, _plain, daemon())),
    Case(
        "NET-012", _mode("nat-unprotected"), FAIL, HIGH, others=(_new, _plain, daemon(addresses=_PUBLIC)), note="public"
    ),
    Case("NET-012", _mode("nat-unprotected", "ipv6"), FAIL, MEDIUM, others=(_new, _plain), note="v6, remote"),
    Case("NET-012", _mode("nat-unprotected"), NA, others=(_new, daemon()), note="nobody"),
    Case("NET-012", _mode("routed"), MANUAL, others=(_new, _plain, daemon())),
    Case("NET-012", _mode("routed"), FAIL, MEDIUM, others=(_new, _pub4, daemon()), note="loopback"),
    Case("NET-012", _mode("isolated"), PASS, others=(_new, _plain, daemon())),
    Case("NET-012", _trusting, MANUAL, others=(_new, _plain, daemon()), note="trusted interface"),
    Case("NET-012", _bridge, PASS, others=(_new, _pub4, daemon())),
    Case("NET-012", _bridge, MANUAL, others=(_new, _plain, daemon("--allow-direct-routing")), note="allowed"),
    Case("NET-012", _bridge, MANUAL, others=(_new, _plain, daemon("--iptables=false")), note="no rules"),
    Case("NET-012", _bridge, MANUAL, others=(_new, _plain, daemon(daemon_config={"iptables": False})), note="by file"),
    Case("NET-012", _v6, MANUAL, others=(_new, _plain, daemon("--ip6tables=false")), note="no rules for IPv6"),
    Case("NET-012", _v4, PASS, others=(_new, _plain, daemon("--ip6tables=false")), note="no IPv6"),
    Case("NET-012", _v6, PASS, others=(_new, _plain, daemon()), note="IPv6"),
    Case("NET-012", _bridge, UNKNOWN, others=(_new, _plain), note="remote"),
    Case("NET-012", _bridge, UNKNOWN, others=(_old, _plain, daemon()), note="FORWARD decides"),
    Case("NET-012", _bridge, FAIL, MEDIUM, others=(_old, _pub4, daemon()), note="before 28"),
    Case("NET-012", _bridge, MANUAL, others=(_debian, _pub4, daemon()), note="a distribution's"),
    Case("NET-012", _bridge, UNKNOWN, others=(podman_engine(), _plain, daemon()), note="podman"),
    Case("NET-012", network("ov1"), NA, others=(_new, _plain)),
    Case("NET-012", changed(_bridge, internal=True), NA, others=(_new, _plain), note="internal"),
    Case("NET-012", _bridge, UNKNOWN, others=(_new,), gaps={(SOURCE, Kind.CONTAINER): GAP}, note="no containers"),
]
IPV6 = [
    Case("NET-014", _old, FAIL, MEDIUM, others=(_pub4, daemon("--ip6tables=false", addresses=_PUBLIC))),
    Case("NET-014", _old, FAIL, others=(_pub4, daemon(addresses=_PUBLIC)), note="the old default"),
    Case("NET-014", _new, MANUAL, others=(_pub4, daemon(addresses=_PUBLIC)), note="the new default"),
    Case("NET-014", _new, PASS, others=(_plain, daemon(addresses=_PUBLIC)), note="nothing published"),
    Case("NET-014", _old, PASS, others=(_pub4, daemon()), note="unique local addresses only"),
    Case("NET-014", _new, UNKNOWN, others=(_pub4, daemon(addresses=GAP)), note="addresses"),
    Case("NET-014", podman_engine(), UNKNOWN, others=(_pub4, daemon(addresses=_PUBLIC)), note="podman"),
    Case("NET-014", _new, UNKNOWN, others=(_pub4,), note="remote"),
]
_EC2 = host(dmi={"sys_vendor": "Amazon EC2", "product_name": "t3.micro"})
_QEMU = host(dmi={"sys_vendor": "QEMU", "product_name": "Standard PC (Q35 + ICH9, 2009)"})
_HYPERV = {"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine"}
_AZURE = host(dmi={**_HYPERV, "chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77"})
_none = network("none")


def _unattached(mode: str) -> Any:
    return changed(_plain, network_mode=mode, networks=())


_key = ResourceKey(Kind.CONTAINER, SOURCE, "b" * 64)
_hardened_elsewhere = changed(_unattached("ns:/run/netns/x"), key=_key, id=_key.id, name="other")
METADATA = [
    Case("NET-024", ENGINE, MANUAL, MEDIUM, others=(_plain, _EC2, _bridge)),
    Case("NET-024", ENGINE, MANUAL, others=(_plain, _AZURE, _bridge), note="azure"),
    Case("NET-024", ENGINE, NA, others=(_plain, host(dmi=_HYPERV), _bridge), note="hyper-v"),
    Case("NET-024", ENGINE, FAIL, MEDIUM, others=(docker("hostall"), _EC2, network("host"))),
    Case("NET-024", ENGINE, PASS, others=(_hardened, _EC2, _none)),
    Case("NET-024", ENGINE, PASS, others=(_plain, _EC2, changed(_bridge, internal=True)), note="internal"),
    Case("NET-024", ENGINE, NA, others=(_plain, _QEMU, _bridge)),
    Case("NET-024", ENGINE, NA, others=(docker("exited137"), _EC2), note="stopped"),
    Case("NET-024", ENGINE, UNKNOWN, others=(_plain, host(dmi={}), _bridge), note="says nothing"),
    Case("NET-024", ENGINE, UNKNOWN, others=(_plain, host(dmi=GAP), _bridge), note="no DMI"),
    Case("NET-024", ENGINE, UNKNOWN, others=(_plain, _EC2), note="network not listed"),
    Case("NET-024", ENGINE, UNKNOWN, others=(_plain, _bridge), note="remote"),
    Case("NET-024", podman_engine(), MANUAL, others=(_unattached("pasta"), _EC2), note="rootless"),
    Case("NET-024", podman_engine(), MANUAL, others=(_unattached("slirp4netns:mtu=1500"), _EC2), note="older rootless"),
    Case("NET-024", ENGINE, UNKNOWN, others=(_unattached("bridge"), _EC2), note="no network told"),
    Case("NET-024", ENGINE, UNKNOWN, others=(_unattached("ns:/run/netns/x"), _EC2), note="somebody's namespace"),
    Case("NET-024", ENGINE, PASS, others=(_unattached("none"), _EC2), note="no network"),
    Case("NET-024", ENGINE, PASS, others=(_unattached("container:abc"), _EC2), note="counted with another"),
    Case("NET-024", ENGINE, MANUAL, others=(_plain, _hardened_elsewhere, _EC2, _bridge), note="one of two known"),
]
_swarming = engine()


def _listening(address: str, port: int = 2377, protocol: str = "tcp6", addresses: Any = _PUBLIC) -> Host:
    ssh = Listener("tcp", "0.0.0.0", 22, 0)
    return host(listeners=(ssh, Listener(protocol, address, port, 0)), addresses=addresses)


def _node(data: int, addresses: Any = _PUBLIC) -> Host:
    """Management and gossip on a private address; the kernel's tunnel, as always, on all of them."""
    near = (Listener("tcp", "192.168.1.5", 2377, 0), Listener("udp", "192.168.1.5", 7946, 0))
    return host(listeners=(*near, Listener("udp", "0.0.0.0", data, 0)), addresses=addresses)


SWARM = [
    Case("NET-031", _swarming, FAIL, HIGH, others=(_listening("::"), swarm())),
    Case("NET-031", _swarming, MANUAL, HIGH, others=(_node(4789), swarm()), note="data, whatever it was told"),
    Case("NET-031", _swarming, PASS, others=(_node(4789, addresses=_HOME), swarm()), note="data, private"),
    Case("NET-031", _swarming, UNKNOWN, others=(_listening("0.0.0.0", 4789, "udp"), swarm()), note="data alone"),
    Case("NET-031", _swarming, UNKNOWN, others=(host(listeners=(), addresses=_PUBLIC), swarm()), note="no listener"),
    Case("NET-031", _swarming, PASS, others=(_node(4789), swarm(data_path_port=5789)), note="not its data port"),
    Case("NET-031", _swarming, FAIL, HIGH, others=(_listening("5.9.0.7", 7946, "udp"), swarm()), note="one public"),
    Case("NET-031", _swarming, FAIL, LOW, others=(_listening("::", addresses=_HOME), swarm()), note="private"),
    Case("NET-031", _swarming, PASS, others=(_listening("192.168.1.5", protocol="tcp"), swarm())),
    Case(
        "NET-031",
        _swarming,
        MANUAL,
        others=(_node(5789), swarm(data_path_port=5789)),
        note="another data port",
    ),
    Case("NET-031", _swarming, FAIL, others=(_listening("::"),), gaps={(SOURCE, Kind.SWARM): GAP}, note="a worker"),
    Case("NET-031", _debian, NA, others=()),
    Case("NET-031", _swarming, UNKNOWN, others=(swarm(),), note="remote"),
    Case("NET-031", _swarming, UNKNOWN, others=(host(listeners=GAP, addresses=_HOME),), note="tables"),
]
CASES = [*DIRECT, *IPV6, *METADATA, *SWARM]
