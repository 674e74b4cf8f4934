"""Charts of a ledger draw what `ledger total` says of it."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest

from comptometer.charts import FORMATS, Language, Look, Theme, draw, save
from comptometer.charts._words import say
from comptometer.errors import NotFound, UsageError
from comptometer.ledger.importers import Options
from comptometer.ledger.importing import import_file
from comptometer.ledger.storage import Ledger
from comptometer.ledger.totals import Book

pytest.importorskip("altair")
pytest.importorskip("duckdb")

BILL = Path(__file__).parents[1] / "ledger/samples/focus.csv"
HEADER = "Cluster|JobID|JobIDRaw|Account|User|State|Submit|Start|End|ElapsedRaw|Suspended|AllocTRES|Comment"
STAGES = ("pretrain", "sft", "rl", "evaluation", "synthetic", "distillation", "exploration", "")
CHARTS = ("ledger-months", "ledger-stages")


def line(number: int, month: int, stage: str, state: str, hours: int, chip: str) -> str:
    begin, end = f"2026-{month:02d}-03T00:00:00", f"2026-{month:02d}-{3 + hours // 24:02d}T{hours % 24:02d}:00:00"
    tres = f"gres/gpu:{chip}=8,gres/gpu=8"
    return f"lab|{number}|{number}|llm|ann|{state}|{begin}|{begin}|{end}|{hours * 3600}|00:00:00|{tres}|stage={stage}"


def ledger(folder: Path, *lines: str) -> Path:
    export = folder / "sacct.txt"
    export.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    target = folder / "ledger"
    import_file(Ledger(target), "sacct", export, Options())
    return target


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of chips with a peak; more stages than there are colours, one of them without a name."""
    lines = [
        line(
            10 * month + place, month, stage, "FAILED" if place == 2 else "COMPLETED", 3 + 7 * place + month, "h100-sxm"
        )
        for month in (1, 2, 4)
        for place, stage in enumerate(STAGES)
    ]
    return ledger(tmp_path_factory.mktemp("known"), *lines)


def spec(name: str, folder: Path, **look: Any) -> dict[str, Any]:
    return dict(draw(f"{name}:{folder}", Look(**look)).to_dict())


@pytest.mark.parametrize("theme", get_args(Theme))
@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_renders(
    name: str, language: Language, theme: Theme, known: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    drawn = draw(f"{name}:{known}", Look(theme=theme, language=language))
    for ending in FORMATS if theme == "dark" else (".svg",):
        assert save(drawn, tmp_path / f"chart{ending}").stat().st_size > 1000
    assert capfd.readouterr() == ("", "")


def test_months_are_those_of_the_total(known: Path) -> None:
    months = {row["month"]: row for row in spec("ledger-months", known)["datasets"]["months"]}
    told = Book(Ledger(known)).total(("month",))["rows"]
    assert sorted(months) == [row["month"] for row in told] == ["2026-01", "2026-02", "2026-04"]
    for row in told:
        assert months[row["month"]]["low"] == row["flop"]["p5"]
        assert months[row["month"]]["high"] == row["flop"]["p95"]
        assert months[row["month"]]["amount"] == row["flop"]["p50"]


def test_of_many_stages_the_smallest_are_one(known: Path) -> None:
    parts = spec("ledger-months", known)["datasets"]["parts"]
    stages = list(dict.fromkeys(row["stage"] for row in parts))
    assert len(stages) == 6
    assert stages[-1] == say("other-stages", "en")
    assert say("no-stage", "en") in stages
    assert sum(row["jobs"] for row in parts) == 3 * len(STAGES)


def test_a_month_in_which_nothing_began_has_its_place(known: Path) -> None:
    bars = next(layer for layer in spec("ledger-months", known)["layer"][0]["layer"] if layer["mark"]["type"] == "bar")
    assert bars["encoding"]["x"]["scale"]["domain"] == ["2026-01", "2026-02", "2026-03", "2026-04"]


@pytest.mark.parametrize("month", ["2026-01", "2026-04"])
def test_the_parts_of_a_month_stand_on_one_another(month: str, known: Path) -> None:
    parts = [row for row in spec("ledger-months", known)["datasets"]["parts"] if row["month"] == month]
    assert parts[0]["start"] == 0
    assert [row["start"] for row in parts[1:]] == [row["end"] for row in parts[:-1]]


def test_a_waterfall_ends_where_the_sum_does(known: Path) -> None:
    rows = {row["label"]: row for row in spec("ledger-stages", known)["datasets"]["rows"]}
    whole = Book(Ledger(known)).total()["total"]
    assert rows["spent"]["end"] == whole["flop"]["p50"]
    assert rows["completed"]["end"] == whole["flop_completed"]["p50"]
    assert rows["did not complete"]["start"] == rows["completed"]["end"]
    assert rows["did not complete"]["end"] == pytest.approx(rows["spent"]["end"])
    assert rows["rl"]["end"] - rows["rl"]["start"] == pytest.approx(
        rows["did not complete"]["end"] - rows["completed"]["end"], rel=1e-6
    )
    assert "in the final weights" not in rows


@pytest.mark.parametrize("name", CHARTS)
def test_hours_are_drawn_where_a_chip_has_no_peak(name: str, tmp_path: Path) -> None:
    folder = ledger(tmp_path, line(1, 1, "sft", "COMPLETED", 10, "h100-sxm"), line(2, 1, "sft", "COMPLETED", 30, "zz9"))
    found = spec(name, folder)
    assert "320 chip-hours" in " ".join(found["title"]["text"])
    assert "75%" in " ".join(found["title"]["subtitle"])
    rows = found["datasets"]["parts" if name == "ledger-months" else "rows"]
    assert rows[0]["amount_text"] == "320 chip-hours"


MAP = """
[columns]
job = "run"
start = "began"
duration = { column = "hours", unit = "h" }
chips = "gpus"
mfu = "mfu"
hfu = "hfu"

[constants]
chip = "h100-sxm"
"""
RUNS = """run,began,hours,gpus,mfu,hfu
a,2026-01-01,10,8,0.38,
b,2026-01-02,1,8,0.4,
c,2026-01-03,2,8,,0.52
d,2026-01-04,27,8,,
"""


@pytest.fixture(scope="module")
def stated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of MFU, of HFU, and of neither."""
    folder = tmp_path_factory.mktemp("stated")
    (folder / "runs.csv").write_text(RUNS, encoding="utf-8")
    options = Options(map=tomllib.loads(MAP), map_place="map.toml")
    import_file(Ledger(folder / "ledger"), "table", folder / "runs.csv", options)
    return folder / "ledger"


@pytest.mark.parametrize("language", get_args(Language))
def test_utilization_stands_side_by_side_and_is_never_added_up(
    language: Language, stated: Path, tmp_path: Path
) -> None:
    found = spec("ledger-utilization", stated, language=language)
    rows = found["datasets"]["rows"]
    assert [(row["hours"], row["jobs"]) for row in rows] == [(16, 1), (80, 1), (8, 1)]
    assert [row["range"] for row in rows] == ["50–55%", "35–40%", "40–45%"]
    assert [row["stated"] for row in rows] == [say(f"stated-{name}", language) for name in ("hfu", "mfu", "mfu")]
    title = " ".join(found["title"]["text"])
    assert all(part in title for part in ("32%", "320", "35–40%", say("stated-mfu", language)))
    for ending in FORMATS:
        assert save(draw(f"ledger-utilization:{stated}", Look(language=language)), tmp_path / f"x{ending}").exists()


def test_what_a_bill_takes_back_hangs_below_zero(tmp_path: Path) -> None:
    import_file(Ledger(tmp_path / "bills"), "focus", BILL, Options())
    found = spec("ledger-months", tmp_path / "bills")
    back, *others = found["datasets"]["parts"]
    assert back["month"] == "2026-09"
    assert back["end"] < back["start"] == 0 < min(row["end"] for row in others)
    upright = found["layer"][0]["layer"][1]["encoding"]["y"]
    assert upright["scale"]["domain"][0] < min(row["low"] for row in found["datasets"]["months"]) < back["end"]


def test_bars_of_different_statements_do_not_overlap(stated: Path) -> None:
    rows = sorted(spec("ledger-utilization", stated)["datasets"]["rows"], key=lambda row: row["left"])
    assert all(one["right"] <= other["left"] + 1e-12 for one, other in pairwise(rows))


def test_without_a_statement_there_is_no_histogram(known: Path) -> None:
    with pytest.raises(UsageError, match="states a utilization"):
        spec("ledger-utilization", known)


@pytest.mark.parametrize("name", CHARTS)
def test_what_is_no_ledger_is_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="ledger"):
        draw(f"{name}:{tmp_path / 'none'}")
    with pytest.raises(UsageError, match=f"write {name}:WHAT"):
        draw(name)
    idle = "lab|1|1|llm|ann|CANCELLED|2026-01-01T00:00:00|None|2026-01-01T00:10:00|0|00:00:00||"
    folder = ledger(tmp_path, idle)
    with pytest.raises(UsageError, match="nothing to draw"):
        draw(f"{name}:{folder}")
