"""`[swarm]` of deckwatch.toml."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tui.config import ConfigError, load


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "deckwatch.toml"
    path.write_text(text)
    return path


def test_the_day_of_the_last_rotation(tmp_path: Path) -> None:
    policy = load(_written(tmp_path, "[swarm]\nkeys_rotated = 2026-11-01\nmax_key_age = 30\n")).policy
    assert (policy.swarm_keys_rotated, policy.max_key_age) == (date(2026, 11, 1), 30)


def test_nothing_is_said_by_default(tmp_path: Path) -> None:
    policy = load(_written(tmp_path, "")).policy
    assert (policy.swarm_keys_rotated, policy.max_key_age) == (None, 90)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("keys_rotated = '2026-11-01'", "must be a date such as"),
        ("keys_rotated = 2026-11-01T00:00:00Z", "must be a date such as"),
        ("max_key_age = '30'", "a whole number of days"),
        ("key_rotated = 2026-11-01", "did you mean keys_rotated?"),
    ],
)
def test_mistakes(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(_written(tmp_path, f"[swarm]\n{line}\n"))
    assert said in str(caught.value)
    assert ":2: " in str(caught.value)
