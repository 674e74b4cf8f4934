"""Pictures of what the rest computed, as Vega-Lite. Every other file in this folder draws one chart.

A chart takes computed data and returns a specification; it computes no fit, no interval and no rank. `draw` makes an
Altair chart of it, `save` a file; a page embeds the specification as it is. Files whose names start with an underscore
hold what several charts share (theme, axes, labels).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from comptometer.errors import ComptometerError, UsageError
from comptometer.files import check_target, replace_file
from comptometer.registry import Registry

if TYPE_CHECKING:
    import altair

Theme = Literal["light", "dark"]
Scale = Literal["log", "linear"]
Language = Literal["en", "zh"]
FORMATS = (".svg", ".png", ".pdf", ".html", ".json")
PNG_SCALE = 2  # pixels of the picture per pixel of the chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a chart is to be drawn; the size is that of the plot, without title and axes, in pixels."""

    theme: Theme = "light"
    scale: Scale = "log"
    language: Language = "en"
    width: int = 860
    height: int = 500


Spec = dict[str, Any]  # a specification of Vega-Lite with its data inside
CHARTS: Registry[Callable[[Look], Spec]] = Registry("chart", "comptometer.charts")
CHARTS_OF: Registry[Callable[[str, Look], Spec]] = Registry("chart of something", "comptometer.charts")


def chart(name: str) -> Callable[[Callable[[Look], Spec]], Callable[[Look], Spec]]:
    """Register a function that draws a chart."""
    return lambda function: CHARTS.add(name, function)


def chart_of(name: str) -> Callable[[Callable[[str, Look], Spec]], Callable[[str, Look], Spec]]:
    """Register a function that draws what is named after a colon: `NAME:WHAT`."""
    return lambda function: CHARTS_OF.add(name, function)


def draw(name: str, look: Look | None = None) -> altair.TopLevelMixin:
    """Draw a chart as an Altair chart; arguments and errors as of `specification`, and those of `in_altair`."""
    _check_extra()
    return in_altair(specification(name, look or Look()))


def in_altair(spec: Spec) -> altair.TopLevelMixin:
    """A specification as an Altair chart, which a notebook shows and a user restyles.

    Raises:
        ComptometerError: the extra `charts` is not installed.
    """
    _check_extra()
    import altair

    return altair.LayerChart.from_dict({"$schema": altair.SCHEMA_URL, **spec})


def _check_extra() -> None:
    try:
        import altair  # noqa: F401
        import vl_convert  # noqa: F401
    except ImportError:
        raise ComptometerError("charts need the extra: pip install 'comptometer[charts]'") from None


def specification(name: str, look: Look) -> Spec:
    """The Vega-Lite of a chart of the catalogue, or of something that is named after a colon.

    `estimate:MODEL` draws the estimates of one model (a name, or a dossier's path), `count:TARGET` where the operations
    of whatever `comptometer count` takes are, `trend:QUESTION` the answer to a question with the flags of
    `comptometer trend`, as in `trend:select=frontier&since=2018-01-01`, where `show` adds what `_overlays` can draw;
    likewise `relation:`, `projection:` and `decomposition:`; `ledger-months:FOLDER`, `ledger-stages:FOLDER` and
    `ledger-utilization:FOLDER` draw what is in a ledger.

    Raises:
        NotFound: no such chart, model or ledger.
        UsageError: a question that cannot be read, or a language in which the chart is not written.
    """
    kind, colon, what = name.partition(":")
    if colon and kind in CHARTS_OF:
        return CHARTS_OF[kind](what, look)
    if not colon and name not in CHARTS and name in CHARTS_OF:
        raise UsageError(f"the chart {name} is of something: write {name}:WHAT")
    return CHARTS[name](look)


def save(picture: altair.TopLevelMixin, path: Path) -> Path:
    """Write a chart; the ending says the format. HTML carries its scripts and works without a network.

    Nothing is left half written: the file appears, or replaces the one before, when it is complete.

    Raises:
        UsageError: an ending that is not a format, a folder that does not exist, or a name that no file can have.
        DataError: a file that the system does not let us write.
        ComptometerError: pixels or print of Chinese words on a machine without a typeface that has them.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in FORMATS:
        said = f"the ending {path.suffix!r}" if path.suffix else "no ending"
        raise UsageError(f"{path}: a chart is written as {', '.join(FORMATS)}; the name has {said}")
    check_target(path)
    replace_file(path, _written(picture.to_dict(), ending))
    return path


def _written(spec: dict[str, Any], ending: str) -> bytes:
    """The content of a file in one of the formats."""
    import altair
    import vl_convert

    from comptometer.charts._page import page

    if ending in {".png", ".pdf"}:
        _check_typeface(spec)
    version = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    match ending:
        case ".json":
            return (json.dumps(spec, indent=1, ensure_ascii=False) + "\n").encode()
        case ".html":
            return page(spec, version).encode()
        case ".png":
            return bytes(vl_convert.vegalite_to_png(spec, vl_version=version, scale=PNG_SCALE))
        case ".pdf":
            return bytes(vl_convert.vegalite_to_pdf(spec, vl_version=version))
        case _:
            return str(vl_convert.vegalite_to_svg(spec, vl_version=version)).encode()


def _check_typeface(spec: dict[str, Any]) -> None:
    """Two Chinese characters that look the same are two empty boxes."""
    if spec.get("usermeta", {}).get("comptometer", {}).get("language") != "zh":
        return
    import vl_convert

    def picture(word: str) -> bytes:
        mark = {"type": "text", "text": word, "fontSize": 20}
        return bytes(vl_convert.vegalite_to_png({"data": {"values": [{}]}, "mark": mark}))

    if picture("训") == picture("练"):
        raise ComptometerError(
            "no typeface on this machine has Chinese characters: install one (for example Noto Sans CJK), "
            "or write .svg or .html, which take the reader's"
        )
