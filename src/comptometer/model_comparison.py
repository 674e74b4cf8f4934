"""Several models beside each other, each over the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from comptometer import text, vintages
from comptometer.collection import METHOD_COLUMNS, flat
from comptometer.errors import UsageError
from comptometer.profile import Profile, profile
from comptometer.release import data_version

QUANTITIES: Mapping[str, str] = {  # key of the catalogue's row → unit; words have none
    "published": "", "developer": "", "origin": "",
    "parameters": "parameter", "active_parameters": "parameter", "tokens": "token",
    "training_compute_flop": "FLOP", "basis": "", "total_compute_flop": "FLOP", "p5": "FLOP", "p95": "FLOP",
    **dict.fromkeys(METHOD_COLUMNS.values(), "FLOP"),
    "ratio": "", "verdict": "", "rank_at_release": "", "chip": "", "chips": "chip", "chip_hours": "chip-hour",
}  # fmt: skip
SPOKEN: Mapping[str, str] = {  # what people read in place of the key
    "active_parameters": "active parameters",
    "training_compute_flop": "training compute", "p5": "90% interval, from", "p95": "90% interval, to",
    **{column: f"by {method}" for method, column in METHOD_COLUMNS.items()},
    "ratio": "hardware-time over count", "rank_at_release": "rank at release", "chip_hours": "chip-hours",
}  # fmt: skip
NO_RATIO = frozenset({"ratio", "rank_at_release"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Models beside each other, quantity by quantity.

    Attributes:
        models: their profiles; the first is what the others are set against.
        values: of each quantity of `QUANTITIES`, one for each model; nothing where it is not known.
    """

    models: Sequence[Profile]
    values: Mapping[str, Sequence[float | str | None]]

    def ratios(self, quantity: str) -> list[float | None]:
        """Each model over the first; nothing for words, and where one of the two is not known."""
        first, *_ = values = self.values[quantity]
        if quantity in NO_RATIO or not isinstance(first, int | float) or not first:
            return [None] * len(values)
        return [value / first if isinstance(value, int | float) else None for value in values]

    def compute_ratio(self) -> list[dict[str, float] | None]:
        """Training compute of each over the first, with what both rest on cancelling: quantiles.

        Compared are totals, with what the base models took; nothing where that of one of the two is not known.
        """
        first = self.models[0].total
        found: list[dict[str, float] | None] = []
        for model in self.models:
            ratio = (model.total / first).to_dict() if model.total and first else None
            found.append({key: float(ratio[key]) for key in ("p5", "p50", "p95")} if ratio else None)
        return found

    def rows(self, *, people: bool) -> tuple[Sequence[str], list[dict[str, Any]]]:
        """Columns and rows of a table: a row for each quantity that some model has, a column for each model."""
        names = [model.dossier.name for model in self.models]
        columns = ["quantity", "unit", *names]
        write: Callable[[Any], Any] = _short if people else _plain
        named = SPOKEN if people else {}
        rows = [
            {"quantity": named.get(quantity, quantity), "unit": QUANTITIES[quantity]}
            | dict(zip(names, map(write, values), strict=True))
            for quantity, values in self.values.items()
            if any(value not in {None, ""} for value in values)
        ]
        over = dict(zip(names, (write(r["p50"]) if r else None for r in self.compute_ratio()), strict=True))
        rows.append({"quantity": f"total compute over {names[0]}", "unit": ""} | over)
        return columns, rows

    def to_dict(self) -> dict[str, Any]:
        """The JSON object (schema `comptometer/model-comparison/1`)."""
        return {
            "schema": "comptometer/model-comparison/1",
            "data_version": data_version(*(model.data for model in self.models)),
            "models": [model.item.id for model in self.models],
            "rows": [
                {"quantity": q, "unit": QUANTITIES[q], "values": list(values), "ratios": self.ratios(q)}
                for q, values in self.values.items()
            ],
            "compute_ratio": self.compute_ratio(),
        }


def compare(*names: str, data: str | None = None) -> Comparison:
    """Several models of the catalogue beside each other, each over the first.

    Args:
        names: of the models, by any of their names; at least two.
        data: the vintage to look in; the newest shipped one unless given.

    Raises:
        UsageError: fewer than two names.
        NotFound: no such model or vintage.

    >>> [round(row["p50"]) for row in compare("gpt-2", "gpt-3").compute_ratio() if row]
    [1, 88]
    """
    if len(names) < 2:
        raise UsageError("name at least two models to compare")
    return compared([profile(name, data or vintages.DEFAULT) for name in names])


def compared(models: Sequence[Profile]) -> Comparison:
    """Put models beside each other."""
    rows = [flat(model.item, model.company) | {"rank_at_release": model.rank} for model in models]
    return Comparison(models=models, values={key: [_plain(row[key]) for row in rows] for key in QUANTITIES})


def _plain(value: Any) -> float | str | None:
    return value if value is None or isinstance(value, int | float) else str(value)


def _short(value: Any) -> Any:
    if isinstance(value, int):
        return str(value)
    return text.number(value) if isinstance(value, float) else value
