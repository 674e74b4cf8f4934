"""One quantity of models against another: the fit, who is in it, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import comptometer
from comptometer.documents.relation import RelationDocument
from comptometer.errors import NotEnoughEvidence, NotFound, UsageError
from comptometer.relation import relate
from comptometer.trends import Points, Resampling, numbered
from comptometer.trends._power_law import PowerLaw, power_law
from comptometer.vintages import vintage

PAIRS = [("compute", "parameters"), ("compute", "data"), ("parameters", "data"), ("cost", "compute"),
         ("power", "compute"), ("time", "chips")]  # fmt: skip


def law(x: Any, y: Any, groups: list[str] | None = None, draws: int = 400) -> PowerLaw:
    points = Points(days=np.zeros(len(y)), logs=np.log10(y), groups=None if groups is None else numbered(groups))
    by = "model" if groups is None else "organization"
    return power_law(np.log10(x), points, Resampling(name="known", draws=draws, by=by))  # type: ignore[arg-type]


@pytest.mark.parametrize(("y", "x"), PAIRS)
def test_the_line_is_that_of_numpy(y: str, x: str) -> None:
    found = relate(y, x, draws=100)
    across, upwards = (np.log10([getattr(pair, side) for pair in found.pairs]) for side in ("x", "y"))
    slope, level = np.polyfit(across, upwards, 1)
    residuals = upwards - (level + slope * across)
    assert found.law.exponent.estimate == pytest.approx(slope, rel=1e-9)
    assert found.law.at([1e10])[0] == pytest.approx(10 ** (level + slope * 10), rel=1e-6)
    assert found.law.r2 == pytest.approx(np.corrcoef(across, upwards)[0, 1] ** 2, rel=1e-9)
    assert found.law.residual_sd == pytest.approx(np.sqrt(residuals @ residuals / (len(residuals) - 2)), rel=1e-9)


def test_a_known_power_law_is_found_without_error() -> None:
    x = np.logspace(3, 12, 40)
    found = law(x, 7e-3 * x**1.75)
    assert found.exponent.estimate == pytest.approx(1.75, abs=1e-12)
    assert np.ptp(found.exponent.samples) < 1e-9
    assert found.r2 == pytest.approx(1.0, abs=1e-12)
    assert found.at([1e20])[0] == pytest.approx(7e-3 * 1e35, rel=1e-9)


def test_a_noisy_power_law_lies_within_its_interval() -> None:
    generator = np.random.default_rng(20261126)
    inside = 0
    for _ in range(60):
        x = 10 ** generator.uniform(6, 12, 80)
        y = 10 ** (0.5 * np.log10(x) + generator.normal(0, 0.4, 80))
        low, high = law(x, y).exponent.interval()
        inside += low <= 0.5 <= high
    assert 46 <= inside <= 60  # of 60 at 90%: fewer or more has a chance below 1%


def test_models_of_one_organization_count_as_less_evidence() -> None:
    generator = np.random.default_rng(3)
    places = np.repeat(generator.uniform(6, 12, 12), 10)
    shared = np.repeat(generator.normal(0, 0.5, 12), 10)
    y = 10 ** (places + shared + generator.normal(0, 0.05, 120))
    low, high = law(10**places, y, [str(at // 10) for at in range(120)]).exponent.interval()
    narrow_low, narrow_high = law(10**places, y).exponent.interval()
    assert high - low > 2 * (narrow_high - narrow_low)


def test_a_band_holds_the_line_and_a_single_point_is_less_sure() -> None:
    found = relate(draws=200).law
    low, high = found.band([1e6, 1e9, 1e12])
    least, most = found.prediction_band([1e6, 1e9, 1e12])
    line = found.at([1e6, 1e9, 1e12])
    assert (least < low).all()
    assert (low < line).all()
    assert (line < high).all()
    assert (high < most).all()


def test_turning_it_round_multiplies_to_r2() -> None:
    one, other = relate("compute", "parameters", draws=100), relate("parameters", "compute", draws=100)
    assert one.law.exponent.estimate * other.law.exponent.estimate == pytest.approx(one.law.r2, rel=1e-9)


@pytest.mark.parametrize("asked", [{}, {"select": "frontier"}, {"domain": "Language", "since": None}])
def test_everyone_is_either_a_point_or_left_out_with_a_reason(asked: dict[str, Any]) -> None:
    found = relate(**asked, draws=100)
    assert found.law.n + sum(found.excluded.values()) == len(vintage(found.question.data).rows)
    assert found.law.n <= found.asked


def test_who_is_in_it_is_who_has_both_in_the_window() -> None:
    found = relate("cost", "power", since="2018", until="2024", organization="Google", draws=100)
    rows = {
        row.model
        for row in vintage(found.question.data).rows
        if row.published
        and 2018 <= row.published.year <= 2024
        and row.notability
        and any("google" in one.casefold() for one in row.organization)
        and row.cost_usd
        and row.power_watt
    }
    assert {pair.name for pair in found.pairs} == rows


def test_our_own_estimates_can_take_the_place_of_the_tables() -> None:
    ours, theirs = relate(values="estimated", draws=100), relate(draws=100)
    assert ours.law.n > theirs.law.n


def test_it_repeats_and_keeps_the_shape_that_scripts_rely_on() -> None:
    first, again = (json.dumps(relate(draws=100).to_dict(points=True), allow_nan=False) for _ in range(2))
    assert first == again
    document = RelationDocument.model_validate(json.loads(first))
    assert document.points is not None
    assert len(document.points) == document.n
    assert document.exponent.p5 < document.exponent.estimate < document.exponent.p95  # type: ignore[operator]


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        ({"x": "paramters"}, NotFound, "parameters"),
        ({"y": "chip-memory"}, UsageError, "chips"),
        ({"y": "compute", "x": "training_compute"}, UsageError, "is y as well"),
        ({"y": "cost", "x": "power", "values": "estimated"}, UsageError, "neither y nor x"),
        ({"draws": 10}, UsageError, "between 100"),
        ({"noise": True}, UsageError, "unknown condition 'noise'"),
        ({"top": 5}, UsageError, "frontier"),
        ({"since": "2024", "until": "2020"}, UsageError, "2020"),
        ({"organization": "Opnai"}, NotFound, "OpenAI"),
        ({"data": "epoch-1999"}, NotFound, "epoch-"),
        ({"since": "1950", "until": "1951"}, NotEnoughEvidence, "at least 3 models with both"),
        ({"without": ["nobody"]}, NotFound, "nobody"),
    ],
)  # fmt: skip
def test_what_cannot_be_related_is_refused_with_the_reason(
    asked: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        relate(**({"draws": 100} | asked))


def test_a_single_organization_cannot_be_resampled() -> None:
    with pytest.raises(NotEnoughEvidence, match="resample by model"):
        law([1.0, 2.0, 3.0], [1.0, 4.0, 9.0], ["one"] * 3)


def test_it_is_a_public_name() -> None:
    assert comptometer.relate is relate
