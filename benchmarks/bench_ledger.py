"""The ledger: importing a million rows of Slurm, and totals as the number of rows grows, against SQL by hand.

`python bench_ledger.py [MOST]`: metric rows from a million, by tens, to MOST (100 million). Every figure is of a fresh
process, and holds the start of Python.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from math import nan
from pathlib import Path

from _ledger_data import jobs, sacct, samples
from _measure import PYTHON, table

from comptometer.ledger.storage import Ledger

MOST_ONCE = 10_000_000  # a window over more of them takes tens of gigabytes
Measured = tuple[float, float, object]  # seconds, megabytes, what was found
END = """
import json, re, time
from pathlib import Path
peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())  # getrusage has that of the parent
print(json.dumps({"seconds": time.perf_counter() - start, "megabytes": int(peak[1]) / 1024, "found": found}))
"""
IMPORT = """
import sys, time
start = time.perf_counter()
from comptometer.cli import main
folder, export = sys.argv[1:]
sys.argv = ["comptometer", "ledger", "import", "sacct", export, "--ledger", folder, "--tz", "Europe/Berlin"]
try: main()
except SystemExit as end: assert not end.code, end.code
from pathlib import Path
from comptometer.ledger.storage import Ledger
found = sum(entry.rows for entry in Ledger(Path(folder)).imports())
"""
READ = """
import sys, time
start = time.perf_counter()
import csv
with open(sys.argv[2], encoding="utf-8", newline="") as file:
    found = sum(len(row) for row in csv.DictReader(file, delimiter="|"))
"""
BOOK = """
import sys, time
start = time.perf_counter()
from pathlib import Path
from comptometer.ledger.storage import Ledger
from comptometer.ledger.totals import Book
book = Book(Ledger(Path(sys.argv[1])))
"""
READINGS = BOOK + "found = sum(row['samples'] for row in book.telemetry)"
TOTAL = BOOK + "found = sum(row['jobs'] for row in book.total(('model', 'stage', 'month', 'chip', 'outcome'))['rows'])"
SQL = """
import sys, time
start = time.perf_counter()
import duckdb
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
files = sys.argv[1] + "/{table}/*/*/*.parquet"
found = sum(row[0] for row in connection.execute(\"\"\"{query}\"\"\", [files]).fetchall())
"""
SUMS = "count(*), count(DISTINCT device), sum(value::DECIMAL(28, 6)), min(value), max(value)"
READ_ALL = "read_parquet(?, hive_partitioning = false)"
BY = "GROUP BY source, chip_name, metric"
NEWEST = "QUALIFY row_number() OVER (PARTITION BY key ORDER BY import_number DESC, first_row DESC) = 1"
EACH = SQL.format(table="samples", query=f"SELECT {SUMS} FROM {READ_ALL} {BY}")
ONCE = SQL.format(table="samples", query=f"SELECT {SUMS} FROM (SELECT * FROM {READ_ALL} {NEWEST}) {BY}")
HOURS = SQL.format(
    table="jobs",
    query=f"SELECT count(*), sum(chips * seconds) / 3600 FROM (SELECT * FROM {READ_ALL} {NEWEST}) "
    "GROUP BY model, stage, month, chip_name, outcome",
)


def fresh(program: str, *arguments: object) -> Measured:
    """Seconds, megabytes, and what was found, in a process of its own: the median of three, by seconds."""
    return sorted((once(program, *arguments) for _ in range(3)), key=lambda run: run[0])[1]


def once(program: str, *arguments: object) -> Measured:
    """Seconds, megabytes, and what was found; why not, where it failed."""
    done = subprocess.run([PYTHON, "-c", program + END, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        return nan, nan, done.stderr.strip().splitlines()[-1][:60]
    said = json.loads(done.stdout.splitlines()[-1])
    return said["seconds"], said["megabytes"], said["found"]


def row(name: str, found: Measured, against: float) -> list[str]:
    seconds, megabytes, rows = found
    return [name, f"{seconds:.2f} s", f"{megabytes:.0f} MB", f"{seconds / against:.2f}", str(rows or "")]


def importing(folder: Path, lines: int) -> None:
    for steps in (False, True):
        export = folder / f"sacct-{steps}.txt"
        sacct(export, lines, steps)
        plain = fresh(READ, folder, export)
        runs = [once(IMPORT, folder / f"{export.stem}-{number}", export) for number in range(3)]
        found = sorted(runs, key=lambda run: run[0])[1]
        table(
            f"Importing {lines:,} rows of sacct, {'two in three of them steps' if steps else 'no steps'}",
            ("what", "seconds", "peak memory", "× reading", "cells, attempts"),
            [row("csv.DictReader, and nothing else", plain, plain[0]), row("ledger import sacct", found, plain[0])],
        )


def growing(folder: Path, most: int) -> None:
    rows, count = [], 1_000_000
    while count <= most:
        ledger = Ledger(folder / f"samples-{count}")
        samples(ledger, count)
        each = fresh(EACH, ledger.folder)
        title = f"{count // 1_000_000} M"
        rows.append([title, *row("SQL, every reading as often as it is there", each, each[0])])
        rows.append([title, *row("ledger, each reading once", fresh(READINGS, ledger.folder), each[0])])
        if count <= MOST_ONCE:
            rows.append([title, *row("SQL, each reading once", fresh(ONCE, ledger.folder), each[0])])
        count *= 10
    table(
        "Readings of counters, summed by source, chip and metric",
        ("rows", "what", "seconds", "peak memory", "× plain SQL", "readings"),
        rows,
    )


def main(most: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        growing(folder, most)
        ledger = Ledger(folder / "jobs")
        jobs(ledger, 1_000_000)
        plain = fresh(HOURS, ledger.folder)
        table(
            "A million attempts by model, stage, month, chip and outcome",
            ("what", "seconds", "peak memory", "× SQL", "attempts"),
            [
                row("SQL: hours only", plain, plain[0]),
                row("ledger: hours, FLOP with intervals", fresh(TOTAL, ledger.folder), plain[0]),
            ],
        )
        importing(folder, 1_000_000)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 100_000_000)
