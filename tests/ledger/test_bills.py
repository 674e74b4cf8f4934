"""Bills: what was paid for and computed nothing is no hour, and a bill is a second witness, not more hours."""

from __future__ import annotations

import pytest

from comptometer import store
from comptometer.ledger.instances import google_chip, instances
from ledger_folder import SAMPLES, SHARED, Folder, export, job

BILL = SAMPLES / "focus.csv"
HEAD = BILL.read_text("utf-8").splitlines()[0]
AWS = BILL.read_text("utf-8").splitlines()[1]


def test_hours_of_three_clouds(folder: Folder) -> None:
    folder.add("focus", BILL)
    hours = {chip: seconds / 3600 for (chip,), seconds in folder.seconds("chip").items()}
    assert hours == {
        "nvidia/h100-sxm": 8 * (1 + 0.5 - 0.25) + 8,  # AWS with its correction, and 28,800 s at Google
        "nvidia/a100-sxm-40gb": 8 * 10,
    }


def test_what_is_money_or_stands_beside_an_instance_is_left_out_with_its_reason(folder: Folder) -> None:
    report = folder.add("focus", BILL)["files"][0]
    assert {row["reason"]: row["lines"] for row in report["left_out"]} == {
        "Credit: money, not hours": 1,
        "Purchase: money, not hours": 1,
        "a commitment that was not used: no compute": 1,
        "EBSOptimized: billed beside the hours of an instance": 1,
        "no chip of those that train": 3,
    }
    assert report["wrong"] == 0


def test_a_correction_takes_hours_back_in_the_month_that_it_corrects(folder: Folder) -> None:
    folder.add("focus", BILL)
    (row,) = folder.total("--by", "month", "--where", "month=2026-09")["rows"]
    assert row["chip_hours"] == -2
    assert row["flop"]["p5"] < row["flop"]["p95"] < 0


def test_tags_name_model_and_stage(folder: Folder) -> None:
    folder.add("focus", BILL)
    assert folder.seconds("model", "stage")["demo-7b", "pretrain"] == 8 * 3600


def test_a_bill_that_grew_replaces_what_it_said(folder: Folder) -> None:
    folder.add("focus", "-", stdin=f"{HEAD}\n{AWS}\n")
    folder.add("focus", "-", stdin=f"{HEAD}\n{AWS.replace('1,Hours,1,Hours', '0.5,Hours,0.5,Hours')}\n")
    assert folder.seconds() == {(): 4 * 3600}
    folder.add("focus", "-", stdin=f"{HEAD}\n{AWS}\n{AWS}\n")  # two equal lines are two
    assert folder.seconds() == {(): 2 * 8 * 3600}


def test_a_bill_and_a_scheduler_are_two_witnesses_and_not_a_sum(folder: Folder) -> None:
    folder.add("focus", BILL)
    folder.lines(export(job()))
    found = folder.total()
    assert found["total"]["chip_hours"] * 3600 == pytest.approx(200)
    assert [(row["evidence"], row["jobs"], row["chip_hours"]) for row in found["not_added"]] == [("bill", 5, 98)]
    assert folder.total("--where", "evidence=bill")["total"]["chip_hours"] == 98
    by = folder.total("--by", "evidence")
    assert {row["evidence"]: row["chip_hours"] for row in by["rows"]}["bill"] == 98
    assert by["total"]["chip_hours"] * 3600 == pytest.approx(200)
    assert "Not added" in folder.run("total").stdout


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("1,Hours,1,Hours", "1,Hours,one,Hours", "ConsumedQuantity: 'one' is not a number"),
        ("1,Hours,1,Hours", "1,Hours,-1,Hours", "ConsumedQuantity: is negative, and the line is no correction"),
        ("1,Hours,1,Hours", "1,Hours,1,GB", "ConsumedUnit: 'GB' is no unit of time"),
        ("1,Hours,1,Hours", "1,Hours,inf,Hours", "ConsumedQuantity: inf is out of its bounds"),
        ("1,Hours,1,Hours", "1,Hours,nan,Hours", "ConsumedQuantity: nan is out of its bounds"),
        ("p5.48xlarge", "p99.48xlarge", "'p99.48xlarge' is on no record of instances"),
        ("2026-10-05T00:00:00Z", "soon", "ChargePeriodStart: 'soon' is not a time"),
        ("2026-10-05T01:00:00Z", "2026-10-04T01:00:00Z", "ChargePeriodEnd: 2026-10-04T01:00:00+00:00 is not after"),
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_read(folder: Folder, old: str, new: str, text: str) -> None:
    document = folder.add("focus", "-", stdin=f"{HEAD}\n{AWS.replace(old, new, 1)}\n{AWS}\n")
    (problem,) = document["files"][0]["problems"]
    assert problem["line"] == 2
    assert text in problem["text"]
    assert document["status"] == 1
    assert folder.seconds() == {(): 8 * 3600}


def test_a_map_names_the_chips_of_an_instance_and_the_tags(folder: Folder) -> None:
    map_file = folder.path.parent / "map.toml"
    map_file.write_text('[instances]\n"p99.48xlarge" = { chips = 4, chip = "b200" }\n[tags]\nstage = "phase"\n')
    line = AWS.replace("p5.48xlarge", "p99.48xlarge").replace("user:stage", "phase")
    folder.add("focus", "-", "--map", map_file, stdin=f"{HEAD}\n{line}\n")
    assert folder.seconds("chip", "stage") == {("nvidia/b200", "pretrain"): 4 * 3600}
    map_file.write_text("[instances]\nx = 3\n[more]\n")
    why = folder.add("focus", "-", "--map", map_file, stdin=f"{HEAD}\n{line}\n")["refused"][0]["why"]
    assert "'more' is unknown" in why
    assert "[instances]: write e.g." in why


def test_another_table_is_no_bill(folder: Folder) -> None:
    assert "is no bill in FOCUS" in folder.add("focus", "-", stdin="a,b\n1,2\n")["refused"][0]["why"]


def test_every_instance_on_record_has_a_chip_on_record() -> None:
    for name, chips in instances().items():
        assert store.chips_named(chips.name)[0].id == chips.name, name
        assert 1 <= chips.number <= 16


@pytest.mark.parametrize("sku", ["Commitment v1: Nvidia H100 GPU", "A2 Instance Ram running in X", "Licensing GPU fee"])
def test_skus_of_google_that_are_no_chip(sku: str) -> None:
    assert google_chip(sku) is None


def test_the_shared_sample(folder: Folder) -> None:
    sample = SHARED / "samples/focus_1_2_sample.csv"
    if not sample.exists():
        pytest.skip("the shared samples are not here")
    folder.add("focus", sample)
    assert folder.seconds("month") == {("2026-09",): -8 * 3600, ("2026-10",): 8 * 3600}
