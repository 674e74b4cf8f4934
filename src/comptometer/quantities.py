"""What can be followed over time: quantities of the models of a table, each with its unit and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from comptometer.errors import NotFound
from comptometer.model_row import ModelRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One quantity of a model.

    Attributes:
        name: as in the command line.
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
    counts: Callable[[ModelRow], bool] = lambda row: True
    note: str = ""


def _language(row: ModelRow) -> bool:
    return "Language" in row.domain


_ALL = (
    Quantity(name="compute", label="Training compute", unit="FLOP", value=lambda row: row.compute),
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

QUANTITIES: Mapping[str, Quantity] = {quantity.name: quantity for quantity in _ALL}


def quantity(name: str) -> Quantity:
    """The quantity of this name.

    Raises:
        NotFound: with all that there are.
    """
    if name not in QUANTITIES:
        from difflib import get_close_matches

        raise NotFound("quantity", name, get_close_matches(name, QUANTITIES, 2) or list(QUANTITIES))
    return QUANTITIES[name]
