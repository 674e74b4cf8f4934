"""What growth is made of: the parts add up exactly, and known parts are found again."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from comptometer import vintages
from comptometer.cli.decompose import command
from comptometer.decomposition import Decomposition, decompose, published, split_of
from comptometer.documents.decompose import DecompositionDocument
from comptometer.errors import NotEnoughEvidence, NotFound, UsageError
from comptometer.factors import Factors, factored, of_machines, of_money
from comptometer.growth import trend
from comptometer.trends import Resampling

YEARS = 365.25
TRUE = {"chips": 1.8, "peak": 1.45, "time": 1.3, "utilization": 1.05}


def simulated(models: int, scatter: float, seed: int) -> list[Factors]:
    """Models of thirty organizations, whose factors grow as in `TRUE` with some scatter each."""
    generator = np.random.default_rng(seed)
    found = []
    for at in range(models):
        years = float(generator.uniform(0, 8))
        start = {"chips": 64.0, "peak": 1e14, "time": 1e6, "utilization": 0.3}
        values = {
            name: start[name] * growth**years * 10 ** float(generator.normal(0, scatter))
            for name, growth in TRUE.items()
        }
        found.append(
            Factors(
                name=f"model {at}",
                day=date(2018, 1, 1) + timedelta(days=round(years * YEARS)),
                organization=f"organization {at % 30}",
                compute=float(np.prod(list(values.values()))),
                values=values,
            )
        )
    return found


@pytest.fixture(scope="module", params=vintages.vintage_ids())
def found(request: pytest.FixtureRequest) -> Decomposition:
    return decompose(data=request.param, draws=500)


# The identity


def test_the_parts_add_up_to_the_whole_in_every_resample(found: Decomposition) -> None:
    for split in found.splits.values():
        assert sum(part.trend.slope for part in split.parts) == pytest.approx(split.compute.slope, rel=1e-9)
        resampled = np.sum([part.trend.slopes for part in split.parts], axis=0)
        np.testing.assert_allclose(resampled, split.compute.slopes, rtol=1e-9)
        shares = [part.share for part in split.parts if part.share]
        assert len(shares) == len(split.parts)
        assert sum(share.estimate for share in shares) == pytest.approx(1, rel=1e-9)


def test_the_factors_of_every_model_multiply_to_its_compute(found: Decomposition) -> None:
    for split in found.splits.values():
        for model in split.models:
            assert np.prod(list(model.values.values())) == pytest.approx(model.compute, rel=1e-12)


def test_growth_of_the_parts_multiplies_to_growth_of_the_whole(found: Decomposition) -> None:
    for split in found.to_dict()["machines"], found.to_dict()["money"]:
        product = np.prod([part["growth_per_year"]["estimate"] for part in split["parts"]])
        assert product == pytest.approx(split["growth_per_year"]["estimate"], rel=1e-9)


# Known parts


def test_parts_without_scatter_are_found_again_exactly() -> None:
    split = split_of(simulated(40, 0.0, 1), Resampling(name="exact", draws=200))
    for name, growth in TRUE.items():
        assert split.part(name).trend.growth_per_year.estimate == pytest.approx(growth, rel=2e-3)  # days are whole
        share = split.part(name).share
        assert share
        assert share.estimate == pytest.approx(np.log(growth) / np.log(np.prod(list(TRUE.values()))), abs=1e-3)


def test_intervals_hold_the_true_growth_about_as_often_as_they_say() -> None:
    worlds = 60
    held = dict.fromkeys(TRUE, 0)
    for world in range(worlds):
        split = split_of(simulated(90, 0.3, world), Resampling(name=f"world {world}", draws=300, by="organization"))
        for name, growth in TRUE.items():
            low, high = split.part(name).trend.growth_per_year.interval()
            held[name] += low <= growth <= high
    assert 0.80 <= sum(held.values()) / (worlds * len(TRUE)) <= 0.95


def test_shares_are_unknown_where_the_whole_may_not_grow() -> None:
    models = simulated(12, 0.0, 3)
    flat = [
        Factors(
            name=m.name, day=m.day, organization=m.organization, compute=2.0 + at % 3, values={"chips": 2.0 + at % 3}
        )
        for at, m in enumerate(models)
    ]
    assert split_of(flat, Resampling(name="flat", draws=200)).part("chips").share is None


# Against the table and against what others published


def test_what_is_left_out_and_what_is_kept_are_all_models_asked_about(found: Decomposition) -> None:
    for split in found.splits.values():
        assert len(split.models) + sum(split.excluded.values()) == found.answer.trend.n


def test_growth_of_all_models_is_that_of_trend(found: Decomposition) -> None:
    asked = trend(select="frontier", since="2018-01-01", fine_tunes=False, data=found.answer.question.data, draws=500)
    assert found.to_dict()["everyone"]["growth_per_year"] == asked.trend.growth_per_year.to_dict()


def test_published_growth_of_chips_peak_and_time_lies_in_our_intervals() -> None:
    """The page's table is of January 2025; ours of June."""
    split = decompose(data="epoch-2025-06", draws=2000).machines
    assert split
    for row in published():
        if row["part"] in {"chips", "peak", "time"}:
            low, high = split.part(row["part"]).trend.growth_per_year.interval()
            assert low <= row["growth"] <= high, row["part"]


def test_a_row_that_lacks_something_says_what() -> None:
    rows = [row for row in vintages.vintage("epoch-2025-06").rows if row.compute and row.published]
    models, lacking = factored(rows, of_machines("epoch-2025-06"), "utilization")
    assert set(lacking) == {
        "without a number of chips", "without a training time", "without one chip whose peak is on record"
    }  # fmt: skip
    assert len(models) + sum(lacking.values()) == len(rows)
    gpt3 = next(model for model in models if model.name == "GPT-3 175B (davinci)")
    assert gpt3.values["chips"] == 10_000
    assert 0.3 < gpt3.values["utilization"] < 0.7
    assert of_money("cost")(rows[0])[1] in {"", "without a cost of this kind"}


# The request


def test_the_document_has_its_shape(found: Decomposition) -> None:
    DecompositionDocument.model_validate(found.to_dict())


def test_another_seed_gives_other_resamples_and_the_same_estimate() -> None:
    one, other, same = (decompose(seed=seed, draws=200).to_dict() for seed in (1, 2, 1))
    assert one == same
    for row, changed in zip(one["machines"]["parts"], other["machines"]["parts"], strict=True):
        assert row["growth_per_year"]["estimate"] == changed["growth_per_year"]["estimate"]
        assert row["growth_per_year"]["p5"] != changed["growth_per_year"]["p5"]


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"cost": "rent"}, UsageError, "cloud-cost"),
        ({"select": "largest"}, UsageError, "frontier"),
        ({"data": "epoch-2025"}, NotFound, "epoch-2025-06"),
        ({"since": "2026-07-01"}, NotEnoughEvidence, "at least 3"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(asked: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        decompose(**asked)


def test_a_split_that_too_few_models_have_is_named_and_the_other_given() -> None:
    answer = decompose(select="notable", since="2012-01-01", until="2013-06-30", by="model", draws=200)
    assert answer.money is None or answer.machines is None
    assert list(answer.problems)
    assert "at least 3 models" in next(iter(answer.problems.values()))


@pytest.mark.parametrize("form", ["table", "md", "csv", "tsv", "json", "jsonl"])
def test_it_is_printed_in_every_format(form: str) -> None:
    done = CliRunner().invoke(command, ["--draws", "200", "--format", form])
    assert done.exit_code == 0, done.output
    assert "utilization" in done.output


def test_a_window_of_the_command_ends_with_the_last_day_of_a_year() -> None:
    done = CliRunner().invoke(command, ["--since", "2018", "--until", "2024", "--draws", "100", "--json"])
    found = json.loads(done.output)
    assert (found["since"], found["until"]) == ("2018-01-01", "2024-12-31")
