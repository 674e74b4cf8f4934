"""A training job as people read it: each stage with its passes, and the sums."""

from __future__ import annotations

from fractions import Fraction

from comptometer import text
from comptometer.cli._print import aligned, bold, wrapped
from comptometer.scenarios import Pass, Scenario
from comptometer.units import FLOP_PER_PFS_DAY


def page(found: Scenario) -> str:
    """The whole job."""
    rows: list[list[str]] = []
    for stage in found.stages:
        rows.append([stage.name, "", "", *_flop(stage.model_flop, stage.hardware_flop)])
        rows += [[f"  {one.what}", one.activity, _number(one.sequences), *_of(one)] for one in stage.passes]
    rows.append(["all stages", "", "", *_flop(found.model_flop, found.hardware_flop)])
    notes = dict.fromkeys(
        [*found.notes, *(note for stage in found.stages for one in stage.passes for note in one.notes)]
    )
    pfs_days = text.number(found.model_flop / FLOP_PER_PFS_DAY, 3)
    parts = [
        f"{bold(found.name)}\n{pfs_days} petaFLOP/s-days of model FLOP",
        "\n".join(aligned(["stage", "activity", "sequences", "model FLOP", "hardware FLOP", "ratio"], rows)),
        "\n".join(
            [
                "Model FLOP is what the mathematics needs; hardware FLOP what is executed, activations computed again "
                "included.",
                *(wrapped(note, 0) for note in notes),
            ]
        ),
    ]
    return "\n\n".join(parts)


def _of(one: Pass) -> list[str]:
    return _flop(one.model_flop, one.hardware_flop)


def _flop(model: Fraction | int, hardware: Fraction | int) -> list[str]:
    ratio = text.number(float(hardware / Fraction(model)), 3) if model else "–"
    return [text.number(float(model), 4), text.number(float(hardware), 4), ratio]


def _number(sequences: Fraction) -> str:
    return f"{sequences.numerator:,}" if sequences.denominator == 1 else text.number(float(sequences), 4)
