"""Estimates for every row of somebody's frame: of any library, whatever is in its cells."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import comptometer
from comptometer.errors import ComptometerError, UsageError
from comptometer.frame_estimates import NUMBERS, READ, TEXTS, estimate_frame

Columns = Mapping[str, Sequence[Any]]
RUNS: Columns = {
    "run": [11, 12, 13, 14],
    "name": ["small", "unknown", "bad", "machines"],
    "params": ["7B", None, "seven", None],
    "tokens": ["2T", "1T", "1T", None],
    "chip": ["a100-sxm-80gb", None, None, "h100-sxm"],
    "chip_hours": [184320.0, None, None, 1e6],
    "where": ["paper", "blog", "blog", "log"],
}


def to_records(frame: Any) -> list[dict[str, Any]]:
    if isinstance(frame, pa.Table):
        return list(frame.to_pylist())
    if isinstance(frame, pl.DataFrame):
        return frame.to_dicts()
    return [
        {key: None if np.ndim(v) == 0 and pd.isna(v) else v for key, v in row.items()}
        for row in frame.to_dict("records")
    ]


def arrow_backed(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(columns).convert_dtypes(dtype_backend="pyarrow")


MAKERS = [pd.DataFrame, arrow_backed, pl.DataFrame, pa.table]


@pytest.mark.parametrize("make", MAKERS)
def test_a_frame_of_any_library_comes_back_as_one_of_it(make: Callable[[Columns], Any]) -> None:
    frame = make(RUNS)
    found = estimate_frame(frame)
    assert type(found) is type(frame)
    rows = to_records(found)
    assert list(rows[0]) == [*RUNS, *NUMBERS, *TEXTS]
    assert [row["run"] for row in rows] == [11, 12, 13, 14]
    assert [row["where"] for row in rows] == list(RUNS["where"])
    entry = comptometer.estimate(name="small", params="7B", tokens="2T", chip="a100-sxm-80gb", chip_hours=184320.0)
    small = rows[0]
    assert small["training_compute_flop"] == entry.median
    assert (small["p5"], small["p95"]) == entry.interval()
    assert (small["ratio"], small["z"], small["verdict"]) == (entry.ratio, entry.z, entry.compute.verdict)
    assert small["methods"] == "hardware-time; parameters-tokens" == "; ".join(entry.methods)
    assert small["hardware_time_flop"] == entry.methods["hardware-time"].estimate.median
    assert small["problem"] is None
    assert rows[3]["verdict"] == "single-method"


@pytest.mark.parametrize("make", MAKERS)
def test_a_row_that_cannot_be_estimated_says_why_and_spares_the_others(make: Callable[[Columns], Any]) -> None:
    rows = to_records(estimate_frame(make(RUNS)))
    assert [row["training_compute_flop"] is None for row in rows] == [False, True, True, False]
    assert rows[1]["problem"].startswith("row 2: unknown: not enough evidence for any method")
    assert rows[2]["problem"].startswith("row 3: params: 'seven' is not a number")
    for row in rows[1:3]:
        assert all(row[name] is None for name in (*NUMBERS, "methods", "verdict"))


def test_the_libraries_agree() -> None:
    first, *others = (to_records(estimate_frame(make(RUNS))) for make in MAKERS)
    for rows in others:
        assert rows == first


def test_the_frame_that_was_given_is_left_as_it_was() -> None:
    frame = pd.DataFrame(RUNS)
    before = frame.copy()
    estimate_frame(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_the_index_of_pandas_is_kept_whatever_it_is() -> None:
    frame = pd.DataFrame(RUNS, index=["b", "a", "a", "c"])
    found = estimate_frame(frame)
    assert list(found.index) == ["b", "a", "a", "c"]
    assert list(found["problem"].isna()) == [True, False, False, True]


def test_what_libraries_put_where_nothing_is_known_is_not_given() -> None:
    nothing = [None, float("nan"), pd.NA, pd.NaT, "", "  ", np.nan]
    frame = pd.DataFrame(
        {"params": ["7B"] * len(nothing), "tokens": ["1T"] * len(nothing), "chip": pd.Series(nothing, dtype=object)}
    )
    found = estimate_frame(frame)
    assert found["problem"].isna().all()
    assert set(found["verdict"]) == {"single-method"}


def test_cells_are_numbers_of_any_kind() -> None:
    want = comptometer.estimate(name="x", params=7e9, tokens=1e12).median
    kinds = [7_000_000_000, 7e9, np.int64(7_000_000_000), np.float64(7e9), Decimal("7e9"), "7B", "70亿"]
    frame = pd.DataFrame({"name": "x", "params": pd.Series(kinds, dtype=object), "tokens": 1e12})
    assert list(estimate_frame(frame)["training_compute_flop"]) == [want] * len(kinds)
    cells = pl.DataFrame({"name": ["x"], "params": [Decimal("7000000000")], "tokens": [10**12]})
    assert estimate_frame(cells)["training_compute_flop"].to_list() == [want]


def test_a_length_of_time_may_be_a_duration() -> None:
    want = comptometer.estimate(name="x", chip="h100-sxm", chips=1024, time="2.5 day").median
    run = {"name": ["x"], "chip": ["h100-sxm"], "chips": [1024], "time": [timedelta(days=2, hours=12)]}
    for make in MAKERS:
        assert to_records(estimate_frame(make(run)))[0]["training_compute_flop"] == want


def test_a_bare_length_of_time_asks_for_its_unit_and_takes_one() -> None:
    frame = pl.DataFrame({"name": ["x"], "chip": ["h100-sxm"], "chips": [1024], "hours": [60.0]})
    refused = estimate_frame(frame, columns={"time": "hours"})
    assert "needs a unit" in refused["problem"][0]
    taken = estimate_frame(frame, columns={"time": "hours"}, units={"time": "h"})
    want = comptometer.estimate(name="x", chip="h100-sxm", chips=1024, time="60 h").median
    assert taken["training_compute_flop"][0] == want


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_lists_are_segments_of_a_job_which_add_up(make: Callable[[Columns], Any]) -> None:
    frame = make({"name": ["x"], "chip": [["a100-sxm-80gb", "h100-sxm"]], "chip_hours": [[1e6, 2e6]]})
    want = comptometer.estimate(name="x", chip=["a100-sxm-80gb", "h100-sxm"], chip_hours=[1e6, 2e6])
    assert to_records(estimate_frame(frame))[0]["training_compute_flop"] == want.median


def test_an_empty_place_in_a_list_is_not_filled_by_its_neighbour() -> None:
    frame = pl.DataFrame({"chip": [["a100-sxm-80gb", None]], "chip_hours": [[1e6, 2e6]]})
    assert estimate_frame(frame)["problem"][0].startswith("row 1: chip: the list has an empty place")
    nothing = pl.DataFrame({"params": ["7B"], "tokens": ["1T"], "chip": [[None]], "chip_hours": [[]]})
    assert estimate_frame(nothing)["verdict"].to_list() == ["single-method"]


def test_domains_may_be_joined_as_in_our_own_tables() -> None:
    frame = pd.DataFrame({"name": ["x"], "domain": ["language; vision"], "params": [1e9], "tokens": [1e12]})
    want = comptometer.estimate(name="x", domain=["language", "vision"], params=1e9, tokens=1e12)
    assert estimate_frame(frame)["training_compute_flop"][0] == want.median
    listed = pl.DataFrame({"name": ["x"], "domain": [["language", "vision"]], "params": [1e9], "tokens": [1e12]})
    assert estimate_frame(listed)["training_compute_flop"][0] == want.median


def test_a_list_where_one_thing_is_wanted_is_a_problem() -> None:
    frame = pl.DataFrame({"name": [["x", "y"]], "params": [1e9], "tokens": [1e12]})
    assert estimate_frame(frame)["problem"][0] == "row 1: name: one is wanted, got a list: ['x', 'y']"


def test_models_of_the_catalogue_are_looked_up_where_that_is_asked_for() -> None:
    frame = pl.DataFrame({"model": ["GPT-3", "no such model"], "source": ["a", "b"]})
    found = estimate_frame(frame, columns={"source": "model"})
    assert found["training_compute_flop"][0] == comptometer.models["gpt-3"].median
    assert found["problem"][1].startswith('row 2: no model "no such model"')


def test_no_file_is_read_because_a_column_happens_to_be_called_so() -> None:
    assert not {"source", "config", "as_of"} & set(READ)
    frame = pl.DataFrame({"config": ["/no/such.json"], "source": ["x.toml"], "params": ["7B"], "tokens": ["1T"]})
    assert estimate_frame(frame)["problem"].to_list() == [None]


def test_a_frame_without_rows_gets_typed_columns() -> None:
    found = estimate_frame(pl.DataFrame(schema={"params": pl.Float64, "tokens": pl.Float64}))
    assert found.height == 0
    assert found.schema["p5"] == pl.Float64
    assert found.schema["problem"] == pl.String


def test_new_columns_take_a_prefix_and_cover_none() -> None:
    frame = pl.DataFrame({"params": [1e9], "tokens": [1e12], "p5": ["mine"]})
    with pytest.raises(UsageError, match="has p5 already; give a prefix"):
        estimate_frame(frame)
    found = estimate_frame(frame, prefix="ours_")
    assert found["p5"].to_list() == ["mine"]
    assert found["ours_p5"][0] > 0


UNUSABLE = [
    (3, {}, "int is no dataframe"),
    (None, {}, "NoneType is no dataframe"),
    ([1], {}, "list is no dataframe"),
    (pd.Series([1]), {}, "Series is no dataframe"),
    (pl.DataFrame(RUNS).lazy(), {}, "LazyFrame is lazy: collect it first"),
    (pd.DataFrame({1: [2]}), {}, "must be texts"),
    (pd.DataFrame([[1, 2]], columns=["params", "params"]), {}, "params"),
    (pd.DataFrame({"Parameters": [1]}), {}, "say with columns= which is which"),
    (pd.DataFrame({"name": ["x"]}), {}, "none of its columns is an argument"),
    (pd.DataFrame(RUNS), {"columns": {"parms": "params"}}, "no such argument; did you mean 'params'?"),
    (pd.DataFrame(RUNS), {"columns": {"params": "parms"}}, "no column 'parms'; did you mean 'params'?"),
    (pd.DataFrame(RUNS), {"units": {"tim": "h"}}, "no such argument; did you mean 'time'?"),
]


@pytest.mark.parametrize(("frame", "how", "said"), UNUSABLE, ids=[said for _, _, said in UNUSABLE])
def test_a_frame_that_cannot_be_used_is_refused(frame: object, how: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        estimate_frame(frame, **how)
    assert said in str(caught.value)


def test_without_narwhals_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(ComptometerError, match=r"narwhals is not installed: pip install 'comptometer\[frames\]'"):
        estimate_frame(pd.DataFrame(RUNS))


odd = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.binary(max_size=4),
    st.dates(), st.timedeltas(), st.decimals(), st.complex_numbers(), st.lists(st.integers() | st.text(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=1),
    st.sampled_from(["7B", "1..2", "5 days", "1e400", "-1", "0", "40%", "9" * 400, "1e308", "3 兆", "bf16", "h100"]),
)  # fmt: skip


@settings(max_examples=150)
@given(rows=st.lists(st.fixed_dictionaries(dict.fromkeys(READ, odd)), min_size=1, max_size=2))
def test_no_cell_is_too_odd(rows: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in READ})
    found = estimate_frame(frame)
    assert len(found) == len(rows)
    assert (found["problem"].isna() == found["training_compute_flop"].notna()).all()


@settings(max_examples=150)
@given(name=st.sampled_from(READ), cell=odd)
def test_no_cell_is_too_odd_among_good_ones(name: str, cell: Any) -> None:
    good = {"params": "7B", "tokens": "1T", "chip": "h100-sxm", "chips": "8", "time": "5 days"}
    frame = pd.DataFrame({key: pd.Series([value], dtype=object) for key, value in {**good, name: cell}.items()})
    found = estimate_frame(frame)
    assert (found["problem"].isna() == found["training_compute_flop"].notna()).all()
