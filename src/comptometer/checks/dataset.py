"""Is the size of the dataset a number of tokens?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from comptometer import text
from comptometer.account import Account
from comptometer.bulk import PASSES
from comptometer.checks import Case, Sign, rule

LEAST = 5.0  # tokens per parameter
SINCE = 2020
AGREES = 3.0  # stated compute within this of six per parameter and token: then they are tokens
SMALL = 1e8  # parameters: below, few datapoints may be all there are
TOKENS = frozenset({"tokens", "words", "characters", "bytes", ""})


def _bears_out(account: Account, tokens: float) -> bool | None:
    """Does the stated compute say that these are tokens? Nothing where there is none to compare."""
    used = account.active_parameters or account.parameters
    if not account.compute or not used:
        return None
    return abs(math.log(account.compute / (PASSES * used * tokens))) < math.log(AGREES)


@rule(
    "tokens-per-parameter",
    severity="warning",
    looks_at="a language model since 2020 with fewer than five datapoints per parameter, or with pairs or images for "
    "datapoints; not where the stated compute bears out that they are tokens",
    settles="what the size of the dataset counts, and how many tokens one has",
)
def tokens_per_parameter(case: Case) -> Iterator[Sign]:
    """Pairs, images or documents, and not tokens."""
    account = case.account
    if account.published is None or account.published.year < SINCE or not account.language or account.base_models:
        return
    size, parameters = account.size, account.active_parameters or account.parameters
    mixed = account.experts and not account.active_parameters
    if not size or not parameters or parameters < SMALL or mixed:
        return
    seen = account.tokens or size * (account.epochs or 1.0)
    few, other = seen / parameters < LEAST, account.unit not in TOKENS
    borne_out = _bears_out(account, seen)
    if borne_out or not (few or other) or (borne_out is None and case.row is None):
        return  # a dossier's tokens are tokens, unless its compute says otherwise
    what = account.unit or "datapoints"
    yield Sign(
        text=f"{text.number(seen)} {what} for {text.number(parameters)} parameters "
        f"({text.number(seen / parameters, 2)} each): are these tokens?",
        numbers={"datapoints": seen, "parameters": parameters, "per_parameter": seen / parameters},
        about=("size", "parameters", "compute"),
        severity="note" if borne_out is None else "warning",
    )
