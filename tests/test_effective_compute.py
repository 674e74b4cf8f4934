"""Effective compute: beside the physical number, never in its place."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from click.testing import CliRunner

from comptometer import algorithmic_progress, store
from comptometer.algorithmic_progress import TwoSided, rates, suited
from comptometer.catalogue import Entry
from comptometer.cli.effective import command
from comptometer.documents.effective import EffectiveDocument
from comptometer.effective_compute import effective
from comptometer.errors import ComptometerError, NotEnoughEvidence, NotFound, UsageError
from comptometer.quantity import Estimate
from comptometer.request import estimate
from comptometer.vocabulary import DOMAINS


@pytest.fixture(scope="module")
def gpt4() -> Entry:
    return estimate("gpt-4")


def test_a_halving_time_of_so_many_months_doubles_as_often_as_these_fit() -> None:
    found = effective(params="7B", tokens="1T", published="2024-01-01", since="2022-01-01", halving="12")
    assert found.gain.median == pytest.approx(2 ** (730 / 30.4375 / 12), rel=1e-12)


def test_a_month_and_a_year_are_their_first_days() -> None:
    found = effective(params="7B", tokens="1T", published="2024-01", since="2022", halving="12")
    assert (found.published, found.since) == (date(2024, 1, 1), date(2022, 1, 1))


def test_effective_is_physical_times_gain_in_every_draw(gpt4: Entry) -> None:
    found = effective(gpt4)
    np.testing.assert_allclose(found.value.draws, gpt4.value.draws * found.gain.draws)


def test_the_physical_number_is_that_of_estimate(gpt4: Entry) -> None:
    found = effective("gpt-4").to_dict()
    assert found["compute"] == gpt4.value.to_dict()
    assert found["gain"]["p50"] > 1


def test_there_is_no_gain_on_the_day_itself_and_a_loss_before_it(gpt4: Entry) -> None:
    day = gpt4.dossier.published
    assert day
    assert np.all(effective(gpt4, since=day).gain.draws == 1)
    assert effective(gpt4, since="2024-01-01").gain.median < 1


def test_two_models_share_the_unknown_rate(gpt4: Entry) -> None:
    """Half as far from the reference is the square root of the gain, in every possible world."""
    since = date(2020, 1, 1)
    near = effective(gpt4, since=since, published=date(2021, 1, 1))
    far = effective(gpt4, since=since, published=date(2022, 1, 2))  # 366 and 732 days
    np.testing.assert_allclose(near.gain.draws**2, far.gain.draws, rtol=1e-9)


# Rates


@pytest.mark.parametrize(
    ("name", "middle", "low", "high", "tail"),
    [("language", 8, 2, 22, 0.05), ("vision", 9, 4, 25, 0.025), ("language-any-scale", 26.5, 19.9, 39.7, 0.05)],
)
def test_a_rate_has_its_published_quantiles(name: str, middle: float, low: float, high: float, tail: float) -> None:
    found = rates()[name].halving.quantile(np.array([tail, 0.5, 1 - tail]))
    assert found == pytest.approx([low, middle, high], rel=1e-6)


def test_a_hundredfold_in_eleven_years_is_the_fast_end_of_the_rate_for_any_scale() -> None:
    fast = float(rates()["language-any-scale"].halving.quantile(np.array([0.05]))[0])
    assert 2 ** (11 * 12 / fast) == pytest.approx(100, rel=0.01)


def test_alexnets_44_times_from_2012_to_2019_is_halving_in_16_months() -> None:
    months = float(rates()["vision-alexnet"].halving.quantile(np.array([0.5]))[0])
    assert 2 ** (7 * 12 / months) == pytest.approx(44, rel=0.15)  # the months are printed to two digits


def test_a_small_language_model_does_not_get_the_rate_of_the_largest() -> None:
    assert effective("gpt-3").rate.id == "language"
    small = effective(params="100M", tokens="2B", published="2024-01-01", name="small")
    assert small.share < 0.01
    assert small.rate.id == "language-any-scale"
    forced = effective(params="100M", tokens="2B", published="2024-01-01", name="small", rate="language")
    assert any("not taken unless" in warning for warning in forced.warnings)


def test_every_rate_says_who_and_for_what() -> None:
    for rate in rates().values():
        assert store.source(rate.source).url
        assert rate.where
        assert rate.task
        assert rate.first < rate.last
        assert set(rate.domains) <= set(DOMAINS)
    for share in (1.0, 0.01, 0.0099, 1e-9):
        assert suited(["language"], share)
        assert suited(["vision"], share)
    assert rates()["language"].first <= algorithmic_progress.reference().year <= rates()["language"].last


def test_a_belief_with_two_widths_rises() -> None:
    p = np.linspace(0.001, 0.999, 999)
    assert np.all(np.diff(TwoSided(8.0, 0.8, 0.6).quantile(p)) > 0)


# What is said and refused


def test_going_beyond_the_data_is_said(gpt4: Entry) -> None:
    assert not any("lies outside" in warning for warning in effective(gpt4).warnings)
    later = effective(gpt4, published="2026-01-01")
    assert any("2026-01-01 lies outside" in warning for warning in later.warnings)
    assert any("far apart" in warning for warning in later.warnings)
    assert any("no interval" in warning for warning in effective("alexnet", rate="vision-alexnet").warnings)
    assert any("which the model is not" in warning for warning in effective("alexnet", rate="language").warnings)


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"source": "alphago-zero"}, NotEnoughEvidence, "no rate.*games"),
        ({"params": "7B", "tokens": "1T"}, NotEnoughEvidence, "--published"),
        ({"source": "gpt-3", "rate": "languages"}, NotFound, "language"),
        ({"source": "gpt-3", "rate": "language", "halving": "8"}, UsageError, "not both"),
        ({"source": "gpt-3", "halving": "-3"}, UsageError, "above 0"),
        ({"source": "gpt-3", "halving": "soon"}, UsageError, "soon"),
        ({"source": "gpt-3", "since": "long ago"}, UsageError, "write 2024-06-30, 2024-06 or 2024"),
        ({"source": "gpt-33"}, NotFound, "GPT"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(asked: dict[str, str], error: type[ComptometerError], says: str) -> None:
    with pytest.raises(error, match=says):
        effective(**asked)


def test_the_document_has_its_shape_and_the_page_the_physical_number_first(gpt4: Entry) -> None:
    for found in (effective(gpt4), effective(gpt4, halving="5 to 14")):
        EffectiveDocument.model_validate(found.to_dict())
    printed = CliRunner().invoke(command, ["gpt-4"]).output
    assert printed.index("physical") < printed.index("effective")
    assert "ho-2024-algorithmic-progress" in printed


def test_nothing_else_changes_by_it(gpt4: Entry) -> None:
    before: Estimate = gpt4.value
    effective(gpt4)
    assert estimate("gpt-4").value.to_dict() == before.to_dict()
    assert "effective" not in gpt4.to_dict()
