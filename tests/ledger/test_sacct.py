"""Slurm's accounting: every way in which it counts something twice, or leaves it out."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from comptometer.ledger.importers._slurm import gpus, held
from ledger_folder import HEADER, SAMPLES, SHARED, Folder, export, job

REAL = SHARED / "samples/sacct_parsable2_real_slurm22.05.psv"


@pytest.mark.skipif(not REAL.exists(), reason="the published sample is not here")
def test_the_published_sample_gives_its_known_totals(folder: Folder) -> None:
    report = folder.add("sacct", REAL, "--tz", "UTC")
    assert report["status"] == 0
    assert report["files"][0]["jobs"] == 37
    assert report["files"][0]["left_out"] == [{"reason": "a step: its allocation counts", "lines": 28}]
    assert folder.seconds("chip") == {("H100",): 277, ("A100",): 292, (None,): 0}
    total = folder.total()["total"]
    assert total["jobs"] == 37
    assert round((total["chip_hours"] - total["chip_hours_completed"]) * 3600, 6) == 303


def test_an_allocation_counts_and_its_steps_do_not(folder: Folder) -> None:
    step = job("1.batch", ElapsedRaw=40)
    assert folder.lines(export(job(1), step, job("1.extern", ElapsedRaw=100), job("1.0", ElapsedRaw=30)))["jobs"] == 1
    assert folder.seconds() == {(): 200}
    row = json.loads(folder.run("runs", "--json").stdout)["runs"][0]
    assert (row["seconds"], row["step_seconds"]) == (100, 40)


@pytest.mark.parametrize(
    ("tres", "expected"),
    [
        ("gres/gpu:h100=8,gres/gpu=8", {"h100": 8}),
        ("gres/gpu=8,gres/gpu:h100=8", {"h100": 8}),
        ("gres/gpu:a100=1,gres/gpu:h100=2,gres/gpu=3", {"a100": 1, "h100": 2}),
        ("cpu=1,gres/gpu=4,node=2", {"": 4}),
        ("cpu=1,gres/shard=4,gres/gpumem=7", {}),
        ("", {}),
    ],
)
def test_typed_and_untyped_gpus_are_counted_once(tres: str, expected: dict[str, float]) -> None:
    assert gpus(tres) == expected


VECTORS = SHARED / "traces/openxdmod_slurm/alloc-tres-gpu-count.json"


@pytest.mark.skipif(not VECTORS.exists(), reason="the published vectors are not here")
def test_gpus_of_the_published_vectors() -> None:
    for tres, count in json.loads(VECTORS.read_text()):
        assert sum(gpus(tres).values()) == count, tres


def test_a_job_with_two_types_of_chip_is_one_attempt(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES="gres/gpu:a100=1,gres/gpu:h100=2,gres/gpu=3")))
    assert folder.seconds("chip") == {("A100",): 100, ("H100",): 200}
    assert folder.total()["total"]["jobs"] == 1


def test_a_requeued_job_is_two_attempts_with_one_number(folder: Folder) -> None:
    again = job(26, Submit="2026-03-01T11:00:00", Start="2026-03-01T11:00:10", End="2026-03-01T11:00:22", ElapsedRaw=12)
    folder.lines(export(job(26, State="REQUEUED", ElapsedRaw=67), again))
    assert folder.seconds("outcome") == {("REQUEUED",): 134, ("COMPLETED",): 24}


def test_tasks_of_an_array_add_up_and_their_numbers_stay_text(folder: Folder) -> None:
    pending = job(15, JobID="15_[2-9%2]", State="PENDING", Start="Unknown", End="Unknown", ElapsedRaw=0, AllocTRES="")
    folder.lines(export(job(23, JobID="15_0"), job(24, JobID="15_1"), pending))
    assert folder.seconds() == {(): 400}
    assert folder.total()["total"]["jobs"] == 3
    folder.lines(export(job(15, JobID="15_2")))  # the pending entry became the last task
    assert folder.total()["total"]["jobs"] == 3
    jobs = {row["job"] for row in json.loads(folder.run("runs", "--json").stdout)["runs"]}
    assert jobs == {"15_0", "15_1", "15_2"}


def test_parts_of_a_heterogeneous_job_add_up(folder: Folder) -> None:
    folder.lines(export(job(28, JobID="28+0"), job(29, JobID="28+1", AllocTRES="gres/gpu:a100=1,gres/gpu=1")))
    assert folder.seconds("chip") == {("H100",): 200, ("A100",): 100}


@pytest.mark.parametrize("never", ["None", "Unknown", ""])
def test_what_never_started_used_nothing(folder: Folder, never: str) -> None:
    row = job(7, State="CANCELLED by 0", Start=never, ElapsedRaw=0, AllocTRES="", NodeList="None assigned")
    assert folder.lines(export(row))["wrong"] == 0
    assert folder.seconds("outcome") == {("CANCELLED",): 0}


def test_the_first_word_of_the_state_is_the_state(folder: Folder) -> None:
    folder.lines(export(job(1, State="CANCELLED by 1000"), job(2, State="OUT_OF_MEMORY")))
    assert set(folder.seconds("outcome")) == {("CANCELLED",), ("OUT_OF_MEMORY",)}


@pytest.mark.parametrize("elapsed", [100, 60])
def test_suspended_time_is_taken_off_once_whatever_the_version_of_slurm(folder: Folder, elapsed: int) -> None:
    folder.lines(export(job(1, ElapsedRaw=elapsed, Suspended="00:00:40")))
    assert folder.seconds() == {(): 120}


def test_suspended_time_of_a_running_job_is_taken_off() -> None:
    assert held(100, 40, None, None) == 60


def test_a_running_job_grows_and_then_ends(folder: Folder) -> None:
    still = {"State": "RUNNING", "End": "Unknown"}
    folder.lines(export(job(1, **still, ElapsedRaw=10)))
    assert folder.seconds() == {(): 20}
    folder.lines(export(job(1, **still, ElapsedRaw=50)))
    assert folder.seconds() == {(): 100}
    folder.lines(export(job(1)))
    assert folder.seconds("outcome") == {("COMPLETED",): 200}
    folder.lines(export(job(1, **still, ElapsedRaw=70)))  # an old export, imported late
    assert folder.seconds("outcome") == {("COMPLETED",): 200}


def test_overlapping_windows_count_once(folder: Folder) -> None:
    folder.lines(export(job(1), job(2), job(3)))
    folder.lines(export(job(2), job(3), job(4)))
    folder.lines(export(job(3), job(3)))
    assert folder.seconds() == {(): 800}
    assert folder.total()["total"]["jobs"] == 4


def test_the_sign_between_columns_in_a_text_moves_nothing(folder: Folder) -> None:
    folder.lines(export(job(1, Comment="stage=sft;a|b|c"), job(2, JobName="x|y")))
    assert folder.seconds("stage") == {("sft",): 200, (None,): 200}


def test_it_does_so_where_the_texts_stand_between_other_columns(folder: Folder) -> None:
    names = ["JobName", *[name for name in HEADER.split("|") if name != "JobName"]]
    cells = dict(zip(HEADER.split("|"), job(1).split("|"), strict=True)) | {"JobName": "my|job|COMPLETED"}
    report = folder.lines(export("|".join(cells[name] for name in names), header="|".join(names)))
    assert report["wrong"] == 0
    assert folder.seconds() == {(): 200}


def test_it_does_so_before_an_empty_last_column(folder: Folder) -> None:
    names = ["JobName", *[name for name in HEADER.split("|") if name != "JobName"]]
    cells = dict(zip(HEADER.split("|"), job(1).split("|"), strict=True)) | {"JobName": "my|job", "Comment": ""}
    report = folder.lines(export("|".join(cells[name] for name in names), header="|".join(names)))
    assert report["wrong"] == 0
    assert json.loads(folder.run("runs", "--json").stdout)["runs"][0]["name"] == "my|job"


def test_a_sign_at_the_end_of_each_line_is_no_column(folder: Folder) -> None:
    folder.lines(export(job(1) + "|", job(2, Comment="stage=sft;a|b") + "|", header=HEADER + "|"))
    assert folder.seconds("stage") == {("sft",): 200, (None,): 200}


def test_columns_are_found_by_their_names(folder: Folder) -> None:
    names = HEADER.split("|")[::-1]
    cells = dict(zip(HEADER.split("|"), job(1).split("|"), strict=True))
    folder.lines(export("|".join(cells[name] for name in names), header="|".join(names)))
    assert folder.seconds("chip") == {("H100",): 200}


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (job(2, ElapsedRaw=-5), "ElapsedRaw: '-5' is negative"),
        (job(2, ElapsedRaw="soon"), "ElapsedRaw: 'soon' is not a length of time"),
        (job(2, State="DONE"), "State: 'DONE' is none of Slurm's"),
        (job(2, Start="yesterday"), "Start: 'yesterday' is not a time"),
        (job(2, End="2026-02-01T00:00:00"), "End: 2026-02-01T00:00:00 is before the start, 2026-03-01T10:01:00"),
        (job(2, Submit="Unknown"), "Submit: is missing"),
        (job(2, AllocTRES="1001=4,1002=4"), "AllocTRES: numbers of the database"),
        (job(2, AllocTRES="gres/gpu:h100=-8"), "AllocTRES: 'gres/gpu:h100=-8' is not a number of GPUs"),
        (job("2_0"), "JobIDRaw: '2_0' is not a number"),
        (job(2)[:40], "it was cut off"),
        ("a\0b", "is binary"),
    ],
)
def test_a_wrong_line_is_named_and_the_rest_is_imported(folder: Folder, row: str, text: str) -> None:
    report = folder.lines(export(job(1), row, job(3)))
    assert report["status"] == 1
    assert [problem["line"] for problem in report["problems"]] == [3]
    assert text in report["problems"][0]["text"]
    assert folder.seconds() == {(): 400}


def test_a_line_of_megabytes_and_one_in_another_encoding_are_passed_over(folder: Folder, tmp_path: Any) -> None:
    file = tmp_path / "export.psv"
    rows = [HEADER, job(1), job(2, Comment="x" * 3_000_000), job(3)]
    file.write_bytes("\n".join(rows).encode() + b"\n" + job(4, Comment="é").encode("latin-1") + b"\n" + job(5).encode())
    report = folder.add("sacct", file, "--tz", "UTC")["files"][0]
    assert [(problem["line"], problem["text"]) for problem in report["problems"]] == [
        (3, "is longer than 1,000,000 bytes"),
        (5, "is not UTF-8"),
    ]
    assert folder.seconds() == {(): 600}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is empty"),
        (b"JobID|State\n1|COMPLETED\n", "the header lacks JobIDRaw"),
        (b"\x1f\x8b\x08\x00junk", "is compressed: unpack it"),
        (b"\x00\x01\x02", "is binary"),
        (b'{"jobs": [', "is not JSON, or was cut off"),
        (b'{"meta": {}}', 'holds no list "jobs"'),
        (b'{"jobs": ' + b"[" * 200_000, "is nested too deeply"),
    ],
)
def test_a_file_that_is_none_is_refused_and_leaves_nothing(folder: Folder, content: bytes, text: str) -> None:
    document = folder.add("sacct", "-", "--tz", "UTC", stdin=content)
    assert document["status"] == 1
    assert text in document["refused"][0]["why"]
    assert not list(folder.path.rglob("*.parquet"))


def test_what_kind_of_chip_is_meant_can_come_from_a_map(folder: Folder, tmp_path: Any) -> None:
    (tmp_path / "map.toml").write_text(
        '[types]\nh100 = "nvidia/h100-sxm"\n[partitions]\nold = "v100-sxm"\n[nodes]\n"g*" = "a100-sxm-80gb"\n'
    )
    untyped = "gres/gpu=2"
    rows = [job(1), job(2, AllocTRES=untyped, Partition="old"), job(3, AllocTRES=untyped, NodeList="g[1-2]")]
    folder.lines(export(*rows, job(4, AllocTRES=untyped)), "--tz", "UTC", "--map", tmp_path / "map.toml")
    assert folder.seconds("chip") == {
        ("nvidia/h100-sxm",): 200, ("nvidia/v100-sxm",): 200, ("nvidia/a100-sxm-80gb",): 200, ("(no type)",): 200,
    }  # fmt: skip
    assert [row["reason"] for row in folder.total()["unmatched_chips"]] == ["the source does not say which chip"]


def sample(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SAMPLES / "sacct.json").read_text())
    document["jobs"][0] |= changes
    return document


def test_the_json_form_gives_the_same_as_the_text_form(folder: Folder) -> None:
    folder.lines(json.dumps(sample()))
    assert folder.seconds("chip", "outcome") == {
        ("H100", "COMPLETED"): 800, ("A100", "FAILED"): 30, (None, "CANCELLED"): 0,
    }  # fmt: skip
    before = folder.total()["total"]
    assert before["jobs"] == 3
    row = job(
        101, AllocTRES="gres/gpu:h100=8,gres/gpu=8", Submit="2026-03-01T11:00:00", Start="2026-03-01T11:01:00",
        End="2026-03-01T11:02:40",
    )  # fmt: skip
    folder.lines(export(row), "--tz", "Europe/Berlin")  # the first of these jobs again
    assert folder.total()["total"] == before


def test_newer_forms_of_the_json_are_read(folder: Folder) -> None:
    wrapped = {"set": True, "infinite": False, "number": 1772359200}
    time = sample()["jobs"][0]["time"] | {"submission": wrapped, "elapsed": {"set": True, "number": 100}}
    folder.lines(json.dumps(sample(state={"current": ["COMPLETED", "FLAG"]}, time=time)))
    assert folder.seconds("outcome")["COMPLETED",] == 800


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"state": {"current": "NO"}}, "State: 'NO' is none of Slurm's"),
        ({"time": None}, "has not the shape of a job"),
        ({"job_id": "x"}, "job_id: 'x' is no length of time or number"),
        ({"tres": {"allocated": [{"type": "gres", "name": "gpu", "count": -1}]}}, "tres.allocated: '-1' is no"),
    ],
)
def test_a_wrong_job_of_the_json_is_named_by_its_place(folder: Folder, changes: dict[str, Any], text: str) -> None:
    report = folder.lines(json.dumps(sample(**changes)))
    assert report["jobs"] == 2
    assert [problem["line"] for problem in report["problems"]] == [1]
    assert text in report["problems"][0]["text"]


XDMOD = (
    "163485|163485|phillips|focaccia|normal|chaff|chaff|457|noror|380|2026-03-01T07:15:12|2026-03-01T07:15:12|"
    "2026-03-01T07:15:13|2026-03-01T08:15:13|01:00:00|0:0|{state}|1|12|12|31000Mn|cpu=12,node=1|"
    "billing=12,cpu=12,gres/gpu=2,mem=31000M,node=1|37-14:00:00|cpn-f11-31|train|it"
)


def test_a_log_of_open_xdmod_without_a_header_is_known_by_its_width(folder: Folder) -> None:
    line = XDMOD.format(state="CANCELLED by 380").removesuffix("|it")
    report = folder.lines(line + "\n")
    assert (report["status"], folder.seconds("cluster", "outcome")) == (0, {("phillips", "CANCELLED"): 7200})


def test_columns_of_a_file_without_a_header_can_be_named(folder: Folder) -> None:
    report = folder.lines(job() + "\n", "--tz", "UTC", "--columns", HEADER.replace("|", ","))
    assert (report["status"], folder.seconds()) == (0, {(): 200})


@pytest.mark.parametrize(("name", "jobs", "hours"), [("phillips", 4285, 506.9), ("pozidriv", 11704, 0)])
def test_logs_of_open_xdmod(folder: Folder, name: str, jobs: int, hours: float) -> None:
    path = SHARED / f"traces/openxdmod_slurm/{name}.log.gz"
    if not path.exists():
        pytest.skip("the shared traces are not here")
    report = folder.add("sacct", "-", "--tz", "America/New_York", stdin=gzip.decompress(path.read_bytes()))
    found = folder.total()["total"]
    assert (report["status"], found["jobs"]) == (0, jobs)
    assert found["chip_hours"] == pytest.approx(hours, abs=0.05)


@pytest.mark.parametrize(
    ("comment", "model"), [("a|b;model=other", "other"), ("model=x|y", "x"), ("model=other;a|b", "other")]
)
def test_a_bar_in_a_comment_is_in_no_name(folder: Folder, comment: str, model: str) -> None:
    folder.lines(export(job(1, Comment=comment) + "|", header=HEADER + "|AdminComment"))
    assert [row["model"] for row in folder.total("--by", "model")["rows"]] == [model]
