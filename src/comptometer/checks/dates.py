"""Dates that cannot be."""

from __future__ import annotations

from collections.abc import Iterator

from comptometer.checks import Case, Sign, rule


@rule(
    "chip-after-model",
    severity="error",
    looks_at="a chip that was announced, or could be had, only after the model was published",
    settles="which chip the source names, and both dates",
)
def chip_after_model(case: Case) -> Iterator[Sign]:
    """An error before the announcement; before the first sale a note, since some get a chip earlier."""
    published = case.account.published
    if published is None or not case.account.records:
        return
    announced = [chip.announced or chip.available for chip in case.account.records]
    available = [chip.available or chip.announced for chip in case.account.records]
    name = case.account.records[0].name
    known = [day for day in announced if day]
    sold = [day for day in available if day]
    if len(known) == len(announced) and known and min(known) > published:
        own = case.account.records[0].kind == "tpu"  # its maker has it first
        yield Sign(
            text=f"published on {published}; {name} was announced on {min(known)}",
            numbers={"days": float((min(known) - published).days)},
            about=("hardware", "published", "chips"),
            severity="note" if own else "error",
        )
    elif len(sold) == len(available) and sold and min(sold) > published:
        yield Sign(
            text=f"published on {published}; {name} could be had from {min(sold)}",
            numbers={"days": float((min(sold) - published).days)},
            about=("hardware", "published", "chips"),
            severity="note",
        )


@rule(
    "no-date",
    severity="note",
    looks_at="a model without a date of publication",
    settles="the source",
)
def no_date(case: Case) -> Iterator[Sign]:
    """No trend can use it, and no rule that depends on the year."""
    if case.account.published is None:
        yield Sign(text="has no date of publication", about=("published",))
