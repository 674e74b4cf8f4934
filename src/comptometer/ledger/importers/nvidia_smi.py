"""What `nvidia-smi --query-gpu=… --format=csv -l SECONDS` prints.

`utilization.gpu` is the share of time in which some kernel ran: an upper bound, kept under its own name and never taken
for MFU. Errors in place of a value ("[N/A]", "[GPU is lost]") are missing, not zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from comptometer.errors import DataError
from comptometer.ledger.importers import Found, LeftOut, Options, Wrong, importer
from comptometer.ledger.importers._lines import lines
from comptometer.ledger.rows import Sample

NEEDED = ("timestamp", "uuid")
MEBI = 1024.0**2
METRICS: Mapping[str, tuple[str, float]] = {  # column → metric, and what a unit of it is in that of the metric
    "utilization.gpu": ("gpu_utilization", 0.01),
    "utilization.memory": ("memory_active", 0.01),
    "memory.used": ("memory_used", MEBI),
    "power.draw": ("power", 1.0),
    "power.draw.instant": ("power", 1.0),
    "clocks.current.sm": ("sm_clock", 1.0),
    "clocks.sm": ("sm_clock", 1.0),
}
UNITS = frozenset({"%", "MiB", "W", "MHz"})
COMMAND = (
    "nvidia-smi --query-gpu=timestamp,uuid,name,utilization.gpu,memory.used,power.draw,clocks.current.sm "
    "--format=csv -l 30"
)


@importer("nvidia-smi", evidence="telemetry", takes=frozenset({"columns", "cluster"}))
def nvidia_smi(path: Path, options: Options) -> Iterator[Found]:
    """A reading for each cell that has a value."""
    names: Sequence[str] | None = None
    for line in lines(path, options):
        if isinstance(line, Wrong):
            yield line
            continue
        cells = [cell.strip() for cell in line.text.split(",")]
        if names is None:
            headed = "timestamp" in cells
            names = _names(cells if headed else options.columns, path)
            if headed:
                continue
        if cells == [""] or "timestamp" in cells:  # a file that was appended to has its header again
            continue
        yield from _readings(line.number, cells, names, options)
    if names is None:
        raise DataError(path.name, ["is empty"])


def _names(cells: Sequence[str], path: Path) -> Sequence[str]:
    """The columns without their units.

    Raises:
        DataError: there is no header, or what is needed is not among them.
    """
    names = [cell.partition(" [")[0].strip() for cell in cells]
    if not names:
        raise DataError(path.name, ["has no header: name its columns, e.g. --columns timestamp,index,uuid,name,…"])
    if lacking := [name for name in NEEDED if name not in names]:
        raise DataError(path.name, [f"lacks {', '.join(lacking)}; record it with: {COMMAND}"])
    return names


def _readings(number: int, cells: Sequence[str], names: Sequence[str], options: Options) -> Iterator[Found]:
    if len(cells) > len(names) or len(cells) < 2:
        yield Wrong(number, f"has {len(cells)} columns of {len(names)}")
        return
    row = dict(zip(names, cells, strict=False))
    try:
        moment, device = options.zone.read(row.get("timestamp", "")), row.get("uuid", "")
    except ValueError as error:
        yield Wrong(number, f"timestamp: {error}")
        return
    if moment is None or not device.startswith(("GPU-", "MIG-")):
        yield Wrong(number, "names no moment or no GPU")
        return
    if len(cells) < len(names):
        yield Wrong(number, f"was cut off: has {len(cells)} columns of {len(names)}")
        cells = cells[:-1]  # the last one may be half of a number
        row = dict(zip(names, cells, strict=False))
    for name, (metric, factor) in METRICS.items():
        if name not in row:
            continue
        value = _value(row[name])
        if value is None:
            yield LeftOut(number, f"{name}: no value")
        elif not 0 <= value * factor < 1e15 or (factor == 0.01 and value > 100):
            yield Wrong(number, f"{name}: {row[name]!r} is out of its bounds")
        else:
            yield Sample(
                line=number,
                device=device,
                metric=metric,
                moment=moment,
                value=value * factor,
                cluster=options.cluster,
                chip_name=row.get("name", ""),
            )


def _value(cell: str) -> float | None:
    """A number with or without its unit; None for "[N/A]" and other errors."""
    number, _, unit = cell.partition(" ")
    try:
        return float(number) if unit.strip() in UNITS | {""} else None
    except ValueError:
        return None
