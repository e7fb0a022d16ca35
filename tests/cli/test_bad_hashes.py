"""`images.bad_hashes`: a list that can be read is taken, one that cannot is a mistake of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.config import ConfigError, load


def configured(folder: Path, name: str = "bad.sha256") -> str:
    """What the policy says after reading a configuration that names a list."""
    (folder / "deckwatch.toml").write_text(f'[images]\nmax_report_age = 3\nbad_hashes = "{name}"\n')
    return load(folder / "deckwatch.toml").policy.bad_hashes


def test_a_list_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "bad.sha256").write_text(f"# miners\n{'a' * 64}  xmrig\n")
    assert configured(tmp_path) == str(tmp_path / "bad.sha256")


def test_none(tmp_path: Path) -> None:
    assert configured(tmp_path, "") == ""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "No such file"),
        ("# nothing\n", "holds no digest"),
        (f"{'a' * 64}\nhello\n", "bad.sha256:2 does not begin with a SHA-256 digest"),
    ],
)
def test_mistakes(tmp_path: Path, written: str | None, said: str) -> None:
    if written is not None:
        (tmp_path / "bad.sha256").write_text(written)
    with pytest.raises(ConfigError, match=said) as caught:
        configured(tmp_path)
    assert "deckwatch.toml:3" in str(caught.value)


def test_a_long_list_is_judged_by_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "bad.sha256").write_text(f"{'a' * 64}\n" * 20_000)
    assert configured(tmp_path)
