"""Any CSV or Parquet, with a map."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from comptometer.errors import DataError
from ledger_folder import SHARED, Folder

MAP = """
[columns]
job      = "id"
start    = "began"
duration = { column = "hours", unit = "h" }
chips    = "gpus"
outcome  = "status"
[constants]
chip    = "h100-sxm"
project = "llm"
[outcomes]
ok = "COMPLETED"
"""
HEADER = "id,began,hours,gpus,status\n"


def added(folder: Folder, text: str | bytes, said: str = MAP, *flags: str, name: str = "jobs.csv") -> dict[str, Any]:
    folder.path.parent.mkdir(exist_ok=True)
    file, mapped = folder.path.with_name(name), folder.path.with_name("map.toml")
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    mapped.write_text(said)
    document = folder.add("table", file, "--map", mapped, *(flags or ("--tz", "UTC")))
    assert not document["refused"], document["refused"]
    return {**document["files"][0], "status": document["status"]}


def refusal(folder: Folder, text: str | bytes, said: str = MAP) -> str:
    file, mapped = folder.path.with_name("jobs.csv"), folder.path.with_name("map.toml")
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    mapped.write_text(said)
    why: str = folder.add("table", file, "--map", mapped, "--tz", "UTC")["refused"][0]["why"]
    return why


def test_columns_units_constants_and_words_are_those_of_the_map(folder: Folder) -> None:
    added(folder, HEADER + "1,2026-03-01 10:00:00,1.5,8,ok\n2,2026-03-01 10:00:00,0.25,4,crash\n")
    assert folder.seconds("chip", "project", "outcome") == {
        ("nvidia/h100-sxm", "llm", "COMPLETED"): 12 * 3600, ("nvidia/h100-sxm", "llm", "CRASH"): 3600,
    }  # fmt: skip


def test_the_time_can_be_that_from_start_to_end(folder: Folder) -> None:
    said = '[columns]\njob = "id"\nstart = "a"\nend = "b"\n[constants]\nchips = 2\nchip = "h100-sxm"\n'
    added(folder, "id;a;b\n1;2026-03-01T10:00:00+01:00;2026-03-01T10:00:50Z\n", said)
    assert folder.seconds() == {(): 2 * 3650}


def test_a_growing_file_counts_each_row_once(folder: Folder) -> None:
    rows = "1,2026-03-01,1,8,ok\n2,2026-03-02,1,8,ok\n"
    added(folder, HEADER + rows)
    added(folder, HEADER + rows + "3,2026-03-03,1,8,ok\n")
    assert folder.total()["total"]["jobs"] == 3


def test_rows_without_a_job_are_known_by_what_they_say_and_equal_ones_by_their_number(folder: Folder) -> None:
    said = '[columns]\nstart = "t"\nduration = { column = "s", unit = "s" }\nchips = "n"\n'
    header = "t,s,n\n"
    row, other = "2026-03-01T00:00:00,100,2\n", "2026-03-01T00:00:00,100,3\n"
    added(folder, header + row * 3 + other, said)
    added(folder, header + other + row * 2, said)
    assert folder.seconds() == {(): 900}


def test_utilization_that_is_stated_is_used_and_what_is_not_is_assumed(folder: Folder) -> None:
    said = MAP.replace('outcome  = "status"', 'outcome = "status"\nmfu = "mfu"\nutilization = "u"')
    rows = ["1,2026-03-01,10,1,ok,0.4,\n", "2,2026-03-01,10,1,ok,40%,\n", "3,2026-03-01,20,1,ok,,\n"]
    added(folder, "id,began,hours,gpus,status,mfu,u\n" + "".join(rows), said)
    total = folder.total()
    assert total["total"]["utilization_evidence"] == pytest.approx(0.5)
    rates = {rate["basis"]: rate for rate in total["rates"]}
    assert set(rates) == {"mfu", "assumed"}
    assert "assumption:goodput" in rates["mfu"]["claims"]
    added(folder, "id,began,hours,gpus,status,mfu,u\n9,2026-03-01,10,1,ok,0.4,0.3\n", said)
    stated = folder.total("--where", "project=llm")["rates"]
    assert {rate["basis"] for rate in stated} == {"mfu", "assumed", "utilization"}


def test_flop_of_a_stated_utilization_is_hours_times_peak_times_it(folder: Folder) -> None:
    said = MAP.replace('outcome  = "status"', 'utilization = "u"')
    added(folder, "id,began,hours,gpus,u\n1,2026-03-01,10,1,0.4\n2,2026-03-01,30,1,0.2\n", said)
    assert folder.total()["total"]["flop"]["p50"] == pytest.approx(10 * 3600 * 989.4e12, rel=1e-3)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("2,2026-03-01,-1,8,ok", "duration: -1 is not between"),
        ("2,2026-03-01,long,8,ok", "duration: 'long' is not a number"),
        ("2,2026-03-01,1,-8,ok", "chips: -8 is not between"),
        ("2,last week,1,8,ok", "start: 'last week' is not a time"),
        ("2,2026-03-01,1,8", "has 4 columns of 5"),
        ("2,2026-03-01,1,1e99,ok", "chips: 1e+99 is not between"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(folder: Folder, row: str, text: str) -> None:
    report = added(folder, f"{HEADER}1,2026-03-01,1,8,ok\n\n{row}\n3,2026-03-01,1,8,ok\n")
    assert report["status"] == 1
    assert [problem["line"] for problem in report["problems"]] == [4]
    assert text in report["problems"][0]["text"]
    assert folder.total()["total"]["jobs"] == 2


def test_missing_numbers_are_nothing_and_not_nan(folder: Folder) -> None:
    import pyarrow.parquet as pq

    said = MAP.replace('outcome  = "status"', 'mfu = "mfu"')
    added(folder, "id,began,hours,gpus,mfu\n1,2026-03-01,1,8,nan\n2,2026-03-01,1,8,NaN\n", said)
    table = pq.ParquetFile(next(folder.path.rglob("*.parquet"))).read()
    assert table["mfu"].null_count == 2
    assert folder.total()["total"]["utilization_evidence"] == 0


def test_flop_that_the_source_counted_comes_before_hours_and_needs_no_chip(folder: Folder) -> None:
    said = MAP.replace('"hours", unit = "h" }', '"hours", unit = "h" }\nflop = "flop"')
    said = said.replace('outcome  = "status"', 'outcome  = "status"\nchip = "chip"')
    said = "\n".join(line for line in said.splitlines() if not line.startswith("chip  "))
    rows = "1,2026-03-01,1,8,ok,1e26,h100-sxm\n2,2026-03-01,1,8,crash,9007199254740993,abacus\n3,2026-03-01,0,8,ok,7,\n"
    added(folder, "id,began,hours,gpus,status,flop,chip\n" + rows, said)
    total = folder.total()
    assert {total["total"]["flop"][end] for end in ("p5", "p50", "p95")} == {float(10**26 + 9007199254740992 + 7)}
    assert total["total"]["flop_completed"]["p50"] == float(10**26 + 7)
    assert (total["unmatched_chips"], total["rates"], total["total"]["utilization_evidence"]) == ([], [], 1)


def test_a_parquet_file_is_read_with_its_own_types(folder: Folder, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "id": [1, 2], "began": [datetime(2026, 3, 1, 10), datetime(2026, 3, 1, 11)], "hours": [1.0, float("nan")],
        "gpus": [8, 4], "status": ["ok", None],
    }  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    added(folder, (tmp_path / "in.parquet").read_bytes(), name="jobs.parquet")
    assert folder.seconds("outcome") == {("COMPLETED",): 8 * 3600, (None,): 0}


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("", "a map is wanted"),
        (MAP.replace('"h"', '"parsec"'), "'parsec' is no unit of time"),
        (MAP.replace('"gpus"', '"cards"'), "has no column 'cards'; it has id, began"),
        (MAP + "\n[colums]\n", "'colums' is unknown"),
        (MAP.replace("outcome  =", "outcom ="), "columns.outcom: is unknown"),
        (MAP.replace('chips    = "gpus"', ""), "chips: is neither a column nor a constant"),
        (MAP.replace('duration = { column = "hours", unit = "h" }', ""), "the length of time is missing"),
        (MAP.replace('{ column = "hours", unit = "h" }', '"hours"'), 'write duration = { column = "…", unit = "s" }'),
        ("[columns", "is not TOML"),
    ],
)
def test_a_wrong_map_says_what_is_wrong(folder: Folder, said: str, text: str) -> None:
    file, mapped = folder.path.with_name("jobs.csv"), folder.path.with_name("map.toml")
    file.write_text(HEADER + "1,2026-03-01,1,8,ok\n")
    mapped.write_text(said)
    done = folder.run("import", "table", file, "--map", mapped, "--json")
    assert text in (str(done.exception) if done.exception else json.loads(done.stdout)["refused"][0]["why"])
    assert not list(folder.path.rglob("*.parquet"))


def test_a_file_that_is_no_parquet_but_begins_like_one_is_refused(folder: Folder) -> None:
    assert "cannot be read as Parquet" in refusal(folder, b"PAR1 and then nothing of the kind")


def test_a_map_means_nothing_to_other_kinds(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP)
    done = folder.run("import", "dcgm", "-", "--map", tmp_path / "map.toml", stdin="{}")
    assert "--map: means nothing to dcgm" in str(done.exception)


PHILLY = SHARED / "traces/philly_elasticflow/philly_subset.csv.gz"


@pytest.mark.slow
@pytest.mark.skipif(not PHILLY.exists(), reason="the published trace is not here")
def test_the_published_trace_of_philly_gives_its_known_total(folder: Folder) -> None:
    said = """
        [columns]
        start = "timestamp"
        duration = { column = "duration", unit = "s" }
        chips = "num_gpus"
        cluster = "cluster"
    """
    report = added(folder, gzip.decompress(PHILLY.read_bytes()), said)
    assert (report["jobs"], report["wrong"]) == (41331, 0)
    total = folder.total("--by", "cluster")
    assert total["total"]["chip_hours"] == pytest.approx(473861.03, abs=0.01)
    assert len(total["rows"]) == 15


def test_the_error_of_a_missing_map_is_an_error_of_data() -> None:
    from comptometer.ledger.importers import IMPORTERS, Options

    with pytest.raises(DataError, match="a map is wanted"):
        list(IMPORTERS["table"].read(Path(__file__), Options()))


PODS = SHARED / "traces/alibaba_2023/openb_pod_list_default.csv.gz"


@pytest.mark.skipif(not PODS.exists(), reason="the published trace is not here")
def test_the_recipe_for_a_trace_of_pods_gives_its_hours(folder: Folder, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/howto/ledger.md").read_text("utf-8").partition("### A trace of pods")[2]
    names = tmp_path / "pods.toml"
    names.write_text(page.partition("```toml\n")[2].partition("```")[0], "utf-8")
    query = page.partition('duckdb -csv -c "')[2].partition('"')[0].replace("openb_pod_list_default.csv", str(PODS))
    duckdb = pytest.importorskip("duckdb")
    duckdb.sql(query).write_csv(str(tmp_path / "pods.csv"))
    report = folder.add("table", tmp_path / "pods.csv", "--map", names, "--tz", "UTC")["files"][0]
    with gzip.open(PODS, "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["scheduled_time"]]
    seconds = {row["name"]: float(row["deletion_time"]) - float(row["scheduled_time"])
               for row in rows if row["deletion_time"]}  # fmt: skip
    whole = {row["name"]: int(row["num_gpu"]) * int(row["gpu_milli"] or 0) / 1000 for row in rows}
    held = sum(seconds[name] * whole[name] for name in seconds)
    total = folder.total("--by", "outcome")
    assert report["jobs"] == len(rows)
    assert total["total"]["chip_hours"] * 3600 == pytest.approx(held, rel=1e-6)
    assert {row["outcome"] for row in total["rows"]} <= {"COMPLETED", "FAILED", "RUNNING", "PENDING"}
