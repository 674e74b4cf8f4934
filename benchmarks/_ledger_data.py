"""Data for the benchmark of the ledger, the same every time: an export of Slurm, and tables as imports write them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

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
