"""Cases of what Podman decides elsewhere than in daemon.json: containers.conf, policy.json, its command line."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from inventory.host import FileFacts
from inventory.resource import Resource
from tests.checks.builders import host, podman_engine
from tests.checks.cases import Case

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
PODMAN = podman_engine(warnings=())
SOCKET = "/run/podman/podman.sock"


def configured(*flags: str, **tables: object) -> tuple[Resource, ...]:
    """The machine of a Podman with these tables in its configuration and these words after its name."""
    named = {name.replace("__", "."): table for name, table in tables.items()}
    return (host(daemon_flags=flags, daemon_config=named, daemon_config_path="/etc/containers/containers.conf"),)


def socket(mode: int) -> tuple[Resource, ...]:
    """The machine with Podman's socket in this mode, whose group has one member."""
    facts = FileFacts(SOCKET, mode, 0, 0, "root", "root", "socket")
    return (host(files={SOCKET: facts}, docker_group=("ann",)),)


def policy(**members: object) -> tuple[Resource, ...]:
    """The machine with a policy of image signatures."""
    return configured(policy__json=members)


ANYTHING = [{"type": "insecureAcceptAnything"}]
SIGNED = [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/etc/pki/key.gpg"}]
NEVER = ("DMN-004", "DMN-013", "DMN-014", "DMN-015", "DMN-017")

CASES = [
    *(Case(check, PODMAN, NA, others=(host(),), note="podman has no such option") for check in NEVER),
    Case("DMN-008", PODMAN, MANUAL, Severity.INFO, others=configured(), note="podman, nothing set"),
    Case("DMN-008", PODMAN, MANUAL, others=configured(containers={"default_ulimits": ["nofile=1:2"]}), note="one only"),
    Case(
        "DMN-008", PODMAN, PASS, others=configured(containers={"default_ulimits": ["nofile=1:2", "nproc=1:2"]}),
        note="podman, both",
    ),
    Case("DMN-008", PODMAN, MANUAL, others=configured(containers="x"), note="podman, no table"),
    Case("DMN-009", PODMAN, FAIL, Severity.MEDIUM, others=configured(), note="podman"),
    Case("DMN-009", PODMAN, PASS, others=configured(containers={"userns": "auto:size=65536"}), note="podman, auto"),
    Case("DMN-009", podman_engine(rootless=True), PASS, others=(), note="podman, rootless"),
    Case("DMN-007", PODMAN, PASS, others=configured("system", "service", "--time=0", "unix:///x.sock"), note="podman"),
    Case(
        "DMN-007", PODMAN, FAIL, Severity.CRITICAL, others=configured("system", "service", "tcp://0.0.0.0:8080"),
        note="podman over tcp",
    ),
    Case(
        "DMN-007", PODMAN, FAIL, Severity.HIGH, others=configured("system", "service", "tcp:localhost:8080"),
        note="podman over tcp, the short way",
    ),
    Case(
        "DMN-007", PODMAN, PASS,
        others=configured("system", "service", "--tls-client-ca=/ca", "tcp://0.0.0.0:8080"), note="podman, tls",
    ),
    Case("NET-030", PODMAN, PASS, others=configured("system", "service", "unix:///x.sock"), note="podman"),
    Case("NET-030", PODMAN, PASS, others=configured("--log-level=info", "system", "service"), note="podman, default"),
    Case("NET-030", PODMAN, UNKNOWN, others=configured("machine"), note="podman, not its service"),
    Case("HOST-002", PODMAN, PASS, others=socket(0o600), note="podman's socket is its user's"),
    Case("HOST-002", PODMAN, MANUAL, others=socket(0o660), note="podman's socket is a group's"),
    Case("IMG-007", PODMAN, FAIL, Severity.LOW, others=policy(default=ANYTHING), note="podman, anything"),
    Case("IMG-007", PODMAN, PASS, others=policy(default=[{"type": "reject"}]), note="podman, nothing unknown"),
    Case("IMG-007", PODMAN, PASS, others=policy(default=SIGNED), note="podman, signed"),
    Case(
        "IMG-007", PODMAN, MANUAL, others=policy(default=ANYTHING, transports={"docker": {"registry.example": SIGNED}}),
        note="podman, some signed",
    ),
    Case("IMG-007", PODMAN, UNKNOWN, others=configured(), note="podman, no policy"),
    Case("IMG-007", PODMAN, UNKNOWN, others=configured(policy__json=3), note="podman, no policy that is one"),
]  # fmt: skip
