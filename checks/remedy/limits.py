"""What it may use up: memory, CPU, processes, files, restarts, logs."""

from __future__ import annotations

from collections.abc import Iterator

from checks.remedy.fix import Fix, Wanted
from inventory.container import Container, LogConfig, RestartPolicy, Ulimit

MEMORY = 512 * 1024**2
PIDS = 200
_ROTATION = {"max-size": "10m", "max-file": "3"}


def resources(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Limits where there are none. The figures are a start, not a measurement."""
    if "RUN-028" in wanted and not container.memory:
        yield Fix(
            wanted.any("RUN-028", "RUN-029"),
            "512 MiB of memory, no swap",
            {"memory": MEMORY, "memory_swap": MEMORY},
            "A program that needs more than 512 MiB is killed: look at its peak (Stats) and set that plus a half.",
        )
    elif "RUN-029" in wanted and container.memory:
        yield Fix(("RUN-029",), "no swap beyond its memory", {"memory_swap": container.memory}, "It is killed sooner.")
    if "RUN-030" in wanted:
        yield Fix(
            ("RUN-030",), "one CPU at most", {"nano_cpus": 10**9}, "It is slower where it used more than one core."
        )
    if "RUN-031" in wanted:
        yield Fix(
            ("RUN-031",), "200 processes at most", {"pids_limit": PIDS}, "It cannot start more processes and threads."
        )
    if "RUN-032" in wanted:
        changes = {"oom_kill_disable": False, "oom_score_adj": max(0, container.oom_score_adj)}
        yield Fix(("RUN-032",), "no protection from the OOM killer", changes, "It may be killed before others.")
    if "RUN-033" in wanted:
        kept = tuple(limit for limit in container.ulimits if limit.name not in {"nofile", "nproc"})
        changes_ = {"ulimits": (*kept, Ulimit("nofile", 4096, 8192))}
        yield Fix(("RUN-033",), "8192 open files at most", changes_, "A busy server may run out of file descriptors.")


def system(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Default control group, runtime and kernel parameters."""
    if "RUN-042" in wanted and container.cgroup_parent:
        yield Fix(
            ("RUN-042",), "default control group", {"cgroup_parent": ""}, "Limits of the old parent hold no more."
        )
    gone = wanted.names("HostConfig.Sysctls", "RUN-043")
    if gone & container.sysctls.keys():
        left = {name: value for name, value in container.sysctls.items() if name not in gone}
        yield Fix(("RUN-043",), "default kernel parameters", {"sysctls": left}, "It runs with the kernel's own values.")
    if "RUN-057" in wanted and container.runtime:
        yield Fix(("RUN-057",), "default runtime", {"runtime": ""}, "What the other runtime added is gone.")
    if "RUN-060" in wanted:
        yield Fix(("RUN-060",), "no terminal", {"tty": False, "open_stdin": False}, "Nobody can attach and type.")


def restarts(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Five times at most."""
    if "RUN-034" in wanted:
        yield Fix(
            ("RUN-034",),
            "restarted five times at most",
            {"restart_policy": RestartPolicy("on-failure", 5)},
            "It stays down after five failures, and after a restart of the engine.",
        )


def logs(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Kept, and turned over."""
    config = container.log_config
    if "MON-021" in wanted and config.driver == "none":
        changes = {"log_config": LogConfig("json-file", _ROTATION)}
        yield Fix(wanted.any("MON-021", "MON-022"), "logs are kept", changes, "They take up to 30 MB.")
    elif "MON-022" in wanted and config.driver == "json-file":
        changes = {"log_config": LogConfig(config.driver, {**config.options, **_ROTATION})}
        yield Fix(("MON-022",), "logs are turned over", changes, "Only the latest 30 MB of its log are kept.")
