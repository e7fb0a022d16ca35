"""Cases of the runtime checks: every one fails and passes at least once, on captured answers where one shows it."""

from __future__ import annotations

from checks.capabilities import NAMES
from checks.verdict import Outcome, Severity
from inventory.container import Device, Mount, RestartPolicy, Ulimit
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Event
from tests.checks.builders import (
    DEFAULT_MASK,
    GAP,
    NOW,
    SOURCE,
    changed,
    container,
    docker,
    engine,
    host,
    image,
    kernel,
    podman,
    podman_engine,
    told,
)
from tests.checks.cases import ENGINE, Case

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
PODMAN = podman_engine()
HARDENED_ENGINE = engine("info-hardened")
DAY = 86400.0
ALL_MASK = (1 << len(NAMES)) - 1
SYS_ADMIN_BIT = 1 << NAMES.index("SYS_ADMIN")


def bind(source: str, rw: bool = True, propagation: str = "rprivate") -> Mount:
    """A bind mount of a host path at /x."""
    return Mount("bind", source, "/x", rw, propagation)


def mounted(source: str, rw: bool = True, **changes: object) -> Resource:
    """A hardened container with one bind mount."""
    return container(mounts=(bind(source, rw),), **changes)


def happened(subject: str, action: str, *ages: float) -> tuple[Event, ...]:
    """Events of one container, so many seconds ago."""
    return tuple(Event(NOW - age, SOURCE, "container", subject, "x", action) for age in ages)


_privileged, _caps, _hostall = docker("privileged"), docker("caps"), docker("hostall")
_plain, _hardened, _unconf = docker("plain"), docker("hardened"), docker("unconf")
_as_declared = told(kernel(2, 1, 0, 0, 10001), _hardened.memory, _hardened.pids_limit)
_named = docker("healthy")  # Config.User "app"
_crash, _task = docker("crashloop"), docker("task-upd")
_peer_id = docker("sharednet").pid_mode.removeprefix("container:")
_peer = changed(_plain, id=_peer_id, key=ResourceKey(Kind.CONTAINER, SOURCE, _peer_id))
_kubernetes = {"io.kubernetes.pod.name": "web-0"}

PRIVILEGES = [
    Case("RUN-001", _privileged, FAIL, CRITICAL, note="created only"),
    Case("RUN-001", podman("privileged"), FAIL, CRITICAL, others=(PODMAN,), note="podman"),
    Case("RUN-001", _hardened, PASS),
    Case("RUN-023", _plain, FAIL, MEDIUM),
    *(
        Case("RUN-023", container(user=user), FAIL, MEDIUM, note=repr(user))
        for user in ("", "0", "00", "0:0", "root", "root:root", ":0", "0:1000", "root:1000", "+0")
    ),
    *(
        Case("RUN-023", container(user=user), PASS, note=repr(user))
        for user in ("10001", "10001:10001", "1:0", "1000:root")
    ),
    *(
        Case("RUN-023", container(user=user), MANUAL, note=repr(user))
        for user in ("app", "app:app", "Root", "4294967296", "0x0")
    ),
    Case("RUN-023", docker("remapped"), FAIL, LOW, others=(HARDENED_ENGINE,), note="userns-remap"),
    Case("RUN-023", docker("usernshost"), FAIL, MEDIUM, others=(HARDENED_ENGINE,), note="remapping switched off"),
    Case("RUN-023", _plain, FAIL, LOW, others=(engine(rootless=True),), note="rootless engine"),
    Case(
        "RUN-023", _plain, FAIL, LOW, others=(ENGINE, host(_plain, kernel(identity_uid_map=False, uid=100000))),
        note="mapped by the kernel",
    ),
    Case("RUN-023", _named, FAIL, MEDIUM, others=(ENGINE, host(_named, kernel(uid=0))), note="named, uid 0"),
    Case("RUN-023", _named, PASS, others=(ENGINE, host(_named, kernel(uid=1000))), note="named, uid 1000"),
    Case("RUN-023", _plain, UNKNOWN, others=(), note="engine unknown"),
    Case("RUN-025", container(user="1000:0"), FAIL, LOW, note="group 0"),
    Case("RUN-025", container(group_add=("docker",)), FAIL, HIGH, note="docker"),
    Case("RUN-025", container(group_add=("6",)), FAIL, HIGH, note="disk by number"),
    Case("RUN-025", container(group_add=("adm",)), FAIL, LOW, note="adm"),
    Case("RUN-025", container(group_add=("998",)), MANUAL, note="a system group"),
    Case("RUN-025", container(group_add=("10002",)), PASS, note="an ordinary group"),
    Case("RUN-025", container(user="", group_add=("0",)), PASS, note="root in its own group"),
    Case("RUN-025", _hardened, PASS),
    Case("RUN-060", docker("ttylog", Config__OpenStdin=True, HostConfig__RestartPolicy__Name="always"), MANUAL, LOW),
    Case("RUN-060", docker("ttylog"), PASS),
    Case("RUN-062", changed(_plain, created=NOW - 2 * DAY), FAIL, LOW),
    Case("RUN-062", _plain, PASS, note="young"),
    Case("RUN-062", docker("shop-db-1"), PASS),
    Case("RUN-062", _privileged, NA),
]  # fmt: skip

NAMESPACES = [
    Case("RUN-006", _hostall, FAIL, HIGH),
    Case("RUN-006", podman("hostnet"), FAIL, HIGH, others=(PODMAN,), note="podman"),
    Case("RUN-006", _hardened, PASS),
    Case("RUN-006", docker("sharednet"), PASS),
    Case("RUN-007", _hostall, FAIL, HIGH),
    Case("RUN-007", container(pid_mode="host", cap_add=("SYS_PTRACE",)), FAIL, CRITICAL, note="ptrace"),
    Case("RUN-007", container(pid_mode="host", privileged=True), FAIL, CRITICAL, note="privileged"),
    Case("RUN-007", docker("sharednet"), PASS),
    Case("RUN-008", _hostall, FAIL, HIGH),
    Case("RUN-008", container(ipc_mode="shareable"), MANUAL, note="shareable"),
    Case("RUN-008", podman("plain"), UNKNOWN, others=(PODMAN,), note="podman writes one word for two things"),
    Case("RUN-008", podman("inpod"), MANUAL, others=(PODMAN,), note="in a pod"),
    Case("RUN-008", _plain, PASS),
    Case("RUN-009", container(uts_mode="host"), FAIL, MEDIUM, note="uts host"),
    Case("RUN-009", container(network_mode="host"), NA, note="host network"),
    Case("RUN-009", podman("plain"), PASS, others=(PODMAN,), note="podman"),
    Case("RUN-009", _plain, PASS),
    Case("RUN-010", docker("usernshost"), FAIL, MEDIUM, others=(HARDENED_ENGINE,)),
    Case("RUN-010", docker("multi"), FAIL, LOW, note="engine does not remap"),
    Case("RUN-010", docker("multi"), UNKNOWN, others=(), note="engine unknown"),
    Case("RUN-010", docker("remapped"), PASS, others=(HARDENED_ENGINE,)),
    Case("RUN-012", _plain, FAIL, LOW, note="cgroup v1"),
    Case("RUN-012", _plain, FAIL, MEDIUM, others=(engine(cgroup_version="2"),), note="cgroup v2"),
    Case("RUN-012", container(cgroupns_mode="private"), PASS, note="private"),
    Case("RUN-012", podman("plain"), UNKNOWN, others=(PODMAN,), note="podman"),
    Case("RUN-051", docker("sharednet"), MANUAL, others=(ENGINE, _peer)),
    Case("RUN-051", docker("sharednet"), MANUAL, note="the other is gone"),
    Case(
        "RUN-051", docker("sharednet"), FAIL, MEDIUM, others=(ENGINE, changed(_peer, privileged=True)),
        note="with a privileged one",
    ),
    Case(
        "RUN-051", docker("sharednet"), UNKNOWN, others=(ENGINE,), gaps={(SOURCE, Kind.CONTAINER): GAP},
        note="others not readable",
    ),
    Case("RUN-051", _plain, PASS),
]  # fmt: skip

CAPABILITIES = [
    Case("RUN-013", _caps, FAIL, CRITICAL),
    Case("RUN-013", docker("capall"), FAIL, CRITICAL),
    Case("RUN-013", container(cap_add=("ALL",), cap_drop=("SYS_ADMIN",)), FAIL, CRITICAL, note="ALL but one"),
    Case("RUN-013", podman("caps"), PASS, others=(PODMAN,), note="podman: NET_ADMIN, SYS_PTRACE"),
    Case("RUN-013", changed(podman("caps"), pid_mode="host"), FAIL, CRITICAL, others=(PODMAN,), note="ptrace+host pid"),
    Case("RUN-013", _plain, PASS),
    Case("RUN-013", container(cap_add=("BPF",), cap_drop=("ALL",)), FAIL, CRITICAL, note="BPF"),
    Case(
        "RUN-013", _plain, FAIL, CRITICAL, note="only the kernel knows",
        others=(ENGINE, host(_plain, kernel(cap_bnd=DEFAULT_MASK | SYS_ADMIN_BIT))),
    ),
    Case(
        "RUN-013", _caps, PASS, others=(ENGINE, host(_caps, kernel())), note="not granted by the kernel",
    ),
    Case("RUN-014", _caps, FAIL, HIGH),
    Case("RUN-014", container(cap_add=("SYS_NICE",)), FAIL, MEDIUM, note="SYS_NICE"),
    Case("RUN-014", docker("capall"), NA),
    Case("RUN-014", container(cap_add=("SYS_ADMIN",)), PASS, note="RUN-013's"),
    Case("RUN-014", container(cap_add=("CHOWN",)), PASS, note="of the default set"),
    Case("RUN-014", _plain, PASS),
    Case("RUN-015", _plain, FAIL, LOW),
    Case("RUN-015", _hardened, PASS),
    Case("RUN-015", container(cap_add=("CHOWN", "NET_ADMIN")), PASS, note="added by name"),
    Case("RUN-015", container(cap_add=("ALL",)), FAIL, LOW, note="ALL added"),
    Case("RUN-015", podman("dropall"), PASS, others=(PODMAN,), note="podman"),
    Case(
        "RUN-015",
        changed(podman("dropall"), cap_drop=tuple(set(podman("dropall").cap_drop) - {"NET_RAW", "MKNOD"})),
        MANUAL, others=(PODMAN,), note="podman, what its configuration decides",
    ),
    Case("RUN-015", podman("caps"), FAIL, LOW, others=(PODMAN,), note="podman, MKNOD dropped"),
    Case("RUN-015", _privileged, NA),
]  # fmt: skip

_slash, _hostfs, _sockro = mounted("/"), docker("hostfs"), docker("sockro")
MOUNTS = [
    Case("RUN-002", docker("socky"), FAIL, CRITICAL),
    Case("RUN-002", _sockro, FAIL, CRITICAL, note="read-only counts"),
    Case("RUN-002", podman("socky"), FAIL, CRITICAL, others=(PODMAN,), note="podman"),
    *(
        Case("RUN-002", mounted(path, rw=False), FAIL, CRITICAL, note=path)
        for path in (
            "/", "/run", "/var/run", "/var/run/", "/run/docker.sock", "/var/run/docker.sock", "/run/containerd",
            "/run/containerd/containerd.sock", "/run/containerd/s/0a1b2c", "/run/user/1000", "/run/user/1000/podman",
            "/run/podman", "/run/k3s/containerd/containerd.sock", "/run/crio/crio.sock", "/var/run/cri-dockerd.sock",
            "/run/buildkit/buildkitd.sock", "/var/run/../run/docker.sock",
        )
    ),
    *(
        Case("RUN-002", mounted(path), PASS, note=path)
        for path in ("/run/secrets", "/srv/app", "/var/lib", "/run/dockerd", "/run/user/1000/app", "/home")
    ),
    Case(
        "RUN-002", mounted("/srv/engine"), FAIL, CRITICAL, note="the engine's own socket lies elsewhere",
        others=(engine(target="unix:///srv/engine/api.sock"),),
    ),
    Case("RUN-002", mounted("/srv/engine"), UNKNOWN, others=(), note="endpoint not known"),
    Case("RUN-002", mounted("/run/docker.sock"), FAIL, CRITICAL, others=(), note="known by name without the engine"),
    Case("RUN-002", container(env=("DOCKER_HOST=tcp://10.0.0.1:2375",)), FAIL, CRITICAL, note="DOCKER_HOST"),
    Case(
        "RUN-002", container(env=("DOCKER_HOST=tcp://dind:2376", "DOCKER_TLS_VERIFY=1")), PASS, note="DOCKER_HOST, TLS"
    ),
    Case("RUN-002", container(mounts=(Mount("volume", "/run", "/x", True),)), PASS, note="a volume"),
    Case("RUN-002", _hardened, PASS),
    Case("RUN-003", _hostfs, FAIL, CRITICAL),
    *(
        Case("RUN-003", mounted(path), FAIL, severity, note=path)
        for path, severity in (
            ("/", CRITICAL), ("/etc", CRITICAL), ("/etc/", CRITICAL), ("/etc/cron.d", CRITICAL), ("/root", CRITICAL),
            ("/root/.ssh", CRITICAL), ("/boot", CRITICAL), ("/proc/sys", CRITICAL), ("/sys", CRITICAL),
            ("/var/lib/docker/volumes/x/_data", CRITICAL), ("/var/lib/kubelet", CRITICAL), ("/var/lib/etcd", CRITICAL),
            ("/etc/nginx/conf.d", HIGH), ("/dev", HIGH), ("/dev/sda", HIGH), ("/lib", HIGH), ("/lib64", HIGH),
            ("/usr", HIGH), ("/usr/local/bin", HIGH), ("/bin", HIGH), ("/sbin", HIGH), ("/var/log", HIGH),
            ("/var/log/app", HIGH), ("/var/spool/cron", HIGH), ("/opt/cni/bin", HIGH), ("/home/ann/.ssh", HIGH),
            ("/home/ann/.aws/credentials", HIGH), ("/home", HIGH), ("/var", HIGH), ("/var/lib", HIGH), ("/run", HIGH),
            ("/var/run", HIGH), ("/opt", HIGH), ("/srv", HIGH), ("/mnt", HIGH), ("/srv/lab/dk/data", CRITICAL),
            ("/var/lib/containerd", HIGH), ("/srv/../etc", CRITICAL), ("/etc/ssl/certs", HIGH),
        )
    ),
    *(
        Case("RUN-003", mounted(path), PASS, note=path)
        for path in (
            "/etc/localtime", "/etc/timezone", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
            "/usr/share/zoneinfo", "/usr/share/zoneinfo/UTC", "/dev/null", "/dev/zero", "/dev/shm", "/srv/app",
            "/home/ann/site", "/opt/app", "/var/lib/app", "/run/app", "/var/run/app", "/mnt/disk", "/etcetera",
            "/library", "/home/ann/.sshx", "/var/lib/kubelet/pods/1b/volumes/kubernetes.io~empty-dir/data",
        )
    ),
    Case("RUN-003", mounted("/etc", rw=False), PASS, note="read-only"),
    Case("RUN-003", mounted("/srv/data"), UNKNOWN, others=(), note="data directory not known"),
    Case("RUN-003", _hardened, PASS),
    Case("RUN-004", _hostfs, FAIL, HIGH),
    Case("RUN-004", podman("mounts"), FAIL, HIGH, others=(PODMAN,), note="podman"),
    *(
        Case("RUN-004", mounted(path, rw=False), FAIL, severity, note=path)
        for path, severity in (
            ("/", HIGH), ("/etc", HIGH), ("/root", HIGH), ("/home", HIGH), ("/var/lib/docker", HIGH),
            ("/var/lib/kubelet", HIGH), ("/var/lib/etcd/member", HIGH), ("/etc/kubernetes", HIGH),
            ("/etc/kubernetes/pki", HIGH), ("/proc", MEDIUM), ("/sys", MEDIUM), ("/var/log", MEDIUM),
            ("/etc/nginx", MEDIUM), ("/usr", MEDIUM), ("/dev/dri", MEDIUM),
        )
    ),
    *(
        Case("RUN-004", mounted(path, rw=False), PASS, note=path)
        for path in ("/etc/ssl/certs", "/etc/pki/ca-trust/extracted", "/etc/localtime", "/srv/app")
    ),
    Case("RUN-004", _hardened, PASS),
    Case("RUN-005", container(mounts=(bind("/srv/app", propagation="rshared"),)), FAIL, HIGH, note="rshared"),
    Case("RUN-005", _hostfs, MANUAL, note="rslave on /"),
    Case("RUN-005", container(mounts=(bind("/srv/app", propagation="rslave"),)), PASS, note="rslave elsewhere"),
    Case("RUN-005", docker("ubermounts"), PASS),
    Case("RUN-053", _hostfs, FAIL, CRITICAL, note="/sys rw"),
    *(
        Case("RUN-053", mounted(path, rw), FAIL, CRITICAL, note=f"{path} rw={rw}")
        for path, rw in (
            ("/sys/fs/cgroup", True), ("/proc", True), ("/proc/sys/kernel", True), ("/sys/kernel/debug", False),
            ("/sys/kernel/tracing/events", False), ("/sys/kernel/security", False), ("/dev", False),
            ("/var/lib/lxcfs/proc", True),
        )
    ),
    *(
        Case("RUN-053", mounted(path, rw), PASS, note=f"{path} rw={rw}")
        for path, rw in (("/sys/fs/cgroup", False), ("/proc", False), ("/sys", False), ("/dev/dri", True))
    ),
    Case("RUN-053", _hardened, PASS),
]  # fmt: skip

_apparmor = engine(security_options=("name=apparmor", "name=seccomp,profile=default"))
_selinux = engine(security_options=("name=selinux", "name=seccomp,profile=default"))
_newer = engine(version="29.7.2")
_allow_all = 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'
_widened = 'seccomp={"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ALLOW"}]}'
CONFINEMENT = [
    Case("RUN-017", _unconf, FAIL, HIGH),
    Case("RUN-017", podman("unconf"), FAIL, HIGH, others=(PODMAN,), note="podman"),
    Case("RUN-017", container(security_opt=("seccomp:unconfined",)), FAIL, HIGH, note="older spelling"),
    Case(
        "RUN-017", _plain, FAIL, HIGH, others=(engine(security_options=("name=seccomp,profile=unconfined",)),),
        note="engine's profile",
    ),
    Case("RUN-017", _plain, FAIL, HIGH, others=(engine(security_options=()),), note="engine without seccomp"),
    Case("RUN-017", _plain, FAIL, HIGH, others=(ENGINE, host(_plain, kernel(seccomp=0))), note="kernel mode 0"),
    Case("RUN-017", _plain, PASS, others=(ENGINE, host(_plain, kernel())), note="kernel mode 2"),
    Case("RUN-017", _plain, UNKNOWN, others=(), note="engine unknown"),
    Case("RUN-017", docker("seccustom"), PASS),
    Case("RUN-017", _hardened, PASS),
    Case("RUN-018", docker("seccustom"), MANUAL),
    Case("RUN-018", container(security_opt=(_allow_all,)), FAIL, MEDIUM, note="allows everything"),
    Case("RUN-018", container(security_opt=(_widened,)), MANUAL, INFO, note="widened"),
    Case("RUN-018", container(security_opt=("seccomp=/etc/p.json",)), MANUAL, INFO, note="by path"),
    Case("RUN-018", container(security_opt=("seccomp=[1]",)), MANUAL, INFO, note="not a profile"),
    Case("RUN-018", _unconf, PASS),
    Case("RUN-018", _hardened, PASS),
    Case("RUN-019", _unconf, FAIL, MEDIUM, others=(_apparmor,)),
    Case("RUN-019", _plain, FAIL, MEDIUM, others=(_apparmor,), note="empty profile on a host with AppArmor"),
    Case("RUN-019", changed(_plain, apparmor_profile="docker-default"), PASS, others=(_apparmor,)),
    Case("RUN-019", docker("macv1"), PASS, others=(_apparmor,), note="never started"),
    Case("RUN-019", _unconf, NA, note="host without AppArmor"),
    Case("RUN-019", _unconf, UNKNOWN, others=(), note="engine unknown"),
    Case("RUN-020", _hostall, FAIL, MEDIUM, others=(_selinux,), note="label=disable"),
    Case("RUN-020", container(security_opt=("label=type:spc_t",)), FAIL, MEDIUM, others=(_selinux,), note="spc_t"),
    Case(
        "RUN-020", container(process_label="system_u:system_r:unconfined_t:s0"), FAIL, MEDIUM, others=(_selinux,),
        note="unconfined_t",
    ),
    Case("RUN-020", _plain, FAIL, MEDIUM, others=(_selinux,), note="no label"),
    Case(
        "RUN-020", container(process_label="system_u:system_r:container_t:s0:c1,c2"), PASS, others=(_selinux,),
        note="container_t",
    ),
    Case("RUN-020", _hostall, NA, note="engine without SELinux"),
    Case("RUN-021", _plain, FAIL, MEDIUM, others=(_newer,), note="Docker 29 says it has no default"),
    Case("RUN-021", docker("nnp-off"), FAIL, MEDIUM, others=(HARDENED_ENGINE,), note="explicit false"),
    Case("RUN-021", container(security_opt=("no-new-privileges:false",)), FAIL, MEDIUM, note="explicit :false"),
    Case("RUN-021", podman("plain"), FAIL, MEDIUM, others=(PODMAN,), note="podman"),
    Case("RUN-021", podman("dropall"), PASS, others=(PODMAN,), note="podman"),
    Case("RUN-021", _plain, UNKNOWN, note="Docker 20.10 does not tell its default"),
    Case(
        "RUN-021", _plain, PASS, others=(ENGINE, host(daemon_flags=("--no-new-privileges",), daemon_config={})),
        note="daemon flag",
    ),
    Case(
        "RUN-021", _plain, PASS, others=(ENGINE, host(daemon_flags=(), daemon_config={"no-new-privileges": True})),
        note="daemon.json",
    ),
    Case(
        "RUN-021", _plain, FAIL, MEDIUM, others=(ENGINE, host(daemon_flags=(), daemon_config={})), note="no default",
    ),
    Case(
        "RUN-021", _plain, PASS, others=(engine(security_options=("name=no-new-privileges",)),),
        note="SecurityOptions",
    ),
    Case("RUN-021", docker("remapped"), PASS, others=(ENGINE, host(docker("remapped"), kernel(no_new_privs=1)))),
    Case(
        "RUN-021", _hardened, FAIL, MEDIUM, others=(ENGINE, host(_hardened, kernel(no_new_privs=0))),
        note="the kernel decides",
    ),
    Case("RUN-021", container(security_opt=("no-new-privileges=true",)), PASS, note="=true"),
    Case("RUN-021", container(security_opt=("no-new-privileges:true",)), PASS, note=":true"),
    Case("RUN-021", _hardened, PASS, note="bare"),
    Case("RUN-022", container(masked_paths=()), FAIL, MEDIUM, note="nothing masked"),
    Case("RUN-022", container(readonly_paths=()), FAIL, MEDIUM, note="nothing read-only"),
    Case("RUN-022", _plain, PASS),
    Case("RUN-022", _privileged, NA),
    Case("RUN-022", podman("plain"), UNKNOWN, others=(PODMAN,), note="podman"),
    Case("RUN-026", _plain, FAIL, MEDIUM),
    Case("RUN-026", _hardened, PASS),
    Case("RUN-026", podman("dropall"), PASS, others=(PODMAN,), note="podman"),
    Case("RUN-054", _plain, FAIL, HIGH, others=(ENGINE, host(_plain, kernel(seccomp=0))), note="seccomp"),
    Case("RUN-054", _hardened, FAIL, HIGH, others=(ENGINE, host(_hardened, kernel(0, 0, uid=0))), note="everything"),
    Case(
        "RUN-054", _plain, FAIL, HIGH, others=(ENGINE, host(_plain, kernel(cap_bnd=ALL_MASK))), note="capabilities",
    ),
    Case("RUN-054", _unconf, PASS, others=(ENGINE, host(_unconf, told(kernel(seccomp=0)))), note="off as declared"),
    Case("RUN-054", _plain, PASS, others=(ENGINE, host(_plain, told(kernel())))),
    Case("RUN-054", _hardened, PASS, others=(ENGINE, host(_hardened, _as_declared)), note="hardened"),
    Case("RUN-054", _hardened, UNKNOWN, others=(ENGINE, host(_hardened, kernel(2, 1, 0, 0, 10001))), note="half told"),
    Case("RUN-054", _plain, UNKNOWN, note="remote engine"),
    Case("RUN-054", _plain, UNKNOWN, others=(ENGINE, host()), note="process not readable"),
    Case("RUN-054", _privileged, NA),
]  # fmt: skip

RESOURCES = [
    Case("RUN-028", _plain, FAIL, MEDIUM),
    Case("RUN-028", _hardened, PASS),
    Case("RUN-028", docker("multi"), UNKNOWN, note="a parent cgroup may limit"),
    Case("RUN-029", docker("limits"), FAIL, LOW),
    Case("RUN-029", _hardened, PASS),
    Case("RUN-029", _plain, NA),
    Case("RUN-030", _plain, FAIL, LOW),
    Case("RUN-030", _hardened, PASS),
    Case("RUN-030", container(nano_cpus=0, cpu_shares=512), PASS, note="a weight"),
    Case("RUN-030", container(nano_cpus=0, cpuset_cpus="0"), PASS, note="a set"),
    Case("RUN-030", container(nano_cpus=0, cpu_quota=-1), FAIL, LOW, note="quota -1"),
    Case("RUN-031", _plain, FAIL, MEDIUM),
    Case("RUN-031", _hardened, PASS),
    Case("RUN-031", podman("plain"), PASS, others=(PODMAN,), note="podman's 2048"),
    Case("RUN-032", container(oom_kill_disable=True, memory=0), FAIL, HIGH, note="never killed"),
    Case("RUN-032", container(oom_score_adj=-500), FAIL, MEDIUM, note="negative score"),
    Case("RUN-032", container(oom_kill_disable=True), PASS, note="with a limit"),
    Case("RUN-032", docker("limits"), PASS),
    Case("RUN-033", _plain, MANUAL, INFO),
    Case("RUN-033", docker("limits"), PASS),
    Case("RUN-033", podman("plain"), PASS, others=(PODMAN,), note="podman"),
    Case("RUN-033", container(ulimits=(Ulimit("nofile", 1024, -1),)), FAIL, LOW, note="unlimited"),
    Case("RUN-033", container(ulimits=(Ulimit("RLIMIT_NPROC", 1, 1048577),)), FAIL, LOW, note="too many"),
    Case("RUN-042", docker("multi"), FAIL, LOW),
    Case("RUN-042", podman("inpod"), PASS, others=(PODMAN,), note="podman pod"),
    Case("RUN-042", container(cgroup_parent="/kubepods/burstable/pod1"), PASS, note="kubernetes"),
    Case("RUN-042", container(cgroup_parent="machine-web.slice"), PASS, note="a slice of the system"),
    Case("RUN-042", _hardened, PASS),
    Case("RUN-043", docker("multi"), FAIL, MEDIUM),
    Case("RUN-043", container(sysctls={"net.ipv4.ping_group_range": "0 0"}), MANUAL, note="a safe one"),
    Case("RUN-043", _hardened, PASS),
]  # fmt: skip

_starting = docker("hstarting")
LIFECYCLE = [
    Case("RUN-034", _crash, FAIL, LOW),
    *(
        Case("RUN-034", container(restart_policy=RestartPolicy(name, count)), FAIL, LOW, note=f"{name}:{count}")
        for name, count in (("unless-stopped", 0), ("on-failure", 0), ("on-failure", 6))
    ),
    Case("RUN-034", container(restart_policy=RestartPolicy("on-failure", 5)), PASS, note="on-failure:5"),
    Case("RUN-034", podman("plain"), PASS, others=(PODMAN,), note="podman's empty policy"),
    Case("RUN-034", _hardened, PASS),
    Case("RUN-034", _task, NA),
    Case("RUN-034", container(labels=_kubernetes, restart_policy=RestartPolicy("always")), NA, note="kubernetes"),
    Case("RUN-035", _crash, FAIL, HIGH),
    Case("RUN-035", podman("rstalways"), MANUAL, others=(PODMAN,), now=NOW + DAY, note="podman, long ago"),
    Case("RUN-035", container(restart_count=3), MANUAL, events=happened(_hardened.id, "die", 1, 2, 900), note="two"),
    Case("RUN-035", container(restart_count=3), FAIL, HIGH, events=happened(_hardened.id, "die", 1, 2, 3), note="3x"),
    Case("RUN-035", container(restart_count=3), MANUAL, events=happened("other", "die", 1, 2, 3), note="another's"),
    Case("RUN-035", container(restart_count=5, started_at=NOW - 30), FAIL, HIGH, note="just now"),
    Case("RUN-035", container(restart_count=5, started_at=NOW - 3600), MANUAL, note="an hour ago"),
    Case("RUN-035", _hardened, PASS),
    Case("RUN-036", docker("oomkilled"), FAIL, MEDIUM),
    Case("RUN-036", _hardened, FAIL, MEDIUM, events=happened(_hardened.id, "oom", 60), note="event"),
    Case("RUN-036", _hardened, PASS, events=happened(_hardened.id, "oom", 2 * DAY), note="old event"),
    Case("RUN-036", docker("exited137"), PASS),
    Case("RUN-037", docker("exited137"), FAIL, MEDIUM),
    Case("RUN-037", podman("exited3"), FAIL, LOW, others=(PODMAN,), note="podman"),
    Case("RUN-037", changed(docker("exited-zero"), state="dead"), FAIL, MEDIUM, note="dead"),
    Case("RUN-037", changed(docker("exited-zero"), exit_code=143), PASS, note="SIGTERM"),
    Case("RUN-037", docker("badcmd"), FAIL, LOW, note="could not start"),
    Case("RUN-037", docker("exited137"), PASS, now=NOW + 8 * DAY, note="long ago"),
    Case("RUN-037", docker("exited-zero"), PASS),
    Case("RUN-037", _plain, NA),
    Case("RUN-037", docker("capall"), NA, note="never started"),
    Case("RUN-038", docker("unhealthy"), FAIL, MEDIUM),
    Case("RUN-038", docker("healthy"), PASS),
    Case("RUN-038", _starting, PASS),
    Case("RUN-038", _starting, MANUAL, now=NOW + 5 * 3600, note="for hours"),
    Case("RUN-038", _plain, NA),
    Case("RUN-039", _plain, FAIL, LOW),
    Case("RUN-039", docker("healthy"), PASS),
    Case(
        "RUN-039", docker("plain", Config__Healthcheck={"Test": ["NONE"]}), FAIL, LOW, note="switched off",
    ),
    Case("RUN-039", docker("exited-zero"), NA),
    Case("RUN-039", changed(_plain, labels=_kubernetes), NA, note="kubernetes"),
    Case("RUN-055", docker("link1"), FAIL, LOW),
    Case("RUN-055", _hardened, PASS),
    Case("RUN-057", container(runtime="runsc"), MANUAL, INFO, note="gVisor"),
    Case("RUN-057", container(runtime="mine"), PASS, others=(engine(default_runtime="mine"),), note="the default"),
    Case("RUN-057", container(runtime="io.containerd.runtime.v1.linux"), FAIL, MEDIUM, note="removed"),
    Case("RUN-057", podman("plain"), PASS, others=(PODMAN,), note="podman"),
    Case("RUN-057", _hardened, PASS),
    Case("RUN-058", docker("capall"), FAIL, LOW, now=NOW + 2 * DAY, note="never started"),
    Case("RUN-058", docker("exited-zero"), FAIL, LOW, now=NOW + 31 * DAY, note="ended long ago"),
    Case("RUN-058", changed(docker("exited-zero"), state="dead"), FAIL, LOW, note="dead"),
    Case("RUN-058", docker("exited-zero"), PASS),
    Case("RUN-058", docker("capall"), PASS, note="young"),
    Case("RUN-058", _plain, PASS),
]  # fmt: skip


def _device(path: str, permissions: str = "rwm") -> Resource:
    return container(devices=(Device(path, path, permissions),))


def _devices(rule: str) -> Resource:
    return container(device_cgroup_rules=(rule,))


DEVICES = [
    Case("RUN-040", docker("device"), MANUAL),
    Case("RUN-040", podman("device"), MANUAL, others=(PODMAN,), note="podman"),
    *(
        Case("RUN-040", _device(path), FAIL, CRITICAL, note=path)
        for path in ("/dev/sda", "/dev/sda1", "/dev/vda", "/dev/xvdb2", "/dev/nvme0n1p1", "/dev/dm-0", "/dev/loop3",
                     "/dev/mapper/vg-root", "/dev/disk/by-id/x", "/dev/md0")
    ),
    *(
        Case("RUN-040", _device(path), FAIL, HIGH, note=path)
        for path in ("/dev/mem", "/dev/kmem", "/dev/port", "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/vhost-net",
                     "/dev/input/event0", "/dev/uinput")
    ),
    Case("RUN-040", _device("/dev/sda", "r"), FAIL, HIGH, note="read only"),
    Case("RUN-040", _device("/dev/sda", ""), FAIL, CRITICAL, note="podman's empty permissions"),
    Case("RUN-040", _device("/dev/ttyUSB0"), MANUAL, note="/dev/ttyUSB0"),
    *(
        Case("RUN-040", _devices(rule), FAIL, severity, note=rule)
        for rule, severity in (
            ("a *:* rwm", CRITICAL), ("a", CRITICAL), ("b *:* rwm", CRITICAL), ("b 8:0 rw", CRITICAL),
            ("b *:* r", HIGH), ("c *:* rwm", HIGH),
        )
    ),
    Case("RUN-040", _devices("c 188:* rwm"), MANUAL, note="serial ports"),
    Case("RUN-040", _devices("nonsense"), MANUAL, note="nonsense"),
    Case("RUN-040", _hardened, PASS),
]  # fmt: skip

_envsecret = docker("envsecret")
_busybox = image()
_inherits = changed(_busybox, env=_envsecret.env)
_command = {"args": (), "command": (), "entrypoint": (), "path": "/app"}
SECRETS = [
    Case("RUN-044", _envsecret, FAIL, others=(ENGINE, _busybox)),
    Case("RUN-044", _envsecret, PASS, others=(ENGINE, _inherits), note="all of it from the image"),
    Case("RUN-044", _envsecret, FAIL, note="the image is gone"),
    Case("RUN-044", _envsecret, UNKNOWN, gaps={(SOURCE, Kind.IMAGE): GAP}, note="images not readable"),
    Case("RUN-044", container(env=("DB_PASSWORD=kX93-vv2-Lq",)), FAIL, MEDIUM, note="by its name"),
    Case(
        "RUN-044", container(env=("URL=postgres://app:kX93vv2Lq@db/app",)), FAIL, HIGH, note="by its shape",
    ),
    Case("RUN-044", container(env=("DB_PASSWORD=changeme",)), MANUAL, note="placeholder"),
    *(
        Case("RUN-044", container(env=(variable,)), PASS, note=variable)
        for variable in ("DB_PASSWORD_FILE=/run/secrets/db", "TOKEN_TTL=3600", "DB_PASSWORD=", "PASSWORD=${DB}")
    ),
    Case("RUN-044", _hardened, PASS),
    Case("RUN-050", container(**{**_command, "args": ("--password=kX93-vv2-Lq",)}), FAIL, MEDIUM, note="option"),
    Case("RUN-050", container(**{**_command, "args": ("--db-password", "kX93-vv2-Lq")}), FAIL, MEDIUM, note="2 words"),
    Case("RUN-050", container(**{**_command, "command": ("mysql", "-pkX93vv2Lq")}), FAIL, MEDIUM, note="mysql"),
    Case(
        "RUN-050", container(**{**_command, "entrypoint": ("app", "redis://u:kX93vv2Lq@cache:6379")}), FAIL, MEDIUM,
        note="address",
    ),
    Case(
        "RUN-050",
        docker("healthy", Config__Healthcheck={"Test": ["CMD-SHELL", "curl -u a:b https://a:kX93vv2Lq@x/"]}),
        FAIL, MEDIUM, note="health check",
    ),
    Case("RUN-050", container(**{**_command, "args": ("-p", "8080", "--port=80", "cp", "-pr")}), PASS, note="ports"),
    Case("RUN-050", container(**{**_command, "args": ("--password-file", "/run/secrets/x")}), PASS, note="a file"),
    Case("RUN-050", _hardened, PASS),
]  # fmt: skip


def _components(**versions: str) -> Resource:
    return engine(components=versions, version=versions.get("engine", "29.7.2"))


VERSIONS = [
    Case("RUN-063", ENGINE, MANUAL, CRITICAL, others=(), note="Debian's 1.1.5+ds1"),
    Case("RUN-063", PODMAN, MANUAL, CRITICAL, others=(), note="podman's runc"),
    *(
        Case("RUN-063", _components(runc=version), FAIL, severity, others=(), note=version)
        for version, severity in (
            ("1.1.11", CRITICAL), ("1.0.0-rc93", CRITICAL), ("v1.2.7", CRITICAL), ("1.3.2", CRITICAL),
            ("1.4.0-rc.2", CRITICAL), ("1.2.8", HIGH), ("1.4.2", HIGH), ("1.5.0-rc.1", HIGH),
        )
    ),
    *(
        Case("RUN-063", _components(runc=version), PASS, others=(), note=version)
        for version in ("1.3.6", "1.4.3", "1.5.0-rc.3", "1.5.0", "1.4.3+ds1")
    ),
    Case("RUN-063", _components(runc="1.5.0"), MANUAL, others=(), now=NOW + 180 * DAY, note="old table"),
    Case("RUN-063", _components(runc="4c9922332f"), UNKNOWN, others=(), note="hash"),
    Case("RUN-063", _components(crun="1.8"), NA, others=(), note="crun"),
    Case("RUN-063", engine(components=GAP), UNKNOWN, others=(), note="not read"),
    Case("RUN-064", ENGINE, MANUAL, HIGH, others=(), note="Debian's 1.6.20~ds1"),
    Case("RUN-064", _components(containerd="v1.7.28"), FAIL, CRITICAL, others=(), note="1.7.28"),
    Case("RUN-064", _components(containerd="1.6.40"), FAIL, HIGH, others=(), note="1.6.40"),
    Case("RUN-064", _components(containerd="2.2.5"), PASS, others=(), note="2.2.5"),
    Case("RUN-064", _components(containerd="2.3.2"), PASS, others=(), note="2.3.2"),
    Case("RUN-064", _components(containerd="1.3.4"), FAIL, HIGH, others=(_hardened,), note="1.3.4"),
    Case("RUN-064", _components(containerd="1.3.4"), FAIL, CRITICAL, others=(_hostall,), note="shim reachable"),
    Case("RUN-064", PODMAN, NA, others=(), note="podman"),
    Case("RUN-065", ENGINE, MANUAL, others=(), note="Debian's 20.10.24+dfsg1"),
    Case("RUN-065", _components(engine="27.1.0"), FAIL, MEDIUM, others=(), note="27.1.0 without plugin"),
    Case(
        "RUN-065", changed(engine(version="27.1.0"), authorization_plugins=("opa",)), FAIL, CRITICAL, others=(),
        note="27.1.0 with plugin",
    ),
    Case("RUN-065", _components(engine="29.5.0"), FAIL, MEDIUM, others=(), note="29.5.0"),
    Case("RUN-065", _components(engine="29.6.1"), MANUAL, others=(), note="29.6.1: details not public"),
    Case("RUN-065", _components(engine="29.7.2"), PASS, others=(), note="29.7.2"),
    Case("RUN-065", _components(engine="29.7.2"), MANUAL, others=(), now=NOW + 180 * DAY, note="old table"),
    Case("RUN-065", PODMAN, NA, others=(), note="podman"),
]  # fmt: skip

CASES: list[Case] = [
    *PRIVILEGES, *NAMESPACES, *CAPABILITIES, *MOUNTS, *CONFINEMENT, *RESOURCES, *LIFECYCLE, *DEVICES, *SECRETS,
    *VERSIONS,
]  # fmt: skip
