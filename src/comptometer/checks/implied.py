"""The utilization that a count, or a stated figure, and the machines' time imply."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from comptometer import text
from comptometer.account import Account
from comptometer.checks import Case, Sign, rule
from comptometer.derivation import utilization_class
from comptometer.sanity import UTILIZATION_RANGE

FAR = 1.5  # outside the interval of its class by this, for a warning


def _amounts(account: Account) -> Iterator[tuple[str, float]]:
    """The FLOP that the machines must have done; not of a figure that holds the base model."""
    if account.count:
        yield "the count", account.count
    if account.compute and not account.base_models:
        yield "the stated compute", account.compute


@rule(
    "implied-utilization",
    severity="error",
    looks_at="FLOP, counted or stated, over chip-hours × dense peak: whole jobs lie between 5% and 75%",
    settles="chips, hours, the peak and what was counted, each at its source",
)
def implied_utilization(case: Case) -> Iterator[Sign]:
    """More than a machine can do is an error; what only no job on record has done is a warning."""
    account = case.account
    low, high = UTILIZATION_RANGE
    for what, flop in _amounts(account):
        shares = account.share(flop)
        if shares is None or (shares[0] <= high and shares[1] >= low):
            continue
        share = shares[0] if shares[0] > high else shares[1]
        yield Sign(
            text=f"{what} over the machines' time is a utilization of {text.percent(share)}; "
            f"whole jobs lie between {text.percent(low)} and {text.percent(high)}",
            numbers={"flop": flop, "chip_hours": account.time or 0.0, "utilization": share},
            about=("chip_hours", "chips", "hours", "compute", "size"),
            severity="error" if share > 1 else "warning",
        )
        return  # of two amounts that are off, the first tells


@rule(
    "unusual-utilization",
    severity="note",
    looks_at="the same, from a count, against the 80% interval of its class of chip, model and field",
    settles="chips and hours at their source, and what else ran in the job",
)
def unusual_utilization(case: Case) -> Iterator[Sign]:
    """Possible, but outside what four of five jobs of its kind reach."""
    account = case.account
    if account.implied is None or account.counted_from == "images":
        return
    low, high = UTILIZATION_RANGE
    if account.implied[0] > high or account.implied[1] < low:
        return
    kind = utilization_class(case.evidence)
    least, middle, most = map(float, kind.belief.quantile(np.array([0.1, 0.5, 0.9])))
    if account.implied[1] >= least and account.implied[0] <= most:
        return
    share = account.implied[1] if account.implied[1] < least else account.implied[0]
    yield Sign(
        text=f"count and machines' time imply a utilization of {text.percent(share)}; four of five jobs of the class "
        f"{kind.where!r} lie between {text.percent(least)} and {text.percent(most)}",
        numbers={"utilization": share, "least": least, "most": most},
        about=("chip_hours", "chips", "hours", "size"),
        factor=share / middle,
        severity="warning" if share < least / FAR or share > most * FAR else "note",
    )
