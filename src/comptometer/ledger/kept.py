"""Which of the FLOP spent are in the final weights: each step once, as the last attempt on the checkpoints' way did it.

From the last checkpoint of a run one goes back: its process did the steps since the checkpoint that it went on from,
before that those of whoever wrote that one, and so on to the beginning. What was done after a checkpoint and lost, or
left behind by a rewind, is on no such way. A run without a checkpoint has no weights, and no answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Row = Mapping[str, Any]  # of the table of stretches
Group = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a way ends: in which start of the run, after how many rewinds, at which step."""

    group: Group
    turn: int
    step: int


@dataclass(slots=True)
class Run:
    """The stretches of one run by start and rank, each in order; starts in their order."""

    starts: Sequence[Group]
    stretches: Mapping[Group, Mapping[int, Sequence[Row]]]
    group_of: Mapping[str, Group]

    def last(self, step: int | None, groups: Sequence[Group]) -> Checkpoint | None:
        """The last checkpoint in the last of some starts that has one, of a step if one is given."""
        for group in reversed(groups):
            found = [
                (row["turn"], row["last_seq"], row["last_step"])
                for rows in self.stretches[group].values()
                for row in rows
                if row["committed"] and step in {None, row["last_step"]}
            ]
            if found:
                turn, _, at = max(found)
                return Checkpoint(group, turn, at)
        return None

    def covering(self, step: int, groups: Sequence[Group]) -> Checkpoint | None:
        """The last start that did a step, where the record of its checkpoint was lost with it."""
        for group in reversed(groups):
            turns = [
                row["turn"]
                for rows in self.stretches[group].values()
                for row in rows
                if row["begins"] < step <= row["last_step"]
            ]
            if turns:
                return Checkpoint(group, max(turns), step)
        return None

    def before(self, checkpoint: Checkpoint, begins: int, parent: str) -> Checkpoint | None:
        """The checkpoint that a way goes on from."""
        earlier = self.starts[: self.starts.index(checkpoint.group)]
        if parent in self.group_of and self.group_of[parent] in earlier:
            named = [self.group_of[parent]]
            return self.last(begins, named) or self.covering(begins, named)
        return self.last(begins, earlier) or self.covering(begins, earlier)


def kept(rows: Iterable[Row]) -> dict[str, int]:
    """FLOP in the final weights by key of the process; of runs with a checkpoint only, then of all their processes."""
    runs: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        runs[row["run"]].append(row)
    found: dict[str, int] = {}
    for of_run in runs.values():
        run = _run(of_run)
        at = run.last(None, run.starts)
        if at is None:
            continue
        parts: dict[str, Fraction] = {row["job_key"]: Fraction(0) for row in of_run}
        while at is not None:
            at = _walk(run, at, parts)
        found |= {key: round(part) for key, part in parts.items()}
    return found


def _walk(run: Run, at: Checkpoint, parts: dict[str, Fraction]) -> Checkpoint | None:
    """Add what a start did on the way to its checkpoint; the one before it."""
    begins, parent = at.step, ""
    for rows in run.stretches[at.group].values():
        way = _way(rows, at)
        for row, last in way:
            parts[row["job_key"]] += _share(row, last)
        if way and way[0][0]["begins"] < begins:
            begins, parent = way[0][0]["begins"], way[0][0]["parent"] or ""
    return run.before(at, begins, parent) if 0 < begins < at.step else None


def _way(rows: Sequence[Row], at: Checkpoint) -> list[tuple[Row, int]]:
    """The stretches of a process that lead to a checkpoint, each with the last of its steps that does."""
    way: list[tuple[Row, int]] = []
    for row in rows:
        if row["turn"] > at.turn:
            break
        way = [(older, min(last, row["begins"])) for older, last in way if older["begins"] < row["begins"]]
        way.append((row, row["last_step"]))
    return [(row, min(last, at.step)) for row, last in way if row["begins"] < at.step]


def _share(row: Row, last: int) -> Fraction:
    """FLOP of its steps up to one; a stretch that ends between two of its windows is divided evenly."""
    flop = int(row["flop"])
    if last >= row["last_step"]:
        return Fraction(flop)
    whole = row["last_step"] - row["first_step"] + 1
    return Fraction(flop * max(last - row["first_step"] + 1, 0), whole)


def _run(rows: Iterable[Row]) -> Run:
    attempts: dict[tuple[str, int], set[str]] = defaultdict(set)
    of_run = sorted(rows, key=lambda row: (row["attempt"], row["rank"], row["last_seq"]))
    for row in of_run:
        attempts[row["launch"], row["rank"]].add(row["attempt"])
    group_of = {  # a name of a launch that comes back with the same rank is another start
        attempt: (launch, number)
        for (launch, _), named in attempts.items()
        for number, attempt in enumerate(sorted(named))
    }
    stretches: dict[Group, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    began: dict[Group, str] = {}
    for row in of_run:
        group = group_of[row["attempt"]]
        stretches[group][row["rank"]].append(row)
        began[group] = min(began.get(group, row["attempt"]), row["attempt"])
    return Run(sorted(began, key=lambda group: began[group]), stretches, group_of)
