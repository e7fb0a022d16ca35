"""Cases of the checks on the engine's own files: TLS, registry certificates, credentials, configuration, defaults."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.engine import Plugin, PluginMount
from inventory.engine_files import CLEAR, HELPER, Certificate, CertificateFile, ClientCredentials
from inventory.gap import Gap, Reason
from inventory.host import FileFacts, Host
from inventory.snapshot import Event
from tests.checks.builders import GAP, NOW, SOURCE, changed, container, docker, engine, host, podman_engine
from tests.checks.cases import Case
from tests.checks.facts import files, network, swarm

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
DAY = 86400.0
CONFIG = "/etc/docker/daemon.json"
_CERTS, _DEFAULTS = "/etc/docker/certs.d/r", "/etc/default/docker"
STARTED = NOW - 10 * DAY

_lab, _good, _podman, _plugged = engine("info-noswarm"), engine("info-hardened"), podman_engine(), engine()


def daemon(*flags: str, options: dict[str, object] | Gap | None = None, **values: Any) -> Host:
    """The machine of a daemon with these flags and options of its file."""
    fields = {"daemon_flags": flags, "daemon_config": {} if options is None else options, "files": {}}
    return host(**{**fields, "daemon_config_path": CONFIG, "daemon_started": STARTED, **values})


def _configured(modified: float = STARTED - DAY, *flags: str, **options: object) -> Host:
    facts = FileFacts(CONFIG, 0o644, 0, 0, "root", "root", "file", modified)
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return daemon(*flags, options=named, files={CONFIG: facts})


def _registry(*entries: tuple[str, int, str, str, str], denied: tuple[str, ...] = ()) -> Host:
    found = files(*entries)
    return daemon(files=found, registry_certificates=tuple(found), files_denied=denied)


_ann, _bob = (changed(_good, rootless=True, target=f"unix:///run/user/{number}/docker.sock") for number in (1000, 1001))
_HOME = files(("/home/ann/docker", 0o710, "ann", "ann", "directory"))
_TLS = {"tlscacert": "/etc/docker/ca.pem", "tlscert": "/etc/docker/cert.pem", "tlskey": "/etc/docker/key.pem"}


def _tls(ca: int = 0o444, certificate: int = 0o444, key: int = 0o400, owner: str = "root") -> Host:
    modes = zip(_TLS.values(), (ca, certificate, key), strict=True)
    return daemon(tls_files=_TLS, files=files(*((path, mode, owner, owner, "file") for path, mode in modes)))


def _dated(*ends: float, ca: float = 900 * DAY, begins: float = -DAY, unread: Gap | None = None) -> Host:
    """TLS with a chain whose certificates end in so many seconds from now."""
    chain = tuple(Certificate(f"CN=host{number}", NOW + begins, NOW + end) for number, end in enumerate(ends))
    authority = (Certificate("CN=old", NOW - 900 * DAY, NOW - DAY), Certificate("CN=ca", NOW - DAY, NOW + ca))
    found = (CertificateFile(_TLS["tlscacert"], authority), CertificateFile(_TLS["tlscert"], chain, unread))
    return daemon(tls_files=_TLS, certificates=found)


def _client(registries: dict[str, str], *, exposed: bool = False, denied: tuple[str, ...] = (), **more: Any) -> Host:
    mode = 0o644 if exposed else 0o600
    path = "/home/ann/.docker/config.json"
    known = ClientCredentials(path, mode, 1000, "ann", exposed, registries, more.get("unread"))
    return daemon(credentials=(known,), credentials_unread=tuple(Gap(Reason.DENIED, path) for path in denied))


def _plugin(**changes: Any) -> Plugin:
    values: dict[str, Any] = {
        "name": "vieux/sshfs:latest", "enabled": True, "reference": "docker.io/vieux/sshfs:latest",
        "types": ("docker.volumedriver/1.0",), "capabilities": (), "allow_all_devices": False, "devices": (),
        "mounts": (), "network": "host", "ipc_host": False, "pid_host": False,
    }  # fmt: skip
    return Plugin(**{**values, **changes})


_reload = Event(NOW - DAY, SOURCE, "daemon", "x", "lab", "reload")
_ADMIN = ("SYS_ADMIN",)
_root = PluginMount("/var/lib/docker/plugins/", "", "bind")
_SOCKET_ENGINE = changed(_lab, labels={"a": "b"})

SETTINGS = [
    Case("DMN-010", _good, MANUAL, others=(daemon("--cgroup-parent=/lab"),)),
    Case("DMN-010", _good, PASS, others=(daemon(),)),
    Case("DMN-010", _podman, NA, others=()),
    Case("DMN-010", _good, UNKNOWN, others=(), note="remote"),
    Case("DMN-012", _good, FAIL, LOW),
    Case("DMN-012", changed(_good, authorization_plugins=("opa",)), PASS),
    Case("DMN-012", _podman, NA, others=()),
    Case("DMN-019", _good, MANUAL, note="captured 1.12"),
    Case("DMN-019", changed(_good, min_api_version="1.44"), PASS),
    Case("DMN-019", _podman, PASS, others=(), note="podman"),
    Case("DMN-019", changed(_good, min_api_version=""), UNKNOWN, note="none"),
    Case("DMN-019", changed(_good, min_api_version="\x1b[2J"), UNKNOWN, note="hostile"),
    Case("DMN-029", changed(_good, plugins=(_plugin(allow_all_devices=True),)), FAIL, MEDIUM),
    Case("DMN-029", changed(_good, plugins=(_plugin(capabilities=_ADMIN, mounts=(_root,)),)), FAIL, note="mount"),
    Case("DMN-029", changed(_good, plugins=(_plugin(capabilities=_ADMIN),)), MANUAL, note="no mount"),
    Case("DMN-029", changed(_good, plugins=(_plugin(enabled=False, allow_all_devices=True),)), PASS, note="disabled"),
    Case("DMN-029", changed(_good, plugins=()), PASS),
    Case("DMN-029", changed(_good, plugins=GAP), UNKNOWN),
    Case("DMN-029", _podman, NA, others=()),
    Case("DMN-031", changed(_good, cgroup_version="2"), FAIL, LOW, others=(daemon("--default-cgroupns-mode=host"),)),
    Case("DMN-031", changed(_good, cgroup_version="2"), FAIL, LOW, others=(), note="remote"),
    Case("DMN-031", changed(_good, cgroup_version="2", security_options=("name=cgroupns",)), PASS),
    Case("DMN-031", _good, NA, note="cgroup v1"),
    Case("DMN-031", changed(_good, cgroup_version=""), UNKNOWN, note="an engine that does not tell"),
    Case("DMN-031", _podman, NA, others=()),
    Case("MON-035", _good, FAIL, LOW, others=(daemon("--metrics-addr=0.0.0.0:9323"), network("bridge"))),
    Case("MON-035", _good, FAIL, others=(daemon("--metrics-addr", ":9323"), network("bridge")), note="every address"),
    Case("MON-035", _good, FAIL, others=(daemon("--metrics-addr", "[::]:9323"), network("bridge")), note="IPv6"),
    Case("MON-035", _good, MANUAL, others=(daemon(),)),
    Case("MON-035", _good, PASS, others=(daemon(options={"metrics-addr": "127.0.0.1:9323"}),)),
    Case("MON-035", _good, PASS, others=(daemon("--metrics-addr=[::1]:9323"),), note="IPv6"),
    Case(
        "MON-035",
        _good,
        PASS,
        others=(daemon("--metrics-addr=172.30.0.1:9323"), network("bridge")),
        note="bridge",
    ),
    Case("MON-035", _good, UNKNOWN, others=(), note="remote"),
    Case("MON-035", _podman, NA, others=()),
    Case("IMG-007", _good, FAIL, LOW, others=(daemon(content_trust={}),)),
    Case("IMG-007", _good, FAIL, others=(daemon(content_trust={"/etc/environment": "0"}),), note="off"),
    Case(
        "IMG-007",
        _good,
        FAIL,
        others=(daemon(content_trust={"/proc/self/environ": "false", "/etc/environment": "1"}),),
        note="own decides",
    ),
    Case("IMG-007", _good, PASS, others=(daemon(content_trust={"/etc/environment": "1"}),)),
    Case("IMG-007", _good, UNKNOWN, others=(daemon(content_trust=GAP),)),
    Case("IMG-007", _podman, UNKNOWN, others=(daemon(options={"policy.json": GAP}),), note="policy not read"),
]
CERTIFICATES = [
    Case(
        "DMN-024",
        _good,
        FAIL,
        MEDIUM,
        others=(_registry((f"{_CERTS}/c.key", 0o440, "root", "root", "file")),),
    ),
    Case(
        "DMN-024",
        _good,
        FAIL,
        others=(_registry((f"{_CERTS}/ca.crt", 0o444, "ann", "root", "file")),),
        note="ann's",
    ),
    Case(
        "DMN-024",
        _good,
        FAIL,
        MEDIUM,
        note="directory",
        others=(_registry((_CERTS, 0o775, "root", "root", "directory")),),
    ),
    Case(
        "DMN-024",
        _good,
        FAIL,
        LOW,
        others=(_registry((f"{_CERTS}/ca.crt", 0o644, "root", "root", "file")),),
        note="as it is copied",
    ),
    Case(
        "DMN-024",
        _good,
        PASS,
        others=(
            _registry(
                (_CERTS, 0o755, "root", "root", "directory"),
                (f"{_CERTS}/ca.crt", 0o444, "root", "root", "file"),
                (f"{_CERTS}/c.key", 0o400, "root", "root", "file"),
            ),
        ),
    ),
    Case(
        "DMN-024",
        _ann,
        PASS,
        note="rootless",
        others=(_registry(("/home/ann/.config/docker/certs.d/r/ca.crt", 0o444, "ann", "ann", "file")),),
    ),
    Case(
        "DMN-024",
        _bob,
        FAIL,
        MEDIUM,
        note="rootless, another user's",
        others=(_registry(("/home/bob/.config/docker/certs.d/r/ca.crt", 0o444, "ann", "ann", "file")),),
    ),
    Case("DMN-024", _good, NA, others=(_registry(),)),
    Case("DMN-024", _good, UNKNOWN, others=(_registry(denied=("/etc/docker/certs.d",)),), note="denied"),
    Case("DMN-024", _good, UNKNOWN, others=(), note="remote"),
    Case("DMN-025", _good, FAIL, HIGH, others=(_tls(key=0o440),)),
    Case("DMN-025", _good, FAIL, HIGH, others=(_tls(owner="ann"),), note="ann's"),
    Case("DMN-025", _good, FAIL, LOW, others=(_tls(ca=0o644, key=0o600),), note="root writes"),
    Case("DMN-025", _good, PASS, others=(_tls(),)),
    Case("DMN-025", _ann, PASS, others=(_tls(owner="ann"),), note="rootless"),
    Case("DMN-025", _ann, PASS, others=(_tls(),), note="rootless, root's"),
    Case("DMN-025", _bob, FAIL, HIGH, others=(_tls(owner="ann"),), note="rootless, another user's"),
    Case("DMN-025", _bob, FAIL, LOW, others=(_tls(key=0o600),), note="rootless, root writes"),
    Case("DMN-025", changed(_good, rootless=True), UNKNOWN, others=(_tls(owner="ann"),), note="whose is not known"),
    Case(
        "DMN-025",
        changed(_good, rootless=True, root_dir="/home/ann/docker"),
        PASS,
        others=(changed(_tls(owner="ann"), files={**_tls(owner="ann").files, **_HOME}),),
        note="rootless, by its data root",
    ),
    Case("DMN-025", _good, NA, others=(daemon(tls_files={}),)),
    Case("DMN-025", _good, UNKNOWN, others=(daemon(tls_files=_TLS, files_denied=tuple(_TLS.values())),), note="denied"),
    Case("DMN-025", _good, UNKNOWN, others=(daemon(tls_files=_TLS),), note="missing"),
    Case("DMN-025", _good, UNKNOWN, others=(), note="remote"),
    Case("DMN-030", _good, FAIL, HIGH, others=(_dated(-DAY),), note="ended"),
    Case("DMN-030", _good, FAIL, HIGH, others=(_dated(400 * DAY, 20 * DAY),), note="the chain"),
    Case("DMN-030", _good, FAIL, others=(_dated(400 * DAY, ca=20 * DAY),), note="the CA"),
    Case("DMN-030", _good, FAIL, others=(_dated(400 * DAY, begins=DAY),), note="not yet"),
    Case("DMN-030", _good, PASS, others=(_dated(31 * DAY),), note="an old CA beside the new one"),
    Case("DMN-030", _good, UNKNOWN, others=(_dated(unread=Gap(Reason.DENIED, "x")),), note="denied"),
    Case("DMN-030", _good, FAIL, others=(_dated(ca=DAY, unread=Gap(Reason.DENIED, "x")),), note="half denied"),
    Case("DMN-030", _good, NA, others=(daemon(tls_files={}),)),
    Case("DMN-030", _good, UNKNOWN, others=(), note="remote"),
    Case(
        "DMN-026",
        _good,
        FAIL,
        LOW,
        others=(daemon(files=files((_DEFAULTS, 0o664, "root", "root", "file"))),),
    ),
    Case("DMN-026", _good, PASS, others=(daemon(files=files((_DEFAULTS, 0o644, "root", "root", "file"))),)),
    Case("DMN-026", _good, NA, others=(daemon(),)),
    Case("DMN-026", _good, UNKNOWN, others=(daemon(files_denied=("/etc/sysconfig/docker",)),), note="denied"),
]
_node = f"{_plugged.root_dir}/swarm/certificates/swarm-node.crt"


def _member(left: float, unread: Gap | None = None) -> Host:
    leaf = Certificate("CN=node", NOW + left - 90 * DAY, NOW + left)
    return daemon(certificates=(CertificateFile(_node, () if unread else (leaf,), unread),))


SWARM = [
    Case("ORC-006", swarm(), FAIL, HIGH, others=(_plugged, _member(8 * DAY)), note="not renewed"),
    Case("ORC-006", swarm(), FAIL, HIGH, others=(_plugged, _member(-DAY)), note="ended"),
    Case("ORC-006", swarm(), MANUAL, others=(_plugged, _member(10 * DAY)), note="renewed"),
    Case("ORC-006", swarm(node_cert_expiry=30 * DAY), PASS, others=(_plugged, _member(40 * DAY))),
    Case("ORC-006", swarm(), MANUAL, others=(_plugged, _member(0, Gap(Reason.DENIED, _node))), note="not root"),
]
CONFIGURATION = [
    Case("DMN-028", _good, FAIL, LOW, others=(_configured(STARTED + DAY, debug=False),), note="newer"),
    Case("DMN-028", _good, MANUAL, others=(_configured(STARTED + DAY),), events=(_reload,), note="read again"),
    Case("DMN-028", _good, FAIL, others=(_configured(NOW - 60),), events=(_reload,), note="newer than read again"),
    Case("DMN-028", _good, FAIL, others=(_configured(STARTED - DAY, "--debug", debug=False),), note="twice"),
    Case("DMN-028", _good, FAIL, others=(_configured(STARTED, "-H", "fd://", hosts=["fd://"]),), note="twice, short"),
    Case("DMN-028", _good, FAIL, others=(_configured(live_restore=False),), note="another value"),
    Case("DMN-028", _good, FAIL, others=(_configured(data_root="/srv/new"),), note="another place"),
    Case("DMN-028", _good, FAIL, others=(_configured(insecure_registries=["r.lab:5000"]),), note="another registry"),
    Case("DMN-028", _good, FAIL, others=(daemon(options=Gap(Reason.MALFORMED, CONFIG, "trailing")),), note="no JSON"),
    Case(
        "DMN-028",
        _lab,
        PASS,
        others=(
            _configured(
                STARTED + 1,
                debug=True,
                live_restore=False,
                log_driver="json-file",
                storage_driver=_lab.driver,
                data_root=f"{_lab.root_dir}/",
                runtimes={"runc": {"path": "runc"}},
                default_runtime="runc",
                insecure_registries=["http://registry.lab:5000/", "10.11.12.0/24"],
                unknown={"x": 1},
            ),
        ),
        note="all the same",
    ),
    Case(
        "DMN-028",
        changed(_good, driver="overlayfs"),
        PASS,
        others=(_configured(storage_driver="overlay2"),),
        note="containerd's name",
    ),
    Case("DMN-028", changed(_good, driver="vfs"), FAIL, others=(_configured(storage_driver=["x"]),), note="list"),
    Case("DMN-028", _SOCKET_ENGINE, PASS, others=(_configured(labels=["a=b"]),), note="labels"),
    Case(
        "DMN-028",
        changed(_good, mirrors=("https://m.lab/",)),
        PASS,
        others=(_configured(registry_mirrors=["https://m.lab"]),),
        note="mirror",
    ),
    Case("DMN-028", _good, UNKNOWN, others=(_configured(0.0),), note="an old recording"),
    Case("DMN-028", changed(_good, debug=GAP), UNKNOWN, others=(_configured(debug=False),), note="half read"),
    Case("DMN-028", _good, UNKNOWN, others=(daemon(options=Gap(Reason.DENIED, CONFIG)),), note="denied"),
    Case("DMN-028", _good, UNKNOWN, others=(daemon(files_denied=(CONFIG,)),), note="stat denied"),
    Case("DMN-028", _good, NA, others=(daemon(),), note="no file"),
    Case("DMN-028", _podman, NA, others=()),
    Case("DMN-028", _good, UNKNOWN, others=(), note="remote"),
]
CREDENTIALS = [
    Case("DMN-033", _good, FAIL, MEDIUM, others=(_client({"r.lab": CLEAR, "q.lab": HELPER}),)),
    Case("DMN-033", _good, FAIL, HIGH, others=(_client({"r.lab": CLEAR}, exposed=True),), note="exposed"),
    Case("DMN-033", _good, FAIL, others=(_client({"r.lab": CLEAR}, denied=("/root",)),), note="half denied"),
    Case("DMN-033", _good, PASS, others=(_client({"r.lab": HELPER}),)),
    Case("DMN-033", _good, NA, others=(_client({}),)),
    Case("DMN-033", _good, UNKNOWN, others=(_client({"r.lab": HELPER}, denied=("/root",)),), note="denied"),
    Case("DMN-033", _good, UNKNOWN, others=(_client({}, unread=Gap(Reason.MALFORMED, "x")),), note="malformed"),
    Case("DMN-033", _good, UNKNOWN, others=(), note="remote"),
]
_old = {"started_at": NOW - 20 * DAY, "state": "running"}
_updated = daemon(binaries={"/usr/bin/dockerd": NOW - 10 * DAY, "/usr/bin/runc": NOW - 30 * DAY})
UPDATES = [
    Case("RUN-056", container(**_old), MANUAL, others=(_updated,)),
    Case("RUN-056", docker("plain", State__StartedAt="2025-11-01T00:00:00Z"), FAIL, MEDIUM, others=()),
    Case("RUN-056", container(**{**_old, "started_at": NOW - 5 * DAY}), PASS, others=(_updated,)),
    Case("RUN-056", container(**{**_old, "started_at": NOW - 400 * DAY}), MANUAL, others=(_updated,), note="read-only"),
    Case("RUN-056", container(state="exited"), NA, others=()),
    Case("RUN-056", container(**_old), UNKNOWN, others=(daemon(binaries=GAP),), note="no programs"),
    Case("RUN-056", container(**_old), UNKNOWN, others=(), note="remote"),
]
CASES = [*SETTINGS, *CERTIFICATES, *SWARM, *CONFIGURATION, *CREDENTIALS, *UPDATES]
