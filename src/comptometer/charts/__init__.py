"""Pictures of what the rest computed: Vega-Lite through Altair. Every other file in this folder draws one chart.

A chart takes computed data and draws them; it computes no fit, no interval and no rank. Files whose names start
with an underscore hold what several charts share (theme, axes, labels).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from comptometer.errors import ComptometerError, UsageError
from comptometer.registry import Registry

if TYPE_CHECKING:
    import altair

Theme = Literal["light", "dark"]
Scale = Literal["log", "linear"]
FORMATS = (".svg", ".png", ".pdf", ".html", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a chart is to be drawn."""

    theme: Theme = "light"
    scale: Scale = "log"
    width: int = 860
    height: int = 500


CHARTS: Registry[Callable[[Look], Any]] = Registry("chart", "comptometer.charts")


def chart(name: str) -> Callable[[Callable[[Look], Any]], Callable[[Look], Any]]:
    """Register a function that draws a chart."""
    return lambda function: CHARTS.add(name, function)


def draw(name: str, look: Look | None = None) -> altair.TopLevelMixin:
    """Draw a chart of the catalogue.

    Raises:
        NotFound: no such chart.
        ComptometerError: the extra `charts` is not installed.
    """
    try:
        import altair
        import vl_convert  # noqa: F401
    except ImportError:
        raise ComptometerError("charts need the extra: pip install 'comptometer[charts]'") from None
    altair.data_transformers.disable_max_rows()
    return CHARTS[name](look or Look())  # type: ignore[no-any-return]


def save(picture: altair.TopLevelMixin, path: Path) -> Path:
    """Write a chart; the ending says the format. HTML carries its scripts and works without a network.

    Nothing is left half written: the file appears when it is complete.

    Raises:
        UsageError: an ending that is not a format, or a folder that does not exist.
    """
    raise NotImplementedError
