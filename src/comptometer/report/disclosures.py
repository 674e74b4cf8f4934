"""What forms and notices ask for, in the figures that they ask for: rounded here and nowhere else.

Rows of the Model Documentation Form of the EU's code of practice, for the AI Office (AIO), national authorities (NCA)
and downstream providers (DP). The form was read in secondary sources: its wording is unverified.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from comptometer.activities import bases_of
from comptometer.catalogue import Entry
from comptometer.energy import energies_of
from comptometer.machines import Machines, facts_of
from comptometer.readings import Reading

NOTIFIED = "eu-ai-act-51-2"
MONTHS = ((1.0, "< 1 month"), (3.0, "1–3 months"), (6.0, "3–6 months"), (math.inf, "> 6 months"))
DAY = 86400
SECONDS_IN_MONTH = 30.4375 * DAY
BENCHMARK = 100_000  # tokens
MISSING = "not available"
ROWS = (
    "parameters", "base_models", "training_time", "training_compute", "compute_method", "training_energy",
    "energy_method", "inference_compute", "inference_method",
)  # fmt: skip
# What the factors of `energy` are, in their order.
ENERGY_METHOD = "chip-hours × rated power of a chip × its load × what the server draws beside × what the building draws"


def two_figures(value: float) -> str:
    """With two significant figures, as the notice and the form write it.

    >>> two_figures(2.345e25), two_figures(9.96e24)
    ('2.3x10^25', '1.0x10^25')
    """
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa}x10^{int(power)}"


def magnitude(value: float) -> int:
    """The order of magnitude: the exponent alone.

    >>> magnitude(3.8e25)
    25
    """
    return math.floor(math.log10(value))


def all_of(entry: Entry, readings: Sequence[Reading], as_of: date) -> dict[str, Any]:
    """The notice and the rows of the form."""
    reading = next((one for one in readings if one.regulation.id == NOTIFIED), None)
    return {"eu_notification": _notification(entry, reading, as_of), "mdf": _form(entry, reading)}


def _approach(entry: Entry) -> str:
    names = {"operations": "architecture-based, operations counted", "parameters-tokens": "architecture-based, 6ND",
             "hardware-time": "hardware-based", "recorded": "counted in the training loop",
             "reported": "as stated by its makers"}  # fmt: skip
    return "; ".join(names.get(name, name) for name in entry.compute.weights) or "none"


def _notification(entry: Entry, reading: Reading | None, as_of: date) -> dict[str, Any] | None:
    if reading is None or reading.strict is None:
        return None
    high = reading.inclusive.median if reading.inclusive else reading.strict.median
    rounded = two_figures(reading.strict.median)
    gaps = f" Not stated, and not in this figure: {', '.join(reading.gaps)}." if reading.gaps else ""
    above = two_figures(high)
    more = "" if above == rounded else f" Counting what the guidelines leave open: {above} FLOP."
    return {
        "flop_2sf": rounded,
        "approach": _approach(entry),
        "text": (
            f"As of {as_of.isoformat()}, the cumulative compute used for the training of {entry.name} is estimated at "
            f"{rounded} FLOP ({_approach(entry)}).{more}{gaps}"
        ),
    }


def _form(entry: Entry, reading: Reading | None) -> dict[str, dict[str, Any]]:
    compute = reading.strict.median if reading and reading.strict else entry.median
    machines = facts_of(entry)
    energy = energies_of(machines).get("facility")
    seconds = entry.evidence.value("duration")
    span = next(words for most, words in MONTHS if seconds / SECONDS_IN_MONTH < most) if seconds else MISSING
    time: Mapping[str, Any] = {
        "wall_clock": f"{seconds / DAY:.2g} days" if seconds else MISSING,
        "hardware": _hardware_days(machines),
    }
    parameters = entry.evidence.value("parameters")
    size = two_figures(parameters) if parameters else MISSING
    both: Mapping[str, Any] = {
        "parameters": size,
        "base_models": ", ".join(base.name for base in bases_of(entry.dossier)) or "none",
        "compute_method": "; ".join(outcome.formula for outcome in entry.methods.values()),
        "training_energy": f"{two_figures(energy.estimate.median)} MWh" if energy else MISSING,
        "energy_method": f"{energy.text}: {ENERGY_METHOD}" if energy else MISSING,
        **_inference(entry),
    }
    return {
        "AIO": {**both, "training_time": time, "training_compute": f"{two_figures(compute)} FLOP"},
        "NCA": {**both, "training_time": span, "training_compute": f"10^{magnitude(compute)} FLOP"},
        "DP": {"parameters": size},
    }


def _hardware_days(machines: Sequence[Machines]) -> str:
    """Days of chips, by kind of chip, where the evidence states the hours of all parts."""
    days: dict[str, float] = {}
    for part in machines:
        hours = part.evidence.known("chip_hours") and part.chip_hours
        if not hours:
            return MISSING
        days[part.name] = days.get(part.name, 0.0) + hours.estimate.median / 24
    return ", ".join(f"{two_figures(amount)} {name} days" for name, amount in days.items())


def _inference(entry: Entry) -> dict[str, str]:
    """What it takes to write text: of language models whose size is known."""
    parameters = entry.evidence.value("active_parameters") or entry.evidence.value("parameters")
    if "language" not in entry.dossier.domain or not parameters:
        return {"inference_compute": MISSING}
    return {
        "inference_compute": f"{two_figures(2 * parameters * BENCHMARK)} FLOP",
        "inference_method": f"generation of {BENCHMARK:,} tokens: 2 FLOP × parameters that are active × tokens; "
        "attention to earlier tokens is not counted",
    }
