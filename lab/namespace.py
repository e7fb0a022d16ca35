"""The mount and network namespace that a lab's engine lives in.

A process that only sleeps holds both open. In the mount namespace ``/run`` and ``/mnt`` are empty and private, so the
engine can own ``/run/docker.sock`` and its mounts can never leak into the host; everything the kernel attached there
disappears with the last process. The network namespace keeps ``docker0`` and the packet filter of the host untouched.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from lab.paths import LabPaths

# Log drivers that send UDP need a route to dial; this one ends in the namespace, so nothing leaves the machine.
DOCUMENTATION_NET = "192.0.2.0/24"
_CLONE_NEWNET = 0x40000000  # sched.h; os.setns is of Python 3.12
_Result = TypeVar("_Result")
_HOLDER = f"""
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir -p /mnt/shared
mount --make-rshared /
ip link set lo up
ip route add {DOCUMENTATION_NET} dev lo
touch /run/ready
exec sleep infinity
"""


class NamespaceError(Exception):
    """The namespaces could not be made; the text says why."""


def start_holder(paths: LabPaths) -> int:
    """Start the process that holds the namespaces; returns its pid once they are ready."""
    tool = shutil.which("unshare") or "unshare"
    with paths.log.open("ab") as log:
        holder = subprocess.Popen(
            [tool, "--net", "--mount", "--propagation", "private", "sh", "-c", _HOLDER],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if Path(f"/proc/{holder.pid}/root/run/ready").exists():
            return holder.pid
        if holder.poll() is not None:
            break
        time.sleep(0.02)
    holder.kill()
    raise NamespaceError(f"cannot make a private network and mount namespace; see {paths.log}")


def inside(holder: int, *command: str) -> list[str]:
    """The command line that runs `command` in the holder's namespaces."""
    return ["nsenter", f"--target={holder}", "--net", "--mount", "--", *command]


def within(holder: int, work: Callable[[], _Result]) -> _Result:
    """What `work` gives in a thread that is in the holder's network; the rest of this process stays where it is."""

    def enter() -> _Result:
        network = os.open(f"/proc/{holder}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(network, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "cannot enter the lab's network")
        finally:
            os.close(network)
        return work()

    with ThreadPoolExecutor(1) as pool:  # the thread ends with it
        return pool.submit(enter).result()


def mount_namespace(pid: int) -> str | None:
    """Identity of a process's mount namespace (``mnt:[4026532206]``), None when it is gone."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return None


def addresses(paths: LabPaths) -> tuple[str, str]:
    """Host and lab address of the cable between them: a /30 below 10.219.0.0/16, chosen by the lab's directory."""
    slot = int(paths.tag, 16) % (1 << 14)
    base = slot * 4
    return f"10.219.{base >> 8}.{(base & 255) + 1}", f"10.219.{base >> 8}.{(base & 255) + 2}"


def connect(paths: LabPaths, holder: int) -> str | None:
    """Lay a veth pair so that published ports can be reached from the host; the lab's address, None if impossible."""
    host, guest = addresses(paths)
    name = paths.interface
    commands = [
        ["ip", "link", "add", name, "type", "veth", "peer", "name", "uplink0", "netns", str(holder)],
        ["ip", "address", "add", f"{host}/30", "dev", name],
        ["ip", "link", "set", name, "up"],
        inside(holder, "ip", "address", "add", f"{guest}/30", "dev", "uplink0"),
        inside(holder, "ip", "link", "set", "uplink0", "up"),
    ]
    for command in commands:
        if subprocess.run(command, capture_output=True, check=False).returncode:
            disconnect(paths)
            return None
    return guest


def disconnect(paths: LabPaths) -> None:
    subprocess.run(["ip", "link", "delete", paths.interface], capture_output=True, check=False)
