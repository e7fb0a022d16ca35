"""Programs that tell something about a container they run in. Names as the products' own packages install them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REMOTE_LOGIN: Mapping[str, str] = MappingProxyType(
    {
        "sshd": "SSH", "sshd-session": "SSH", "sshd-auth": "SSH", "dropbear": "SSH", "tinysshd": "SSH",
        "telnetd": "Telnet", "in.telnetd": "Telnet", "utelnetd": "Telnet",
        "rlogind": "rlogin", "in.rlogind": "rlogin", "rshd": "rsh", "in.rshd": "rsh",
        "vsftpd": "FTP", "proftpd": "FTP", "pure-ftpd": "FTP", "ftpd": "FTP", "in.ftpd": "FTP",
        "x11vnc": "VNC", "Xvnc": "VNC", "Xtigervnc": "VNC", "Xtightvnc": "VNC", "xrdp": "RDP", "xrdp-sesman": "RDP",
        "ttyd": "web terminal", "gotty": "web terminal", "wetty": "web terminal", "shellinaboxd": "web terminal",
    }
)  # fmt: skip

# Names under which mining programs are known (ATT&CK T1496 lists campaigns), the pool protocol and its option.
MINERS = frozenset(
    {
        "xmrig", "xmrig-notls", "xmr-stak", "xmr-stak-rx", "minerd", "cpuminer", "ethminer", "cgminer", "bfgminer",
        "nbminer", "t-rex", "phoenixminer", "lolminer", "gminer", "teamredminer", "ccminer", "nanominer", "srbminer",
        "srbminer-multi", "kdevtmpfsi", "kinsing",
    }
)  # fmt: skip
MINING_WORDS = ("stratum+tcp://", "stratum+ssl://", "stratum+tls://", "--donate-level", "--coin=monero")

NETWORK_TOOLS = frozenset(
    {
        "nc", "nc.openbsd", "nc.traditional", "ncat", "netcat", "socat", "nmap", "masscan", "zmap", "rustscan",
        "tcpdump", "tshark", "dumpcap", "ngrep", "hping3", "ettercap", "arpspoof", "chisel", "proxychains4",
    }
)  # fmt: skip
CONTROL_TOOLS = frozenset({"docker", "kubectl", "crictl", "ctr", "nerdctl", "podman", "helm", "oc"})

# Package managers: any use, or only with one of these words, because the program starts applications too.
PACKAGE_MANAGERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("apt", "apt-get", "aptitude", "dpkg", "yum", "dnf", "dnf5", "microdnf", "rpm", "zypper", "apk", "pacman"),
            frozenset(),
        ),
        **dict.fromkeys(("pip", "pip3"), frozenset({"install", "download", "wheel"})),
        **dict.fromkeys(("npm", "pnpm"), frozenset({"install", "i", "ci", "add", "update"})),
        **dict.fromkeys(("yarn", "gem", "cargo", "composer"), frozenset({"install", "add", "require"})),
    }
)

# Programs that an engine or an image starts first, only to start the one that the container was made for.
INITS = frozenset({"docker-init", "tini", "tini-static", "dumb-init", "catatonit", "podman-init"})
# Where engines put their own init into a container; it stays there, deleted, when the engine is updated.
ENGINE_INITS = frozenset(
    {"/sbin/docker-init", "/dev/init", "/run/podman-init", "/catatonit", "/usr/libexec/podman/catatonit"}
)
RUNTIMES = frozenset(
    f"/usr/{directory}/{name}"
    for directory in ("bin", "sbin", "local/bin", "local/sbin", "libexec/podman")
    for name in ("runc", "crun")
)

SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "fish", "csh", "tcsh"})
INTERPRETERS = frozenset({"python", "python2", "python3", "node", "nodejs", "ruby", "perl", "php", "busybox", "toybox"})

CONTAINER_ENGINES = frozenset(
    {"dockerd", "containerd", "buildkitd", "kubelet", "k3s", "k3s-server", "k3s-agent", "k0s", "crio", "balena-engine"}
)
ENGINE_IMAGES = ("kindest/node", "rancher/k3s", "k3s-io/k3s", "rancher/rke2", "k0sproject/k0s", "moby/buildkit")
