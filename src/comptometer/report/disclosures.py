"""What forms and notices ask for, in the figures that they ask for: rounded here and nowhere else.

Rows of the Model Documentation Form of the EU's code of practice, for the AI Office (AIO), national authorities (NCA)
and downstream providers (DP). The form was read in secondary sources: its wording is unverified.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from comptometer.catalogue import Entry
from comptometer.energy import energies_of
from comptometer.machines import facts_of
from comptometer.readings import Reading

NOTIFIED = "eu-ai-act-51-2"
MONTHS = ((1.0, "< 1 month"), (3.0, "1–3 months"), (6.0, "3–6 months"), (math.inf, "> 6 months"))
SECONDS_IN_MONTH = 30.4375 * 86400


def two_figures(value: float) -> str:
    """With two significant figures, as the notice writes it.

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
    evidence = entry.evidence
    seconds, hours = evidence.value("duration"), evidence.value("chip_hours")
    chips = evidence.chips()
    energy = energies_of(facts_of(entry)).get("facility")
    mwh = f"{energy.estimate.median:.2g} MWh" if energy else "not available"
    method = "; ".join(outcome.formula for outcome in entry.methods.values())
    time: Mapping[str, Any] = {
        "wall_clock": f"{seconds / 86400:.2g} days" if seconds else "not available",
        "hardware": _hardware_days(hours, chips[0].name if chips else ""),
    }
    span = next(words for most, words in MONTHS if seconds / SECONDS_IN_MONTH < most) if seconds else "not available"
    parameters = evidence.value("parameters")
    size = f"{parameters:.2g}" if parameters else "not available"
    return {
        "AIO": {"parameters": size, "training_time": time, "training_compute": f"{two_figures(compute)} FLOP",
                "compute_method": method, "training_energy": mwh},
        "NCA": {"parameters": size, "training_time": span, "training_compute": f"10^{magnitude(compute)} FLOP",
                "compute_method": method, "training_energy": mwh},
        "DP": {"parameters": size},
    }  # fmt: skip


def _hardware_days(chip_hours: float | None, chip: str) -> str:
    if not chip_hours:
        return "not available"
    mantissa, power = f"{chip_hours / 24:.0e}".split("e")
    return f"{mantissa}x10^{int(power)} {chip} days".replace("  ", " ")
