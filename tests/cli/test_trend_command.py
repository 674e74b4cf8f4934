"""`comptometer trend` as scripts rely on it: the keys of the JSON, the flags, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from comptometer.cli import _refused, comptometer
from comptometer.documents.trend import TrendDocument
from comptometer.errors import ComptometerError

QUICK = ("--draws", "100")
CSV = "day,flop,lab\n2020-01-01,1e20,A\n2021-01,4e20,B\n2022,16e20,A\n2023-01-01,64e20,B\n"


def run(*arguments: object, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(comptometer, [str(argument) for argument in arguments], input=stdin)
    if isinstance(result.exception, ComptometerError):
        runner = CliRunner()
        with runner.isolation() as (_, error, _):
            status = _refused(result.exception)
            return status, result.stdout, error.getvalue().decode()
    return result.exit_code, result.stdout, result.stderr


def document(*arguments: object, stdin: str | None = None) -> dict[str, Any]:
    status, out, error = run("trend", *QUICK, *arguments, "--json", stdin=stdin)
    assert status == 0, error
    found = json.loads(out)
    TrendDocument.model_validate(found)
    assert isinstance(found, dict)
    return found


def test_the_json_has_the_keys_of_the_contract() -> None:
    found = document("--data", "epoch-2025-06")
    contract: dict[str, Any] = {
        "schema": "comptometer/trend/1", "data": "epoch-2025-06", "quantity": "training_compute", "select": "notable",
        "since": "2010-01-01", "until": None, "method": "log-linear", "n": 428, "values": "reported",
        "month_days": 30.4375, "resampling": {"draws": 100, "unit": "organization"}, "breaks": [],
    }  # fmt: skip
    assert {key: found[key] for key in contract} == contract
    assert found["r2"] == pytest.approx(0.604, abs=0.001)
    for key in ("growth_per_year", "doubling_months"):
        assert set(found[key]) == {"estimate", "p5", "p50", "p95"}
        assert found[key]["p5"] < found[key]["p50"] < found[key]["p95"]
    assert found["growth_per_year"]["estimate"] == pytest.approx(4.679, abs=0.001)


def test_ten_thousand_resamples_by_organization_are_made_unless_others_are_asked_for() -> None:
    _, out, _ = run("trend", "--data", "epoch-2025-06", "--json")
    assert json.loads(out)["resampling"] == {"draws": 10_000, "unit": "organization"}
    assert document("--by", "model")["resampling"] == {"draws": 100, "unit": "model"}


@pytest.mark.parametrize("word", ["estimated", "estimates"])
def test_our_own_values_go_by_the_word_of_the_contract_and_by_the_old_one(word: str) -> None:
    found = document("--values", word, "--data", "epoch-2025-06")
    assert found["values"] == "estimated"
    assert found == document("--values", "estimated", "--data", "epoch-2025-06")


@pytest.mark.parametrize(("select", "named"), [("all", "all"), ("notable", "notable"), ("frontier", "frontier"),
                                               ("record", "record"), ("records", "record")])  # fmt: skip
def test_every_selection_of_the_contract_is_there(select: str, named: str) -> None:
    assert document("--select", select)["select"] == named


def test_a_quantity_may_be_written_as_in_the_json() -> None:
    assert document("--quantity", "training_compute") == document()


def test_standard_input_is_read_like_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(CSV)
    columns = ("--date-column", "day", "--value-column", "flop", "--organization-column", "lab")
    found = document("-", *columns, stdin=CSV)
    assert found == document(path, *columns)
    assert (found["data"], found["select"], found["n"], found["resampling"]["unit"]) == (
        "own",
        "all",
        4,
        "organization",
    )
    assert found["growth_per_year"]["estimate"] == pytest.approx(4, rel=0.15)


@pytest.mark.parametrize("stdin", ["", "day,flop\n2020,soon\n", "a,b\n1,2\n"])
def test_standard_input_that_cannot_be_read_is_named(stdin: str) -> None:
    status, _, error = run("trend", "-", "--date-column", "day", "--value-column", "flop", stdin=stdin)
    assert status in {1, 2}
    assert "standard input: " in error


@pytest.mark.parametrize("bad", ["0", "-2", "nan", "inf", "many", ""])
def test_values_that_have_no_logarithm_are_refused_with_their_row(bad: str) -> None:
    table = f"date,value\n2020,1\n2021,{bad}\n2022,3\n2023,5\n"
    status, out, error = run("trend", "-", stdin=table)
    assert (status, out) == (2, "")
    assert "standard input: row 2: " in error


def test_a_window_may_be_given_in_years_and_months() -> None:
    found = document("--since", "2018", "--until", "2024-06")
    assert (found["since"], found["until"]) == ("2018-01-01", "2024-06-30")


def test_the_day_between_two_eras_may_be_a_year() -> None:
    found = document("--method", "two-era", "--knot", "2018")
    assert found["question"]["options"] == {"knot": "2018-01-01"}
    assert found == document("--method", "two-era", "--knot", "2018-01-01")


def test_a_prediction_has_an_interval_of_the_line_and_a_wider_one_of_a_new_point() -> None:
    found = document("--select", "frontier", "--since", "2018", "--predict", "2028", "--data", "epoch-2026-07")
    row = found["prediction"]
    assert row["day"] == "2028-01-01"
    assert row["unit"] == "FLOP"
    assert row["years_from_the_data"] == pytest.approx(1.6, abs=0.1)
    growth, level = found["growth_per_year"]["estimate"], row["mean"]
    assert row["single"]["p5"] < level["p5"] < level["estimate"] < level["p95"] < row["single"]["p95"]
    later = document("--select", "frontier", "--since", "2018", "--predict", "2029", "--data", "epoch-2026-07")
    assert later["prediction"]["mean"]["estimate"] / level["estimate"] == pytest.approx(growth ** (366 / 365.25))


def test_seven_years_past_the_data_is_as_far_as_it_goes_unless_that_is_wanted() -> None:
    asked = ("trend", *QUICK, "--data", "epoch-2025-06", "--predict")
    assert run(*asked, "2032")[0] == 0
    status, _, error = run(*asked, "2033")
    assert status == 2
    assert "--predict: 2033-01-01 is 7." in error
    assert "--far" in error
    status, out, _ = run(*asked, "2033", "--far", "--json")
    assert status == 0
    assert json.loads(out)["prediction"]["years_from_the_data"] > 7
    assert run(*asked, "2002")[0] == 2  # as far before them
    assert run(*asked, "2500", "--far")[0] == 2


REFUSED: list[tuple[Sequence[object], int, str]] = [
    (["--without", "nosuch"], 3, 'no model "nosuch"'),
    (["--without", "AlphaGo Zer"], 3, "did you mean AlphaGo Zero"),
    (["--without", "GPT-4", "--data", "epoch-2026-07"], 3, "or GPT-4 (Mar 2023)"),
    (["--organization", "Opnai"], 3, "did you mean OpenAI"),
    (["--country", "Frnace"], 3, "did you mean France"),
    (["--domain", "Langage"], 3, "did you mean Language"),
    (["--confidence", "Confidnet"], 3, "did you mean Confident"),
    (["--quantity", "computes"], 3, "did you mean compute"),
    (["--method", "loglinear"], 3, "did you mean log-linear"),
    (["--data", "epoch-1999"], 3, "vintage"),
    (["--top", "5"], 2, "--top: belongs to the selection frontier"),
    (["--of-all"], 2, "--of-all: belongs to the selections frontier, record, large-scale, regular-scale"),
    (["--date-column", "day"], 2, "--date-column: belongs to a file of your own, and none was given"),
    (["--unit", "FLOP"], 2, "--unit: belongs to a file"),
    (["--draws", "1"], 2, "--draws: between 100 and 100,000 are wanted, got 1"),
    (["--draws", "1000000000"], 2, "--draws: between 100 and 100,000"),
    (["--since", "2020", "--until", "2019"], 2, "--since: 2020-01-01 lies after 2019-12-31"),
    (["--since", "soon"], 2, "'soon' is not a date; write 2024-06-30, 2024-06 or 2024"),
    (["--since", "2020", "--since", "2021"], 2, "--since: given 2 times"),
    (["--open-weights", "--closed-weights"], 2, "contradict one another"),
    (["--quantile", "0.5"], 2, "--quantile: does not belong to the method log-linear, which takes no options"),
    (["--method", "two-era"], 2, "--knot: two-era needs the day between its eras"),
    (["--method", "segmented", "--breaks", "9"], 2, "--breaks: "),
    (["--values", "guessed"], 2, "--values: 'guessed' is not one of reported, estimated"),
    (["--select", "best"], 2, "--select: 'best' is not one of"),
    (["--values", "estimated", "--quantity", "cost"], 2, "--values: only training compute"),
    (["--quantity", "fp32-per-watt", "--domain", "Language"], 2, "--domain: is of models"),
    (["--far"], 2, "--far: belongs to predict"),
    (["--points"], 2, "add --json"),
    (["--sensitivity", "--predict", "2028"], 2, "--predict means nothing with --sensitivity"),
    (["own.csv", "--select", "all"], 2, "--select: belongs to a pinned table"),
    (["own.csv", "--without", "A", "--noise"], 2, "--noise: belongs to a pinned table"),
    (["own.csv", "--sensitivity"], 2, "FILE means nothing with --sensitivity"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "status", "said"), REFUSED, ids=[" ".join(map(str, r[0])) for r in REFUSED])
def test_what_would_be_ignored_or_means_nothing_is_refused_by_the_name_of_its_flag(
    arguments: Sequence[object], status: int, said: str
) -> None:
    found, out, error = run("trend", *arguments)
    assert (found, out) == (status, "")
    assert said in error


MODELS: list[tuple[Sequence[object], int, str]] = [
    (["--organization", "deepmnd"], 3, "did you mean DeepMind"),
    (["--country", "Frnace"], 3, "did you mean France"),
    (["--origin", "curatd"], 3, "did you mean curated"),
    (["--domain", "langage"], 3, "did you mean language"),
    (["--method", "hardwaretime"], 3, "did you mean hardware-time"),
    (["--verdict", "good"], 2, "--verdict: 'good' is not one of"),
    (["--at-least", "1e26", "--at-most", "1e25"], 2, "--at-least: 1e+26 FLOP is more than 1e+25"),
    (["--at-least", "much"], 2, "--at-least: 'much' is not a number"),
    (["--since", "2024", "--until", "2023-06"], 2, "--since: 2024-01-01 lies after 2023-06-30"),
    (["--since", "2024-13"], 2, "is not a date"),
    (["--domain", "games", "--domain", "speech"], 2, "--domain: given 2 times"),
    (["--notable", "--not-notable"], 2, "contradict one another"),
]


@pytest.mark.parametrize(("arguments", "status", "said"), MODELS, ids=[" ".join(map(str, r[0])) for r in MODELS])
def test_the_list_of_models_refuses_the_same(arguments: Sequence[object], status: int, said: str) -> None:
    found, out, error = run("models", "list", *arguments)
    assert (found, out) == (status, "")
    assert said in error


def test_models_and_chips_may_be_listed_by_month() -> None:
    status, out, _ = run("models", "list", "--since", "2024-06", "--until", "2024-06", "--format", "jsonl")
    assert status == 0
    assert {json.loads(line)["published"][:7] for line in out.splitlines()} == {"2024-06"}
    status, out, _ = run("chips", "list", "--since", "2020", "--until", "2020", "--format", "jsonl")
    assert status == 0
    days = [json.loads(line) for line in out.splitlines()]
    assert days
    assert {(row["available"] or row["announced"])[:4] for row in days} == {"2020"}


def test_the_schema_of_an_explanation_is_the_shape_of_what_is_printed() -> None:
    from comptometer.documents import DOCUMENTS

    status, out, _ = run("schema", "explain")
    assert status == 0
    assert json.loads(out)["title"] == "ExplainDocument"
    status, out, _ = run("explain", "alexnet", "--json")
    DOCUMENTS["explain"].model_validate(json.loads(out))
