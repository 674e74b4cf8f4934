"""What can be followed over time: quantities of models and of chips, each with its unit and the column it stands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from comptometer.errors import NotFound
from comptometer.hardware_tables import HardwareRow
from comptometer.model_row import ModelRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One quantity of a model.

    Attributes:
        name: as in the command line.
        key: in JSON; the name unless given.
        label: for people, e.g. on an axis.
        unit: of its values.
        value: what a row says of it; nothing where it says nothing.
        counts: which models it is a quantity of (the size of a data set is in tokens only where the data are text).
        note: what a reader should know of it.
    """

    name: str
    label: str
    unit: str
    value: Callable[[ModelRow], float | None]
    key: str = ""
    counts: Callable[[ModelRow], bool] = lambda row: True
    note: str = ""


def _language(row: ModelRow) -> bool:
    return "Language" in row.domain


_ALL = (
    Quantity(
        name="compute",
        key="training_compute",
        label="Training compute",
        unit="FLOP",
        value=lambda row: row.compute,
    ),
    Quantity(name="parameters", label="Parameters", unit="parameter", value=lambda row: row.parameters),
    Quantity(
        name="data",
        label="Size of the training data",
        unit="datapoint",
        value=lambda row: row.dataset_size,
        counts=_language,
        note="language models only; tokens or words as the table has them, once and not times the epochs",
    ),
    Quantity(name="time", label="Training time", unit="h", value=lambda row: row.training_hours),
    Quantity(name="chips", label="Chips of one run", unit="chip", value=lambda row: row.hardware_quantity),
    Quantity(name="power", label="Power draw", unit="W", value=lambda row: row.power_watt),
    Quantity(
        name="cost",
        label="Cost of training, amortised",
        unit="USD",
        value=lambda row: row.cost_usd,
        note="the table's own estimates, in dollars of the year that the vintage names",
    ),
    Quantity(name="cloud-cost", label="Cost of training, rented", unit="USD", value=lambda row: row.cloud_cost_usd),
    Quantity(name="upfront-cost", label="Price of the machines", unit="USD", value=lambda row: row.upfront_cost_usd),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipQuantity:
    """One quantity of a chip; attributes as of `Quantity`."""

    name: str
    label: str
    unit: str
    value: Callable[[HardwareRow], float | None]
    key: str = ""
    note: str = ""


def _over(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None


_CHIPS = (
    ChipQuantity(name="chip-fp32", label="Peak of a chip in fp32", unit="FLOP/s", value=lambda row: row.fp32),
    ChipQuantity(
        name="chip-matrix16", label="Peak of a chip in 16-bit products", unit="FLOP/s", value=lambda row: row.matrix16
    ),
    ChipQuantity(
        name="fp32-per-watt", label="fp32 per watt", unit="FLOP/s/W", value=lambda row: _over(row.fp32, row.watt)
    ),
    ChipQuantity(
        name="matrix16-per-watt",
        label="16-bit products per watt",
        unit="FLOP/s/W",
        value=lambda row: _over(row.matrix16, row.watt),
    ),
    ChipQuantity(
        name="fp32-per-dollar",
        label="fp32 per dollar",
        unit="FLOP/s/USD",
        value=lambda row: _over(row.fp32, row.usd),
        note="by the price at release, in dollars of its time",
    ),
    ChipQuantity(
        name="matrix16-per-dollar",
        label="16-bit products per dollar",
        unit="FLOP/s/USD",
        value=lambda row: _over(row.matrix16, row.usd),
        note="by the price at release, in dollars of its time",
    ),
    ChipQuantity(name="chip-memory", label="Memory of a chip", unit="B", value=lambda row: row.memory),
    ChipQuantity(
        name="chip-bandwidth", label="Memory bandwidth of a chip", unit="B/s", value=lambda row: row.bandwidth
    ),
)

QUANTITIES: Mapping[str, Quantity | ChipQuantity] = {quantity.name: quantity for quantity in (*_ALL, *_CHIPS)}


def canonical(name: str) -> str:
    """The name of a quantity that may be written as in JSON; another name as it is."""
    return next((known for known, found in QUANTITIES.items() if name and name == found.key), name)


def quantity(name: str) -> Quantity | ChipQuantity:
    """The quantity of this name.

    Raises:
        NotFound: with all that there are.
    """
    name = canonical(name)
    if name not in QUANTITIES:
        from difflib import get_close_matches

        raise NotFound("quantity", name, get_close_matches(name, QUANTITIES, 2) or list(QUANTITIES))
    return QUANTITIES[name]


def is_of_chips(name: str) -> bool:
    """Is this a quantity of chips, and not of models?"""
    return isinstance(QUANTITIES.get(canonical(name)), ChipQuantity)
