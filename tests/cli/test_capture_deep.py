"""Recording what is in images: looked into when that is asked for, by the configuration that applies."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.gap import Gap
from inventory.image_analysis import ImageAnalysis
from inventory.sources.bundle.replay import open_bundle
from tests.cli.running import Cli, Ran, engine

DECLINED = "[scanner]\nregistries = false\n"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that somebody found before."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)


def _captured(cli: Cli, *words: str) -> tuple[Ran, list[ImageAnalysis]]:
    with engine(cli.folder) as fake:
        ran = cli("capture", "--host", fake.url, *words, "-o", "a.bundle")
        assert fake.methods <= {"GET", "HEAD"}
    assert (ran.status, ran.out) == (0, ""), ran.err
    return ran, list(open_bundle(Path("a.bundle")).analyses("docker"))


def test_images_are_looked_into_when_it_is_asked_for(cli: Cli) -> None:
    ran, (found, *more) = _captured(cli, "--deep", "all")
    assert ran.err.count("looking into ") == 1 + len(more)
    assert "wrote a.bundle" in ran.err
    assert not isinstance(found.peek("provenance"), Gap)
    assert isinstance(found.peek("contents"), Gap), "this engine exports no image"
    assert found.vulnerabilities.unmatched


def test_running_is_what_deep_means_without_more(cli: Cli) -> None:
    assert _captured(cli, "--deep")[1]


def test_nothing_is_looked_into_unless_it_is_asked_for(cli: Cli) -> None:
    ran, found = _captured(cli)
    assert "looking into" not in ran.err
    assert found == []


def test_the_configuration_says_how(cli: Cli) -> None:
    Path("site.toml").write_text(DECLINED)
    _, (found, *_) = _captured(cli, "--deep", "all", "--config", "site.toml")
    why = found.peek("provenance")
    assert isinstance(why, Gap)
    assert "[scanner] registries" in str(why)
    Path("deckwatch.toml").write_text('[scanner]\ndeep = "running"\n')
    assert _captured(cli)[1]


def test_a_wrong_choice_or_configuration_records_nothing(cli: Cli) -> None:
    Path("site.toml").write_text("[trust]\nregistrys = []\n")
    for words in (("--deep", "some"), ("--config", "site.toml"), ("--config", "missing.toml")):
        with engine(cli.folder) as fake:
            ran = cli("capture", "--host", fake.url, *words, "-o", "a.bundle")
        assert (ran.status, ran.out) == (2, "")
        assert words[-1] in ran.line
    assert not Path("a.bundle").exists()
