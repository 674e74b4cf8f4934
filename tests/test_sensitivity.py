"""The question under other definitions, and trends of one's own data."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from comptometer.definitions import Sensitivity, variants
from comptometer.documents.trend import SensitivityDocument, TrendDocument
from comptometer.errors import ComptometerError, DataError, NotEnoughEvidence, UsageError
from comptometer.growth import Question, ask, trend
from comptometer.own_series import trend_of
from comptometer.population import Wanted

ROWS = "day,flop,lab\n2020-01-01,1e20,A\n2021-01-01,4e20,B\n2022-01-01,16e20,A\n2023-01-01,64e20,B\n"


def test_each_variant_is_the_question_with_that_definition() -> None:
    asked = Question(draws=200, wanted=Wanted(since=date(2010, 1, 1)))
    found = variants(asked)
    by_label = {variant.label: variant for variant in found}
    assert len(found) > 20
    assert by_label["the question"].answer is not None
    assert by_label["the question"].answer.trend.slope == ask(asked).trend.slope
    frontier = by_label["the 10 largest at release"].answer
    assert frontier is not None
    assert frontier.trend.slope == trend(select="frontier", draws=200).trend.slope
    SensitivityDocument.model_validate(Sensitivity(question=asked, variants=found).to_dict())


def test_a_variant_that_cannot_be_answered_says_why() -> None:
    found = variants(Question(quantity="cloud-cost", draws=100, wanted=Wanted(since=date(2010, 1, 1))))
    failed = [variant for variant in found if variant.answer is None]
    assert failed
    assert all(variant.problem for variant in failed)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(ROWS)
    answer = trend_of(path, date_column="day", value_column="flop", organization_column="lab", unit="FLOP", draws=200)
    assert answer.trend.growth_per_year.estimate == pytest.approx(4, rel=1e-3)
    assert answer.question.by == "organization"
    TrendDocument.model_validate(answer.to_dict(points=True))


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_frame_of_any_library(library: str) -> None:
    module = pytest.importorskip(library)
    columns: dict[str, list[Any]] = {
        "date": [date(2020, 1, 1), date(2021, 1, 1), date(2022, 1, 1)], "value": [1.0, 2.0, 4.0],
    }  # fmt: skip
    frame = module.table(columns) if library == "pyarrow" else module.DataFrame(columns)
    assert trend_of(frame, draws=100).trend.growth_per_year.estimate == pytest.approx(2, rel=1e-2)


def test_a_parquet_file_is_read_as_a_frame_is(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    path = tmp_path / "own.parquet"
    polars.DataFrame({"date": ["2020", "2021", "2022"], "value": ["1", "2", "4"]}).write_parquet(path)
    assert trend_of(path, draws=100).trend.growth_per_year.estimate == pytest.approx(2, rel=1e-2)


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        ("date,value\n2020-01-01,1\n2021-01-01,2\n", NotEnoughEvidence, "at least 3 points, got 2"),
        ("date,value\n" + "2020-01-01,1\n" * 4, NotEnoughEvidence, "all points are on one day"),
        ("date,value\n2020-01-01,-1\nsoon,2\n2022-01-01,nan\n", UsageError, "row 1: .*\n.*row 2: .*\n.*row 3"),
        ("date,value\n2020-01-01,\n2021-01-01,2\n", UsageError, "row 1: has no value"),
        ("date,value\n2020-01-01,1 to 2\n", UsageError, "must be one number"),
        ("when,value\n2020-01-01,1\n", UsageError, "no column 'date'; there are 'when', 'value'"),
        ("", UsageError, "no column"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_its_row(
    tmp_path: Path, content: str, kind: type[ComptometerError], said: str
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(content)
    with pytest.raises(kind, match=said):
        trend_of(path, draws=100)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(b"\xff\xfe\x00d")
    with pytest.raises(DataError, match="not UTF-8"):
        trend_of(path)
