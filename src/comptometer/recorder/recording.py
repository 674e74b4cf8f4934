"""`comptometer.Recorder`: what a training loop says of itself, as it goes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, get_args

from comptometer.errors import UsageError
from comptometer.ops import Attention
from comptometer.recorder.ending import Ending
from comptometer.recorder.energy import joules
from comptometer.recorder.identity import Identity, identity
from comptometer.recorder.lines import SCHEMA
from comptometer.recorder.passes import Passes
from comptometer.recorder.peak import Device
from comptometer.recorder.peak import device as found_device
from comptometer.recorder.segment import Segment
from comptometer.recorder.shape_buckets import Buckets, Counter, bucket
from comptometer.recorder.tally import Tally
from comptometer.recorder.watching import watched
from comptometer.recorder.window import Excluded, Step
from comptometer.recorder.writer import Event, Writer

Scope = Literal["rank", "global"]
LONGEST_WAIT = 5.0  # seconds for a disk that does not answer, at checkpoints and at the end
now = time.perf_counter_ns


class Recorder:
    """Records steps, FLOP, tokens and time of a training loop, for `comptometer ledger import recorder`.

    The FLOP of a step are counted once for each set of shapes, by `comptometer.count`, and added from then on. Lines
    are written by a thread of their own, each with a checksum, and flushed to the disk about once a second. Nothing
    that goes wrong after it was made reaches the loop: it is counted, and written down.

    Args:
        folder: of the run; every process of every start adds a file of its own.
        model: a PyTorch module (or what `counter` takes), to count steps of which inputs are given.
        run: the id of the run, the same after restarts; the folder remembers one unless given.
        name: of the model, and `stage` of the training, for sums by model and stage.
        step: how many steps were done before, for a start that does not resume through `load_state_dict`.
        scope: does a step say what this process did (`rank`: processes are added), or all (`global`: rank 0 counts)?
        device: name of the chip; what the driver says unless given. On no record: no MFU.
        chips: that this process stands for: with `global` all, unless given.
        precision: format of the multiplications (`bf16`); that of the parameters where they are bf16 or fp16.
        counter: counts `(model, inputs)` in place of `comptometer.count`: an `OpCount`, or FLOP.
        attention: the convention of the count; `causal` counts the pairs that the mask keeps.
        rank, world_size: what the environment says (torchrun, Slurm) unless given.
        interval: seconds between windows; what a killed process can lose.
        summary: say one line at the end, on standard error, from rank 0.

    Raises:
        UsageError: a scope, interval or number that cannot be, or a folder that cannot be written to.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        model: Any = None,
        *,
        run: str | None = None,
        name: str = "",
        stage: str = "",
        step: int = 0,
        scope: Scope = "rank",
        device: str | None = None,
        chips: int | None = None,
        precision: str | None = None,
        counter: Counter | None = None,
        attention: Attention = "full",
        rank: int | None = None,
        world_size: int | None = None,
        interval: float = 0.9,
        summary: bool = True,
    ) -> None:
        _check(scope, interval, step, chips)
        self.folder = Path(folder)
        self.identity, segment = _made(self.folder, run, rank, world_size)
        self.step_number = step
        self._summary = summary
        self._pid = os.getpid()
        self._closed = False
        self.current: Passes | None = None  # the step that is under way
        self._buckets = Buckets(model, counter, attention)
        self._device: Device = found_device(device, precision, model)
        self.chips = chips or (self.identity.world_size if scope == "global" else 1)
        self._tally = Tally(self._device.peak, self.chips, joules(self._device.uuid))
        self._writer = Writer(segment, self._tally.note, interval)
        self.path = segment.path
        self._put = self._writer.put
        self._put(Event("open", self._opening(name, stage, scope, step)))
        self._writer.flush(LONGEST_WAIT)
        self._ending = Ending(self.close)

    @property
    def run_id(self) -> str:
        """The same after every restart."""
        return self.identity.run_id

    @property
    def attempt_id(self) -> str:
        """Of this process."""
        return self.identity.attempt_id

    def _opening(self, name: str, stage: str, scope: Scope, step: int) -> dict[str, Any]:
        who, on = self.identity, self._device
        return {
            "schema": SCHEMA, "run_id": who.run_id, "attempt_id": who.attempt_id, "launch": who.launch,
            "rank": who.rank, "world_size": who.world_size, "node": who.node, "scheduler": dict(who.scheduler),
            "model": name, "stage": stage, "scope": scope, "step": step, "chips": self.chips,
            "estimator": self._buckets.estimator, "device": on.name, "device_uuid": on.uuid, "chip": on.chip,
            "precision": on.precision, "peak_flop_per_second": on.peak, "peak_source": on.source, "no_mfu": on.why,
        }  # fmt: skip

    # A step

    def step(
        self,
        inputs: Any = None,
        *,
        tokens: int = 0,
        padded_tokens: int = 0,
        samples: int = 0,
        flop: int | None = None,
        number: int | None = None,
    ) -> Passes:
        """A context around one update of the weights; only one that ends without an exception counts.

        Args:
            inputs: of the model, in this step's one forward and backward pass: their shapes decide its FLOP. For
                several passes, call `add` of what `with` gives for each.
            tokens: without padding; `padded_tokens` with it, `tokens` unless given.
            samples: examples.
            flop: of the pass, where the loop knows better.
            number: of the step; one more than the last unless given. Another number is a rewind.
        """
        passes = Passes(self, number)
        if inputs is not None or tokens or samples or flop is not None:
            passes.add(inputs, tokens=tokens, padded_tokens=padded_tokens, samples=samples, flop=flop)
        return passes

    def watch(self, model: Any) -> Callable[[], None]:
        """Take the inputs of steps from the calls of a module while it trains; what is returned ends it.

        The module is the one inside of what wraps it for several devices. Then `step()` needs no inputs.
        """
        self._buckets.model = model if self._buckets.model is None else self._buckets.model
        return watched(self, model)

    def cost(self, inputs: Any) -> tuple[int, int]:
        """FLOP of a pass over inputs of such shapes: of the model, and of the hardware; below 0 if not known."""
        key, known = bucket(inputs), self._buckets.known
        if key in known:
            return known[key]
        began = now()
        cost = self._buckets.count(key, inputs)
        self._put(Excluded("count", began, now() - began))
        self._put(Event("bucket", {"shapes": repr(key)[:1000], "model_flop": cost.model,
                                   "hardware_flop": cost.hardware, "notes": self._buckets.problems[-3:]}))  # fmt: skip
        return cost

    def done(self, done: Passes, ended: int) -> None:
        """A step came to its end."""
        if self._closed:
            return
        number = self.step_number + 1 if done.number is None else done.number
        if number != self.step_number + 1:
            self.rewind(number - 1)
        self.step_number = number
        if self._writer.overfull():
            self._writer.lost_steps += 1
            return
        self._put(
            Step(number, done.started, ended, done.model_flop, done.hardware_flop, done.tokens, done.padded_tokens,
                 done.samples, done.micro_steps)
        )  # fmt: skip

    # Besides steps

    @contextmanager
    def excluded(self, why: str) -> Iterator[None]:
        """A context of what is no training: `evaluation`, `checkpoint`, …; its seconds are in no rate."""
        began = now()
        try:
            yield
        finally:
            self.exclude(why, began)

    def exclude(self, why: str, began: int) -> None:
        """What has passed since a reading of `time.perf_counter_ns` was no training."""
        self._put(Excluded(str(why), began, now() - began))

    @contextmanager
    def checkpoint(self) -> Iterator[None]:
        """A context around the saving of weights: committed where it ends without an exception.

        What the weights hold is on the disk before they are: no checkpoint ever has a step that was not recorded.
        """
        self._writer.flush(LONGEST_WAIT)
        with self.excluded("checkpoint"):
            yield
        self.saved()

    def saved(self, step: int | None = None) -> None:
        """A checkpoint of this step is whole on the disk; waits until that is written down too."""
        at = self.step_number if step is None else step
        self._put(Event("checkpoint", {"step": at, "committed": True}))
        self._writer.flush(LONGEST_WAIT)

    def rewind(self, step: int) -> None:
        """The loop goes on from an earlier step, or from a later one whose steps somebody else did."""
        self._put(Event("rewind", {"from_step": self.step_number, "to_step": step}))
        self.step_number = step

    def membership(self, world_size: int) -> None:
        """The number of processes is another one from here on."""
        self._put(Event("membership", {"world_size": world_size}))

    def state_dict(self) -> dict[str, Any]:
        """What to save with a checkpoint."""
        return {"run_id": self.run_id, "attempt_id": self.attempt_id, "step": self.step_number}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        step, parent = state.get("step"), state.get("attempt_id")
        if isinstance(step, int):
            said = {"from_step": self.step_number, "to_step": step, "parent_attempt_id": parent}
            self._put(Event("rewind", said))
            self.step_number = step

    # What is known so far

    @property
    def mfu(self) -> float | None:
        """Model FLOP over peak of the time since the start, excluded seconds left out; None without a peak.

        Steps of the last second may be missing.
        """
        return self._tally.mfu

    @property
    def hfu(self) -> float | None:
        """The same of what the hardware did, recomputation included."""
        return self._tally.hfu

    @property
    def model_flop(self) -> int:
        """Counted so far, in windows that are written."""
        return self._tally.model_flop

    def line(self) -> str:
        """What there is to say in one line."""
        return f"{self.run_id} {self._tally}" + (f"; no MFU: {self._device.why}" if self._device.why else "")

    # The end

    def close(self, reason: str = "completed") -> None:
        """Write the end, once; later calls do nothing."""
        if self._closed or os.getpid() != self._pid:
            return
        self._closed = True
        self._put(Event("close", {"reason": reason, "step": self.step_number}))
        self._writer.flush(LONGEST_WAIT, last=True)
        self._ending.release()
        if self._summary and self.identity.rank == 0:
            with suppress(Exception):  # a stream that is closed, or in use when a signal came
                sys.stderr.write(f"comptometer: {self.line()}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close("completed" if kind is None else f"error: {kind.__name__}")


def _check(scope: str, interval: float, step: int, chips: int | None) -> None:
    if scope not in get_args(Scope):
        raise UsageError(f"scope: {scope!r} is not one of {', '.join(get_args(Scope))}")
    if not 0.001 <= interval <= 3600:
        raise UsageError(f"interval: {interval:g} s is not between 0.001 and 3600")
    if step < 0 or (chips is not None and chips < 1):
        raise UsageError("step, chips: whole numbers are wanted, chips from 1")


def _made(folder: Path, run: str | None, rank: int | None, world_size: int | None) -> tuple[Identity, Segment]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        who = identity(folder, run, rank, world_size)
        return who, Segment(folder, f"{who.attempt_id}-{who.rank:06d}")
    except OSError as error:
        raise UsageError(f"folder: {folder} cannot be written to: {error.strerror or error}") from None
