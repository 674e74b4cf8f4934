"""Tables as dataframes of pandas, Polars and Arrow: typed columns, units, and whom to credit.

What a library can hold beside the numbers is put there: pandas has `attrs`, an Arrow table the metadata of its fields
and of its schema. A Polars frame has no place for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from comptometer.errors import ComptometerError
from comptometer.table import Column, Kind, Table

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


class Frames(ABC):
    """Ways out as dataframes, for a collection that is a table. They need the extra `frames`."""

    @abstractmethod
    def table(self) -> Table:
        """The rows with their columns."""

    @abstractmethod
    def provenance(self) -> dict[str, str]:
        """Whom to credit for the rows: `credit`, `licence`, `data_version`, `software`."""

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas frame; units and credit are in its `attrs`.

        Numbers are float64 with NaN for what is not known; counts, flags and texts are nullable, days are datetime64.

        Raises:
            ComptometerError: the extra `frames` is not installed.
        """
        return _pandas(self.table(), self.provenance())

    def to_polars(self) -> polars.DataFrame:
        """The rows as a Polars frame, which has no place for units and credit: see `table().units`, `provenance()`.

        Raises:
            ComptometerError: the extra `frames` is not installed.
        """
        return _polars(self.table())

    def to_arrow(self) -> pyarrow.Table:
        """The rows as an Arrow table; units are in the metadata of its fields, the credit in those of its schema.

        Raises:
            ComptometerError: the extra `frames` is not installed.
        """
        return arrow(self.table(), self.provenance())


def imported(library: str, extra: str = "frames") -> Any:
    """A library of an extra.

    Raises:
        ComptometerError: it is not installed.
    """
    try:
        return import_module(library)
    except ImportError:
        raise ComptometerError(f"{library} is not installed: pip install 'comptometer[{extra}]'") from None


def _pandas(table: Table, facts: Mapping[str, str]) -> pandas.DataFrame:
    pd = imported("pandas")
    frame: pandas.DataFrame = pd.DataFrame({column.name: _series(pd, table, column) for column in table.columns})
    frame.attrs |= {**facts, "units": table.units}
    return frame


def _series(pd: Any, table: Table, column: Column) -> Any:
    values = table.values(column)
    match column.kind:
        case "texts":
            return pd.Series([list(value or ()) for value in values], dtype=object)
        case "category":
            return pd.Series(pd.Categorical(values, categories=_categories(values)))
        case kind:
            return pd.Series(values, dtype=_PANDAS[kind])


_PANDAS: Mapping[Kind, str] = {
    "text": "string",
    "number": "float64",
    "count": "Int64",
    "flag": "boolean",
    "day": "datetime64[s]",
}


def _categories(values: list[Any]) -> list[str]:
    return sorted({value for value in values if value is not None})


def _polars(table: Table) -> polars.DataFrame:
    pl = imported("polars")
    kinds: Mapping[Kind, Any] = {
        "text": pl.String,
        "category": pl.Categorical,
        "texts": pl.List(pl.String),
        "number": pl.Float64,
        "count": pl.Int64,
        "flag": pl.Boolean,
        "day": pl.Date,
    }
    series = [pl.Series(c.name, _lists(table.values(c)), dtype=kinds[c.kind], strict=True) for c in table.columns]
    frame: polars.DataFrame = pl.DataFrame(series)
    return frame


def arrow(table: Table, facts: Mapping[str, str]) -> pyarrow.Table:
    """An Arrow table; each field has its unit and meaning in its metadata, the schema has the facts."""
    pa = imported("pyarrow")
    kinds: Mapping[Kind, Any] = {
        "text": pa.string(),
        "category": pa.dictionary(pa.int32(), pa.string()),
        "texts": pa.list_(pa.string()),
        "number": pa.float64(),
        "count": pa.int64(),
        "flag": pa.bool_(),
        "day": pa.date32(),
    }
    fields = [pa.field(c.name, kinds[c.kind], metadata=_described(c)) for c in table.columns]
    arrays = [
        pa.array(_lists(table.values(column)), type=field.type)
        for column, field in zip(table.columns, fields, strict=True)
    ]
    made: pyarrow.Table = pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=dict(facts)))
    return made


def _described(column: Column) -> dict[str, str]:
    return {"about": column.about} | ({"unit": column.unit} if column.unit else {})


def _lists(values: list[Any]) -> list[Any]:
    return [list(value) if isinstance(value, tuple) else value for value in values]
