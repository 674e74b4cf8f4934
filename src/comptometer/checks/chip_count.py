"""What was counted as a chip: nodes of several, or cores and dies."""

from __future__ import annotations

from collections.abc import Iterator

from comptometer import text
from comptometer.checks import Case, Sign, rule
from comptometer.machine_names import NAMED_BY_CORES
from comptometer.records import Chip
from comptometer.sanity import UTILIZATION_RANGE

NODES = (4, 8, 16, 32)  # chips in one server, or in a few
EIGHT = 8  # chips in the usual server
CLOSE = 0.05
LIKE_REPORTED = 0.15  # a count and a reported utilization that agree within this are of one job
PLAUSIBLE = 0.1, 0.6  # of a utilization that an explanation must lead to


@rule(
    "nodes-as-chips",
    severity="error",
    looks_at="chip-hours 4, 8, 16 or 32 times chips × hours, or a utilization that is plausible at eight times the "
    "chips only",
    settles="the number of chips in one node",
)
def nodes_as_chips(case: Case) -> Iterator[Sign]:
    """Nodes were counted, each of which has several chips."""
    account = case.account
    if account.chip_hours and account.product:
        ratio = account.chip_hours / account.product
        for size in NODES:
            if abs(ratio / size - 1) < CLOSE:
                yield Sign(
                    text=f"{text.exact(account.chips or 0)} chips × {text.exact(account.hours or 0)} h is 1/{size} of "
                    "the chip-hours: nodes for chips",
                    numbers={"chips": account.chips or 0.0, "hours": account.hours or 0.0,
                             "chip_hours": account.chip_hours},
                    about=("chips", "chip_hours"),
                    factor=float(size),
                )  # fmt: skip
                return
    graphics = bool(account.records) and all(chip.kind == "gpu" for chip in account.records)
    if account.implied is None or not graphics or account.base_models or not account.chips:
        return
    share = account.implied[0]
    if share > UTILIZATION_RANGE[1] and PLAUSIBLE[0] <= share / EIGHT <= PLAUSIBLE[1]:
        yield Sign(
            text=f"{text.exact(account.chips)} chips would have run at {text.percent(share)}, as many nodes of eight "
            f"at {text.percent(share / EIGHT)}",
            numbers={"chips": account.chips, "utilization": share},
            about=("chips", "hours"),
            factor=float(EIGHT),
            severity="warning",
        )


def _in_two_parts(chip: Chip) -> bool:
    return chip.family in NAMED_BY_CORES or max(chip.devices_per_unit, chip.dies_per_unit) == 2


@rule(
    "cores-as-chips",
    severity="error",
    looks_at="a factor of two, on chips of which a program sees two cores, devices or dies",
    settles="what one chip is in the source: core, die, device or board",
)
def cores_as_chips(case: Case) -> Iterator[Sign]:
    """Half or twice the machine: a TPU v3-8 has eight cores on four chips."""
    account = case.account
    if not all(map(_in_two_parts, account.records)) or account.implied is None or account.base_models:
        return
    share, low, high = account.implied[0], *UTILIZATION_RANGE
    reported = account.mfu or account.hfu
    for factor in (2.0, 0.5):  # of the machines' time
        corrected = share / factor
        agrees = reported is not None and abs(corrected / reported - 1) < LIKE_REPORTED
        impossible = share > high and factor == 2 and low <= corrected <= high
        if agrees or impossible:
            yield Sign(
                text=f"the utilization would be {text.percent(share)}; with "
                f"{'twice' if factor == 2 else 'half'} the machines' time {text.percent(corrected)}"
                + (f", as is reported ({text.percent(reported)})" if agrees and reported else ""),
                numbers={"utilization": share, "corrected": corrected, **({"reported": reported} if reported else {})},
                about=("chips", "hours", "compute"),
                factor=factor,
                severity="error" if agrees and impossible else "warning" if impossible else "note",
            )
            return
