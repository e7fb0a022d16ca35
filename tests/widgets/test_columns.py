"""Which columns a line has room for."""

from __future__ import annotations

import pytest

from widgets.columns import Column, place

NAME = Column("name", "NAME", 10, weight=1, ideal=30)
COLUMNS = (NAME, Column("age", "AGE", 5, priority=1), Column("id", "ID", 12, priority=4))


@pytest.mark.parametrize(
    ("width", "shown"), [(16, ["name"]), (17, ["name", "age"]), (49, ["name", "age"]), (50, ["name", "age", "id"])]
)
def test_extras_wait_until_others_are_wide_enough_to_read(width: int, shown: list[str]) -> None:
    assert [one.column.key for one in place(COLUMNS, width)] == shown


def test_all_of_them_where_everything_is_asked_for() -> None:
    assert len(place(COLUMNS, 10, everything=True)) == len(COLUMNS)
