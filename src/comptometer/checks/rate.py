"""The peak on which a stated figure rests: dense, or sparse, or with 16-bit accumulation."""

from __future__ import annotations

from collections.abc import Iterator

from comptometer import text
from comptometer.account import Account
from comptometer.checks import Case, Sign, rule
from comptometer.records import Peak
from comptometer.sanity import UTILIZATION_RANGE

CLOSE = 0.03
PLAUSIBLE = 0.15, 0.75  # of a utilization at the right peak


def _others(account: Account) -> list[Peak]:
    """Rates of the chip that no figure should rest on."""
    return [
        peak
        for chip in account.records
        for peak in chip.peaks
        if peak.precision in {"fp16", "bf16"} and (peak.sparse or peak.accumulate == "fp16")
    ]


def _word(peak: Peak) -> str:
    accumulate = " with 16-bit accumulation" if peak.accumulate == "fp16" else ""
    return f"the {'sparse ' if peak.sparse else ''}{peak.precision} rate{accumulate}"


@rule(
    "peak-of-figure",
    severity="warning",
    looks_at="stated compute over the machines' time that is right only at the sparse rate, or at the one with 16-bit "
    "accumulation",
    settles="which peak the figure was worked out with",
)
def peak_of_figure(case: Case) -> Iterator[Sign]:
    """Twice the dense peak, and twice the FLOP."""
    account = case.account
    shares = account.share(account.compute)
    if shares is None or account.rates is None or account.base_models or not account.compute or not account.time:
        return
    if len({*account.rates}) > 1 and not account.mfu:
        return  # which dense rate is meant is open already
    rate = account.rates[1]
    reported = account.mfu if account.mfu and account.mfu <= 1 else None
    for peak in _others(account):
        corrected = shares[0] * rate / peak.value
        if peak.value < 1.2 * rate:
            continue
        exact = reported is not None and abs(corrected / reported - 1) < CLOSE
        implausible = shares[0] > UTILIZATION_RANGE[1] and PLAUSIBLE[0] <= corrected <= PLAUSIBLE[1]
        if exact or (implausible and reported is None):
            yield Sign(
                text=f"the stated compute is {text.percent(shares[0])} of the dense peak over the time, and "
                f"{text.percent(corrected)} of {_word(peak)}" + (", as is reported" if exact else ""),
                numbers={"utilization": shares[0], "corrected": corrected, "dense": rate, "other": peak.value},
                about=("compute", "chip_hours", "chips", "hours"),
                factor=rate / peak.value,
                severity="error" if exact else "warning",
            )
            return
