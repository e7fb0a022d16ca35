"""A recording of the lab tells of the lab and of nothing else on the machine."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from inventory.sources import bundle as sources
from inventory.sources.bundle.archive import read
from inventory.sources.bundle.masking import HOST
from lab.demo import of_the_lab

GROUP = "4:memory:/docker/" + "a" * 64


def coded(text: str) -> str:
    """As a recording keeps it."""
    return base64.b64encode(text.encode()).decode()


def test_strangers_homes_and_mounts_are_left_out() -> None:
    heard = {
        "names /proc": ["1", "10", "20", "30", "self"],
        "read /proc/1/comm": coded("init\n"),
        "read /proc/10/comm": coded("dockerd\n"),
        "read /proc/10/cgroup": coded("4:memory:/somebody/else\n"),
        "read /proc/20/cgroup": coded(GROUP + "\n"),
        "read /proc/30/comm": coded("editor\n"),
        "read /proc/30/cmdline": coded("editor\0secret plan\0"),
        "names /home": ["me"],
        "stat /home/me/.kube/config": {"errno": 2},
        "read /proc/self/mountinfo": coded("1 0 8:1 / / rw - ext4 x rw\n2 1 8:1 / /home rw - ext4 x rw\n"),
        "read /etc/passwd": coded("root:x:0:0::/root:\nme:x:1000:1000::/home/me:\nnobody:x:65534:65534::/:\n"),
    }
    kept = of_the_lab(heard)
    assert kept["names /proc"] == ["1", "10", "20", "self"]
    assert not [question for question in kept if "/proc/30/" in question or "/home/" in question]
    assert kept["names /home"] == []
    assert base64.b64decode(kept["read /proc/self/mountinfo"]) == b"1 0 8:1 / / rw - ext4 x rw\n"
    assert b"me:" not in base64.b64decode(kept["read /etc/passwd"])
    assert b"nobody" in base64.b64decode(kept["read /etc/passwd"])
    assert base64.b64decode(kept["read /proc/10/cgroup"]) == b"4:memory:/\n"
    assert base64.b64decode(kept["read /proc/20/cgroup"]) == f"{GROUP}\n".encode()


def test_the_demo_is_tidy() -> None:
    """Tidying it again changes nothing."""
    bundle = read(Path(sources.__file__).parent / "demo.bundle")
    (member,) = [member for member in bundle.manifest.members if member.request == HOST]
    heard = json.loads(bundle.bodies[member.name])
    assert of_the_lab(dict(heard)) == heard
