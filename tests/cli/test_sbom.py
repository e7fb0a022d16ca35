"""`deckwatch sbom`."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest

from inventory.image import Image
from inventory.resource import Kind, ResourceKey
from tests.cli.running import Cli
from tui.cli.sbom import _asked, _asked_first

DATA = Path(__file__).parents[1] / "data" / "contents"
MINI = DATA / "mini-oci.tar"


@pytest.mark.parametrize("name", ["mini-oci.tar", "mini-docker20.tar"])
def test_of_a_file(cli: Cli, name: str) -> None:
    ran = cli("sbom", DATA / name)
    assert (ran.status, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert len(document["components"]) == 113, "112 packages and the distribution"
    assert document["compositions"][0]["aggregate"] == "complete"
    assert document["metadata"]["timestamp"].startswith("2026-11-23T")
    assert {"name": "deckwatch:image:architecture", "value": "amd64"} in document["metadata"]["component"]["properties"]
    assert cli("sbom", DATA / name).out == ran.out


def test_of_a_layout_as_spdx_into_a_file(cli: Cli) -> None:
    shutil.unpack_archive(MINI, cli.folder / "layout")
    ran = cli("sbom", cli.folder / "layout", "--format", "spdx", "-o", "out.json")
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert len(json.loads((cli.folder / "out.json").read_text())["packages"]) == 114


def test_what_is_missing_is_told(cli: Cli) -> None:
    whole = MINI.read_bytes()
    (cli.folder / "cut.tar").write_bytes(whole[: len(whole) - 30_000])
    ran = cli("sbom", "cut.tar")
    if ran.status == 0:
        assert "incomplete" in ran.err
        assert json.loads(ran.out)["compositions"][0]["aggregate"] == "incomplete"
    else:
        assert (ran.status, ran.out) == (3, "")


def test_a_file_that_is_no_image(cli: Cli) -> None:
    (cli.folder / "notes.txt").write_text("hello")
    ran = cli("sbom", "notes.txt")
    assert (ran.status, ran.out) == (3, "")
    assert ran.line.startswith("deckwatch: notes.txt: ")


def test_hostile_members_are_told_and_write_nothing(cli: Cli) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        member = tarfile.TarInfo("../../evil")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))
    (cli.folder / "evil.tar").write_bytes(target.getvalue())
    assert cli("sbom", "evil.tar").status == 3
    assert {each.name for each in cli.folder.iterdir()} <= {"evil.tar", "run"}


def test_an_image_that_is_not_there(cli: Cli) -> None:
    ran = cli("sbom", "nowhere:1", "--demo")
    assert (ran.status, ran.out) == (2, "")
    assert "no image is called 'nowhere:1'" in ran.line


def test_a_recording_has_what_was_found_when_it_was_made(cli: Cli) -> None:
    """Nobody looked into the images of the one that ships, or somebody did: never a list of nothing."""
    ran = cli("sbom", "lab/moved:1.0", "--demo")
    if ran.status:
        assert ran.status == 3
        assert "contents of the image" in ran.line
    else:
        assert json.loads(ran.out)["metadata"]["component"]["name"] == "lab/moved:1.0"


def test_wrong_usage(cli: Cli) -> None:
    assert cli("sbom").status == 2
    assert cli("sbom", MINI, "--format", "xml").status == 2
    assert cli("sbom", "x", "--manifests", MINI).status == 2


@pytest.mark.parametrize(
    ("asked", "name", "first"),
    [
        ("app:1", "app:1", "docker.io/library/app@sha256:1"),
        ("docker.io/library/app", "app:latest", "docker.io/library/app@sha256:1"),
        ("r.example/app:1", "r.example/app:1", "r.example/app@sha256:2"),
        ("r.example/app:9@sha256:2", "r.example/app@sha256:2", "r.example/app@sha256:2"),
        ("aaa:1", "aaa:1", "docker.io/library/app@sha256:1"),
        ("1234567", "aaa:1", "docker.io/library/app@sha256:1"),
    ],
)
def test_the_name_that_was_asked_for_is_the_one_that_is_told(asked: str, name: str, first: str) -> None:
    """Anybody may give the same image another name, which comes first in the engine's list."""
    digests = ("docker.io/library/app@sha256:1", "r.example/app@sha256:2")
    image = Image.build(
        key=ResourceKey(Kind.IMAGE, "docker", "sha256:1234567"),
        name="aaa:1",
        repo_tags=("aaa:1", "app:1", "app:latest", "r.example/app:1"),
        repo_digests=digests,
    )
    assert _asked(asked, image) == name
    assert _asked_first(asked, digests)[0] == first
