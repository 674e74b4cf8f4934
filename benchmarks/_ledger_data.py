"""Data for the benchmark of the ledger, the same every time: an export of Slurm, and tables as imports write them."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from comptometer.ledger.overlaps import Gathered
from comptometer.ledger.parquet import MOST_WAITING
from comptometer.ledger.rollups import RolledUp
from comptometer.ledger.rows import TABLES, Hour, Job, Row, Sample, columns
from comptometer.ledger.storage import FIRST, Import, Ledger, Part, sha256_of

HEADER = (
    "Cluster|JobID|JobIDRaw|Account|User|Partition|State|Submit|Start|End|ElapsedRaw|Suspended|AllocTRES|NodeList"
    "|JobName|Comment|AdminComment"
)
ZONE = "Europe/Berlin"
STATES = ["COMPLETED"] * 60 + ["FAILED"] * 18 + ["CANCELLED by {user}"] * 12 + ["TIMEOUT"] * 5 + ["OUT_OF_MEMORY"] * 2
BEGAN = datetime(2025, 9, 1, tzinfo=UTC)  # a year follows, with both changes of the clock
YEAR = 365 * 86400


def sacct(path: Path, lines: int, steps: bool) -> None:
    """An export with so many lines below its header; of them two in three are steps, or none."""
    made = _attempts(steps)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        file.writelines(next(made) + "\n" for _ in range(lines))


def _attempts(steps: bool) -> Iterator[str]:
    dice, zone, number = random.Random(0), ZoneInfo(ZONE), 0
    while True:
        number += 1
        submitted = BEGAN + timedelta(seconds=number * 17 % YEAR)
        for state in ["REQUEUED"] * (dice.random() < 0.02) + [dice.choice(STATES)]:
            started = submitted + timedelta(seconds=int(dice.expovariate(1 / 3000)))
            elapsed = 0 if dice.random() < 0.04 else int(dice.lognormvariate(7, 2)) + 1
            yield from _lines(dice, zone, number, state, submitted, started, elapsed, steps)
            submitted = started + timedelta(seconds=elapsed + 1)


def _lines(
    dice: random.Random,
    zone: ZoneInfo,
    number: int,
    state: str,
    submitted: datetime,
    started: datetime,
    elapsed: int,
    steps: bool,
) -> Iterator[str]:
    user, count = dice.randrange(400), dice.choice((1, 1, 2, 4, 8, 8, 16, 64))
    kind = dice.choice(("h100", "h100", "a100", "v100"))
    ended = started + timedelta(seconds=elapsed)
    told = [f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}" for moment in (submitted, started, ended)]
    job = f"{number}_{dice.randrange(100)}" if dice.random() < 0.3 else f"{number}"
    tres = f"billing={count * 8},cpu={count * 8},gres/gpu:{kind}={count},gres/gpu={count},mem={count * 64}G,node=1"
    tail = [f"gpu{dice.randrange(900):04d}", f"train-{dice.randrange(5000)}"]
    if dice.random() < 0.3:
        tail.append(f"stage={dice.choice(('pretrain', 'sft', 'rl'))};model=demo-{dice.randrange(200)};run=r{number}")
    if not elapsed:
        tres, tail[0], told[1] = "", "None assigned", "None"
    suspended = "00:00:00" if dice.random() < 0.99 else "00:00:20"
    tail += [""] * (4 - len(tail))
    head = ["lab", job, f"{number}", f"group{user % 40}", f"user{user}", f"{kind}-long", state.format(user=user)]
    yield "|".join([*head, *told, f"{elapsed}", suspended, tres, *tail])
    for step in ("batch", "extern") if steps and elapsed else ():
        head = ["lab", f"{job}.{step}", f"{number}.{step}", f"group{user % 40}", "", "", state.partition(" ")[0]]
        yield "|".join([*head, told[1], *told[1:], f"{elapsed}", suspended, tres.partition("billing=")[2], *tail])


CHIPS, METRICS, EVERY = 64, ("tensor_active", "sm_active", "power"), 30  # seconds
SERIES = CHIPS * len(METRICS)
SACCT = {"source": "sacct", "evidence": "scheduler", "source_sha256": FIRST, "evidence_id": f"sacct:{FIRST[:16]}:1"}
DCGM = {"source": "dcgm", "evidence": "telemetry", "source_sha256": FIRST, "evidence_id": f"dcgm:{FIRST[:16]}:1"}
WEEK = 7 * 86400 // EVERY  # readings of a series in an import, and those of an hour that the next one has again
AGAIN = 3600 // EVERY


def samples(ledger: Ledger, rows: int) -> None:
    """At least so many readings of chips: an import for each week, which has the last hour of the one before again."""
    made = number = 0
    while made < rows:
        length = min(WEEK, -(-(rows - made) // SERIES))
        first = int(BEGAN.timestamp()) + number * (WEEK - AGAIN) * EVERY
        made, number = made + SERIES * length, number + 1
        _commit(ledger, number, "dcgm", Sample, _weeks(number, first + EVERY * np.arange(length)))


def _weeks(number: int, seconds: np.ndarray) -> Iterator[tuple[str, pa.Table]]:
    """Month by month and series by series, as an importer of what Prometheus answers would; a moment has one value."""
    moments = pa.array(seconds * 1_000_000).cast(pa.timestamp("us", tz="UTC"))
    months = pc.strftime(moments, "%Y-%m")
    for month in pc.unique(months).to_pylist():
        here = moments.filter(pc.equal(months, month))
        told, since = pc.strftime(here, "%Y-%m-%dT%H:%M:%S+00:00"), here.cast("int64").to_numpy() // 1_000_000
        values = (since // EVERY * 7919 + np.arange(SERIES)[:, None] * 104_729) % 1_000_003 / 1_000_003
        for place in range(SERIES):
            device, metric = (
                f"GPU-{place // len(METRICS):08x}-5a5e-4b1c-9d2f-0c0ffee0c0de",
                METRICS[place % len(METRICS)],
            )
            said = {
                "first_row": place + 1, "last_row": place + 1, "device": device, "metric": metric, "cluster": "lab",
                "node": f"gpu{place // 24:04d}", "chip_name": "NVIDIA H100 80GB HBM3", "moment": here,
                "value": values[place], "key": pc.binary_join_element_wise(f"{device}//{metric}/", told, ""),
            }  # fmt: skip
            yield month, _table(Sample, len(here), {**said, "month": month, "import_number": number, **DCGM})


def jobs(ledger: Ledger, rows: int) -> None:
    """So many attempts over a year in two imports: what still ran at the end of the first has ended in the second."""
    dice, first = np.random.default_rng(0), int(BEGAN.timestamp())
    began, half = first + np.arange(rows) * YEAR // rows, first + YEAR // 2
    held = np.ceil(dice.lognormal(7, 2, rows).clip(max=1e6))
    running = began + held > half
    said = {
        "key": np.char.add("slurm/lab/", np.arange(rows).astype(str)), "started": began,
        "user": _words("user", dice.integers(400, size=rows)), "project": _words("group", dice.integers(40, size=rows)),
        "model": _words("demo-", dice.integers(20, size=rows)), "stage": dice.choice(["pretrain", "sft", "rl"], rows),
        "chip_name": dice.choice(["h100-sxm", "a100"], rows), "chips": dice.choice([1.0, 2.0, 8.0, 64.0], rows),
    }  # fmt: skip
    words = dice.choice(["COMPLETED", "COMPLETED", "FAILED", "CANCELLED"], rows)
    early = {"seconds": np.minimum(held, half - began), "finished": ~running}
    late = {"seconds": held, "finished": np.full(rows, True), "outcome": words}
    for number, wanted, more in (
        (1, began < half, {**early, "outcome": np.where(running, "RUNNING", words)}),
        (2, running, late),
    ):
        chosen = {name: values[wanted] for name, values in {**said, **more}.items()}
        _commit(ledger, number, "sacct", Job, _months(number, chosen))


def _words(start: str, numbers: np.ndarray) -> np.ndarray:
    return np.char.add(start, numbers.astype(str))


def _months(number: int, said: dict[str, np.ndarray]) -> Iterator[tuple[str, pa.Table]]:
    moments = pa.array(said["started"] * 1_000_000).cast(pa.timestamp("us", tz="UTC"))
    months = np.asarray(pc.strftime(moments, "%Y-%m"))
    for month in np.unique(months):
        here = months == month
        cells = {name: values[here] for name, values in said.items()}
        count = int(here.sum())
        cells |= {"started": moments.filter(pa.array(here)), "job": cells["key"], "first_row": np.arange(count)}
        whole = {**SACCT, "import_number": number, "month": month, "cluster": "lab"}
        yield month, _table(Job, count, {**cells, **whole})


def _table(shape: type[Row], count: int, said: dict[str, Any]) -> pa.Table:
    """Columns of the ledger; a single value is that of all rows, and what is not said is nothing."""
    types = {
        "text": pa.string(), "instant": pa.timestamp("us", tz="UTC"), "number": pa.float64(), "count": pa.int64(),
        "flag": pa.bool_(),
    }  # fmt: skip
    found = {}
    for name, kind in columns(shape).items():
        value = said.get(name)
        single = value is None or isinstance(value, str | int | float)
        found[name] = pa.repeat(pa.scalar(value, types[kind]), count) if single else pa.array(value, types[kind])
    return pa.table(found)


def _commit(ledger: Ledger, number: int, source: str, shape: type[Row], tables: Iterator[tuple[str, pa.Table]]) -> None:
    """An import of these tables, each in its month, in groups of rows as large as an import writes them."""
    writers: dict[str, pq.ParquetWriter] = {}
    waiting: dict[str, list[pa.Table]] = defaultdict(list)

    def write(month: str) -> None:
        whole = pa.concat_tables(waiting.pop(month)).combine_chunks()
        path = f"{TABLES[shape]}/source={source}/month={month}/{number:06d}.parquet"
        if month not in writers:
            (ledger.staging / path).parent.mkdir(parents=True, exist_ok=True)
            writers[month] = pq.ParquetWriter(ledger.staging / path, whole.schema, compression="zstd")
        writers[month].write_table(whole)
        rows[path] += whole.num_rows
        if shape is Sample:
            readings[month].add(whole)
            hours[month].add(whole)

    rows: Counter[str] = Counter()
    readings: dict[str, Gathered] = defaultdict(Gathered)
    hours: dict[str, RolledUp] = defaultdict(RolledUp)
    for month, table in tables:
        waiting[month].append(table)
        if sum(part.num_rows for part in waiting[month]) >= MOST_WAITING:
            write(month)
    for month in list(waiting):
        write(month)
    for month, writer in writers.items():
        if month in readings:
            writer.add_key_value_metadata(readings[month].metadata())
        writer.close()
    for month, rolled in hours.items():
        path, sums = (
            f"{TABLES[Hour]}/source={source}/month={month}/{number:06d}.parquet",
            rolled.table(readings[month].once),
        )
        (ledger.staging / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(sums, ledger.staging / path, compression="zstd")
        rows[path] = sums.num_rows
    entries = ledger.imports()
    ledger.commit(
        Import(
            number=number, kind=source, file=f"{number}", sha256=FIRST, options=FIRST, zone="", zone_stated=False,
            redacted=False, clusters=["lab"], rows=rows.total(), wrong=0,
            parts=[Part(path=path, sha256=sha256_of(ledger.staging / path), rows=rows[path]) for path in sorted(rows)],
            previous=entries[-1].hash if entries else FIRST,
        )
    )  # fmt: skip
