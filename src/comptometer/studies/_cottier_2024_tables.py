"""The inputs of Cottier et al. 2024, reduced from the tables that it was computed with.

`python -m comptometer.studies._cottier_2024_tables FOLDER` makes the shipped files anew from the tables in a folder,
which must have the digests that are written down.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from comptometer.errors import DataError
from comptometer.places import SHIPPED
from comptometer.studies import published

NAME = "cottier-2024"
FOLDER = SHIPPED / "studies"
RUNS = {  # our column → upstream's, of the table of models
    "model": "Model",
    "published": "Publication date",
    "organization": "Organization",
    "hardware": "Training hardware",
    "chips": "Hardware quantity",
    "hours": "Training time (hours)",
    "chip_hours": "Training chip-hours",
    "flop": "Training compute (FLOP)",
}
COSTS = {
    "amortised": "Hardware_Capex_Energy_Cost",
    "cloud": "Cloud_Cost",
    "acquisition": "Hardware_Acquisition_Cost",
}
PEAKS = (  # the rate of 16-bit products, else that of fp32, else whatever is highest
    "Tensor-FP16/BF16 performance (FLOP/s)",
    "FP32 (single precision) performance (FLOP/s)",
    "Max performance",
)
BUY, RENT = "Price (hardware purchase)", "Price per chip-hour (3-year CUD)"


class Run(NamedTuple):
    """A model of the study: hours of wall-clock time, training compute in FLOP, published costs in dollars."""

    model: str
    published: date
    organization: str
    hardware: str
    chips: float | None
    hours: float | None
    chip_hours: float | None
    flop: float | None
    amortised: float | None
    cloud: float | None
    acquisition: float | None


class PriceRow(NamedTuple):
    """A price: `usd` to buy one chip, `usd_per_hour` to rent it for three years; `system` if a DGX by its chips."""

    record: int
    day: date
    hardware: str
    vendor: str
    usd: float | None
    usd_per_hour: float | None
    system: bool


class ChipRow(NamedTuple):
    """A chip as the study's table has it: watts (measured means of TPUs), FLOP/s."""

    name: str
    released: date
    watt: float | None
    peak: float


def runs() -> list[Run]:
    """The models, in the order of the published table."""
    return [
        Run(
            row["model"],
            date.fromisoformat(row["published"]),
            row["organization"],
            row["hardware"],
            *(_float(row[key]) for key in ("chips", "hours", "chip_hours", "flop", *COSTS)),
        )
        for row in _shipped("runs")
    ]


def prices() -> list[PriceRow]:
    """The prices of the families of chips that were used, in the order of the table."""
    return [
        PriceRow(
            record=int(row["record"]),
            day=date.fromisoformat(row["day"]),
            hardware=row["hardware"],
            vendor=row["vendor"],
            usd=_float(row["usd"]),
            usd_per_hour=_float(row["usd_per_hour"]),
            system=row["system"] == "yes",
        )
        for row in _shipped("prices")
    ]


def chips() -> dict[str, ChipRow]:
    """The chips that were used, by name."""
    return {
        row["name"]: ChipRow(
            row["name"], date.fromisoformat(row["released"]), _float(row["watt"]), float(row["flop_per_second"])
        )
        for row in _shipped("chips")
    }


def _float(cell: str) -> float | None:
    return float(cell) if cell else None


def _shipped(table: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"{NAME}-{table}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


# Making them


def remade(folder: Path) -> dict[str, bytes]:
    """The shipped tables, made anew from the tables in a folder.

    Raises:
        DataError: a table is missing or another edition.
    """
    facts = published(NAME)
    table = {key: _upstream(folder, row) for key, row in facts["tables"].items()}
    models = {row["Model"]: row for row in table["models"]}
    found = [(row, models[row["Model"]]) for row in table["costs"]]
    used = {model["Training hardware"] for _, model in found}
    families = [next((name for name in facts["families"] if name in chip), chip) for chip in used if chip]
    return {
        "runs": _packed(
            [*RUNS, *COSTS],
            [[*(model[key] for key in RUNS.values()), *(row[key] for key in COSTS.values())] for row, model in found],
        ),
        "prices": _packed(
            ["record", "day", "hardware", "vendor", "usd", "usd_per_hour", "system"],
            [
                [str(at), row["Price date"], row["Hardware model"], row["Vendor"], row[BUY], row[RENT],
                 "yes" if "DGX" in row["Notes"] else ""]
                for at, row in enumerate(table["prices"], 2)  # counted with the header as the first
                if (row[BUY] or row[RENT]) and any(name in row["Hardware model"] for name in families)
            ],
        ),
        "chips": _packed(
            ["name", "released", "watt", "flop_per_second"],
            [
                [row["Hardware name"], row["Release date"], row["TDP (W)"], next(row[key] for key in PEAKS if row[key])]
                for row in table["chips"]
                if row["Hardware name"] in used
            ],
        ),
    }  # fmt: skip


def _upstream(folder: Path, facts: Mapping[str, Any]) -> list[dict[str, str]]:
    path = next((p for p in (folder / facts["file"], folder / f"{facts['file']}.gz") if p.is_file()), None)
    if path is None:
        raise DataError(str(folder), [f"has no {facts['file']}, plain or with .gz"])
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if (digest := hashlib.sha256(raw).hexdigest()) != facts["sha256"]:
        raise DataError(str(path), [f"sha256 is {digest}, {facts['sha256']} is written down"])
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def _packed(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    return text.getvalue().encode()


def main(folder: Path) -> None:
    """Write the shipped tables anew."""
    for name, content in remade(folder).items():
        (FOLDER / f"{NAME}-{name}.csv").write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
