"""The trend forward: the published illustration, the presets, and what a request can get wrong."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comptometer.documents.project import ProjectionDocument
from comptometer.errors import NotFound, UsageError
from comptometer.growth import trend
from comptometer.projection import PATHS, Projection, project

ILLUSTRATION = Path(__file__).with_name("illustration.toml")


def illustrated(rho: float = 0.0, draws: int = 100_000) -> Projection:
    """C0 3e26 to 1e27 in 2026, growing 3.9 to 5.6 times a year. Theta is said to be between 1 and 2."""
    return project(
        2035, start="2026-01-01", growth="3.9 to 5.6", level="3e26 to 1e27", preset="none", limits=ILLUSTRATION,
        rho=rho, theta="1.4", draws=draws, far=True,
    )  # fmt: skip


def near(printed: float) -> object:
    """Within one unit of the last of the one or two digits that are printed."""
    digits = f"{printed:.1e}"
    unit = 1.0 if digits[2] == "0" else 0.1
    return pytest.approx(printed, abs=unit * float(f"1e{digits[4:]}") * 1.001)


# trend, hard, soft at 5, 50, 95%; probability that cost, power, chips, data bind
TABLE = {
    2028: ([5.9e27, 1.2e28, 2.4e28], [1.5e27, 9.5e27, 2.0e28], [1.5e27, 7.8e27, 1.6e28], [0.05, 0.23, 0.02, 0.06]),
    2030: ([1e29, 2.6e29, 6.7e29], [5e27, 6e28, 2.3e29], [5e27, 5.5e28, 1.8e29], [0.35, 0.33, 0.06, 0.15]),
    2035: ([1e32, 6e32, 3e33], [4e28, 6e29, 3e30], [4e28, 6e29, 3e30], [0.62, 0.09, 0.03, 0.25]),
}


@pytest.mark.parametrize("year", TABLE)
def test_the_illustration_is_reproduced(year: int) -> None:
    found = illustrated()
    at = found.years.index(year)
    *paths, shares = TABLE[year]
    for name, expected in zip(PATHS, paths, strict=True):
        for value, printed in zip(found.quantiles[name][at][[0, 2, 4]], expected, strict=True):
            assert value == near(printed), (name, printed)
    assert [found.binds[name][at] for name in ("cost", "power", "chips", "data")] == pytest.approx(shares, abs=0.011)


@pytest.mark.parametrize(
    ("rho", "median", "p95"),
    [(0.0, 6.0e28, 2.3e29), (0.3, 6.3e28, 2.5e29), (0.6, 6.7e28, 2.6e29), (0.9, 7.0e28, 2.8e29)],
)  # fmt: skip
def test_a_common_factor_raises_the_median_as_published_and_not_the_lower_end(
    rho: float, median: float, p95: float
) -> None:
    found, alone = illustrated(rho), illustrated()
    at = found.years.index(2030)
    hard = found.quantiles["hard"][at]
    assert hard[2] == pytest.approx(median, abs=0.2e28)
    assert hard[4] == pytest.approx(p95, abs=0.15e29)
    assert hard[0] == pytest.approx(alone.quantiles["hard"][at][0], rel=0.03)


def test_the_median_of_the_smallest_rises_with_the_common_factor() -> None:
    medians = [illustrated(rho).quantiles["hard"][4][2] for rho in (0.0, 0.3, 0.6, 0.9)]
    assert medians == sorted(medians)
    assert medians[-1] > 1.1 * medians[0]


def test_the_trillion_dollar_budget_of_2018_lasts_for_five_years() -> None:
    found = project(2025, preset="openai-2018")
    assert found.crossing("hardware-budget")["p50"] == pytest.approx(2023.301, abs=0.001)
    assert found.spending is not None
    assert found.spending["trend"][0, 2] == pytest.approx(5e6)
    assert found.spending["hard"][-1, 2] == pytest.approx(1e12)
    faster = project(2025, preset="openai-2018", growth="11.2487")
    assert faster.crossing("hardware-budget")["p50"] == pytest.approx(2023.044, abs=0.001)


def test_the_report_on_2030_allows_two_e29_where_limits_move_together() -> None:
    found = project(
        2030, preset="epoch-2030", start="2026-01-01", level="1e27", growth="100", rho=1.0, only=["power", "chips"]
    )
    assert found.quantiles["hard"][-1][2] == pytest.approx(2e29, rel=0.05)


def test_no_limits_is_the_trend_alone() -> None:
    found = project(2032, preset="none", start="2026-01-01", growth="4", level="1e27")
    for name in PATHS:
        assert found.quantiles[name][:, 2] == pytest.approx(1e27 * 4.0 ** np.arange(7))
    assert found.binds == {"none": [1.0] * 7}
    assert found.spending is None
    assert found.reached(1e30, "soft") == pytest.approx(2026 + np.log(1000) / np.log(4))
    assert found.reached(1e26) == 2026
    assert found.reached(1e32) is None
    assert found.probability(4e27)["hard"] == [0, 1, 1, 1, 1, 1, 1]


def test_the_data_give_level_and_growth() -> None:
    found = project(2030)
    growth = found.to_dict()["start"]["growth_per_year"]
    assert growth["p50"] == pytest.approx(4.69, rel=0.02)
    assert "running top 10 since 2018-01-01, epoch-2026-07" in growth["from"]
    assert found.years[0] == pytest.approx(2026.534, abs=0.001)
    seen = project(2030, correction=False)
    assert seen.quantiles["trend"][0][2] == pytest.approx(5.1e26, rel=0.05)
    lower = project(2030, bias_dex=0.11)
    assert lower.quantiles["trend"][0] == pytest.approx(seen.quantiles["trend"][0] / 10**0.11)
    largest = project(2030, level="largest")
    assert "Grok 4" in largest.start.said["level"]
    assert largest.quantiles["trend"][0][2] > 3 * found.quantiles["trend"][0][2]


def test_the_level_is_corrected_for_the_winners_curse_unless_that_is_declined() -> None:
    asked = trend(select="frontier", since="2018-01-01", draws=2000)
    curse = asked.winners_curse(date(2026, 1, 1))
    assert curse is not None
    assert curse.bias == pytest.approx(0.11, abs=0.02)  # the reference obtained 0.11 dex at 2026.0
    found, seen = (project(2030, start="2026", correction=correction) for correction in (True, False))
    assert found.start.bias_dex == pytest.approx(curse.bias, abs=0.01)
    lowered = seen.quantiles["trend"] / 10**found.start.bias_dex
    assert found.quantiles["trend"] == pytest.approx(lowered)
    assert found.quantiles["trend"][0][2] == pytest.approx(1.7e26, rel=0.05)  # and 1.7e26 FLOP
    assert "dex for the winner's curse" in found.start.said["level"]
    assert "winner" not in seen.start.said["level"]
    assert found.to_dict()["question"]["bias_dex"] == found.start.bias_dex
    ProjectionDocument.model_validate(found.to_dict())


def test_a_line_whose_values_were_redrawn_lies_too_high_twice() -> None:
    asked = trend(select="frontier", since="2018-01-01", draws=2000, noise=True)
    curse = asked.winners_curse(date(2026, 1, 1))
    assert curse is not None
    found = project(2030, start="2026", answer=asked)
    assert found.start.bias_dex == pytest.approx(2 * curse.bias)
    assert found.quantiles["trend"][0][2] == pytest.approx(10**curse.level.estimate, rel=0.05)


@pytest.mark.parametrize("asked", [{"data": "epoch-2026-07", "select": "notable"}, {"quantity": "fp32-per-watt"}])
def test_what_was_not_chosen_by_its_values_has_no_winners_curse(asked: dict[str, Any]) -> None:
    assert trend(**asked, draws=100).winners_curse(date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    "asked",
    [{"level": "1e27"}, {"level": "largest"}, {"preset": "openai-2018"}, {"correction": False}],
)
def test_a_bias_without_a_line_that_it_lowers_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="bias_dex: "):
        project(2030, bias_dex=0.1, **asked)


def test_growth_is_what_its_parts_make() -> None:
    split = project(2030, growth="4", level="1e27", theta="1").growth_split
    assert set(split) == {"growth", "price", "duration", "spending"}
    product = split["price"]["p50"] * split["duration"]["p50"] * split["spending"]["p50"]
    assert product == pytest.approx(4, rel=0.01)


def test_spending_grows_with_the_world_product_once_the_share_is_used_up() -> None:
    found = project(
        2040, only=["world-product"], start="2030-01-01", level="1e28", growth="20", rho=0, theta="2", far=True
    )  # fmt: skip
    assert found.spending is not None
    spent = found.spending["soft"][:, 2]
    assert spent[-1] / spent[-2] == pytest.approx(1.0275, abs=0.003)


def test_the_same_question_has_the_same_answer_byte_for_byte() -> None:
    first, second = (json.dumps(project(2032, draws=5000).to_dict()) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("preset", ["default", "none", "epoch-2030"])
def test_a_projection_has_its_shape(preset: str) -> None:
    document = project(2032, preset=preset).to_dict()
    ProjectionDocument.model_validate(document)
    json.dumps(document, allow_nan=False)


def test_probabilities_are_probabilities() -> None:
    document = project(2033).to_dict()
    for row in document["years"]:
        assert sum(row["binds"].values()) == pytest.approx(1)
        assert row["soft"]["p50"] <= row["hard"]["p50"] <= row["trend"]["p50"]
    for threshold in document["thresholds"]:
        shares = [row["soft"] for row in threshold["probability"]]
        assert shares == sorted(shares)
        assert all(row["soft"] <= row["hard"] <= row["trend"] for row in threshold["probability"])


def test_all_that_is_wrong_with_a_request_is_said_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        project(
            2032, start="yesterday", growth="-3", level="much", theta="0", rho=2, draws=1, without=["chip"],
            thresholds=[0, float("nan")], bias_dex=float("inf"),
        )  # fmt: skip
    said = str(caught.value)
    for part in (
        "from: 'yesterday' is not a date", "growth: '-3' must be above 0", "level: 'much' is not a number",
        "or one of frontier, largest", "theta: '0' must be above 0", "rho: a correlation", "draws: between 100",
        'no limit "chip"; did you mean chips', "threshold: a finite number of FLOP above 0 is wanted, got 0",
        "got nan", "bias_dex: ",
    ):  # fmt: skip
        assert part in said, part


@pytest.mark.parametrize(
    ("to", "start", "said"),
    [(2026, None, "2026 is not after the start"), (2020, "2026-01-01", "after the start"), (3000, None, "and 2100")],
)  # fmt: skip
def test_a_year_that_is_no_future_is_refused(to: int, start: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        project(to, start=start)


def test_far_beyond_the_data_has_to_be_asked_for() -> None:
    with pytest.raises(UsageError, match=r"2034 is 7\.6 years past the last point of the data .* --far"):
        project(2034)
    assert project(2034, far=True).years[-1] == 2034
    assert project(2033).years[-1] == 2033


@pytest.mark.parametrize(
    "given", [{"growth": "1e6"}, {"growth": "1e-6"}, {"level": "1e61"}, {"theta": "1e9"}, {"start": "0001-01-01"}]
)
def test_what_no_world_can_be_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        project(2033, **given)  # type: ignore[arg-type]


def test_the_ends_of_what_is_allowed_are_still_numbers() -> None:
    for given in (
        {"growth": "90", "level": "1e25"},
        {"growth": "0.02", "level": "1e25"},
        {"theta": "0.02"},
        {"theta": "99"},
    ):
        json.dumps(project(2033, **given).to_dict(), allow_nan=False)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"above 1e\+100 FLOP"):
        project(2100, growth="90", level="1e25", far=True)


def test_a_preset_with_its_own_start_takes_no_other_day() -> None:
    with pytest.raises(UsageError, match="brings its own start"):
        project(2025, preset="openai-2018", start="2019-01-01")
    assert project(2030, preset="openai-2018", data="epoch-2026-07").years[0] > 2026
    with pytest.raises(NotFound):
        project(2030, data="epoch-1066")
