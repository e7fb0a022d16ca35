"""CIS Docker Benchmark 1.6.0: all 117 recommendations by number, in words of our own.

Numbers and order as in docker-bench-security 1.6.0, which implements that version.
"""

from __future__ import annotations

from collections.abc import Mapping

from checks.frameworks.facet import Facet
from checks.frameworks.framework import Entry

ID = "CIS-Docker-1.6"
TITLE = "CIS Docker Benchmark"
VERSION = "1.6.0"

_EXEC = "With which options docker exec was called only the audit log of the host tells."
# Unit files include their drop-ins; the daemon may have been given another file than daemon.json.
_SERVICE = ("DMN-022", r"/docker\.service(?:\.d(?:/|$)|$)")
_SOCKET = ("DMN-022", r"/docker\.socket(?:\.d(?:/|$)|$)")
_DIRECTORY = ("DMN-023", "^stat /etc/docker$")
_FILE = ("DMN-023", "^stat (?!/etc/docker$)")
_DEFAULT = ("DMN-026", "/etc/default/docker$")
_SYSCONFIG = ("DMN-026", "/etc/sysconfig/docker$")
_REGISTRY = ("DMN-024", "/certs[.]d/[^/]+/[^/]+$")  # the files of each registry, not the directories around them
_CA = ("DMN-025", r"\(tlscacert\)$")
_CERTIFICATE = ("DMN-025", r"\(tlscert\)$")
_KEY = ("DMN-025", r"\(tlskey\)$")
_ENGINE = ("DMN-020", r"^stat .*(?<! \(directory\))$")
_CONTAINERD = ("DMN-021", "^stat ")


def _audited(number: int, what: str, check: str, path: str) -> Entry:
    return Entry(f"1.1.{number}", f"Audited: {what}", facet=Facet(check, path, "rule"))


def _owned(number: int, what: str, facet: tuple[str, str], owner: str = "root:root") -> Entry:
    """Root's own group is stricter than any other."""
    owners = tuple(dict.fromkeys((owner, "root:root")))
    return Entry(f"3.{number}", f"{what}: owned by {owner}", facet=Facet(*facet, "owner", owners=owners))


def _mode(number: int, what: str, mode: int, facet: tuple[str, str]) -> Entry:
    return Entry(f"3.{number}", f"{what}: mode {mode:04o} or stricter", facet=Facet(*facet, "mode", mode))


SECTIONS: Mapping[str, tuple[Entry, ...]] = {
    "1.1 Linux host": (
        Entry("1.1.1", "Container data on a partition of its own"),
        Entry("1.1.2", "Only trusted users control the daemon"),
        _audited(3, "the daemon's program", "HOST-003", "/dockerd$"),
        _audited(4, "/run/containerd", "HOST-004", "^/run/containerd$"),
        _audited(5, "/var/lib/docker", "HOST-004", "^(?!/run/|/var/run/|/etc/docker$)"),
        _audited(6, "/etc/docker", "HOST-004", "^/etc/docker$"),
        _audited(7, "docker.service", "HOST-005", r"/docker\.service$"),
        _audited(8, "containerd.sock", "HOST-004", r"/containerd\.sock$"),
        _audited(9, "docker.sock", "HOST-004", r"/docker\.sock$"),
        _audited(10, "/etc/default/docker", "HOST-005", "^/etc/default/docker$"),
        _audited(11, "/etc/docker/daemon.json", "HOST-005", r"\.json$"),
        _audited(12, "/etc/containerd/config.toml", "HOST-005", r"/config\.toml$"),
        _audited(13, "/etc/sysconfig/docker", "HOST-005", "^/etc/sysconfig/docker$"),
        _audited(14, "containerd", "HOST-003", "/containerd$"),
        _audited(15, "containerd-shim", "HOST-003", "/containerd-shim$"),
        _audited(16, "containerd-shim-runc-v1", "HOST-003", "/containerd-shim-runc-v1$"),
        _audited(17, "containerd-shim-runc-v2", "HOST-003", "/containerd-shim-runc-v2$"),
        _audited(18, "runc", "HOST-003", "/runc$"),
    ),
    "1.2 Host in general": (
        Entry(
            "1.2.1",
            "The host is hardened",
            "Whether the whole host follows a hardening guide an audit of the host says; what is seen here is a part.",
        ),
        Entry("1.2.2", "The engine is up to date"),
    ),
    "2 Daemon configuration": (
        Entry("2.1", "The daemon runs without root where that is possible"),
        Entry("2.2", "Containers on the default bridge cannot reach each other"),
        Entry("2.3", "Log level info"),
        Entry("2.4", "The daemon manages the packet filter"),
        Entry("2.5", "No insecure registries"),
        Entry("2.6", "No aufs storage driver"),
        Entry("2.7", "Mutual TLS on a TCP API"),
        Entry("2.8", "Default limits for processes and files"),
        Entry("2.9", "User-namespace remapping"),
        Entry("2.10", "Default control-group parent confirmed"),
        Entry(
            "2.11",
            "Base device size unchanged unless needed",
            "Only the storage driver devicemapper has one; where DMN-006 finds that driver, look at dm.basesize.",
        ),
        Entry("2.12", "Client commands are authorized"),
        Entry("2.13", "Logs are collected centrally"),
        Entry("2.14", "No new privileges by default"),
        Entry("2.15", "Live restore"),
        Entry("2.16", "No userland proxy"),
        Entry("2.17", "Daemon-wide seccomp profile fits"),
        Entry("2.18", "No experimental features in production"),
    ),
    "3 Daemon files": (
        _owned(1, "docker.service", _SERVICE),
        _mode(2, "docker.service", 0o644, _SERVICE),
        _owned(3, "docker.socket", _SOCKET),
        _mode(4, "docker.socket", 0o644, _SOCKET),
        _owned(5, "/etc/docker", _DIRECTORY),
        _mode(6, "/etc/docker", 0o755, _DIRECTORY),
        _owned(7, "Registry certificates", _REGISTRY),
        _mode(8, "Registry certificates", 0o444, _REGISTRY),
        _owned(9, "TLS CA certificate", _CA),
        _mode(10, "TLS CA certificate", 0o444, _CA),
        _owned(11, "Server certificate", _CERTIFICATE),
        _mode(12, "Server certificate", 0o444, _CERTIFICATE),
        _owned(13, "Server key", _KEY),
        _mode(14, "Server key", 0o400, _KEY),
        _owned(15, "Engine socket", _ENGINE, owner="root:docker"),
        _mode(16, "Engine socket", 0o660, _ENGINE),
        _owned(17, "daemon.json", _FILE),
        _mode(18, "daemon.json", 0o644, _FILE),
        _owned(19, "/etc/default/docker", _DEFAULT),
        _mode(20, "/etc/default/docker", 0o644, _DEFAULT),
        _mode(21, "/etc/sysconfig/docker", 0o644, _SYSCONFIG),
        _owned(22, "/etc/sysconfig/docker", _SYSCONFIG),
        _owned(23, "containerd socket", _CONTAINERD),
        _mode(24, "containerd socket", 0o660, _CONTAINERD),
    ),
    "4 Images and build files": (
        Entry("4.1", "Images name a user that is not root"),
        Entry("4.2", "Only trusted base images"),
        Entry("4.3", "No unneeded packages", "What a workload needs its owner knows."),
        Entry("4.4", "Images are scanned and rebuilt with patches"),
        Entry("4.5", "Content trust is enforced"),
        Entry("4.6", "Images have a health check"),
        Entry("4.7", "Package index never updated in a step of its own"),
        Entry("4.8", "No setuid and setgid files"),
        Entry("4.9", "COPY instead of ADD"),
        Entry("4.10", "No secrets in build files"),
        Entry("4.11", "Only verified packages"),
        Entry(
            "4.12",
            "Signed artifacts are verified",
            "What a build fetched, and whether it verified signatures, the image does not record.",
        ),
    ),
    "5 Container runtime": (
        Entry("5.1", "Swarm mode only where it is needed"),
        Entry("5.2", "AppArmor profile in force"),
        Entry("5.3", "SELinux options set"),
        Entry("5.4", "Capabilities restricted"),
        Entry("5.5", "No privileged containers"),
        Entry("5.6", "No sensitive host directories mounted"),
        Entry("5.7", "No sshd in containers"),
        Entry("5.8", "No privileged ports published"),
        Entry("5.9", "Only needed ports open", "Which ports a workload needs its owner knows."),
        Entry("5.10", "Network namespace of the host not shared"),
        Entry("5.11", "Memory limited"),
        Entry("5.12", "CPU share set"),
        Entry("5.13", "Root filesystem read-only"),
        Entry("5.14", "Published ports bound to one interface"),
        Entry("5.15", "Restarts on failure limited to five"),
        Entry("5.16", "Process namespace of the host not shared"),
        Entry("5.17", "IPC namespace of the host not shared"),
        Entry("5.18", "No host devices"),
        Entry("5.19", "Limits of processes and files overridden where needed"),
        Entry("5.20", "No shared mount propagation"),
        Entry("5.21", "UTS namespace of the host not shared"),
        Entry("5.22", "Default seccomp profile in force"),
        Entry("5.23", "docker exec not used with --privileged", _EXEC),
        Entry("5.24", "docker exec not used with --user root", _EXEC),
        Entry("5.25", "Control group confirmed"),
        Entry("5.26", "No new privileges"),
        Entry("5.27", "Health checked while running"),
        Entry("5.28", "Latest version of the image in use"),
        Entry("5.29", "Processes limited"),
        Entry("5.30", "Default bridge not used"),
        Entry("5.31", "User namespace of the host not shared"),
        Entry("5.32", "Engine socket not mounted"),
    ),
    "6 Operations": (
        Entry("6.1", "No sprawl of images"),
        Entry("6.2", "No sprawl of containers"),
    ),
    "7 Swarm": (
        Entry("7.1", "No more managers than needed"),
        Entry("7.2", "Swarm listens on one interface"),
        Entry("7.3", "Overlay networks are encrypted"),
        Entry("7.4", "Secrets are kept as Swarm secrets"),
        Entry("7.5", "Managers are auto-locked"),
        Entry("7.6", "Auto-lock key is rotated"),
        Entry("7.7", "Node certificates are rotated"),
        Entry("7.8", "CA certificates are rotated"),
        Entry("7.9", "Management and data traffic are apart"),
    ),
}
