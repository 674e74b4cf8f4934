"""Models that were built on another: what is theirs, and what is the base's?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from comptometer import text
from comptometer.bulk import LEAST_INCREMENT
from comptometer.checks import Case, Severity, Sign, rule
from comptometer.sanity import UTILIZATION_RANGE
from comptometer.sources import name_key

FAR = 2.0  # stated over counted, from where on the base is in it
SLACK = timedelta(days=31)  # between two dates of which each may be that of an announcement


@rule(
    "base-model-counted",
    severity="warning",
    looks_at="compute of a model with a base model, of which the increment is not given, against its own machines' "
    "time, and against its own data",
    settles="what was spent on top of the base model",
)
def base_model_counted(case: Case) -> Iterator[Sign]:
    """The base model's compute stands beside the hours, or the data, of the fine-tuning."""
    account = case.account
    if not account.base_models or not account.compute or (account.increment or 0) >= LEAST_INCREMENT:
        return
    worst: Severity = "error" if case.row is None else "warning"  # a table's figure is the sum, by its convention
    base = ", ".join(account.base_models)
    if (shares := account.share(account.compute)) and shares[0] > UTILIZATION_RANGE[1]:
        yield Sign(
            text=f"the stated compute is {text.number(shares[0])} times what the machines could do in the stated time: "
            f"it holds that of {base}",
            numbers={"compute": account.compute, "chip_hours": account.time or 0.0, "utilization": shares[0]},
            about=("compute", "increment", "chip_hours", "chips", "hours"),
            severity=worst,
        )
    elif account.count and account.compute / account.count > FAR:
        yield Sign(
            text=f"the stated compute is {text.number(account.compute / account.count)} times the count of the stated "
            f"data: it holds that of {base}",
            numbers={"compute": account.compute, "count": account.count, "ratio": account.compute / account.count},
            about=("compute", "increment", "size"),
            severity=worst,
        )


@rule(
    "lost-exponent",
    severity="error",
    looks_at="fine-tuning compute below 1e12 FLOP",
    settles="the figure at its source: its power of ten is lost",
)
def lost_exponent(case: Case) -> Iterator[Sign]:
    """A cell that holds 4 where 4e23 was meant."""
    increment = case.account.increment
    if increment is not None and 0 < increment < LEAST_INCREMENT:
        yield Sign(
            text=f"fine-tuning compute of {text.exact(increment)} FLOP has lost its power of ten",
            numbers={"increment": increment},
            about=("increment",),
        )


@rule(
    "base-model-later",
    severity="warning",
    looks_at="a base model that came out more than a month after what is built on it",
    settles="both dates, and which base model is meant",
)
def base_model_later(case: Case) -> Iterator[Sign]:
    """A wrong date, or a wrong name."""
    published = case.account.published
    if published is None or case.company is None:
        return
    for name in case.account.base_models:
        model_id = case.company.names.get(name_key(name))
        base = case.company.of_id(model_id) if model_id else None
        row = base.row if base else None
        if row is not None and row.published is not None and row.published > published + SLACK:
            yield Sign(
                text=f"built on {row.model}, which came out on {row.published}, after {published}",
                numbers={"days": float((row.published - published).days)},
                about=("base_models", "published"),
            )
