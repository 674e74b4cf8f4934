"""Sums: what is counted as what, and what it is worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import comptometer
from comptometer.documents import DOCUMENTS
from comptometer.errors import NotFound, UsageError
from comptometer.ledger.chip_names import meaning
from ledger_folder import Folder, export, job

SXM = "gres/gpu:h100-sxm=2"
ENDS = ("p5", "p50", "p95")


def ends(quantity: dict[str, Any]) -> list[float]:
    return [quantity[end] for end in ENDS]


def test_flop_is_that_of_the_method_hardware_time(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES=SXM, ElapsedRaw=36000)))
    total = folder.total()["total"]
    assert total["chip_hours"] == 20
    direct = comptometer.estimate(chip="h100-sxm", chip_hours=20).to_dict()["methods"]["hardware-time"]
    assert ends(total["flop"]) == pytest.approx(ends(direct), rel=1e-9)


def test_many_jobs_are_no_surer_than_one(folder: Folder) -> None:
    folder.lines(export(*(job(number, AllocTRES=SXM) for number in range(50))))
    many = ends(folder.total()["total"]["flop"])
    folder.lines(export(job(0, AllocTRES=SXM), job(1, AllocTRES=SXM)))
    one = ends(next(row for row in folder.total("--by", "run", "--where", "chip=nvidia/h100-sxm")["rows"])["flop"])
    assert many[2] / many[0] == pytest.approx(one[2] / one[0])
    assert many[2] / many[0] > 5


def test_spent_is_kept_apart_from_what_completed(folder: Folder) -> None:
    folder.lines(export(job(1), job(2, State="FAILED"), job(3, State="TIMEOUT")))
    total = folder.total("--by", "outcome")
    whole = total["total"]
    assert whole["chip_hours"] == pytest.approx(3 * whole["chip_hours_completed"])
    assert ends(whole["flop"]) == pytest.approx([3 * end for end in ends(whole["flop_completed"])])
    assert whole["flop_kept"] is None
    assert {row["outcome"]: row["flop_completed"]["p50"] > 0 for row in total["rows"]} == {
        "COMPLETED": True, "FAILED": False, "TIMEOUT": False,
    }  # fmt: skip


def test_rows_add_up_to_the_total(folder: Folder) -> None:
    folder.lines(export(*(job(n, State=["COMPLETED", "FAILED"][n % 2], Comment=f"model=m{n % 3}") for n in range(12))))
    total = folder.total("--by", "model,outcome")
    assert len(total["rows"]) == 6
    for key in ("jobs", "chip_hours", "chip_hours_completed"):
        assert sum(row[key] for row in total["rows"]) == pytest.approx(total["total"][key])
    assert sum(row["flop"]["p50"] for row in total["rows"]) == pytest.approx(total["total"]["flop"]["p50"])


def test_a_family_is_a_row_of_its_own_with_a_wider_interval(folder: Folder) -> None:
    folder.lines(export(job(1), job(2, AllocTRES=SXM)))
    total = folder.total("--by", "chip")
    rows = {row["chip"]: row for row in total["rows"]}
    assert set(rows) == {"H100", "nvidia/h100-sxm"}
    assert rows["H100"]["chip_hours"] == rows["nvidia/h100-sxm"]["chip_hours"]
    assert rows["H100"]["flop"]["p50"] < rows["nvidia/h100-sxm"]["flop"]["p50"]
    rates = {rate["chip"]: rate for rate in total["rates"]}
    assert "is a family whose peaks differ" in rates["H100"]["warnings"][0]
    assert "assumption:utilization/default" in rates["H100"]["claims"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("nvidia_h100_80gb_hbm3", "nvidia/h100-sxm"),
        ("NVIDIA H100 80GB HBM3", "nvidia/h100-sxm"),
        ("NVIDIA A100-SXM4-80GB", "nvidia/a100-sxm-80gb"),
        ("h100", "H100"),
        ("H100", "H100"),
        ("a100", "A100"),
        ("abacus", "abacus"),
    ],
)
def test_names_of_drivers_and_schedulers_mean_chips(name: str, label: str) -> None:
    assert meaning(name).label == label


def test_a_name_that_means_no_chip_is_listed_with_what_is_near(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES="gres/gpu:h100-sxn=2"), job(2, AllocTRES=SXM)))
    total = folder.total()
    (lost,) = total["unmatched_chips"]
    assert (lost["name"], lost["chip_hours"] * 3600) == ("h100-sxn", pytest.approx(200))
    assert "nvidia/h100-sxm" in lost["suggestions"]
    alone = folder.total("--where", "chip=nvidia/h100-sxm")["total"]
    assert total["total"]["flop"] == alone["flop"]
    assert total["total"]["chip_hours"] == pytest.approx(2 * alone["chip_hours"])


def test_only_unknown_chips_give_hours_and_no_flop(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES="gres/gpu:abacus=2")))
    total = folder.total()["total"]
    assert total["chip_hours"] * 3600 == pytest.approx(200)
    assert total["flop"] is None


def test_where_selects_and_an_empty_value_is_none(folder: Folder) -> None:
    folder.lines(export(job(1, Comment="stage=sft"), job(2), job(3, Account="vision")))
    assert folder.total("--where", "stage=sft")["total"]["jobs"] == 1
    assert folder.total("--where", "stage=")["total"]["jobs"] == 2
    assert folder.total("--where", "stage=", "--where", "project=vision")["total"]["jobs"] == 1
    assert folder.total("--where", "stage=pretrain")["total"]["jobs"] == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--by", "modle"], "did you mean model?"),
        (["--where", "outcome"], "write NAME=VALUE"),
        (["--where", "outcome=A", "--where", "outcome=B"], "each name once"),
        (["--json", "--format", "csv"], "give one of them"),
    ],
)
def test_a_wrong_question_says_what_is_right(folder: Folder, arguments: list[str], text: str) -> None:
    folder.lines(export(job(1)))
    assert text in str(folder.run("total", *arguments).exception)
    assert isinstance(folder.run("total", *arguments).exception, UsageError)


@pytest.mark.parametrize("command", ["total", "runs", "verify"])
def test_a_ledger_that_is_not_there_is_not_found(folder: Folder, command: str) -> None:
    assert isinstance(folder.run(command).exception, NotFound)
    assert not folder.path.exists()


def test_an_unknown_kind_says_which_there_are(folder: Folder) -> None:
    done = folder.run("import", "sact", "-", stdin=export(job(1)))
    assert isinstance(done.exception, NotFound)
    assert "sacct" in str(done.exception)


def test_what_is_printed_has_its_shape(folder: Folder) -> None:
    document = folder.add("sacct", "-", "--tz", "UTC", stdin=export(job(1), job("x")))
    del document["status"]
    DOCUMENTS["ledger-import"].model_validate(document)
    for name in ("total", "runs", "verify"):
        printed = json.loads(folder.run(name, "--json").stdout)
        assert printed["schema"] == f"comptometer/ledger-{name}/1"
        DOCUMENTS[f"ledger-{name}"].model_validate(printed)


def test_people_get_a_page_and_spreadsheets_a_table(folder: Folder) -> None:
    folder.lines(export(job(1, Comment="model=demo"), job(2, AllocTRES="gres/gpu:abacus=2")))
    page = folder.run("total", "--by", "model").stdout
    assert "demo" in page
    assert "Not in the FLOP" in page
    rows = folder.run("total", "--by", "model", "--format", "csv").stdout.splitlines()
    assert rows[0].startswith("model,jobs,chip_hours,chip_hours_completed,flop_p5,flop_p50,flop_p95")
    assert len(rows) == 3
    assert folder.run("runs", "--format", "csv").stdout.count("\n") == 3


def test_the_same_ledger_gives_the_same_bytes(folder: Folder) -> None:
    folder.lines(export(*(job(number, Comment=f"model=m{number % 7}", ElapsedRaw=number) for number in range(60))))
    first, second = (folder.run("total", "--by", "model,chip", "--json").stdout for _ in range(2))
    assert first == second


def test_where_no_source_says_an_outcome_nobody_knows_what_completed(folder: Folder, tmp_path: Path) -> None:
    table, names = tmp_path / "runs.csv", tmp_path / "map.toml"
    table.write_text("job,start,hours,gpus,team,state\n1,2026-03-01,2,2,a,COMPLETED\n2,2026-03-01,2,2,b,\n")
    names.write_text(
        '[columns]\njob="job"\nstart="start"\nchips="gpus"\nduration={column="hours",unit="h"}\nproject="team"\n'
        'outcome="state"\n[constants]\nchip="h100-sxm"\n'
    )
    folder.add("table", table, "--map", names, "--tz", "UTC")
    rows = {row["project"]: row for row in folder.total("--by", "project")["rows"]}
    assert rows["a"]["chip_hours_completed"] == rows["a"]["chip_hours"] == 4
    assert rows["b"]["chip_hours_completed"] is None
    assert rows["b"]["flop_completed"] is None
    assert rows["b"]["flop"]["p50"] > 0


def test_a_page_counts_attempts_in_full(folder: Folder) -> None:
    folder.lines(export(*(job(number, ElapsedRaw=1) for number in range(12_345))))
    assert " 12345 " in folder.run("total", "--by", "model").stdout
