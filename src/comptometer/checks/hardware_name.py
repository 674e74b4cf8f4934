"""Is it this chip? Names that contradict themselves, and cards on which no such run was made."""

from __future__ import annotations

import re
from collections.abc import Iterator

from comptometer import store, text
from comptometer.account import Account
from comptometer.checks import Case, Sign, rule
from comptometer.errors import NotFound
from comptometer.records import Chip

VENDORS = {
    "nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel", "google": "Google", "huawei": "Huawei", "meta": "Meta",
    "aws": "Amazon Web Services", "amazon": "Amazon Web Services", "microsoft": "Microsoft",
    "graphcore": "Graphcore", "cerebras": "Cerebras",
}  # fmt: skip
# NVIDIA's cards for displays: the number after the letter is the class, and up to 2000 it is the entry level.
ENTRY_LEVEL = re.compile(r"\b(?:quadro\s+[kmpt]?|rtx\s+a|t)(?P<number>\d{3,4})\b", re.IGNORECASE)
HIGHEST_ENTRY = 2000
LARGE_RUN = 1e18  # FLOP
MANY = 4  # cards


def _named(name: str) -> tuple[Chip, ...]:
    try:
        return store.chips_named(name)
    except NotFound:
        return ()


@rule(
    "vendor-of-chip",
    severity="error",
    looks_at="a name of hardware whose vendor does not make that chip",
    settles="the name in the source",
)
def vendor_of_chip(case: Case) -> Iterator[Sign]:
    """Two names were joined that do not belong together."""
    for name in case.account.hardware:
        first, _, rest = name.partition(" ")
        vendor = VENDORS.get(first.casefold())
        makers = {chip.vendor for chip in _named(rest)} if vendor and rest else set()
        if vendor and makers and not any(maker.casefold() == vendor.casefold() for maker in makers):
            yield Sign(
                text=f"{name}: {rest} is made by {', '.join(sorted(makers))}, not by {vendor}",
                about=("hardware",),
            )


def _large(account: Account) -> bool:
    return (account.compute or account.count or 0) >= LARGE_RUN or (account.chips or 0) >= MANY


@rule(
    "display-card",
    severity="error",
    looks_at="a training run of some size on an entry-level card for displays",
    settles="the name in the source: a digit may be lost, or one too many",
)
def display_card(case: Case) -> Iterator[Sign]:
    """A Quadro P600 where a P6000 was meant, an RTX A1000 where an A100 was."""
    for name in case.account.hardware:
        found = ENTRY_LEVEL.search(name)
        if not found or int(found["number"]) > HIGHEST_ENTRY or not _large(case.account):
            continue
        meant = [spelling for spelling in _spellings(name, found) if _named(spelling)]
        yield Sign(
            text=f"{name} is an entry-level card for displays"
            + (f"; is {' or '.join(meant)} meant?" if meant else ", on which no run of this size was made"),
            numbers={key: value for key in ("chips", "compute") if (value := getattr(case.account, key))},
            about=("hardware", "chips"),
            factor=_factor(name, meant),
        )


def _spellings(name: str, found: re.Match[str]) -> list[str]:
    """The same name with a digit more, or one fewer and then without what stands before the letter."""
    number = found["number"]
    longer = name[: found.start("number")] + number + "0" + name[found.end("number") :]
    letter = name[found.start("number") - 1]
    return [longer, f"{letter}{number[:-1]}"]


def _factor(name: str, meant: list[str]) -> float | None:
    """Rate of what was meant over that of what is named, where both are on record."""
    rates = [
        max((peak.value for chip in _named(one) for peak in chip.peaks if peak.precision == "fp32"), default=0.0)
        for one in (name, *meant[:1])
    ]
    return rates[1] / rates[0] if len(rates) == 2 and all(rates) else None


@rule(
    "stated-peak",
    severity="error",
    looks_at="a peak that is claimed, against every rate on the chip's record",
    settles="the vendor's data sheet: number format, sparsity and units of the rate",
)
def stated_peak(case: Case) -> Iterator[Sign]:
    """Not the dense rate of the format that the run used."""
    claim = case.evidence.best("peak")
    if case.row is not None or claim is None or case.account.rates is None:
        return
    value = case.evidence.stated(claim).estimate.median
    low, high = case.account.rates
    if 0.95 * low <= value <= 1.05 * high:
        return
    other = next(
        (peak for chip in case.account.records for peak in chip.peaks if abs(peak.value / value - 1) < 0.02), None
    )
    kind = f"{'sparse ' if other.sparse else ''}{other.precision} rate" if other else "rate of no format on record"
    yield Sign(
        text=f"the claimed peak of {text.number(value / 1e12, 4)} TFLOP/s is a {kind}; the dense one is "
        f"{text.number(high / 1e12, 4)}",
        numbers={"claimed": value, "dense": high},
        factor=high / value,
        severity="warning" if other and not other.sparse else "error",
        where=claim.id.partition(":")[2],
    )
