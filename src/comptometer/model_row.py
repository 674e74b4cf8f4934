"""One row of a vintage: what a table says about one model, typed.

A named tuple and not a dataclass: three vintages are 4,400 rows of 44 fields, and are made in a few hundredths of a
second this way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, get_type_hints

from comptometer.sources import COLUMNS, SEPARATOR

Texts = tuple[str, ...]


class ModelRow(NamedTuple):
    """A model in a table; `None`, an empty text or an empty tuple is what the table does not say.

    Amounts of compute are in FLOP, times in hours, costs in US dollars (of the year that the vintage names), power in
    watts. `compute_method` holds words of `sources`; its basis is `stated` by the table or read from its `notes`.
    `dataset_size` counts `dataset_unit`, once and not times the epochs.
    """

    line: int
    model: str
    organization: Texts
    organization_kind: Texts
    country: Texts
    published: date | None
    domain: Texts
    task: Texts
    parameters: float | None
    active_parameters: float | None
    mixture_of_experts: bool | None
    compute: float | None
    compute_low: float | None
    compute_high: float | None
    compute_method: Texts
    compute_method_basis: str
    dataset: Texts
    dataset_size: float | None
    dataset_unit: str
    epochs: float | None
    batch_size: float | None
    training_hours: float | None
    hardware: Texts
    hardware_quantity: float | None
    mfu: float | None
    hfu: float | None
    chip_hours: float | None
    base_model: Texts
    finetune_compute: float | None
    numerical_format: Texts
    power_watt: float | None
    cost_usd: float | None
    cloud_cost_usd: float | None
    upfront_cost_usd: float | None
    confidence: str
    notability: Texts
    frontier: bool | None
    accessibility: str
    code_accessibility: str
    open_weights: bool | None
    citations: float | None
    reference: str
    link: Texts
    archived: Texts


@lru_cache(maxsize=16_384)  # most cells of a column say the same
def _texts(cell: str) -> Texts:
    return tuple(cell.split(SEPARATOR)) if cell else ()


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell) if cell else None


def _yes(cell: str) -> bool | None:
    return cell == "yes" if cell else None


_READ: Mapping[Any, Callable[[str], Any]] = {
    int: int,
    str: str,
    Texts: _texts,
    float | None: _number,
    date | None: _day,
    bool | None: _yes,
}
_HINTS = get_type_hints(ModelRow)
_KINDS = [_READ[_HINTS[column]] for column in COLUMNS]


def typed(records: Sequence[Sequence[str]]) -> tuple[ModelRow, ...]:
    """Records in the order of `COLUMNS` as rows; column by column, which is several times as fast as row by row.

    Raises:
        ValueError: a cell that its column cannot hold, or a record of another width.
    """
    if not records:
        return ()
    if any(len(record) != len(COLUMNS) for record in records):
        raise ValueError(f"a record has not the {len(COLUMNS)} cells that are wanted")
    columns = [map(read, cells) for read, cells in zip(_KINDS, zip(*records, strict=True), strict=True)]
    return tuple(map(ModelRow._make, zip(*columns, strict=True)))
