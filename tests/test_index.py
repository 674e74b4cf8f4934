"""The index of the shipped catalogue, kept in a file from which one model is found without reading the others.

After a change of a model's names, of dossiers or of vintages: `python tests/test_index.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from comptometer import vintages
from comptometer.errors import DataError
from comptometer.index import Indexed, index, write
from comptometer.library import Library, indexed


def computed() -> list[Indexed]:
    return [indexed(item) for item in Library().found().values()]


def test_the_file_holds_what_dossiers_and_rows_give() -> None:
    held = index(vintages.DEFAULT)
    assert list(held) == [model.id for model in computed()], "python tests/test_index.py writes it anew"
    for model in computed():
        assert held[model.id] == model


def test_a_model_is_the_same_alone_and_among_all() -> None:
    company = Library()
    worked_out = company.found()
    assert worked_out == company.items
    assert list(worked_out) == list(company.items)
    for name in list(company.items)[::50]:
        assert company.of_id(name) == company.items[name]


def test_no_record_of_a_shipped_vintage_is_longer_than_a_line() -> None:
    for name in vintages.vintage_ids():
        if vintages.is_shipped(vintages.folders()[name]):
            text = vintages._text(vintages.folders()[name] / f"{name}.csv.gz")
            assert text.count("\n") == len(vintages.vintage(name).rows) + 1
            assert "\r" not in text


def test_a_row_that_is_not_there_is_told_by_its_line() -> None:
    with pytest.raises(DataError, match="no row of line 1000000"):
        vintages.row(vintages.DEFAULT, 1_000_000)


def test_with_a_users_own_models_nothing_is_taken_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPTOMETER_DATA", str(tmp_path))
    assert not index(vintages.DEFAULT)


def test_another_vintage_is_not_taken_from_the_file() -> None:
    assert not index("epoch-2025-06")


if __name__ == "__main__":
    write(computed())
