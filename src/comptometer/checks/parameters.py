"""Parameters: counted, stated, and in the name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from comptometer import text
from comptometer.checks import Case, Sign, rule

_SIZE = re.compile(r"(?<![\w.])(?P<number>\d+(?:\.\d+)?)\s?(?P<unit>[MBT])(?![\w.])")
_POWERS = {"M": 1e6, "B": 1e9, "T": 1e12}
APART = 1.3


@rule(
    "parameter-closure",
    severity="error",
    looks_at="parameters of the counted architecture against those stated: within 2%",
    settles="the configuration that was trained",
)
def parameter_closure(case: Case) -> Iterator[Sign]:
    """Another model was counted."""
    for finding in case.entry.findings if case.entry else ():
        if finding.id == "parameter-closure":
            yield Sign(
                text=finding.text, numbers=finding.numbers, about=("parameters",), factor=finding.numbers["ratio"]
            )


@rule(
    "size-in-name",
    severity="warning",
    looks_at="parameters against the one size that the model's name gives",
    settles="the number of parameters in the source",
)
def size_in_name(case: Case) -> Iterator[Sign]:
    """A model called 70B with 7e9 parameters."""
    account = case.account
    named = [float(m["number"]) * _POWERS[m["unit"]] for m in _SIZE.finditer(account.name)]
    if len(named) != 1 or not account.parameters or account.experts:  # experts are named after one of them
        return
    of_data = any(_SIZE.search(name) for name in (case.row.dataset if case.row else ()))
    stated = [size for size in (account.parameters, account.active_parameters) if size]
    if of_data or any(abs(math.log(size / named[0])) < math.log(APART) for size in stated):
        return
    yield Sign(
        text=f"the name says {text.number(named[0])} parameters, {text.number(account.parameters)} are stated",
        numbers={"named": named[0], "parameters": account.parameters, "ratio": account.parameters / named[0]},
        about=("parameters", "name"),
        factor=named[0] / account.parameters,
    )
