"""A recording of the lab tells of the lab and of nothing else on the machine."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from inventory.gap import Gap
from inventory.signatures.model import Mark
from inventory.sources import bundle as sources
from inventory.sources.bundle.analyses import ANALYSIS
from inventory.sources.bundle.archive import read
from inventory.sources.bundle.masking import HOST
from inventory.sources.bundle.replay import open_demo
from lab.demo import of_roots_database, of_the_lab

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
    found = [bundle.bodies[member.name] for member in bundle.manifest.members if member.request.startswith(ANALYSIS)]
    assert all(json.loads(of_roots_database(body)) == json.loads(body) for body in found)


def test_the_demo_shows_what_is_in_images_and_who_signed_them() -> None:
    found = list(open_demo().analyses("docker"))
    assert not [one.name for one in found if isinstance(one.peek("contents"), Gap)]
    assert {Mark.VERIFIED, Mark.FAILED, Mark.UNSIGNED} <= {one.provenance.mark for one in found}
    assert any(one.vulnerabilities.found for one in found)
    assert any(one.contents.secrets for one in found)
    assert not [secret for one in found for secret in one.contents.secrets if secret.digest]


def test_a_database_is_where_root_has_it() -> None:
    said = {"by": "osv", "path": "/home/me/data/vulnerabilities.sqlite"}, {"by": "trivy", "path": "/srv/report.json"}
    tidied = json.loads(of_roots_database(json.dumps({"vulnerabilities": {"found": {"said": said}}}).encode()))
    paths = [one["path"] for one in tidied["vulnerabilities"]["found"]["said"]]
    assert paths == ["/root/.local/share/deckwatch/vulnerabilities.sqlite", "/srv/report.json"]
    gap = b'{"vulnerabilities": {"gap": {"reason": "pending"}}}'
    assert json.loads(of_roots_database(gap)) == json.loads(gap)
