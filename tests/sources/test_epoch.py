"""Tables of models: every layout and encoding is read, and everything wrong is reported with its line."""

from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comptometer import sources
from comptometer.errors import DataError
from comptometer.model_row import typed
from comptometer.sources import COLUMNS, READERS, Reading, name_key

Table = Callable[..., str]
HEADER = (
    "Model", "Organization", "Publication date", "Domain", "Parameters", "Training compute (FLOP)", "Link",
)  # fmt: skip
TODAY = date(2026, 7, 15)


def read(raw: str | bytes) -> Reading:
    return READERS["epoch"].read(raw if isinstance(raw, bytes) else raw.encode(), "table.csv", as_of=TODAY)


def test_a_row_has_our_columns_in_our_order_and_numbers_as_they_were_written(models_table: Table) -> None:
    (row,) = read(models_table({"Parameters notes": "7B total, 2B active"})).rows
    assert tuple(row) == COLUMNS
    assert row["line"] == "2"
    assert row["organization"] == "MIT; SambaNova Systems, Inc"
    assert row["country"] == "France"
    assert (row["parameters"], row["compute"]) == ("7000000000.0", "8.4e+22")
    assert (row["active_parameters"], row["mixture_of_experts"]) == ("2000000000", "yes")


def test_the_line_of_a_row_is_the_one_an_editor_shows(models_table: Table) -> None:
    rows = read(models_table({"Parameters notes": "a\nb\n\nc"}, {"Model": "Abacus 2"})).rows
    assert [row["line"] for row in rows] == ["2", "6"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_every_usual_encoding_is_recognised(models_table: Table, encoding: str) -> None:
    reading = read(models_table({"Organization": "Université de Montréal"}).encode(encoding))
    assert reading.rows[0]["organization"] == "Université de Montréal"
    assert not reading.problems


def test_compressed_and_semicolon_tables_are_read(models_table: Table) -> None:
    assert read(gzip.compress(models_table({}).encode())).rows
    assert read(models_table({}).replace(",", ";")).rows[0]["model"] == "Abacus 1"


@pytest.mark.parametrize(
    ("column", "value", "wrong"),
    [
        ("Training compute (FLOP)", "much", "is no number"),
        ("Training compute (FLOP)", "-1e22", "is negative"),
        ("Training compute (FLOP)", "inf", "is not finite"),
        ("Training compute (FLOP)", "NaN", "is not finite"),
        ("Training compute (FLOP)", "1e308", "more than can be"),
        ("Training compute (FLOP)", "1e999", "more than can be"),
        ("Training compute (FLOP)", "=6*7e9*2e12", "is a formula"),
        ("Training compute (FLOP)", "0", "is zero"),
        ("Training dataset size (total)", "2260275840,2290000001", "has a comma"),
        ("Publication date", "31.5.2024", "is no date"),
        ("Publication date", "2024-02-30", "is no date"),
        ("Publication date", "1066-10-14", "is before 1940"),
        ("Publication date", "2199-01-01", "more than a year after"),
        ("Link", "see the paper", "no web address"),
        ("Reference", "a\0b", "NUL"),
        ("Reference", "x" * 3000, "3,000 characters"),
    ],
)
def test_a_bad_cell_is_dropped_and_reported(models_table: Table, column: str, value: str, wrong: str) -> None:
    reading = read(models_table({}, {"Model": "Abacus 2", column: value}))
    (problem,) = reading.problems
    assert (problem.line, problem.column, problem.effect) == (3, column, "cell dropped")
    assert wrong in problem.wrong
    assert [row["model"] for row in reading.rows] == ["Abacus 1", "Abacus 2"]
    assert value.strip() not in reading.rows[1].values()


def test_a_formula_in_a_text_is_kept_as_text_and_reported(models_table: Table) -> None:
    reading = read(models_table({"Model": "=HYPERLINK(1)"}))
    assert reading.rows[0]["model"] == "=HYPERLINK(1)"
    assert ["never evaluated" in problem.wrong for problem in reading.problems] == [True]


def test_a_percentage_among_shares_is_kept_and_reported(models_table: Table) -> None:
    reading = read(models_table({"Hardware utilization (MFU)": "72.0"}))
    assert reading.rows[0]["mfu"] == "72.0"
    assert [(problem.effect, "percentage" in problem.wrong) for problem in reading.problems] == [("kept", True)]


def test_a_row_without_name_or_with_other_cells_than_the_header_is_left_out(models_table: Table) -> None:
    reading = read(models_table({"Model": " "}, {}) + "Abacus 3,MIT\n")
    assert [row["line"] for row in reading.rows] == ["3"]
    assert [(problem.line, problem.effect) for problem in reading.problems] == [
        (2, "row left out"),
        (4, "row left out"),
    ]
    assert reading.left_out == 2


def test_a_repeated_name_is_kept_and_reported(models_table: Table) -> None:
    reading = read(models_table({}, {"Model": "abacus-1"}))
    assert len(reading.rows) == 2
    assert [(problem.line, problem.wrong) for problem in reading.problems] == [
        (3, "is also the name on line 2, with other cells; both stay")
    ]


def test_a_row_that_stands_twice_is_kept_once_and_both_lines_are_named(models_table: Table) -> None:
    reading = read(models_table({}, {"Model": "Abacus 2"}, {}, {"Parameters": "8e9"}))
    assert [(row["line"], row["model"]) for row in reading.rows] == [
        ("2", "Abacus 1"),
        ("3", "Abacus 2"),
        ("5", "Abacus 1"),
    ]
    assert [(problem.line, problem.effect, problem.wrong) for problem in reading.problems] == [
        (4, "row left out", "is line 2 once more, every cell alike; that one is kept"),
        (5, "kept", "is also the name on line 2, with other cells; both stay"),
    ]
    assert (reading.left_out, reading.problems_found) == (1, 2)


@pytest.mark.parametrize(
    "written", ["2024-03-01", "2024-03-01T00:00:00Z", "2024-03-01 23:59:59+02:00", "2024-03-01T00:00:00.000"]
)
def test_a_time_of_day_is_a_date_as_well(models_table: Table, written: str) -> None:
    reading = read(models_table({"Publication date": written}))
    assert (reading.rows[0]["published"], reading.problems) == ("2024-03-01", [])


@pytest.mark.parametrize("written", ["2024-03-01T", "2024-03-01T25:00", "2024-03-01 noon", "20240301", "2024-W09-5"])
def test_what_only_looks_like_a_time_of_day_is_none(models_table: Table, written: str) -> None:
    reading = read(models_table({"Publication date": written}))
    assert (reading.rows[0]["published"], [problem.effect for problem in reading.problems]) == ("", ["cell dropped"])


@pytest.mark.parametrize("control", ["\u202e", "\u2066", "\u200f", "\u061c", "\U000e0041", "\x1b", "\x9b", "\x07"])
def test_control_characters_are_taken_out_and_reported(models_table: Table, control: str) -> None:
    reading = read(models_table({}, {"Model": f"Aba{control}cus 2", "Organization": f"{control}MIT"}))
    assert [(row["model"], row["organization"]) for row in reading.rows][1] == ("Abacus 2", "MIT")
    assert [(problem.line, problem.column, problem.effect) for problem in reading.problems] == [
        (3, "Model", "kept"),
        (3, "Organization", "kept"),
    ]
    assert f"U+{ord(control):04X}" in reading.problems[0].wrong
    assert control not in str(reading.problems[0])


def test_of_very_many_problems_the_number_is_exact_and_the_first_are_told(
    models_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_PROBLEMS", 5)
    reading = read(models_table(*({"Model": f"Abacus {at}", "Parameters": "many"} for at in range(20)), {"Model": ""}))
    assert [problem.line for problem in reading.problems] == [2, 3, 4, 5, 6]
    assert (reading.problems_found, reading.left_out) == (21, 1)


def test_rows_are_held_in_less_room_than_a_table_of_objects(models_table: Table) -> None:
    raw = models_table(*({"Model": f"Abacus {at}", "Parameters": str(at + 1)} for at in range(20_000))).encode()
    tracemalloc.start()
    try:
        reading = read(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(reading.rows) == 20_000
    assert reading.rows[-1]["parameters"] == "20000"
    assert peak < 10 * len(raw)  # rows as mappings take thirty times


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"PK\x03\x04rest", "workbook"),
        (b"%PDF-1.7", "is a PDF"),
        (b"\x1f\x8bnonsense", "is damaged"),
        (b"<html><body>not found</body></html>", "has no column 'Model' or 'System'"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_with_the_reason(raw: bytes, message: str) -> None:
    with pytest.raises(DataError, match=r"table\.csv") as caught:
        read(raw)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Parameters,", "Parametres,", "has no column 'Parameters'; is 'Parametres' meant?"),
        ("Training dataset,", "Model,", "two columns 'Model'"),
        ("Abacus 1", "", "no model that can be read"),
        ("Abacus 1", '"Abacus 1', "line 2: is no CSV from here on"),
    ],
)
def test_a_broken_table_is_refused(models_table: Table, old: str, new: str, message: str) -> None:
    with pytest.raises(DataError, match=r"table\.csv") as caught:
        read(models_table({}).replace(old, new, 1))
    assert message in str(caught.value)


def test_every_missing_header_is_named_at_once() -> None:
    with pytest.raises(DataError) as caught:
        read("Model,Domain\nA,Language\n")
    assert len(caught.value.problems) == 5


def test_names_keep_what_tells_models_apart() -> None:
    assert name_key("OPT-1.3B") != name_key("OPT-13B")
    assert name_key("DeepLabV3") != name_key("DeepLabV3+")
    assert name_key("Llama 3.1-405B") == name_key("llama-3.1 405b")


@pytest.mark.parametrize(
    ("file", "layout", "rows", "computes", "dollars"),
    [
        ("epoch-2024-05-all-models", "epoch-2024", 1491, 621, 2020),
        ("epoch-2025-06-all-models", "epoch-2025", 1892, 988, 2023),
        ("epoch-2025-11-large-scale-models", "epoch-2025-large", 473, 286, None),
        ("epoch-2026-07-notable-models", "epoch-2026", 1036, 529, 2023),
    ],
)
def test_published_tables_are_read_whole(
    shared: Path, file: str, layout: str, rows: int, computes: int, dollars: int | None
) -> None:
    reading = read((shared / "data/epoch" / f"{file}.csv.gz").read_bytes())
    assert (reading.layout, reading.dollars) == (layout, dollars)
    assert len(reading.rows) == rows
    assert sum(bool(row["compute"]) for row in reading.rows) == computes
    assert reading.left_out == 0
    assert len(reading.problems) < 6


CELLS = st.text(max_size=30) | st.sampled_from(
    ["1e999", "=1", "\0", "2024-13-01", '"', ",", "\r", "-0", "1e-400", "$1,2"]
)


@given(st.lists(st.lists(CELLS, min_size=7, max_size=7), max_size=5))
def test_whatever_stands_in_the_cells_is_read_or_reported(rows: list[list[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    writer.writerow(["Abacus", "", "2024-05-31", "", "7e9", "8e22", ""])
    writer.writerows(rows)
    reading = read(text.getvalue().encode("utf-8", "replace"))
    assert len(reading.rows) + reading.left_out == 1 + len(rows)
    assert len(typed([list(row.values()) for row in reading.rows])) == len(reading.rows)


@given(st.binary(max_size=200))
def test_no_bytes_are_an_error_of_ours(raw: bytes) -> None:
    with pytest.raises(DataError):
        read(raw)
