"""The table of what honest fits give away is made of the recorded hospitals, and holds the bar."""

from __future__ import annotations

from bench.blur.measured import PAGE, groups, holds, recorded, written
from v6_clinical.disclosure import Policy

HOSPITALS = 100


def test_the_page_has_the_table_of_the_recorded_hospitals() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, recorded()) == page


def test_every_kind_of_fit_holds_the_bar_at_the_shipped_floor() -> None:
    shipped = [group for group in groups(recorded()) if group[0].floor == Policy().blur_rows]
    assert len(shipped) >= 7
    for group in shipped:
        assert len(group) >= HOSPITALS
        assert holds(group), group[0].kind
