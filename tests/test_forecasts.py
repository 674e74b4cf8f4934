"""The scorecard of forecasts: what is recomputed is what was published about it, and judged verdicts say so."""

from __future__ import annotations

import json
import math
from datetime import date

import pytest

import comptometer
from comptometer import store
from comptometer.documents.forecasts import ForecastsDocument
from comptometer.errors import NotFound
from comptometer.scorecard import CHECKS, Finding, Scored, forecasts, on_file

CARD = forecasts()


def scored(name: str) -> Scored:
    return next(row for row in CARD.forecasts if row.id == name)


def finding(name: str, part: str) -> Finding:
    found = [row for row in scored(name).findings if part in row.what]
    assert len(found) == 1, [row.what for row in found]
    return found[0]


@pytest.mark.parametrize(
    ("model", "share", "digits"),
    [("AlphaStar", 0.089, 0.001), ("GPT-3", 0.064, 0.001), ("GPT-4", 0.005, 1e-4), ("Grok 4", 4e-4, 1e-4)],
)  # fmt: skip
def test_the_line_of_2018_left_the_models_behind(model: str, share: float, digits: float) -> None:
    assert finding("openai-2018", model).value == pytest.approx(share, abs=digits)
    assert (scored("openai-2018").verdict, scored("openai-2018").basis) == ("too fast", "computed")


def test_the_line_on_file_is_the_fit_of_the_fifteen_points() -> None:
    check = next(row for row in on_file() if row["id"] == "openai-2018")["checks"][0]
    fit = comptometer.replicate("openai-2018").document["fit"]
    assert check["doubling_days"] / 30.5 == pytest.approx(fit["doubling_months"]["estimate"], rel=1e-6)


def test_spending_meets_two_hundred_billion_in_four_and_a_half_to_five_and_a_half_years() -> None:
    years = finding("carey-2018", "years until")
    assert years.low == pytest.approx(4.5, abs=0.05)
    assert years.high == pytest.approx(5.5, abs=0.05)


@pytest.mark.parametrize(
    ("what", "month"),
    [("Ignition", "2022-07"), ("Higgs", "2023-02"), ("Apollo", "2024-09"), ("United States", "2026-06")],
)
def test_the_line_passes_great_undertakings_when_it_is_said_to(what: str, month: str) -> None:
    day = finding("cset-2022", what).day
    assert day is not None
    assert f"{day:%Y-%m}" == month
    assert finding("cset-2022", "price of").value == pytest.approx(457, abs=0.5)


def test_the_lines_of_2024_against_the_models_since() -> None:
    assert finding("epoch-2024-05", "later models against the line since 2010, 14 models").value == pytest.approx(
        -0.27, abs=0.005
    )
    assert finding("epoch-2024-05", "later models against the line since 2018, 14 models").value == pytest.approx(
        0.16, abs=0.005
    )
    assert finding("epoch-2024-05", "the line since 2010, at 2030").value == pytest.approx(3.7e29, rel=0.01)
    assert finding("epoch-2024-05", "the line since 2018, at 2030").value == pytest.approx(4.6e28, rel=0.01)
    assert finding("epoch-2024-05", "growth").value == pytest.approx(4.69, abs=0.005)
    assert scored("epoch-2024-05").verdict == "about right"


def test_two_e29_by_2030_needs_three_point_eight_a_year() -> None:
    assert finding("epoch-2024-08", "growth needed").value == pytest.approx(3.8, abs=0.05)
    assert scored("epoch-2024-08").verdict == "open"


def test_a_billion_by_2027_is_near() -> None:
    largest = finding("cottier-2024", "largest so far")
    assert largest.value is not None
    assert largest.day is not None
    slow, fast = finding("cottier-2024", "at 2.4 a year").day, finding("cottier-2024", "at 3.5 a year").day
    assert slow is not None
    assert fast is not None
    days = 365.25 * math.log(1e9 / largest.value) / math.log(2.4)
    assert (slow - largest.day).days == pytest.approx(days, abs=1)
    assert fast < slow < date(2027, 1, 1)


def test_every_forecast_has_a_source_and_a_check_that_exists() -> None:
    ids = [row["id"] for row in on_file()]
    assert len(set(ids)) == len(ids)
    for row in on_file():
        assert store.source(row["source"]).title
        assert all(check["kind"] in CHECKS for check in row["checks"])
        assert row.get("judged", "open") in {"too fast", "about right", "too slow", "open"}
        assert "judged" not in row or row["note"], row["id"]


@pytest.mark.parametrize("data", ["epoch-2024-05", "epoch-2025-06", "epoch-2026-07"])
def test_every_table_has_a_scorecard_of_the_promised_shape(data: str) -> None:
    document = forecasts(data).to_dict()
    ForecastsDocument.model_validate(document)
    json.dumps(document, allow_nan=False)


def test_a_table_from_before_a_forecast_does_not_judge_it() -> None:
    early = {row.id: row for row in forecasts("epoch-2024-05").forecasts}
    assert all(
        row.verdict == "open" for row in early.values() if row.basis == "computed" and row.made >= date(2024, 5, 13)
    )
    assert early["openai-2018"].verdict == "too fast"


def test_the_same_table_gives_the_same_bytes() -> None:
    assert json.dumps(forecasts().to_dict()) == json.dumps(CARD.to_dict())


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(NotFound, match="epoch-2026-07"):
        forecasts("epoch-2026")
