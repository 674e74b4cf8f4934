"""How much compute did it take to train that model, how do we know, and how sure are we?

>>> import comptometer
>>> e = comptometer.estimate(params="405B", tokens="15.6T")
>>> print(e)
custom: 3.8e25 FLOP (90%: 3.4e25 to 4.2e25)
>>> e.probability_above(1e25)
1.0

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from comptometer import errors as errors
    from comptometer.calibration import calibrate as calibrate
    from comptometer.catalogue import Entry as Entry
    from comptometer.check_request import check as check
    from comptometer.collection import Chips, Models
    from comptometer.cost_request import cost as cost
    from comptometer.counting import count as count
    from comptometer.decomposition import decompose as decompose
    from comptometer.definitions import sensitivity as sensitivity
    from comptometer.effective_compute import effective as effective
    from comptometer.explanation import explain as explain
    from comptometer.frame_estimates import estimate_frame as estimate_frame
    from comptometer.model_comparison import compare as compare
    from comptometer.notation import parse as parse
    from comptometer.ops import OpCount as OpCount
    from comptometer.projection import project as project
    from comptometer.quantity import Estimate as Estimate
    from comptometer.recorder import Recorder as Recorder
    from comptometer.records import Chip as Chip
    from comptometer.records import Claim as Claim
    from comptometer.records import Dossier as Dossier
    from comptometer.records import Source as Source
    from comptometer.relation import relate as relate
    from comptometer.request import estimate as estimate
    from comptometer.scenarios import scenario as scenario
    from comptometer.scorecard import forecasts as forecasts
    from comptometer.studies import replicate as replicate
    from comptometer.trend_request import trend as trend
    from comptometer.units import convert as convert

    models: Models
    chips: Chips

_PLACES = {
    "Chip": "records",
    "Claim": "records",
    "Dossier": "records",
    "Entry": "catalogue",
    "Estimate": "quantity",
    "Source": "records",
    "OpCount": "ops",
    "Recorder": "recorder",
    "calibrate": "calibration",
    "check": "check_request",
    "compare": "model_comparison",
    "convert": "units",
    "cost": "cost_request",
    "count": "counting",
    "decompose": "decomposition",
    "effective": "effective_compute",
    "estimate": "request",
    "estimate_frame": "frame_estimates",
    "explain": "explanation",
    "forecasts": "scorecard",
    "parse": "notation",
    "project": "projection",
    "relate": "relation",
    "replicate": "studies",
    "scenario": "scenarios",
    "sensitivity": "definitions",
    "trend": "trend_request",
}
_MADE = {"chips": "Chips", "models": "Models"}

__all__ = [
    "Chip",
    "Claim",
    "Dossier",
    "Entry",
    "Estimate",
    "OpCount",
    "Recorder",
    "Source",
    "__version__",
    "calibrate",
    "check",
    "chips",
    "compare",
    "convert",
    "cost",
    "count",
    "decompose",
    "effective",
    "errors",
    "estimate",
    "estimate_frame",
    "explain",
    "forecasts",
    "models",
    "parse",
    "project",
    "relate",
    "replicate",
    "scenario",
    "sensitivity",
    "trend",
]


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        value = getattr(import_module(f"comptometer.{_PLACES[name]}"), name)
    elif name in _MADE:
        value = getattr(import_module("comptometer.collection"), _MADE[name])()
    elif name == "errors":
        value = import_module("comptometer.errors")
    else:
        raise AttributeError(f"module 'comptometer' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
