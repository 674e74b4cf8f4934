"""Who records: the run, this start of it, and where it runs, as the environment says; nobody is asked."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RUN_FILE = "run-id"
SCHEDULER = (
    "SLURM_JOB_ID", "SLURM_RESTART_COUNT", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_CLUSTER_NAME",
    "SLURM_STEP_ID", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT", "POD_UID",
)  # fmt: skip
ENVIRONMENT = (
    *SCHEDULER, "RANK", "WORLD_SIZE", "SLURM_PROCID", "SLURM_NTASKS", "SLURMD_NODENAME", "MASTER_ADDR", "MASTER_PORT",
)  # fmt: skip


def ulid(milliseconds: int | None = None) -> str:
    """48 bits of time and 80 of chance in 26 letters, which sort by time.

    Source: the specification of ULID (Crockford's base 32).
    """
    at = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    number = (at & (2**48 - 1)) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One process of one start of a run.

    Attributes:
        run_id: the same after every restart; attempt_id: of this process alone.
        launch: the same for all processes that started together, where the environment tells; else of this alone.
        scheduler: what Slurm, torchelastic and Kubernetes say, by the names of their variables.
    """

    run_id: str
    attempt_id: str
    launch: str
    rank: int
    world_size: int
    node: str
    scheduler: Mapping[str, str]


def identity(folder: Path, run: str | None, rank: int | None, world_size: int | None) -> Identity:
    """Of this process; the arguments come before the environment.

    Raises:
        OSError: the folder cannot be written to.
    """
    said = {name: value for name in SCHEDULER if (value := os.environ.get(name))}
    attempt = ulid()
    return Identity(
        run_id=run or run_id(folder),
        attempt_id=attempt,
        launch=_launch(said) or attempt,
        rank=_number("RANK", "SLURM_PROCID", default=0) if rank is None else rank,
        world_size=_number("WORLD_SIZE", "SLURM_NTASKS", default=1) if world_size is None else world_size,
        node=os.environ.get("SLURMD_NODENAME") or socket.gethostname(),
        scheduler=said,
    )


def _launch(said: Mapping[str, str]) -> str:
    elastic = "/".join(said.get(f"TORCHELASTIC_{part}", "0") for part in ("RUN_ID", "RESTART_COUNT"))
    if "SLURM_JOB_ID" in said:
        parts = (said.get(f"SLURM_{part}", "0") for part in ("CLUSTER_NAME", "JOB_ID", "RESTART_COUNT", "STEP_ID"))
        return "slurm/" + "/".join(parts) + (f"/{elastic}" if "TORCHELASTIC_RUN_ID" in said else "")
    if "TORCHELASTIC_RUN_ID" in said:
        place = f"{os.environ.get('MASTER_ADDR', '')}:{os.environ.get('MASTER_PORT', '')}"
        return f"torchelastic/{elastic}/{place}"
    return ""


def _number(*names: str, default: int) -> int:
    for name in names:
        with suppress(KeyError, ValueError):
            return int(os.environ[name])
    return default


def run_id(folder: Path) -> str:
    """The name of the run that records into a folder; the first process to come gives it.

    Raises:
        OSError: the folder cannot be written to.
    """
    path = folder / RUN_FILE
    if not path.exists():
        mine = folder / f".{RUN_FILE}-{secrets.token_hex(8)}"
        mine.write_text(f"run-{ulid()}\n", encoding="utf-8")
        try:
            with suppress(FileExistsError):
                os.link(mine, path)  # whole or not there, whoever else does the same
        finally:
            mine.unlink()
    return path.read_text(encoding="utf-8").strip()
