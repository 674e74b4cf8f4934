"""`sacct -P`: a header, and a line for each allocation and each of its steps, with | between the columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from comptometer.errors import DataError
from comptometer.ledger.importers import Found, LeftOut, Options, Wrong
from comptometer.ledger.importers._lines import lines
from comptometer.ledger.importers._slurm import Allocation, Inventory, gpus, held, key, state, tags
from comptometer.ledger.instants import seconds
from comptometer.ledger.rows import Job

COMMAND = (
    "sacct -a -D -P --noconvert -S START -E END -o Cluster,JobID,JobIDRaw,Account,User,Partition,State,Submit,"
    "Start,End,ElapsedRaw,Suspended,AllocTRES,NodeList,JobName,Comment,AdminComment"
)
NEEDED = ("JobID", "JobIDRaw", "State", "Submit", "Start", "End", "AllocTRES")
FREE_TEXT = frozenset({"JobName", "Comment", "AdminComment", "SystemComment", "WorkDir", "SubmitLine"})

Cells = Mapping[str, str]
T = TypeVar("T")
# `sacct` as Open XDMoD's shredder asks for it: 26 columns and no header
XDMOD = (
    "JobID", "JobIDRaw", "Cluster", "Partition", "QOS", "Account", "Group", "GID", "User", "UID", "Submit", "Eligible",
    "Start", "End", "Elapsed", "ExitCode", "State", "NNodes", "NCPUS", "ReqCPUS", "ReqMem", "ReqTRES", "AllocTRES",
    "Timelimit", "NodeList", "JobName",
)  # fmt: skip


def read(path: Path, options: Options) -> Iterator[Found]:
    """The allocations of a file, each after the steps that follow it."""
    inventory, header = Inventory.of(options), None
    waiting: Allocation | None = None
    for line in lines(path, options):
        if isinstance(line, Wrong):
            yield line
            continue
        if header is None:
            header = _header(line.text, path, options)
            if not options.columns and header is not XDMOD:
                continue
        if line.text.strip():
            try:
                cells = _cells(line.text, header)
                if "." in cells["JobIDRaw"]:
                    _add_step(waiting, cells)
                    yield LeftOut(line.number, "a step: its allocation counts")
                    continue
                allocation = _allocation(line.number, cells, options)
            except ValueError as error:
                yield Wrong(line.number, str(error))
                continue
            if waiting:
                yield from waiting.rows(inventory)
            waiting = allocation
    if header is None:
        raise DataError(path.name, ["is empty; a header is wanted"])
    if waiting:
        yield from waiting.rows(inventory)


def _header(line: str, path: Path, options: Options) -> Sequence[str]:
    # sacct -p ends each line with the sign: its last column has no name
    names: Sequence[str] = options.columns or line.strip().split("|")
    if not options.columns and len(names) == len(XDMOD) and not set(NEEDED) & set(names) and names[1].isdigit():
        return XDMOD
    lacking = [name for name in NEEDED if name not in names]
    if not {"ElapsedRaw", "Elapsed"} & set(names):
        lacking.append("ElapsedRaw")
    if "Cluster" not in names and not options.cluster:
        lacking.append("Cluster (or --cluster NAME)")
    if lacking:
        hint = f"export it with: {COMMAND}; or name the columns of a file without a header with --columns"
        raise DataError(path.name, [f"line 1: the header lacks {', '.join(lacking)}; {hint}"])
    return names


def _cells(line: str, header: Sequence[str]) -> Cells:
    """The cells of a line by their columns; where a text holds the sign between them, the one reading that makes sense.

    Raises:
        ValueError: none does, or several do.
    """
    parts = line.split("|")
    more = len(parts) - len(header)
    if more < 0:
        raise ValueError(f"has {len(parts)} columns of {len(header)}: it was cut off, or a text holds a line break")
    if more == 0:
        return dict(zip(header, parts, strict=True))
    readings = [_joined(parts, at, more) for at, name in enumerate(header) if name in FREE_TEXT]
    found = [cells for parts in readings if _plausible(cells := dict(zip(header, parts, strict=True)))]
    fixed = {tuple(text for name, text in cells.items() if name not in FREE_TEXT) for cells in found}
    if len(fixed) != 1:
        raise ValueError(
            f"has {len(parts)} columns of {len(header)}: ask for the texts last ({', '.join(header[-3:])})"
        )
    return found[-1]


def _joined(parts: Sequence[str], at: int, more: int) -> list[str]:
    return [*parts[:at], "|".join(parts[at : at + more + 1]), *parts[at + more + 1 :]]


def _plausible(cells: Cells) -> bool:
    try:
        state(cells["State"])
        _elapsed(cells)
        gpus(cells["AllocTRES"])
    except ValueError:
        return False
    return cells["JobIDRaw"].partition(".")[0].isdigit() and cells["Submit"][:1].isdigit()


def _elapsed(cells: Cells) -> float:
    """Seconds from start to end, or until the export.

    Raises:
        ValueError: names the column that is wrong.
    """
    column = "ElapsedRaw" if "ElapsedRaw" in cells else "Elapsed"
    return _read(cells, column, seconds)


def _read(cells: Cells, column: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(cells[column])
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from None


def _allocation(line: int, cells: Cells, options: Options) -> Allocation:
    """An allocation, before its steps.

    Raises:
        ValueError: names the column that is wrong.
    """
    if not cells["JobIDRaw"].isdigit():
        raise ValueError(f"JobIDRaw: {cells['JobIDRaw'][:40]!r} is not a number")
    submitted, started, ended = (_read(cells, name, options.zone.read) for name in ("Submit", "Start", "End"))
    if submitted is None:
        raise ValueError("Submit: is missing; without it attempts of one job cannot be told apart")
    elapsed = _elapsed(cells) if started else 0.0
    if started and ended and ended < started:
        ended = options.zone.second_reading(ended)
        if ended < started:
            raise ValueError(f"End: {cells['End']} is before the start, {cells['Start']}")
    suspended = _read(cells, "Suspended", seconds) if cells.get("Suspended") else 0.0
    cluster = cells.get("Cluster") or options.cluster
    comments = [cells.get(name, "") for name in ("Comment", "AdminComment")]
    tagged = tags(*comments)
    attempt = key(cluster, cells["JobIDRaw"], submitted)
    job = Job(
        line=line,
        key=attempt,
        cluster=cluster,
        job=cells["JobID"],
        name=cells.get("JobName", ""),
        user=cells.get("User", ""),
        project=cells.get("Account", ""),
        partition=cells.get("Partition", ""),
        nodes="" if cells.get("NodeList") == "None assigned" else cells.get("NodeList", ""),
        model=tagged.get("model", ""),
        stage=tagged.get("stage", ""),
        run=tagged.get("run", ""),
        comment=comments[0],
        submitted=submitted,
        started=started,
        ended=ended,
        seconds=held(elapsed, suspended, started, ended),
        elapsed_seconds=elapsed,
        suspended_seconds=suspended,
        outcome=state(cells["State"]),
        allocation=attempt.rpartition("/")[0],
    )
    return Allocation(job, gpus(cells["AllocTRES"]) if started else {})


def _add_step(waiting: Allocation | None, cells: Cells) -> None:
    """Note the time of the longest step; `.extern` is none: it lives as long as the allocation does."""
    number, _, step = cells["JobIDRaw"].partition(".")
    if waiting and step != "extern" and number == waiting.job.key.split("/")[2]:
        waiting.job.step_seconds = max(waiting.job.step_seconds or 0.0, _elapsed(cells))
