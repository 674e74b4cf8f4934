"""Stages that learn from a fixed set of data: pre-training and what follows it, supervised fine-tuning, distillation.

Length and batch may grow (`schedule`), a model may be pruned or replaced on the way, and sequences may hold several
documents that do not see one another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from comptometer import text
from comptometer.errors import UsageError
from comptometer.ops import OpCount
from comptometer.scenarios import Amount, Job, Length, Pass, StageTable, kind


class Documents(BaseModel):
    """Documents of one length, and their share of all documents."""

    model_config = ConfigDict(extra="forbid", strict=True)
    length: Length
    share: Annotated[float, Field(gt=0)] = 1.0


class TrainingTable(StageTable):
    """How much is seen, and how it is packed.

    Attributes:
        tokens: seen in all, if `epochs` is 1; or `examples`, or `steps` of `batch` sequences.
        epochs: how often.
        documents: lengths of the documents that are packed into sequences and do not see one another.
        mask_skipped: does the kernel leave out what the mask of documents forbids? Else it is executed.
        schedule: phases, each with the keys in which it differs.
    """

    tokens: Amount | None = None
    examples: Amount | None = None
    steps: Amount | None = None
    batch: Amount | None = None
    epochs: Annotated[float, Field(gt=0)] | int = 1
    documents: list[Documents] = Field(default_factory=list)
    mask_skipped: bool = True
    schedule: list[dict[str, Any]] = Field(default_factory=list)


class DistillationTable(TrainingTable):
    """A teacher whose outputs are learnt.

    Attributes:
        teacher: the model that is asked.
        cached_logits: were its outputs kept from before? Then it costs nothing here.
    """

    teacher: str
    cached_logits: bool = False


@kind("pretrain", "midtrain", "continued-pretrain", "sft", "reward-train", "other-capability", table=TrainingTable)
def training(table: TrainingTable, job: Job) -> Iterator[Pass]:
    """Forward and backward on everything that is seen."""
    for phase, part in phases(table, job):
        yield from _trained(phase, part, table.kind)


@kind("distillation", table=DistillationTable)
def distillation(table: DistillationTable, job: Job) -> Iterator[Pass]:
    """The student's training, and the teacher's forward pass on the same tokens unless its outputs were kept."""
    for phase, part in phases(table, job):
        passes = list(_trained(phase, part, "sft"))
        yield from passes
        if not table.cached_logits:
            for length, number in _pieces(phase, part):
                found = part.count(table.teacher, length=length)
                yield part.forward("teacher", "teacher-forward", found, number)


def phases(table: TrainingTable, job: Job) -> Iterator[tuple[TrainingTable, Job]]:
    """The stage itself, or each phase of its schedule.

    Raises:
        UsageError: a phase with keys that cannot be.
    """
    if not table.schedule:
        yield table, job
        return
    own = {key: value for key, value in table.model_dump(exclude_unset=True).items() if key != "schedule"}
    for at, changes in enumerate(table.schedule, 1):
        try:
            merged = type(table).model_validate({**own, **changes})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise UsageError(f"schedule[{at}].{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        yield merged, job.changed(merged)


def _trained(table: TrainingTable, job: Job, activity: str) -> Iterator[Pass]:
    dense = job.count(trained=True)
    words = _words(table, dense)
    if not table.documents:
        yield job.trained(words, activity, dense, sequences(table, dense))
        return
    parts = [
        job.trained(words, activity, job.count(length=length, trained=True), number)
        for length, number in _pieces(table, job)
    ]
    across = job.trained(words, activity, dense, sequences(table, dense))
    masked = sum((part.model_flop for part in parts), Fraction())
    skipped = sum((part.hardware_flop for part in parts), Fraction())
    yield replace(
        across,
        model_flop=masked,
        hardware_flop=skipped if table.mask_skipped else across.hardware_flop,
        notes=[
            *across.notes,
            f"documents masked apart: {text.number(float(masked), 4)} FLOP; attending across them would be "
            f"{text.number(float(across.model_flop), 4)}",
        ],
    )


def _words(table: TrainingTable, found: OpCount) -> str:
    length = f"{found.sequence_length} tokens" if found.tokens else "examples"
    part = f", only {' and '.join(table.modules)}" if table.modules else ""
    return f"training, {length}{part}" + (f", {table.density:.0%} of the weights" if table.density < 1 else "")


def sequences(table: TrainingTable, found: OpCount) -> Fraction:
    """How many sequences (or examples) pass through the model.

    Raises:
        UsageError: nothing says how much is seen, or several keys do.
    """
    said = [key for key in ("tokens", "examples", "steps") if getattr(table, key) is not None]
    if len(said) != 1:
        found_keys = " and ".join(said) or "none of them"
        raise UsageError(f"needs one of tokens, examples, steps (with batch), got {found_keys}")
    epochs = Fraction(str(table.epochs))
    if table.tokens is not None:
        if found.tokens is None:
            raise UsageError("tokens: this model reads none; say examples")
        return epochs * Fraction(table.tokens, found.tokens // found.batch)
    if table.examples is not None:
        return epochs * table.examples
    if table.batch is None:
        raise UsageError("steps: needs batch, the sequences in each step")
    return epochs * table.steps * table.batch  # type: ignore[operator]


def _pieces(table: TrainingTable, job: Job) -> list[tuple[int | None, Fraction]]:
    """Lengths that pass through the model on their own, and how many of each.

    A document longer than a sequence is cut into whole sequences and a rest.
    """
    dense = job.count()
    number = sequences(table, dense)
    if not table.documents:
        return [(None, number)]
    if dense.sequence_length is None or dense.tokens is None:
        raise UsageError("documents: this model reads no tokens")
    tokens = number * dense.sequence_length
    lengths = _cut(table.documents, dense.sequence_length)
    mean = sum(length * share for length, share in lengths.items())
    return [(length, tokens * share / mean) for length, share in lengths.items()]


def _cut(documents: Sequence[Documents], most: int) -> Counter[int]:
    lengths: Counter[int] = Counter()
    for document in documents:
        whole, rest = divmod(document.length, most)
        share = Fraction(str(document.share))
        if whole:
            lengths[most] += whole * share  # type: ignore[assignment]
        if rest:
            lengths[rest] += share  # type: ignore[assignment]
    return lengths
