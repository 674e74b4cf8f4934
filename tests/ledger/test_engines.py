"""Every expression gives the same rows on DuckDB and on Spark, and so does all that is summed from them."""

from __future__ import annotations

import gc
import inspect
import json
import math
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from comptometer.errors import ComptometerError
from comptometer.ledger import counters, engine, expressions
from comptometer.ledger.engine import Engine, Table
from comptometer.ledger.overlaps import Doubts
from comptometer.ledger.parquet import Writer
from comptometer.ledger.rows import TABLES, Hour, Job, Row, Sample, Stretch, Tag
from comptometer.ledger.rules import Rule, read_rules
from ledger_folder import Folder, export, job
from spark_session import local_spark

pytestmark = [
    pytest.mark.xdist_group("spark"),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # pyspark leaves them to the collector
]
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
RULES = """
[[rules]]
name = "pre*"
project = ["llm", "数?"]
model = "demo-7b"
stage = "pretrain"
[[rules]]
from = 2026-03-10
until = 2026-03-20
stage = "sft"
override = true
[[rules]]
user = "a*n*"
run = "by hand"
[[rules]]
name = ["eval*it", "re.*"]
stage = "evaluation"
[[rules]]
name = ""
model = "nameless"
"""
Case = Callable[[Mapping[type[Row], Table]], Table]


def random_jobs(draw: random.Random, count: int, source: str) -> Iterator[Job]:
    """Attempts of which several rows may be about one, with all that a source may leave out."""
    for line in range(1, count + 1):
        number = draw.randrange(count // 2)
        started = BEGIN + timedelta(microseconds=draw.randrange(40 * 86_400 * 10**6))
        seconds = draw.choice([0.0, 0.001, 1.0, 86_399.999, 1e7 / 3, -3600.0])
        yield Job(
            line=line,
            key=f"{source}/{number}",
            cluster=draw.choice(["", "alpha", "β"]),
            job=str(number),
            name=draw.choice(["", "pretrain-1", "pre|x", "eval\nit", "数据 tune", "re.*"]),
            user=draw.choice(["", "alice", "anna", "bob"]),
            project=draw.choice(["", "llm", "数据", "vision"]),
            partition=draw.choice(["", "a", "b"]),
            model=draw.choice(["", "", "own"]),
            stage=draw.choice(["", "rl"]),
            started=draw.choice([None, started, started]),
            ended=draw.choice([None, started + timedelta(seconds=abs(seconds))]),
            seconds=seconds,
            chips=draw.choice([0.0, 0.25, 8.0, 16_384.0]),
            chip_name=draw.choice(["", "h100", "h100-sxm", "NVIDIA A100-SXM4-80GB", "unheard-of"]),
            outcome=draw.choice(["COMPLETED", "FAILED", "RUNNING", "CRASHED", ""]),
            utilization=draw.choice([None, None, 0.31]),
            mfu=draw.choice([None, 1 / 3]),
            hfu=draw.choice([None, 0.55]),
            flop=draw.choice([None, 0.0, 1e15 + 1, 3.7e24, 9.3e18]),
            allocation=draw.choice(["", str(draw.randrange(count // 4))]),
        )


def random_samples(draw: random.Random, count: int) -> Iterator[Sample]:
    for line in range(1, count + 1):
        moment = BEGIN + timedelta(days=draw.choice([0, 20, 39]), seconds=30 * draw.randrange(count // 2))
        device, metric = f"GPU-{draw.randrange(4)}", draw.choice(["tensor_active", "power", "sm_clock"])
        value = draw.choice([0.0, 1.0, 0.1, 1 / 3, 1410.0, 700.123456])
        name = draw.choice(["", "NVIDIA H100 80GB HBM3"])
        job, cluster = str(draw.randrange(30)), draw.choice(["", "alpha", "β"])
        yield Sample(
            line=line,
            device=device,
            metric=metric,
            moment=moment,
            value=value,
            chip_name=name,
            job=job,
            cluster=cluster,
        )


def random_stretches(draw: random.Random, count: int) -> Iterator[Stretch]:
    for line in range(1, count + 1):
        first, steps = draw.randrange(1000), draw.randrange(1, 100)
        yield Stretch(
            line=line,
            key=f"s{draw.randrange(count // 3)}",
            job_key=f"recorder/{draw.randrange(20)}",
            run="r",
            launch="l",
            attempt=f"a{draw.randrange(5)}",
            rank=draw.randrange(2),
            turn=0,
            last_seq=draw.randrange(5),
            begins=first,
            first_step=first + 1,
            last_step=first + steps,
            steps=steps,
            committed=draw.random() < 0.5,
            moment=BEGIN,
            flop=1e18 * steps + 1,
            hardware_flop=1.3e18 * steps,
            energy_joule=draw.choice([None, 3.5e6]),
        )


def random_tags(draw: random.Random, count: int) -> Iterator[Tag]:
    for line in range(1, count + 1):
        key = f"{draw.choice(['sacct', 'focus', 'recorder'])}/{draw.randrange(60)}"
        yield Tag(line=line, key=key, name=draw.choice(["model", "目的", "a b"]), value=draw.choice(["", "x", "数据"]))


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What pyspark left open is closed here, and not within a test of something else."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[type[Row], Sequence[Path]]:
    """Two imports from each source, so that later ones say other things of the same; in a folder with odd signs."""
    folder = tmp_path_factory.mktemp("a [ledger] {of} * 100% 数据")
    sources = {
        "sacct": "scheduler", "focus": "bill", "wandb": "tracker", "recorder": "recorder", "dcgm": "counter",
    }  # fmt: skip
    for number, (source, kind) in enumerate([*sources.items(), *sources.items()], 1):
        draw = random.Random(number)
        shared = {"source": source, "evidence": kind, "source_sha256": f"{number:064x}", "import_number": number}
        writer = Writer(folder, f"{number:06d}", shared)
        rows: Iterator[Row] = random_samples(draw, 300) if kind == "counter" else random_jobs(draw, 120, source)
        for row in rows:
            writer.add(row)
        if source == "recorder":
            more: list[Row] = [*random_stretches(draw, 90), *random_tags(draw, 90)]
            for row in more:
                writer.add(row)
        writer.close()
    return {shape: sorted((folder / name).rglob("*.parquet")) for shape, name in TABLES.items()}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Rule]:
    path = tmp_path_factory.mktemp("rules") / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    return read_rules(path).rules


@pytest.fixture(scope="module")
def engines() -> tuple[Engine, Engine]:
    return engine.embedded(), engine.spark(local_spark())


def cases(rules: Sequence[Rule]) -> dict[str, list[Case]]:
    """Each function of the library of expressions, as it is used."""
    e, c, chips = expressions, counters, {"h100": "H100", "": "no name", "h100-sxm": "nvidia/h100-sxm"}

    def jobs(tables: Mapping[type[Row], Table]) -> Table:
        return e.named(e.measured(witnessed(e.mapped(e.latest(tables[Job]), rules), tables)), chips)

    def witnessed(jobs: Table, tables: Mapping[type[Row], Table]) -> Table:
        return c.with_activity(jobs, c.activity(tables[Hour], jobs))

    def tagged(tables: Mapping[type[Row], Table]) -> Table:
        return e.tagged(e.latest(tables[Job]), e.tags(tables[Tag]), ["model", "目的", "a b", "unused"])

    times = [(BEGIN, BEGIN), (BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=2))]

    def column_of(tables: Mapping[type[Row], Table], **made: Callable[[Table], Table]) -> Table:
        found = witnessed(tables[Job], tables)
        return found.select("key", "first_row", "import_number", **{name: make(found) for name, make in made.items()})

    all_doubts = [Doubts(times, times[:1]), Doubts(singly=times), Doubts(compared=times), Doubts(), None]
    dimensions = [[], ["model", "stage"], ["month", "outcome"], ["evidence", "cluster"], list(e.DIMENSIONS)]
    return {
        "latest": [lambda t: e.latest(t[Job])],
        "mapped": [lambda t: e.mapped(t[Job], rules), lambda t: e.mapped(t[Job], ())],
        "fits": [lambda t, rule=rule: t[Job].filter(e.fits(t[Job], rule)) for rule in rules],  # type: ignore[misc]
        "used": [lambda t: e.used(jobs(t))],
        "processes": [lambda t: e.processes(e.latest(t[Job]))],
        "once": [lambda t: e.once(e.latest(t[Job]))],
        "longest": [lambda t: e.longest(t[Stretch])],
        "places": [lambda t: e.places(jobs(t), ["model", "month"])],
        "measured": [lambda t: e.measured(witnessed(t[Job], t))],
        "activity": [
            lambda t: c.activity(t[Hour], e.latest(t[Job])),
            lambda t: c.activity(c.singly(t[Sample]), t[Job]),
        ],
        "with_activity": [lambda t: witnessed(t[Job], t), lambda t: c.with_activity(t[Job], None)],
        "whole": [lambda t: t[Job].select("key", "first_row", amount=e.whole(t[Job].chips * t[Job].seconds / 3))],
        "basis": [lambda t: column_of(t, basis=e.basis)],
        "named": [jobs],
        "selected": [
            lambda t: e.selected(jobs(t), {"model": "", "outcome": "COMPLETED"}),
            lambda t: e.selected(jobs(t), {"project": "数据", "chip": "no name"}),
        ],
        "kinds": [lambda t: e.kinds(t[Job])],
        "of_kinds": [lambda t: e.of_kinds(t[Job], {"bill", "tracker"})],
        "chip_names": [lambda t: e.chip_names(t[Job])],
        "hours": [lambda t, by=by: e.hours(jobs(t), by) for by in dimensions],  # type: ignore[misc]
        "attempts": [lambda t, by=by: e.attempts(jobs(t), by) for by in dimensions],  # type: ignore[misc]
        "binned": [lambda t: e.binned(jobs(t))],
        "segments": [lambda t: e.segments(jobs(t))],
        "stated": [lambda t: column_of(t, stated=e.stated)],
        "share": [lambda t: column_of(t, share=e.share)],
        "tags": [lambda t: e.tags(t[Tag])],
        "tag_names": [lambda t: e.tag_names(t[Tag])],
        "tagged": [tagged, lambda t: e.tagged(t[Job], None, ["x"])],
        "by_hand": [lambda t: e.by_hand(tagged(t)), lambda t: e.by_hand(t[Job])],
        "keys": [lambda t: e.keys(t[Job])],
        "listed": [lambda t: e.listed(e.latest(t[Job]))],
        "newest": [lambda t: c.newest(t[Sample])],
        "within": [lambda t: t[Sample].filter(c.within(t[Sample], times))],
        "singly": [lambda t: c.singly(c.newest(t[Sample]))],
        "compared": [lambda t: c.compared(t[Hour])],
        "disputed": [lambda t: c.disputed(t[Hour], times)],
        "hourly": [lambda t, doubts=doubts: c.hourly(t[Sample], t[Hour], doubts) for doubts in all_doubts],  # type: ignore[misc]
        "readings": [lambda t: c.readings(c.hourly(t[Sample], t[Hour], all_doubts[0])), lambda t: c.readings(t[Hour])],
    }


NAMES = sorted(
    name
    for library in (expressions, counters)
    for name, made in inspect.getmembers(library, inspect.isfunction)
    if made.__module__ == library.__name__
)


def test_every_expression_has_its_case() -> None:
    assert sorted({*cases([]), "column"}) == NAMES  # a name, and no table


def comparable(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value == int(value) else value


def same(left: Any, right: Any) -> bool:
    """Whole numbers, texts, instants and nothing exactly; fractions at 1e-9.

    FLOP beyond 2⁵³ was a float before it was whole, of which engines keep as many digits as a float has.
    """
    if isinstance(left, Decimal) and isinstance(right, Decimal) and abs(left) > 2**53:
        return math.isclose(left, right, rel_tol=2**-52)
    left, right = comparable(left), comparable(right)
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9)
    return type(left) is type(right) and bool(left == right)


def place(row: Mapping[str, Any]) -> str:
    """Where a row stands among all, by what cannot differ in its last digit."""
    return repr([comparable(value) for value in row.values() if not isinstance(value, float)])


@pytest.mark.parametrize("name", sorted({*NAMES} - {"column"}))
def test_the_rows_are_the_same(
    name: str,
    files: Mapping[type[Row], Sequence[Path]],
    rules: Sequence[Rule],
    engines: tuple[Engine, Engine],
) -> None:
    for case in cases(rules)[name]:
        here, there = (
            one.rows(case({shape: one.table(paths, shape) for shape, paths in files.items()})) for one in engines
        )
        assert here, "a case without rows shows nothing"
        assert len(here) == len(there)
        if name != "listed":
            here, there = sorted(here, key=place), sorted(there, key=place)
        for mine, other in zip(here, there, strict=True):
            assert list(mine) == list(other)
            assert [key for key in mine if not same(mine[key], other[key])] == []


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A ledger as a user makes it, with two witnesses and rules."""
    folder = Folder(tmp_path_factory.mktemp("ledger") / "ledger")
    rows = [
        job(
            number,
            State=["COMPLETED", "FAILED", "TIMEOUT"][number % 3],
            ElapsedRaw=3600 * number + 1,
            Start=f"2026-0{number % 4 + 1}-28T23:59:59",
            AllocTRES=["gres/gpu:h100-sxm=8", "gres/gpu=4", "gres/gpu:a100=2"][number % 3],
            JobName=f"pretrain-{number}" if number % 2 else "数据",
        )
        for number in range(1, 40)
    ]
    folder.lines(export(*rows))
    sample = Path(__file__).parent / "samples/focus.csv"
    folder.add("focus", sample)
    (folder.path / "rules.toml").write_text(RULES, encoding="utf-8")
    return folder


@pytest.mark.parametrize("by", ["", "model,stage", "month,chip,outcome", "evidence"])
def test_a_total_is_the_same_text(ledger: Folder, by: str) -> None:
    local_spark()
    arguments = ["--by", by, "--json"] if by else ["--json"]
    here, there = (ledger.run("total", *arguments, "--backend", name) for name in ("duckdb", "spark"))
    assert here.exception is None
    assert json.loads(here.stdout)["total"]["chip_hours"] > 1000
    assert there.stdout == here.stdout


def test_a_list_of_runs_is_the_same_text(ledger: Folder) -> None:
    local_spark()
    here, there = (ledger.run("runs", "--json", "--backend", name) for name in ("duckdb", "spark"))
    assert len(json.loads(here.stdout)["runs"]) > 20
    assert there.stdout == here.stdout


def test_files_of_before_a_column_was_new_are_read(
    tmp_path: Path, engines: tuple[Engine, Engine], files: Mapping[type[Row], Sequence[Path]]
) -> None:
    import pyarrow.parquet as pq

    old = tmp_path / "old.parquet"
    pq.write_table(pq.read_table(files[Job][0]).drop_columns(["flop", "allocation"]), old)
    for paths in ([old], [old, files[Job][1]], [files[Job][1], old]):
        for one in engines:
            found = one.rows(one.table(paths, Job))
            assert {row["allocation"] for row in found if row["source_sha256"] == found_hash(old)} == {None}
            assert len(found) == sum(pq.ParquetFile(path).metadata.num_rows for path in paths)


def found_hash(path: Path) -> str:
    import pyarrow.parquet as pq

    first: str = pq.ParquetFile(path).read(["source_sha256"]).to_pylist()[0]["source_sha256"]
    return first


def test_a_damaged_file_is_told_of_in_a_line(
    tmp_path: Path, engines: tuple[Engine, Engine], files: Mapping[type[Row], Sequence[Path]]
) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(files[Job][0].read_bytes()[:300])
    for one in engines:
        with pytest.raises(ComptometerError, match="comptometer ledger verify") as caught:
            one.rows(one.table([bad], Job))
        assert "\n" not in str(caught.value)


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, ledger: Folder) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    done = ledger.run("total", "--backend", "spark")
    assert isinstance(done.exception, ComptometerError)
    assert "pip install 'comptometer[ledger,spark]'" in str(done.exception)


def test_without_java_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class Builder:
        """As pyspark's, on a machine without Java."""

        def appName(self, name: str) -> Builder:
            return self

        def config(self, name: str, value: object) -> Builder:
            return self

        def getOrCreate(self) -> None:
            raise RuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited.\nand more")

    monkeypatch.setitem(sys.modules, "pyspark.sql", SimpleNamespace(SparkSession=SimpleNamespace(builder=Builder())))
    with pytest.raises(ComptometerError, match=r"JAVA_GATEWAY_EXITED.*exited\.; it needs Java.*default-jre-headless"):
        engine.spark()
