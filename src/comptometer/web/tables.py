"""What the calculator's script needs to know where no server is: chips with their peaks, and the defaults.

Made from the same records that Python estimates with; a test holds the script's numbers against Python's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from comptometer import store
from comptometer.charts import Language
from comptometer.charts._overlays import lines_of_law
from comptometer.distribution import Distribution, LogNormal, LogStudentT, Point, SplitLogNormal, Truncated
from comptometer.figures import FIGURES, SEGMENT_FIGURES
from comptometer.records import Assumption, Chip
from comptometer.vocabulary import ABOUTS, COUNTED, PRECISIONS, TEXT_DOMAINS

USED: Final = ("utilization", "goodput", "recompute_factor", "backward_factor", "epochs", "method_error")


def tables(language: Language) -> dict[str, Any]:
    """Everything, ready to be written as JSON; `language` is that of the names of thresholds."""
    return {
        "chips": chips(),
        "assumptions": [_assumption(row) for row in store.assumptions().values() if row.about in USED],
        "figures": {name: _figure(about) for name, about in {**FIGURES, **SEGMENT_FIGURES}.items()},
        "textDomains": sorted(TEXT_DOMAINS),
        "thresholds": [
            {"id": row["id"], "name": row["says"], "flop": row["flop"]} for row in lines_of_law(language)
        ],
    }  # fmt: skip


@cache
def chips() -> dict[str, Any]:
    """The chips by id, and every spelling of a name with those that it may mean."""
    records = {chip_id: store.chip_record(chip_id) for chip_id in store.chip_ids()}
    return {
        "records": {chip_id: _chip(record) for chip_id, record in records.items()},
        "names": {name: list(ids) for name, ids in store.chip_spellings().items()},
    }


def _chip(record: Chip) -> dict[str, Any]:
    """A chip's dense peak in each format, and what the choice of a default goes by."""
    return {
        "name": record.name,
        "family": record.family,
        "kind": record.kind,
        "usual": list(record.default_precision),
        "peaks": {name: record.peak(name).value for name in PRECISIONS if record.has_peak(name)},
    }


def _assumption(row: Assumption) -> dict[str, Any]:
    """A default with the conditions under which it applies; those that are not made are left out."""
    made: dict[str, Any] = {
        "families": list(row.families),
        "kinds": list(row.kinds),
        "domains": list(row.domains),
        "sparse": row.sparse,
        "least": row.least_parameters or None,
        "most": row.most_parameters if row.most_parameters != float("inf") else None,
    }
    conditions = {name: value for name, value in made.items() if value not in (None, [])}
    return {"id": row.id, "about": row.about, "belief": written(row.belief), **conditions}


def written(belief: Distribution) -> dict[str, Any]:
    """A belief as plain values: its shape, and the numbers that it has there.

    Raises:
        LookupError: a shape that no default has.
    """
    match belief:
        case Point(value=value):
            return {"shape": "point", "value": value}
        case LogNormal(median=median, sigma=sigma):
            return {"shape": "lognormal", "median": median, "sigma": sigma}
        case SplitLogNormal(median=median, sigma_below=below, sigma_above=above):
            return {"shape": "split", "median": median, "below": below, "above": above}
        case LogStudentT(median=median, spread_dex=dex):
            return {"shape": "student", "median": median, "dex": dex}
        case Truncated(inner=inner, low=low, high=high):
            return {"shape": "truncated", "inner": written(inner), "low": low, "high": high}
    raise LookupError(f"no default has the shape of {belief!r}")


def _figure(about: str) -> Mapping[str, Any]:
    """What the vocabulary says of a figure: its unit, its range, and how to write one."""
    rule = ABOUTS[about]
    return {
        "about": about,
        "unit": rule.unit,
        "shorthand": rule.shorthand,
        "share": rule.share,
        "words": list(rule.words),
        "counted": about in COUNTED,
        "example": rule.example,
    }
