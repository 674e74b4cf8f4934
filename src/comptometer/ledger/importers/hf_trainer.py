"""`trainer_state.json` of the Trainer of Hugging Face, in a checkpoint or at the end of a run.

Its `total_flos` is 6 × parameters without embeddings × tokens, padding among them: attention is left out, frozen
weights are counted as if they were trained, all experts count, and what a crash lost after the last save is not there.
It goes on over a resume, so several checkpoints of one run, known by the first thing that was logged, are one attempt.
The file has no instants and no chips.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from comptometer.errors import DataError
from comptometer.ledger.importers import Found, LeftOut, Options, Wrong, importer
from comptometer.ledger.importers._lines import document
from comptometer.ledger.importers._tracker import MOST_FLOP
from comptometer.ledger.instants import LONGEST
from comptometer.ledger.rows import Job

ABOUT = "total_flos: 6 × parameters without embeddings × tokens, without attention, with padding"


@importer("hf-trainer", evidence="tracker", pattern="trainer_state.json")
def hf_trainer(path: Path, options: Options) -> Iterator[Found]:
    """The run of a state."""
    state = document(path, options)
    if not isinstance(state, dict) or "global_step" not in state or not isinstance(state.get("log_history"), list):
        raise DataError(path.name, ["is no trainer_state.json: global_step or log_history is missing"])
    step, last = _number(state, "global_step", 1e12), _number(state, "max_steps", 1e12)
    flop = _number(state, "total_flos", MOST_FLOP)
    if step is None or flop is None:
        yield Wrong(1, "global_step or total_flos is no number within its bounds")
        return
    if flop == 0:
        yield LeftOut(1, "total_flos is 0: the model has no main_input_name, or nothing was trained")
    logged = [entry for entry in state["log_history"] if isinstance(entry, dict)]
    seconds = sum(_number(entry, "train_runtime", LONGEST) or 0.0 for entry in logged)
    done = bool(seconds) or (last is not None and 0 < last <= step)
    tokens = _number(state, "num_input_tokens_seen", 1e20)
    yield Job(
        line=1,
        key=f"hf-trainer/{_identity(state, logged, path)}",
        job=_identity(state, logged, path),
        name=str(state.get("trial_name") or ""),
        comment=f"last_step={step:.0f}{f';tokens={tokens:.0f}' if tokens else ''};{ABOUT}",
        seconds=seconds,
        elapsed_seconds=seconds or None,
        outcome="COMPLETED" if done else "RUNNING",
        flop=flop or None,
    )


def _number(said: Any, name: str, most: float) -> float | None:
    value = said.get(name)
    return float(value) if isinstance(value, int | float) and 0 <= value <= most else None


def _identity(state: dict[str, Any], logged: list[dict[str, Any]], path: Path) -> str:
    first = next((entry for entry in logged if "loss" in entry), None)
    text = json.dumps([first, state.get("train_batch_size")], sort_keys=True) if first else path.read_text("utf-8")
    return hashlib.sha256(text.encode()).hexdigest()[:16]
