"""The utilization that is reported, against the one that count and machines' time imply."""

from __future__ import annotations

import math
from collections.abc import Iterator

from comptometer import text
from comptometer.account import Account
from comptometer.checks import Case, Sign, rule

RECOMPUTED = 4 / 3  # hardware FLOP over model FLOP under full activation recomputation
RATIOS = 1.2, 1.65  # reported over implied: 4/3, with a goodput from 1 down to 0.85, and a tenth of slack
HARDWARE_FLOP_YEARS = range(2019, 2024)  # when TFLOP/s per GPU counted what was recomputed
BEFORE_SELECTIVE = range(2019, 2023)  # when a large model could not be trained on GPUs without full recomputation
LARGE = 1e10  # parameters: no one chip of these years holds the training of more
STATE = 16  # bytes for each parameter in mixed precision with Adam: Rajbhandari et al. 2020 (ZeRO), section 3.1
TELLS = 3.0  # a count this far from the stated compute is not of the same data, and tells nothing about 4/3


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


def _is_split(account: Account) -> bool:
    """Is it too large to be trained on one chip without tricks, so that activations are recomputed as well?"""
    memory = max((chip.memory_bytes or 0 for chip in account.records), default=0)
    parameters = account.parameters or 0
    return parameters * STATE > memory if memory else parameters >= LARGE


def _borne_out(account: Account) -> bool:
    """Does compute that was not worked out from the machines give the reported MFU, and no less, over their time?"""
    shares = account.share(account.compute)
    if not shares or not account.mfu or "hardware" in account.methods:
        return False
    return account.mfu / shares[0] < RATIOS[0]


def _as_mfu(account: Account) -> Iterator[Sign]:
    """What speaks for a reported MFU being an HFU."""
    if account.published is None or not account.language or not account.mfu or account.mfu > 1 or account.hfu:
        return
    ratio, year = _ratio(account), account.published.year
    on_gpus = _on_gpus(account)
    implied = account.implied[0] if account.implied else 0.0
    said = f"the reported MFU of {text.percent(account.mfu, 3)}"
    if ratio is not None and on_gpus and year in HARDWARE_FLOP_YEARS and RATIOS[0] <= ratio <= RATIOS[1]:
        yield Sign(
            text=f"{said} is {text.number(ratio)} times the {text.percent(implied)} that count and machines' time "
            "imply: HFU, with recomputation?",
            numbers={"mfu": account.mfu, "implied": implied, "ratio": ratio},
            about=("mfu",),
            factor=1 / RECOMPUTED,
        )
    elif year in BEFORE_SELECTIVE and _is_split(account) and (on_gpus or not account.records):
        if (ratio is not None and ratio <= RATIOS[1]) or _borne_out(account):
            return
        apart = (
            f" (it is {text.number(ratio)} times what count and machines' time imply, which needs another cause too)"
            if ratio is not None
            else ""
        )
        yield Sign(
            text=f"{said} is of a model that could only be trained with recomputed activations in {year}, and nothing "
            f"says that they are not counted{apart}",
            numbers={
                "mfu": account.mfu,
                "parameters": account.parameters or 0.0,
                **({"ratio": ratio} if ratio else {}),
            },
            about=("mfu", "parameters"),
            factor=1 / RECOMPUTED,
            severity="note",
        )


@rule(
    "hfu-as-mfu",
    severity="warning",
    looks_at="a reported MFU about 4/3 of the implied utilization, on GPUs from 2019 to 2023; or, as a note, one of a "
    "model too large for one chip from before selective recomputation that nothing bears out",
    settles="whether activations were recomputed, and whether the reported FLOP/s count it",
)
def hfu_as_mfu(case: Case) -> Iterator[Sign]:
    """Papers of these years count the recomputed forward pass in their TFLOP/s per GPU."""
    yield from _as_mfu(case.account)


@rule(
    "hardware-flop-of-hfu",
    severity="note",
    looks_at="compute as the authors state it, where the utilization that they report is probably HFU and no count of "
    "the same data can tell 4/3 from 1",
    settles="whether the stated FLOP hold recomputed activations, and the tokens seen",
)
def hardware_flop_of_hfu(case: Case) -> Iterator[Sign]:
    """Who counts recomputed passes in the rate counts them in the total."""
    account = case.account
    if not account.compute or "reported" not in account.methods or account.base_models or not any(_as_mfu(account)):
        return
    apart = abs(math.log(account.compute / account.count)) if account.count else math.inf
    if apart > math.log(TELLS):
        yield Sign(
            text="the authors' utilization is probably that of the hardware, recomputed activations included: so may "
            f"be the {text.number(account.compute)} FLOP that they state, which the size of the data cannot tell",
            numbers={"compute": account.compute, "mfu": account.mfu or 0.0},
            about=("compute", "mfu"),
            factor=1 / RECOMPUTED,
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
