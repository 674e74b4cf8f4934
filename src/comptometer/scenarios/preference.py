"""Direct preference optimisation (Rafailov et al. 2023): two answers to a prompt, of which one is preferred."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from comptometer.scenarios import Amount, Job, Length, Pass, StageTable, kind


class PreferenceTable(StageTable):
    """Pairs of answers.

    Attributes:
        pairs: of answers.
        prompt_length: tokens before each answer.
        answer_length: tokens of each answer.
        epochs: how often each pair is seen.
        reference: the model that the trained one is held to; the trained one before training unless given.
        cached_reference: are its probabilities computed once and kept, however often a pair is seen?
    """

    pairs: Amount
    prompt_length: Length
    answer_length: Length
    epochs: Annotated[int, Field(ge=1)] = 1
    reference: str | None = None
    cached_reference: bool = False


@kind("dpo", table=PreferenceTable)
def preference(table: PreferenceTable, job: Job) -> Iterator[Pass]:
    """Forward and backward on both answers, and the reference's forward pass on both."""
    length = table.prompt_length + table.answer_length
    answers = Fraction(2 * table.pairs)
    yield job.trained(
        f"both answers, {length} tokens", "preference", job.count(length=length, trained=True), answers * table.epochs
    )
    times = 1 if table.cached_reference else table.epochs
    yield job.forward("reference", "preference", job.count(table.reference, length=length), answers * times)
