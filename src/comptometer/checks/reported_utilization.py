"""The utilization that is reported, against the one that count and machines' time imply."""

from __future__ import annotations

from collections.abc import Iterator

from comptometer import text
from comptometer.account import Account
from comptometer.checks import Case, Sign, rule

RECOMPUTED = 4 / 3  # hardware FLOP over model FLOP under full activation recomputation
RATIOS = 1.2, 1.65  # reported over implied: 4/3, with a goodput from 1 down to 0.85, and a tenth of slack
HARDWARE_FLOP_YEARS = range(2019, 2024)  # when TFLOP/s per GPU counted what was recomputed
BEFORE_SELECTIVE = range(2019, 2023)  # when a large model could not be trained on GPUs without full recomputation
LARGE = 1e10  # parameters


@rule(
    "percent-as-share",
    severity="error",
    looks_at="a reported utilization above 1",
    settles="the source: is it a percentage?",
)
def percent_as_share(case: Case) -> Iterator[Sign]:
    """A share of the peak cannot be above one."""
    for name, share in (("mfu", case.account.mfu), ("hfu", case.account.hfu)):
        if share is not None and share > 1:
            yield Sign(
                text=f"{name.upper()} {text.exact(share)} is no share of a peak; as a percentage it is "
                f"{text.exact(share / 100)}",
                numbers={name: share},
                about=(name,),
                factor=0.01,
            )


def _ratio(account: Account) -> float | None:
    """Reported MFU over the implied utilization, where both are known, and count and hours are of one job."""
    if not account.mfu or account.mfu > 1 or account.hfu or account.implied is None or account.base_models:
        return None
    return account.mfu / account.implied[0] if account.counted_from != "images" else None


def _on_gpus(account: Account) -> bool:
    return bool(account.records) and all(chip.kind == "gpu" for chip in account.records)


@rule(
    "hfu-as-mfu",
    severity="warning",
    looks_at="a reported MFU about 4/3 of the implied utilization, on GPUs from 2019 to 2023; or, as a note, one of a "
    "large model from before selective recomputation",
    settles="whether activations were recomputed, and whether the reported FLOP/s count it",
)
def hfu_as_mfu(case: Case) -> Iterator[Sign]:
    """Papers of these years count the recomputed forward pass in their TFLOP/s per GPU."""
    account = case.account
    if account.published is None or not account.language or not account.mfu or account.mfu > 1 or account.hfu:
        return
    ratio, year = _ratio(account), account.published.year
    if ratio is not None and _on_gpus(account) and year in HARDWARE_FLOP_YEARS and RATIOS[0] <= ratio <= RATIOS[1]:
        implied = account.implied[0] if account.implied else 0.0
        yield Sign(
            text=f"the reported MFU of {text.percent(account.mfu, 3)} is {text.number(ratio)} times the "
            f"{text.percent(implied)} that count and machines' time imply: HFU, with recomputation?",
            numbers={"mfu": account.mfu, "implied": implied, "ratio": ratio},
            about=("mfu",),
            factor=1 / RECOMPUTED,
        )
    elif ratio is None and not account.records and year in BEFORE_SELECTIVE and (account.parameters or 0) >= LARGE:
        yield Sign(
            text=f"the reported MFU of {text.percent(account.mfu, 3)} is of a model that could only be trained with "
            f"recomputed activations in {year}, and nothing says that they are not counted",
            numbers={"mfu": account.mfu, "parameters": account.parameters or 0.0},
            about=("mfu", "parameters"),
            factor=1 / RECOMPUTED,
            severity="note",
        )


@rule(
    "ramped-chips",
    severity="warning",
    looks_at="a reported MFU 1.2 to 1.65 times what chips × hours imply, outside the years of HFU",
    settles="a log of the chips in use over time",
)
def ramped_chips(case: Case) -> Iterator[Sign]:
    """The size of the cluster is given, not the mean number of chips in use; or the hours hold more than the job."""
    account, ratio = case.account, _ratio(case.account)
    if ratio is None or account.published is None or not account.product or not account.implied:
        return
    same_time = account.chip_hours is None or abs(account.chip_hours / account.product - 1) < 0.01
    of_hfu = _on_gpus(account) and account.published.year in HARDWARE_FLOP_YEARS
    if same_time and not of_hfu and RATIOS[0] <= ratio <= RATIOS[1]:
        yield Sign(
            text=f"chips × hours imply {text.percent(account.implied[0])}, the reported MFU is "
            f"{text.percent(account.mfu or 0)}: fewer chips on average, or idle time in the hours?",
            numbers={"mfu": account.mfu or 0.0, "implied": account.implied[0], "ratio": ratio},
            about=("chips", "hours", "mfu"),
            factor=1 / ratio,
        )
