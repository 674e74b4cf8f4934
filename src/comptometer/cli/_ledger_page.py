"""A ledger as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from comptometer import text
from comptometer.cli._print import aligned, bold, style, wrapped

if TYPE_CHECKING:
    from comptometer.ledger.importing import Report

SHOWN = 20  # wrong lines and names that are printed; all are in the JSON
RUNS = ("job", "name", "project", "model", "stage", "started", "outcome", "chips", "chip", "chip_hours")
RUNS_SPARE = ("project", "name", "started", "stage")
RUNS_SPOKEN = {"chip_hours": "chip-hours"}

Row = Mapping[str, Any]


def told(report: Report) -> tuple[list[str], list[str]]:
    """What an import did, and what to warn of."""
    if report.known_as is not None:
        return [f"{report.file}: nothing new, the same file is import {report.known_as}"], []
    rows = ", ".join(f"{count} rows of {table}" for table, count in sorted(report.rows.items())) or "nothing to import"
    did = "would be read:" if report.dry_run else f"import {report.number}:" if report.number else "not imported:"
    said = [f"{report.file}: {did} {rows}" + (f", {len(report.jobs)} attempts" if report.jobs else "")]
    said += [f"  left out: {count} × {reason}" for reason, count in sorted(report.left_out.items())]
    warned = [f"{report.file}: line {wrong.line}: {wrong.text}" for wrong in report.wrong[:SHOWN]]
    if report.wrong_count > SHOWN:
        warned.append(f"{report.file}: and {report.wrong_count - SHOWN} more lines; --json names up to 1,000")
    if report.wrong_count:
        warned.append(f"{report.file}: {report.wrong_count} lines were not read, the others were")
    return said, warned + [f"{report.file}: {note}" for note in report.notes]


def run_row(row: Row) -> dict[str, Any]:
    """An attempt in short."""
    short = {"started": (row["started"] or "never")[:16], "chip_hours": text.number(row["chip_hours"] or 0.0)}
    return {name: row[name] for name in RUNS} | short | {"chips": text.number(row["chips"] or 0.0)}


def flat(row: Row) -> dict[str, Any]:
    """A row of totals without objects in it."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in {"flop", "flop_completed", "flop_kept"}:
            found |= {f"{name}_{end}": (value or {}).get(end) for end in ("p5", "p50", "p95")}
        elif name == "evidence" and isinstance(value, Mapping):
            found[name] = [f"{kind}: {hours!r}" for kind, hours in value.items()]
        else:
            found[name] = value
    return found


def page(found: Row) -> str:
    """Totals with what they leave out and what they rest on."""
    whole = found["total"]
    rows = [[str(row[name] or "–") for name in found["by"]] + _cells(row) for row in found["rows"]]
    heads = [*found["by"], "attempts", "chip-hours", "COMPLETED", "FLOP", "90%", "COMPLETED", "kept"]
    table = [*rows, [*(["all"] + [""] * len(found["by"]))[: len(found["by"])], *_cells(whole)]]
    if whole["flop_kept"] is None:  # nobody says what is in the final weights
        heads, table = heads[:-1], [row[:-1] for row in table]
    parts = [
        "\n".join(aligned(heads, table)),
        "\n".join(_not_added(found["not_added"])),
        "\n".join(_utilization(found)),
        "\n".join(_unmatched(found["unmatched_chips"])),
        "\n".join(_telemetry(found["telemetry"])),
        "\n".join(rules_lines(found["rules"])),
        style(f"data {found['data_version']} · FLOP of hardware-time: chip-hours × peak × utilization", dim=True),
    ]
    return "\n\n".join(part for part in parts if part)


def _cells(row: Row) -> list[str]:
    flop, completed, kept = row["flop"], row["flop_completed"], row["flop_kept"]
    return [
        str(row["jobs"]),
        text.number(row["chip_hours"], 4),
        "–" if row["chip_hours_completed"] is None else text.number(row["chip_hours_completed"], 4),
        text.number(flop["p50"], 2) if flop else "–",
        text.interval(flop["p5"], flop["p95"]) if flop else "–",
        text.number(completed["p50"], 2) if completed else "–",
        text.number(kept["p50"], 2) if kept else "–",
    ]


def _utilization(found: Row) -> list[str]:
    lines = [
        f"Utilization  stated for {text.percent(found['total']['utilization_evidence'])} of the chip-hours, assumed "
        "for the others"
    ]
    for rate in found["rates"]:
        worth = rate["flop_per_chip_hour"]
        lines.append(
            wrapped(
                f"{rate['chip']}, {rate['basis']}: {text.number(worth['p50'], 2)} FLOP an hour"
                f"{'' if rate['basis'] == 'assumed' else ' of ' + rate['basis'] + ' 1'}"
                f" ({text.interval(worth['p5'], worth['p95'])}) = {rate['formula']}"
            )
        )
        lines += [wrapped(warning, 4) for warning in rate["warnings"]]
    return lines


def _section(heading: str, lines: Sequence[str]) -> list[str]:
    """Lines under their heading; nothing where there are none."""
    return [bold(heading), *map(wrapped, lines)] if lines else []


def _not_added(rows: Sequence[Row]) -> list[str]:
    said = [
        f"{row['evidence']}: {row['jobs']} rows, {text.number(row['chip_hours'], 4)} chip-hours, "
        f"{text.number(row['flop']['p50'], 2) if row['flop'] else '–'} FLOP; --where evidence={row['evidence']}"
        for row in rows
    ]
    return _section("Not added: other witnesses, perhaps of the same hours", said)


def _unmatched(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    lines = [bold("Not in the FLOP"), *map(_lost, rows[:SHOWN])]
    return lines + ([f"  and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else [])


def _lost(row: Row) -> str:
    near = f"; did you mean {' or '.join(row['suggestions'])}?" if row["suggestions"] else ""
    return wrapped(f"{row['name']}: {text.number(row['chip_hours'], 4)} chip-hours, {row['reason']}{near}")


def rules_lines(found: Row | None) -> list[str]:
    """How many attempts the rules took, and those that took none."""
    if found is None:
        return []
    taken, idle = sum(rule["jobs"] for rule in found["rules"]), [r["rule"] for r in found["rules"] if not r["jobs"]]
    lines = [f"Rules  of {found['file']}: {taken} attempts"]
    if idle:
        lines.append(wrapped(f"no attempt is left for rule {', '.join(map(str, idle))}"))
    return lines


def _telemetry(rows: Sequence[Row]) -> list[str]:
    said = [
        f"{row['source']}, {row['chip']}: {row['metric']} {text.number(row['mean'])} on average "
        f"({row['samples']} readings of {row['devices']} chips): {row['means']}"
        for row in rows
    ]
    return _section("Counters, not used as MFU", said)
