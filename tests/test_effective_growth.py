"""Growth of effective compute: physical growth times a published gain, and never in its place."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from comptometer import trend
from comptometer.answers import Answer
from comptometer.cli.trend import command
from comptometer.documents.trend import TrendDocument
from comptometer.errors import ComptometerError, NotFound, UsageError


def asked(**given: Any) -> Answer:
    plain: dict[str, Any] = {"data": "epoch-2025-06", "draws": 500, "effective": True}
    return trend(**plain | given)


def test_a_known_gain_multiplies_every_resample_of_the_physical_growth() -> None:
    found = asked(halving="12")
    assert found.effective
    gain = 2 ** (365.25 / 30.4375 / 12)
    assert found.effective.gain.estimate == pytest.approx(gain)
    physical = found.trend.growth_per_year
    assert found.effective.growth.estimate == pytest.approx(physical.estimate * gain)
    assert found.effective.growth.interval() == pytest.approx([end * gain for end in physical.interval()], rel=0.01)


def test_two_independent_widths_add_in_squares() -> None:
    """Of a halving time from 11 to 13 months and of the fit, both nearly normal in logarithms."""
    found = asked(halving="11 to 13", draws=10_000)
    assert found.effective
    widths = [
        float(np.diff(np.log(fitted.interval()))[0])
        for fitted in (found.effective.growth, found.trend.growth_per_year, found.effective.gain)
    ]
    assert widths[0] == pytest.approx(sqrt(widths[1] ** 2 + widths[2] ** 2), rel=0.03)


def test_the_rate_is_that_of_the_domain_and_its_limits_are_told() -> None:
    of_all = asked().effective
    language = asked(domain="Language", select="frontier", until="2023").effective
    vision = asked(domain="Vision").effective
    assert of_all
    assert language
    assert vision
    assert (of_all.rate.id, language.rate.id, vision.rate.id) == ("language", "language", "vision")
    assert [warning.split(";")[0] for warning in of_all.warnings] == [
        "the rate was fitted to data of 2012 to 2023",
        "the rate is of language",
        "the rate is for the largest models of their day",
    ]
    assert not any("is of language" in warning or "smaller" in warning for warning in language.warnings)


def test_it_is_off_unless_asked_for_and_changes_nothing_else() -> None:
    plain, with_it = (asked(effective=wanted).to_dict() for wanted in (False, True))
    TrendDocument.model_validate(with_it)
    assert plain["effective"] is None
    assert plain == with_it | {"effective": None}


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"quantity": "cost"}, UsageError, "effective: is of training compute"),
        ({"rate": "languages"}, NotFound, "language"),
        ({"rate": "language", "halving": "8"}, UsageError, "not both"),
        ({"halving": "-3"}, UsageError, "above 0"),
        ({"effective": False, "rate": "language"}, UsageError, "was not asked for"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(given: dict[str, Any], error: type[ComptometerError], says: str) -> None:
    with pytest.raises(error, match=says):
        asked(**given)


def test_the_page_shows_it_below_the_physical_growth_with_its_source() -> None:
    printed = CliRunner().invoke(command, ["--draws", "200", "--effective"]).output
    assert printed.index("growth a year") < printed.index("Effective compute  grows")
    assert "physical 4.35" in printed
    assert "ho-2024-algorithmic-progress" in printed
    assert "Effective" not in CliRunner().invoke(command, ["--draws", "200"]).output
