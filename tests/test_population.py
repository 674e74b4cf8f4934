"""Which models a trend is about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comptometer.errors import UsageError
from comptometer.model_row import ModelRow, Texts
from comptometer.population import Candidate, Wanted, population

EMPTY: dict[str, Any] = {name: {Texts: (), str: ""}.get(kind) for name, kind in get_type_hints(ModelRow).items()}
START = date(2020, 1, 1)


def model(name: str, day: int, compute: float | None, **columns: Any) -> Candidate:
    row = EMPTY | {"line": 1, "model": name, "published": START + timedelta(day), "notability": ("Highly cited",)}
    return Candidate(ModelRow(**(row | columns)), compute)


def names(candidates: list[Candidate], **wanted: Any) -> list[str]:
    return [c.row.model for c in population(candidates, Wanted(**wanted)).chosen]


SIZES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), min_size=1, max_size=40)


@given(SIZES, st.integers(1, 5))
def test_the_frontier_is_who_has_fewer_than_that_many_above_it_at_its_day(
    sizes: list[tuple[int, int]], top: int
) -> None:
    models = [model(str(at), day, float(size)) for at, (day, size) in enumerate(sizes)]
    expected = {str(at) for at, (day, size) in enumerate(sizes) if sum(d <= day and s > size for d, s in sizes) < top}
    assert set(names(models, select="frontier", top=top)) == expected


@given(SIZES)
def test_records_are_a_frontier_of_one(sizes: list[tuple[int, int]]) -> None:
    models = [model(str(at), day, float(size)) for at, (day, size) in enumerate(sizes)]
    assert names(models, select="records") == names(models, select="frontier", top=1)


def test_a_window_makes_no_records() -> None:
    models = [model("giant", 0, 100.0), model("small", 10, 1.0), model("later", 20, 200.0)]
    assert names(models, select="records", since=START + timedelta(5)) == ["later"]


def test_ranks_are_among_those_asked_about() -> None:
    models = [model("giant", 0, 100.0, domain=("Games",)), model("small", 10, 1.0, domain=("Language",))]
    assert names(models, select="records", domain="language") == ["small"]


def test_what_is_not_notable_counts_only_if_all_are_asked_about() -> None:
    models = [model("plain", 0, 100.0, notability=()), model("noted", 10, 1.0)]
    assert names(models, select="records") == ["noted"]
    assert names(models, select="records", of_all=True) == ["plain"]
    assert names(models, select="all") == ["plain", "noted"]


def test_large_models_stand_out_from_those_within_a_year() -> None:
    models = [model(f"small {at}", 10 * at, 10.0 + at) for at in range(20)] + [model("large", 100, 1000.0)]
    assert names(models, select="large-scale") == ["large"]
    tiny = [*models, model("tiny", 101, 0.001)]
    assert names(tiny, select="regular-scale") == [f"small {at}" for at in range(20)]


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({"organization": "lab a"}, ["one"]), ({"organization": "lab a|lab b"}, ["one", "two"]),
        ({"country": "france"}, ["two"]), ({"confidence": ("Likely",)}, ["two"]), ({"open_weights": True}, ["one"]),
        ({"fine_tunes": False}, ["one"]), ({"without": ("ONE",)}, ["two"]), ({"until": START}, ["one"]),
    ],
)  # fmt: skip
def test_each_condition_keeps_those_that_meet_it(wanted: dict[str, Any], kept: list[str]) -> None:
    models = [
        model("one", 0, 1.0, organization=("Lab A",), country=("US",), confidence="Confident", open_weights=True),
        model("two", 1, 2.0, organization=("Lab B",), country=("France",), confidence="Likely", base_model=("one",)),
    ]
    found = population(models, Wanted(**wanted))
    assert [c.row.model for c in found.chosen] == kept
    assert sum(found.excluded.values()) == len(models) - len(kept)


def test_models_without_a_value_are_asked_about_but_hold_no_rank() -> None:
    found = population([model("known", 0, 1.0), model("unknown", 1, None)], Wanted(select="frontier"))
    assert [c.row.model for c in found.chosen] == ["known"]
    assert found.excluded == {"no training compute": 1}
    assert len(found.in_question) == 2


def test_impossible_wishes_are_told_all_at_once() -> None:
    with pytest.raises(UsageError) as error:
        Wanted(select="best", top=0, since=date(2020, 1, 1), until=date(2010, 1, 1))
    assert len(str(error.value).splitlines()) == 3
