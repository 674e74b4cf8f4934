"""The compute that is stated, against six operations for each parameter and token."""

from __future__ import annotations

import math
from collections.abc import Iterator

from comptometer import text
from comptometer.account import Account
from comptometer.bulk import PASSES, WORDS_PER_TOKEN
from comptometer.checks import Case, Sign, rule
from comptometer.hypotheses import NOTICEABLE

RECOMPUTED = 1.25, 1.45  # stated over counted: 4/3 within 9%
HARDWARE_FLOP_YEARS = range(2019, 2024)
FAR = 3.0
CLOSE = 0.1


def _ratio(account: Account) -> float | None:
    """Stated over counted, where both are of the whole job and the count is one of text."""
    if not account.compute or not account.count or account.counted_from == "images" or account.base_models:
        return None
    return account.compute / account.count


def _explained(case: Case, ratio: float) -> bool:
    """Does another rule of this file say what is wrong?"""
    return bool([*_epochs(case.account, ratio), *_words(case.account)])


@rule(
    "hardware-flop",
    severity="warning",
    looks_at="stated compute about 4/3 of the count, from 2019 to 2023",
    settles="whether the stated FLOP hold recomputed activations",
)
def hardware_flop(case: Case) -> Iterator[Sign]:
    """Hardware FLOP beside the model FLOP of others."""
    account, ratio = case.account, _ratio(case.account)
    stated = case.evidence.best("compute")
    said = case.row is None and stated is not None and stated.tag == "hardware"
    if ratio is None or said or account.published is None or not account.language:
        return
    if account.published.year in HARDWARE_FLOP_YEARS and RECOMPUTED[0] <= ratio <= RECOMPUTED[1]:
        yield Sign(
            text=f"the stated compute is {text.number(ratio)} times the count: hardware FLOP, with recomputation?",
            numbers={"compute": account.compute or 0.0, "count": account.count or 0.0, "ratio": ratio},
            about=("compute",),
            factor=3 / 4,
        )


def _epochs(account: Account, ratio: float) -> Iterator[tuple[str, float]]:
    epochs = account.epochs
    if epochs and epochs > NOTICEABLE and account.counted_from == "tokens":
        if abs(ratio * epochs - 1) < CLOSE:
            yield f"the {text.number(epochs)} epochs are not in the stated compute", epochs
        elif abs(ratio / epochs - 1) < CLOSE:
            yield f"the {text.number(epochs)} epochs are counted twice in the stated compute", 1 / epochs


@rule(
    "epochs",
    severity="warning",
    looks_at="stated compute off by the number of epochs, or its inverse, from the count",
    settles="whether the dataset's size is of one epoch",
)
def epochs(case: Case) -> Iterator[Sign]:
    """Epochs counted twice, or not at all."""
    account, ratio = case.account, _ratio(case.account)
    for said, factor in _epochs(account, ratio) if ratio else ():
        yield Sign(
            text=f"{said}: it is {text.number(ratio or 0)} times the count",
            numbers={"compute": account.compute or 0.0, "count": account.count or 0.0, "epochs": account.epochs or 0.0},
            about=("compute", "epochs", "size"),
            factor=factor,
        )


def _words(account: Account) -> Iterator[float]:
    """Six operations for each parameter and word, where that is what is stated."""
    used = account.active_parameters or account.parameters
    if account.unit == "words" and account.size and used and account.compute:
        as_if = PASSES * used * account.size * (account.epochs or 1.0)
        if abs(account.compute / as_if - 1) < 0.02:
            yield as_if


@rule(
    "words-as-tokens",
    severity="warning",
    looks_at="stated compute of six for each parameter and word, where the dataset counts words",
    settles="the tokenizer's tokens per word",
)
def words_as_tokens(case: Case) -> Iterator[Sign]:
    """Operations are spent on tokens, of which a word has about 1.33."""
    for as_if in _words(case.account):
        yield Sign(
            text=f"the stated compute is 6 × parameters × words; with tokens it is {text.number(1 / WORDS_PER_TOKEN)} "
            "times that",
            numbers={"compute": case.account.compute or 0.0, "six_per_word": as_if},
            about=("compute", "size"),
            factor=1 / WORDS_PER_TOKEN,
        )


@rule(
    "stated-and-counted",
    severity="warning",
    looks_at="stated compute of a language model more than three times the count, or less than a third of it",
    settles="what the stated compute and the size of the dataset are about",
)
def stated_and_counted(case: Case) -> Iterator[Sign]:
    """Far apart, and no other rule says why."""
    account, ratio = case.account, _ratio(case.account)
    if ratio is None or not account.language or abs(math.log(ratio)) <= math.log(FAR) or _explained(case, ratio):
        return
    yield Sign(
        text=f"the stated compute is {text.number(ratio)} times the count",
        numbers={"compute": account.compute or 0.0, "count": account.count or 0.0, "ratio": ratio},
        about=("compute", "size", "epochs"),
        factor=1 / ratio,
    )
